package dev.rungroup.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.json.JsonParserFactory;

/**
 * All that was measured: for each name the figures of all rounds, in nanoseconds or
 * bytes.
 */
final class Results {

	static final Path FOLDER = Path.of("target", "benchmarks", "results");

	private static final Path PROCESSES = FOLDER.resolve("processes.txt");

	private static final Map<String, Double> NANOS = Map.of("ns/op", 1.0, "us/op", 1e3, "ms/op", 1e6, "s/op", 1e9);

	private final Map<String, List<Double>> rounds = new TreeMap<>();

	/**
	 * Read what JMH and we have written.
	 */
	static Results read() throws IOException {
		Results results = new Results();
		try (Stream<Path> files = Files.list(FOLDER)) {
			for (Path file : files.filter((path) -> path.toString().endsWith(".json")).sorted().toList()) {
				// JMH leaves an empty one when it is stopped
				if (Files.size(file) > 0) {
					results.addJmh(Files.readString(file));
				}
			}
		}
		if (Files.exists(PROCESSES)) {
			for (String line : Files.readAllLines(PROCESSES)) {
				List<String> words = List.of(line.split(" "));
				words.subList(1, words.size()).forEach((word) -> results.add(words.get(0), Double.parseDouble(word)));
			}
		}
		return results;
	}

	/**
	 * Write what is not JMH's, in addition to what is there.
	 */
	void write() throws IOException {
		Results all = new Results();
		if (Files.exists(PROCESSES)) {
			for (String line : Files.readAllLines(PROCESSES)) {
				List<String> words = List.of(line.split(" "));
				if (!this.rounds.containsKey(words.get(0))) {
					words.subList(1, words.size()).forEach((word) -> all.add(words.get(0), Double.parseDouble(word)));
				}
			}
		}
		all.rounds.putAll(this.rounds);
		Files.write(PROCESSES,
				all.rounds.entrySet()
					.stream()
					.map((entry) -> entry.getKey()
							+ entry.getValue().stream().map((value) -> " " + value).collect(Collectors.joining()))
					.toList());
	}

	void add(String name, double value) {
		this.rounds.computeIfAbsent(name, (key) -> new ArrayList<>()).add(value);
	}

	private void addJmh(String json) {
		for (Object item : JsonParserFactory.getJsonParser().parseList(json)) {
			Map<?, ?> benchmark = map(item);
			String[] path = String.valueOf(benchmark.get("benchmark")).split("\\.");
			String name = path[path.length - 2].replace("Benchmark", "") + "." + path[path.length - 1];
			if (benchmark.get("params") instanceof Map<?, ?> params) {
				name += params.values().stream().map(String::valueOf).collect(Collectors.joining());
			}
			Map<?, ?> time = map(benchmark.get("primaryMetric"));
			Double unit = NANOS.get(String.valueOf(time.get("scoreUnit")));
			if (unit == null) {
				throw new IllegalStateException("A unit that is not known: " + time.get("scoreUnit"));
			}
			addRaw(name, time, unit);
			for (Map.Entry<?, ?> other : map(benchmark.get("secondaryMetrics")).entrySet()) {
				if (String.valueOf(other.getKey()).endsWith("gc.alloc.rate.norm")) {
					addRaw(name + ".bytes", map(other.getValue()), 1);
				}
			}
		}
	}

	private static Map<?, ?> map(@Nullable Object value) {
		if (value instanceof Map<?, ?> map) {
			return map;
		}
		throw new IllegalStateException("Not written by JMH: " + value);
	}

	private void addRaw(String name, Map<?, ?> metric, double unit) {
		if (metric.get("rawData") instanceof List<?> forks) {
			for (Object fork : forks) {
				((List<?>) fork).forEach((value) -> add(name, ((Number) value).doubleValue() * unit));
			}
		}
	}

	/**
	 * Return the figures of one name.
	 * @return them, or {@code null} if it was not measured
	 */
	@Nullable Figures get(String name) {
		List<Double> values = this.rounds.get(name);
		return (values != null) ? Figures.of(values) : null;
	}

	Map<String, Figures> all() {
		Map<String, Figures> all = new TreeMap<>();
		this.rounds.forEach((name, values) -> all.put(name, Figures.of(values)));
		return all;
	}

	/**
	 * The rounds of one measurement, in ascending order.
	 */
	record Figures(double[] sorted) {

		private static Figures of(List<Double> values) {
			return new Figures(values.stream().mapToDouble(Double::doubleValue).sorted().toArray());
		}

		double median() {
			return quantile(0.5);
		}

		double quantile(double part) {
			double at = part * (this.sorted.length - 1);
			int below = (int) Math.floor(at);
			int above = (int) Math.ceil(at);
			return this.sorted[below] + (this.sorted[above] - this.sorted[below]) * (at - below);
		}

		double min() {
			return this.sorted[0];
		}

		double max() {
			return this.sorted[this.sorted.length - 1];
		}

	}

}
