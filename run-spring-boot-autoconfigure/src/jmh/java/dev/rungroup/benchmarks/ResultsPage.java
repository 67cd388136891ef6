package dev.rungroup.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;

import dev.rungroup.benchmarks.Results.Figures;
import org.jspecify.annotations.Nullable;

/**
 * Writes down what was measured.
 */
final class ResultsPage {

	private static final Path NOTES = Path.of("src", "jmh", "NOTES.md");

	private static final double LEAK = 100_000;

	private static final List<Row> ROWS = rows();

	private static final String ABOUT = """
			# Results

			Written by the benchmarks in this folder, not by hand; `NOTES.md` is included below.
			All figures are medians of rounds on one machine within one run, and stand for nothing but their ratios.
			The floor does the same work by hand; *ours* is this library.

			""";

	private static final String REPEAT = """
			## How to repeat it

			With a JDK 25 and nothing else to do for the machine, for about half an hour:

			```
			JAVA_HOME=/path/to/jdk-25 mvn -Pbenchmarks -pl run-spring-boot-autoconfigure test
			```

			`-Dbenchmarks=quick` takes a few minutes and is rough, `-Dbenchmarks=rows=3,4` measures some rows (10: no slope),
			`-Dbenchmarks="jmh LoopBenchmark.ours -prof gc"` hands its arguments to JMH. These write to `target/benchmarks`
			and leave this page alone.

			- Rows 1 to 6 are JMH benchmarks: two passes over floor, ours and peers in turn, each with a JVM, three rounds of
			  warm-up and five rounds of its own; bytes are JMH's `gc.alloc.rate.norm`. All members are virtual threads.
			- Memory is that of a JVM with nothing else in it, after collecting garbage until that changes nothing more; nine
			  JVMs each. Resident bytes are those of the process; its heap is kept small.
			- The applications have Spring Boot's actuator and a registry for Prometheus, no web server, and a class of its own
			  for each actor; those written by hand do not have this library on their class path. Nine processes of each
			  kind, in turn. *Inside our code* is what the launching thread spends on creating our beans, binding properties
			  included, on looking for actors and on starting our lifecycle beans, meters included, and what it then takes
			  until the last actor's body is called; evaluating conditions of our auto-configurations is only in the figures
			  of the whole process. That is from the start of the process to the moment when it is ready and all bodies run.
			- A scrape is the fifth of an application, with eight meters and more for each actor.
			- Every benchmark checks that all members were started and all have ended, or that the work was done as often as
			  it should be.
			""";

	private ResultsPage() {
	}

	private static List<Row> rows() {
		List<Row> rows = new ArrayList<>();
		List<Double> most = List.of(2.0, 1.5, 1.6);
		List<String> sizes = List.of("10", "1000", "100000");
		for (int i = 0; i < sizes.size(); i++) {
			String size = sizes.get(i);
			rows.add(new Row("group of " + size + " members: start all, one returns, interrupt all, await all",
					"raw virtual threads, interrupted and joined", "Group.floor" + size, "Group.ours" + size,
					Target.times(most.get(i)))
				.against("Guava ServiceManager", "Group.guava" + size, "jox supervised", "Group.jox" + size,
						"StructuredTaskScope", "Group.structuredTaskScope" + size, "ExecutorService",
						"Group.executorService" + size));
		}
		rows.add(new Row("100 members whose interrupters take 10 ms each: time to stop", "in parallel by hand",
				"Stop.floor", "Stop.ours", Target.times(1.5)));
		rows.add(new Row("one iteration of a loop, empty body, no delay, no meters", "`while` on a volatile flag",
				"Loop.floor", "Loop.ours", Target.moreNanos(20))
			.against("ScheduledThreadPoolExecutor", "Loop.scheduledThreadPoolExecutor",
					"Spring ThreadPoolTaskScheduler", "Loop.threadPoolTaskScheduler", "Spring SimpleAsyncTaskScheduler",
					"Loop.simpleAsyncTaskScheduler", "Guava AbstractScheduledService", "Loop.guava"));
		rows.add(new Row("the same with all meters, Prometheus registry", "the same `while` with `Timer.record`",
				"MeteredLoop.floor", "MeteredLoop.ours", Target.times(1)));
		retry(rows, "first", Target.moreNanos(10), Target.bytes(0));
		retry(rows, "third", Target.moreNanos(40), Target.bytes(64));
		rows.add(new Row("heap per idle member, 100,000 of them", "a raw virtual thread", "heap.floor", "heap.ours",
				Target.moreBytes(400))
			.against("Guava ServiceManager", "heap.guava"));
		rows.add(new Row("resident bytes per idle member", "the same", "resident.floor", "resident.ours",
				Target.none(true))
			.against("Guava ServiceManager", "resident.guava"));
		rows.add(new Row("start with 1 actor: inside our code", "", "", "inside.ours1", Target.millis(60)));
		rows.add(new Row("start with 100 actors: inside our code", "", "", "inside.ours100", Target.none(false)));
		rows.add(new Row("start with 100 actors: CPU time of the process until all run", "the application without any",
				"cpu.none", "cpu.ours100", Target.moreMillis(150))
			.against("SmartLifecycle threads by hand", "cpu.floor100"));
		rows.add(new Row("start with 100 actors: whole process until all run", "the application without any",
				"process.none", "process.ours100", Target.moreMillis(100))
			.against("SmartLifecycle threads by hand", "process.floor100"));
		rows.add(new Row("SIGTERM to process end, 1000 actors that end at once", "the application without any",
				"stop.none", "stop.ours1000", Target.moreMillis(80)));
		rows.add(new Row("scrape of all meters of 4000 actors", "of 1000 actors", "scrape.ours1000", "scrape.ours4000",
				Target.times(5)));
		rows.add(new Row("no slope: heap after 10 million iterations", "", "", "slope.iterations", Target.bytes(LEAK)));
		rows.add(new Row("no slope: heap after 1 million restarts", "", "", "slope.restarts", Target.bytes(LEAK)));
		for (String members : List.of("2", "100")) {
			rows.add(new Row("no slope: core time per iteration, " + members + " computing members", "1 member",
					"slope.members1", "slope.members" + members, Target.times(1.2)));
		}
		return rows;
	}

