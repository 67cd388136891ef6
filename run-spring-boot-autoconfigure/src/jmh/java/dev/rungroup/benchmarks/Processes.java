package dev.rungroup.benchmarks;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;

import dev.rungroup.benchmarks.application.BenchmarkApplication;
import dev.rungroup.core.Group;

/**
 * What needs a process of its own. The kinds take turns, so that all see the same
 * machine.
 */
final class Processes {

	private static final String INSIDE = "inside.";

	private static final List<Integer> SCRAPED = List.of(1000, 4000);

	/** The jars of a plain application with actuator and Prometheus. */
	private static final Pattern USED = Pattern.compile("(spring-(core|beans|context|aop|expression)|"
			+ "spring-boot(-autoconfigure|-actuator|-actuator-autoconfigure|-health|-jackson|-micrometer-[a-z]+)?|"
			+ "micrometer-[a-z0-9-]+|prometheus-[a-z-]+|HdrHistogram|slf4j-api|logback-[a-z]+|log4j-[a-z0-9-]+|"
			+ "jul-to-slf4j|snakeyaml|jspecify|commons-logging|jakarta.annotation-api|jackson-annotations)-[0-9].*|"
			+ "jackson-(core|databind)-3.*");

	private static final List<Application> APPLICATIONS = List.of(new Application("floor1", BeanClasses.LIFECYCLE, 1),
			new Application("ours1", BeanClasses.ACTOR, 1), new Application("floor100", BeanClasses.LIFECYCLE, 100),
			new Application("ours100", BeanClasses.ACTOR, 100), new Application("ours1000", BeanClasses.ACTOR, 1000),
			new Application("none", BeanClasses.ACTOR, 0));

	private final Results results;

	private final int rounds;

	Processes(Results results, int rounds) {
		this.results = results;
		this.rounds = rounds;
	}

	/**
	 * Row 7.
	 */
	void memory() throws Exception {
		for (int round = 0; round < this.rounds; round++) {
			for (String kind : MemoryPerMember.KINDS) {
				// The process gives back what the heap does not need: resident bytes
				// follow it
				measure(MemoryPerMember.class, List.of("-XX:+UseSerialGC", "-Xms8m", "-Xmx2g", "-XX:MinHeapFreeRatio=5",
						"-XX:MaxHeapFreeRatio=10"), List.of(kind));
			}
		}
	}

	/**
	 * No slope.
	 */
	void slope() throws Exception {
		for (int round = 0; round < this.rounds; round++) {
			measure(NoSlope.class, List.of("-XX:+UseSerialGC", "-Xms512m", "-Xmx512m"), List.of());
		}
	}

	private void measure(Class<?> main, List<String> options, List<String> arguments) throws Exception {
		try (ChildJvm jvm = ChildJvm.start(ChildJvm.classPath((entry) -> true), main, options, arguments)) {
			jvm.awaitSuccess();
			jvm.figures().forEach(this.results::add);
		}
	}

	/**
	 * Rows 8 and 9.
	 */
	void applications() throws Exception {
		String beans = BeanClasses.compile() + File.pathSeparator
				+ ChildJvm.classPath((entry) -> !entry.endsWith(".jar") || USED.matcher(entry).matches());
		Path ours = Path.of(Group.class.getProtectionDomain().getCodeSource().getLocation().toURI());
		String withoutOurs = String.join(File.pathSeparator,
				List.of(beans.split(File.pathSeparator))
					.stream()
					.filter((entry) -> !Path.of(entry).toAbsolutePath().equals(ours))
					.toList());
		for (int round = 0; round < this.rounds; round++) {
			for (Application application : APPLICATIONS) {
				run(application, (application.beans.equals(BeanClasses.LIFECYCLE)) ? withoutOurs : beans);
			}
			for (int count : SCRAPED) {
				try (ChildJvm jvm = ChildJvm.start(beans, BenchmarkApplication.class, List.of("-Dscrape=true"),
						List.of(BeanClasses.ACTOR, String.valueOf(count)))) {
					jvm.awaitLine("PRINTED");
					this.results.add("scrape.ours" + count, Objects.requireNonNull(jvm.figures().get("scrape")));
					jvm.terminate();
				}
			}
		}
	}

	private void run(Application application, String classPath) throws IOException, InterruptedException {
		try (ChildJvm jvm = ChildJvm.start(classPath, BenchmarkApplication.class, List.of(),
				List.of(application.beans, String.valueOf(application.count)))) {
			this.results.add("process." + application.name, jvm.awaitLine("READY"));
			jvm.awaitLine("PRINTED");
			Map<String, Double> figures = jvm.figures();
			this.results.add("cpu." + application.name, Objects.requireNonNull(figures.remove("cpu")));
			if (application.beans.equals(BeanClasses.ACTOR) && application.count > 0) {
				figures.forEach((name, nanos) -> this.results.add(INSIDE + application.name + "." + name, nanos));
				this.results.add(INSIDE + application.name,
						figures.values().stream().mapToDouble(Double::doubleValue).sum());
			}
			// What it does after it is ready, such as compiling, is not to be measured
			Thread.sleep(300);
			this.results.add("stop." + application.name, jvm.terminate());
			if (application.count > 0) {
				jvm.awaitLine("ENDED");
			}
		}
	}

	private record Application(String name, String beans, int count) {

	}

}
