package dev.rungroup.processes;

import java.util.List;
import java.util.regex.Pattern;

import dev.rungroup.processes.ForkedJvm.Ended;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Nothing is left of what has ended: no thread, meter, shutdown hook, signal handler,
 * application context or class loader. {@code -Drun.leaks.cycles=1000} is the long
 * version.
 */
@Tag("long")
class LeakTests {

	private static final int CYCLES = Integer.getInteger("run.leaks.cycles", 25);

	/** Everything but what has nothing to do with it. */
	private static final Pattern UNUSED = Pattern
		.compile("archunit|security|artemis|jms|netty|jgroups|devtools|prometheus");

	private static final List<String> JVM = List.of(Leftovers.OPEN,
			// what is softly referenced is garbage at once
			"-XX:SoftRefLRUPolicyMSPerMB=0");

	private static Ended ended;

	@BeforeAll
	static void startAndStop() throws Exception {
		ended = run(LeakProgram.class, CYCLES, UNUSED);
		System.out.println(ended);
	}

	@ParameterizedTest
	@ValueSource(strings = { "signals", "lifecycle", "contexts", "pauses", "test contexts", "class loaders" })
	void nothingIsLeftBy(String what) {
		assertThat(ended.count("NOTHING LEFT BY " + what + ",")).as(ended.toString()).isOne();
	}

	@Test
	void whatIsLeftIsFound() {
		assertThat(ended.lines()).contains("LEFT BY planted: thread planted", "LEFT BY planted: shutdown hook planted",
				"LEFT BY planted: handler of SIGHUP", "LEFT BY planted: object of java.lang.Thread");
	}

	@Test
	void onlyShutdownHooksAreThoseOfSpringBootAndOfTheLogging() {
		assertThat(ended.lines()).contains("HOOKS Logging-Cleaner, SpringApplicationShutdownHook");
	}

	@Test
	void nothingIsLeftByRestartsOfDevtools() throws Exception {
		int restarts = Math.max(3, CYCLES / 50);
		Ended ended = run(DevtoolsProgram.class, restarts, Pattern.compile(UNUSED.pattern().replace("|devtools", "")));
		System.out.println(ended);
		assertThat(ended.lines()).as(ended.toString())
			.contains("RESTARTED " + restarts + " times, looked at " + (restarts - 1) + " loaders");
		assertThat(ended.count("LEFT BY")).as(ended.toString()).isZero();
	}

	private static Ended run(Class<?> program, int times, Pattern without) throws Exception {
		try (ForkedJvm jvm = ForkedJvm.startWithoutArchive(JVM, program, List.of(Integer.toString(times)), without)) {
			Ended ended = jvm.awaitEnd(300 + 2 * CYCLES);
			assertThat(ended.code()).as(ended.toString()).isZero();
			return ended;
		}
	}

}
