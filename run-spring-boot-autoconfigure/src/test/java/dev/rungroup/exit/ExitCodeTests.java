package dev.rungroup.exit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

import dev.rungroup.exit.ForkedJvm.Ended;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Exit codes of real JVMs: every row of the README's table, web and non-web, on platform
 * threads and, where the JDK has them, on virtual ones. JVMs run two at a time;
 * {@code -Drun.exit.repeat=20} runs each that often.
 */
class ExitCodeTests {

	private static final int REPEAT = Integer.getInteger("run.exit.repeat", 1);

	private static final int PARALLEL = Integer.getInteger("run.exit.parallel", 2);

	/** What an actor has to end, and the slack that is promised on top of it. */
	private static final long SHUTDOWN_TIMEOUT = 2000;

	private static final long SLACK = 2000;

	private static ExecutorService jvms;

	@BeforeAll
	static void startThreads() {
		jvms = Executors.newFixedThreadPool(PARALLEL);
	}

	@AfterAll
	static void stopThreads() {
		jvms.shutdownNow();
	}

	@TestFactory
	Stream<DynamicTest> aFailingActorEndsTheApplicationWithOne() {
		List<Scenario> scenarios = new ArrayList<>();
		for (Kind kind : Kind.all()) {
			for (Moment moment : Moment.values()) {
				scenarios.add(new Scenario(kind + ", " + moment, () -> {
					Ended ended = run(kind, moment.arguments("fail"));
					assertThat(ended.code()).as(ended.toString()).isEqualTo(1);
					assertFailure(ended, moment, "IllegalStateException: boom");
				}));
			}
		}
		return run(scenarios);
	}

	@TestFactory
	Stream<DynamicTest> aFailureThatKnowsItsCodeEndsTheApplicationWithIt() {
		List<Scenario> scenarios = new ArrayList<>();
		for (Kind kind : Kind.all()) {
			for (Moment moment : Moment.values()) {
				scenarios.add(new Scenario("ExitCodeGenerator, " + kind + ", " + moment, () -> {
					Ended ended = run(kind, moment.arguments("generator"));
					assertThat(ended.code()).as(ended.toString()).isEqualTo(42);
					assertFailure(ended, moment, "Exception: boom");
				}));
				scenarios.add(new Scenario("ExitCodeExceptionMapper, " + kind + ", " + moment, () -> {
					Ended ended = run(kind, moment.arguments("mapper"));
					assertThat(ended.code()).as(ended.toString()).isEqualTo(43);
					assertFailure(ended, moment, "MappedException: boom");
				}));
			}
		}
		return run(scenarios);
	}

	@TestFactory
	Stream<DynamicTest> anActorThatReturnsEndsTheApplicationWithZero() {
		List<Scenario> scenarios = new ArrayList<>();
		for (Kind kind : Kind.all()) {
			for (Moment moment : Moment.values()) {
				scenarios.add(new Scenario(kind + ", " + moment, () -> {
					Ended ended = run(kind, moment.arguments("return"));
					assertThat(ended.code()).as(ended.toString()).isZero();
					assertInterruptedOnce(ended, "MEMBER_DONE");
					assertThat(ended.containing("'trigger'", "ends the group")).as(ended.toString()).hasSize(1);
					assertThat(ended.stackTraces()).as(ended.toString()).isEmpty();
					assertRunners(ended, moment);
				}));
			}
		}
		return run(scenarios);
	}

