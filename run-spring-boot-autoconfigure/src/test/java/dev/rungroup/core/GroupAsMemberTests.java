package dev.rungroup.core;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(60)
class GroupAsMemberTests {

	private final FakeMember innerOne = new FakeMember("one");

	private final FakeMember innerTwo = new FakeMember("two");

	private final FakeMember other = new FakeMember("other");

	private final Group inner = Group.builder().name("inner").build();

	private final Group outer = Group.builder().name("outer").build();

	@Test
	void aMemberThatFailsInsideEndsBothGroupsWithTheSameFailure() {
		RunningGroup run = runAll();
		IOException failure = new IOException("deep inside");
		this.innerOne.fail(failure);
		assertThat(run.thrown()).isSameAs(failure);
		assertThat(this.inner.stopReason()).isEqualTo(new StopReason(StopReason.Kind.MEMBER_FAILED, "one", failure));
		assertThat(this.outer.stopReason()).isEqualTo(new StopReason(StopReason.Kind.MEMBER_FAILED, "part", failure));
		assertThat(this.innerOne.interrupts()).hasSize(1);
		assertThat(this.innerTwo.interrupts()).hasSize(1);
		assertThat(this.other.interrupts()).hasSize(1);
	}

	@Test
	void aMemberThatReturnsInsideEndsTheInnerGroupWhichIsDone() {
		RunningGroup run = runAll();
		this.innerOne.finish();
		run.returned();
		assertThat(this.outer.stopReason()).isEqualTo(new StopReason(StopReason.Kind.MEMBER_DONE, "part", null));
	}

	@Test
	void aStopOfTheOuterGroupStopsTheInnerOneAndWaitsForIt() {
		this.innerOne.deaf();
		RunningGroup run = runAll();
		this.outer.stop();
		this.innerOne.awaitInterrupt();
		this.innerTwo.awaitInterrupt();
		Waits.until(() -> !this.other.isActive() && !this.innerTwo.isActive());
		assertThat(run.isOver()).isFalse();
		this.innerOne.finish();
		run.returned();
		assertThat(this.inner.snapshot().state()).isEqualTo(GroupState.STOPPED);
		assertThat(this.outer.snapshot().members()).extracting(MemberSnapshot::state).containsOnly(MemberState.STOPPED);
	}

	@Test
	void theReasonOfTheOuterGroupReachesTheInnerMembers() {
		RunningGroup run = runAll();
		StopReason reason = new StopReason(StopReason.Kind.LEADERSHIP_LOST, null, null);
		this.outer.stop(reason);
		run.returned();
		assertThat(this.innerOne.interrupts()).extracting(StopReason::kind)
			.containsExactly(StopReason.Kind.LEADERSHIP_LOST);
		assertThat(this.innerTwo.interrupts()).extracting(StopReason::kind)
			.containsExactly(StopReason.Kind.LEADERSHIP_LOST);
	}

	@Test
	void aFailureOfAnotherMemberEndsTheInnerGroupWithoutAFailureOfItsOwn() {
		RunningGroup run = runAll();
		IOException failure = new IOException("outside");
		this.other.fail(failure);
		assertThat(run.thrown()).isSameAs(failure);
		assertThat(failure.getSuppressed()).isEmpty();
		assertThat(this.innerOne.interrupts()).hasSize(1);
		assertThat(this.innerTwo.interrupts()).hasSize(1);
	}

	@Test
	void stoppingTheInnerGroupItselfIsAReturn() {
		RunningGroup run = runAll();
		this.inner.stop();
		run.returned();
		assertThat(this.outer.stopReason()).isEqualTo(new StopReason(StopReason.Kind.MEMBER_DONE, "part", null));
	}

	@Test
	void stopMemberStopsTheInnerGroupAlone() {
		RunningGroup run = runAll();
		this.outer.stopMember("part");
		this.innerOne.awaitInterrupt();
		this.innerTwo.awaitInterrupt();
		Waits.until(() -> this.inner.snapshot().state() == GroupState.STOPPED);
		assertThat(run.isOver()).isFalse();
		assertThat(this.other.isActive()).isTrue();
		this.outer.stop();
		run.returned();
	}

