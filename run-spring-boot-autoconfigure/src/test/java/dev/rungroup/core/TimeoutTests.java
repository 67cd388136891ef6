package dev.rungroup.core;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(60)
class TimeoutTests {

	private static final Duration SHORT = Duration.ofMillis(50);

	private final FakeMember slow = new FakeMember("slow");

	private final FakeMember other = new FakeMember("other");

	private final Events events = new Events();

	private final Group group = Group.builder().listener(this.events).build();

	@Test
	void anExecutionThatOutlivesItsTimeoutIsInterruptedAndHasFailed() {
		this.group.add(this.slow.describe().timeout(SHORT).build());
		this.group.add(this.other.build());
		RunningGroup run = RunningGroup.of(this.group);
		StopReason reason = this.slow.awaitInterrupt();
		assertThat(reason.kind()).isEqualTo(StopReason.Kind.EXECUTION_TIMED_OUT);
		assertThat(reason.member()).isEqualTo("slow");
		assertThat(run.thrown()).isInstanceOf(TimeoutException.class).hasMessageContaining("slow");
		assertThat(this.group.stopReason().member()).isEqualTo("slow");
		assertThat(this.group.stopReason().cause()).isSameAs(run.thrown());
		assertThat(this.events.of("slow")).containsSequence("slow execution failed", "slow ended FAILED");
	}

	@Test
	void aGroupThatATimeoutEndedSaysSo() {
		this.group.add(this.slow.describe().timeout(SHORT).build());
		RunningGroup run = RunningGroup.of(this.group);
		assertThat(run.thrown()).isInstanceOf(TimeoutException.class);
		// the promise names the kind for the interrupter; the group may call it a failure
		assertThat(this.group.stopReason().kind()).isIn(StopReason.Kind.EXECUTION_TIMED_OUT,
				StopReason.Kind.MEMBER_FAILED);
	}

	@Test
	void aMemberWhoseTimeoutEndedTheGroupIsInterruptedOnce() {
		this.group.add(this.slow.describe().timeout(SHORT).build());
		this.group.add(this.other.build());
		assertThat(RunningGroup.of(this.group).thrown()).isInstanceOf(TimeoutException.class);
		assertThat(this.slow.interrupts()).hasSize(1);
		assertThat(this.other.interrupts()).hasSize(1);
	}

	@Test
	void theFailureReachesTheHandlers() {
		List<Throwable> handled = new CopyOnWriteArrayList<>();
		this.group.add(this.slow.describe().timeout(SHORT).failureHandler(handled::add).build());
		RunningGroup run = RunningGroup.of(this.group);
		assertThat(handled).hasSizeLessThanOrEqualTo(1);
		Throwable thrown = run.thrown();
		assertThat(handled).containsExactly(thrown);
	}

	@Test
	void aTimedOutExecutionSeesThatItIsToStopAndWhy() {
		BlockingQueue<Object> seen = new LinkedBlockingQueue<>();
		Timeline timeline = new Timeline();
		Group group = timeline.group().build();
		group.add(timeline.member("sleeper", (context) -> {
			seen.add(context.isStopping());
			seen.add(context.sleep(Waits.LONG));
			seen.add(context.isStopping());
			seen.add(context.stopReason().kind());
		}).timeout(Duration.ofSeconds(5)).build());
		assertThat(timeline.run(group, 100)).isInstanceOf(TimeoutException.class);
		assertThat(seen).containsExactly(false, false, true, StopReason.Kind.EXECUTION_TIMED_OUT);
	}

	@Test
	void withoutAnInterrupterTheThreadIsInterrupted() {
		this.group
			.add(Member.named("sleeper").execute(() -> Thread.sleep(Waits.LONG.toMillis())).timeout(SHORT).build());
		assertThat(RunningGroup.of(this.group).thrown()).isInstanceOf(TimeoutException.class);
		assertThat(this.events.outcomes()).hasSize(1).first().isInstanceOf(Outcome.Failed.class);
	}

	@Test
	void afterTheGracePeriodTheThreadIsInterruptedAsWell() {
		Group group = Group.builder().gracePeriod(SHORT).build();
		group.add(Member.named("sleeper").execute(() -> Thread.sleep(Waits.LONG.toMillis())).interrupt((reason) -> {
		}).timeout(SHORT).build());
		assertThat(RunningGroup.of(group).thrown()).isInstanceOf(TimeoutException.class);
	}

