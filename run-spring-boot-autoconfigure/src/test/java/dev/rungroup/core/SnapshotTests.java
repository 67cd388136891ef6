package dev.rungroup.core;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

@Timeout(60)
class SnapshotTests {

	private final FakeMember a = new FakeMember("a");

	private final FakeMember b = new FakeMember("b");

	private final Group group = Group.builder().name("orders").build();

	@Test
	void aNewGroupIsNew() {
		this.group.add(this.b.build());
		this.group.add(this.a.build());
		GroupSnapshot snapshot = this.group.snapshot();
		assertThat(snapshot.name()).isEqualTo("orders");
		assertThat(snapshot.state()).isEqualTo(GroupState.NEW);
		assertThat(snapshot.stopReason()).isNull();
		assertThat(snapshot.members()).extracting(MemberSnapshot::name).containsExactly("b", "a");
		assertThat(snapshot.members()).allSatisfy((member) -> {
			assertThat(member.state()).isEqualTo(MemberState.NEW);
			assertThat(member.ready()).isFalse();
			assertThat(member.executions() + member.failures() + member.restarts() + member.failuresInARow()).isZero();
			assertThat(member.lastFailure()).isNull();
			assertThat(member.lastFailureAt()).isNull();
			assertThat(member.stateSince()).isNull();
			assertThat(member.nextExecution()).isNull();
			assertThat(member.lastProgress()).isNull();
		});
	}

	@Test
	void theGroupGoesFromNewToRunningToStoppingToStopped() {
		this.a.deaf();
		this.group.add(this.a.build());
		assertThat(this.group.snapshot().state()).isEqualTo(GroupState.NEW);
		RunningGroup run = RunningGroup.of(this.group);
		this.a.awaitStarted();
		assertThat(this.group.snapshot().state()).isEqualTo(GroupState.RUNNING);
		this.group.stop();
		this.a.awaitInterrupt();
		assertThat(this.group.snapshot().state()).isEqualTo(GroupState.STOPPING);
		assertThat(this.group.snapshot().stopReason().kind()).isEqualTo(StopReason.Kind.STOP_REQUESTED);
		this.a.finish();
		run.returned();
		assertThat(this.group.snapshot().state()).isEqualTo(GroupState.STOPPED);
	}

	@Test
	void aMemberIsRunningThenStoppingThenStopped() {
		this.a.deaf();
		Instant before = Instant.now();
		this.group.add(this.a.build());
		RunningGroup run = RunningGroup.of(this.group);
		this.a.awaitStarted();
		MemberSnapshot running = snapshot("a");
		assertThat(running.state()).isEqualTo(MemberState.RUNNING);
		assertThat(running.executions()).isOne();
		assertThat(running.stateSince()).isBetween(before, Instant.now());
		assertThat(running.lastProgress()).isBetween(before, Instant.now());
		assertThat(running.nextExecution()).isNull();
		this.group.stop();
		this.a.awaitInterrupt();
		Waits.until(() -> snapshot("a").state() == MemberState.STOPPING);
		assertThat(snapshot("a").stateSince()).isAfterOrEqualTo(running.stateSince());
		this.a.finish();
		run.returned();
		assertThat(snapshot("a").state()).isEqualTo(MemberState.STOPPED);
		assertThat(snapshot("a").ready()).isFalse();
	}

	@Test
	void aPausingMemberSaysWhenItGoesOn() {
		this.group.add(this.a.describe().onError(Policy.RESTART).backoff(Backoff.fixed(Duration.ofHours(1))).build());
		this.group.add(this.b.describe().initialDelay(Duration.ofHours(2)).build());
		RunningGroup run = RunningGroup.of(this.group);
		Instant before = Instant.now();
		IOException failure = new IOException("now pause");
		this.a.fail(failure);
		Waits.until(() -> Waits.pauses(snapshot("a")) && snapshot("b").state() == MemberState.WAITING);
		MemberSnapshot a = snapshot("a");
		assertThat(a.nextExecution()).isBetween(before.plusSeconds(3_590), Instant.now().plusSeconds(3_610));
		assertThat(a.lastFailure()).isSameAs(failure);
		assertThat(a.lastFailureAt()).isBetween(before.minusSeconds(5), Instant.now());
		assertThat(a.failures()).isOne();
		assertThat(a.failuresInARow()).isOne();
		assertThat(a.executions()).isOne();
		assertThat(a.restarts()).isZero();
		MemberSnapshot b = snapshot("b");
		assertThat(b.nextExecution()).isBetween(before.plusSeconds(7_180), Instant.now().plusSeconds(7_210));
		assertThat(b.executions()).isZero();
		this.group.stop();
		run.returned();
		assertThat(snapshot("a").nextExecution()).isNull();
	}

