package dev.rungroup.sample;

import java.nio.file.Files;
import java.nio.file.Path;
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
import java.util.stream.Stream;

import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.test.AutoConfigureTestActors;
import dev.rungroup.test.TestActors;
import io.micrometer.core.instrument.MeterRegistry;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.h2.tools.Server;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Takes the database away from the running application: a real H2 server that is stopped
 * and started, behind a network that loses answers.
 */
@SpringBootTest(webEnvironment = WebEnvironment.NONE,
		properties = { "sample.port=0", "sample.drain-timeout=1s", "sample.batch-size=5", "sample.queue-capacity=60",
				"sample.queue-timeout=1ms", "spring.datasource.hikari.connection-timeout=250", "run.retry.delay=20ms",
				"run.retry.max-delay=100ms", "run.retry.jitter=10ms" })
@AutoConfigureTestActors(virtualTime = false)
@DirtiesContext
@ExtendWith(OutputCaptureExtension.class)
class DatabaseOutageTests {

	@TempDir
	static Path directory;

	static Server database;

	static CuttingProxy network;

	@Autowired
	private TestActors actors;

	@Autowired
	private LineServer server;

	@Autowired
	private LineQueue queue;

	@Autowired
	private MeterRegistry meters;

	private double retriesBefore;

	private int port;

	@DynamicPropertySource
	static void properties(DynamicPropertyRegistry registry) throws Exception {
		database = Server
			.createTcpServer("-tcpPort", Integer.toString(DatabaseProcess.freePort()), "-ifNotExists", "-baseDir",
					directory.toString())
			.start();
		network = new CuttingProxy(database.getPort());
		registry.add("sample.inbox", () -> directory.resolve("inbox").toString());
		registry.add("spring.datasource.url", () -> DatabaseProcess.url(network.port()));
	}

	@BeforeEach
	void start() {
		this.retriesBefore = 0;
		this.retriesBefore = retries();
		this.actors.start();
		this.actors.await("line-server", MemberSnapshot::ready);
		this.port = this.server.localPort();
	}

	@AfterEach
	void forgetAllLines() throws Exception {
		this.actors.stop();
		this.queue.take(1000, () -> true);
		jdbc().sql("DELETE FROM measurement").update();
	}

	@AfterAll
	static void stop() throws Exception {
		network.close();
		database.stop();
	}

	@Test
	void linesWaitUntilTheDatabaseIsBack(CapturedOutput output) throws Exception {
		assertThat(LineClient.exchange(this.port, "before 1\n")).containsExactly("ok");
		database.stop();
		try (LineClient client = new LineClient(this.port)) {
			String[] lines = IntStream.range(0, 50).mapToObj((i) -> "during " + i).toArray(String[]::new);
			client.send(lines);
			await().until(() -> retries() >= 5);
			assertThat(client.hasAnswer()).isFalse();
			database.start();
			assertThat(client.answers(50)).isEqualTo(Collections.nCopies(50, "ok"));
		}
		assertThat(LineClient.exchange(this.port, "after 1\n")).containsExactly("ok");
		assertThat(stored()).hasSize(52).doesNotHaveDuplicates();
		assertThat(output).containsPattern("Attempt 1 to store \\d+ line\\(s\\) failed: ")
			.containsPattern("Stored \\d+ line\\(s\\) in attempt ");
	}

	@Test
	void linesAreRejectedWhenTooManyWait() throws Exception {
		database.stop();
		try (LineClient client = new LineClient(this.port)) {
			client.send(IntStream.range(0, 100).mapToObj((i) -> "many " + i).toArray(String[]::new));
			await().until(() -> retries() >= 5 && isEveryLineTakenIn());
			database.start();
			List<String> answers = client.answers(100);
			assertThat(answers).hasSize(100)
				.containsOnly("ok", "error: too many lines are waiting to be stored, try again later");
			assertThat(Collections.frequency(answers, "ok")).isBetween(60, 99);
			assertThat(stored()).hasSize(Collections.frequency(answers, "ok")).doesNotHaveDuplicates();
		}
	}

	@Test
	void fileThatIsReadAgainWhileItsLinesWaitIsStoredOnce() throws Exception {
		this.actors.stop("line-writer", "inbox-reader");
		database.stop();
		Path inbox = Files.createDirectories(directory.resolve("inbox"));
		Files.writeString(inbox.resolve("three.txt"), "file 1\nfile 2\nfile 3\n");
		for (int i = 1; i <= 2; i++) {
			this.actors.stop("inbox-reader");
			this.actors.start("inbox-reader");
			int lines = 3 * i;
			await().until(() -> this.queue.size() == lines);
		}
		// two of the three are in the first batch of five twice
		this.actors.start("line-writer");
		await().until(() -> retries() > 0);
		database.start();
		await().until(() -> Files.exists(inbox.resolve("done/three.txt")) && this.queue.size() == 0);
		assertThat(stored()).containsExactlyInAnyOrder("file 1", "file 2", "file 3");
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
			network.cutAfter(() -> random.nextInt(40));
			for (Future<List<String>> future : answers) {
				assertThat(future.get(60, TimeUnit.SECONDS)).isEqualTo(Collections.nCopies(linesPerClient, "ok"));
			}
		}
		finally {
			network.cutAfter(Integer.MAX_VALUE);
			threads.shutdownNow();
		}
		assertThat(network.cuts()).isGreaterThan(10);
		assertThat(stored()).hasSize(clients * linesPerClient).doesNotHaveDuplicates();
	}

	@Test
	void lineIsNotAnsweredWhenTheApplicationStopsWithoutItsDatabase() throws Exception {
		database.stop();
		try (LineClient client = new LineClient(this.port)) {
			client.send("lost 1");
			await().until(() -> retries() >= 2);
			this.actors.stop();
			assertThat(client.rest()).isEmpty();
		}
		database.start();
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

	/**
	 * Whether a client's thread has put its lines into the queue, or could not, and waits
	 * for the first to be stored.
	 */
	private static boolean isEveryLineTakenIn() {
		return Thread.getAllStackTraces()
			.entrySet()
			.stream()
			.anyMatch((entry) -> entry.getKey().getName().startsWith("line-client-")
					&& Stream.of(entry.getValue()).anyMatch((frame) -> frame.getMethodName().equals("awaitStored")));
	}

	private double retries() {
		return this.meters.get("run.retry.attempts").tag("outcome", "retried").counter().count() - this.retriesBefore;
	}

	private static JdbcClient jdbc() {
		return JdbcClient.create(new DriverManagerDataSource(DatabaseProcess.url(database.getPort()), "sa", ""));
	}

	private List<String> stored() {
		return jdbc().sql("SELECT name || ' ' || CAST(amount AS INT) FROM measurement").query(String.class).list();
	}

	private static ConditionFactory await() {
		return Awaitility.await().atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(5));
	}

}
