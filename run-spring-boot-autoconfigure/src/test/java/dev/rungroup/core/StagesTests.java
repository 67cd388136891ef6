package dev.rungroup.core;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(60)
class StagesTests {

	private final Trail trail = new Trail();

	private final FakeMember database = new FakeMember("database", this.trail);

	private final FakeMember worker = new FakeMember("worker", this.trail);

	private final FakeMember server = new FakeMember("server", this.trail);

	private final Group group = new Group();

	@Test
	void aLowerStageStartsFirst() {
		Events events = new Events();
		Group group = Group.builder().listener(events).build();
		addAll(group);
		RunningGroup run = RunningGroup.of(group);
		awaitAllStarted();
		assertThat(events.heard().subList(0, 3)).containsExactly("database started", "worker started",
				"server started");
		group.stop();
		run.returned();
	}

	@Test
	void stagesStopHighestFirstEachWhenTheOneAboveHasEnded() {
		addAll(this.group);
		RunningGroup run = RunningGroup.of(this.group);
		awaitAllStarted();
		this.group.stop();
		run.returned();
		List<String> steps = this.trail.steps();
		// a body may see the stop before its interrupter is called
		assertThat(steps.subList(3, 5)).containsExactlyInAnyOrder("server interrupted", "server ends");
		assertThat(steps.subList(5, 7)).containsExactlyInAnyOrder("worker interrupted", "worker ends");
		assertThat(steps.subList(7, steps.size())).containsExactlyInAnyOrder("database interrupted", "database ends");
	}

	@Test
	void aLowerStageIsNotInterruptedWhileTheOneAboveIsStillEnding() {
		this.server.deaf();
		addAll(this.group);
		RunningGroup run = RunningGroup.of(this.group);
		awaitAllStarted();
		this.group.stop();
		this.server.awaitInterrupt();
		assertThat(this.worker.interrupts()).isEmpty();
		assertThat(this.worker.isActive()).isTrue();
		this.server.finish();
		this.worker.awaitInterrupt();
		run.returned();
		assertThat(this.trail.steps()).containsSubsequence("server ends", "worker interrupted", "database interrupted");
	}