	@Test
	void aTimedOutExecutionIsRestartedWhenOnErrorSaysSoAndEachHasItsOwnTime() {
		this.group.add(this.slow.describe()
			.timeout(SHORT)
			.onError(Policy.RESTART)
			.backoff(Backoff.none())
			.maxRestarts(2)
			.build());
		RunningGroup run = RunningGroup.of(this.group);
		MemberContext first = this.slow.awaitStarted();
		assertThat(this.slow.awaitInterrupt().kind()).isEqualTo(StopReason.Kind.EXECUTION_TIMED_OUT);
		MemberContext second = this.slow.awaitStarted();
		assertThat(second.execution()).isEqualTo(2);
		assertThat(second.failures()).isEqualTo(1);
		assertThat(second.lastFailure()).isInstanceOf(TimeoutException.class);
		assertThat(this.slow.awaitInterrupt().kind()).isEqualTo(StopReason.Kind.EXECUTION_TIMED_OUT);
		assertThat(run.thrown()).isInstanceOf(TimeoutException.class);
		assertThat(this.slow.executions()).isEqualTo(3);
		assertThat(first.isStopping()).isTrue();
		assertThat(this.events.count("slow restart")).isEqualTo(2);
	}

	@Test
	void theNextExecutionIsNotStopping() {
		BlockingQueue<Boolean> stopping = new LinkedBlockingQueue<>();
		Timeline timeline = new Timeline();
		Group group = timeline.group().build();
		group.add(timeline.member("sleeper", (context) -> {
			stopping.add(context.isStopping());
			if (context.execution() == 1) {
				context.sleep(Waits.LONG);
			}
		}).timeout(Duration.ofSeconds(5)).onError(Policy.RESTART).backoff(Backoff.none()).build());
		assertThat(timeline.run(group, 100)).isNull();
		assertThat(stopping).containsExactly(false, false);
		assertThat(group.stopReason().kind()).isEqualTo(StopReason.Kind.MEMBER_DONE);
	}