	@Test
	void aStopThatComesBeforeTheInnerGroupRunsIsNotLost() {
		for (int i = 0; i < 200; i++) {
			Group inner = new Group();
			FakeMember member = new FakeMember("one");
			inner.add(member.build());
			Group outer = new Group();
			outer.add(inner.asMember("part"));
			RunningGroup run = RunningGroup.of(outer);
			outer.stop();
			run.returned();
			assertThat(member.isActive()).isFalse();
			assertThat(member.interrupts().size()).isBetween(member.executions(), 1);
		}
	}

	@Test
	void groupsNestDeeply() {
		Group innermost = new Group();
		innermost.add(this.innerOne.build());
		Group group = innermost;
		for (int i = 0; i < 10; i++) {
			Group next = new Group();
			next.add(group.asMember("level-" + i));
			group = next;
		}
		RunningGroup run = RunningGroup.of(group);
		this.innerOne.awaitStarted();
		group.stop();
		run.returned();
		assertThat(this.innerOne.interrupts()).hasSize(1);
	}

	@Test
	void theGracePeriodOfTheOuterGroupDoesNotCutTheInnerOnesMembersShort() {
		Group outer = Group.builder().gracePeriod(Duration.ofMillis(50)).build();
		this.inner.add(this.innerOne.deaf().build());
		outer.add(this.inner.asMember("part"));
		RunningGroup run = RunningGroup.of(outer);
		this.innerOne.awaitStarted();
		outer.stop();
		this.innerOne.awaitInterrupt();
		assertThat(run.isOver()).isFalse();
		this.innerOne.finish();
		run.returned();
	}

	@Test
	void aLoopIsAMemberToo() {
		Loop loop = new Loop();
		CountDownLatch enough = new CountDownLatch(3);
		loop.add(Member.named("turn").execute(enough::countDown).delay(Duration.ofMillis(1)).build());
		this.outer.add(loop.asMember("loop"));
		this.outer.add(this.other.build());
		RunningGroup run = RunningGroup.of(this.outer);
		Waits.await(enough);
		this.other.awaitStarted();
		this.other.finish();
		run.returned();
		assertThat(loop.snapshot().state()).isEqualTo(GroupState.STOPPED);
	}

	@Test
	void anEmptyLoopAsAMemberWaitsForTheStop() {
		Loop loop = new Loop();
		this.outer.add(loop.asMember("loop"));
		this.outer.add(this.other.build());
		RunningGroup run = RunningGroup.of(this.outer);
		this.other.awaitStarted();
		assertThat(run.isOver()).isFalse();
		this.outer.stop();
		run.returned();
	}

	@Test
	void theMemberBearsTheGivenName() {
		assertThat(this.inner.asMember("part").name()).isEqualTo("part");
		assertThat(new Loop().asMember("loop").name()).isEqualTo("loop");
	}

	@Test
	void aFatalFailureInsideALoopEndsTheOuterGroupWithIt() {
		Loop loop = new Loop();
		StackOverflowError failure = new StackOverflowError("fatal");
		AtomicInteger executions = new AtomicInteger();
		loop.add(Member.named("turn").execute(() -> {
			executions.incrementAndGet();
			throw failure;
		}).build());
		this.outer.add(loop.asMember("loop"));
		assertThat(RunningGroup.of(this.outer).thrown()).isSameAs(failure);
		assertThat(executions).hasValue(1);
	}

	private RunningGroup runAll() {
		this.inner.add(this.innerOne.build());
		this.inner.add(this.innerTwo.build());
		this.outer.add(this.inner.asMember("part"));
		this.outer.add(this.other.build());
		RunningGroup run = RunningGroup.of(this.outer);
		this.innerOne.awaitStarted();
		this.innerTwo.awaitStarted();
		this.other.awaitStarted();
		return run;
	}

}
