package dev.rungroup.core;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

@Timeout(60)
class InnerGroupTests {

	private final FakeMember one = new FakeMember("one");

	private final FakeMember other = new FakeMember("other");

	private final List<Group> made = new CopyOnWriteArrayList<>();

	private final Events events = new Events();

	private final Group outer = Group.builder().name("outer").listener(this.events).build();

	@Test
	void eachExecutionMakesAndRunsANewGroup() {
		RunningGroup run = runWith(part().onError(Policy.RESTART).backoff(Backoff.none()));
		this.one.fail(new IOException("first"));
		this.one.awaitStarted();
		assertThat(this.made).hasSize(2);
		assertThat(this.made.get(0).snapshot().state()).isEqualTo(GroupState.STOPPED);
		assertThat(part(this.outer.snapshot()).restarts()).isEqualTo(1);
		stop(run);
	}

	@Test
	void theFailureOfTheGroupIsTheMembersTheSameInstance() {
		List<Throwable> handled = new CopyOnWriteArrayList<>();
		RunningGroup run = runWith(part().failureHandler(handled::add));
		IOException failure = new IOException("deep inside");
		this.one.fail(failure);
		assertThat(run.thrown()).isSameAs(failure);
		assertThat(handled).containsExactly(failure);
		assertThat(this.outer.stopReason()).isEqualTo(new StopReason(StopReason.Kind.MEMBER_FAILED, "part", failure));
	}

	@Test
	void aGroupThatEndedWithoutFailureHasReturned() {
		RunningGroup run = runWith(part());
		this.one.finish();
		run.returned();
		assertThat(this.outer.stopReason()).isEqualTo(new StopReason(StopReason.Kind.MEMBER_DONE, "part", null));
	}

	@Test
	void theRestartLimitOfTheMemberCountsFailuresOfTheGroup() {
		RunningGroup run = runWith(
				part().onError(Policy.RESTART).backoff(Backoff.none()).maxRestarts(1).onExhausted(Policy.DO_NOTHING));
		this.one.fail(new IOException("first"));
		this.one.awaitStarted();
		this.one.fail(new IOException("second"));
		this.events.await("part ended FAILED");
		assertThat(this.other.isActive()).isTrue();
		assertThat(this.made).hasSize(2);
		stop(run);
	}

	@Test
	void innerInterruptersAreToldTheReasonOfTheOuterGroup() {
		RunningGroup run = runWith(part());
		StopReason reason = new StopReason(StopReason.Kind.LEADERSHIP_LOST, null, null);
		this.outer.stop(reason);
		run.returned();
		assertThat(this.one.interrupts()).containsExactly(reason);
		assertThat(this.made.get(0).stopReason()).isEqualTo(reason);
	}

	@Test
	void innerInterruptersAreToldTheReasonOfStopMember() {
		RunningGroup run = runWith(part());
		StopReason reason = new StopReason(StopReason.Kind.LEADERSHIP_LOST, "part", null);
		this.outer.stopMember("part", reason);
		this.events.await("part ended STOPPED");
		assertThat(this.one.interrupts()).containsExactly(reason);
		stop(run);
	}

	@Test
	void aTimeoutOfTheMemberStopsTheGroup() {
		HeldTime time = new HeldTime();
		Group outer = Group.builder().time(time).build();
		outer.add(part().timeout(Duration.ofSeconds(5)).build());
		RunningGroup run = RunningGroup.of(outer);
		this.one.awaitStarted();
		time.jump(Duration.ofSeconds(5));
		assertThat(run.thrown()).isInstanceOf(java.util.concurrent.TimeoutException.class);
		assertThat(this.one.interrupts()).extracting(StopReason::kind)
			.containsExactly(StopReason.Kind.EXECUTION_TIMED_OUT);
		assertThat(this.made.get(0).snapshot().state()).isEqualTo(GroupState.STOPPED);
	}

