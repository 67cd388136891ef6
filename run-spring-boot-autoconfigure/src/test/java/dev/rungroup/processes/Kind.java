package dev.rungroup.processes;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import dev.rungroup.processes.ForkedJvm.Ended;

/**
 * A kind of {@link ExitApplication}.
 *
 * @param web whether it has a Tomcat
 * @param virtual whether its actors run on virtual threads
 */
record Kind(boolean web, boolean virtual) {

	private static final boolean HAS_VIRTUAL_THREADS = Runtime.version().feature() >= 21;

	static final Kind PLAIN = new Kind(false, false);

	static final Kind WEB = new Kind(true, false);

	/** On virtual threads where the JDK has them. */
	static final Kind PLAIN_VIRTUAL = new Kind(false, HAS_VIRTUAL_THREADS);

	static final Kind WEB_VIRTUAL = new Kind(true, HAS_VIRTUAL_THREADS);

	/**
	 * Long, as nobody but who ignores an interrupt needs it, on a loaded machine either.
	 */
	private static final long SHUTDOWN_TIMEOUT_MILLIS = 4000;

	/** What is promised on top of it. */
	static final long SLACK_MILLIS = 2000;

	/** What an actor has to end, and the slack. */
	static final long BUDGET_MILLIS = SHUTDOWN_TIMEOUT_MILLIS + SLACK_MILLIS;

	static List<Kind> all() {
		return Stream.of(PLAIN, WEB, PLAIN_VIRTUAL, WEB_VIRTUAL).distinct().toList();
	}

	/**
	 * All kinds, or one where not everything is to be tested.
	 */
	static List<Kind> allOr(Kind one) {
		return Scenarios.EVERYTHING ? all() : List.of(one);
	}

	/**
	 * All kinds, or none where not everything is to be tested.
	 */
	static List<Kind> allOrNone() {
		return Scenarios.EVERYTHING ? all() : List.of();
	}

	/**
	 * As {@link #some()}, or one where not everything is to be tested.
	 */
	static List<Kind> someOr(Kind one) {
		return Scenarios.EVERYTHING ? some() : List.of(one);
	}

	/**
	 * Both kinds of web and both kinds of threads, but not all four pairs.
	 */
	static List<Kind> some() {
		return List.of(PLAIN, WEB_VIRTUAL);
	}

	Ended run(List<String> arguments) throws IOException, InterruptedException {
		try (ForkedJvm jvm = start(arguments)) {
			return jvm.awaitEnd();
		}
	}

	ForkedJvm start(List<String> arguments) throws IOException {
		return start(List.of(), arguments);
	}

	ForkedJvm start(List<String> jvmArguments, List<String> arguments) throws IOException {
		return ForkedJvm.start(jvmArguments, ExitApplication.class, with(arguments));
	}

	/**
	 * With hardly any address space left for threads.
	 */
	ForkedJvm startWithFewThreads(List<String> arguments) throws IOException {
		return ForkedJvm.startWithLimit(16_000_000, List.of("-Xmx64m", "-Xss256m"), ExitApplication.class,
				with(arguments));
	}

	private List<String> with(List<String> arguments) {
		List<String> all = new ArrayList<>();
		all.add("--spring.main.web-application-type=" + (this.web ? "servlet" : "none"));
		all.add("--spring.threads.virtual.enabled=" + this.virtual);
		all.add("--spring.main.banner-mode=off");
		all.add("--server.port=0");
		all.add("--run.shutdown.timeout=" + SHUTDOWN_TIMEOUT_MILLIS + "ms");
		all.add("--run.shutdown.grace-period=500ms");
		all.addAll(arguments);
		// the last one counts, where Spring Boot would make a list of them
		Map<String, String> byName = new LinkedHashMap<>();
		for (String argument : all) {
			byName.put(argument.substring(0, argument.indexOf('=')), argument);
		}
		return List.copyOf(byName.values());
	}

	@Override
	public String toString() {
		return (this.web ? "web" : "non-web") + ", " + (this.virtual ? "virtual" : "platform") + " threads";
	}

}
