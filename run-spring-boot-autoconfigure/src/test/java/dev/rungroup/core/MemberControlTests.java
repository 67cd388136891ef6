package dev.rungroup.core;

import java.io.IOException;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

@Timeout(60)
class MemberControlTests {

	private final FakeMember subject = new FakeMember("subject");

	private final FakeMember other = new FakeMember("other");

	private final Events events = new Events();

	private final Group group = Group.builder().listener(this.events).build();

	@ParameterizedTest
	@EnumSource
	void stopMemberInterruptsThisOneAloneAndItsPoliciesDoNotApply(Policy policy) {
		RunningGroup run = run(this.subject.describe().onDone(policy).onError(policy).backoff(Backoff.none()));
		this.group.stopMember("subject");
		StopReason reason = this.subject.awaitInterrupt();
		assertThat(reason.kind()).isEqualTo(StopReason.Kind.STOP_REQUESTED);
		this.events.await("subject ended STOPPED");
		assertThat(this.subject.executions()).isOne();
		assertThat(this.events.of("subject")).containsExactly("subject started", "subject execution interrupted",
				"subject ended STOPPED");
		assertThat(this.other.isActive()).isTrue();
		assertThat(this.other.interrupts()).isEmpty();
		assertThat(this.group.stopReason()).isNull();
		assertThat(run.isOver()).isFalse();
		this.group.stop();
		run.returned();
	}

