package dev.rungroup.sample;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.OffsetDateTime;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Housekeeping} on several nodes, with the profile {@code postgres}.
 */
@Tag("faults")
class HousekeepingTests {

	/** As in application-postgres.yml. */
	private static final Duration LEASE = Duration.ofSeconds(12);

	private static final Duration RETRY_INTERVAL = Duration.ofSeconds(1);

	/** The second that is promised, and more for a machine that is busy. */
	private static final Duration SLACK = Duration.ofSeconds(7);

	@TempDir
	private Path directory;

	@Test
	void anotherNodeTakesOverWhenTheNodeThatDoesItIsKilledOrTerminated() throws Exception {
		try (PostgresProcess database = PostgresProcess.start()) {
			JdbcClient jdbc = JdbcClient.create(new DriverManagerDataSource(database.url(), "sample", ""));
			try (SampleProcess first = start(database, "first")) {
				awaitCluster(first, "\"leader\":true");
				try (SampleProcess second = start(database, "second")) {
					awaitCluster(second, "\"leader\":false");
					assertThat(cluster(second)).contains("\"state\":\"STANDBY\"");
					store(first, jdbc, 1);
					store(second, jdbc, 2);
					assertDeletesOld(first, jdbc);
					long killed = System.nanoTime();
					first.kill();
					assertTakesOver(second, "SIGKILL", killed, LEASE.plus(RETRY_INTERVAL).plus(SLACK));
					assertDeletesOld(second, jdbc);
					try (SampleProcess third = start(database, "third")) {
						awaitCluster(third, "\"leader\":false");
						long terminated = System.nanoTime();
						second.terminate();
						assertTakesOver(third, "SIGTERM", terminated, RETRY_INTERVAL.plus(SLACK));
						assertDeletesOld(third, jdbc);
						assertThat(second.awaitExit()).as(second.log()).isEqualTo(143);
					}
				}
			}
			assertThat(database.log()).doesNotContain("ERROR");
		}
	}

	private SampleProcess start(PostgresProcess database, String node) throws Exception {
		return SampleProcess.start(Files.createDirectory(this.directory.resolve(node)),
				"--spring.profiles.active=postgres", "--sample.database=" + database.address(),
				"--sample.housekeeping-delay=100ms");
	}

	/**
	 * What the endpoint of this node says.
	 */
	private static String cluster(SampleProcess node) throws Exception {
		return node.get("/actuator/actors/housekeeping-delete-old").body();
	}

	private static void awaitCluster(SampleProcess node, String text) {
		Awaitility.await()
			.atMost(Duration.ofSeconds(60))
			.pollInterval(Duration.ofMillis(50))
			.until(() -> cluster(node).contains(text));
	}

	private static void assertTakesOver(SampleProcess node, String signal, long since, Duration limit)
			throws Exception {
		awaitCluster(node, "\"leader\":true");
		Duration taken = Duration.ofNanos(System.nanoTime() - since);
		System.out.println("sample: taken over " + taken.toMillis() + " ms after " + signal);
		assertThat(taken).as(node.log()).isLessThan(limit);
	}

	private static void store(SampleProcess node, JdbcClient jdbc, long count) throws Exception {
		assertThat(LineClient.exchange(node.linePort(), "shared 0.1 kB\n")).containsExactly("ok");
		assertThat(jdbc.sql("SELECT count(*) FROM measurement WHERE name = 'shared' AND amount = 0.1")
			.query(Long.class)
			.single()).isEqualTo(count);
	}

	private static void assertDeletesOld(SampleProcess node, JdbcClient jdbc) throws Exception {
		jdbc.sql("INSERT INTO measurement (id, name, amount, received_at) VALUES ('old', 'old', 1, ?)")
			.param(OffsetDateTime.now().minusDays(31))
			.update();
		Awaitility.await()
			.atMost(Duration.ofSeconds(60))
			.until(() -> jdbc.sql("SELECT count(*) FROM measurement WHERE id = 'old'").query(Long.class).single() == 0);
		Awaitility.await()
			.atMost(Duration.ofSeconds(60))
			.until(() -> node.log().contains("Deleted 1 measurements older than"));
	}

}
