package dev.rungroup.exit;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import dev.rungroup.exit.ForkedJvm.Ended;

/**
 * A kind of {@link ExitApplication}.
 *
 * @param web whether it has a Tomcat
 * @param virtual whether its actors run on virtual threads
 */
record Kind(boolean web, boolean virtual) {

	/** Nobody but who ignores an interrupt needs it, on a loaded machine either. */
	private static final long SHUTDOWN_TIMEOUT_MILLIS = 4000;

	/** What an actor has to end, and the slack that is promised on top of it. */
	static final long BUDGET_MILLIS = SHUTDOWN_TIMEOUT_MILLIS + 2000;

	static List<Kind> all() {
		List<Kind> kinds = new ArrayList<>(List.of(new Kind(false, false), new Kind(true, false)));
		if (Runtime.version().feature() >= 21) {
			kinds.addAll(List.of(new Kind(false, true), new Kind(true, true)));
		}
		return kinds;
	}

	/**
	 * Both kinds of web and both kinds of threads, but not all four pairs.
	 */
	static List<Kind> some() {
		return List.of(new Kind(false, false), new Kind(true, Runtime.version().feature() >= 21));
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
