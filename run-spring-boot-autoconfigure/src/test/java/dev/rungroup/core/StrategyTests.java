package dev.rungroup.core;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static dev.rungroup.core.Timeline.failsAfter;
import static dev.rungroup.core.Timeline.forEver;
import static dev.rungroup.core.Timeline.readyAfter;
import static dev.rungroup.core.Timeline.returnsAfter;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

@Timeout(60)
class StrategyTests {

	private static final Backoff TWO_SECONDS = Backoff.fixed(Duration.ofSeconds(2));

	private final Timeline timeline = new Timeline();

	// ---- Who

	@Test
	void withoutAStrategyTheFailedMemberIsRestartedAlone() {
		Group group = this.timeline.group().build();
		group.add(failing("a", 10));
		group.add(this.timeline.member("b", forEver()).build());
		assertThat(this.timeline.run(group, 100)).isNull();
		assertThat(this.timeline.runsOf("a")).containsExactly(0L, 12L);
		assertThat(this.timeline.of("b")).containsExactly("0 started", "0 runs", "100 interrupted STOP_REQUESTED",
				"100 ended STOPPED");
	}

	@Test
	void allRestartsEveryMemberWhateverItsPolicies() {
		Group group = all();
		group.add(this.timeline.member("before", forEver()).build());
		group.add(failing("a", 10));
		group.add(this.timeline.member("after", forEver()).onError(Policy.DO_NOTHING).build());
		group.add(this.timeline.member("below", forEver()).stage(-1).onDone(Policy.RESTART).build());
		group.add(this.timeline.member("above", forEver()).stage(1).build());
		assertThat(this.timeline.run(group, 100)).isNull();
		for (String sibling : List.of("before", "after", "below", "above")) {
			assertThat(this.timeline.of(sibling)).as(sibling)
				.containsExactly("0 started", "0 runs", "10 interrupted RESTARTED_WITH a failed", "10 ended STOPPED",
						"12 started", "12 runs", "100 interrupted STOP_REQUESTED", "100 ended STOPPED");
		}
		assertThat(this.timeline.of("a")).containsExactly("0 started", "0 runs", "10 pauses 2", "12 runs",
				"100 interrupted STOP_REQUESTED", "100 ended STOPPED");
	}

	@Test
	void restRestartsThoseAddedAfterItInItsStageAndAllOfHigherStages() {
		Group group = this.timeline.group().strategy(RestartStrategy.REST).build();
		group.add(this.timeline.member("above", forEver()).stage(1).build());
		group.add(this.timeline.member("before", forEver()).build());
		group.add(failing("a", 10));
		group.add(this.timeline.member("after", forEver()).build());
		group.add(this.timeline.member("below", forEver()).stage(-1).build());
		assertThat(this.timeline.run(group, 100)).isNull();
		assertThat(this.timeline.runsOf("a")).containsExactly(0L, 12L);
		assertThat(this.timeline.runsOf("after")).containsExactly(0L, 12L);
		assertThat(this.timeline.runsOf("above")).containsExactly(0L, 12L);
		assertThat(this.timeline.runsOf("before")).containsExactly(0L);
		assertThat(this.timeline.runsOf("below")).containsExactly(0L);
	}

	@Test
	void aFailedMemberWithAReadyTimeoutWaitsQuietlyForASlowSibling() {
		Group group = all();
		group.add(describe("a", failsAfter(3), readyAfter(4)).readyTimeout(Duration.ofSeconds(5)).build());
		group.add(this.timeline.member("b", this.timeline.slowBy(100)).build());
		assertThat(this.timeline.run(group, 110)).isNull();
		assertThat(this.timeline.runsOf("a")).containsExactly(0L, 103L);
		assertThat(this.timeline.waits()).isLessThan(500);
	}

	@Test
	void siblingsThatHadCompletedFailedOrWereStoppedStaySo() {
		Group group = all();
		group.add(failing("a", 10));
		group.add(this.timeline.member("completed", returnsAfter(1)).onDone(Policy.DO_NOTHING).build());
		group.add(this.timeline.member("failed", failsAfter(1)).onError(Policy.DO_NOTHING).build());
		group.add(this.timeline.member("stopped", forEver()).build());
		this.timeline.at(1, () -> group.stopMember("stopped"));
		assertThat(this.timeline.run(group, 100)).isNull();
		assertThat(this.timeline.runsOf("a")).containsExactly(0L, 12L);
		assertThat(this.timeline.runsOf("completed")).containsExactly(0L);
		assertThat(this.timeline.runsOf("failed")).containsExactly(0L);
		assertThat(this.timeline.runsOf("stopped")).containsExactly(0L);
	}

