package dev.rungroup.core;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

@Timeout(120)
class MembersTests {

	private final FakeMember other = new FakeMember("other");

	private final Events events = new Events();

	private final Group group = Group.builder().listener(this.events).build();

	@ParameterizedTest
	@CsvSource({ "INT,", "TERM,", "HUP,HUP" })
	void theFirstSignalEndsTheGroupWithASignalException(String signal, String names) {
		try (JavaProgram program = JavaProgram.start(AwaitsSignal.class,
				(names != null) ? new String[] { names } : new String[0])) {
			program.awaitLine("ready");
			program.signal(signal);
			assertThat(program.exitCode()).as(() -> "exit code after " + program.output()).isEqualTo(7);
			assertThat(program.output()).containsSubsequence("other interrupted MEMBER_FAILED by signals",
					"signal " + signal);
		}
	}

	@Test
	void theHandlersThatWereThereBeforeArePutBack() {
		try (JavaProgram program = JavaProgram.start(EndsBeforeTheSignal.class)) {
			program.awaitLine("group is over");
			program.signal("TERM");
			// the JVM's own handler: 128 + 15
			assertThat(program.exitCode()).as(() -> "exit code after " + program.output()).isEqualTo(143);
			assertThat(program.output()).contains("shutdown hook");
		}
	}

	/**
	 * In this JVM, with a signal that nobody else listens to.
	 */
	@Test
	void aSignalIsHeardUntilTheMemberEndsAndThenByThePreviousHandlerAgain() throws Exception {
		Queue<Object> previous = new ConcurrentLinkedQueue<>();
		Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
		Object original = handle(Proxy.newProxyInstance(handlerType.getClassLoader(), new Class<?>[] { handlerType },
				(proxy, method, arguments) -> {
					previous.add(arguments[0]);
					return null;
				}));
		try {
			this.group.add(Members.signals("WINCH"));
			RunningGroup run = RunningGroup.of(this.group);
			Waits.until("the signal ends the group", () -> {
				raise();
				return run.isOver();
			});
			assertThat(run.thrown()).isInstanceOfSatisfying(SignalException.class,
					(ex) -> assertThat(ex.signal()).isEqualTo("WINCH"));
			previous.clear();
			Waits.until("the previous handler hears the signal", () -> {
				raise();
				return !previous.isEmpty();
			});
		}
		finally {
			handle(original);
		}
	}

	private static Object handle(Object handler) throws ReflectiveOperationException {
		Class<?> type = Class.forName("sun.misc.Signal");
		return type.getMethod("handle", type, Class.forName("sun.misc.SignalHandler"))
			.invoke(null, type.getConstructor(String.class).newInstance("WINCH"), handler);
	}

	private static void raise() {
		try {
			Class<?> type = Class.forName("sun.misc.Signal");
			type.getMethod("raise", type).invoke(null, type.getConstructor(String.class).newInstance("WINCH"));
		}
		catch (ReflectiveOperationException ex) {
			throw new AssertionError(ex);
		}
	}

	@Test
	void aSignalThatDoesNotExistIsRefusedByName() {
		assertThatIllegalArgumentException().isThrownBy(() -> Members.signals("NONSENSE"))
			.withMessageContaining("NONSENSE");
	}

	@Test
	void completionEndsAsTheStageEnds() {
		CompletableFuture<String> stage = new CompletableFuture<>();
		this.group.add(Members.completion("stage", stage));
		this.group.add(this.other.build());
		RunningGroup run = RunningGroup.of(this.group);
		this.other.awaitStarted();
		assertThat(run.isOver()).isFalse();
		stage.complete("done");
		run.returned();
		assertThat(this.group.stopReason()).isEqualTo(new StopReason(StopReason.Kind.MEMBER_DONE, "stage", null));
	}

	@Test
	void completionThrowsTheFailureItself() {
		CompletableFuture<String> stage = new CompletableFuture<>();
		this.group.add(Members.completion("stage", stage));
		RunningGroup run = RunningGroup.of(this.group);
		IOException failure = new IOException("broken");
		stage.completeExceptionally(failure);
		assertThat(run.thrown()).isSameAs(failure);
	}

	@Test
	void completionThrowsTheFailureItselfAndNotTheExceptionAroundIt() {
		IOException failure = new IOException("broken");
		CompletableFuture<Object> first = new CompletableFuture<>();
		this.group.add(Members.completion("stage", first.thenApply(String::valueOf).thenApply(String::length)));
		RunningGroup run = RunningGroup.of(this.group);
		first.completeExceptionally(failure);
		assertThat(run.thrown()).isSameAs(failure);
	}

	@Test
	void completionUnwrapsACompletionExceptionThatTheStageHoldsItself() {
		IOException failure = new IOException("broken");
		this.group.add(Members.completion("stage", CompletableFuture.failedFuture(new CompletionException(failure))));
		assertThat(RunningGroup.of(this.group).thrown()).isSameAs(failure);
	}

	@Test
	void completionOfACompletedStageEndsAtOnce() {
		this.group.add(Members.completion("stage", CompletableFuture.completedFuture("done")));
		RunningGroup.of(this.group).returned();
	}

