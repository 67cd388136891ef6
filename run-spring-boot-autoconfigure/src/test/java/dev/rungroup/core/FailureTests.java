package dev.rungroup.core;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(60)
class FailureTests {

	private final FakeMember a = new FakeMember("a");

	private final FakeMember b = new FakeMember("b");

	private final FakeMember c = new FakeMember("c");

	private final List<Throwable> handled = new CopyOnWriteArrayList<>();

	private final Events events = new Events();

	private final Group group = Group.builder().listener(this.events).build();

	static List<Throwable> failures() {
		return List.of(new IOException("checked"), new IllegalStateException("unchecked"),
				new StackOverflowError("error"), new AssertionError("assertion"),
				new Throwable("neither an Exception nor an Error"), new InterruptedException("nobody asked for it"),
				new CancellationException("nobody asked for it"));
	}

	@ParameterizedTest
	@MethodSource("failures")
	void whateverIsThrownEndsTheGroupAndIsThrownTheSameInstance(Throwable failure) {
		RunningGroup run = runAll();
		this.a.fail(failure);
		assertThat(run.thrown()).isSameAs(failure);
		assertThat(this.group.stopReason()).isEqualTo(new StopReason(StopReason.Kind.MEMBER_FAILED, "a", failure));
		assertThat(this.handled).containsExactly(failure);
		assertThat(this.events.of("a")).containsExactly("a started", "a execution failed", "a ended FAILED");
	}

	@Test
	void theFirstFailureIsThrownAndLaterOnesAreItsSuppressed() {
		this.b.deaf();
		this.c.deaf();
		RunningGroup run = runAll();
		IOException first = new IOException("first");
		IllegalStateException second = new IllegalStateException("second");
		StackOverflowError third = new StackOverflowError("third");
		this.a.fail(first);
		this.b.awaitInterrupt();
		this.b.fail(second);
		Waits.until(() -> this.events.of("b").size() == 3);
		this.c.fail(third);
		assertThat(run.thrown()).isSameAs(first);
		assertThat(first.getSuppressed()).containsExactly(second, third);
		assertThat(this.handled).containsExactlyInAnyOrder(first, second, third);
		assertThat(this.group.stopReason().cause()).isSameAs(first);
	}

	static List<Throwable> interrupts() {
		return List.of(new InterruptedException("ours"), new ClosedByInterruptException(),
				new InterruptedIOException("ours"), new CancellationException("ours"),
				new RuntimeException(new InterruptedException("ours")),
				new CompletionException(new IllegalStateException(new CancellationException("ours"))),
				new IOException("wrapped", new ClosedByInterruptException()));
	}

	@ParameterizedTest
	@MethodSource("interrupts")
	void anInterruptThatWeCausedIsNoFailure(Throwable interrupt) {
		this.b.deaf();
		RunningGroup run = runAll();
		IOException first = new IOException("first");
		this.a.fail(first);
		this.b.awaitInterrupt();
		this.b.fail(interrupt);
		assertThat(run.thrown()).isSameAs(first);
		assertThat(first.getSuppressed()).isEmpty();
		assertThat(this.handled).containsExactly(first);
		assertThat(this.events.of("b")).containsExactly("b started", "b execution interrupted", "b ended STOPPED");
	}

	@ParameterizedTest
	@MethodSource("interrupts")
	void theSameBeforeAnyStopIsAFailure(Throwable interrupt) {
		RunningGroup run = runAll();
		this.a.fail(interrupt);
		assertThat(run.thrown()).isSameAs(interrupt);
		assertThat(this.handled).containsExactly(interrupt);
	}

	@Test
	void aCauseThatLeadsBackToItselfIsNoTrap() {
		this.b.deaf();
		RunningGroup run = runAll();
		Exception one = new Exception("one");
		Exception two = new Exception("two", one);
		one.initCause(two);
		this.a.finish();
		this.b.awaitInterrupt();
		this.b.fail(two);
		run.returned();
		assertThat(this.handled).containsExactly(two);
	}

	@Test
	void aGroupThatWasStoppedThrowsNothingWhateverItsMembersThrow() {
		this.a.deaf();
		this.b.deaf();
		RunningGroup run = runAll();
		this.group.stop();
		this.a.awaitInterrupt();
		this.b.awaitInterrupt();
		IllegalStateException failure = new IllegalStateException("while stopping");
		StackOverflowError error = new StackOverflowError("while stopping");
		this.a.fail(failure);
		this.b.fail(error);
		run.returned();
		assertThat(this.handled).containsExactlyInAnyOrder(failure, error);
		assertThat(this.events.of("a")).contains("a execution interrupted");
		assertThat(this.events.of("b")).contains("b execution interrupted");
		assertThat(this.group.snapshot().members()).allSatisfy((member) -> {
			assertThat(member.failures()).isZero();
			assertThat(member.lastFailure()).isNull();
		});
		assertThat(this.group.stopReason()).isEqualTo(new StopReason(StopReason.Kind.STOP_REQUESTED, null, null));
	}

