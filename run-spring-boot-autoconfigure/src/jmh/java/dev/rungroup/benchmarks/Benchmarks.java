package dev.rungroup.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * Measures the table and writes the results page. Started by Maven, with one string of
 * arguments:
 * <ul>
 * <li>{@code all}: every row; writes {@code src/jmh/RESULTS.md}</li>
 * <li>{@code rows=1,3}: these rows (10: no slope); the page is written to
 * {@code target/benchmarks}, with what was measured before</li>
 * <li>{@code quick}, alone or with {@code rows}: few and short rounds; the figures are
 * rough</li>
 * <li>{@code page}: measures nothing and writes the page to {@code target/benchmarks}
 * again</li>
 * <li>{@code jmh} and JMH's own arguments: nothing but JMH</li>
 * </ul>
 */
public final class Benchmarks {

	/** By name: the first needs preview features of the JDK that runs it. */
	private static final List<String> JMH = List.of("GroupBenchmark", "StopBenchmark", "LoopBenchmark",
			"MeteredLoopBenchmark", "RetryFirstAttemptBenchmark", "RetryThirdAttemptBenchmark");

	private static final int MEMORY = 7;

	private static final List<Integer> APPLICATIONS = List.of(8, 9);

	private static final int SLOPE = 10;

	private static final int PASSES = 2;

	private static final int ROUNDS = 9;

	private final boolean quick;

	private final Set<Integer> rows = new TreeSet<>();

	private Benchmarks(List<String> words) {
		this.quick = words.contains("quick");
		for (String word : words) {
			if (word.startsWith("rows=")) {
				Stream.of(word.substring("rows=".length()).split(",")).map(Integer::valueOf).forEach(this.rows::add);
			}
		}
	}

	/**
	 * Measure.
	 * @param args see above
	 */
	public static void main(String[] args) throws Exception {
		List<String> words = List.of(String.join(" ", args).trim().split("\\s+"));
		if (words.get(0).equals("jmh")) {
			org.openjdk.jmh.Main.main(words.subList(1, words.size()).toArray(String[]::new));
			return;
		}
		for (String word : words) {
			if (!word.matches("all|quick|page|rows=[0-9,]+")) {
				throw new IllegalArgumentException("Not all, quick, page, rows=1,2 or jmh: " + word);
			}
		}
		new Benchmarks(words).run(words.contains("page"));
	}

	private void run(boolean onlyPage) throws Exception {
		long start = System.nanoTime();
		Files.createDirectories(Results.FOLDER);
		if (!onlyPage) {
			if (this.rows.isEmpty()) {
				clear();
			}
			measureWithJmh();
			measureProcesses();
		}
		boolean complete = !onlyPage && !this.quick && this.rows.isEmpty();
		Path page = (complete) ? Path.of("src", "jmh", "RESULTS.md") : Path.of("target", "benchmarks", "RESULTS.md");
		String text = ResultsPage.of(Results.read(), complete);
		Files.writeString(page, text);
		System.out.println(text);
		System.out.println(
				page + " was written after " + Duration.ofNanos(System.nanoTime() - start).toMinutes() + " minutes");
	}

	private static void clear() throws IOException {
		try (Stream<Path> files = Files.walk(Results.FOLDER)) {
			for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
				Files.delete(file);
			}
		}
		Files.createDirectories(Results.FOLDER);
	}

	private boolean isWanted(int... candidates) {
		return this.rows.isEmpty() || Arrays.stream(candidates).anyMatch(this.rows::contains);
	}

	/**
	 * Several passes with one fork each instead of several forks: so the floor, ours and
	 * the peers take turns.
	 */
	private void measureWithJmh() throws Exception {
		for (int row = 1; row <= JMH.size(); row++) {
			for (int pass = 1; isWanted(row) && pass <= (this.quick ? 1 : PASSES); pass++) {
				ChainedOptionsBuilder options = new OptionsBuilder().include("\\." + JMH.get(row - 1) + "\\.")
					.forks(1)
					.shouldFailOnError(true)
					.addProfiler(GCProfiler.class)
					.resultFormat(ResultFormatType.JSON)
					.result(Results.FOLDER.resolve("row-" + row + "-" + pass + ".json").toString());
				if (this.quick) {
					options.warmupIterations(2)
						.warmupTime(TimeValue.milliseconds(400))
						.measurementIterations(3)
						.measurementTime(TimeValue.milliseconds(400));
				}
				new Runner(options.build()).run();
			}
		}
	}

	private void measureProcesses() throws Exception {
		Results results = new Results();
		Processes processes = new Processes(results, this.quick ? 1 : ROUNDS);
		if (isWanted(MEMORY)) {
			System.out.println("# Row 7: memory per member");
			processes.memory();
		}
		if (isWanted(APPLICATIONS.stream().mapToInt(Integer::intValue).toArray())) {
			System.out.println("# Rows 8 and 9: whole applications");
			processes.applications();
		}
		if (isWanted(SLOPE)) {
			System.out.println("# No slope");
			processes.slope();
		}
		results.write();
	}

}
