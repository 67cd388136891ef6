package dev.rungroup.processes;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

import dev.rungroup.processes.ForkedJvm.Ended;
import dev.rungroup.processes.Scenarios.Scenario;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Exit codes of real JVMs: every row of the README's table, web and non-web, on platform
 * threads and, where the JDK has them, on virtual ones. By default a choice of these; all
 * with {@code -Pfaults} or {@code -Peverything}.
 */
@Tag("processes")
class ExitCodeTests {

	/** Of a failing and of a returning actor; together each value with each other one. */
	private static final List<Setting> FAILING = List.of(Moment.REFRESH.of(Kind.PLAIN), Moment.RUNNER.of(Kind.WEB),
			Moment.READY.of(Kind.PLAIN_VIRTUAL));

	private static final List<Setting> RETURNING = List.of(Moment.REFRESH.of(Kind.WEB_VIRTUAL),
			Moment.RUNNER.of(Kind.PLAIN_VIRTUAL), Moment.READY.of(Kind.WEB));

	/** For an application that uses all of it. */
	private static final String BRIEFLY = "--run.shutdown.timeout=1s";

	private static final long BRIEF_BUDGET_MILLIS = 1000 + Kind.SLACK_MILLIS;

	/** How long a JVM is watched that is to stay up. */
	private static final long WATCHED_MILLIS = Scenarios.EVERYTHING ? 2000 : 500;

	private static Scenarios jvms;

	private static List<DynamicTest> halted;

	@BeforeAll
	static void startThreads() {
		jvms = new Scenarios();
		// waits for most of its time: begins before all others
		halted = jvms.run(List.of(new Scenario("in a destroy method", ExitCodeTests::closeThatHangs))).toList();
	}

	@AfterAll
	static void stopThreads() {
		jvms.close();
	}

	@TestFactory
	Stream<DynamicTest> aFailingActorEndsTheApplicationWithOne() {
		List<Scenario> scenarios = new ArrayList<>();
		for (Setting setting : Setting.allOr(FAILING)) {
			scenarios.add(new Scenario(setting.toString(), () -> {
				Ended ended = setting.run("fail");
				assertThat(ended.code()).as(ended.toString()).isEqualTo(1);
				assertFailure(ended, setting.moment(), "IllegalStateException: boom");
			}));
		}
		return jvms.run(scenarios);
	}

	@TestFactory
	Stream<DynamicTest> aFailureThatKnowsItsCodeEndsTheApplicationWithIt() {
		List<Scenario> scenarios = new ArrayList<>();
		for (Setting setting : Setting.allOr(List.of(Moment.RUNNER.of(Kind.WEB_VIRTUAL)))) {
			scenarios.add(new Scenario("ExitCodeGenerator, " + setting, () -> {
				Ended ended = setting.run("generator");
				assertThat(ended.code()).as(ended.toString()).isEqualTo(42);
				assertFailure(ended, setting.moment(), "Exception: boom");
			}));
		}
		for (Setting setting : Setting.eachMomentOr(0, List.of(Moment.READY.of(Kind.PLAIN)))) {
			scenarios.add(new Scenario("ExitCodeExceptionMapper, " + setting, () -> {
				Ended ended = setting.run("mapper");
				assertThat(ended.code()).as(ended.toString()).isEqualTo(43);
				assertFailure(ended, setting.moment(), "MappedException: boom");
			}));
		}
		return jvms.run(scenarios);
	}

	@TestFactory
	Stream<DynamicTest> aFailureThatComesUpThroughAGroupEndsTheApplicationWithTheCodeOfItsCause() {
		List<Scenario> scenarios = new ArrayList<>();
		for (Setting setting : Setting.eachMomentOr(1, List.of(Moment.REFRESH.of(Kind.WEB)))) {
			scenarios.add(new Scenario(setting.toString(), () -> {
				Ended ended = setting.run("generator", "--run.actors.trigger.group=imports");
				assertThat(ended.code()).as(ended.toString()).isEqualTo(42);
				assertFailure(ended, setting.moment(), "Exception: boom");
				assertThat(ended.containing("Actor 'trigger' of group 'imports' ends the group")).as(ended.toString())
					.hasSize(1);
			}));
		}
		return jvms.run(scenarios);
	}