	@Test
	void aFailureThatEndsTheGroupRestartsNobody() {
		Group group = all();
		group.add(this.timeline.member("a", failsAfter(10)).build());
		group.add(this.timeline.member("b", forEver()).build());
		assertThat(this.timeline.run(group, 100)).hasMessage("failed");
		assertThat(this.timeline.of("b")).containsExactly("0 started", "0 runs",
				"10 interrupted MEMBER_FAILED a failed", "10 ended STOPPED");
	}

	@Test
	void aFailureBeyondTheRestartLimitRestartsNobody() {
		Group group = all();
		group.add(describe("a", failsAfter(10)).maxRestarts(1).onExhausted(Policy.DO_NOTHING).build());
		group.add(this.timeline.member("b", forEver()).build());
		assertThat(this.timeline.run(group, 100)).isNull();
		assertThat(this.timeline.runsOf("a")).containsExactly(0L, 12L);
		assertThat(this.timeline.runsOf("b")).containsExactly(0L, 12L);
		assertThat(this.timeline.of("b")).last().isEqualTo("100 ended STOPPED");
	}

	@Test
	void anExecutionThatOutlivesItsTimeoutRestartsItsSiblings() {
		Group group = all();
		group.add(this.timeline.silent("a", forEver())
			.timeout(Duration.ofSeconds(10))
			.onError(Policy.RESTART)
			.backoff(TWO_SECONDS)
			.build());
		group.add(this.timeline.member("b", forEver()).build());
		assertThat(this.timeline.run(group, 15)).isNull();
		assertThat(this.timeline.runsOf("a")).containsExactly(0L, 12L);
		assertThat(this.timeline.runsOf("b")).containsExactly(0L, 12L);
	}

	// ---- How

	@Test
	void stagesGoDownHighestFirstAndComeUpLowestFirst() {
		Group group = all();
		Duration patience = Duration.ofSeconds(50);
		group.add(this.timeline.member("low", (context) -> {
			readyAfter(1).run(context);
			this.timeline.slowBy(3).run(context);
		}).readyTimeout(patience).build());
		group.add(describe("middle", readyThenFails(1, 20), readyAfter(1)).stage(1).readyTimeout(patience).build());
		group.add(this.timeline.member("high", this.timeline.slowBy(5)).stage(2).build());
		assertThat(this.timeline.run(group, 100)).isNull();
		// low is up at 1, middle at 2, and fails 20 s later
		assertThat(this.timeline.of("high").subList(1, 6)).containsExactly("2 runs",
				"22 interrupted RESTARTED_WITH middle failed", "27 ended STOPPED", "32 started", "32 runs");
		assertThat(this.timeline.of("low").subList(1, 6)).containsExactly("0 runs",
				"27 interrupted RESTARTED_WITH middle failed", "30 ended STOPPED", "30 started", "30 runs");
		assertThat(this.timeline.runsOf("middle")).containsExactly(1L, 31L);
	}

	@Test
	void nobodyStartsBeforeAllInterruptersHaveEnded() {
		Group group = all();
		group.add(failing("a", 10));
		group.add(this.timeline.silent("b", forEver()).interrupt((reason) -> {
			this.timeline.pass(30);
			this.timeline.note("b", "interrupted " + reason.kind());
		}).build());
		assertThat(this.timeline.run(group, 100)).isNull();
		assertThat(this.timeline.of("b").subList(2, 6)).containsExactly("10 ended STOPPED",
				"40 interrupted RESTARTED_WITH", "40 started", "40 runs");
		assertThat(this.timeline.runsOf("a")).containsExactly(0L, 40L);
	}