	@Test
	void theReasonSurvivesAGracePeriodThatIsOverBeforeTheInterrupterWasCalled() {
		for (int i = 0; i < 100; i++) {
			FakeMember one = new FakeMember("one");
			Group outer = Group.builder().gracePeriod(Duration.ZERO).build();
			outer.add(Member.group("part", () -> groupOf(one.build())).build());
			RunningGroup run = RunningGroup.of(outer);
			one.awaitStarted();
			outer.stop(new StopReason(StopReason.Kind.LEADERSHIP_LOST, null, null));
			run.returned();
			assertThat(one.interrupts()).extracting(StopReason::kind).containsExactly(StopReason.Kind.LEADERSHIP_LOST);
		}
	}

	@Test
	void theNextStageWaitsUntilAllStagesOfTheGroupAreUp() {
		CountDownLatch up = new CountDownLatch(1);
		CountDownLatch above = new CountDownLatch(1);
		Group outer = Group.builder().listener(this.events).build();
		outer.add(Member
			.group("part", () -> groupOf(this.one.describe().build(), new FakeMember("two").describe().stage(1).build(),
					Member.named("slow").stage(1).readyTimeout(Waits.LONG).execute((context) -> {
						Waits.await(up);
						context.ready();
						context.sleep(Waits.LONG);
					}).build()))
			.build());
		outer.add(Member.named("above").stage(1).execute((context) -> {
			above.countDown();
			context.sleep(Waits.LONG);
		}).build());
		RunningGroup run = RunningGroup.of(outer);
		this.one.awaitStarted();
		Waits.until(() -> outer.snapshot().groups().containsKey("part")
				&& outer.snapshot().groups().get("part").members().get(2).state() == MemberState.RUNNING);
		assertThat(part(outer.snapshot()).ready()).isFalse();
		assertThat(above.getCount()).isEqualTo(1);
		up.countDown();
		Waits.await(above);
		assertThat(part(outer.snapshot()).ready()).isTrue();
		assertThat(this.events.count("part ready")).isEqualTo(1);
		stop(outer, run);
	}

	@Test
	void aGroupIsReadyAgainAfterAFailureWhenItsStagesAreUpAgain() {
		CountDownLatch up = new CountDownLatch(1);
		this.outer.add(Member.group("part", () -> {
			boolean first = this.made.isEmpty();
			Group group = groupOf(Member.named("slow").readyTimeout(Waits.LONG).execute((context) -> {
				if (first) {
					context.ready();
					this.events.await("part ready");
					throw new IOException("once");
				}
				Waits.await(up);
				context.ready();
				context.sleep(Waits.LONG);
			}).build());
			this.made.add(group);
			return group;
		}).onError(Policy.RESTART).backoff(Backoff.none()).build());
		RunningGroup run = RunningGroup.of(this.outer);
		Waits.until(() -> this.made.size() == 2);
		assertThat(part(this.outer.snapshot()).ready()).isFalse();
		up.countDown();
		this.events.await("part ready", 2);
		Waits.until(() -> part(this.outer.snapshot()).ready());
		stop(this.outer, run);
	}

	@Test
	void aGroupWhoseStagesAreNotUpWithinTheReadyTimeoutHasFailed() {
		HeldTime time = new HeldTime();
		Group outer = Group.builder().time(time).build();
		outer.add(Member.group("part", () -> groupOf(this.one.describe().readyTimeout(Waits.LONG).build()))
			.readyTimeout(Duration.ofSeconds(5))
			.build());
		RunningGroup run = RunningGroup.of(outer);
		this.one.awaitStarted();
		time.jump(Duration.ofSeconds(5));
		assertThat(run.thrown()).isInstanceOf(java.util.concurrent.TimeoutException.class)
			.hasMessageContaining("was not ready");
		assertThat(this.one.interrupts()).extracting(StopReason::kind)
			.containsExactly(StopReason.Kind.EXECUTION_TIMED_OUT);
	}

