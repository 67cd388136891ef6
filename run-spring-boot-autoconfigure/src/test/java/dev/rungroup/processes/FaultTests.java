package dev.rungroup.processes;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import dev.rungroup.processes.FaultyActor.Fault;
import dev.rungroup.processes.ForkedJvm.Ended;
import dev.rungroup.processes.Scenarios.Scenario;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Real signals to real JVMs while they start, while they stop and while an actor is in an
 * awkward place; and actors that end the JVM in an awkward way. Whatever happens: the
 * exit code tells the truth, every actor that has started is interrupted once, and the
 * JVM ends within its budget.
 */
@Tag("faults")
class FaultTests {

	/** The exit code that each signal stands for. */
	private static final Map<String, Integer> CODES = Map.of("TERM", 143, "INT", 130);

	private static final long SEED = Long.getLong("run.exit.seed", System.nanoTime());

	private static final int MOMENTS = Integer.getInteger("run.exit.moments", (Scenarios.REPEAT > 1) ? 50 : 12);

	/** How long a JVM lives that no signal ends early. */
	private static final Map<Kind, Long> lives = new ConcurrentHashMap<>();

	private static final AtomicInteger turn = new AtomicInteger();

	private static Scenarios jvms;

	@BeforeAll
	static void startThreads() {
		System.out.println("Random moments: -Drun.exit.seed=" + SEED);
		jvms = new Scenarios();
	}

	@AfterAll
	static void stopThreads() {
		jvms.close();
	}

	/**
	 * From the first millisecond of the JVM to the last. Before {@code main} has begun
	 * nothing of ours runs, and all that can be asked for is the code. From then on every
	 * actor whose body has begun is interrupted once, and the code is that of the signal,
	 * or of the actor if that one has ended the application before the signal came.
	 */
	@TestFactory
	Stream<DynamicTest> aSignalAtAnyMomentInterruptsEveryStartedActorOnce() {
		Random random = new Random(SEED);
		List<List<String>> signals = List.of(List.of("TERM"), List.of("INT"), List.of("TERM", "INT"));
		List<Scenario> scenarios = new ArrayList<>();
		for (int i = 0; i < MOMENTS; i++) {
			List<String> names = signals.get(i % signals.size());
			Kind kind = Kind.some().get(random.nextInt(Kind.some().size()));
			double moment = random.nextDouble();
			// one that would end by itself, and one that would not
			String at = (i / signals.size() % 2 == 0) ? "never" : "ready";
			scenarios.add(new Scenario(
					"%s at %.3f of its life, ends %s, %s, seed %d".formatted(names, moment, at, kind, SEED),
					() -> assertSignal(kind, at, names, moment)));
		}
		return jvms.run(scenarios);
	}

	private static void assertSignal(Kind kind, String at, List<String> signals, double moment) throws Exception {
		long life = lives.computeIfAbsent(kind, FaultTests::life);
		try (ForkedJvm jvm = kind.start(life(at))) {
			jvm.staysUpFor((long) (moment * life));
			long signalled = System.currentTimeMillis();
			boolean received = jvm.signalIfAlive(signals.toArray(String[]::new));
			Ended ended = jvm.awaitEnd();
			List<Integer> codes = new ArrayList<>();
			if (received) {
				signals.forEach((signal) -> codes.add(CODES.get(signal)));
			}
			if (ended.count("END at") > 0) {
				codes.add(42);
			}
			if (ended.count("MAIN BEGINS") == 0
					&& !ended.containing("Error occurred during initialization of VM").isEmpty()) {
				// a JVM may stumble over a signal while it initializes itself
				codes.add(1);
			}
			assertThat(ended.code()).as(ended.toString()).isIn(codes);
			assertInterruptedOnce(ended);
			// Spring finishes a start that is under way first, however long that takes
			long stopping = Math.max(signalled,
					(ended.count("REFRESHED at") > 0) ? ended.number("REFRESHED at") : signalled);
			assertThat(ended.at() - stopping).as(ended.toString()).isLessThan(Kind.BUDGET_MILLIS);
		}
	}

