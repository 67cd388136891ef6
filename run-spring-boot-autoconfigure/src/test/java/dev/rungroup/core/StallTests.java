package dev.rungroup.core;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A member that makes no progress is noticed, and what is to happen then happens.
 */
class StallTests {

	private static final Duration LIMIT = Duration.ofMillis(100);

	private final BlockingQueue<Duration> stalls = new LinkedBlockingQueue<>();

	private final CountDownLatch release = new CountDownLatch(1);

	private final GroupListener listener = new GroupListener() {

		@Override
		public void memberStalled(String member, Duration silence) {
			StallTests.this.stalls.add(silence);
		}

	};

	private final Group.Builder builder = Group.builder().listener(this.listener);

	private Member.Builder hanging() {
		return Member.named("worker").stallAfter(LIMIT).execute(() -> this.release.await());
	}

	@Test
	void aStallIsToldOnceUntilThereIsProgress() {
		Group group = this.builder.build();
		BlockingQueue<MemberContext> contexts = new LinkedBlockingQueue<>();
		group.add(Member.named("worker").stallAfter(LIMIT).execute((context) -> {
			contexts.add(context);
			this.release.await();
		}).build());
		RunningGroup run = RunningGroup.of(group);
		MemberContext context = Waits.take(contexts);
		assertThat(Waits.take(this.stalls)).isGreaterThanOrEqualTo(LIMIT);
		LockSupport.parkNanos(LIMIT.multipliedBy(3).toNanos());
		assertThat(this.stalls).isEmpty();
		context.heartbeat();
		assertThat(Waits.take(this.stalls)).isGreaterThanOrEqualTo(LIMIT);
		this.release.countDown();
		run.returned();
	}

	@Test
	void aMemberThatPausesIsNotStalled() {
		Timeline timeline = new Timeline();
		Group group = timeline.group().listener(this.listener).build();
		group.add(timeline.member("poller", Timeline.returnsAfter(5))
			.onDone(Policy.RESTART)
			.delay(Duration.ofSeconds(30))
			.stallAfter(Duration.ofSeconds(10))
			.build());
		assertThat(timeline.run(group, 80)).isNull();
		assertThat(timeline.runsOf("poller")).containsExactly(0L, 35L, 70L);
		assertThat(this.stalls).isEmpty();
	}

	@Test
	void aStalledMemberThatIsToRestartIsInterruptedAndExecutedAgain() {
		Group group = this.builder.build();
		List<StopReason> reasons = new CopyOnWriteArrayList<>();
		group.add(Member.named("worker").stallAfter(LIMIT).onStall(OnStall.RESTART).execute((context) -> {
			if (context.execution() == 1) {
				this.release.await();
			}
		}).interrupt((reason) -> {
			reasons.add(reason);
			this.release.countDown();
		}).build());
		RunningGroup.of(group).returned();
		assertThat(reasons.get(0).kind()).isEqualTo(StopReason.Kind.STALLED);
		MemberSnapshot worker = group.snapshot().members().get(0);
		assertThat(worker.executions()).isEqualTo(2);
		assertThat(worker.failures()).isZero();
		assertThat(worker.state()).isEqualTo(MemberState.COMPLETED);
	}

	@Test
	void aStalledMemberThatIsToShutDownEndsTheGroupWithAFailure() {
		Group group = this.builder.build();
		group.add(hanging().onStall(OnStall.SHUTDOWN).build());
		assertThat(RunningGroup.of(group).thrown()).isInstanceOf(TimeoutException.class)
			.hasMessageStartingWith("Member 'worker' made no progress for ");
		assertThat(group.stopReason()).isNotNull().satisfies((reason) -> {
			assertThat(reason.kind()).isEqualTo(StopReason.Kind.STALLED);
			assertThat(reason.member()).isEqualTo("worker");
			assertThat(reason.isFailure()).isTrue();
		});
	}

	@Test
	void oneThatGoesOnWhileItsStallIsToldIsLeftAlone() {
		CountDownLatch returned = new CountDownLatch(1);
		Group group = Group.builder().listener(new GroupListener() {

			@Override
			public void memberStalled(String member, Duration silence) {
				StallTests.this.release.countDown();
				Waits.await(returned);
			}

		}).build();
		group.add(Member.named("worker")
			.stallAfter(LIMIT)
			.onStall(OnStall.RESTART)
			.onDone(Policy.DO_NOTHING)
			.execute(() -> this.release.await())
			.build());
		group.add(Member.named("other").execute(() -> Thread.sleep(Waits.LONG.toMillis())).build());
		Thread watch = new Thread(() -> {
			Waits.until(() -> group.snapshot().members().get(0).state() == MemberState.COMPLETED);
			returned.countDown();
		});
		watch.start();
		RunningGroup run = RunningGroup.of(group);
		Waits.await(returned);
		group.stop();
		run.returned();
		assertThat(group.snapshot().members().get(0).executions()).isOne();
	}

	@Test
	void aListenerOfAStallThatBlocksHoldsUpNothing() {
		CountDownLatch told = new CountDownLatch(1);
		CountDownLatch goOn = new CountDownLatch(1);
		Group group = Group.builder().listener(new GroupListener() {

			@Override
			public void memberStalled(String member, Duration silence) {
				told.countDown();
				Waits.await(goOn);
			}

		}).build();
		group.add(hanging().interrupt((reason) -> this.release.countDown()).build());
		RunningGroup run = RunningGroup.of(group);
		Waits.await(told);
		group.stop();
		run.returned();
		goOn.countDown();
	}

	@Test
	void aPauseOfTheWholeJvmIsNoStall() {
		StandingTime time = new StandingTime();
		Group group = this.builder.time(time).build();
		AtomicBoolean beating = new AtomicBoolean();
		group.add(Member.named("worker").stallAfter(Duration.ofSeconds(60)).execute((context) -> {
			beating.set(true);
			while (context.sleep(Duration.ofMillis(1))) {
				context.heartbeat();
			}
		}).build());
		RunningGroup run = RunningGroup.of(group);
		Waits.until(beating::get);
		time.jump(Duration.ofHours(1));
		Waits.until("the supervisor has looked again", () -> time.looks.get() > 2);
		group.stop();
		run.returned();
		assertThat(this.stalls).isEmpty();
	}

	/**
	 * Stands still as far as threads can tell, and then has gone on.
	 */
	private static final class StandingTime implements Time {

		private final AtomicLong ahead = new AtomicLong();

		private final AtomicLong looks = new AtomicLong();

		private volatile Thread supervisor = Thread.currentThread();

		void jump(Duration time) {
			this.ahead.addAndGet(time.toNanos());
			this.looks.set(0);
			LockSupport.unpark(this.supervisor);
		}

		@Override
		public long nanoTime() {
			return System.nanoTime() + this.ahead.get();
		}

		@Override
		public void park(Object blocker, long nanos) {
			if (blocker instanceof Group) {
				this.supervisor = Thread.currentThread();
				this.looks.incrementAndGet();
				LockSupport.parkNanos(blocker, Math.min(nanos, 5_000_000));
			}
			else {
				LockSupport.parkNanos(blocker, nanos);
			}
		}

		@Override
		public void unpark(Thread thread) {
			LockSupport.unpark(thread);
		}

	}

}