	@Test
	void initialDelaysAreNotWaitedAgainAndPausesAreGivenUp() {
		Group group = all();
		group.add(failing("a", 10));
		group.add(this.timeline.member("late", forEver()).initialDelay(Duration.ofSeconds(5)).build());
		group.add(this.timeline.member("not yet", forEver()).initialDelay(Duration.ofSeconds(50)).build());
		group.add(this.timeline.member("pausing", returnsAfter(1), forEver())
			.onDone(Policy.RESTART)
			.delay(Duration.ofSeconds(60))
			.build());
		assertThat(this.timeline.run(group, 100)).isNull();
		assertThat(this.timeline.runsOf("late")).containsExactly(5L, 12L);
		assertThat(this.timeline.of("not yet")).containsExactly("0 started", "10 interrupted RESTARTED_WITH a failed",
				"10 ended STOPPED", "12 started", "12 runs", "100 interrupted STOP_REQUESTED", "100 ended STOPPED");
		assertThat(this.timeline.of("pausing").subList(2, 6)).containsExactly("10 interrupted RESTARTED_WITH a failed",
				"10 ended STOPPED", "12 started", "12 runs");
	}

	@Test
	void meanwhileSiblingsWaitAndAreNotReady() {
		Group group = all();
		group.add(failing("a", 10));
		group.add(this.timeline.member("b", forEver()).build());
		List<MemberSnapshot> seen = new ArrayList<>();
		this.timeline.at(9, () -> seen.add(Timeline.member(group, "b")));
		this.timeline.at(11, () -> seen.add(Timeline.member(group, "b")));
		this.timeline.at(13, () -> seen.add(Timeline.member(group, "b")));
		assertThat(this.timeline.run(group, 100)).isNull();
		assertThat(seen).extracting(MemberSnapshot::state)
			.containsExactly(MemberState.RUNNING, MemberState.WAITING, MemberState.RUNNING);
		assertThat(seen).extracting(MemberSnapshot::ready).containsExactly(true, false, true);
		MemberSnapshot waiting = seen.get(1);
		assertThat(waiting.nextExecution()).isNotNull();
		assertThat(Duration.between(waiting.stateSince(), waiting.nextExecution())).isEqualTo(Duration.ofSeconds(2));
		assertThat(Timeline.member(group, "b").state()).isEqualTo(MemberState.STOPPED);
	}

	@Test
	void countsFailuresAndLimitsOfSiblingsStayAsTheyWere() {
		Group group = all();
		group.add(failing("a", 30));
		group.add(describe("b", failsAfter(5), failsAfter(40), forEver()).maxRestarts(1)
			.backoff(Backoff.fixed(Duration.ofSeconds(1)).withResetAfter(Duration.ofDays(1)))
			.onExhausted(Policy.DO_NOTHING)
			.build());
		// b fails at 5, is restarted with a at 36, and so has failed only once
		List<MemberSnapshot> seen = new ArrayList<>();
		this.timeline.at(38, () -> seen.add(Timeline.member(group, "b")));
		assertThat(this.timeline.run(group, 100)).isNull();
		assertThat(this.timeline.runsOf("a")).containsExactly(0L, 6L);
		assertThat(this.timeline.runsOf("b")).containsExactly(0L, 6L);
		assertThat(seen.get(0).failuresInARow()).isEqualTo(1);
		MemberSnapshot last = Timeline.member(group, "b");
		assertThat(last.state()).isEqualTo(MemberState.FAILED);
		assertThat(last.failures()).isEqualTo(2);
		assertThat(last.restarts()).isEqualTo(1);
		assertThat(Timeline.member(group, "a").restarts()).isZero();
	}

	@Test
	void whatSiblingsThrowThenIsHeardAndNothingFollows() {
		Group group = all();
		IOException thrown = new IOException("cut short");
		List<Throwable> handled = Collections.synchronizedList(new ArrayList<>());
		group.add(failing("a", 10));
		group.add(this.timeline.member("b", (context) -> {
			forEver().run(context);
			throw thrown;
		}).failureHandler(handled::add).build());
		assertThat(this.timeline.run(group, 11)).isNull();
		assertThat(handled).containsExactly(thrown);
		assertThat(Timeline.member(group, "b").failures()).isZero();
		assertThat(group.stopReason().kind()).isEqualTo(StopReason.Kind.STOP_REQUESTED);
	}

	// ---- More than one failure

