package dev.rungroup.sample;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Ends the application with a signal while clients send lines, starts it again on the
 * same files, and looks for every line that was answered {@code ok}.
 */
@Tag("faults")
class StopUnderLoadTests {

	private static final int CLIENTS = 6;

	@TempDir
	private Path directory;

	@Repeated
	void everyAcknowledgedLineIsThereOnceAfterSigterm() throws Exception {
		assertNothingIsLostBySigterm(false);
	}

	@Repeated
	@EnabledForJreRange(min = JRE.JAVA_21)
	void everyAcknowledgedLineIsThereOnceAfterSigtermOnVirtualThreads() throws Exception {
		assertNothingIsLostBySigterm(true);
	}

	private void assertNothingIsLostBySigterm(boolean virtualThreads) throws Exception {
		try (SampleProcess process = SampleProcess.start(this.directory,
				"--spring.threads.virtual.enabled=" + virtualThreads)) {
			LineLoad load = underLoad(process);
			process.terminate();
			assertThat(process.awaitExit()).as(process.log()).isEqualTo(143);
			assertThat(process.log()).doesNotContain("ERROR", "Exception", " WARN ");
			startAgainAndCheck(load);
		}
	}

	@Repeated
	void everyAcknowledgedLineIsThereOnceAfterSigkill() throws Exception {
		try (SampleProcess process = SampleProcess.start(this.directory)) {
			LineLoad load = underLoad(process);
			process.kill();
			assertThat(process.awaitExit()).isEqualTo(137);
			startAgainAndCheck(load);
		}
	}

	@Repeated
	void fileIsFinishedByTheNextProcessAfterSigkill() throws Exception {
		int lines = 20_000;
		Path inbox = Files.createDirectories(this.directory.resolve("inbox"));
		StringBuilder text = new StringBuilder();
		for (int i = 0; i < lines; i++) {
			text.append("bulk ").append(i).append('\n');
		}
		Files.writeString(inbox.resolve("bulk.txt"), text);
		for (int i = 0; i < 2; i++) {
			// slowly: it is not to be done before it is killed
			try (SampleProcess process = SampleProcess.start(this.directory, "--sample.batch-size=1")) {
				Awaitility.await()
					.atMost(Duration.ofSeconds(60))
					.pollInterval(Duration.ofMillis(20))
					.until(() -> process.get("/measurements/bulk").statusCode() == 200);
				process.kill();
				process.awaitExit();
			}
			assertThat(inbox.resolve("done/bulk.txt")).doesNotExist();
			assertThat(stored().count()).isBetween(1L, lines - 1L);
		}
		try (SampleProcess process = SampleProcess.start(this.directory)) {
			Awaitility.await()
				.atMost(Duration.ofSeconds(180))
				.until(() -> Files.exists(inbox.resolve("done/bulk.txt")));
			process.terminate();
			assertThat(process.awaitExit()).isEqualTo(143);
		}
		stored().assertHolds("bulk", lines);
	}

	private LineLoad underLoad(SampleProcess process) {
		LineLoad load = LineLoad.start(CLIENTS, process.linePort());
		load.awaitAcknowledged(CLIENTS * 200);
		return load;
	}

	private void startAgainAndCheck(LineLoad load) throws Exception {
		load.stop();
		try (SampleProcess process = SampleProcess.start(this.directory)) {
			assertThat(LineClient.exchange(process.linePort(), "again 0\n")).containsExactly("ok");
			assertThat(process.get("/measurements/client0").statusCode()).isEqualTo(200);
			process.terminate();
			assertThat(process.awaitExit()).isEqualTo(143);
		}
		stored().assertHolds("again", 1);
		stored().assertHolds(load);
	}

	private Stored stored() {
		return Stored.in("jdbc:h2:" + this.directory.resolve("data/measurements"));
	}

}
