package dev.rungroup.processes;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.LongStream;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.rungroup.processes.ForkedJvm.Ended;
import dev.rungroup.servers.PostgresServer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The outbox relay of REFERENCE.md between a real PostgreSQL and a real HTTP server, in a
 * JVM that is ended under load: three times, or {@code -Drun.exit.repeat=20}.
 */
@Tag("faults")
class OutboxRelayTests {

	/** On the class path of the tests, but not of the relay. */
	private static final Pattern UNUSED = Pattern.compile(
			"actuator|micrometer|prometheus|health|junit|mockito|security|artemis|jms|kafka|devtools|webmvc|tomcat");

	private static final int ROUNDS = Math.max(3, Scenarios.REPEAT);

	private static final long ROWS_PER_ROUND = 40;

	private static final long ROWS = ROUNDS * ROWS_PER_ROUND;

	/** How often each row was posted. */
	private final Map<Long, Integer> posts = new ConcurrentHashMap<>();

	private final ExecutorService threads = Executors.newCachedThreadPool();

	/** How long the target takes for a row. */
	private volatile long millis = 250;

	private PostgresServer database;

	private Connection connection;

	private HttpServer target;

	@BeforeEach
	void startServers() throws Exception {
		this.database = PostgresServer.start();
		this.connection = DriverManager.getConnection(this.database.jdbcUrl());
		execute("CREATE TABLE outbox (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body TEXT NOT NULL)");
		execute("INSERT INTO outbox (body) SELECT 'row ' || n FROM generate_series(1, " + ROWS + ") n");
		this.target = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		this.target.createContext("/", this::post);
		this.target.setExecutor(this.threads);
		this.target.start();
	}

	@AfterEach
	void stopServers() throws Exception {
		if (this.target != null) {
			this.target.stop(0);
		}
		this.threads.shutdownNow();
		if (this.connection != null) {
			this.connection.close();
		}
		if (this.database != null) {
			this.database.close();
		}
	}

	@Test
	void sigtermUnderLoadLosesNoRowAndPostsNoneTwice() throws Exception {
		Random random = new Random(1);
		for (int round = 1; round <= ROUNDS; round++) {
			assertThat(endUnderLoad("TERM", random).code()).isEqualTo(143);
		}
		relayTheRest();
		assertThat(new TreeMap<>(this.posts)).as("posts").containsOnlyKeys(rows()).values().containsOnly(1);
	}

	@Test
	void sigkillUnderLoadLosesNoRow() throws Exception {
		Random random = new Random(2);
		for (int round = 1; round <= ROUNDS; round++) {
			assertThat(endUnderLoad("KILL", random).code()).isEqualTo(137);
		}
		relayTheRest();
		assertThat(new TreeMap<>(this.posts)).as("posts").containsOnlyKeys(rows());
		// the one row that each of them was about to delete
		assertThat(this.posts.values().stream().mapToInt(Integer::intValue).sum()).as("posts")
			.isLessThanOrEqualTo((int) ROWS + ROUNDS);
	}

	@Test
	void referenceShowsTheRelayThatIsTestedHere() throws IOException {
		String source = Files.readString(Path.of("src/test/java/dev/rungroup/processes/OutboxRelay.java"));
		assertThat(Path.of("REFERENCE.md")).content()
			.contains("```java\n" + source.substring(source.indexOf("@LoopActor(")) + "```");
	}

	/**
	 * Start the relay, end it while it works, and see that it did.
	 */
	private Ended endUnderLoad(String signal, Random random) throws Exception {
		int enough = posted() + 1 + random.nextInt(5);
		try (ForkedJvm relay = start()) {
			awaitPosted(enough, relay);
			Thread.sleep(random.nextInt((int) this.millis)); // anywhere between two rows
			relay.signal(signal);
			Ended ended = relay.awaitEnd();
			assertThat(rowsLeft()).as("under load: rows left").isPositive();
			return ended;
		}
	}

	private void relayTheRest() throws Exception {
		this.millis = 0;
		try (ForkedJvm relay = start()) {
			Awaitility.await().atMost(Duration.ofSeconds(120)).until(() -> rowsLeft() == 0);
			relay.signal("TERM");
			assertThat(relay.awaitEnd().code()).isEqualTo(143);
		}
	}

	private ForkedJvm start() throws IOException {
		return ForkedJvm.start(List.of(), OutboxApplication.class,
				List.of("--spring.main.web-application-type=none", "--spring.main.banner-mode=off",
						"--outbox.database=" + this.database.jdbcUrl(),
						"--outbox.target=http://127.0.0.1:" + this.target.getAddress().getPort() + "/"),
				UNUSED);
	}

	/**
	 * Take a row in, and some time for it: the relay spends most of its own waiting here.
	 */
	private void post(HttpExchange exchange) throws IOException {
		try (exchange) {
			this.posts.merge(Long.valueOf(exchange.getRequestHeaders().getFirst("Idempotency-Key")), 1, Integer::sum);
			TimeUnit.MILLISECONDS.sleep(this.millis);
			exchange.sendResponseHeaders(204, -1);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private void awaitPosted(int enough, ForkedJvm relay) throws Exception {
		long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
		while (posted() < enough) {
			if (!relay.staysUpFor(5) || System.nanoTime() > deadline) {
				relay.signalIfAlive("TERM");
				throw new AssertionError("Posted " + posted() + " rows, " + relay.awaitEnd());
			}
		}
	}

	private int posted() {
		return this.posts.size();
	}

	private static Long[] rows() {
		return LongStream.rangeClosed(1, ROWS).boxed().toArray(Long[]::new);
	}

	private long rowsLeft() throws SQLException {
		try (Statement statement = this.connection.createStatement();
				ResultSet count = statement.executeQuery("SELECT count(*) FROM outbox")) {
			count.next();
			return count.getLong(1);
		}
	}

	private void execute(String sql) throws SQLException {
		try (Statement statement = this.connection.createStatement()) {
			statement.execute(sql);
		}
	}

}
