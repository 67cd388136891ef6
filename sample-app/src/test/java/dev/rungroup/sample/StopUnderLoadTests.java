package dev.rungroup.sample;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * Ends the application with a signal while clients send lines, starts it again on the
 * same files, and looks for every line that was answered {@code ok}.
 */
class StopUnderLoadTests {

	private static final int CLIENTS = 6;

	@TempDir
	private Path directory;

	private final ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);

	private final Queue<String> acknowledged = new ConcurrentLinkedQueue<>();

	private final Queue<String> sent = new ConcurrentLinkedQueue<>();

	@AfterEach
	void stop() {
		this.threads.shutdownNow();
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void everyAcknowledgedLineIsThereOnceAfterSigterm(boolean virtualThreads) throws Exception {
		assumeThat(virtualThreads).matches((virtual) -> !virtual || JRE.currentVersionNumber() >= 21,
				"this JDK has virtual threads");
		try (SampleProcess process = SampleProcess.start(this.directory,
				"--spring.threads.virtual.enabled=" + virtualThreads)) {
			underLoad(process, process::terminate);
			assertThat(process.awaitExit()).as(process.log()).isEqualTo(143);
			assertThat(process.log()).doesNotContain("ERROR", "Exception", " WARN ");
		}
		startAgainAndCheck();
	}

	@Test
	void everyAcknowledgedLineIsThereOnceAfterSigkill() throws Exception {
		try (SampleProcess process = SampleProcess.start(this.directory)) {
			underLoad(process, process::kill);
			assertThat(process.awaitExit()).isEqualTo(137);
		}
		startAgainAndCheck();
	}

	@Test
	void fileIsFinishedByTheNextProcessAfterSigkill() throws Exception {
		int lines = 20_000;
		Path inbox = Files.createDirectories(this.directory.resolve("inbox"));
		StringBuilder text = new StringBuilder();
		for (int i = 0; i < lines; i++) {
			text.append("bulk ").append(i).append('\n');
		}
		Files.writeString(inbox.resolve("bulk.txt"), text);
		for (int i = 0; i < 2; i++) {
			try (SampleProcess process = SampleProcess.start(this.directory)) {
				Awaitility.await()
					.atMost(Duration.ofSeconds(60))
					.pollInterval(Duration.ofMillis(20))
					.until(() -> process.get("/measurements/bulk").statusCode() == 200);
				process.kill();
				process.awaitExit();
			}
			assertThat(inbox.resolve("done/bulk.txt")).doesNotExist();
			assertThat(stored()).hasSizeBetween(1, lines - 1).doesNotHaveDuplicates();
		}
		try (SampleProcess process = SampleProcess.start(this.directory)) {
			Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> Files.exists(inbox.resolve("done/bulk.txt")));
			process.terminate();
			assertThat(process.awaitExit()).isEqualTo(143);
		}
		assertThat(stored()).hasSize(lines).doesNotHaveDuplicates();
	}

	private void underLoad(SampleProcess process, Runnable end) throws Exception {
		int port = process.linePort();
		CountDownLatch busy = new CountDownLatch(CLIENTS * 20);
		List<Future<?>> clients = new ArrayList<>();
		for (int i = 0; i < CLIENTS; i++) {
			String name = "client" + i;
			clients.add(this.threads.submit(() -> sendUntilTheEnd(port, name, busy)));
		}
		assertThat(busy.await(60, TimeUnit.SECONDS)).isTrue();
		end.run();
		for (Future<?> client : clients) {
			client.get(60, TimeUnit.SECONDS);
		}
	}

	/**
	 * Send ten lines, read ten answers, and so on, until the connection ends.
	 */
	private void sendUntilTheEnd(int port, String name, CountDownLatch busy) {
		try (LineClient client = new LineClient(port)) {
			for (int number = 0;; number += 10) {
				String[] lines = new String[10];
				for (int i = 0; i < lines.length; i++) {
					lines[i] = name + " " + (number + i);
				}
				this.sent.addAll(List.of(lines));
				client.send(lines);
				for (String line : lines) {
					String answer = client.answer();
					if (!"ok".equals(answer)) {
						assertThat(answer).isIn(null, "error: stopping");
						return;
					}
					this.acknowledged.add(line);
				}
				busy.countDown();
			}
		}
		catch (IOException ex) {
			// the process is gone
		}
	}

	private void startAgainAndCheck() throws Exception {
		try (SampleProcess process = SampleProcess.start(this.directory)) {
			assertThat(LineClient.exchange(process.linePort(), "again 1\n")).containsExactly("ok");
			assertThat(process.get("/measurements/client0").statusCode()).isEqualTo(200);
			process.terminate();
			assertThat(process.awaitExit()).isEqualTo(143);
		}
		List<String> stored = new ArrayList<>(stored());
		assertThat(stored.remove("again 1")).isTrue();
		assertThat(this.acknowledged).hasSizeGreaterThanOrEqualTo(CLIENTS * 200);
		assertThat(stored).doesNotHaveDuplicates().containsAll(this.acknowledged);
		assertThat(this.sent).containsAll(stored);
	}

	private List<String> stored() {
		return JdbcClient
			.create(new DriverManagerDataSource("jdbc:h2:" + this.directory.resolve("data/measurements"), "sa", ""))
			.sql("SELECT name || ' ' || CAST(amount AS INT) FROM measurement")
			.query(String.class)
			.list();
	}

}