	@Test
	void completionEndsWhenTheGroupIsStopped() {
		CompletableFuture<String> stage = new CompletableFuture<>();
		this.group.add(Members.completion("stage", stage));
		RunningGroup run = RunningGroup.of(this.group);
		this.events.await("stage started");
		this.group.stop();
		run.returned();
		assertThat(stage).isNotDone();
		assertThat(this.group.snapshot().members().get(0).state()).isEqualTo(MemberState.STOPPED);
	}

	@Test
	void closingClosesAListenerThatWaitsForConnections() throws IOException {
		List<Throwable> reported = new CopyOnWriteArrayList<>();
		CountDownLatch accepting = new CountDownLatch(1);
		ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
		this.group.add(Members.closing("server", () -> {
			while (true) {
				accepting.countDown();
				server.accept().close();
			}
		}, server));
		this.group.add(this.other.build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.await(accepting);
		try (Socket client = new Socket(server.getInetAddress(), server.getLocalPort())) {
			assertThat(client.getInputStream().read()).isEqualTo(-1);
		}
		this.other.awaitStarted();
		this.other.finish();
		run.returned();
		assertThat(server.isClosed()).isTrue();
		assertThat(reported).isEmpty();
		assertThat(this.events.of("server")).containsExactly("server started", "server execution interrupted",
				"server ended STOPPED");
	}

	@Test
	void closingClosesAConnectionThatWaitsForData() throws IOException {
		try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
				Socket client = new Socket(server.getInetAddress(), server.getLocalPort());
				Socket accepted = server.accept()) {
			CountDownLatch reading = new CountDownLatch(1);
			this.group.add(Members.closing("connection", () -> {
				reading.countDown();
				accepted.getInputStream().read();
			}, accepted));
			RunningGroup run = RunningGroup.of(this.group);
			Waits.await(reading);
			long stopped = System.nanoTime();
			this.group.stop();
			run.returned();
			assertThat(Waits.since(stopped)).isLessThan(Waits.SOON);
			assertThat(client.getInputStream().read()).isEqualTo(-1);
		}
	}

	@Test
	void whatTheBodyOfClosingThrowsBeforeTheResourceIsClosedIsAFailure() throws IOException {
		IOException failure = new IOException("broken");
		try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
			this.group.add(Members.closing("server", () -> {
				throw failure;
			}, server));
			assertThat(RunningGroup.of(this.group).thrown()).isSameAs(failure);
			assertThat(server.isClosed()).isTrue();
		}
	}

	@Test
	void whatTheBodyOfClosingThrowsAfterTheGroupFailedIsNotSuppressedUnderThatFailure() throws IOException {
		CountDownLatch accepting = new CountDownLatch(1);
		try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
			this.group.add(Members.closing("server", () -> {
				accepting.countDown();
				server.accept();
			}, server));
			this.group.add(this.other.build());
			RunningGroup run = RunningGroup.of(this.group);
			Waits.await(accepting);
			this.other.awaitStarted();
			IOException failure = new IOException("broken");
			this.other.fail(failure);
			assertThat(run.thrown()).isSameAs(failure);
			assertThat(failure.getSuppressed()).isEmpty();
		}
	}

	@Test
	void closingClosesOnceAndAlsoWhenTheBodyHasReturned() {
		AtomicInteger closes = new AtomicInteger();
		this.group.add(Members.closing("resource", () -> {
		}, closes::incrementAndGet));
		RunningGroup.of(this.group).returned();
		assertThat(closes).hasValue(1);
	}

	static final class AwaitsSignal {

		public static void main(String[] arguments) throws Exception {
			Group group = new Group();
			CountDownLatch stop = new CountDownLatch(1);
			group.add(Members.signals(arguments));
			group.add(Member.named("other").execute(stop::await).interrupt((reason) -> {
				System.out.println("other interrupted " + reason.kind() + " by " + reason.member());
				stop.countDown();
			}).stage(1).build());
			// In a higher stage: one that has not begun is not interrupted
			group.add(Member.named("announcer").execute(() -> {
				awaitSignalsMember();
				System.out.println("ready");
			}).onDone(Policy.DO_NOTHING).stage(2).build());
			try {
				group.run();
			}
			catch (SignalException ex) {
				System.out.println("signal " + ex.signal());
				System.exit(7);
			}
		}

		/**
		 * The member of the signals has no announcement of its own: its thread waits when
		 * the handlers are in place.
		 */
		private static void awaitSignalsMember() throws InterruptedException {
			while (true) {
				for (Thread thread : Thread.getAllStackTraces().keySet()) {
					if (thread.getName().contains("signals") && thread.getState() == Thread.State.WAITING) {
						return;
					}
				}
				Thread.sleep(5);
			}
		}

	}

	static final class EndsBeforeTheSignal {

		public static void main(String[] arguments) throws Exception {
			Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("shutdown hook")));
			Group group = new Group();
			group.add(Members.signals());
			group.add(Member.named("short").execute((context) -> {
				AwaitsSignal.awaitSignalsMember();
				group.stop();
			}).build());
			group.run();
			System.out.println("group is over");
			Thread.sleep(Duration.ofMinutes(1).toMillis());
		}

	}

}