	@Test
	void theCountersCountWhatTheirNamesSay() {
		this.group
			.add(this.a.describe().onDone(Policy.RESTART).onError(Policy.RESTART).backoff(Backoff.none()).build());
		RunningGroup run = RunningGroup.of(this.group);
		this.a.awaitStarted();
		this.a.fail(new IOException("1"));
		this.a.awaitStarted();
		this.a.fail(new IOException("2"));
		this.a.awaitStarted();
		assertThat(snapshot("a").failuresInARow()).isEqualTo(2);
		this.a.finish();
		this.a.awaitStarted();
		MemberSnapshot snapshot = snapshot("a");
		assertThat(snapshot.executions()).isEqualTo(4);
		assertThat(snapshot.failures()).isEqualTo(2);
		// the fourth execution is the next turn of a loop
		assertThat(snapshot.restarts()).isEqualTo(2);
		assertThat(snapshot.failuresInARow()).isZero();
		assertThat(snapshot.lastFailure()).hasMessage("2");
		this.group.stop();
		run.returned();
	}

	@Test
	void theCountersAreTotalsOverAllStarts() {
		this.group.add(this.a.describe().onError(Policy.DO_NOTHING).build());
		this.group.add(this.b.build());
		RunningGroup run = RunningGroup.of(this.group);
		this.a.awaitStarted();
		this.a.fail(new IOException("1"));
		Waits.until(() -> snapshot("a").state() == MemberState.FAILED);
		this.group.startMember("a");
		this.a.awaitStarted();
		assertThat(snapshot("a").executions()).isEqualTo(2);
		assertThat(snapshot("a").failures()).isOne();
		assertThat(snapshot("a").failuresInARow()).isZero();
		this.group.stop();
		run.returned();
	}

	@Test
	void aMemberThatNeedNotAnnounceItselfIsReadyWhenItHasStarted() {
		this.group.add(this.a.build());
		RunningGroup run = RunningGroup.of(this.group);
		this.a.awaitStarted();
		assertThat(snapshot("a").ready()).isTrue();
		this.group.stop();
		run.returned();
	}

	@Test
	void aMemberThatAnnouncesItselfIsReadyWhenItHas() {
		this.group.add(this.a.describe().readyTimeout(Waits.LONG).build());
		RunningGroup run = RunningGroup.of(this.group);
		MemberContext context = this.a.awaitStarted();
		assertThat(snapshot("a").ready()).isFalse();
		context.ready();
		assertThat(snapshot("a").ready()).isTrue();
		this.group.stop();
		run.returned();
	}

	@Test
	void aRestartedMemberIsReadyWhenItHasAnnouncedItselfAgain() {
		this.group.add(this.a.describe()
			.readyTimeout(Waits.LONG)
			.onError(Policy.RESTART)
			.backoff(Backoff.fixed(Duration.ofMillis(1)))
			.build());
		RunningGroup run = RunningGroup.of(this.group);
		this.a.awaitStarted().ready();
		this.a.fail(new IOException("once"));
		MemberContext second = this.a.awaitStarted();
		assertThat(snapshot("a").ready()).isFalse();
		second.ready();
		assertThat(snapshot("a").ready()).isTrue();
		this.group.stop();
		run.returned();
	}

	@Test
	void aCompletedAndAFailedMemberSaySo() {
		this.group.add(this.a.describe().onDone(Policy.DO_NOTHING).build());
		this.group.add(this.b.describe().onError(Policy.DO_NOTHING).build());
		RunningGroup run = RunningGroup.of(this.group);
		this.a.finish();
		this.b.fail(new IOException("alone"));
		run.returned();
		assertThat(snapshot("a").state()).isEqualTo(MemberState.COMPLETED);
		assertThat(snapshot("b").state()).isEqualTo(MemberState.FAILED);
		assertThat(MemberState.COMPLETED.isEnded() && MemberState.FAILED.isEnded() && MemberState.STOPPED.isEnded())
			.isTrue();
		assertThat(MemberState.NEW.isEnded() || MemberState.WAITING.isEnded() || MemberState.STOPPING.isEnded())
			.isFalse();
	}

	@Test
	void aSnapshotIsAMomentAndDoesNotChange() {
		this.group.add(this.a.build());
		GroupSnapshot before = this.group.snapshot();
		this.group.add(this.b.build());
		RunningGroup run = RunningGroup.of(this.group);
		this.a.awaitStarted();
		assertThat(before.state()).isEqualTo(GroupState.NEW);
		assertThat(before.members()).hasSize(1).extracting(MemberSnapshot::state).containsExactly(MemberState.NEW);
		assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(() -> before.members().clear());
		this.group.stop();
		run.returned();
	}

	@Test
	void snapshotsTakenAllTheTimeAreAlwaysInThemselvesSound() {
		CountDownLatch enough = new CountDownLatch(3_000);
		this.group.add(Member.named("busy").execute((context) -> {
			enough.countDown();
			if (context.execution() % 2 == 0) {
				throw new IOException("every second");
			}
		}).onDone(Policy.RESTART).onError(Policy.RESTART).backoff(Backoff.none()).build());
		RunningGroup run = RunningGroup.of(this.group);
		long executions = 0;
		while (enough.getCount() > 0) {
			MemberSnapshot snapshot = snapshot("busy");
			assertThat(snapshot.executions()).isGreaterThanOrEqualTo(executions);
			assertThat(snapshot.failures()).isLessThanOrEqualTo(snapshot.executions());
			assertThat(snapshot.restarts()).isLessThanOrEqualTo(snapshot.failures());
			assertThat((long) snapshot.failuresInARow()).isLessThanOrEqualTo(snapshot.failures());
			assertThat(snapshot.lastFailure() != null).isEqualTo(snapshot.failures() > 0);
			assertThat(snapshot.lastFailureAt() != null).isEqualTo(snapshot.failures() > 0);
			executions = snapshot.executions();
		}
		this.group.stop();
		run.returned();
	}

