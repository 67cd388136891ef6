package dev.rungroup.core;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

@Timeout(60)
class GroupStopTests {

	private static final StopReason REQUESTED = new StopReason(StopReason.Kind.STOP_REQUESTED, null, null);

	private final FakeMember a = new FakeMember("a");

	private final FakeMember b = new FakeMember("b");

	private final Group group = new Group();

	@Test
	void stopAsksAllMembersAndReturnsAtOnce() {
		this.a.deaf();
		RunningGroup run = runBoth();
		long called = System.nanoTime();
		this.group.stop();
		assertThat(Waits.since(called)).isLessThan(Waits.SOON);
		assertThat(this.a.awaitInterrupt()).isEqualTo(REQUESTED);
		assertThat(this.b.awaitInterrupt()).isEqualTo(REQUESTED);
		assertThat(run.isOver()).isFalse();
		this.a.finish();
		run.returned();
		assertThat(this.group.stopReason()).isEqualTo(REQUESTED);
	}

	@Test
	void stopDoesNotWaitForAnInterrupterThatBlocks() {
		CountDownLatch release = new CountDownLatch(1);
		CountDownLatch started = new CountDownLatch(1);
		this.group.add(Member.named("blocking").execute(() -> {
			started.countDown();
			Waits.await(release);
		}).interrupt((reason) -> Waits.ignoringInterrupts(release)).build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.await(started);
		long called = System.nanoTime();
		this.group.stop();
		assertThat(Waits.since(called)).isLessThan(Waits.SOON);
		release.countDown();
		run.returned();
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_21)
	void interruptersAreCalledThoughBodiesOfVirtualThreadsOccupyEveryCarrier() {
		int members = Runtime.getRuntime().availableProcessors() + 1;
		Group group = Group.builder().threadFactory(VirtualThreads::unstarted).build();
		AtomicBoolean stopped = new AtomicBoolean();
		CountDownLatch begun = new CountDownLatch(members - 1);
		for (int i = 1; i <= members; i++) {
			group.add(Member.named("computes-" + i).execute(() -> {
				begun.countDown();
				while (!stopped.get()) {
					Thread.onSpinWait();
				}
			}).interrupt((reason) -> stopped.set(true)).build());
		}
		RunningGroup run = RunningGroup.of(group);
		Waits.await(begun);
		group.stop();
		run.returned();
	}

	@Test
	void stopIsIdempotent() {
		RunningGroup run = runBoth();
		this.group.stop();
		this.group.stop();
		this.group.stop(new StopReason(StopReason.Kind.CONTEXT_CLOSED, null, null));
		run.returned();
		this.group.stop();
		assertThat(this.group.stopReason()).isEqualTo(REQUESTED);
		assertThat(this.a.interrupts()).containsExactly(REQUESTED);
		assertThat(this.b.interrupts()).containsExactly(REQUESTED);
	}

	@Test
	void stopFromManyThreadsInterruptsOnce() {
		RunningGroup run = runBoth();
		CountDownLatch go = new CountDownLatch(1);
		CountDownLatch called = new CountDownLatch(16);
		for (int i = 0; i < 16; i++) {
			Thread thread = new Thread(() -> {
				Waits.await(go);
				this.group.stop();
				called.countDown();
			});
			thread.setDaemon(true);
			thread.start();
		}
		go.countDown();
		Waits.await(called);
		run.returned();
		assertThat(this.a.interrupts()).hasSize(1);
		assertThat(this.b.interrupts()).hasSize(1);
	}

	@Test
	void stopWithAReasonHandsItToEveryInterrupter() {
		StopReason reason = new StopReason(StopReason.Kind.LEADERSHIP_LOST, "elector", null);
		RunningGroup run = runBoth();
		this.group.stop(reason);
		run.returned();
		assertThat(this.group.stopReason()).isEqualTo(reason);
		assertThat(this.a.interrupts()).containsExactly(reason);
		assertThat(this.b.interrupts()).containsExactly(reason);
	}

	@Test
	void theFirstReasonStays() {
		this.a.deaf();
		RunningGroup run = runBoth();
		this.group.stop(new StopReason(StopReason.Kind.CONTEXT_CLOSED, null, null));
		this.a.awaitInterrupt();
		this.a.fail(new IllegalStateException("too late"));
		run.returned();
		assertThat(this.group.stopReason()).isEqualTo(new StopReason(StopReason.Kind.CONTEXT_CLOSED, null, null));
	}

	@Test
	void theStopReasonIsKnownAsSoonAsStopReturns() {
		this.a.deaf();
		RunningGroup run = runBoth();
		assertThat(this.group.stopReason()).isNull();
		this.group.stop();
		assertThat(this.group.stopReason()).isEqualTo(REQUESTED);
		this.a.finish();
		run.returned();
	}

	@Test
	void aStopBeforeRunIsRemembered() {
		this.group.add(this.a.build());
		this.group.add(this.b.build());
		this.group.stop();
		RunningGroup.of(this.group).returned();
		assertThat(this.a.executions()).isZero();
		assertThat(this.b.executions()).isZero();
		// they never started, so there is nothing to interrupt
		assertThat(this.a.interrupts()).isEmpty();
		assertThat(this.b.interrupts()).isEmpty();
		assertThat(this.group.stopReason()).isEqualTo(REQUESTED);
		assertThat(this.group.snapshot().state()).isEqualTo(GroupState.STOPPED);
	}

	@Test
	void aStopBeforeStartIsRemembered() throws InterruptedException {
		this.group.add(this.a.build());
		this.group.stop();
		this.group.start();
		assertThat(this.group.awaitTermination(Waits.LIMIT)).isTrue();
		assertThat(this.a.executions()).isZero();
	}

	@Test
	void aStopFromABodyIsRememberedBetweenTwoExecutions() {
		AtomicInteger executions = new AtomicInteger();
		this.group.add(Member.named("stopper").execute(() -> {
			executions.incrementAndGet();
			this.group.stop();
		}).interrupt((reason) -> {
		}).onDone(Policy.RESTART).build());
		RunningGroup.of(this.group).returned();
		assertThat(executions).hasValue(1);
	}

	@Test
	void aStopFromAFailingBodyIsRememberedBetweenTwoExecutions() {
		AtomicInteger executions = new AtomicInteger();
		this.group.add(Member.named("stopper").execute(() -> {
			executions.incrementAndGet();
			this.group.stop();
			throw new IllegalStateException("after the stop");
		}).interrupt((reason) -> {
		}).onError(Policy.RESTART).backoff(Backoff.none()).build());
		RunningGroup.of(this.group).returned();
		assertThat(executions).hasValue(1);
	}

	@Test
	void aStopFromAFailureHandlerIsRemembered() {
		AtomicInteger executions = new AtomicInteger();
		this.group.add(Member.named("failing").execute(() -> {
			executions.incrementAndGet();
			throw new IllegalStateException("again");
		}).failureHandler((failure) -> this.group.stop()).onError(Policy.RESTART).backoff(Backoff.none()).build());
		RunningGroup.of(this.group).returned();
		assertThat(executions).hasValue(1);
		assertThat(this.group.stopReason()).isEqualTo(REQUESTED);
	}

	@Test
	void aStopFromAListenerIsRemembered() {
		AtomicReference<@Nullable Group> built = new AtomicReference<>();
		Group group = Group.builder().listener(new GroupListener() {

			@Override
			public void restartScheduled(String member, Duration pause) {
				built.get().stop();
			}

		}).build();
		built.set(group);
		AtomicInteger executions = new AtomicInteger();
		group.add(Member.named("failing").execute(() -> {
			executions.incrementAndGet();
			throw new IllegalStateException("again");
		}).onError(Policy.RESTART).backoff(Backoff.none()).build());
		RunningGroup.of(group).returned();
		assertThat(executions).hasValue(1);
	}

	@Test
	void aStopFromAnInterrupterChangesNothing() {
		AtomicInteger interrupts = new AtomicInteger();
		CountDownLatch stop = new CountDownLatch(1);
		CountDownLatch started = new CountDownLatch(1);
		this.group.add(Member.named("stopper").execute(() -> {
			started.countDown();
			Waits.await(stop);
		}).interrupt((reason) -> {
			interrupts.incrementAndGet();
			this.group.stop();
			stop.countDown();
		}).build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.await(started);
		this.group.stop();
		run.returned();
		assertThat(interrupts).hasValue(1);
	}

	@Test
	void aStopEndsTheInitialDelayWithin200Milliseconds() {
		this.group.add(this.a.describe().initialDelay(Waits.LONG).build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.until(() -> this.group.snapshot().members().get(0).state() == MemberState.WAITING);
		stopEndsSoon(run);
		assertThat(this.a.executions()).isZero();
	}

	@Test
	void aStopEndsTheDelayBetweenTwoExecutionsWithin200Milliseconds() {
		this.group.add(this.a.describe().onDone(Policy.RESTART).delay(Waits.LONG).build());
		RunningGroup run = RunningGroup.of(this.group);
		this.a.finish();
		awaitPause();
		stopEndsSoon(run);
		assertThat(this.a.executions()).isOne();
	}

	@Test
	void aStopEndsABackoffWithin200Milliseconds() {
		this.group.add(this.a.describe().onError(Policy.RESTART).backoff(Backoff.fixed(Waits.LONG)).build());
		RunningGroup run = RunningGroup.of(this.group);
		this.a.fail(new IllegalStateException("now pause"));
		awaitPause();
		stopEndsSoon(run);
		assertThat(this.a.executions()).isOne();
	}

	@Test
	void aStopEndsASleepOfTheBodyWithin200MillisecondsWhateverTheInterrupterDoes() {
		CountDownLatch sleeping = new CountDownLatch(1);
		AtomicReference<Boolean> slept = new AtomicReference<>();
		this.group.add(Member.named("sleeper").execute((context) -> {
			sleeping.countDown();
			slept.set(context.sleep(Waits.LONG));
		}).interrupt((reason) -> {
		}).build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.await(sleeping);
		stopEndsSoon(run);
		assertThat(slept.get()).isFalse();
	}

	@Test
	void aPauseIsEndedByAStopEvenIfTheInterrupterDoesNothing() {
		CountDownLatch ended = new CountDownLatch(1);
		this.group.add(Member.named("loop").execute(ended::countDown).interrupt((reason) -> {
		}).onDone(Policy.RESTART).delay(Waits.LONG).build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.await(ended);
		stopEndsSoon(run);
	}

	@Test
	void aPausingMemberIsInterruptedOnceToo() {
		this.group.add(this.a.describe().onDone(Policy.RESTART).delay(Waits.LONG).build());
		RunningGroup run = RunningGroup.of(this.group);
		this.a.finish();
		awaitPause();
		this.group.stop();
		run.returned();
		assertThat(this.a.interrupts()).containsExactly(REQUESTED);
	}

	@ParameterizedTest
	@EnumSource(names = { "RESTART", "DO_NOTHING", "SHUTDOWN" })
	void noBodyIsCalledAfterAStopEvenIfTheInterruptWasSwallowed(Policy policy) {
		CountDownLatch started = new CountDownLatch(1);
		AtomicInteger executions = new AtomicInteger();
		this.group.add(Member.named("careless").execute(() -> {
			executions.incrementAndGet();
			started.countDown();
			try {
				Thread.sleep(Waits.LONG.toMillis());
			}
			catch (InterruptedException ex) {
				// swallowed, flag and all
			}
		}).onDone(policy).onError(policy).backoff(Backoff.none()).build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.await(started);
		this.group.stop();
		run.returned();
		assertThat(executions).hasValue(1);
	}

	@Test
	void noBodyIsCalledAfterAStopEvenIfAFailureHandlerSwallowedTheInterrupt() {
		CountDownLatch handling = new CountDownLatch(1);
		AtomicInteger executions = new AtomicInteger();
		AtomicInteger swallowed = new AtomicInteger();
		CountDownLatch release = new CountDownLatch(1);
		this.group.add(Member.named("failing").execute(() -> {
			executions.incrementAndGet();
			throw new IllegalStateException("again");
		}).failureHandler((failure) -> {
			handling.countDown();
			swallowed.addAndGet(Waits.ignoringInterrupts(release));
		}).onError(Policy.RESTART).backoff(Backoff.none()).build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.await(handling);
		this.group.stop();
		release.countDown();
		run.returned();
		assertThat(executions).hasValue(1);
	}

	@Test
	void aMemberAddedWhileTheGroupStopsIsNotExecuted() {
		this.a.deaf();
		this.group.add(this.a.build());
		RunningGroup run = RunningGroup.of(this.group);
		this.a.awaitStarted();
		this.group.stop();
		this.a.awaitInterrupt();
		try {
			this.group.add(this.b.build());
		}
		catch (IllegalStateException ex) {
			// refusing it is as good
			assertThat(ex).hasMessageContaining("b");
		}
		this.a.finish();
		run.returned();
		assertThat(this.b.executions()).isZero();
		assertThat(this.b.interrupts()).isEmpty();
	}

	@Test
	void afterTheGracePeriodTheThreadIsInterruptedAsWell() {
		Group group = Group.builder().gracePeriod(Duration.ofMillis(50)).build();
		CountDownLatch started = new CountDownLatch(1);
		AtomicReference<Exception> ended = new AtomicReference<>();
		group.add(Member.named("stubborn").execute(() -> {
			started.countDown();
			try {
				Thread.sleep(Waits.LONG.toMillis());
			}
			catch (InterruptedException ex) {
				ended.set(ex);
				throw ex;
			}
		}).interrupt((reason) -> {
		}).build());
		RunningGroup run = RunningGroup.of(group);
		Waits.await(started);
		long stopped = System.nanoTime();
		group.stop();
		run.returned();
		assertThat(ended.get()).isInstanceOf(InterruptedException.class);
		assertThat(Waits.since(stopped)).isGreaterThanOrEqualTo(Duration.ofMillis(50));
	}

	@Test
	void withinTheGracePeriodTheThreadIsLeftAlone() {
		Group group = Group.builder().gracePeriod(Waits.LONG).build();
		this.a.deaf();
		group.add(this.a.build());
		RunningGroup run = RunningGroup.of(group);
		this.a.awaitStarted();
		group.stop();
		this.a.awaitInterrupt();
		this.a.finish();
		run.returned();
		assertThat(this.a.threadInterrupts()).isZero();
	}

	@Test
	void theGracePeriodCountsFromTheInterruptEvenIfTheInterrupterBlocks() {
		Group group = Group.builder().gracePeriod(Duration.ofMillis(50)).build();
		CountDownLatch started = new CountDownLatch(1);
		CountDownLatch ended = new CountDownLatch(1);
		group.add(Member.named("stubborn").execute(() -> {
			started.countDown();
			try {
				Thread.sleep(Waits.LONG.toMillis());
			}
			finally {
				ended.countDown();
			}
		}).interrupt((reason) -> Waits.ignoringInterrupts(ended)).build());
		RunningGroup run = RunningGroup.of(group);
		Waits.await(started);
		group.stop();
		run.returned();
	}

	@Test
	void aStoppedMemberWithoutAFailureIsStopped() {
		RunningGroup run = runBoth();
		this.group.stop();
		run.returned();
		assertThat(this.group.snapshot().members()).extracting(MemberSnapshot::state)
			.containsExactly(MemberState.STOPPED, MemberState.STOPPED);
	}

	@Test
	void aStopAfterTheEndChangesNothing() {
		this.group.add(this.a.describe().onDone(Policy.DO_NOTHING).build());
		RunningGroup run = RunningGroup.of(this.group);
		this.a.finish();
		run.returned();
		this.group.stop();
		assertThat(this.group.stopReason()).isNull();
		assertThat(this.a.interrupts()).isEmpty();
		assertThat(this.group.snapshot().state()).isEqualTo(GroupState.STOPPED);
	}

	@Test
	void stopAndSnapshotNeverThrowWhateverTheState() {
		assertThatCode(() -> {
			this.group.stop();
			this.group.snapshot();
			this.group.stopReason();
			RunningGroup.of(this.group).returned();
			this.group.stop();
			this.group.snapshot();
		}).doesNotThrowAnyException();
	}

	@Test
	void aStopRightAfterTheStartOrJustBeforeNeverHangs() throws InterruptedException {
		for (int i = 0; i < 500; i++) {
			Group group = new Group();
			List<FakeMember> members = List.of(new FakeMember("x"), new FakeMember("y"));
			members.forEach((member) -> group.add(member.build()));
			RunningGroup run = RunningGroup.of(group);
			group.stop();
			run.returned();
			for (FakeMember member : members) {
				assertThat(member.isActive()).isFalse();
				assertThat(member.interrupts().size()).isBetween(member.executions(), 1);
			}
		}
	}

	private RunningGroup runBoth() {
		this.group.add(this.a.build());
		this.group.add(this.b.build());
		RunningGroup run = RunningGroup.of(this.group);
		this.a.awaitStarted();
		this.b.awaitStarted();
		return run;
	}

	private void awaitPause() {
		Waits.until(() -> Waits.pauses(this.group.snapshot().members().get(0)));
	}

	private void stopEndsSoon(RunningGroup run) {
		long stopped = System.nanoTime();
		this.group.stop();
		run.returned();
		assertThat(Waits.since(stopped)).isLessThan(Waits.SOON);
	}

}