	@Test
	void failuresThatComeTogetherCauseOneRestartAfterTheLongestPause() {
		CountDownLatch both = new CountDownLatch(2);
		Group group = this.timeline.group()
			.strategy(RestartStrategy.ALL)
			.listener(whenFailed("a", () -> meet(both)))
			.listener(whenFailed("b", () -> meet(both)))
			.build();
		group.add(failing("a", 10));
		group.add(describe("b", failsAfter(10), forEver()).backoff(Backoff.fixed(Duration.ofSeconds(7))).build());
		group.add(this.timeline.member("c", forEver()).build());
		assertThat(this.timeline.run(group, 100)).isNull();
		assertThat(this.timeline.runsOf("a")).containsExactly(0L, 17L);
		assertThat(this.timeline.runsOf("b")).containsExactly(0L, 17L);
		assertThat(this.timeline.runsOf("c")).containsExactly(0L, 17L);
		assertThat(this.timeline.of("c")).filteredOn((note) -> note.contains("RESTARTED_WITH")).hasSize(1);
		assertThat(Timeline.member(group, "a").restarts()).isEqualTo(1);
		assertThat(Timeline.member(group, "b").restarts()).isEqualTo(1);
	}

	@Test
	void aFailureOfOneThatIsInterruptedBeforeItsPolicyIsAskedCountsToo() {
		CountDownLatch failed = new CountDownLatch(1);
		AtomicReference<Group> group = new AtomicReference<>();
		group.set(this.timeline.group()
			.strategy(RestartStrategy.ALL)
			.listener(whenFailed("a", () -> Waits.await(failed)))
			.listener(whenFailed("b", () -> {
				failed.countDown();
				Waits.until(() -> Timeline.member(group.get(), "b").state() == MemberState.STOPPING);
			}))
			.build());
		group.get().add(failing("a", 10));
		group.get().add(describe("b", failsAfter(10), forEver()).backoff(Backoff.fixed(Duration.ofSeconds(7))).build());
		assertThat(this.timeline.run(group.get(), 100)).isNull();
		assertThat(this.timeline.runsOf("a")).containsExactly(0L, 17L);
		assertThat(this.timeline.of("b")).contains("10 interrupted RESTARTED_WITH a failed", "10 pauses 7",
				"10 ended STOPPED", "17 started", "17 runs");
		assertThat(Timeline.member(group.get(), "b").failures()).isEqualTo(1);
		assertThat(Timeline.member(group.get(), "b").restarts()).isEqualTo(1);
	}

	@Test
	void aLowerStageThatFailsBeforeItsTurnToGoDownJoinsIn() {
		Group group = all();
		group.add(describe("low", failsAfter(12), forEver()).backoff(Backoff.fixed(Duration.ofSeconds(20))).build());
		group.add(describe("high", failsAfter(10), forEver()).stage(1).build());
		group.add(this.timeline.member("slow", this.timeline.slowBy(5)).stage(1).build());
		assertThat(this.timeline.run(group, 100)).isNull();
		assertThat(this.timeline.of("low")).filteredOn((note) -> note.contains("RESTARTED_WITH")).isEmpty();
		assertThat(this.timeline.runsOf("low")).containsExactly(0L, 32L);
		assertThat(this.timeline.runsOf("high")).containsExactly(0L, 32L);
		assertThat(this.timeline.runsOf("slow")).containsExactly(0L, 32L);
	}

	@Test
	void aFailureWhileTheyStartAgainTakesAllDownAndUpOnceMore() {
		Group group = all();
		group.add(this.timeline.member("low", forEver()).build());
		group.add(failing("a", 10));
		group.add(describe("high", readyAfter(1), failsAfter(3), readyAfter(1)).stage(1)
			.readyTimeout(Duration.ofSeconds(50))
			.build());
		assertThat(this.timeline.run(group, 100)).isNull();
		assertThat(this.timeline.runsOf("low")).containsExactly(0L, 12L, 17L);
		assertThat(this.timeline.runsOf("a")).containsExactly(0L, 12L, 17L);
		assertThat(this.timeline.runsOf("high")).containsExactly(0L, 12L, 17L);
		assertThat(this.timeline.of("a")).contains("15 interrupted RESTARTED_WITH high failed");
	}

	// ---- Stops

	@Test
	void stopMemberOnTheFailedOneInItsBackOffLetsItsSiblingsStart() {
		Group group = all();
		group.add(describe("a", failsAfter(10)).backoff(Backoff.fixed(Duration.ofHours(1))).build());
		group.add(this.timeline.member("b", forEver()).build());
		this.timeline.at(20, () -> group.stopMember("a"));
		assertThat(this.timeline.run(group, 100)).isNull();
		assertThat(this.timeline.runsOf("a")).containsExactly(0L);
		assertThat(this.timeline.runsOf("b")).containsExactly(0L, 20L);
	}