	@Test
	void aSupplierThatThrowsHasFailedTheMember() {
		IllegalArgumentException failure = new IllegalArgumentException("no group today");
		this.outer.add(Member.group("part", () -> {
			throw failure;
		}).build());
		assertThat(RunningGroup.of(this.outer).thrown()).isSameAs(failure);
	}

	@Test
	void aSupplierThatReturnsNullHasFailedTheMember() {
		Supplier<Group> none = () -> FakeMember.nothing();
		this.outer.add(Member.group("part", none).build());
		assertThat(RunningGroup.of(this.outer).thrown()).isInstanceOf(IllegalStateException.class)
			.hasMessage("Member 'part' has no group to run: its supplier returned null");
	}

	@Test
	void aSupplierThatReturnsTheSameGroupTwiceHasFailedTheMember() {
		Group same = groupOf(this.one.build());
		this.outer.add(Member.group("part", () -> same)
			.onError(Policy.RESTART)
			.backoff(Backoff.none())
			.maxRestarts(1)
			.build());
		RunningGroup run = RunningGroup.of(this.outer);
		this.one.awaitStarted();
		this.one.fail(new IOException("first"));
		assertThat(run.thrown()).isInstanceOf(IllegalStateException.class)
			.hasMessageStartingWith("Member 'part' needs a new group for each execution, but got 'inner',"
					+ " which has been run already");
	}

	@Test
	void aSupplierThatReturnsTheOuterGroupHasFailedTheMember() {
		this.outer.add(Member.group("part", () -> this.outer).build());
		assertThat(RunningGroup.of(this.outer).thrown()).isInstanceOf(IllegalStateException.class)
			.hasMessageContaining("has been run already");
		assertThat(this.outer.snapshot().groups()).isEmpty();
	}

	@Test
	void bodyAndInterrupterOfAGroupAreRefused() {
		Supplier<Group> groups = Group::new;
		assertThatIllegalStateException().isThrownBy(() -> Member.group("part", groups).execute(() -> {
		}).build())
			.withMessageStartingWith("Member 'part' runs a group")
			.withMessageEndingWith("leave out execute(...)");
		assertThatIllegalStateException().isThrownBy(() -> Member.group("part", groups).interrupt((reason) -> {
		}).build()).withMessageEndingWith("leave out interrupt(...)");
		assertThatNullPointerException().isThrownBy(() -> Member.group("part", FakeMember.nothing()))
			.withMessage("groups");
	}

	@Test
	void theSnapshotShowsTheLatestGroupAlsoAfterItsEnd() {
		RunningGroup run = runWith(part().onError(Policy.RESTART).backoff(Backoff.none()));
		GroupSnapshot inner = this.outer.snapshot().groups().get("part");
		assertThat(inner.state()).isEqualTo(GroupState.RUNNING);
		assertThat(inner.members()).extracting(MemberSnapshot::name).containsExactly("one");
		this.one.fail(new IOException("first"));
		this.one.awaitStarted();
		assertThat(this.outer.snapshot().groups().get("part").members().get(0).failures()).isZero();
		stop(run);
		assertThat(this.outer.snapshot().groups()).containsOnlyKeys("part");
		assertThat(this.outer.snapshot().groups().get("part").state()).isEqualTo(GroupState.STOPPED);
	}

	@Test
	void theSnapshotShowsGroupsInsideGroups() {
		Group innermost = groupOf(this.one.build());
		Group between = groupOf(innermost.asMember("innermost"));
		this.outer.add(Member.group("between", () -> between).build());
		RunningGroup run = RunningGroup.of(this.outer);
		this.one.awaitStarted();
		GroupSnapshot seen = this.outer.snapshot().groups().get("between").groups().get("innermost");
		assertThat(seen.members()).extracting(MemberSnapshot::state).containsExactly(MemberState.RUNNING);
		assertThat(seen.groups()).isEmpty();
		stop(this.outer, run);
	}

