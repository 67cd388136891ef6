package dev.rungroup.cluster;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import javax.sql.DataSource;

import dev.rungroup.cluster.ClusterLocks.Lease;
import dev.rungroup.servers.PostgresServer;
import dev.rungroup.servers.RedisServer;
import net.javacrumbs.shedlock.provider.jdbctemplate.JdbcTemplateLockProvider;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.postgresql.ds.PGSimpleDataSource;

import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.integration.jdbc.lock.DefaultLockRepository;
import org.springframework.integration.jdbc.lock.JdbcLockRegistry;
import org.springframework.integration.redis.util.RedisLockRegistry;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

/**
 * What the engines do on real servers, two nodes each.
 */
@Tag("once")
@Timeout(120)
class EngineTests {

	private static final Duration LEASE = Duration.ofSeconds(30);

	private static final Duration SHORT = Duration.ofMillis(400);

	private final List<AutoCloseable> resources = new ArrayList<>();

	@AfterEach
	void close() throws Exception {
		for (int i = this.resources.size() - 1; i >= 0; i--) {
			this.resources.get(i).close();
		}
	}

	@Test
	void springIntegrationOnPostgres() throws Exception {
		PostgresServer server = postgres();
		promises(registry(server), registry(server), () -> execute(server, "DELETE FROM int_lock"));
		outage(registry(server), server::stop, server::restart);
	}

	@Test
	void springIntegrationOnRedis() throws Exception {
		RedisServer server = RedisServer.start();
		this.resources.add(server);
		promises(redis(server), redis(server), () -> server.send("FLUSHALL"));
		outage(redis(server), server::stop, server::restart);
		LettuceConnectionFactory connections = connections(server);
		ClusterLocks stopping = redis(connections);
		Lease lease = acquired(stopping);
		connections.stop();
		assertThatException().as("not taken for a lost lock").isThrownBy(() -> lease.renew(LEASE));
	}

	@Test
	void shedLockOnPostgres() throws Exception {
		PostgresServer server = postgres();
		ClusterLocks one = shedLock(server);
		ClusterLocks two = shedLock(server);
		promises(one, two, () -> execute(server, "DELETE FROM shedlock"));
		outage(one, server::stop, server::restart);
	}

	private static void promises(ClusterLocks one, ClusterLocks two, Work deleteAll) throws Exception {
		Lease first = acquired(one);
		assertThat(two.tryAcquire("app:worker", LEASE)).as("held by the other").isNull();
		assertThat(two.tryAcquire("app:other", LEASE)).as("another lock").isNotNull();
		assertThat(first.renew(LEASE)).isTrue();
		assertThat(first.renew(LEASE)).isTrue();
		first.release();
		Lease second = acquired(two);
		assertThat(one.tryAcquire("app:worker", LEASE)).isNull();
		deleteAll.run();
		assertThat(second.renew(LEASE)).as("deleted under it").isFalse();
		forget(second);
		// runs out, and another takes it: its first holder clears what it keeps, and
		// harms nothing
		Lease third = awaitAcquired(one, SHORT);
		Lease fourth = awaitAcquired(two, LEASE);
		forget(third);
		assertThat(one.tryAcquire("app:worker", LEASE)).isNull();
		assertThat(fourth.renew(LEASE)).isTrue();
		fourth.release();
		Lease fifth = acquired(one);
		fifth.release();
	}

	private static void outage(ClusterLocks locks, Work stop, Work restart) throws Exception {
		Lease lease = acquired(locks);
		stop.run();
		assertThatException().isThrownBy(() -> lease.renew(LEASE));
		restart.run();
		assertThat(Awaitility.await()
			.atMost(Duration.ofSeconds(30))
			.pollInSameThread()
			.ignoreExceptions()
			.until(() -> lease.renew(LEASE), (renewed) -> true)).isTrue();
		lease.release();
	}

	private static Lease acquired(ClusterLocks locks) throws Exception {
		Lease lease = locks.tryAcquire("app:worker", LEASE);
		assertThat(lease).isNotNull();
		return lease;
	}

	private static Lease awaitAcquired(ClusterLocks locks, Duration lease) {
		return Awaitility.await()
			.atMost(Duration.ofSeconds(30))
			.pollInSameThread()
			.until(() -> locks.tryAcquire("app:worker", lease), (acquired) -> acquired != null);
	}

	private static void forget(Lease lease) throws Exception {
		if (lease instanceof LocalLease local) {
			local.forget();
		}
	}

	private PostgresServer postgres() throws Exception {
		PostgresServer server = PostgresServer.start();
		this.resources.add(server);
		execute(server,
				"CREATE TABLE int_lock (lock_key CHAR(36) NOT NULL, region VARCHAR(100) NOT NULL, client_id CHAR(36),"
						+ " created_date TIMESTAMP NOT NULL, expired_after TIMESTAMP NOT NULL, PRIMARY KEY (lock_key, region))");
		execute(server, "CREATE TABLE shedlock (name VARCHAR(64) NOT NULL PRIMARY KEY, lock_until TIMESTAMP NOT NULL,"
				+ " locked_at TIMESTAMP NOT NULL, locked_by VARCHAR(255) NOT NULL)");
		return server;
	}

	private static void execute(PostgresServer server, String sql) throws SQLException {
		try (Connection connection = DriverManager.getConnection(server.jdbcUrl());
				Statement statement = connection.createStatement()) {
			statement.execute(sql);
		}
	}

	private static DataSource dataSource(PostgresServer server) {
		PGSimpleDataSource dataSource = new PGSimpleDataSource();
		dataSource.setUrl(server.jdbcUrl());
		return dataSource;
	}

	private static ClusterLocks registry(PostgresServer server) {
		DataSource dataSource = dataSource(server);
		DefaultLockRepository repository = new DefaultLockRepository(dataSource);
		repository.setTransactionManager(new DataSourceTransactionManager(dataSource));
		repository.afterPropertiesSet();
		repository.afterSingletonsInstantiated();
		repository.start();
		return new SpringIntegrationLocks(new JdbcLockRegistry(repository));
	}

	private static ClusterLocks shedLock(PostgresServer server) {
		return new ShedLockLocks(new JdbcTemplateLockProvider(JdbcTemplateLockProvider.Configuration.builder()
			.withJdbcTemplate(new JdbcTemplate(dataSource(server)))
			.usingDbTime()
			.build()));
	}

	private ClusterLocks redis(RedisServer server) {
		return redis(connections(server));
	}

	private ClusterLocks redis(LettuceConnectionFactory connections) {
		RedisLockRegistry registry = new RedisLockRegistry(connections, "locks");
		this.resources.add(registry::destroy);
		return new SpringIntegrationLocks(registry);
	}

	private LettuceConnectionFactory connections(RedisServer server) {
		LettuceConnectionFactory connections = new LettuceConnectionFactory(
				new RedisStandaloneConfiguration("127.0.0.1", server.port()),
				LettuceClientConfiguration.builder().commandTimeout(Duration.ofSeconds(10)).build());
		connections.afterPropertiesSet();
		connections.start();
		this.resources.add(connections::destroy);
		return connections;
	}

	@FunctionalInterface
	private interface Work {

		void run() throws Exception;

	}

}