	@TestFactory
	Stream<DynamicTest> anActorThatReturnsEndsTheApplicationWithZero() {
		List<Scenario> scenarios = new ArrayList<>();
		for (Setting setting : Setting.allOr(RETURNING)) {
			scenarios.add(new Scenario(setting.toString(), () -> {
				Ended ended = setting.run("return");
				assertThat(ended.code()).as(ended.toString()).isZero();
				assertInterruptedOnce(ended, "MEMBER_DONE");
				assertThat(ended.containing("'trigger'", "ends the group")).as(ended.toString()).hasSize(1);
				assertThat(ended.stackTraces()).as(ended.toString()).isEmpty();
				assertRunners(ended, setting.moment());
			}));
		}
		return jvms.run(scenarios);
	}

	/**
	 * As after {@code SpringApplication.exit}: a batch that counts what it could not do.
	 */
	@TestFactory
	Stream<DynamicTest> theApplicationsOwnGeneratorSaysTheCodeIfTheActorSaysNone() {
		List<Scenario> scenarios = new ArrayList<>();
		List<String> all = List.of("return", "fail", "generator");
		for (String how : all) {
			List<Setting> byDefault = how.equals("return") ? List.of(Moment.READY.of(Kind.PLAIN_VIRTUAL)) : List.of();
			for (Setting setting : Setting.eachMomentOr(all.indexOf(how), byDefault)) {
				scenarios.add(new Scenario(how + ", " + setting, () -> {
					Ended ended = setting.run(how, "--app.code=7");
					assertThat(ended.code()).as(ended.toString()).isEqualTo(how.equals("generator") ? 42 : 7);
					assertRunners(ended, setting.moment());
				}));
			}
		}
		return jvms.run(scenarios);
	}

	/**
	 * The actor ends whenever it likes: between any two steps of the start.
	 */
	@TestFactory
	@Tag("faults")
	Stream<DynamicTest> theCodeDoesNotDependOnTheMoment() {
		List<Scenario> scenarios = new ArrayList<>();
		for (int i = 0; i < 6; i++) {
			String after = "--app.after=" + (i * i * 8);
			scenarios.add(new Scenario("failure, " + after, () -> {
				Ended ended = Kind.PLAIN.run(List.of("--app.at=now", "--app.how=generator", after));
				assertThat(ended.code()).as(ended.toString()).isEqualTo(42);
				assertInterruptedOnce(ended, "MEMBER_FAILED");
				assertOnlyRelatedStackTraces(ended, "boom");
				assertThat(ended.containing("RUNNER active=false")).as(ended.toString()).isEmpty();
			}));
			scenarios.add(new Scenario("return, " + after, () -> {
				Ended ended = Kind.PLAIN.run(List.of("--app.at=now", "--app.how=return", after));
				assertThat(ended.code()).as(ended.toString()).isZero();
				assertInterruptedOnce(ended, "MEMBER_DONE");
				assertThat(ended.stackTraces()).as(ended.toString()).isEmpty();
				assertThat(ended.containing("FIRST RUNNER active=false")).as(ended.toString()).isEmpty();
			}));
		}
		return jvms.run(scenarios);
	}

	/**
	 * Spring Boot calls runners without an order in any; eight of them come before and
	 * after ours.
	 */
	@TestFactory
	@Tag("faults")
	Stream<DynamicTest> aRunnerWithoutAnOrderDoesNotHoldUpTheEnd() {
		return jvms.run(List.of(new Scenario("failure", () -> {
			Ended ended = Kind.PLAIN.run(List.of("--app.at=last runner", "--app.how=generator", "--app.unordered=8",
					"--run.shutdown.timeout=80s"));
			assertThat(ended.code()).as(ended.toString()).isEqualTo(42);
			assertInterruptedOnce(ended, "MEMBER_FAILED");
			assertThat(ended.count("READY")).as(ended.toString()).isZero();
			assertThat(ended.count("MAIN RETURNS")).as(ended.toString()).isZero();
		})));
	}

	@TestFactory
	Stream<DynamicTest> aSignalEndsTheApplicationWithItsOwnCode() {
		List<Scenario> scenarios = new ArrayList<>();
		for (Kind kind : Kind.allOr(Kind.WEB_VIRTUAL)) {
			scenarios.add(new Scenario("TERM, " + kind, () -> assertSignal(kind, "TERM", 143)));
		}
		for (Kind kind : Kind.allOr(Kind.PLAIN)) {
			scenarios.add(new Scenario("INT, " + kind, () -> assertSignal(kind, "INT", 130)));
		}
		return jvms.run(scenarios);
	}

