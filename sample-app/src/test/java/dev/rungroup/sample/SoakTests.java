package dev.rungroup.sample;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.json.JsonParserFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The application in a process of its own, for {@code -Drun.soak.minutes} (10), under
 * load from clients and files, while its actors are stopped, restarted, made to fail and
 * to stall, and its database is killed, stood still and cut off, at random. In the end
 * nothing is lost, nothing is there twice, and heap, threads and open files are what they
 * were. What happened is in {@code target/soak-report.md}.
 */
@Tag("soak")
class SoakTests {

	private static final int MINUTES = Integer.getInteger("run.soak.minutes", 10);

	private static final long SEED = Long.getLong("run.soak.seed", System.nanoTime());

	/** After each of them there is calm for a moment, and a look at the figures. */
	private static final int ROUNDS = 10;

	/** Rounds until everything is loaded, compiled and pooled. */
	private static final int WARM_UP = 3;

	private static final int CLIENTS = 6;

	private static final int LINES_PER_FILE = 100;

	private static final List<String> ACTORS = List.of("line-server", "connections-end-overdue", "inbox-reader",
			"line-writer-1", "line-writer-2", "housekeeping-delete-old", "flaky");

	/** Log and data of the sample are kept when something goes wrong. */
	@TempDir(cleanup = CleanupMode.ON_SUCCESS)
	private Path directory;

	private final Map<String, Integer> done = new TreeMap<>();

	private final List<Figures> figures = new ArrayList<>();

	private DatabaseProcess database;

	private CuttingProxy network;

	private SampleProcess process;

	@Test
	void nothingIsLostOrDoubledAndNothingGrows() throws Exception {
		System.out.println("Log and data, kept if this fails: " + this.directory);
		int linePort = DatabaseProcess.freePort();
		ExecutorService threads = Executors.newCachedThreadPool();
		try (DatabaseProcess database = DatabaseProcess.start(this.directory);
				CuttingProxy network = new CuttingProxy(database.port());
				SampleProcess process = startSample(linePort, network.port())) {
			this.database = database;
			this.network = network;
			this.process = process;
			assertThat(process.linePort()).isEqualTo(linePort);
			Instant begin = Instant.now();
			LineLoad load = LineLoad.start(CLIENTS, linePort, Duration.ofMillis(100));
			CountDownLatch enough = new CountDownLatch(1);
			Future<Integer> files = threads.submit(() -> dropFiles(enough));
			for (int round = 1; round <= ROUNDS; round++) {
				Instant end = begin.plus(Duration.ofMinutes(MINUTES).multipliedBy(round).dividedBy(ROUNDS));
				long seed = SEED + 2L * round;
				Future<?> actors = threads.submit(() -> harmActors(new Random(seed), end));
				Future<?> data = threads.submit(() -> harmDatabase(new Random(seed + 1), end));
				await(actors);
				await(data);
				calmDown(load);
				this.figures.add(figures());
			}
			enough.countDown();
			int dropped = files.get(60, TimeUnit.SECONDS);
			load.stop();
			awaitFiles(dropped);
			Map<String, Map<?, ?>> actors = actors();
			double stalls = metric("run.actor.stalls");
			this.process.terminate();
			int code = this.process.awaitExit();
			Stored stored = Stored.in(this.database.url());
			String report = report(begin, load, dropped, stored.count(), actors, stalls, code);
			Files.writeString(Path.of("target", "soak-report.md"), report);
			System.out.println(report);
			assertThat(code).isEqualTo(143);
			stored.assertHolds(load);
			stored.assertHolds("file", dropped * LINES_PER_FILE);
			assertThat(this.process.log()).doesNotContain("Exception in thread", "ends the group", "gave up waiting");
			assertFlat();
		}
		finally {
			threads.shutdownNow();
		}
	}

	private SampleProcess startSample(int linePort, int databasePort) throws IOException {
		return SampleProcess.start(this.directory, "--sample.port=" + linePort,
				"--spring.datasource.url=" + DatabaseProcess.url(databasePort),
				"--spring.datasource.hikari.connection-timeout=500", "--sample.housekeeping-delay=500ms",
				"--sample.drain-timeout=2s", "--run.shutdown.timeout=10s", "--run.shutdown.grace-period=2s",
				"--run.retry.delay=100ms", "--run.retry.max-delay=1s", "--run.actors.inbox-reader.delay=200ms",
				"--run.actors.flaky.enabled=true", "--run.actors.line-writer.stall-after=4s",
				"--run.actors.line-writer.on-stall=restart", "--run.actors.housekeeping-delete-old.stall-after=3s",
				"--run.actors.housekeeping-delete-old.on-stall=restart");
	}