	@Test
	void aSiblingThatIsStoppedMeanwhileIsNotStartedAgain() {
		Group group = all();
		group.add(failing("a", 10));
		group.add(this.timeline.member("b", forEver()).build());
		this.timeline.at(11, () -> group.stopMember("b"));
		assertThat(this.timeline.run(group, 100)).isNull();
		assertThat(this.timeline.of("b")).containsExactly("0 started", "0 runs",
				"10 interrupted RESTARTED_WITH a failed", "10 ended STOPPED");
		assertThat(this.timeline.runsOf("a")).containsExactly(0L, 12L);
	}

	@Test
	void aSiblingThatIsStoppedWhileItEndsIsInterruptedOnce() {
		Group group = all();
		group.add(failing("a", 10));
		group.add(this.timeline.member("b", this.timeline.slowBy(5)).build());
		this.timeline.at(11, () -> group.stopMember("b"));
		assertThat(this.timeline.run(group, 100)).isNull();
		assertThat(this.timeline.of("b")).containsExactly("0 started", "0 runs",
				"10 interrupted RESTARTED_WITH a failed", "15 ended STOPPED");
		assertThat(this.timeline.runsOf("a")).containsExactly(0L, 12L);
	}

	@Test
	void aSiblingThatIsStoppedAndStartedMeanwhileStartsAtOnce() {
		Group group = all();
		group.add(describe("a", failsAfter(10), forEver()).backoff(Backoff.fixed(Duration.ofSeconds(30))).build());
		group.add(this.timeline.member("b", forEver()).build());
		this.timeline.at(15, () -> {
			group.stopMember("b");
			group.startMember("b");
		});
		assertThat(this.timeline.run(group, 100)).isNull();
		assertThat(this.timeline.runsOf("b")).containsExactly(0L, 15L);
		assertThat(this.timeline.runsOf("a")).containsExactly(0L, 40L);
	}

	@Test
	void startMemberOnASiblingThatWaitsChangesNothing() {
		Group group = all();
		group.add(failing("a", 10));
		group.add(this.timeline.member("b", forEver()).build());
		this.timeline.at(11, () -> group.startMember("b"));
		assertThat(this.timeline.run(group, 100)).isNull();
		assertThat(this.timeline.runsOf("b")).containsExactly(0L, 12L);
	}

	@Test
	void startMemberOnASiblingThatEndsChangesNothing() {
		Group group = all();
		group.add(describe("a", failsAfter(10), forEver()).backoff(Backoff.fixed(Duration.ofSeconds(30))).build());
		group.add(this.timeline.member("b", this.timeline.slowBy(5)).build());
		this.timeline.at(11, () -> group.startMember("b"));
		assertThat(this.timeline.run(group, 100)).isNull();
		assertThat(this.timeline.runsOf("b")).containsExactly(0L, 40L);
	}

	@ParameterizedTest
	@ValueSource(longs = { 12, 16, 19, 22 })
	void aStopOfTheGroupWinsAtAnyMoment(long stopAt) {
		Group group = all();
		group.add(this.timeline.member("low", forEver()).build());
		group.add(describe("a", failsAfter(10), readyAfter(5)).backoff(Backoff.fixed(Duration.ofSeconds(8)))
			.stage(1)
			.readyTimeout(Duration.ofSeconds(20))
			.build());
		group.add(this.timeline.member("slow", this.timeline.slowBy(5)).stage(1).build());
		group.add(this.timeline.member("high", forEver()).stage(2).initialDelay(Duration.ofSeconds(1)).build());
		assertThat(this.timeline.run(group, stopAt)).isNull();
		assertThat(this.timeline.of("group"))
			.containsExactly(((stopAt >= 18) ? stopAt + 5 : Math.max(15, stopAt)) + " over");
		assertThat(this.timeline.runsOf("high")).isEmpty();
		for (String member : List.of("low", "a", "slow")) {
			long starts = this.timeline.of(member).stream().filter((note) -> note.endsWith(" started")).count();
			assertThat(this.timeline.of(member)).as(member)
				.filteredOn((note) -> note.contains(" interrupted "))
				.hasSize((int) starts);
			assertThat(this.timeline.of(member)).as(member).last().asString().endsWith("ended STOPPED");
		}
	}