	private static void assertSignal(Kind kind, String signal, int code) throws Exception {
		try (ForkedJvm jvm = kind.start(List.of("--app.at=never"))) {
			jvm.awaitLine("READY");
			// otherwise they may be stopped before they have begun
			jvm.awaitLine("STARTED trigger");
			jvm.awaitLine("STARTED bystander");
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
		for (Kind kind : Kind.someOr(Kind.PLAIN)) {
			scenarios.add(new Scenario(kind.toString(), () -> {
				try (ForkedJvm jvm = kind.start(List.of("--app.at=never", "--app.stubborn=true"))) {
					jvm.awaitLine("READY");
					// otherwise it may be stopped before it has begun
					jvm.awaitLine("STARTED stubborn");
					jvm.signal("TERM");
					jvm.awaitLine("INTERRUPT stubborn");
					// on a busy machine its time may be over
					jvm.signalIfAlive("INT", "TERM");
					Ended ended = jvm.awaitEnd();
					assertThat(ended.code()).as(ended.toString()).isEqualTo(143);
					assertInterruptedOnce(ended, "CONTEXT_CLOSED");
					assertStubbornIsGivenUp(ended);
				}
			}));
		}
		return jvms.run(scenarios);
	}

	/**
	 * The signal's code wins if it comes before the actor's; what counts is that the
	 * application ends.
	 */
	@TestFactory
	@Tag("faults")
	Stream<DynamicTest> aSignalWhileAnActorEndsTheApplicationHangsNothing() {
		List<Scenario> scenarios = new ArrayList<>();
		for (Kind kind : Kind.some()) {
			for (Moment moment : Moment.values()) {
				scenarios.add(new Scenario(kind + ", " + moment, () -> {
					List<String> arguments = new ArrayList<>(moment.arguments("generator"));
					arguments.add("--app.stubborn=true");
					try (ForkedJvm jvm = kind.start(arguments)) {
						jvm.awaitLine("INTERRUPT stubborn");
						jvm.signalIfAlive("TERM");
						Ended ended = jvm.awaitEnd();
						assertThat(ended.code()).as(ended.toString()).isIn(42, 143);
						assertInterruptedOnce(ended, "MEMBER_FAILED");
						assertStubbornIsGivenUp(ended);
					}
				}));
			}
		}
		return jvms.run(scenarios);
	}

	@TestFactory
	Stream<DynamicTest> anActorThatIgnoresItsInterruptIsGivenUpAndNamed() {
		List<Scenario> scenarios = new ArrayList<>();
		for (Setting setting : Setting.allOr(List.of(Moment.READY.of(Kind.WEB)))) {
			scenarios.add(new Scenario("failure, " + setting, () -> {
				Ended ended = setting.run("generator", "--app.stubborn=true", BRIEFLY);
				assertThat(ended.code()).as(ended.toString()).isEqualTo(42);
				assertInterruptedOnce(ended, "MEMBER_FAILED");
				assertStubbornIsGivenUp(ended, BRIEF_BUDGET_MILLIS);
			}));
		}
		for (Kind kind : Kind.allOrNone()) {
			scenarios.add(new Scenario("return, " + kind, () -> {
				Ended ended = Moment.READY.of(kind).run("return", "--app.stubborn=true", BRIEFLY);
				assertThat(ended.code()).as(ended.toString()).isZero();
				assertInterruptedOnce(ended, "MEMBER_DONE");
				assertStubbornIsGivenUp(ended, BRIEF_BUDGET_MILLIS);
			}));
		}
		for (Kind kind : Kind.allOrNone()) {
			scenarios.add(new Scenario("TERM, " + kind, () -> {
				try (ForkedJvm jvm = kind.start(List.of("--app.at=never", "--app.stubborn=true", BRIEFLY))) {
					jvm.awaitLine("READY");
					// otherwise it may be stopped before it has begun
					jvm.awaitLine("STARTED stubborn");
					jvm.signal("TERM");
					Ended ended = jvm.awaitEnd();
					assertThat(ended.code()).as(ended.toString()).isEqualTo(143);
					assertInterruptedOnce(ended, "CONTEXT_CLOSED");
					assertStubbornIsGivenUp(ended, BRIEF_BUDGET_MILLIS);
				}
			}));
		}
		return jvms.run(scenarios);
	}

	private static void assertStubbornIsGivenUp(Ended ended) {
		assertStubbornIsGivenUp(ended, Kind.BUDGET_MILLIS);
	}

	private static void assertStubbornIsGivenUp(Ended ended, long budgetMillis) {
		assertThat(ended.count("INTERRUPT stubborn")).as(ended.toString()).isEqualTo(1);
		assertThat(ended.at() - ended.number("INTERRUPT stubborn")).as(ended.toString()).isLessThan(budgetMillis);
		assertThat(ended.containing(" WARN ", "gave up waiting for", "'stubborn'")).as(ended.toString()).hasSize(1);
		assertThat(ended.containing("doesNotEnd")).as(ended.toString()).hasSize(1);
	}

	@TestFactory
	Stream<DynamicTest> aNonWebApplicationEndsWithZeroWhenAllMembersHaveEnded() {
		List<Scenario> scenarios = new ArrayList<>();
		for (Setting setting : Setting.allOr(List.of(Moment.REFRESH.of(Kind.PLAIN_VIRTUAL)))) {
			if (!setting.kind().web() && setting.moment() != Moment.RUNNER) {
				scenarios.add(new Scenario(setting.toString(), () -> {
					Ended ended = setting.run("return", "--run.actors.trigger.on-done=do-nothing",
							"--run.actors.bystander.enabled=false");
					assertThat(ended.code()).as(ended.toString()).isZero();
					assertThat(ended.count("READY")).as(ended.toString()).isEqualTo(1);
					assertThat(ended.stackTraces()).as(ended.toString()).isEmpty();
				}));
			}
		}
		return jvms.run(scenarios);
	}

	@TestFactory
	@Tag("faults")
	Stream<DynamicTest> aWebApplicationGoesOnWhenAllMembersHaveEnded() {
		Kind kind = Kind.WEB;
		return jvms.run(List.of(new Scenario(kind.toString(), () -> {
			List<String> arguments = new ArrayList<>(Moment.READY.arguments("return"));
			arguments
				.addAll(List.of("--run.actors.trigger.on-done=do-nothing", "--run.actors.bystander.enabled=false"));
			try (ForkedJvm jvm = kind.start(arguments)) {
				jvm.awaitLine("END at");
				assertThat(jvm.staysUpFor(WATCHED_MILLIS)).isTrue();
				jvm.signal("TERM");
				assertThat(jvm.awaitEnd().code()).isEqualTo(143);
			}
		})));
	}

	@TestFactory
	Stream<DynamicTest> aFailedStartLeavesNoActorBehind() {
		List<Scenario> scenarios = new ArrayList<>();
		for (Kind kind : Kind.someOr(Kind.WEB_VIRTUAL)) {
			if (kind.web()) {
				scenarios.add(new Scenario("port taken, " + kind, () -> {
					try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
						// the actors have begun, the web server comes next
						String beforeWebServer = "--app.hold-phase=" + (Integer.MAX_VALUE - 2049);
						Ended ended = kind.run(List.of("--app.at=never", "--app.hold=begun", beforeWebServer,
								"--server.address=127.0.0.1", "--server.port=" + taken.getLocalPort()));
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
		}
		return jvms.run(scenarios);
	}

	@TestFactory
	@Tag("faults")
	Stream<DynamicTest> aFailedStartLeavesNoActorBehindThatHasReturnedOrIgnoresItsInterrupt() {
		List<Scenario> scenarios = new ArrayList<>();
		for (Kind kind : Kind.some()) {
			if (kind.web()) {
				scenarios.add(new Scenario("port taken after an actor has returned, " + kind, () -> {
					try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
						String beforeWebServer = "--app.hold-phase=" + (Integer.MAX_VALUE - 2049);
						Ended ended = kind.run(List.of("--app.at=refresh", "--app.how=return", "--app.hold=ending",
								beforeWebServer, "--server.address=127.0.0.1", "--server.port=" + taken.getLocalPort(),
								// for so long the start may go on until it fails
								"--run.shutdown.timeout=60s"));
						assertThat(ended.code()).as(ended.toString()).isEqualTo(1);
						assertThat(ended.containing("already in use")).as(ended.toString()).isNotEmpty();
						assertInterruptedOnce(ended, "MEMBER_DONE");
						assertThat(ended.containing("exit code 0")).as(ended.toString()).isEmpty();
						assertThat(ended.stackTraces()).as(ended.toString()).isEmpty();
					}
				}));
			}
			scenarios.add(new Scenario("a later bean fails, an actor ignores its interrupt, " + kind, () -> {
				Ended ended = kind.run(List.of("--app.at=never", "--app.stubborn=true", "--app.hold=throw", BRIEFLY));
				assertThat(ended.code()).as(ended.toString()).isEqualTo(1);
				assertThat(ended.containing("INTERRUPT bystander CONTEXT_CLOSED")).as(ended.toString()).hasSize(1);
				assertStubbornIsGivenUp(ended, BRIEF_BUDGET_MILLIS);
			}));
		}
		return jvms.run(scenarios);
	}

	@TestFactory
	Stream<DynamicTest> aNonWebApplicationStaysUpWithItsActorsAlone() {
		List<Scenario> scenarios = new ArrayList<>();
		for (Kind kind : Kind.allOr(Kind.PLAIN_VIRTUAL)) {
			if (!kind.web()) {
				scenarios.add(new Scenario(kind.toString(), () -> {
					try (ForkedJvm jvm = kind.start(List.of("--app.at=never"))) {
						jvm.awaitLine("MAIN RETURNS");
						assertThat(jvm.staysUpFor(WATCHED_MILLIS)).isTrue();
						jvm.signal("TERM");
						assertThat(jvm.awaitEnd().code()).isEqualTo(143);
					}
				}));
			}
		}
		return jvms.run(scenarios);
	}

	@TestFactory
	@Tag("faults")
	Stream<DynamicTest> aStartThatIsStuckDoesNotKeepTheApplicationUp() {
		List<Scenario> scenarios = new ArrayList<>();
		for (Kind kind : Kind.some()) {
			for (String how : List.of("fail", "return")) {
				scenarios.add(new Scenario(how + ", " + kind, () -> {
					Ended ended = kind.run(List.of("--app.at=refresh", "--app.hold=wait", "--app.how=" + how));
					assertThat(ended.code()).as(ended.toString()).isEqualTo(how.equals("fail") ? 1 : 0);
					assertInterruptedOnce(ended, how.equals("fail") ? "MEMBER_FAILED" : "MEMBER_DONE");
					// Spring's close() interrupts a launching thread that waits, ten
					// times a
					// second: on a slow machine also when that cancels the refresh itself
					assertOnlyRelatedStackTraces(ended, "boom", "java.lang.InterruptedException");
					assertThat(ended.containing("RUNNER active")).as(ended.toString()).isEmpty();
				}));
			}
		}
		return jvms.run(scenarios);
	}

	@TestFactory
	@Tag("faults")
	Stream<DynamicTest> theCodeIsRightWhenTheLaunchingThreadIsNotMain() {
		List<Scenario> scenarios = new ArrayList<>();
		for (Moment moment : Moment.values()) {
			Kind kind = Kind.PLAIN;
			scenarios.add(new Scenario(kind + ", " + moment, () -> {
				try (ForkedJvm jvm = kind.start(List.of("-Dapp.launcher=true"), moment.arguments("generator"))) {
					Ended ended = jvm.awaitEnd();
					assertThat(ended.code()).as(ended.toString()).isEqualTo(42);
					assertInterruptedOnce(ended, "MEMBER_FAILED");
				}
			}));
		}
		return jvms.run(scenarios);
	}

	@TestFactory
	Stream<DynamicTest> withOnShutdownCloseTheJvmEndsWhenNothingKeepsItUp() {
		List<Scenario> scenarios = new ArrayList<>();
		for (Kind kind : Kind.someOr(Kind.WEB_VIRTUAL)) {
			scenarios.add(new Scenario(kind.toString(), () -> {
				List<String> arguments = new ArrayList<>(Moment.READY.arguments("generator"));
				arguments.add("--run.on-shutdown=close");
				Ended ended = kind.run(arguments);
				assertThat(ended.code()).as(ended.toString()).isZero();
				assertFailure(ended, Moment.READY, "Exception: boom");
			}));
		}
		return jvms.run(scenarios);
	}

	@TestFactory
	Stream<DynamicTest> withOnShutdownNoneTheApplicationGoesOn() {
		List<Scenario> scenarios = new ArrayList<>();
		for (Kind kind : Kind.someOr(Kind.WEB_VIRTUAL)) {
			if (kind.web()) {
				for (Moment moment : Scenarios.EVERYTHING ? List.of(Moment.REFRESH, Moment.READY)
						: List.of(Moment.READY)) {
					scenarios.add(new Scenario(kind + ", " + moment, () -> {
						List<String> arguments = new ArrayList<>(moment.arguments("fail"));
						arguments.addAll(List.of("--app.hold=no", "--run.on-shutdown=none"));
						try (ForkedJvm jvm = kind.start(arguments)) {
							jvm.awaitLine("INTERRUPT bystander");
							jvm.awaitLine("READY");
							assertThat(jvm.staysUpFor(WATCHED_MILLIS)).isTrue();
							jvm.signal("TERM");
							Ended ended = jvm.awaitEnd();
							assertThat(ended.code()).as(ended.toString()).isEqualTo(143);
							assertInterruptedOnce(ended, "MEMBER_FAILED");
						}
					}));
				}
			}
		}
		return jvms.run(scenarios);
	}

	@TestFactory
	Stream<DynamicTest> aCloseThatHangsIsHaltedWithTheCode() {
		return halted.stream();
	}

	/**
	 * A bean whose destroy method never returns: it takes a halt to end that.
	 */
	private static void closeThatHangs() throws Exception {
		List<String> arguments = new ArrayList<>(Moment.READY.arguments("generator"));
		arguments.addAll(List.of("--app.hang=true", "--run.shutdown.timeout=500ms",
				"--spring.lifecycle.timeout-per-shutdown-phase=500ms"));
		Ended ended = Kind.PLAIN.run(arguments);
		assertThat(ended.code()).as(ended.toString()).isEqualTo(42);
		assertThat(ended.count("DESTROY HANGS")).as(ended.toString()).isEqualTo(1);
		assertThat(ended.containing("halted with exit code 42")).as(ended.toString()).hasSize(1);
	}

	@Test
	void whatIsTestedByDefaultHasEachValueWithEachOtherOne() {
		List<Setting> settings = Stream.concat(FAILING.stream(), RETURNING.stream()).toList();
		assertThat(settings).extracting((setting) -> setting.kind()).containsAll(Kind.all());
		for (Moment moment : Moment.values()) {
			assertThat(settings).filteredOn((setting) -> setting.moment() == moment)
				.extracting((setting) -> setting.kind().web())
				.contains(true, false);
			assertThat(settings).filteredOn((setting) -> setting.moment() == moment)
				.extracting((setting) -> setting.kind().virtual())
				.containsAll(Kind.all().stream().map(Kind::virtual).toList());
		}
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

	private static void assertOnlyRelatedStackTraces(Ended ended, String... related) {
		assertThat(ended.stackTraces()).as(ended.toString())
			.allMatch((headline) -> Stream.of(related).anyMatch(headline::contains));
		assertThat(ended.containing("Exception in thread")).as(ended.toString()).isEmpty();
		assertThat(ended.containing("halted with")).as(ended.toString()).isEmpty();
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

		private Setting of(Kind kind) {
			return new Setting(kind, this);
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
	 * A kind of application and a moment.
	 */
	private record Setting(Kind kind, Moment moment) {

		private static List<Setting> allOr(List<Setting> some) {
			return Scenarios.EVERYTHING ? Kind.all()
				.stream()
				.flatMap((kind) -> Stream.of(Moment.values()).map((moment) -> moment.of(kind)))
				.toList() : some;
		}

		/**
		 * Each moment once, with the kinds in turn, or a choice where not everything is
		 * to be tested; all where each is repeated.
		 */
		private static List<Setting> eachMomentOr(int first, List<Setting> some) {
			if (Scenarios.REPEAT > 1) {
				return allOr(some);
			}
			List<Kind> kinds = Kind.all();
			return Scenarios.EVERYTHING ? Stream.of(Moment.values())
				.map((moment) -> moment.of(kinds.get((first + moment.ordinal()) % kinds.size())))
				.toList() : some;
		}

		private Ended run(String how, String... more) throws Exception {
			List<String> arguments = new ArrayList<>(this.moment.arguments(how));
			arguments.addAll(List.of(more));
			return this.kind.run(arguments);
		}

		@Override
		public String toString() {
			return this.kind + ", " + this.moment;
		}

	}

}