	@Test
	void anExecutionThatStopMemberStopsSeesIt() {
		BlockingQueue<Object> seen = new LinkedBlockingQueue<>();
		CountDownLatch started = new CountDownLatch(1);
		this.group.add(this.other.build());
		this.group.add(Member.named("subject").execute((context) -> {
			started.countDown();
			seen.add(context.sleep(Waits.LONG));
			seen.add(context.isStopping());
			seen.add(context.stopReason().kind());
		}).interrupt((reason) -> {
		}).build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.await(started);
		this.group.stopMember("subject");
		this.events.await("subject ended STOPPED");
		assertThat(seen).containsExactly(false, true, StopReason.Kind.STOP_REQUESTED);
		this.group.stop();
		run.returned();
	}

	@Test
	void stopMemberReturnsAtOnce() {
		this.subject.deaf();
		RunningGroup run = run(this.subject.describe());
		long called = System.nanoTime();
		this.group.stopMember("subject");
		assertThat(Waits.since(called)).isLessThan(Waits.SOON);
		this.subject.awaitInterrupt();
		Waits.until(() -> state() == MemberState.STOPPING);
		this.subject.finish();
		this.events.await("subject ended STOPPED");
		this.group.stop();
		run.returned();
	}

	@Test
	void aStartThatIsOverIsNotKeptForTheRestOfItsGracePeriod() {
		Group group = Group.builder().keepStopped(true).gracePeriod(Waits.LONG).listener(this.events).build();
		group.add(Member.named("subject").execute((context) -> context.sleep(Waits.LONG)).build());
		RunningGroup run = RunningGroup.of(group);
		this.events.await("subject started");
		WeakReference<MemberThread> first = new WeakReference<>(group.roster.slot("subject").start());
		for (int i = 1; i <= 3; i++) {
			group.restartMember("subject");
			this.events.await("subject started", 1 + i);
		}
		Waits.until(() -> {
			System.gc();
			return first.get() == null;
		});
		group.stop();
		run.returned();
	}

	@Test
	void stopMemberOfAnUnknownNameIsRefused() {
		assertThatExceptionOfType(NoSuchElementException.class).isThrownBy(() -> this.group.stopMember("nobody"))
			.withMessageContaining("nobody");
		this.group.add(this.subject.build());
		assertThatExceptionOfType(NoSuchElementException.class).isThrownBy(() -> this.group.stopMember("nobody"))
			.withMessageContaining("nobody");
	}

	@Test
	void startMemberOfAnUnknownNameIsRefused() {
		assertThatExceptionOfType(NoSuchElementException.class).isThrownBy(() -> this.group.startMember("nobody"))
			.withMessageContaining("nobody");
	}

	@Test
	void stopMemberEndsAPauseAtOnce() {
		RunningGroup run = run(this.subject.describe().onDone(Policy.RESTART).delay(Waits.LONG));
		this.subject.finish();
		Waits.until(() -> Waits.pauses(subject()));
		long stopped = System.nanoTime();
		this.group.stopMember("subject");
		this.events.await("subject ended STOPPED");
		assertThat(Waits.since(stopped)).isLessThan(Waits.SOON);
		assertThat(this.subject.executions()).isOne();
		assertThat(run.isOver()).isFalse();
		this.group.stop();
		run.returned();
	}

	@Test
	void stopMemberRightAfterAddIsNeverLost() {
		this.group.add(this.other.build());
		RunningGroup run = RunningGroup.of(this.group);
		this.other.awaitStarted();
		for (int i = 0; i < 300; i++) {
			FakeMember member = new FakeMember("member" + i);
			this.group.add(member.build());
			this.group.stopMember("member" + i);
			this.events.await("member" + i + " ended STOPPED");
			assertThat(member.isActive()).isFalse();
			// the body may have seen the stop and returned before its interrupter came to
			// run
			member.awaitInterrupt();
			assertThat(member.interrupts()).hasSize(1);
		}
		assertThat(run.isOver()).isFalse();
		this.group.stop();
		run.returned();
	}

	@Test
	void stopMemberBeforeRunIsRemembered() {
		this.group.add(this.subject.build());
		this.group.add(this.other.build());
		this.group.stopMember("subject");
		RunningGroup run = RunningGroup.of(this.group);
		this.other.awaitStarted();
		Waits.until(() -> state() == MemberState.STOPPED);
		assertThat(run.isOver()).isFalse();
		this.group.stop();
		run.returned();
		assertThat(this.subject.executions()).isZero();
	}

	@Test
	void startMemberTakesBackAStopMemberBeforeRun() {
		this.group.add(this.subject.build());
		this.group.stopMember("subject");
		this.group.startMember("subject");
		RunningGroup run = RunningGroup.of(this.group);
		this.subject.awaitStarted();
		this.group.stop();
		run.returned();
	}

	@Test
	void aStoppedMemberIsNotInterruptedAgainWhenTheGroupStops() {
		RunningGroup run = run(this.subject.describe());
		this.group.stopMember("subject");
		this.events.await("subject ended STOPPED");
		this.group.stopMember("subject");
		this.group.stop();
		run.returned();
		assertThat(this.subject.interrupts()).hasSize(1);
		assertThat(this.other.interrupts()).hasSize(1);
	}

	@Test
	void aMemberThatIsStillStoppingIsNotInterruptedAgainWhenTheGroupStops() {
		this.subject.deaf();
		RunningGroup run = run(this.subject.describe());
		this.group.stopMember("subject");
		this.subject.awaitInterrupt();
		this.group.stopMember("subject");
		this.group.stop();
		this.other.awaitInterrupt();
		this.subject.finish();
		run.returned();
		assertThat(this.subject.interrupts()).hasSize(1);
	}

	@Test
	void aFailureAfterStopMemberReachesTheHandlersAndEndsNothing() {
		this.subject.deaf();
		List<Throwable> handled = new CopyOnWriteArrayList<>();
		RunningGroup run = run(this.subject.describe().failureHandler(handled::add));
		this.group.stopMember("subject");
		this.subject.awaitInterrupt();
		IllegalStateException failure = new IllegalStateException("on the way out");
		this.subject.fail(failure);
		Waits.until(() -> state().isEnded());
		assertThat(handled).containsExactly(failure);
		assertThat(run.isOver()).isFalse();
		assertThat(this.group.stopReason()).isNull();
		this.group.stop();
		run.returned();
	}

	@Test
	void anErrorAfterStopMemberEndsNothingEither() {
		this.subject.deaf();
		RunningGroup run = run(this.subject.describe());
		this.group.stopMember("subject");
		this.subject.awaitInterrupt();
		this.subject.fail(new StackOverflowError("its policies do not apply"));
		Waits.until(() -> state().isEnded());
		assertThat(run.isOver()).isFalse();
		assertThat(this.group.stopReason()).isNull();
		this.group.stop();
		run.returned();
	}

	@Test
	void whenTheLastMemberIsStoppedTheGroupIsOver() {
		this.group.add(this.subject.build());
		RunningGroup run = RunningGroup.of(this.group);
		this.subject.awaitStarted();
		this.group.stopMember("subject");
		run.returned();
		assertThat(this.group.stopReason()).isNull();
	}

	@Test
	void aGroupThatKeepsStoppedMembersWaitsForTheirNextStart() {
		Group group = Group.builder().keepStopped(true).build();
		group.add(this.subject.build());
		RunningGroup run = RunningGroup.of(group);
		this.subject.awaitStarted();
		group.stopMember("subject");
		this.subject.awaitInterrupt();
		Waits.until(() -> group.snapshot().members().get(0).state() == MemberState.STOPPED);
		assertThat(run.isOver()).isFalse();
		group.startMember("subject");
		this.subject.awaitStarted();
		this.subject.finish();
		run.returned();
		assertThat(group.stopReason().kind()).isEqualTo(StopReason.Kind.MEMBER_DONE);
	}

	@Test
	void aGroupThatKeepsStoppedMembersIsOverWhenAllHaveEndedByThemselves() {
		Group group = Group.builder().keepStopped(true).build();
		group.add(this.subject.describe().onDone(Policy.DO_NOTHING).build());
		RunningGroup run = RunningGroup.of(group);
		this.subject.finish();
		run.returned();
	}

	@Test
	void aGroupThatKeepsStoppedMembersCanStillBeStopped() {
		Group group = Group.builder().keepStopped(true).build();
		group.add(this.subject.build());
		RunningGroup run = RunningGroup.of(group);
		this.subject.awaitStarted();
		group.stopMember("subject");
		Waits.until(() -> group.snapshot().members().get(0).state() == MemberState.STOPPED);
		group.stop();
		run.returned();
		assertThat(this.subject.interrupts()).hasSize(1);
	}

	@Test
	void startMemberRunsAStoppedMemberAgain() {
		RunningGroup run = run(this.subject.describe());
		this.group.stopMember("subject");
		this.events.await("subject ended STOPPED");
		this.group.startMember("subject");
		MemberContext context = this.subject.awaitStarted();
		assertThat(context.isStopping()).isFalse();
		assertThat(context.stopReason()).isNull();
		assertThat(this.events.count("subject started")).isEqualTo(2);
		this.group.stop();
		run.returned();
		// once for each of its starts
		assertThat(this.subject.interrupts()).hasSize(2);
	}

	@Test
	void startMemberRunsACompletedMemberAgain() {
		RunningGroup run = run(this.subject.describe().onDone(Policy.DO_NOTHING));
		this.subject.finish();
		this.events.await("subject ended COMPLETED");
		this.group.startMember("subject");
		this.subject.awaitStarted();
		this.subject.finish();
		this.events.await("subject ended COMPLETED", 2);
		this.group.stop();
		run.returned();
	}

	@Test
	void startMemberRunsAFailedMemberAgain() {
		RunningGroup run = run(this.subject.describe().onError(Policy.DO_NOTHING));
		this.subject.fail(new IOException("once"));
		this.events.await("subject ended FAILED");
		this.group.startMember("subject");
		this.subject.awaitStarted();
		assertThat(state()).isEqualTo(MemberState.RUNNING);
		this.group.stop();
		run.returned();
	}

	@Test
	void startMemberOfARunningMemberChangesNothing() {
		RunningGroup run = run(this.subject.describe().onDone(Policy.DO_NOTHING));
		this.group.startMember("subject");
		this.group.startMember("subject");
		this.subject.finish();
		this.events.await("subject ended COMPLETED");
		this.group.stop();
		run.returned();
		assertThat(this.subject.executions()).isOne();
		assertThat(this.events.count("subject started")).isOne();
	}

	@Test
	void startMemberOfAPausingMemberDoesNotCutItsPauseShort() {
		RunningGroup run = run(this.subject.describe().onDone(Policy.RESTART).delay(Waits.LONG));
		this.subject.finish();
		Waits.until(() -> Waits.pauses(subject()));
		this.group.startMember("subject");
		assertThat(state()).isEqualTo(MemberState.WAITING);
		this.group.stop();
		run.returned();
		assertThat(this.subject.executions()).isOne();
	}

	@Test
	void startMemberOfOneThatIsStillStoppingIsRemembered() {
		this.subject.deaf();
		RunningGroup run = run(this.subject.describe());
		this.group.stopMember("subject");
		this.subject.awaitInterrupt();
		this.group.startMember("subject");
		assertThat(this.subject.executions()).isOne();
		this.subject.finish();
		this.subject.awaitStarted();
		assertThat(this.events.of("subject")).startsWith("subject started", "subject execution interrupted",
				"subject ended STOPPED", "subject started");
		this.subject.finish();
		run.returned();
		assertThat(this.subject.executions()).isEqualTo(2);
	}

	@Test
	void startMemberOfOneThatIsStillStoppingIsRememberedWithoutListenersToo() {
		Group group = new Group();
		group.add(this.other.build());
		BlockingQueue<Long> started = new LinkedBlockingQueue<>();
		CountDownLatch interrupted = new CountDownLatch(1);
		CountDownLatch release = new CountDownLatch(1);
		group.add(Member.named("subject").execute((context) -> {
			started.add(context.execution());
			if (context.execution() == 1) {
				try {
					new CountDownLatch(1).await();
				}
				catch (InterruptedException ex) {
					interrupted.countDown();
				}
				Waits.ignoringInterrupts(release);
			}
		}).build());
		RunningGroup run = RunningGroup.of(group);
		assertThat(Waits.take(started)).isOne();
		group.stopMember("subject");
		Waits.await(interrupted);
		group.startMember("subject");
		release.countDown();
		assertThat(Waits.take(started)).isEqualTo(2);
		group.stop();
		run.returned();
	}

	@Test
	void theLastOfStopAndStartCounts() {
		this.subject.deaf();
		RunningGroup run = run(this.subject.describe());
		this.group.stopMember("subject");
		this.subject.awaitInterrupt();
		this.group.startMember("subject");
		this.group.stopMember("subject");
		this.subject.finish();
		this.events.await("subject ended STOPPED");
		assertThat(state()).isEqualTo(MemberState.STOPPED);
		this.group.stop();
		run.returned();
		assertThat(this.subject.executions()).isOne();
		assertThat(this.subject.interrupts()).hasSize(1);
	}

	@Test
	void startMemberBeginsANewRowAndANewBudget() {
		RunningGroup run = run(this.subject.describe()
			.onError(Policy.RESTART)
			.backoff(Backoff.none())
			.maxRestarts(1)
			.onExhausted(Policy.DO_NOTHING));
		this.subject.fail(new IOException("1"));
		this.subject.awaitStarted();
		this.subject.fail(new IOException("2"));
		this.events.await("subject ended FAILED");
		this.group.startMember("subject");
		MemberContext third = this.subject.awaitStarted();
		assertThat(third.failures()).isZero();
		this.subject.fail(new IOException("3"));
		MemberContext fourth = this.subject.awaitStarted();
		assertThat(fourth.failures()).isOne();
		this.subject.fail(new IOException("4"));
		this.events.await("subject ended FAILED", 2);
		this.group.stop();
		run.returned();
		assertThat(this.subject.executions()).isEqualTo(4);
	}

	@Test
	void startMemberBeginsANewBudgetInAWindowToo() {
		RunningGroup run = run(this.subject.describe()
			.onError(Policy.RESTART)
			.backoff(Backoff.none())
			.maxRestarts(1)
			.within(Duration.ofHours(1))
			.onExhausted(Policy.DO_NOTHING));
		this.subject.fail(new IOException("1"));
		this.subject.awaitStarted();
		this.subject.fail(new IOException("2"));
		this.events.await("subject ended FAILED");
		this.group.startMember("subject");
		this.subject.awaitStarted();
		this.subject.fail(new IOException("3"));
		this.subject.awaitStarted();
		this.group.stop();
		run.returned();
	}

	@Test
	void afterAStopStartMemberCallsNoBody() {
		this.other.deaf();
		RunningGroup run = run(this.subject.describe());
		this.group.stop();
		this.events.await("subject ended STOPPED");
		try {
			this.group.startMember("subject");
		}
		catch (IllegalStateException ex) {
			// refusing it is as good
			assertThat(ex).hasMessageContaining("subject");
		}
		this.other.finish();
		run.returned();
		assertThat(this.subject.executions()).isOne();
	}

	@Test
	void afterTheEndStopMemberChangesNothing() {
		this.group.add(this.subject.build());
		RunningGroup run = RunningGroup.of(this.group);
		this.subject.awaitStarted();
		this.group.stop();
		run.returned();
		this.group.stopMember("subject");
		assertThat(state()).isEqualTo(MemberState.STOPPED);
		assertThat(this.subject.interrupts()).hasSize(1);
	}

	@Test
	void aMemberCanStopItself() {
		AtomicInteger executions = new AtomicInteger();
		this.group.add(this.other.build());
		this.group.add(Member.named("subject").execute(() -> {
			executions.incrementAndGet();
			this.group.stopMember("subject");
		}).onDone(Policy.RESTART).build());
		RunningGroup run = RunningGroup.of(this.group);
		this.events.await("subject ended STOPPED");
		assertThat(executions).hasValue(1);
		assertThat(run.isOver()).isFalse();
		this.group.stop();
		run.returned();
	}

	@Test
	void aStoppedMemberGetsItsThreadInterruptedAfterTheGracePeriod() {
		Group group = Group.builder().gracePeriod(Duration.ofMillis(50)).build();
		CountDownLatch started = new CountDownLatch(1);
		group.add(Member.named("stubborn").execute(() -> {
			started.countDown();
			Thread.sleep(Waits.LONG.toMillis());
		}).interrupt((reason) -> {
		}).build());
		RunningGroup run = RunningGroup.of(group);
		Waits.await(started);
		group.stopMember("stubborn");
		run.returned();
		assertThat(group.snapshot().members().get(0).state()).isEqualTo(MemberState.STOPPED);
	}

	@Test
	void stoppingAndStartingInTurnsNeverLosesAnOrder() {
		RunningGroup run = run(this.subject.describe());
		for (int i = 1; i <= 100; i++) {
			this.group.stopMember("subject");
			this.group.startMember("subject");
			this.subject.awaitStarted();
			assertThat(this.subject.executions()).isEqualTo(i + 1);
		}
		this.group.stop();
		run.returned();
		assertThat(this.subject.isActive()).isFalse();
		assertThat(this.subject.interrupts()).hasSize(101);
	}

	private RunningGroup run(Member.Builder subject) {
		this.group.add(this.other.build());
		this.group.add(subject.build());
		RunningGroup run = RunningGroup.of(this.group);
		this.other.awaitStarted();
		this.subject.awaitStarted();
		return run;
	}

	private MemberState state() {
		return subject().state();
	}

	private MemberSnapshot subject() {
		return this.group.snapshot()
			.members()
			.stream()
			.filter((member) -> member.name().equals("subject"))
			.findFirst()
			.orElseThrow();
	}

}