	@Test
	void aTimedOutMemberThatWasRestartedIsInterruptedAgainWhenTheGroupStops() {
		AtomicInteger interrupts = new AtomicInteger();
		AtomicInteger executions = new AtomicInteger();
		CountDownLatch second = new CountDownLatch(1);
		this.group.add(Member.named("sleeper").execute((context) -> {
			executions.incrementAndGet();
			if (context.execution() == 2) {
				second.countDown();
			}
			context.sleep(Waits.LONG);
		})
			.interrupt((reason) -> interrupts.incrementAndGet())
			.timeout(Duration.ofMillis(300))
			.onError(Policy.RESTART)
			.backoff(Backoff.none())
			.build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.await(second);
		this.group.stop();
		run.returned();
		// one more if the stop came between two executions, or after the last had its own
		assertThat(interrupts.get()).isBetween(executions.get(), executions.get() + 1);
	}

	@Test
	void aTimedOutExecutionThatIgnoresItsInterruptIsFollowedByNoneUntilItHasEnded() {
		this.slow.deaf();
		this.group.add(this.slow.describe().timeout(SHORT).onError(Policy.RESTART).backoff(Backoff.none()).build());
		RunningGroup run = RunningGroup.of(this.group);
		this.slow.awaitStarted();
		this.slow.awaitInterrupt();
		assertThat(this.slow.executions()).isOne();
		assertThat(this.slow.isActive()).isTrue();
		this.slow.finish();
		assertThat(this.slow.awaitStarted().execution()).isEqualTo(2);
		this.group.stop();
		this.slow.finish();
		run.returned();
	}

	@Test
	void aGroupEndsThoughAnExecutionThatTookTooLongNeverReturns() {
		Group group = Group.builder()
			.gracePeriod(Duration.ofMillis(20))
			.shutdownTimeout(Duration.ofMillis(200))
			.build();
		group.add(this.slow.deaf().describe().timeout(SHORT).build());
		group.add(this.other.build());
		RunningGroup run = RunningGroup.of(group);
		assertThat(this.other.awaitInterrupt().kind()).isEqualTo(StopReason.Kind.MEMBER_FAILED);
		assertThat(run.thrown()).isInstanceOf(TimeoutException.class);
		assertThat(run.thrown().getSuppressed()).hasAtLeastOneElementOfType(UnstoppedMembersException.class);
		// Nobody waits for an interrupter at the shutdown timeout
		this.slow.awaitInterrupt();
		assertThat(this.slow.interrupts()).hasSize(1);
		this.slow.finish();
	}

	@Test
	void theWatchingThreadRestsWhileAMemberWithATimeoutPauses() {
		Timeline timeline = new Timeline();
		Group group = timeline.group().build();
		group.add(timeline.member("slow", Timeline.returnsAfter(1))
			.timeout(Duration.ofSeconds(5))
			.onDone(Policy.RESTART)
			.delay(Duration.ofDays(1))
			.build());
		List<Long> waits = new CopyOnWriteArrayList<>();
		timeline.at(20, () -> waits.add(timeline.waits()));
		timeline.at(20_000, () -> waits.add(timeline.waits()));
		assertThat(timeline.run(group, 30_000)).isNull();
		assertThat(waits.get(1) - waits.get(0)).isLessThan(20);
	}

	@Test
	void anExecutionThatEndsInTimeIsLeftAlone() {
		CountDownLatch enough = new CountDownLatch(20);
		AtomicInteger interrupts = new AtomicInteger();
		this.group.add(Member.named("quick").execute((context) -> {
			enough.countDown();
			context.sleep(Duration.ofMillis(10));
		})
			.interrupt((reason) -> interrupts.incrementAndGet())
			.timeout(Duration.ofSeconds(5))
			.onDone(Policy.RESTART)
			.build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.await(enough);
		assertThat(interrupts).hasValue(0);
		this.group.stop();
		run.returned();
		assertThat(interrupts).hasValue(1);
	}

	@Test
	void theTimeoutDoesNotCountPauses() {
		Timeline timeline = new Timeline();
		Group group = timeline.group().build();
		group.add(timeline.member("quick", Timeline.returnsAfter(4))
			.initialDelay(Duration.ofSeconds(6))
			.delay(Duration.ofSeconds(6))
			.timeout(Duration.ofSeconds(5))
			.onDone(Policy.RESTART)
			.build());
		assertThat(timeline.run(group, 29)).isNull();
		assertThat(timeline.runsOf("quick")).containsExactly(6L, 16L, 26L);
	}

	@Test
	void anExceptionOfATimedOutExecutionDoesNotHideTheTimeout() {
		CountDownLatch interrupted = new CountDownLatch(1);
		IllegalStateException own = new IllegalStateException("closed under me");
		this.group.add(Member.named("server").execute(() -> {
			Waits.await(interrupted);
			throw own;
		}).interrupt((reason) -> interrupted.countDown()).timeout(SHORT).build());
		assertThat(RunningGroup.of(this.group).thrown()).isInstanceOf(TimeoutException.class)
			.hasSuppressedException(own);
	}

	@Test
	void theTimeoutNamesTheLimitThatWasPassed() {
		assertThat(thrownBy(this.slow.describe().timeout(SHORT)))
			.hasMessage("Member 'slow': execution 1 took longer than its timeout of PT0.05S");
	}

	@Test
	void theTimeoutNamesTheLimitThatWasPassedFirstOfTwo() {
		assertThat(thrownBy(this.slow.describe().timeout(SHORT).readyTimeout(Waits.LONG)))
			.hasMessage("Member 'slow': execution 1 took longer than its timeout of PT0.05S");
	}

	@Test
	void theTimeoutNamesTheReadyTimeoutIfThatWasPassed() {
		assertThat(thrownBy(this.slow.describe().timeout(Waits.LONG).readyTimeout(SHORT)))
			.hasMessage("Member 'slow': execution 1 was not ready within its readyTimeout of PT0.05S");
	}

	@Test
	void theTimeoutDoesNotNameTheReadyTimeoutOfAMemberThatIsReady() {
		Timeline timeline = new Timeline();
		Group group = timeline.group().build();
		group.add(timeline.member("quick", Timeline.readyAfter(2))
			.timeout(Duration.ofSeconds(4))
			.readyTimeout(Duration.ofSeconds(3))
			.build());
		assertThat(timeline.run(group, 100))
			.hasMessage("Member 'quick': execution 1 took longer than its timeout of PT4S");
	}

	private Throwable thrownBy(Member.Builder member) {
		this.group.add(member.build());
		return RunningGroup.of(this.group).thrown();
	}

	@Test
	void aMemberThatIsNotReadyInTimeHasFailedWithATimeout() {
		this.group.add(this.slow.describe().readyTimeout(SHORT).build());
		RunningGroup run = RunningGroup.of(this.group);
		assertThat(this.slow.awaitInterrupt().kind()).isEqualTo(StopReason.Kind.EXECUTION_TIMED_OUT);
		assertThat(run.thrown()).isInstanceOf(TimeoutException.class).hasMessageContaining("slow");
	}

	@Test
	void aMemberThatAnnouncesItselfInTimeIsLeftAlone() {
		Timeline timeline = new Timeline();
		Group group = timeline.group().build();
		group.add(timeline.member("quick", Timeline.readyAfter(2)).readyTimeout(Duration.ofSeconds(3)).build());
		assertThat(timeline.run(group, 100)).isNull();
		assertThat(timeline.of("quick")).containsExactly("0 started", "0 runs", "100 interrupted STOP_REQUESTED",
				"100 ended STOPPED");
	}

	@Test
	void anExecutionThatReturnsWithoutHavingAnnouncedItselfHasCompleted() {
		this.group.add(this.slow.describe().readyTimeout(Waits.LONG).build());
		RunningGroup run = RunningGroup.of(this.group);
		this.slow.awaitStarted();
		this.slow.finish();
		run.returned();
		assertThat(this.group.stopReason().kind()).isEqualTo(StopReason.Kind.MEMBER_DONE);
	}

	@Test
	void everyExecutionHasToAnnounceItself() {
		BlockingQueue<Long> executions = new LinkedBlockingQueue<>();
		this.group.add(Member.named("sometimes").execute((context) -> {
			executions.add(context.execution());
			if (context.execution() == 1) {
				context.ready();
				throw new IllegalStateException("after it was up");
			}
			context.sleep(Waits.LONG);
		}).interrupt((reason) -> {
		}).readyTimeout(SHORT).onError(Policy.RESTART).maxRestarts(1).backoff(Backoff.none()).build());
		assertThat(RunningGroup.of(this.group).thrown()).isInstanceOf(TimeoutException.class);
		assertThat(executions).containsExactly(1L, 2L);
	}

	@Test
	void executionsThatReturnDoNotGiveALoopMoreTimeToAnnounceItself() {
		BlockingQueue<Long> executions = new LinkedBlockingQueue<>();
		this.group.add(Member.named("polls").execute((context) -> {
			executions.add(context.execution());
			context.sleep(Duration.ofMillis(1));
		}).onDone(Policy.RESTART).readyTimeout(SHORT).build());
		this.group.add(this.other.describe().stage(1).build());
		Throwable thrown = RunningGroup.of(this.group).thrown();
		assertThat(thrown).isInstanceOf(TimeoutException.class)
			.hasMessageContaining("execution " + List.copyOf(executions).get(executions.size() - 1) + " was not ready");
		assertThat(this.other.executions()).isZero();
	}

	@Test
	void aLoopHasFailedWhenItsPauseWouldOutlastTheTimeToAnnounceItself() {
		this.group.add(this.slow.describe()
			.onDone(Policy.RESTART)
			.delay(Waits.LONG)
			.readyTimeout(Duration.ofMinutes(1))
			.build());
		RunningGroup run = RunningGroup.of(this.group);
		this.slow.finish();
		assertThat(run.thrown()).isInstanceOf(TimeoutException.class)
			.hasMessageContainingAll("'slow'", "execution 1", "not ready", "delay of PT10M", "readyTimeout of PT1M");
		assertThat(this.group.stopReason().cause()).isSameAs(run.thrown());
	}

	@Test
	void aLoopThatCanBeReadyInItsSecondExecutionHasTimeForIt() {
		CountDownLatch ready = new CountDownLatch(1);
		this.group.add(Member.named("second").execute((context) -> {
			if (context.execution() == 2) {
				context.ready();
				ready.countDown();
				context.sleep(Waits.LONG);
			}
		}).onDone(Policy.RESTART).delay(SHORT).readyTimeout(Waits.LONG).build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.await(ready);
		assertThat(this.group.snapshot().members().get(0).failures()).isZero();
		this.group.stop();
		run.returned();
	}

	@Test
	void aStopDuringATimeoutIsNoSecondInterrupt() {
		this.slow.deaf();
		this.group.add(this.slow.describe().timeout(SHORT).build());
		RunningGroup run = RunningGroup.of(this.group);
		this.slow.awaitInterrupt();
		this.group.stop();
		this.slow.finish();
		// the group was ended by the stop before the execution had ended
		run.thrown();
		assertThat(this.slow.interrupts()).hasSize(1);
	}

}
