package dev.rungroup.sample;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Takes the disk and the database away from the application under load, in processes of
 * their own: every line that was answered {@code ok} is there once in the end, and
 * SIGTERM ends the application within its budget all the same.
 */
@Tag("faults")
class SampleFaultTests {

	private static final int CLIENTS = 4;

	/** What the actors have to end. */
	private static final Duration SHUTDOWN_TIMEOUT = Duration.ofSeconds(6);

	/** What is promised on top of it. */
	private static final Duration SLACK = Duration.ofSeconds(2);

	@TempDir
	private Path directory;

	@Repeated
	void linesWaitUntilTheDiskHasRoomAgain() throws Exception {
		try (SmallDisk disk = SmallDisk.mount(this.directory.resolve("data")); SampleProcess process = start()) {
			LineLoad load = startLoad(process);
			for (int i = 0; i < 2; i++) {
				disk.fill();
				awaitFailedAttempts(process);
				disk.makeRoom();
				load.awaitAcknowledged(200);
			}
			process.terminate();
			assertThat(process.awaitExit()).as(process.log()).isEqualTo(143);
			load.stop();
			onDisk().assertHolds(load);
		}
	}

	@Repeated
	void stopsInTimeWhileTheDiskIsFull() throws Exception {
		try (SmallDisk disk = SmallDisk.mount(this.directory.resolve("data"))) {
			LineLoad load;
			try (SampleProcess process = start()) {
				load = startLoad(process);
				disk.fill();
				awaitFailedAttempts(process);
				assertStopsInTime(process);
			}
			load.stop();
			disk.makeRoom();
			try (SampleProcess process = start()) {
				assertThat(LineClient.exchange(process.linePort(), "again 0\n")).containsExactly("ok");
				process.terminate();
				assertThat(process.awaitExit()).as(process.log()).isEqualTo(143);
			}
			onDisk().assertHolds("again", 1);
			onDisk().assertHolds(load);
		}
	}

	@Repeated
	void linesWaitUntilTheKilledDatabaseIsBack() throws Exception {
		try (DatabaseProcess database = DatabaseProcess.start(this.directory);
				SampleProcess process = start(database)) {
			LineLoad load = startLoad(process);
			for (int i = 0; i < 3; i++) {
				database.kill();
				awaitFailedAttempts(process);
				database.startAgain();
				load.awaitAcknowledged(200);
			}
			process.terminate();
			assertThat(process.awaitExit()).as(process.log()).isEqualTo(143);
			load.stop();
			Stored.in(database.url()).assertHolds(load);
		}
	}

	@Repeated
	void stopsInTimeWhileTheDatabaseIsGone() throws Exception {
		try (DatabaseProcess database = DatabaseProcess.start(this.directory);
				SampleProcess process = start(database)) {
			LineLoad load = startLoad(process);
			database.kill();
			awaitFailedAttempts(process);
			assertStopsInTime(process);
			load.stop();
			database.startAgain();
			Stored.in(database.url()).assertHolds(load);
		}
	}

	/**
	 * Worse than a database that is gone: it keeps its connections and answers nothing.
	 * Only a time limit of the driver ends the writers' wait for that. The connection
	 * pool, which is closed after them, waits eleven seconds more, and no setting of its
	 * own changes that.
	 */
	@Repeated
	void stopsInTimeWhileTheDatabaseStandsStill() throws Exception {
		try (DatabaseProcess database = DatabaseProcess.start(this.directory);
				SampleProcess process = start("--spring.datasource.url=" + database.url() + ";NETWORK_TIMEOUT=2000")) {
			LineLoad load = startLoad(process);
			database.standStill();
			assertStopsInTime(process, Duration.ofSeconds(11));
			assertThat(process.log()).doesNotContain("gave up waiting");
			load.stop();
			database.goOn();
			Stored.in(database.url()).assertHolds(load);
		}
	}

	private SampleProcess start(String... more) throws Exception {
		List<String> settings = new ArrayList<>(List.of("--run.shutdown.timeout=" + SHUTDOWN_TIMEOUT.toSeconds() + "s",
				"--run.shutdown.grace-period=1s", "--sample.drain-timeout=1s", "--run.retry.delay=50ms",
				"--run.retry.max-delay=500ms", "--spring.datasource.hikari.connection-timeout=500"));
		settings.addAll(List.of(more));
		return SampleProcess.start(this.directory, settings.toArray(String[]::new));
	}

	private SampleProcess start(DatabaseProcess database) throws Exception {
		return start("--spring.datasource.url=" + database.url());
	}

	/**
	 * With pauses: H2 keeps what it has overwritten for a while, and must not fill the
	 * disk before we do.
	 */
	private static LineLoad startLoad(SampleProcess process) {
		LineLoad load = LineLoad.start(CLIENTS, process.linePort(), Duration.ofMillis(50));
		load.awaitAcknowledged(200);
		return load;
	}

	/**
	 * Wait until nothing can be stored and somebody has noticed.
	 */
	private static void awaitFailedAttempts(SampleProcess process) throws Exception {
		long before = failedAttempts(process);
		Awaitility.await()
			.atMost(Duration.ofSeconds(60))
			.pollInterval(Duration.ofMillis(50))
			.until(() -> failedAttempts(process) >= before + 4);
	}

	private static long failedAttempts(SampleProcess process) throws Exception {
		return Pattern.compile("Attempt \\d+ to store").matcher(process.log()).results().count();
	}

	private static void assertStopsInTime(SampleProcess process) throws Exception {
		assertStopsInTime(process, Duration.ZERO);
	}

	private static void assertStopsInTime(SampleProcess process, Duration pool) throws Exception {
		long signalled = System.nanoTime();
		process.terminate();
		assertThat(process.awaitExit()).as(process.log()).isEqualTo(143);
		assertThat(Duration.ofNanos(System.nanoTime() - signalled)).as(process.log())
			.isLessThan(SHUTDOWN_TIMEOUT.plus(SLACK).plus(pool));
	}

	private Stored onDisk() {
		return Stored.in("jdbc:h2:" + this.directory.resolve("data/measurements"));
	}

}