	@Test
	void aSiblingThatDoesNotEndGetsAnInterruptOfItsThreadAfterTheGracePeriod() {
		Group group = this.timeline.group().strategy(RestartStrategy.ALL).gracePeriod(Duration.ofSeconds(6)).build();
		group.add(failing("a", 10));
		group.add(this.timeline.member("b", this.timeline.endsWhenItsThreadIsInterrupted("b"), forEver()).build());
		assertThat(this.timeline.run(group, 100)).isNull();
		assertThat(this.timeline.of("b").subList(2, 7)).containsExactly("10 interrupted RESTARTED_WITH a failed",
				"16 thread interrupted", "16 ended STOPPED", "16 started", "16 runs");
		assertThat(this.timeline.runsOf("a")).containsExactly(0L, 16L);
	}

	@Test
	void aSiblingThatHasNotEndedAtTheShutdownTimeoutFailsTheGroup() {
		Group group = this.timeline.group()
			.strategy(RestartStrategy.ALL)
			.gracePeriod(Duration.ofSeconds(1))
			.shutdownTimeout(Duration.ofSeconds(20))
			.build();
		group.add(failing("a", 10));
		group.add(this.timeline.member("b", this.timeline.deaf()).build());
		Throwable thrown = this.timeline.run(group, 100);
		assertThat(thrown).isInstanceOfSatisfying(UnstoppedMembersException.class,
				(ex) -> assertThat(ex.members()).extracting(UnstoppedMembersException.Unstopped::name)
					.containsExactly("b"));
		assertThat(group.stopReason()).isEqualTo(new StopReason(StopReason.Kind.MEMBER_FAILED, "b", thrown));
		assertThat(this.timeline.of("b")).containsExactly("0 started", "0 runs",
				"10 interrupted RESTARTED_WITH a failed");
		assertThat(this.timeline.of("group")).containsExactly("50 over");
	}

	@Test
	void aGroupAmongTheSiblingsOfWhichSomethingRunsOnIsNotMadeAgain() {
		Group inner = this.timeline.group().shutdownTimeout(Duration.ofSeconds(5)).build();
		inner.add(this.timeline.member("deaf", this.timeline.deaf()).build());
		AtomicInteger made = new AtomicInteger();
		Group group = all();
		group.add(failing("a", 10));
		group.add(Member.group("part", () -> {
			made.incrementAndGet();
			return inner;
		}).build());
		assertThat(this.timeline.run(group, 100)).isInstanceOf(UnstoppedMembersException.class)
			.hasMessageContaining("'deaf'");
		assertThat(made).hasValue(1);
		assertThat(group.stopReason().member()).isEqualTo("part");
	}

	// ---- Beginnings

	@Test
	void aFailureDuringTheStartOfTheGroupHoldsUpTheNextStage() {
		Group group = all();
		group.add(describe("a", failsAfter(3), forEver()).failureHandler((failure) -> this.timeline.pass(1)).build());
		group.add(this.timeline.member("b", readyAfter(4)).readyTimeout(Duration.ofSeconds(50)).build());
		group.add(this.timeline.member("high", forEver()).stage(1).build());
		assertThat(this.timeline.run(group, 100)).isNull();
		assertThat(this.timeline.runsOf("a")).containsExactly(0L, 6L);
		assertThat(this.timeline.runsOf("b")).containsExactly(0L, 6L);
		assertThat(this.timeline.of("high")).startsWith("10 started", "10 runs");
	}

	@Test
	void aStrategyIsNeverNull() {
		assertThatNullPointerException().isThrownBy(() -> Group.builder().strategy(FakeMember.nothing()))
			.withMessage("strategy");
	}

	private static void meet(CountDownLatch latch) {
		latch.countDown();
		Waits.await(latch);
	}

	private static GroupListener whenFailed(String name, Runnable work) {
		return new GroupListener() {
			@Override
			public void executionEnded(String member, Outcome outcome, long nanos) {
				if (member.equals(name) && outcome instanceof Outcome.Failed) {
					work.run();
				}
			}
		};
	}

	private Group all() {
		return this.timeline.group().strategy(RestartStrategy.ALL).build();
	}

	/**
	 * Fails after so many seconds, once.
	 */
	private Member failing(String name, long seconds) {
		return describe(name, failsAfter(seconds), forEver()).build();
	}

	private Member.Builder describe(String name, Body... executions) {
		return this.timeline.member(name, executions).onError(Policy.RESTART).backoff(TWO_SECONDS);
	}

	private static Body readyThenFails(long ready, long fails) {
		return (context) -> {
			if (context.sleep(Duration.ofSeconds(ready))) {
				context.ready();
				failsAfter(fails).run(context);
			}
		};
	}

}