	/**
	 * The actor ends whenever it likes: between any two steps of the start.
	 */
	@TestFactory
	Stream<DynamicTest> theCodeDoesNotDependOnTheMoment() {
		List<Scenario> scenarios = new ArrayList<>();
		for (int i = 0; i < 6; i++) {
			String after = "--app.after=" + (i * i * 8);
			scenarios.add(new Scenario("failure, " + after, () -> {
				Ended ended = run(Kind.all().get(0), List.of("--app.at=now", "--app.how=generator", after));
				assertThat(ended.code()).as(ended.toString()).isEqualTo(42);
				assertInterruptedOnce(ended, "MEMBER_FAILED");
				assertOnlyRelatedStackTraces(ended, "boom");
				assertThat(ended.containing("RUNNER active=false")).as(ended.toString()).isEmpty();
			}));
			scenarios.add(new Scenario("return, " + after, () -> {
				Ended ended = run(Kind.all().get(0), List.of("--app.at=now", "--app.how=return", after));
				assertThat(ended.code()).as(ended.toString()).isZero();
				assertInterruptedOnce(ended, "MEMBER_DONE");
				assertThat(ended.stackTraces()).as(ended.toString()).isEmpty();
				assertThat(ended.containing("FIRST RUNNER active=false")).as(ended.toString()).isEmpty();
			}));
		}
		return run(scenarios);
	}

	@TestFactory
	Stream<DynamicTest> aSignalEndsTheApplicationWithItsOwnCode() {
		List<Scenario> scenarios = new ArrayList<>();
		for (Kind kind : Kind.all()) {
			scenarios.add(new Scenario("TERM, " + kind, () -> assertSignal(kind, "TERM", 143)));
			scenarios.add(new Scenario("INT, " + kind, () -> assertSignal(kind, "INT", 130)));
		}
		return run(scenarios);
	}

	private static void assertSignal(Kind kind, String signal, int code) throws Exception {
		try (ForkedJvm jvm = start(kind, List.of("--app.at=never"))) {
			jvm.awaitLine("READY");
			jvm.signal(signal);
			Ended ended = jvm.awaitEnd();
			assertThat(ended.code()).as(ended.toString()).isEqualTo(code);
			assertInterruptedOnce(ended, "CONTEXT_CLOSED");
			assertThat(ended.stackTraces()).as(ended.toString()).isEmpty();
		}
	}

	@TestFactory
	Stream<DynamicTest> aSecondSignalChangesNothing() {
		List<Scenario> scenarios = new ArrayList<>();
		for (Kind kind : Kind.some()) {
			scenarios.add(new Scenario(kind.toString(), () -> {
				try (ForkedJvm jvm = start(kind, List.of("--app.at=never", "--app.stubborn=true"))) {
					jvm.awaitLine("READY");
					jvm.signal("TERM");
					jvm.awaitLine("INTERRUPT stubborn");
					jvm.signal("INT");
					jvm.signal("TERM");
					Ended ended = jvm.awaitEnd();
					assertThat(ended.code()).as(ended.toString()).isEqualTo(143);
					assertInterruptedOnce(ended, "CONTEXT_CLOSED");
					assertStubbornIsGivenUp(ended);
				}
			}));
		}
		return run(scenarios);
	}

	/**
	 * The signal's code wins if it comes before the actor's; what counts is that the
	 * application ends.
	 */
	@TestFactory
	Stream<DynamicTest> aSignalWhileAnActorEndsTheApplicationHangsNothing() {
		List<Scenario> scenarios = new ArrayList<>();
		for (Kind kind : Kind.some()) {
			for (Moment moment : Moment.values()) {
				scenarios.add(new Scenario(kind + ", " + moment, () -> {
					List<String> arguments = new ArrayList<>(moment.arguments("generator"));
					arguments.add("--app.stubborn=true");
					try (ForkedJvm jvm = start(kind, arguments)) {
						jvm.awaitLine("INTERRUPT stubborn");
						jvm.signal("TERM");
						Ended ended = jvm.awaitEnd();
						assertThat(ended.code()).as(ended.toString()).isIn(42, 143);
						assertInterruptedOnce(ended, "MEMBER_FAILED");
						assertStubbornIsGivenUp(ended);
					}
				}));
			}
		}
		return run(scenarios);
	}

