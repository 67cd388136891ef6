package dev.rungroup.processes;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

import dev.rungroup.servers.LocalServer;
import dev.rungroup.servers.PostgresServer;
import dev.rungroup.servers.RedisServer;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;

import org.springframework.util.FileSystemUtils;

/**
 * Nodes in JVMs of their own, with a database that all share. What they did, and when, is
 * read from the database.
 */
final class Cluster implements AutoCloseable {

	static final Duration LEASE = Duration.ofSeconds(3);

	static final Duration RETRY = Duration.ofMillis(500);

	/** On the class path of the tests, but not of a node. */
	private static final Pattern UNUSED = Pattern.compile(
			"actuator|micrometer-(core|registry)|boot-micrometer|prometheus|health|aspectj|archunit|junit|mockito|assertj"
					+ "|byte-buddy|-test-|security|artemis|jms|jgroups|devtools|checker-qual|jcstress|jopt|jna|kafka|amqp"
					+ "|rabbit|scala|webmvc|webflux|tomcat|selenium");

	final PostgresServer database = PostgresServer.start();

	private final String engine;

	private final @Nullable RedisServer redis;

	final Map<String, ForkedJvm> nodes = new LinkedHashMap<>();

	private final Path directory = Files.createTempDirectory("cluster");

	private int started;

	/** One for all questions: PostgreSQL starts a process for each. */
	private @Nullable Connection connection;

	Cluster(String engine) throws IOException, InterruptedException, SQLException {
		this.engine = engine;
		this.redis = (engine.equals("redis")) ? RedisServer.start() : null;
		execute(ClusterApplication.TABLES);
	}

	/**
	 * The server that keeps the locks.
	 */
	LocalServer locks() {
		return (this.redis != null) ? this.redis : this.database;
	}

	/**
	 * As somebody might by hand.
	 */
	void deleteLocks() throws IOException, SQLException {
		if (this.redis != null) {
			this.redis.send("FLUSHALL");
		}
		else {
			execute("DELETE FROM " + (this.engine.equals("shedlock") ? "shedlock" : "int_lock"));
		}
	}

	/**
	 * Start a node, and wait until it is up.
	 */
	String start() throws IOException, InterruptedException {
		String node = "node-" + (++this.started);
		ForkedJvm jvm = ForkedJvm.start(List.of(), ClusterApplication.class,
				List.of("--node=" + node, "--engine=" + this.engine,
						"--database=" + this.database.jdbcUrl() + "&connectTimeout=1&socketTimeout=1"
								+ "&options=-c%20idle_in_transaction_session_timeout=1s",
						"--redis=" + ((this.redis != null) ? this.redis.port() : 0), "--stop-file=" + stopFile(node),
						"--spring.application.name=app", "--run.cluster.lease=" + LEASE.toMillis() + "ms",
						"--run.cluster.renew-interval=500ms", "--run.cluster.retry-interval=" + RETRY.toMillis() + "ms",
						"--spring.main.banner-mode=off", "--spring.main.web-application-type=none"),
				UNUSED);
		this.nodes.put(node, jvm);
		jvm.awaitLine("up");
		return node;
	}

	ForkedJvm node(String name) {
		ForkedJvm node = this.nodes.get(name);
		if (node == null) {
			throw new AssertionError("No node " + name);
		}
		return node;
	}

	Path stopFile(String node) {
		return this.directory.resolve("stop-" + node);
	}

	void execute(String sql) throws SQLException {
		try (Statement statement = connection().createStatement()) {
			statement.execute(sql);
		}
	}

	List<String> query(String sql) throws SQLException {
		try (Statement statement = connection().createStatement(); ResultSet rows = statement.executeQuery(sql)) {
			List<String> all = new ArrayList<>();
			while (rows.next()) {
				all.add(String.valueOf(rows.getString(1)));
			}
			return all;
		}
	}

	/**
	 * Another one after the database was away.
	 */
	private Connection connection() throws SQLException {
		Connection current = this.connection;
		if (current == null || !current.isValid(1)) {
			current = DriverManager.getConnection(this.database.jdbcUrl());
			this.connection = current;
		}
		return current;
	}

	String now() throws SQLException {
		return query("SELECT clock_timestamp()").get(0);
	}

	/**
	 * Wait until a node writes, and return it.
	 * @param after a time of the database
	 * @param not a node that is not meant
	 */
	String awaitLeader(String after, String not) throws Exception {
		String sql = "SELECT node FROM event WHERE at > '" + after + "' AND node <> '" + not + "' ORDER BY at LIMIT 1";
		try {
			return Awaitility.await()
				.atMost(Duration.ofSeconds(60))
				.pollInterval(Duration.ofMillis(20))
				.ignoreExceptions()
				.until(() -> query(sql), (rows) -> !rows.isEmpty())
				.get(0);
		}
		catch (ConditionTimeoutException ex) {
			StringBuilder nodes = new StringBuilder("Nobody but " + not + " writes since " + after);
			for (Map.Entry<String, ForkedJvm> node : this.nodes.entrySet()) {
				nodes.append("\n").append(node.getKey()).append(":\n").append(node.getValue().outputWithStacks());
			}
			throw new AssertionError(nodes.toString(), ex);
		}
	}

	/**
	 * Milliseconds from a time of the database to what another node than this wrote first
	 * since then.
	 */
	long takenOverAfter(String since, String not) throws SQLException {
		return Long.parseLong(query("SELECT (extract(epoch FROM min(at) - '" + since
				+ "'::timestamptz) * 1000)::bigint FROM event WHERE at > '" + since + "' AND node <> '" + not + "'")
			.get(0));
	}

	/**
	 * Executions of different nodes of which one began before the other had written last.
	 */
	List<String> overlaps() throws SQLException {
		String sessions = "(SELECT node, session, min(at) AS first, max(at) AS last FROM event GROUP BY node, session)";
		return query(
				"SELECT a.node || ' ' || a.first || ' to ' || a.last || ', ' || b.node || ' ' || b.first || ' to ' || b.last"
						+ " FROM " + sessions + " a JOIN " + sessions
						+ " b ON a.node < b.node AND a.first <= b.last AND b.first <= a.last");
	}

	@Override
	public void close() throws IOException, SQLException {
		this.nodes.values().forEach(ForkedJvm::close);
		if (this.connection != null) {
			this.connection.close();
		}
		this.database.close();
		if (this.redis != null) {
			this.redis.close();
		}
		FileSystemUtils.deleteRecursively(this.directory);
	}

}