	@Test
	void aGroupThatAMemberEndedByReturningThrowsNothingWhateverTheOthersThrow() {
		this.b.deaf();
		RunningGroup run = runAll();
		this.a.finish();
		this.b.awaitInterrupt();
		IllegalStateException failure = new IllegalStateException("while stopping");
		this.b.fail(failure);
		run.returned();
		assertThat(this.handled).containsExactly(failure);
	}

	@Test
	void whatAMemberThrowsAfterItWasAskedToEndIsNoFailureAndItIsStopped() {
		this.b.deaf();
		RunningGroup run = runAll();
		this.group.stop();
		this.b.awaitInterrupt();
		this.b.fail(new IOException("the socket was closed under it"));
		run.returned();
		assertThat(this.events.of("b")).containsExactly("b started", "b execution interrupted", "b ended STOPPED");
	}

	@Test
	void aFailureOfAMemberThatDoesNothingOnErrorIsNotThrownLater() {
		this.group.add(this.a.describe().onError(Policy.DO_NOTHING).build());
		this.group.add(this.b.build());
		RunningGroup run = RunningGroup.of(this.group);
		this.a.fail(new IOException("alone"));
		this.events.await("a ended FAILED");
		IllegalStateException failure = new IllegalStateException("ends the group");
		this.b.fail(failure);
		assertThat(run.thrown()).isSameAs(failure);
		assertThat(failure.getSuppressed()).isEmpty();
	}

	@Test
	void twoMembersThatThrowTheSameInstanceDoNotSuppressItUnderItself() {
		this.b.deaf();
		RunningGroup run = runAll();
		IOException shared = new IOException("shared");
		this.a.fail(shared);
		this.b.awaitInterrupt();
		this.b.fail(shared);
		assertThat(run.thrown()).isSameAs(shared);
		assertThat(shared.getSuppressed()).isEmpty();
	}

	@Test
	void manyFailuresAtOnceYieldOneThrownAndAllOthersSuppressed() {
		CountDownLatch go = new CountDownLatch(1);
		List<Throwable> all = new CopyOnWriteArrayList<>();
		for (int i = 0; i < 20; i++) {
			this.group.add(Member.named("m" + i).execute(() -> {
				Waits.await(go);
				IOException failure = new IOException("at once");
				all.add(failure);
				throw failure;
			}).interrupt((reason) -> {
			}).build());
		}
		RunningGroup run = RunningGroup.of(this.group);
		Waits.until(() -> this.group.snapshot().members().stream().allMatch((m) -> m.state() == MemberState.RUNNING));
		go.countDown();
		Throwable thrown = run.thrown();
		assertThat(all).hasSize(20).contains(thrown);
		all.remove(thrown);
		assertThat(thrown.getSuppressed()).containsExactlyInAnyOrderElementsOf(all);
	}

	@Test
	void handlersAreCalledInOrderWithTheFailureItself() {
		List<String> order = new CopyOnWriteArrayList<>();
		IOException failure = new IOException("broken");
		this.group.add(this.a.describe()
			.failureHandler((thrown) -> order.add("first " + thrown.getMessage()))
			.failureHandler((thrown) -> order.add("second " + (thrown == failure)))
			.build());
		RunningGroup run = RunningGroup.of(this.group);
		this.a.fail(failure);
		assertThat(run.thrown()).isSameAs(failure);
		assertThat(order).containsExactly("first broken", "second true");
	}

	@Test
	void handlersHearEveryFailureOfARestartedMember() {
		this.group.add(this.a.describe()
			.failureHandler(this.handled::add)
			.onError(Policy.RESTART)
			.backoff(Backoff.none())
			.maxRestarts(2)
			.build());
		RunningGroup run = RunningGroup.of(this.group);
		List<Throwable> failures = List.of(new IOException("1"), new IOException("2"), new IOException("3"));
		failures.forEach(this.a::fail);
		assertThat(run.thrown()).isSameAs(failures.get(2));
		assertThat(this.handled).containsExactlyElementsOf(failures);
	}

	@Test
	void handlersDoNotHearNormalReturns() {
		RunningGroup run = runAll();
		this.a.finish();
		run.returned();
		assertThat(this.handled).isEmpty();
	}