	@TestFactory
	Stream<DynamicTest> anActorThatIgnoresItsInterruptIsGivenUpAndNamed() {
		List<Scenario> scenarios = new ArrayList<>();
		for (Kind kind : Kind.all()) {
			for (Moment moment : Moment.values()) {
				scenarios.add(new Scenario("failure, " + kind + ", " + moment, () -> {
					List<String> arguments = new ArrayList<>(moment.arguments("generator"));
					arguments.add("--app.stubborn=true");
					Ended ended = run(kind, arguments);
					assertThat(ended.code()).as(ended.toString()).isEqualTo(42);
					assertInterruptedOnce(ended, "MEMBER_FAILED");
					assertStubbornIsGivenUp(ended);
				}));
			}
			scenarios.add(new Scenario("return, " + kind, () -> {
				List<String> arguments = new ArrayList<>(Moment.READY.arguments("return"));
				arguments.add("--app.stubborn=true");
				Ended ended = run(kind, arguments);
				assertThat(ended.code()).as(ended.toString()).isZero();
				assertInterruptedOnce(ended, "MEMBER_DONE");
				assertStubbornIsGivenUp(ended);
			}));
			scenarios.add(new Scenario("TERM, " + kind, () -> {
				try (ForkedJvm jvm = start(kind, List.of("--app.at=never", "--app.stubborn=true"))) {
					jvm.awaitLine("READY");
					jvm.signal("TERM");
					Ended ended = jvm.awaitEnd();
					assertThat(ended.code()).as(ended.toString()).isEqualTo(143);
					assertInterruptedOnce(ended, "CONTEXT_CLOSED");
					assertStubbornIsGivenUp(ended);
				}
			}));
		}
		return run(scenarios);
	}

	private static void assertStubbornIsGivenUp(Ended ended) {
		assertThat(ended.count("INTERRUPT stubborn")).as(ended.toString()).isEqualTo(1);
		assertThat(ended.at() - ended.number("INTERRUPT stubborn")).as(ended.toString())
			.isLessThan(SHUTDOWN_TIMEOUT + SLACK);
		assertThat(ended.containing(" WARN ", "gave up waiting for", "'stubborn'")).as(ended.toString()).hasSize(1);
		assertThat(ended.containing("doesNotEnd")).as(ended.toString()).hasSize(1);
	}

	@TestFactory
	Stream<DynamicTest> aNonWebApplicationEndsWithZeroWhenAllMembersHaveEnded() {
		List<Scenario> scenarios = new ArrayList<>();
		for (Kind kind : Kind.all()) {
			if (!kind.web) {
				for (Moment moment : List.of(Moment.REFRESH, Moment.READY)) {
					scenarios.add(new Scenario(kind + ", " + moment, () -> {
						List<String> arguments = new ArrayList<>(moment.arguments("return"));
						arguments.addAll(List.of("--run.actors.trigger.on-done=do-nothing",
								"--run.actors.bystander.enabled=false"));
						Ended ended = run(kind, arguments);
						assertThat(ended.code()).as(ended.toString()).isZero();
						assertThat(ended.count("READY")).as(ended.toString()).isEqualTo(1);
						assertThat(ended.stackTraces()).as(ended.toString()).isEmpty();
					}));
				}
			}
		}
		return run(scenarios);
	}

	@TestFactory
	Stream<DynamicTest> aWebApplicationGoesOnWhenAllMembersHaveEnded() {
		Kind kind = Kind.all().stream().filter((candidate) -> candidate.web).findFirst().orElseThrow();
		return run(List.of(new Scenario(kind.toString(), () -> {
			List<String> arguments = new ArrayList<>(Moment.READY.arguments("return"));
			arguments
				.addAll(List.of("--run.actors.trigger.on-done=do-nothing", "--run.actors.bystander.enabled=false"));
			try (ForkedJvm jvm = start(kind, arguments)) {
				jvm.awaitLine("END at");
				assertThat(jvm.staysUpFor(2000)).isTrue();
				jvm.signal("TERM");
				assertThat(jvm.awaitEnd().code()).isEqualTo(143);
			}
		})));
	}

