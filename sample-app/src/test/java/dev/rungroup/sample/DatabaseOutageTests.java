package dev.rungroup.sample;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import dev.rungroup.context.GroupLifecycle;
import io.micrometer.core.instrument.MeterRegistry;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.h2.tools.Server;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Takes the database away from the running application: a real H2 server that is stopped
 * and started, behind a network that loses answers.
 */
@ExtendWith(OutputCaptureExtension.class)
class DatabaseOutageTests {

	@TempDir
	private Path directory;

	private Server database;

	private CuttingProxy network;

	private ConfigurableApplicationContext application;

	private int port;

	@BeforeEach
	void start() throws Exception {
		this.database = startDatabase("0");
		this.network = new CuttingProxy(this.database.getPort());
		this.application = SpringApplication.run(SampleApplication.class, "--server.port=0", "--sample.port=0",
				"--sample.inbox=" + this.directory.resolve("inbox"), "--sample.drain-timeout=1s",
				"--sample.batch-size=5", "--sample.queue-capacity=60", "--sample.queue-timeout=20ms",
				"--spring.datasource.url=" + DatabaseProcess.url(this.network.port()),
				"--spring.datasource.hikari.connection-timeout=500", "--run.retry.delay=20ms",
				"--run.retry.max-delay=100ms", "--run.retry.jitter=10ms");
		LineServer server = this.application.getBean(LineServer.class);
		await().until(() -> server.localPort() > 0);
		this.port = server.localPort();
	}

	@AfterEach
	void stop() throws Exception {
		this.application.close();
		this.network.close();
		this.database.stop();
	}

	@Test
	void linesWaitUntilTheDatabaseIsBack(CapturedOutput output) throws Exception {
		assertThat(LineClient.exchange(this.port, "before 1\n")).containsExactly("ok");
		String databasePort = Integer.toString(this.database.getPort());
		this.database.stop();
		try (LineClient client = new LineClient(this.port)) {
			String[] lines = IntStream.range(0, 50).mapToObj((i) -> "during " + i).toArray(String[]::new);
			client.send(lines);
			await().until(() -> attempts("retried") >= 5);
			assertThat(client.hasAnswer()).isFalse();
			this.database = startDatabase(databasePort);
			assertThat(client.answers(50)).isEqualTo(Collections.nCopies(50, "ok"));
		}
		assertThat(LineClient.exchange(this.port, "after 1\n")).containsExactly("ok");
		assertThat(stored()).hasSize(52).doesNotHaveDuplicates();
		assertThat(output).containsPattern("Attempt 1 to store \\d+ line\\(s\\) failed: ")
			.containsPattern("Stored \\d+ line\\(s\\) in attempt ");
	}

	@Test
	void linesAreRejectedWhenTooManyWait() throws Exception {
		String databasePort = Integer.toString(this.database.getPort());
		this.database.stop();
		try (LineClient client = new LineClient(this.port)) {
			client.send(IntStream.range(0, 100).mapToObj((i) -> "many " + i).toArray(String[]::new));
			await().until(() -> attempts("retried") >= 5);
			this.database = startDatabase(databasePort);
			List<String> answers = client.answers(100);
			assertThat(answers).hasSize(100)
				.containsOnly("ok", "error: too many lines are waiting to be stored, try again later");
			assertThat(Collections.frequency(answers, "ok")).isBetween(60, 99);
			assertThat(stored()).hasSize(Collections.frequency(answers, "ok")).doesNotHaveDuplicates();
		}
	}

	@Test
	void fileThatIsReadAgainWhileItsLinesWaitIsStoredOnce() throws Exception {
		String databasePort = Integer.toString(this.database.getPort());
		this.database.stop();
		Path inbox = Files.createDirectories(this.directory.resolve("inbox"));
		Path file = Files.writeString(inbox.resolve("three.part"), "file 1\nfile 2\nfile 3\n");
		Files.move(file, inbox.resolve("three.txt"));
		await().until(() -> attempts("retried") > 0);
		LineQueue queue = this.application.getBean(LineQueue.class);
		// at least one of the three is in the next batch twice
		while (queue.size() < 5) {
			long executions = inboxExecutions();
			this.application.getBean(GroupLifecycle.class).restartMember("inbox-reader");
			// an idle writer may take them at once, so that the queue does not show them
			await().during(Duration.ofMillis(200)).until(() -> inboxExecutions() > executions);
		}
		this.database = startDatabase(databasePort);
		await().until(() -> Files.exists(inbox.resolve("done/three.txt")) && queue.size() == 0);
		assertThat(stored()).containsExactlyInAnyOrder("file 1", "file 2", "file 3");
	}

	private long inboxExecutions() {
		return this.application.getBean(GroupLifecycle.class)
			.snapshot()
			.members()
			.stream()
			.filter((member) -> member.name().equals("inbox-reader"))
			.mapToLong((member) -> member.executions())
			.sum();
	}

	@Test
	void linesAreStoredOnceWhenAnswersOfTheDatabaseAreLost() throws Exception {
		int clients = 4;
		int linesPerClient = Boolean.getBoolean("run.everything") ? 300 : 100;
		ExecutorService threads = Executors.newFixedThreadPool(clients);
		try {
			List<Future<List<String>>> answers = new ArrayList<>();
			for (int client = 0; client < clients; client++) {
				answers.add(threads.submit(send("client" + client, linesPerClient)));
			}
			Random random = new Random(1);
			while (!answers.stream().allMatch(Future::isDone)) {
				int before = this.network.cuts();
				this.network.cutAfter(random.nextInt(40));
				await().until(() -> this.network.cuts() > before || answers.stream().allMatch(Future::isDone));
			}
			for (Future<List<String>> future : answers) {
				assertThat(future.get(20, TimeUnit.SECONDS)).isEqualTo(Collections.nCopies(linesPerClient, "ok"));
			}
		}
		finally {
			threads.shutdownNow();
		}
		assertThat(this.network.cuts()).isGreaterThan(10);
		assertThat(stored()).hasSize(clients * linesPerClient).doesNotHaveDuplicates();
	}

	@Test
	void lineIsNotAnsweredWhenTheApplicationStopsWithoutItsDatabase() throws Exception {
		this.database.stop();
		try (LineClient client = new LineClient(this.port)) {
			client.send("lost 1");
			await().until(() -> attempts("retried") >= 2);
			this.application.close();
			assertThat(client.rest()).isEmpty();
		}
		this.database = startDatabase("0");
		assertThat(stored()).isEmpty();
	}

	private Callable<List<String>> send(String name, int lines) {
		return () -> {
			try (LineClient client = new LineClient(this.port)) {
				List<String> answers = new ArrayList<>();
				for (int i = 0; i < lines; i++) {
					client.send(name + " " + i);
					answers.add(client.answer());
				}
				return answers;
			}
		};
	}

	private double attempts(String outcome) {
		return this.application.getBean(MeterRegistry.class)
			.get("run.retry.attempts")
			.tag("outcome", outcome)
			.counter()
			.count();
	}

	private List<String> stored() {
		return JdbcClient.create(new DriverManagerDataSource(DatabaseProcess.url(this.database.getPort()), "sa", ""))
			.sql("SELECT name || ' ' || CAST(amount AS INT) FROM measurement")
			.query(String.class)
			.list();
	}

	private Server startDatabase(String port) throws SQLException {
		return Server
			.createTcpServer("-tcpPort", port, "-ifNotExists", "-baseDir", this.directory.toAbsolutePath().toString())
			.start();
	}

	private static ConditionFactory await() {
		return Awaitility.await().atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(5));
	}

}