	private int dropFiles(CountDownLatch enough) throws IOException, InterruptedException {
		Path inbox = Files.createDirectories(this.directory.resolve("inbox"));
		int number = 0;
		while (!enough.await(1, TimeUnit.SECONDS)) {
			int first = number * LINES_PER_FILE;
			List<String> lines = IntStream.range(first, first + LINES_PER_FILE).mapToObj((i) -> "file " + i).toList();
			Path file = inbox.resolve("lines-" + number + ".txt");
			Files.move(Files.write(inbox.resolve(file.getFileName() + ".part"), lines), file);
			number++;
		}
		return number;
	}

	private void awaitFiles(int dropped) {
		await().until(() -> {
			try (var done = Files.list(this.directory.resolve("inbox/done"))) {
				return done.count() == dropped;
			}
		});
	}

	private Void harmActors(Random random, Instant end) throws Exception {
		while (Instant.now().isBefore(end)) {
			String actor = ACTORS.get(random.nextInt(ACTORS.size()));
			switch (random.nextInt(5)) {
				case 0, 1 -> {
					ask(actor, "stop");
					pause(random, 2000);
					ask(actor, "start");
				}
				case 2 -> {
					ask(actor, "restart");
					ask(actor, "restart");
				}
				case 3 -> ask("flaky", "start");
				default -> {
					count("application stood still");
					this.process.standStill();
					pause(random, 2000);
					this.process.goOn();
				}
			}
			pause(random, 1500);
		}
		return null;
	}

	private void ask(String actor, String action) throws IOException, InterruptedException {
		count("actor: " + action);
		assertThat(this.process.post("/actuator/actors/" + actor, "{\"action\": \"" + action + "\"}").statusCode())
			.as(action + " " + actor)
			.isEqualTo(204);
	}

	private Void harmDatabase(Random random, Instant end) throws Exception {
		while (Instant.now().isBefore(end)) {
			switch (random.nextInt(5)) {
				case 0 -> {
					count("database killed");
					this.database.kill();
					pause(random, 3000);
					this.database.startAgain();
				}
				case 1 -> {
					count("database stopped");
					this.database.terminate();
					pause(random, 3000);
					this.database.startAgain();
				}
				case 2 -> {
					count("database stood still");
					this.database.standStill();
					pause(random, 8000);
					this.database.goOn();
				}
				default -> {
					count("answer of the database lost");
					this.network.cutAfter(random.nextInt(40));
				}
			}
			pause(random, 4000);
		}
		this.network.cutAfter(Integer.MAX_VALUE);
		return null;
	}

	private synchronized void count(String what) {
		this.done.merge(what, 1, Integer::sum);
	}

	private static void pause(Random random, int maxMillis) throws InterruptedException {
		Thread.sleep(random.nextInt(maxMillis));
	}

	private static void await(Future<?> future) throws Exception {
		try {
			future.get();
		}
		catch (ExecutionException ex) {
			throw new AssertionError("The soak itself failed", ex.getCause());
		}
	}

	/**
	 * All actors run but the one that cannot, and lines are stored.
	 */
	private void calmDown(LineLoad load) throws Exception {
		for (String actor : ACTORS) {
			ask(actor, "start");
		}
		await().until(() -> actors().values()
			.stream()
			.filter((actor) -> List.of("RUNNING", "WAITING").contains(actor.get("state")))
			.count() >= ACTORS.size() - 1);
		await().until(() -> "FAILED".equals(actors().get("flaky").get("state")));
		load.awaitAcknowledged(CLIENTS * 50);
	}

