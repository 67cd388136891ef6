package dev.rungroup.processes;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.UUID;

import javax.sql.DataSource;

import dev.rungroup.annotation.LoopActor;
import dev.rungroup.cluster.ClusterSingleton;
import dev.rungroup.context.GroupLifecycle;
import dev.rungroup.core.Body;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.StopReason;
import net.javacrumbs.shedlock.core.LockProvider;
import net.javacrumbs.shedlock.provider.jdbctemplate.JdbcTemplateLockProvider;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.integration.jdbc.lock.DefaultLockRepository;
import org.springframework.integration.jdbc.lock.JdbcLockRegistry;
import org.springframework.integration.jdbc.lock.LockRepository;
import org.springframework.integration.redis.util.RedisLockRegistry;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.PlatformTransactionManager;

/**
 * One node of a cluster. Its actor writes into the database when an execution begins,
 * each step, and its end. The database says when that was.
 */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableAutoConfiguration
@Import(ClusterApplication.Worker.class)
class ClusterApplication {

	static final String TABLES = "CREATE TABLE event (node VARCHAR(40), session VARCHAR(40), kind VARCHAR(10),"
			+ " at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp());"
			+ " CREATE TABLE int_lock (lock_key CHAR(36) NOT NULL, region VARCHAR(100) NOT NULL, client_id CHAR(36),"
			+ " created_date TIMESTAMP NOT NULL, expired_after TIMESTAMP NOT NULL, PRIMARY KEY (lock_key, region));"
			+ " CREATE TABLE shedlock (name VARCHAR(64) NOT NULL PRIMARY KEY, lock_until TIMESTAMP NOT NULL,"
			+ " locked_at TIMESTAMP NOT NULL, locked_by VARCHAR(255) NOT NULL)";

	public static void main(String[] args) {
		ConfigurableApplicationContext context = SpringApplication.run(ClusterApplication.class, args);
		String stop = context.getEnvironment().getProperty("stop-file", "");
		if (!stop.isEmpty()) {
			Thread thread = new Thread(() -> obey(Path.of(stop), context.getBean(GroupLifecycle.class)));
			thread.setDaemon(true);
			thread.start();
		}
		System.out.println("up");
	}

	/**
	 * Stop the actor for a while whenever there is a file.
	 */
	private static void obey(Path file, GroupLifecycle lifecycle) {
		try {
			while (true) {
				if (Files.deleteIfExists(file)) {
					lifecycle.stopMember("worker");
					Thread.sleep(1500);
					lifecycle.startMember("worker");
				}
				Thread.sleep(10);
			}
		}
		catch (IOException | InterruptedException | IllegalStateException ex) {
			// the application ends
		}
	}

	@Bean
	DataSource dataSource(@Value("${database}") String url) {
		PGSimpleDataSource dataSource = new PGSimpleDataSource();
		dataSource.setUrl(url);
		return dataSource;
	}

	@Bean
	PlatformTransactionManager transactionManager(DataSource dataSource) {
		return new JdbcTransactionManager(dataSource);
	}

	@Bean(destroyMethod = "")
	@ConditionalOnProperty(name = "engine", havingValue = "jdbc")
	DefaultLockRepository lockRepository(DataSource dataSource) {
		DefaultLockRepository repository = new DefaultLockRepository(dataSource);
		repository.setCheckDatabaseOnStart(false);
		return repository;
	}

	@Bean
	@ConditionalOnProperty(name = "engine", havingValue = "jdbc")
	JdbcLockRegistry lockRegistry(LockRepository repository) {
		return new JdbcLockRegistry(repository);
	}

	@Bean
	@ConditionalOnProperty(name = "engine", havingValue = "shedlock")
	LockProvider lockProvider(DataSource dataSource) {
		return new JdbcTemplateLockProvider(JdbcTemplateLockProvider.Configuration.builder()
			.withJdbcTemplate(new JdbcTemplate(dataSource))
			.usingDbTime()
			.build());
	}

	@Bean
	@ConditionalOnProperty(name = "engine", havingValue = "redis")
	LettuceConnectionFactory connections(@Value("${redis}") int port) {
		return new LettuceConnectionFactory(new RedisStandaloneConfiguration("127.0.0.1", port),
				LettuceClientConfiguration.builder().commandTimeout(Duration.ofSeconds(1)).build());
	}

	@Bean
	@ConditionalOnProperty(name = "engine", havingValue = "redis")
	RedisLockRegistry redisLockRegistry(LettuceConnectionFactory connections) {
		return new RedisLockRegistry(connections, "locks");
	}

	@LoopActor(name = "worker", delay = "5ms")
	@ClusterSingleton
	static class Worker implements Body {

		private final String url;

		private final String node;

		Worker(@Value("${database}") String url, @Value("${node}") String node) {
			this.url = url;
			this.node = node;
		}

		@Override
		public void run(MemberContext context) throws Exception {
			String session = UUID.randomUUID().toString();
			try (Connection connection = DriverManager.getConnection(this.url)) {
				write(connection, session, "begin", context);
				while (!context.isStopping()) {
					context.sleep(Duration.ofMillis(20));
					write(connection, session, "step", context);
				}
				write(connection, session, "end", context);
			}
		}

		/**
		 * Looks before it writes, as a body of a singleton should.
		 */
		private void write(Connection connection, String session, String kind, MemberContext context)
				throws SQLException {
			try (PreparedStatement insert = connection
				.prepareStatement("INSERT INTO event (node, session, kind) VALUES (?, ?, ?)")) {
				insert.setString(1, this.node);
				insert.setString(2, session);
				insert.setString(3, kind);
				StopReason reason = context.stopReason();
				if (!isLost(reason)) {
					insert.executeUpdate();
				}
			}
		}

		private static boolean isLost(@Nullable StopReason reason) {
			return reason != null && reason.kind() == StopReason.Kind.LEADERSHIP_LOST;
		}

	}

}