	private static long life(Kind kind) {
		long start = System.currentTimeMillis();
		try {
			Ended ended = kind.run(life("ready"));
			assertThat(ended.code()).as(ended.toString()).isEqualTo(42);
			return ended.at() - start;
		}
		catch (Exception ex) {
			throw new AssertionError(ex);
		}
	}

	private static List<String> life(String at) {
		return List.of("--app.at=" + at, "--app.how=generator", "--app.fault=" + Fault.SLOW_INTERRUPTER);
	}

	@TestFactory
	Stream<DynamicTest> aSignalWhileAnInterrupterWorksChangesNothing() {
		return forSomeKinds((kind) -> {
			Ended ended = signal(kind, "IN INTERRUPTER", List.of("INT"),
					List.of("--app.at=ready", "--app.how=generator", "--app.fault=" + Fault.SLOW_INTERRUPTER));
			// close first, then exit: the signal has come before the actor's own code
			assertThat(ended.code()).as(ended.toString()).isIn(42, 130);
			assertThat(ended.after("INTERRUPT ")).as(ended.toString())
				.containsExactlyInAnyOrder("trigger MEMBER_FAILED", "bystander MEMBER_FAILED", "faulty MEMBER_FAILED");
		});
	}

	@TestFactory
	Stream<DynamicTest> anInterrupterThatNeverReturnsIsGivenUp() {
		return forSomeKinds((kind) -> {
			Ended ended = twoSignals(kind, List.of("--app.at=never", "--app.fault=" + Fault.STUCK_INTERRUPTER));
			assertThat(ended.code()).as(ended.toString()).isEqualTo(143);
			assertAllInterruptedOnce(ended, "CONTEXT_CLOSED");
		});
	}

	@TestFactory
	Stream<DynamicTest> aSignalWhileAFailureHandlerWorks() {
		List<Scenario> scenarios = new ArrayList<>();
		for (String policy : List.of("shutdown", "restart", "do-nothing")) {
			Kind kind = Kind.some().get(scenarios.size() % 2);
			scenarios.add(new Scenario(policy + ", " + kind, () -> {
				Ended ended = signal(kind, "IN HANDLER", List.of("TERM"),
						List.of("--app.at=never", "--app.fault=" + Fault.HANDLER,
								"--run.actors.faulty.on-error=" + policy, "--run.retry.delay=60s"));
				assertThat(ended.code()).as(ended.toString())
					.isIn(policy.equals("shutdown") ? List.of(143, 1) : List.of(143));
				assertThat(ended.count("STARTED faulty")).as(ended.toString()).isEqualTo(1);
				assertInterruptedOnce(ended);
			}));
		}
		return jvms.run(scenarios);
	}

	@TestFactory
	Stream<DynamicTest> aSignalInABackOffBeginsNothingAndEndsThePause() {
		return forSomeKinds((kind) -> {
			Ended ended = signal(kind, "IN HANDLER", List.of("TERM"), List.of("--app.at=never",
					"--app.fault=" + Fault.FAIL, "--run.actors.faulty.on-error=restart", "--run.retry.delay=60s"));
			assertThat(ended.code()).as(ended.toString()).isEqualTo(143);
			assertThat(ended.count("STARTED faulty")).as(ended.toString()).isEqualTo(1);
			assertAllInterruptedOnce(ended, "CONTEXT_CLOSED");
		});
	}

	@TestFactory
	Stream<DynamicTest> anActorMayExitTheJvm() {
		return forSomeKinds((kind) -> {
			Ended ended = kind.run(List.of("--app.at=never", "--app.fault=" + Fault.EXIT));
			assertThat(ended.code()).as(ended.toString()).isEqualTo(7);
			assertAllInterruptedOnce(ended, "CONTEXT_CLOSED");
		});
	}