	/**
	 * Live objects only; of the threads the smallest number of some looks, since one that
	 * ends is still there for a moment.
	 */
	private Figures figures() throws Exception {
		for (int i = 0; i < 2; i++) {
			Process collector = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
					Long.toString(this.process.pid()), "GC.run")
				.redirectErrorStream(true)
				.redirectOutput(ProcessBuilder.Redirect.DISCARD)
				.start();
			assertThat(collector.waitFor(30, TimeUnit.SECONDS)).isTrue();
			assertThat(collector.exitValue()).isZero();
		}
		double heap = metric("jvm.memory.used?tag=area:heap");
		double threads = Double.MAX_VALUE;
		double files = Double.MAX_VALUE;
		for (int i = 0; i < 10; i++) {
			threads = Math.min(threads, metric("jvm.threads.live"));
			files = Math.min(files, metric("process.files.open"));
			Thread.sleep(200);
		}
		return new Figures(heap / (1 << 20), (int) threads, (int) files);
	}

	private void assertFlat() {
		Figures before = this.figures.get(WARM_UP - 1);
		Figures after = this.figures.get(ROUNDS - 1);
		assertThat(after.heap()).as("heap in MB: %s", this.figures).isLessThan(before.heap() * 1.15 + 4);
		assertThat(after.threads()).as("threads: %s", this.figures).isLessThanOrEqualTo(before.threads() + 2);
		assertThat(after.files()).as("open files: %s", this.figures).isLessThanOrEqualTo(before.files() + 5);
	}

	private double metric(String name) throws IOException, InterruptedException {
		Map<String, Object> metric = JsonParserFactory.getJsonParser()
			.parseMap(this.process.get("/actuator/metrics/" + name).body());
		return ((List<?>) metric.get("measurements")).stream()
			.mapToDouble((measurement) -> ((Number) ((Map<?, ?>) measurement).get("value")).doubleValue())
			.sum();
	}

	private Map<String, Map<?, ?>> actors() throws IOException, InterruptedException {
		Map<String, Object> endpoint = JsonParserFactory.getJsonParser()
			.parseMap(this.process.get("/actuator/actors").body());
		Map<String, Map<?, ?>> actors = new TreeMap<>();
		((Map<?, ?>) endpoint.get("actors")).forEach((name, actor) -> actors.put((String) name, (Map<?, ?>) actor));
		return actors;
	}

	private String report(Instant begin, LineLoad load, int files, long stored, Map<String, Map<?, ?>> actors,
			double stalls, int code) throws IOException {
		StringBuilder text = new StringBuilder("# Soak of the sample application\n\n");
		text.append("%d minutes from %s, seed %d, JDK %s, exit code %d\n\n".formatted(MINUTES,
				begin.truncatedTo(ChronoUnit.SECONDS), SEED, Runtime.version(), code));
		text.append("| lines | |\n|---|---|\n");
		text.append("| sent by %d clients | %d |\n".formatted(CLIENTS, load.sent()));
		text.append("| of these answered ok | %d |\n".formatted(load.acknowledged()));
		text.append("| in %d files | %d |\n".formatted(files, files * LINES_PER_FILE));
		text.append("| in the database | %d |\n\n".formatted(stored));
		text.append("| done to it | times |\n|---|---|\n");
		this.done.forEach((what, times) -> text.append("| %s | %d |\n".formatted(what, times)));
		text.append("\n| actor | executions | failures | restarts |\n|---|---|---|---|\n");
		actors.forEach((name, actor) -> text.append("| %s | %s | %s | %s |\n".formatted(name, actor.get("executions"),
				actor.get("failures"), actor.get("restarts"))));
		text.append("\nStalls: %.0f. Connections to the database cut: %d.\n\n".formatted(stalls, this.network.cuts()));
		text.append("| after round | heap, MB | threads | open files |\n|---|---|---|---|\n");
		for (int i = 0; i < this.figures.size(); i++) {
			Figures figures = this.figures.get(i);
			text.append("| %d%s | %.1f | %d | %d |\n".formatted(i + 1, (i < WARM_UP - 1) ? " (warm-up)" : "",
					figures.heap(), figures.threads(), figures.files()));
		}
		return text.toString();
	}

	private static ConditionFactory await() {
		return Awaitility.await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(100));
	}

	/**
	 * What must not grow.
	 *
	 * @param heap megabytes of live objects
	 * @param threads threads that live
	 * @param files open files and sockets
	 */
	private record Figures(double heap, int threads, int files) {

	}

}