	private static void retry(List<Row> rows, String attempt, Target time, Target bytes) {
		String name = "Retry" + Character.toUpperCase(attempt.charAt(0)) + attempt.substring(1) + "Attempt.";
		String what = "`Retry`: success at the " + attempt + " attempt";
		for (String suffix : List.of("", ".bytes")) {
			rows.add(new Row(what + (suffix.isEmpty() ? "" : ", bytes allocated"), "`try` and `catch` in a `for`",
					name + "floor" + suffix, name + "ours" + suffix, suffix.isEmpty() ? time : bytes)
				.against("resilience4j", name + "resilience4j" + suffix, "Failsafe", name + "failsafe" + suffix,
						"spring-core RetryTemplate", name + "springCore" + suffix, "spring-retry",
						name + "springRetry" + suffix));
		}
	}

	/**
	 * Write the page.
	 * @param complete whether all rows were measured in one run of full length
	 */
	static String of(Results results, boolean complete) throws IOException {
		StringBuilder page = new StringBuilder(ABOUT);
		if (!complete) {
			page.append("**Not a full run: the figures are rough, or come from several runs.**\n\n");
		}
		page.append(machine());
		page.append("\n## The table\n\n");
		page.append("| what | floor | floor takes | ours takes | ours against the floor | target | met | peers |\n");
		page.append("|---|---|---|---|---|---|---|---|\n");
		ROWS.forEach((row) -> page.append(line(row, results)));
		if (Files.exists(NOTES)) {
			page.append("\n").append(Files.readString(NOTES).strip()).append("\n");
		}
		page.append("\n").append(REPEAT);
		page.append("\n## All figures\n\n| what | median | least | most | rounds |\n|---|---|---|---|---|\n");
		results.all().forEach((name, figures) -> page.append(line(name, figures)));
		return page.toString();
	}

	private static String line(Row row, Results results) {
		Figures ours = results.get(row.ours());
		Figures floor = results.get(row.floor());
		if (ours == null) {
			return cells(row.what(), row.floorText(), "", "not measured", "", row.target().text(), "", "");
		}
		return cells(row.what(), row.floorText(), text(row, floor), text(row, ours),
				row.target().comparison(floor, ours), row.target().text(), row.target().verdict(floor, ours),
				peers(row, results, floor));
	}

	private static String peers(Row row, Results results, @Nullable Figures floor) {
		List<String> peers = new ArrayList<>();
		row.peers().forEach((name, key) -> {
			Figures figures = results.get(key);
			if (figures != null) {
				String ratio = (floor == null || row.target().isBytes()) ? ""
						: " (" + Target.decimal(figures.median() / floor.median()) + "x)";
				peers.add(name + " " + text(row, figures) + ratio);
			}
		});
		return String.join("; ", peers);
	}

	private static String text(Row row, @Nullable Figures figures) {
		return (figures != null) ? row.target().format(figures.median()) : "";
	}

	private static String line(String name, Figures figures) {
		boolean bytes = name.endsWith(".bytes") || name.startsWith("heap.") || name.startsWith("resident.")
				|| name.equals("slope.iterations") || name.equals("slope.restarts");
		return cells("`" + name + "`", Target.format(figures.median(), bytes), Target.format(figures.min(), bytes),
				Target.format(figures.max(), bytes), String.valueOf(figures.sorted().length));
	}

	private static String cells(String... cells) {
		return "| " + String.join(" | ", cells) + " |\n";
	}

	private static String machine() throws IOException {
		Path processors = Path.of("/proc/cpuinfo");
		String model = (Files.exists(processors)) ? firstValue(processors, "model name")
				: System.getProperty("os.arch");
		Path memory = Path.of("/proc/meminfo");
		String size = (Files.exists(memory))
				? ", " + Long.parseLong(firstValue(memory, "MemTotal").replaceAll("[^0-9]", "")) / 1_000_000 + " GB"
				: "";
		return "Measured on " + LocalDate.now() + ", " + model + ", " + Runtime.getRuntime().availableProcessors()
				+ " cores" + size + ", " + System.getProperty("os.name") + " " + System.getProperty("os.version")
				+ "; JDK " + Runtime.version() + " (" + System.getProperty("java.vm.vendor") + ").\n";
	}

	private static String firstValue(Path file, String key) throws IOException {
		return Files.readAllLines(file)
			.stream()
			.filter((line) -> line.startsWith(key))
			.map((line) -> line.substring(line.indexOf(':') + 1).strip())
			.findFirst()
			.orElse("unknown");
	}

}