	@TestFactory
	Stream<DynamicTest> aSignalWhileAnActorExitsTheJvm() {
		return forSomeKinds((kind) -> {
			Ended ended = signal(kind, "IN EXIT", List.of("TERM", "INT"),
					List.of("--app.at=never", "--app.fault=" + Fault.EXIT));
			assertThat(ended.code()).as(ended.toString()).isIn(7, 143, 130);
			assertAllInterruptedOnce(ended, "CONTEXT_CLOSED");
		});
	}

	@TestFactory
	Stream<DynamicTest> anActorMayExitTheJvmWhileASignalEndsIt() {
		return forSomeKinds((kind) -> {
			Ended ended = signal(kind, "STARTED faulty", List.of("TERM"),
					List.of("--app.at=never", "--app.fault=" + Fault.EXIT_WHEN_INTERRUPTED));
			assertThat(ended.code()).as(ended.toString()).isEqualTo(143);
			assertInterruptedOnce(ended);
			assertThat(ended.containing("gave up waiting")).as(ended.toString()).isEmpty();
		});
	}

	@TestFactory
	Stream<DynamicTest> anActorMayCloseItsContext() {
		return forSomeKinds((kind) -> {
			Ended ended = kind.run(List.of("--app.at=never", "--app.fault=" + Fault.CLOSE));
			assertThat(ended.code()).as(ended.toString()).isZero();
			assertAllInterruptedOnce(ended, "CONTEXT_CLOSED");
		});
	}

	@TestFactory
	Stream<DynamicTest> aSignalWhileAnActorClosesItsContext() {
		return forSomeKinds((kind) -> {
			Ended ended = signal(kind, "IN CLOSE", List.of("TERM"),
					List.of("--app.at=never", "--app.fault=" + Fault.CLOSE));
			assertThat(ended.code()).as(ended.toString()).isIn(0, 143);
			assertAllInterruptedOnce(ended, "CONTEXT_CLOSED");
		});
	}

	@TestFactory
	Stream<DynamicTest> anActorInAClassInitializerIsGivenUp() {
		List<Scenario> scenarios = new ArrayList<>();
		for (Fault fault : List.of(Fault.INITIALIZER, Fault.INITIALIZER_IN_INTERRUPTER)) {
			for (Kind kind : kinds()) {
				scenarios.add(new Scenario(fault + ", " + kind, () -> {
					Ended ended = signal(kind, "IN INITIALIZER", List.of("TERM"),
							List.of("--app.at=never", "--app.fault=" + fault));
					assertThat(ended.code()).as(ended.toString()).isEqualTo(143);
					assertAllInterruptedOnce(ended, "CONTEXT_CLOSED");
					assertThat(ended.containing(" WARN ", "gave up waiting for", "'faulty'")).as(ended.toString())
						.hasSize(1);
				}));
			}
		}
		return jvms.run(scenarios);
	}

	@TestFactory
	Stream<DynamicTest> anActorThatRunsOutOfMemoryEndsTheApplicationWithOne() {
		return forSomeKinds((kind) -> {
			try (ForkedJvm jvm = kind.start(List.of("-Xmx64m"),
					List.of("--app.at=never", "--app.fault=" + Fault.MEMORY))) {
				Ended ended = jvm.awaitEnd();
				assertThat(ended.code()).as(ended.toString()).isEqualTo(1);
				assertAllInterruptedOnce(ended, "MEMBER_FAILED");
				assertThat(ended.containing("'faulty'", "ends the group", "OutOfMemoryError")).as(ended.toString())
					.hasSize(1);
				assertThat(ended.at() - ended.number("IN MEMORY at")).as(ended.toString())
					.isLessThan(Kind.BUDGET_MILLIS);
			}
		});
	}