	@Test
	void membersOfTheGroupThatDoNotEndAreTheMembersFailure() {
		this.one.deaf();
		Group inner = Group.builder().name("inner").shutdownTimeout(Duration.ofMillis(50)).build();
		inner.add(this.one.build());
		this.outer.add(Member.group("part", () -> inner).build());
		RunningGroup run = RunningGroup.of(this.outer);
		this.one.awaitStarted();
		inner.stop();
		assertThat(run.thrown()).isInstanceOfSatisfying(UnstoppedMembersException.class,
				(ex) -> assertThat(ex.members()).extracting(UnstoppedMembersException.Unstopped::name)
					.containsExactly("one"));
		this.one.finish();
	}

	@Test
	void aGroupIsNotMadeAgainWhileABodyOfItsLastOneRunsOn() {
		FakeMember deaf = new FakeMember("deaf");
		deaf.deaf();
		CountDownLatch refused = new CountDownLatch(2);
		RunningGroup run = runWith(Member.group("part", () -> {
			Group group = Group.builder().name("inner").shutdownTimeout(Duration.ofMillis(50)).build();
			group.add(deaf.build());
			group.add(this.one.build());
			this.made.add(group);
			return group;
		}).onError(Policy.RESTART).backoff(Backoff.fixed(Duration.ofMillis(5))).failureHandler((failure) -> {
			if (failure instanceof UnstoppedMembersException ex && ex.members().get(0).name().equals("deaf")) {
				refused.countDown();
			}
		}));
		deaf.awaitStarted();
		this.one.fail(new IOException("its connection is gone"));
		Waits.await(refused);
		assertThat(this.made).hasSize(1);
		deaf.finish();
		this.one.awaitStarted();
		assertThat(this.made).hasSize(2);
		stop(run);
		deaf.finish();
	}

	@Test
	void aGroupThatIsStoppedWhileItBacksOffIsNotMadeAgain() {
		RunningGroup run = runWith(part().onError(Policy.RESTART).backoff(Backoff.fixed(Waits.LONG)));
		this.one.fail(new IOException("first"));
		this.events.await("part restart");
		this.outer.stopMember("part");
		this.events.await("part ended STOPPED");
		assertThat(this.made).hasSize(1);
		stop(run);
	}

	@Test
	void closingTheOuterGroupFromInsideAsksAndDoesNotWait() {
		this.outer.add(
				Member.group("part", () -> groupOf(Member.named("closer").execute(this.outer::close).build())).build());
		RunningGroup.of(this.outer).thrown();
		assertThat(this.outer.snapshot().state()).isEqualTo(GroupState.STOPPED);
	}

	@Test
	void aWrapperAroundTheBodyLeavesTheMemberAGroup() {
		this.outer.add(part().build().withBody((body) -> (context) -> body.run(context)));
		RunningGroup run = RunningGroup.of(this.outer);
		this.one.awaitStarted();
		assertThat(this.outer.snapshot().groups()).containsOnlyKeys("part");
		stop(this.outer, run);
		assertThat(this.one.interrupts()).hasSize(1);
	}

	private Member.Builder part() {
		return Member.group("part", () -> {
			Group group = groupOf(this.one.build());
			this.made.add(group);
			return group;
		});
	}

	private static Group groupOf(Member... members) {
		Group group = Group.builder().name("inner").build();
		for (Member member : members) {
			group.add(member);
		}
		return group;
	}

	private RunningGroup runWith(Member.Builder part) {
		this.outer.add(part.build());
		this.outer.add(this.other.build());
		RunningGroup run = RunningGroup.of(this.outer);
		this.one.awaitStarted();
		this.other.awaitStarted();
		return run;
	}

	private void stop(RunningGroup run) {
		stop(this.outer, run);
	}

	private static void stop(Group group, RunningGroup run) {
		group.stop();
		run.returned();
	}

	private static MemberSnapshot part(GroupSnapshot snapshot) {
		return snapshot.members().stream().filter((member) -> member.name().equals("part")).findFirst().orElseThrow();
	}

}