	@Test
	void aHandlerThatThrowsChangesNothingElse() {
		IOException failure = new IOException("broken");
		this.group.add(this.a.describe().failureHandler((thrown) -> {
			throw new IllegalArgumentException("handler");
		}).failureHandler((thrown) -> {
			throw new StackOverflowError("handler");
		}).failureHandler((thrown) -> {
			throw new IllegalStateException(thrown);
		}).failureHandler(this.handled::add).onError(Policy.RESTART).backoff(Backoff.none()).maxRestarts(1).build());
		RunningGroup run = RunningGroup.of(this.group);
		this.a.fail(new IOException("restarted all the same"));
		this.a.awaitStarted();
		this.a.awaitStarted();
		this.a.fail(failure);
		assertThat(run.thrown()).isSameAs(failure);
		assertThat(failure.getSuppressed()).isEmpty();
		assertThat(this.handled).hasSize(2);
	}

	@Test
	void handlersInterruptersAndListenersThatThrowAreReportedByName() {
		List<LogRecord> records = new CopyOnWriteArrayList<>();
		Handler handler = new Handler() {

			@Override
			public void publish(LogRecord record) {
				records.add(record);
			}

			@Override
			public void flush() {
			}

			@Override
			public void close() {
			}

		};
		Logger logger = Logger.getLogger("dev.rungroup");
		logger.addHandler(handler);
		logger.setUseParentHandlers(false);
		IllegalArgumentException fromHandler = new IllegalArgumentException("handler");
		IllegalArgumentException fromInterrupter = new IllegalArgumentException("interrupter");
		IllegalArgumentException fromListener = new IllegalArgumentException("listener");
		IllegalArgumentException afterExecution = new IllegalArgumentException("listener, after an execution");
		try {
			Group group = Group.builder().name("orders").listener(new GroupListener() {

				@Override
				public void memberStarted(String member) {
					throw fromListener;
				}

				@Override
				public void executionEnded(String member, Outcome outcome, long nanos) {
					throw afterExecution;
				}

			}).build();
			group.add(Member.named("order-server").execute(() -> {
				throw new IOException("broken");
			}).failureHandler((failure) -> {
				throw fromHandler;
			}).interrupt((reason) -> {
				throw fromInterrupter;
			}).build());
			assertThat(RunningGroup.of(group).thrown()).hasMessage("broken");
		}
		finally {
			logger.removeHandler(handler);
			logger.setUseParentHandlers(true);
		}
		for (Throwable thrown : List.of(fromHandler, fromInterrupter, fromListener, afterExecution)) {
			assertThat(records).as("reports of %s", thrown)
				.filteredOn((record) -> record.getThrown() == thrown)
				.hasSize(1);
		}
		assertThat(records)
			.filteredOn((record) -> record.getThrown() == fromListener || record.getThrown() == afterExecution)
			.allSatisfy((record) -> assertThat(record.getMessage()).contains("Listener " + FailureTests.class.getName(),
					"order-server"));
		assertThat(records).filteredOn((record) -> record.getThrown() == fromHandler)
			.allSatisfy(
					(record) -> assertThat(record.getMessage() + List.of(parameters(record))).contains("order-server"));
		assertThat(records).filteredOn((record) -> record.getThrown() == fromInterrupter)
			.allSatisfy(
					(record) -> assertThat(record.getMessage() + List.of(parameters(record))).contains("order-server"));
	}

	private static Object[] parameters(LogRecord record) {
		return (record.getParameters() != null) ? record.getParameters() : new Object[0];
	}

	@Test
	void anInterruptFlagThatAHandlerLeavesBehindDoesNotStopTheMember() {
		this.group.add(this.a.describe()
			.failureHandler((thrown) -> Thread.currentThread().interrupt())
			.onError(Policy.RESTART)
			.backoff(Backoff.none())
			.build());
		RunningGroup run = RunningGroup.of(this.group);
		this.a.awaitStarted();
		this.a.fail(new IOException("once"));
		assertThat(this.a.awaitStarted().execution()).isEqualTo(2);
		assertThat(run.isOver()).isFalse();
		this.group.stop();
		run.returned();
	}

	private RunningGroup runAll() {
		for (FakeMember member : List.of(this.a, this.b, this.c)) {
			this.group.add(member.describe().failureHandler(this.handled::add).build());
		}
		RunningGroup run = RunningGroup.of(this.group);
		this.a.awaitStarted();
		this.b.awaitStarted();
		this.c.awaitStarted();
		return run;
	}

}