	/**
	 * The exit needs no thread of its own.
	 */
	@TestFactory
	Stream<DynamicTest> anActorThatUsesUpTheThreadsEndsTheApplicationWithOne() {
		Kind kind = Kind.all().get(0);
		return jvms.run(List.of(new Scenario(kind.toString(), () -> {
			try (ForkedJvm jvm = kind.startWithFewThreads(List.of("--app.at=never", "--app.fault=" + Fault.THREADS))) {
				Ended ended = jvm.awaitEnd();
				assertThat(ended.count("IN THREADS")).as(ended.toString()).isEqualTo(1);
				assertThat(ended.code()).as(ended.toString()).isEqualTo(1);
				assertAllInterruptedOnce(ended, "MEMBER_FAILED");
				assertThat(ended.containing("The application has ended, exit code 1")).as(ended.toString()).hasSize(1);
			}
		})));
	}

	/**
	 * When the memory stays full nobody can stop anything in an orderly way. The README
	 * names this option.
	 */
	@TestFactory
	Stream<DynamicTest> memoryThatIsFullForGoodEndsAJvmThatIsToldTo() {
		return forSomeKinds((kind) -> {
			try (ForkedJvm jvm = kind.start(List.of("-Xmx64m", "-XX:+ExitOnOutOfMemoryError"),
					List.of("--app.at=never", "--app.fault=" + Fault.MEMORY_FOR_GOOD))) {
				Ended ended = jvm.awaitEnd();
				assertThat(ended.code()).as(ended.toString()).isEqualTo(3);
			}
		});
	}

	/**
	 * Start, wait for a line, send the signals if there still is somebody to send them
	 * to, and expect the end within the budget.
	 */
	private static Ended signal(Kind kind, String line, List<String> signals, List<String> arguments) throws Exception {
		try (ForkedJvm jvm = kind.start(arguments)) {
			jvm.awaitLine(line);
			long signalled = System.currentTimeMillis();
			jvm.signalIfAlive(signals.toArray(String[]::new));
			Ended ended = jvm.awaitEnd();
			assertThat(ended.at() - signalled).as(ended.toString()).isLessThan(Kind.BUDGET_MILLIS);
			return ended;
		}
	}

	private static Ended twoSignals(Kind kind, List<String> arguments) throws Exception {
		try (ForkedJvm jvm = kind.start(arguments)) {
			jvm.awaitLine("READY");
			jvm.awaitLine("STARTED faulty");
			long signalled = System.currentTimeMillis();
			jvm.signal("TERM");
			jvm.awaitLine("IN INTERRUPTER");
			// on a busy machine its time may be over
			jvm.signalIfAlive("INT", "TERM");
			Ended ended = jvm.awaitEnd();
			assertThat(ended.at() - signalled).as(ended.toString()).isLessThan(Kind.BUDGET_MILLIS);
			return ended;
		}
	}

	private static void assertAllInterruptedOnce(Ended ended, String reason) {
		assertThat(ended.after("INTERRUPT ")).as(ended.toString())
			.containsExactlyInAnyOrder("trigger " + reason, "bystander " + reason, "faulty " + reason);
		assertNothingHalted(ended);
	}

	/**
	 * Every actor whose body has begun, and none twice.
	 */
	private static void assertInterruptedOnce(Ended ended) {
		List<String> interrupted = ended.after("INTERRUPT ").stream().map((line) -> line.split(" ")[0]).toList();
		assertThat(interrupted).as(ended.toString()).doesNotHaveDuplicates().containsAll(ended.after("STARTED "));
		assertNothingHalted(ended);
	}

	private static void assertNothingHalted(Ended ended) {
		assertThat(ended.containing("halted with")).as(ended.toString()).isEmpty();
		assertThat(ended.containing("Exception in thread")).as(ended.toString()).isEmpty();
	}

	private static Stream<DynamicTest> forSomeKinds(ForKind body) {
		return jvms
			.run(Kind.some().stream().map((kind) -> new Scenario(kind.toString(), () -> body.run(kind))).toList());
	}

	/**
	 * Some, or one after the other where the time counts.
	 */
	private static List<Kind> kinds() {
		List<Kind> some = Kind.some();
		return (Scenarios.REPEAT > 1) ? some : List.of(some.get(turn.getAndIncrement() % some.size()));
	}

	private interface ForKind {

		void run(Kind kind) throws Exception;

	}

}
