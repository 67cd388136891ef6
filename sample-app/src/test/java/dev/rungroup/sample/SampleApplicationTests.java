package dev.rungroup.sample;

import java.io.IOException;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.IntStream;

import dev.rungroup.context.GroupLifecycle;
import dev.rungroup.core.GroupState;
import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.Outcome;
import dev.rungroup.test.AutoConfigureTestActors;
import dev.rungroup.test.TestActors;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.ApplicationContext;
import org.springframework.integration.jdbc.lock.LockRepository;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

/**
 * Tests for {@link SampleApplication} with real sockets, files, HTTP and database.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "sample.port=0", "sample.max-connections=20", "sample.client-timeout=2s",
				"run.actors.flaky.enabled=true" })
@AutoConfigureTestActors(virtualTime = false)
@DirtiesContext
class SampleApplicationTests {

	@TempDir
	static Path directory;

	@Autowired
	private LineServer server;

	@Autowired
	private GroupLifecycle group;

	@Autowired
	private TestActors actors;

	@Autowired
	private JdbcClient jdbc;

	@LocalServerPort
	private int httpPort;

	private final HttpClient http = HttpClient.newHttpClient();

	private int port;

	@DynamicPropertySource
	static void directories(DynamicPropertyRegistry registry) {
		registry.add("sample.data-directory", () -> directory.resolve("data").toString());
		registry.add("sample.inbox", () -> directory.resolve("inbox").toString());
	}

	@BeforeEach
	void start() {
		start("line-server", "line-writer");
	}

	@Test
	void everyLineIsAnsweredAfterItIsStored() throws Exception {
		try (LineClient client = new LineClient(this.port)) {
			client.send("MemTotal:       24645 kB");
			assertThat(client.answer()).isEqualTo("ok");
			assertThat(stored("MemTotal")).containsExactly(new BigDecimal("24645"));
			client.send("MemTotal: 24650 kB", "Cached: 12.5 kB");
			assertThat(client.answers(2)).containsExactly("ok", "ok");
		}
		HttpResponse<String> response = get("/measurements/MemTotal");
		assertThat(response.statusCode()).isEqualTo(200);
		assertThat(response.body())
			.matches("\\[\\{\"name\":\"MemTotal\",\"value\":24650,\"unit\":\"kB\",\"receivedAt\":\"[^\"]+Z\"},"
					+ "\\{\"name\":\"MemTotal\",\"value\":24645,\"unit\":\"kB\",\"receivedAt\":\"[^\"]+Z\"}]");
	}

	@Test
	void clientThatEndsItsOutputStillGetsItsAnswers() throws Exception {
		String lines = IntStream.range(0, 500).mapToObj((i) -> "halfclosed " + i + "\n").reduce("", String::concat);
		assertThat(LineClient.exchange(this.port, lines)).isEqualTo(Collections.nCopies(500, "ok"));
		assertThat(stored("halfclosed")).hasSize(500).doesNotHaveDuplicates();
	}

	@Test
	void lastLineNeedsNoLineFeed() throws Exception {
		assertThat(LineClient.exchange(this.port, "nofeed 1")).containsExactly("ok");
	}

	@Test
	void answersComeInTheOrderOfTheLines() throws Exception {
		assertThat(LineClient.exchange(this.port, "order 1\nbad\norder 2 s\n\norder x\r\norder 3\r\n")).containsExactly(
				"ok", "error: expected 2 or 3 words: name value [unit], but found 1", "ok",
				"error: empty line, expected: name value [unit]", "error: the value must be a number but is 'x'", "ok");
		assertThat(stored("order")).hasSize(3);
	}

	@Test
	void valuesAreKeptExactly() throws Exception {
		assertThat(LineClient.exchange(this.port,
				"exact 1234567890123456789012345678901234\nexact 0.1\nexact 1e100\nexact -1e-100\n"))
			.containsOnly("ok");
		assertThat(stored("exact")).usingElementComparator(BigDecimal::compareTo)
			.containsExactlyInAnyOrder(new BigDecimal("1234567890123456789012345678901234"), new BigDecimal("0.1"),
					new BigDecimal("1e100"), new BigDecimal("-1e-100"));
	}

	@Test
	void longLinesAreRejectedAndTheNextOneIsTaken() throws Exception {
		byte[] text = ("long 1\n" + "x".repeat(1 << 20) + "\nlong 2\n").getBytes(StandardCharsets.UTF_8);
		assertThat(LineClient.exchange(this.port, text)).containsExactly("ok", "error: line is longer than 4096 bytes",
				"ok");
	}

	@Test
	void invalidUtf8IsRejected() throws Exception {
		assertThat(LineClient.exchange(this.port, "grün 1\n".getBytes(StandardCharsets.ISO_8859_1)))
			.containsExactly("error: not UTF-8");
	}

	@Test
	void binaryIsRejectedLineByLine() throws Exception {
		byte[] binary = new byte[64 * 1024];
		new Random(7).nextBytes(binary);
		try (LineClient client = new LineClient(this.port)) {
			client.send(binary);
			client.send("", "binary 1");
			String answer = client.answer();
			while (answer != null && !answer.equals("ok")) {
				assertThat(answer).startsWith("error: ");
				answer = client.answer();
			}
			assertThat(answer).isEqualTo("ok");
		}
	}

	@Test
	void thousandsOfConnectionsOneAfterAnother() throws Exception {
		int connections = Boolean.getBoolean("run.everything") ? 3_000 : 500;
		for (int i = 0; i < connections; i++) {
			try (LineClient client = new LineClient(this.port)) {
				if (i % 10 == 0) { // the others say nothing
					client.send("connection " + i);
					assertThat(client.answer()).isEqualTo("ok");
				}
			}
		}
		assertThat(stored("connection")).hasSize(connections / 10).doesNotHaveDuplicates();
		await().until(() -> threads("line-client-") == 0);
	}

	@Test
	void clientThatSendsNothingIsToldSo() throws Exception {
		start("connections-end-overdue");
		try (LineClient client = new LineClient(this.port)) {
			client.send("idle 1");
			client.send("half a li".getBytes(StandardCharsets.UTF_8));
			assertThat(client.answers(2)).containsExactly("ok", "error: no line for 2 seconds");
			assertThat(client.answer()).isNull();
		}
	}

	@Test
	void clientThatNeverReadsIsDisconnectedAndDisturbsNobody() throws Exception {
		start("connections-end-overdue");
		try (LineClient client = new LineClient(this.port)) {
			byte[] lines = "x\n".repeat(50_000).getBytes(StandardCharsets.UTF_8);
			// the answers are longer than the lines: soon the server can write no more
			assertThatIOException().isThrownBy(() -> {
				for (int i = 0; i < 10_000; i++) {
					client.send(lines);
				}
			});
			assertThat(LineClient.exchange(this.port, "undisturbed 1\n")).containsExactly("ok");
		}
	}

	@Test
	void tooManyClientsAreToldSo() throws Exception {
		List<LineClient> clients = new ArrayList<>();
		try {
			for (int i = 0; i < 20; i++) {
				clients.add(new LineClient(this.port));
			}
			await().until(() -> threads("line-client-") == 20);
			try (LineClient client = new LineClient(this.port)) {
				assertThat(client.answer()).isEqualTo("error: too many connections, try again later");
				assertThat(client.answer()).isNull();
			}
		}
		finally {
			for (LineClient client : clients) {
				client.close();
			}
		}
		// who is turned away may not even get to read that
		await().ignoreExceptionsInstanceOf(IOException.class)
			.until(() -> LineClient.exchange(this.port, "room 1\n").equals(List.of("ok")));
	}

	@Test
	void lineThatTheDatabaseRefusesDoesNotHarmItsNeighbours() throws Exception {
		this.jdbc.sql("ALTER TABLE measurement ADD CONSTRAINT odd CHECK (name <> 'refused' OR MOD(amount, 2) = 1)")
			.update();
		try {
			assertThat(LineClient.exchange(this.port, "refused 1\nrefused 2\nrefused 3\n")).containsExactly("ok",
					"error: refused by the database", "ok");
		}
		finally {
			this.jdbc.sql("ALTER TABLE measurement DROP CONSTRAINT odd").update();
		}
	}

	@Test
	void fileOfGoodLinesIsStoredAndMovedToDone() throws Exception {
		drop("good.txt", IntStream.range(0, 250).mapToObj((i) -> "good: " + i + " s\n").reduce("", String::concat));
		assertThat(inbox("done/good.txt")).exists();
		assertThat(stored("good")).hasSize(250).doesNotHaveDuplicates();
		assertThat(inbox("done/good.txt.errors")).doesNotExist();
	}

	@Test
	void fileWithBadLinesIsMovedToFailedWithTheReasonsBesideIt() throws Exception {
		drop("mixed.txt", "mixed 1\nmixed one\n\nmixed 2\n" + "y".repeat(5000) + "\nmixed\0 3\n");
		assertThat(inbox("failed/mixed.txt")).exists();
		assertThat(inbox("failed/mixed.txt.errors")).hasContent("""
				line 2: the value must be a number but is 'one': mixed one
				line 3: empty line, expected: name value [unit]:\s
				line 5: line is longer than 4096 bytes:\s
				line 6: control character 0x00: mixed? 3
				""");
		assertThat(stored("mixed")).hasSize(2);
	}

	@Test
	void sameFileDroppedTwiceCountsTwice() throws Exception {
		drop("twice.txt", "twice 1\n");
		drop("twice.txt", "twice 1\n");
		assertThat(stored("twice")).hasSize(2);
		assertThat(inbox("done").toFile().list()).filteredOn((name) -> name.endsWith("twice.txt"))
			.hasSize(2)
			.contains("twice.txt");
	}

	@Test
	void halfWrittenFileIsLeftAlone() throws Exception {
		Path unfinished = Files.writeString(inbox("later.txt.tmp"), "later 1\nlat");
		Path hidden = Files.writeString(inbox(".hidden.txt"), "later 1\n");
		drop("sooner.txt", "sooner 1\n");
		assertThat(inbox("done/sooner.txt")).exists();
		assertThat(unfinished).exists();
		assertThat(hidden).exists();
		Files.writeString(unfinished, "later 1\nlater 2\n");
		Files.move(unfinished, inbox("later.txt"));
		takeFiles();
		assertThat(inbox("done/later.txt")).exists();
		assertThat(stored("later")).hasSize(2);
	}

	@Test
	void fileWhoseReadingWasCutShortIsReadAgainWithoutDoublingLines() throws Exception {
		// as a crash leaves it: taken, the first line stored
		UUID id = UUID.randomUUID();
		insert(id + ":1", "crash", 1, Instant.now());
		Path processing = Files.createDirectories(inbox("processing").resolve(id.toString()));
		Files.writeString(processing.resolve("crash.txt"), "crash 1\ncrash 2\n");
		Files.writeString(processing.resolve(".errors"), "line 1: rest of an old re");
		takeFiles();
		assertThat(inbox("done/crash.txt")).exists();
		assertThat(stored("crash")).hasSize(2).doesNotHaveDuplicates();
		assertThat(processing).doesNotExist();
	}

	@Test
	void allActorsHaveTheNamesTheDocumentationUses() {
		assertThat(this.group.snapshot().members()).extracting(MemberSnapshot::name)
			.containsExactlyInAnyOrder("line-server", "connections-end-overdue", "inbox-reader", "line-writer-1",
					"line-writer-2", "housekeeping-delete-old", "flaky");
	}

	@Test
	void serverCanBeStoppedAndStartedAgain() throws Exception {
		try (LineClient client = new LineClient(this.port)) {
			client.send("restart 1");
			assertThat(client.answer()).isEqualTo("ok");
			this.actors.stop("line-server");
			assertThat(client.rest()).containsExactly("error: stopping");
			assertThatIOException().isThrownBy(() -> new LineClient(this.port));
		}
		start("line-server");
		assertThat(LineClient.exchange(this.port, "restart 2\n")).containsExactly("ok");
	}

	@ParameterizedTest
	@ValueSource(strings = { "line-server", "line-writer-1", "line-writer-2", "inbox-reader", "connections-end-overdue",
			"housekeeping-delete-old" })
	void everyActorCanBeRestarted(String actor) throws Exception {
		this.actors.start();
		for (int i = 0; i < 2; i++) {
			long executions = this.actors.get(actor).executions();
			this.group.restartMember(actor);
			this.actors.await(actor, (member) -> member.executions() > executions);
		}
		start();
		assertThat(LineClient.exchange(this.port, "restarted 1\n")).containsExactly("ok");
		assertThat(this.group.snapshot().state()).isEqualTo(GroupState.RUNNING);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			/measurements/nobody              | 404 | Nothing was measured under the name nobody
			/measurements/a%20b               | 400 | The name must be 1 to 100 letters, digits or _.:()-
			/measurements/MemTotal?limit=0    | 400 | The limit must be between 1 and 1000 but is 0
			/measurements/MemTotal?limit=many | 400 | Failed to convert 'limit' with value: 'many'
			/nothing                          | 404 | No static resource nothing
			""")
	void badRequestsAreAnsweredWithProblemDetails(String path, int status, String detail) throws Exception {
		HttpResponse<String> response = get(path);
		assertThat(response.statusCode()).isEqualTo(status);
		assertThat(response.headers().firstValue("Content-Type")).get(InstanceOfAssertFactories.STRING)
			.startsWith("application/problem+json");
		assertThat(response.body()).contains("\"status\":" + status).contains(detail);
	}

	@Test
	void limitIsForTheLatest() throws Exception {
		assertThat(LineClient.exchange(this.port, "limit 1\n")).containsExactly("ok");
		assertThat(LineClient.exchange(this.port, "limit 2\n")).containsExactly("ok");
		assertThat(get("/measurements/limit?limit=1").body()).contains("\"value\":2").doesNotContain("\"value\":1");
	}

	@Test
	void actuatorShowsHealthAndMeters() throws Exception {
		this.actors.start();
		// flaky gives up and is not required: the application stays in service
		assertThat(get("/actuator/health/readiness").body()).contains("\"status\":\"UP\"");
		assertThat(get("/actuator/metrics/run.actor.executions?tag=actor:line-server").statusCode()).isEqualTo(200);
		assertThat(get("/actuator/prometheus").body())
			.contains("run_actor_executions_seconds_count{actor=\"inbox-reader\"")
			.contains("run_retry_attempts_total{")
			.contains("run_actor_failures_total{actor=\"line-writer-1\"");
	}

	@Test
	void oneNodeKeepsHouseWithoutALock(@Autowired ApplicationContext context) throws Exception {
		start("housekeeping-delete-old");
		assertThat(get("/actuator/actors/housekeeping-delete-old").body()).contains("\"cluster\":null");
		assertThat(context.getBeanNamesForType(LockRepository.class)).isEmpty();
		this.actors.await("housekeeping-delete-old", (member) -> member.executions() > 0);
	}

	@Test
	void firstPageLeadsToTheActorsWithTheirButtons() throws Exception {
		assertThat(get("/").body()).contains("href=\"actuator/actors\"");
		assertThat(get("/actuator/actors", "Accept", "text/html").body()).contains("<title>Actors</title>",
				"data-access=\"unrestricted\"");
		assertThat(get("/actuator/actors").body()).contains("\"line-server\":{");
	}

	private void start(String... actors) {
		this.actors.start(actors);
		this.actors.await("line-server", MemberSnapshot::ready);
		this.port = this.server.localPort();
	}

	private HttpResponse<String> get(String path, String... headers) throws IOException, InterruptedException {
		HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://localhost:" + this.httpPort + path))
			.timeout(Duration.ofSeconds(20));
		if (headers.length > 0) {
			request.headers(headers);
		}
		return this.http.send(request.build(), HttpResponse.BodyHandlers.ofString());
	}

	private List<BigDecimal> stored(String name) {
		return this.jdbc.sql("SELECT amount FROM measurement WHERE name = ?")
			.param(name)
			.query(BigDecimal.class)
			.list();
	}

	private void insert(String id, String name, int value, Instant receivedAt) {
		this.jdbc.sql("INSERT INTO measurement (id, name, amount, received_at) VALUES (?, ?, ?, ?)")
			.params(id, name, value, receivedAt)
			.update();
	}

	private void drop(String name, String text) throws IOException {
		Files.writeString(inbox(name), text);
		takeFiles();
	}

	private void takeFiles() {
		assertThat(this.actors.executeOnce("inbox-reader")).isEqualTo(new Outcome.Completed());
	}

	private static Path inbox(String path) throws IOException {
		return Files.createDirectories(directory.resolve("inbox")).resolve(path);
	}

	private static long threads(String prefix) {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.getName().startsWith(prefix))
			.count();
	}

	private static ConditionFactory await() {
		return Awaitility.await().atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(20));
	}

}