	@Test
	void aStageHasEndedOnlyWhenItsInterruptersHave() {
		CountDownLatch interrupting = new CountDownLatch(1);
		CountDownLatch release = new CountDownLatch(1);
		CountDownLatch started = new CountDownLatch(1);
		CountDownLatch end = new CountDownLatch(1);
		this.group.add(Member.named("upper").execute(() -> {
			started.countDown();
			Waits.await(end);
		}).interrupt((reason) -> {
			end.countDown();
			interrupting.countDown();
			Waits.ignoringInterrupts(release);
		}).stage(1).build());
		this.group.add(this.database.build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.await(started);
		this.database.awaitStarted();
		this.group.stop();
		Waits.await(interrupting);
		Waits.until(() -> state("upper") != MemberState.RUNNING);
		assertThat(this.database.interrupts()).isEmpty();
		release.countDown();
		this.database.awaitInterrupt();
		run.returned();
	}

	@Test
	void stagesMayBeNegativeAndFarApart() {
		this.group.add(this.server.describe().stage(Integer.MAX_VALUE).build());
		this.group.add(this.worker.build());
		this.group.add(this.database.describe().stage(Integer.MIN_VALUE).build());
		RunningGroup run = RunningGroup.of(this.group);
		awaitAllStarted();
		this.group.stop();
		run.returned();
		assertThat(this.trail.steps()).containsSubsequence("server interrupted", "worker interrupted",
				"database interrupted");
	}

	@Test
	void theInterruptersOfTheSameStageDoNotWaitForEachOther() {
		this.server.deaf();
		this.worker.deaf();
		this.group.add(this.server.describe().stage(1).build());
		this.group.add(this.worker.describe().stage(1).build());
		this.group.add(this.database.build());
		RunningGroup run = RunningGroup.of(this.group);
		awaitAllStarted();
		this.group.stop();
		this.server.awaitInterrupt();
		this.worker.awaitInterrupt();
		assertThat(this.database.interrupts()).isEmpty();
		this.server.finish();
		this.worker.finish();
		run.returned();
	}

	@Test
	void aStageGoesOnWorkingRestartsIncludedUntilItIsItsTurnToStop() {
		this.server.deaf();
		this.group.add(this.server.describe().stage(1).build());
		this.group.add(this.worker.describe()
			.onError(Policy.RESTART)
			.onDone(Policy.RESTART)
			.backoff(Backoff.fixed(Duration.ofMillis(1)))
			.build());
		RunningGroup run = RunningGroup.of(this.group);
		this.server.awaitStarted();
		MemberContext context = this.worker.awaitStarted();
		this.group.stop();
		this.server.awaitInterrupt();
		assertThat(context.isStopping()).isFalse();
		this.worker.fail(new IllegalStateException("while the server stops"));
		MemberContext second = this.worker.awaitStarted();
		assertThat(second.execution()).isEqualTo(2);
		assertThat(second.isStopping()).isFalse();
		assertThat(second.stopReason()).isNull();
		this.worker.finish();
		assertThat(this.worker.awaitStarted().execution()).isEqualTo(3);
		assertThat(state("worker")).isEqualTo(MemberState.RUNNING);
		this.server.finish();
		this.worker.awaitInterrupt();
		run.returned();
		assertThat(this.worker.executions()).isEqualTo(3);
		assertThat(this.worker.interrupts()).hasSize(1);
	}

	@Test
	void aMemberOfALowerStageThatFailsWhileAnUpperOneStopsIsInterruptedInItsTurn() {
		this.server.deaf();
		addAll(this.group);
		RunningGroup run = RunningGroup.of(this.group);
		awaitAllStarted();
		this.group.stop();
		this.server.awaitInterrupt();
		this.worker.fail(new IllegalStateException("too early"));
		Waits.until(() -> !this.worker.isActive());
		assertThat(this.worker.interrupts()).isEmpty();
		assertThat(this.database.interrupts()).isEmpty();
		this.server.finish();
		run.returned();
		assertThat(this.worker.interrupts()).hasSize(1);
		assertThat(this.trail.steps()).containsSubsequence("server ends", "worker interrupted", "database interrupted");
	}

	@Test
	void theMemberThatEndedTheGroupIsInterruptedInTheTurnOfItsStage() {
		addAll(this.group);
		RunningGroup run = RunningGroup.of(this.group);
		awaitAllStarted();
		this.database.finish();
		run.returned();
		assertThat(this.trail.steps()).containsSubsequence("database ends", "server interrupted", "worker interrupted",
				"database interrupted");
		assertThat(this.trail.count("database interrupted")).isOne();
	}

	@Test
	void theNextStageStartsWhenThoseThatAnnounceThemselvesAreReady() {
		BlockingQueue<String> started = new LinkedBlockingQueue<>();
		this.group.add(this.database.describe().readyTimeout(Waits.LONG).build());
		this.group.add(Member.named("upper").execute((context) -> {
			started.add("upper");
			context.sleep(Waits.LONG);
		}).interrupt((reason) -> {
		}).stage(1).build());
		RunningGroup run = RunningGroup.of(this.group);
		MemberContext context = this.database.awaitStarted();
		assertThat(started).isEmpty();
		assertThat(state("upper")).isEqualTo(MemberState.NEW);
		context.ready();
		assertThat(Waits.take(started)).isEqualTo("upper");
		this.group.stop();
		run.returned();
	}

	@Test
	void aMemberOfAStageThatWasNeverStartedIsNotInterrupted() {
		this.group.add(this.database.describe().readyTimeout(Waits.LONG).build());
		this.group.add(this.server.describe().stage(1).build());
		RunningGroup run = RunningGroup.of(this.group);
		this.database.awaitStarted();
		this.group.stop();
		run.returned();
		assertThat(this.database.interrupts()).hasSize(1);
		assertThat(this.server.executions()).isZero();
		assertThat(this.server.interrupts()).isEmpty();
	}

	@Test
	void aStageWhoseMemberFailsBeforeItIsReadyEndsTheGroupBeforeTheNextStarts() {
		this.group.add(this.database.describe().readyTimeout(Waits.LONG).build());
		this.group.add(this.server.describe().stage(1).build());
		RunningGroup run = RunningGroup.of(this.group);
		IllegalStateException failure = new IllegalStateException("no database");
		this.database.fail(failure);
		assertThat(run.thrown()).isSameAs(failure);
		assertThat(this.server.executions()).isZero();
		assertThat(this.server.interrupts()).isEmpty();
	}

	@Test
	void aMemberThatPausesBeforeItsFirstExecutionHoldsNobodyUp() {
		Group group = new Group();
		FakeMember patient = new FakeMember("patient");
		FakeMember upper = new FakeMember("upper");
		group.add(patient.describe().initialDelay(Waits.LONG).build());
		group.add(upper.describe().stage(1).build());
		RunningGroup run = RunningGroup.of(group);
		upper.awaitStarted();
		group.stop();
		run.returned();
		assertThat(patient.executions()).isZero();
	}

	@Test
	void aMemberThatEndsWithoutAnnouncingItselfHoldsNobodyUp() {
		this.group.add(this.database.describe().readyTimeout(Waits.LONG).onDone(Policy.DO_NOTHING).build());
		this.group.add(this.server.describe().stage(1).build());
		RunningGroup run = RunningGroup.of(this.group);
		this.database.finish();
		this.server.awaitStarted();
		this.group.stop();
		run.returned();
	}

	@Test
	void theNextStageStartsWhenTheListenersHaveHeardOfTheEndOfAMemberBelow() {
		AtomicReference<@Nullable Group> running = new AtomicReference<>();
		CountDownLatch upperStarted = new CountDownLatch(1);
		List<Boolean> tooEarly = new CopyOnWriteArrayList<>();
		Group group = Group.builder().listener(new GroupListener() {
			@Override
			public void memberEnded(String member, MemberState state) {
				if (member.equals("lower")) {
					// Nothing to stop, but a reason to look around for who starts stages
					Objects.requireNonNull(running.get()).stopMember("lower");
					tooEarly.add(opens(upperStarted, Duration.ofMillis(300)));
				}
			}
		}).build();
		running.set(group);
		group.add(Member.named("lower").execute(() -> {
		}).readyTimeout(Waits.LONG).onDone(Policy.DO_NOTHING).build());
		group.add(Member.named("upper").execute(upperStarted::countDown).stage(1).build());
		RunningGroup run = RunningGroup.of(group);
		Waits.await(upperStarted);
		run.returned();
		assertThat(tooEarly).containsExactly(false);
	}

	private static boolean opens(CountDownLatch latch, Duration limit) {
		try {
			return latch.await(limit.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Test
	void eachStageHasAnEqualShareOfWhatIsLeftOfTheShutdownTimeout() {
		Timeline timeline = new Timeline();
		Group group = timeline.group().gracePeriod(Waits.LONG).shutdownTimeout(Duration.ofSeconds(6)).build();
		group.add(timeline.member("server", timeline.deaf()).stage(2).build());
		group.add(timeline.member("database", Timeline.forEver()).build());
		group.add(timeline.member("worker", timeline.deaf()).stage(1).build());
		Throwable thrown = timeline.run(group, 10);
		assertThat(timeline.of("server")).endsWith("10 interrupted STOP_REQUESTED");
		// a third of 6 s, then half of the 4 s that are left
		assertThat(timeline.of("worker")).endsWith("12 interrupted STOP_REQUESTED");
		assertThat(timeline.of("database")).contains("14 interrupted STOP_REQUESTED");
		assertThat(timeline.of("group")).containsExactly("16 over");
		assertThat(thrown).isInstanceOfSatisfying(UnstoppedMembersException.class,
				(ex) -> assertThat(ex.members()).extracting(UnstoppedMembersException.Unstopped::name)
					.containsExactlyInAnyOrder("server", "worker"));
	}

	@Test
	void aStageThatEndsQuicklyLeavesItsShareToTheOthers() {
		Timeline timeline = new Timeline();
		Group group = timeline.group().gracePeriod(Waits.LONG).shutdownTimeout(Duration.ofSeconds(9)).build();
		group.add(timeline.member("server", timeline.slowBy(1)).stage(2).build());
		group.add(timeline.member("worker", Timeline.forEver()).stage(1).build());
		group.add(timeline.member("database", timeline.deaf()).build());
		assertThat(timeline.run(group, 10)).isInstanceOf(UnstoppedMembersException.class);
		assertThat(timeline.of("database")).endsWith("11 interrupted STOP_REQUESTED");
		assertThat(timeline.of("group")).containsExactly("19 over");
	}

	@Test
	void aMemberThatEndsAfterItsStageRanOutOfTimeButBeforeTheEndIsNotGivenUp() {
		Timeline timeline = new Timeline();
		Group group = timeline.group().gracePeriod(Waits.LONG).shutdownTimeout(Duration.ofSeconds(4)).build();
		group.add(timeline.member("server", timeline.slowBy(3)).stage(1).build());
		group.add(timeline.member("worker", Timeline.forEver()).build());
		assertThat(timeline.run(group, 10)).isNull();
		assertThat(timeline.of("worker")).contains("12 interrupted STOP_REQUESTED");
		assertThat(timeline.of("server")).endsWith("13 ended STOPPED");
	}

	@Test
	void aMemberAddedWhileTheGroupRunsStopsInTheTurnOfItsStage() {
		this.group.add(this.worker.describe().stage(1).build());
		RunningGroup run = RunningGroup.of(this.group);
		this.worker.awaitStarted();
		this.group.add(this.server.describe().stage(2).build());
		this.group.add(this.database.build());
		this.server.awaitStarted();
		this.database.awaitStarted();
		this.group.stop();
		run.returned();
		assertThat(this.trail.steps()).containsSubsequence("server ends", "worker interrupted", "worker ends",
				"database interrupted");
	}

	@Test
	void aPausingMemberOfALowerStageIsNotWokenBeforeItsTurn() {
		this.server.deaf();
		AtomicInteger executions = new AtomicInteger();
		this.group.add(this.server.describe().stage(1).build());
		this.group.add(Member.named("loop")
			.execute(executions::incrementAndGet)
			.onDone(Policy.RESTART)
			.delay(Waits.LONG)
			.build());
		RunningGroup run = RunningGroup.of(this.group);
		this.server.awaitStarted();
		Waits.until(() -> state("loop") == MemberState.WAITING);
		this.group.stop();
		this.server.awaitInterrupt();
		assertThat(state("loop")).isEqualTo(MemberState.WAITING);
		this.server.finish();
		run.returned();
		assertThat(executions).hasValue(1);
	}

	private void addAll(Group group) {
		// added in another order than that of the stages
		group.add(this.server.describe().stage(2).build());
		group.add(this.database.describe().stage(0).build());
		group.add(this.worker.describe().stage(1).build());
	}

	private void awaitAllStarted() {
		this.database.awaitStarted();
		this.worker.awaitStarted();
		this.server.awaitStarted();
	}

	private MemberState state(String name) {
		return this.group.snapshot()
			.members()
			.stream()
			.filter((member) -> member.name().equals(name))
			.findFirst()
			.orElseThrow()
			.state();
	}

}