	@TestFactory
	Stream<DynamicTest> aFailedStartLeavesNoActorBehind() {
		List<Scenario> scenarios = new ArrayList<>();
		for (Kind kind : Kind.some()) {
			if (kind.web) {
				scenarios.add(new Scenario("port taken, " + kind, () -> {
					try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
						Ended ended = run(kind, List.of("--app.at=never", "--server.address=127.0.0.1",
								"--server.port=" + taken.getLocalPort()));
						assertThat(ended.code()).as(ended.toString()).isEqualTo(1);
						assertThat(ended.containing("already in use")).as(ended.toString()).isNotEmpty();
						assertThat(ended.containing("INTERRUPT bystander CONTEXT_CLOSED")).as(ended.toString())
							.hasSize(1);
						assertThat(ended.containing("INTERRUPT trigger CONTEXT_CLOSED")).as(ended.toString())
							.hasSize(1);
						assertThat(ended.stackTraces()).as(ended.toString()).isEmpty();
					}
				}));
			}
			scenarios.add(new Scenario("a later bean fails, an actor ignores its interrupt, " + kind, () -> {
				Ended ended = run(kind, List.of("--app.at=never", "--app.stubborn=true", "--app.hold=throw"));
				assertThat(ended.code()).as(ended.toString()).isEqualTo(1);
				assertThat(ended.containing("INTERRUPT bystander CONTEXT_CLOSED")).as(ended.toString()).hasSize(1);
				assertStubbornIsGivenUp(ended);
			}));
		}
		return run(scenarios);
	}

	@TestFactory
	Stream<DynamicTest> aNonWebApplicationStaysUpWithItsActorsAlone() {
		List<Scenario> scenarios = new ArrayList<>();
		for (Kind kind : Kind.all()) {
			if (!kind.web) {
				scenarios.add(new Scenario(kind.toString(), () -> {
					try (ForkedJvm jvm = start(kind, List.of("--app.at=never"))) {
						jvm.awaitLine("MAIN RETURNS");
						assertThat(jvm.staysUpFor(2000)).isTrue();
						jvm.signal("TERM");
						assertThat(jvm.awaitEnd().code()).isEqualTo(143);
					}
				}));
			}
		}
		return run(scenarios);
	}

	@TestFactory
	Stream<DynamicTest> aStartThatIsStuckDoesNotKeepTheApplicationUp() {
		List<Scenario> scenarios = new ArrayList<>();
		for (Kind kind : Kind.some()) {
			for (String how : List.of("fail", "return")) {
				scenarios.add(new Scenario(how + ", " + kind, () -> {
					Ended ended = run(kind, List.of("--app.at=refresh", "--app.hold=wait", "--app.how=" + how));
					assertThat(ended.code()).as(ended.toString()).isEqualTo(how.equals("fail") ? 1 : 0);
					assertInterruptedOnce(ended, how.equals("fail") ? "MEMBER_FAILED" : "MEMBER_DONE");
					assertOnlyRelatedStackTraces(ended, "boom");
					assertThat(ended.containing("RUNNER active")).as(ended.toString()).isEmpty();
				}));
			}
		}
		return run(scenarios);
	}

	@TestFactory
	Stream<DynamicTest> theCodeIsRightWhenTheLaunchingThreadIsNotMain() {
		List<Scenario> scenarios = new ArrayList<>();
		for (Moment moment : Moment.values()) {
			Kind kind = Kind.all().get(0);
			scenarios.add(new Scenario(kind + ", " + moment, () -> {
				try (ForkedJvm jvm = start(kind, List.of("-Dapp.launcher=true"), moment.arguments("generator"))) {
					Ended ended = jvm.awaitEnd();
					assertThat(ended.code()).as(ended.toString()).isEqualTo(42);
					assertInterruptedOnce(ended, "MEMBER_FAILED");
				}
			}));
		}
		return run(scenarios);
	}

	@TestFactory
	Stream<DynamicTest> withOnShutdownCloseTheJvmEndsWhenNothingKeepsItUp() {
		List<Scenario> scenarios = new ArrayList<>();
		for (Kind kind : Kind.some()) {
			scenarios.add(new Scenario(kind.toString(), () -> {
				List<String> arguments = new ArrayList<>(Moment.READY.arguments("generator"));
				arguments.add("--run.on-shutdown=close");
				Ended ended = run(kind, arguments);
				assertThat(ended.code()).as(ended.toString()).isZero();
				assertFailure(ended, Moment.READY, "Exception: boom");
			}));
		}
		return run(scenarios);
	}

	@TestFactory
	Stream<DynamicTest> withOnShutdownNoneTheApplicationGoesOn() {
		List<Scenario> scenarios = new ArrayList<>();
		for (Kind kind : Kind.some()) {
			if (kind.web) {
				for (Moment moment : List.of(Moment.REFRESH, Moment.READY)) {
					scenarios.add(new Scenario(kind + ", " + moment, () -> {
						List<String> arguments = new ArrayList<>(moment.arguments("fail"));
						arguments.addAll(List.of("--app.hold=no", "--run.on-shutdown=none"));
						try (ForkedJvm jvm = start(kind, arguments)) {
							jvm.awaitLine("INTERRUPT bystander");
							jvm.awaitLine("READY");
							assertThat(jvm.staysUpFor(1500)).isTrue();
							jvm.signal("TERM");
							Ended ended = jvm.awaitEnd();
							assertThat(ended.code()).as(ended.toString()).isEqualTo(143);
							assertInterruptedOnce(ended, "MEMBER_FAILED");
						}
					}));
				}
			}
		}
		return run(scenarios);
	}

	/**
	 * A bean whose destroy method never returns: it takes a halt to end that.
	 */
	@TestFactory
	Stream<DynamicTest> aCloseThatHangsIsHaltedWithTheCode() {
		return run(List.of(new Scenario("in a destroy method", () -> {
			List<String> arguments = new ArrayList<>(Moment.READY.arguments("generator"));
			arguments.addAll(List.of("--app.hang=true", "--run.shutdown.timeout=500ms",
					"--spring.lifecycle.timeout-per-shutdown-phase=500ms"));
			Ended ended = run(Kind.all().get(0), arguments);
			assertThat(ended.code()).as(ended.toString()).isEqualTo(42);
			assertThat(ended.count("DESTROY HANGS")).as(ended.toString()).isEqualTo(1);
			assertThat(ended.containing("halted with exit code 42")).as(ended.toString()).hasSize(1);
		})));
	}

	private static void assertFailure(Ended ended, Moment moment, String failure) {
		assertInterruptedOnce(ended, "MEMBER_FAILED");
		assertThat(ended.containing("'trigger'", "ends the group", failure)).as(ended.toString()).hasSize(1);
		assertOnlyRelatedStackTraces(ended, "boom");
		assertRunners(ended, moment);
	}

	private static void assertInterruptedOnce(Ended ended, String reason) {
		for (String actor : List.of("trigger", "bystander")) {
			assertThat(ended.count("INTERRUPT " + actor)).as(ended.toString()).isEqualTo(1);
			assertThat(ended.count("INTERRUPT " + actor + " " + reason)).as(ended.toString()).isEqualTo(1);
		}
	}

	/**
	 * No runner begins once the application is ending.
	 */
	private static void assertRunners(Ended ended, Moment moment) {
		assertThat(ended.count("FIRST RUNNER")).as(ended.toString()).isEqualTo((moment == Moment.REFRESH) ? 0 : 1);
		assertThat(ended.count("SECOND RUNNER")).as(ended.toString()).isEqualTo((moment == Moment.READY) ? 1 : 0);
		assertThat(ended.containing("RUNNER active=false")).as(ended.toString()).isEmpty();
	}

	private static void assertOnlyRelatedStackTraces(Ended ended, String related) {
		assertThat(ended.stackTraces()).as(ended.toString()).allMatch((headline) -> headline.contains(related));
		assertThat(ended.containing("Exception in thread")).as(ended.toString()).isEmpty();
		assertThat(ended.containing("halted with")).as(ended.toString()).isEmpty();
	}

	private static Ended run(Kind kind, List<String> arguments) throws IOException, InterruptedException {
		try (ForkedJvm jvm = start(kind, arguments)) {
			return jvm.awaitEnd();
		}
	}

	private static ForkedJvm start(Kind kind, List<String> arguments) throws IOException {
		return start(kind, List.of(), arguments);
	}

	private static ForkedJvm start(Kind kind, List<String> jvmArguments, List<String> arguments) throws IOException {
		List<String> all = new ArrayList<>(kind.arguments());
		all.add("--spring.main.banner-mode=off");
		all.add("--server.port=0");
		all.add("--run.shutdown.timeout=" + SHUTDOWN_TIMEOUT + "ms");
		all.add("--run.shutdown.grace-period=500ms");
		all.addAll(arguments);
		// the last one counts, where Spring Boot would make a list of them
		Map<String, String> byName = new LinkedHashMap<>();
		for (String argument : all) {
			byName.put(argument.substring(0, argument.indexOf('=')), argument);
		}
		return ForkedJvm.start(jvmArguments, ExitApplication.class, List.copyOf(byName.values()));
	}

	/**
	 * Start all scenarios, as many at a time as there are threads, and make each a test
	 * that waits for its own.
	 */
	private static Stream<DynamicTest> run(List<Scenario> scenarios) {
		List<DynamicTest> tests = new ArrayList<>();
		for (int i = 1; i <= REPEAT; i++) {
			for (Scenario scenario : scenarios) {
				Future<?> result = jvms.submit(scenario);
				tests.add(
						DynamicTest.dynamicTest(scenario.name() + ((REPEAT > 1) ? " #" + i : ""), () -> await(result)));
			}
		}
		return tests.stream();
	}

	private static void await(Future<?> result) throws Throwable {
		try {
			result.get();
		}
		catch (ExecutionException ex) {
			throw ex.getCause();
		}
	}

	/**
	 * A test body with a name.
	 *
	 * @param name what it is about
	 * @param body what it does, on any thread
	 */
	private record Scenario(String name, Body body) implements Callable<Void> {

		@Override
		public Void call() throws Exception {
			this.body.run();
			return null;
		}

		private interface Body {

			void run() throws Exception;

		}

	}

	/**
	 * When the actor ends.
	 */
	private enum Moment {

		/** While the launching thread is in a later bean's start. */
		REFRESH("--app.at=refresh", "--app.hold=ending"),

		/** While the first runner works, which it would for a minute. */
		RUNNER("--app.at=runner"),

		/** After the application has become ready. */
		READY("--app.at=ready");

		private final List<String> arguments;

		Moment(String... arguments) {
			this.arguments = List.of(arguments);
		}

		private List<String> arguments(String how) {
			List<String> all = new ArrayList<>(this.arguments);
			all.add("--app.how=" + how);
			return all;
		}

		@Override
		public String toString() {
			return "in " + name().toLowerCase(Locale.ROOT);
		}

	}

	/**
	 * A kind of application.
	 *
	 * @param web whether it has a Tomcat
	 * @param virtual whether its actors run on virtual threads
	 */
	private record Kind(boolean web, boolean virtual) {

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

		private List<String> arguments() {
			return List.of("--spring.main.web-application-type=" + (this.web ? "servlet" : "none"),
					"--spring.threads.virtual.enabled=" + this.virtual);
		}

		@Override
		public String toString() {
			return (this.web ? "web" : "non-web") + ", " + (this.virtual ? "virtual" : "platform") + " threads";
		}

	}

}