	@Test
	void theEndOfAnExecutionIsProgress() {
		this.group.add(this.a.describe().onDone(Policy.RESTART).delay(Waits.LONG).build());
		RunningGroup run = RunningGroup.of(this.group);
		this.a.awaitStarted();
		Instant begun = this.group.snapshot().members().get(0).lastProgress();
		Waits.until("time passes", () -> Duration.between(begun, Instant.now()).toMillis() > 50);
		this.a.finish();
		Waits.until("it pauses", () -> Waits.pauses(this.group.snapshot().members().get(0)));
		assertThat(this.group.snapshot().members().get(0).lastProgress()).isAfter(begun);
		this.group.stop();
		run.returned();
	}

	@Test
	void aHeartbeatIsProgress() {
		this.group.add(this.a.build());
		RunningGroup run = RunningGroup.of(this.group);
		MemberContext context = this.a.awaitStarted();
		Instant begun = snapshot("a").lastProgress();
		Waits.until(() -> Instant.now().isAfter(begun.plusMillis(2)));
		context.heartbeat();
		assertThat(snapshot("a").lastProgress()).isAfterOrEqualTo(begun.plusMillis(1));
		this.group.stop();
		run.returned();
	}

	@Test
	void aSnapshotOfAMemberThatFailsAllTheTimeIsInItselfSound() {
		CountDownLatch enough = new CountDownLatch(20_000);
		this.group.add(Member.named("busy").execute(() -> {
			enough.countDown();
			throw new IOException("always");
		}).onError(Policy.RESTART).backoff(Backoff.none()).build());
		RunningGroup run = RunningGroup.of(this.group);
		while (enough.getCount() > 0) {
			MemberSnapshot snapshot = snapshot("busy");
			assertThat(snapshot.failures()).isLessThanOrEqualTo(snapshot.executions());
			assertThat(snapshot.restarts()).isLessThanOrEqualTo(snapshot.failures());
			assertThat((long) snapshot.failuresInARow()).isLessThanOrEqualTo(snapshot.failures());
			assertThat(snapshot.lastFailure() != null).isEqualTo(snapshot.failures() > 0);
		}
		this.group.stop();
		run.returned();
	}

	@Test
	void theTimesInTwoSnapshotsAreTheSameIfNothingHappenedInBetween() {
		Group group = Group.builder().time(new UnsteadyTime()).build();
		group.add(this.a.describe().onError(Policy.RESTART).backoff(Backoff.fixed(Waits.LONG)).build());
		RunningGroup run = RunningGroup.of(group);
		this.a.awaitStarted();
		this.a.fail(new IOException("now pause"));
		Waits.until(() -> Waits.pauses(group.snapshot().members().get(0)));
		MemberSnapshot first = group.snapshot().members().get(0);
		for (int i = 0; i < 1_000; i++) {
			assertThat(group.snapshot().members().get(0)).isEqualTo(first);
		}
		group.stop();
		run.returned();
	}

	@Test
	void theTimesInASnapshotDoNotMoveWithOneThatStoodStillBetweenTheTwoClocks() {
		UnsteadyTime time = new UnsteadyTime();
		WallClock clock = new WallClock(time);
		long offset = clock.offset();
		time.still = Duration.ofSeconds(1).toNanos();
		assertThat(clock.offset()).isEqualTo(offset);
		time.still = 0;
		time.set = Duration.ofHours(1);
		assertThat(clock.offset()).isGreaterThan(offset + Duration.ofMinutes(59).toNanos());
	}

	/**
	 * Stands still, but what its wall clock shows is never quite the same, as where the
	 * two are read one after the other.
	 */
	private static final class UnsteadyTime implements Time, InstantSource {

		private final AtomicLong looks = new AtomicLong();

		private volatile long now;

		/** How long whoever has looked at the wall clock is kept from going on. */
		private volatile long still;

		/** By how much somebody has set the wall clock. */
		private volatile Duration set = Duration.ZERO;

		@Override
		public long nanoTime() {
			return this.now;
		}

		@Override
		public void park(Object blocker, long nanos) {
			LockSupport.parkNanos(blocker, nanos);
		}

		@Override
		public void unpark(Thread thread) {
			LockSupport.unpark(thread);
		}

		@Override
		public Instant instant() {
			Instant shown = Instant.parse("2026-01-01T00:00:00Z")
				.plus(this.set)
				.plusNanos(this.now)
				.plusMillis(this.looks.incrementAndGet() % 10);
			this.now += this.still;
			return shown;
		}

	}

	private MemberSnapshot snapshot(String name) {
		return this.group.snapshot()
			.members()
			.stream()
			.filter((member) -> member.name().equals(name))
			.findFirst()
			.orElseThrow();
	}

}
