package dev.rungroup.core;

import java.time.Duration;
import java.time.Instant;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the clock of a member whose turns are very brief may, and may not, save.
 */
@Timeout(60)
class BriefTurnsTests {

	private static final int TURNS = 200_000;

	private static final int BRIEF_TURNS = 5_000;

	@Test
	void theTimeIsHardlyReadWhenNobodyIsToldHowLongATurnTook() {
		CountingTime time = new CountingTime();
		Group group = Group.builder().time(time).build();
		AtomicLong turns = new AtomicLong();
		group.add(turning(() -> {
			time.passes();
			if (turns.incrementAndGet() == TURNS) {
				group.stop();
			}
		}));
		RunningGroup.of(group).returned();
		assertThat(turns).hasValue(TURNS);
		assertThat(time.reads).hasValueLessThan(TURNS / 10);
	}

	@Test
	void theTimeIsReadOnceATurnForListeners() {
		CountingTime time = new CountingTime();
		Group group = Group.builder().time(time).listener(new GroupListener() {
		}).build();
		AtomicLong turns = new AtomicLong();
		group.add(turning(() -> {
			time.passes();
			if (turns.incrementAndGet() == TURNS) {
				group.stop();
			}
		}));
		RunningGroup.of(group).returned();
		assertThat(time.reads).hasValueBetween(TURNS, TURNS + TURNS / 10);
	}

	@Test
	void theProgressOfABusyMemberIsSeenGoingOn() {
		Group group = new Group();
		AtomicLong turns = new AtomicLong();
		group.add(turning(turns::incrementAndGet));
		RunningGroup run = RunningGroup.of(group);
		Waits.until(() -> turns.get() > TURNS);
		Instant now = Instant.now();
		Waits.until("the last progress is later than " + now, () -> now.isBefore(lastProgress(group)));
		group.stop();
		run.returned();
	}

	@Test
	void theWatchingThreadRestsWhenABusyMemberHasEnded() {
		CountingTime time = new CountingTime();
		Group group = Group.builder().time(time).build();
		FakeMember idle = new FakeMember("idle");
		group.add(idle.build());
		AtomicLong turns = new AtomicLong();
		group.add(turning(() -> {
			time.passes();
			turns.incrementAndGet();
		}));
		RunningGroup run = RunningGroup.of(group);
		Waits.until(() -> turns.get() > TURNS);
		Waits.until("it looks around", () -> time.lastPark <= ExecutionClock.TICK);
		group.stopMember("a");
		Waits.until("it rests", () -> time.lastPark > ExecutionClock.TICK);
		group.stop();
		run.returned();
	}

	@Test
	void aLongTurnAfterManyBriefOnesDoesNotMakeProgress() throws Exception {
		Group group = new Group();
		CountDownLatch held = new CountDownLatch(1);
		CountDownLatch release = new CountDownLatch(1);
		AtomicLong turns = new AtomicLong();
		group.add(turning(() -> {
			if (turns.incrementAndGet() == TURNS) {
				held.countDown();
				release.await();
			}
		}));
		RunningGroup run = RunningGroup.of(group);
		Waits.await(held);
		Instant before = lastProgress(group);
		// The watching thread looks around many times in a tick's name
		Waits.until(() -> Duration.between(before, Instant.now()).toNanos() > 20 * ExecutionClock.TICK);
		assertThat(lastProgress(group)).isEqualTo(before);
		release.countDown();
		Waits.until(() -> lastProgress(group).isAfter(before.plusNanos(10 * ExecutionClock.TICK)));
		group.stop();
		run.returned();
	}

	@Test
	void aLongTurnAmongBriefOnesIsMeasuredAlone() {
		Duration pause = Duration.ofMillis(50);
		Queue<Long> lasted = new ConcurrentLinkedQueue<>();
		Group group = Group.builder().listener(new GroupListener() {

			@Override
			public void executionEnded(String member, Outcome outcome, long nanos) {
				lasted.add(nanos);
			}

		}).build();
		AtomicLong turns = new AtomicLong();
		group.add(turning(() -> {
			long turn = turns.incrementAndGet();
			if (turn == BRIEF_TURNS) {
				LockSupport.parkNanos(pause.toNanos());
			}
			else if (turn == 2 * BRIEF_TURNS) {
				group.stop();
			}
		}));
		RunningGroup.of(group).returned();
		assertThat(lasted).hasSize(2 * BRIEF_TURNS).anyMatch((nanos) -> nanos >= pause.toNanos());
		assertThat(lasted.stream().mapToLong(Long::longValue).sum()).isLessThan(Waits.LIMIT.toNanos());
	}

	@Test
	void aSlowListenerIsNotMeasured() {
		int slowTurns = 20;
		Duration pause = Duration.ofMillis(20);
		Queue<Long> lasted = new ConcurrentLinkedQueue<>();
		Group group = Group.builder().listener(new GroupListener() {

			@Override
			public void executionEnded(String member, Outcome outcome, long nanos) {
				lasted.add(nanos);
				LockSupport.parkNanos(pause.toNanos());
			}

		}).build();
		AtomicLong turns = new AtomicLong();
		group.add(turning(() -> {
			if (turns.incrementAndGet() == slowTurns) {
				group.stop();
			}
		}));
		RunningGroup.of(group).returned();
		// A machine that is busy elsewhere may make one or the other take long
		assertThat(lasted.stream().filter((nanos) -> nanos < pause.toNanos())).hasSizeGreaterThan(slowTurns / 2);
	}

	@Test
	void aFailureAfterManyBriefTurnsIsTheFirstOfItsRow() throws Exception {
		Group group = new Group();
		CountDownLatch failed = new CountDownLatch(1);
		AtomicLong turns = new AtomicLong();
		group.add(Member.named("a").execute(() -> {
			if (turns.incrementAndGet() == TURNS) {
				throw new IllegalStateException("at last");
			}
		})
			.failureHandler((failure) -> failed.countDown())
			.onDone(Policy.RESTART)
			.onError(Policy.RESTART)
			.backoff(Backoff.fixed(Waits.LONG))
			.build());
		RunningGroup run = RunningGroup.of(group);
		Waits.await(failed);
		Waits.until(() -> Waits.pauses(member(group)));
		assertThat(member(group).failuresInARow()).isOne();
		assertThat(Duration.between(member(group).lastFailureAt(), Instant.now())).isLessThan(Waits.LIMIT);
		assertThat(member(group).executions()).isEqualTo(TURNS);
		group.stop();
		run.returned();
	}

	private static Member turning(Task task) {
		return Member.named("a").execute(task).onDone(Policy.RESTART).onError(Policy.RESTART).build();
	}

	private static MemberSnapshot member(Group group) {
		return group.snapshot().members().get(0);
	}

	private static Instant lastProgress(Group group) {
		Instant progress = member(group).lastProgress();
		assertThat(progress).isNotNull();
		return progress;
	}

	/** In which every turn is brief, on however slow a machine. */
	private static final class CountingTime implements Time {

		private final AtomicLong reads = new AtomicLong();

		private final AtomicLong now = new AtomicLong();

		private volatile long lastPark = Long.MAX_VALUE;

		@Override
		public long nanoTime() {
			this.reads.incrementAndGet();
			return this.now.get();
		}

		void passes() {
			this.now.addAndGet(1_000);
		}

		@Override
		public void unpark(Thread thread) {
			LockSupport.unpark(thread);
		}

		@Override
		public void park(Object blocker, long nanos) {
			this.lastPark = nanos;
			LockSupport.parkNanos(blocker, nanos);
		}

	}

}
