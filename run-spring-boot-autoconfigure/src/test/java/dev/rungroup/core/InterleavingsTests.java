package dev.rungroup.core;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

import org.assertj.core.api.InstanceOfAssertFactories;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * What happens when a stop, a timeout, a listener, a helper thread or the user's own
 * thread class comes in between.
 */
@Timeout(60)
class InterleavingsTests {

	private static final Duration GRACE = Duration.ofMillis(100);

	private final FakeMember a = new FakeMember("a");

	private final FakeMember b = new FakeMember("b");

	@Test
	void theInterruptOfACallerWhoseMemberGetsNoThreadIsKept() throws Exception {
		AtomicReference<Thread> adding = new AtomicReference<>();
		Group group = Group.builder().threadFactory((task) -> {
			if (!task.toString().contains("first")) {
				throw new IllegalStateException("no thread");
			}
			return new Thread(task);
		}).listener(new GroupListener() {

			@Override
			public void groupStopping(StopReason reason) {
				// what the caller waits for
				Waits.until(() -> adding.get().getState() == Thread.State.WAITING);
			}

		}).build();
		group.add(Member.named("first").execute((context) -> context.sleep(Waits.LONG)).build());
		RunningGroup run = RunningGroup.of(group);
		// From then on a member that is added is started by who adds it
		Waits.until(() -> group.snapshot().members().get(0).executions() == 1);
		CompletableFuture<Boolean> flag = new CompletableFuture<>();
		Thread caller = new Thread(() -> {
			Thread.currentThread().interrupt();
			group.add(Member.named("second").execute(() -> {
			}).build());
			flag.complete(Thread.currentThread().isInterrupted());
		});
		adding.set(caller);
		caller.start();
		assertThat(flag.get(Waits.LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
		assertThat(run.thrown()).hasMessage("no thread");
	}

	@Test
	void aStopWhileAListenerHearsOfARestartKeepsTheBodyFromBeingCalled() {
		CountDownLatch restarting = new CountDownLatch(1);
		CountDownLatch goOn = new CountDownLatch(1);
		AtomicBoolean interrupted = new AtomicBoolean();
		Group group = Group.builder().listener(new GroupListener() {

			@Override
			public void memberRestarted(String member) {
				restarting.countDown();
				Waits.await(goOn);
				interrupted.set(Thread.currentThread().isInterrupted());
			}

		}).build();
		group.add(Member.named("a").onError(Policy.RESTART).backoff(Backoff.none()).execute((context) -> {
			if (context.execution() == 1) {
				throw new IOException("broken");
			}
			throw new AssertionError("called after the stop");
		}).build());
		RunningGroup run = RunningGroup.of(group);
		Waits.await(restarting);
		group.stop();
		Waits.until(() -> group.snapshot().members().get(0).state() == MemberState.STOPPING);
		goOn.countDown();
		run.returned();
		assertThat(interrupted).isFalse();
		assertThat(group.snapshot().members().get(0).executions()).isOne();
	}

	@Test
	void aTimedOutMemberWhoseInterrupterHangsEndsTheGroupAfterTheGracePeriod() {
		Group group = Group.builder().gracePeriod(GRACE).shutdownTimeout(Duration.ofSeconds(1)).build();
		CountDownLatch release = new CountDownLatch(1);
		group.add(this.a.describe()
			.timeout(Duration.ofMillis(50))
			.interrupt((reason) -> Waits.await(release))
			.onError(Policy.SHUTDOWN)
			.build());
		RunningGroup run = RunningGroup.of(group);
		this.a.awaitStarted();
		Waits.until(() -> group.snapshot().members().get(0).state() == MemberState.STOPPING);
		this.a.finish();
		assertThat(run.thrown()).isInstanceOf(TimeoutException.class);
		release.countDown();
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void aHungMemberEndsTheGroupIfItsTimeoutIsFatalOrItsBudgetIsSpent(boolean fatal) {
		Group group = Group.builder().gracePeriod(GRACE).shutdownTimeout(Duration.ofMillis(500)).build();
		Member.Builder hung = this.a.deaf().describe().timeout(Duration.ofMillis(50)).onError(Policy.RESTART);
		group.add((fatal) ? hung.fatal(TimeoutException.class).build() : hung.maxRestarts(0).build());
		RunningGroup run = RunningGroup.of(group);
		assertThat(run.thrown()).isInstanceOf(TimeoutException.class);
		StopReason reason = group.stopReason();
		assertThat(reason).isNotNull();
		assertThat(reason.kind())
			.isEqualTo((fatal) ? StopReason.Kind.MEMBER_FAILED : StopReason.Kind.RESTARTS_EXHAUSTED);
		this.a.finish();
	}

	@Test
	void aHungMemberThatIsStoppedAloneDoesNotEndTheGroup() {
		HeldTime time = new HeldTime();
		Group group = Group.builder().time(time).gracePeriod(Duration.ofSeconds(3)).build();
		group.add(this.a.deaf().describe().timeout(Duration.ofSeconds(5)).build());
		group.add(this.b.build());
		RunningGroup run = RunningGroup.of(group);
		this.a.awaitStarted();
		time.jump(Duration.ofSeconds(5));
		this.a.awaitInterrupt();
		group.stopMember("a");
		time.jump(Duration.ofSeconds(3));
		Waits.until("the grace period of its timeout is over", () -> this.a.threadInterrupts() > 0);
		Awaitility.await()
			.during(Duration.ofMillis(200))
			.atMost(Waits.LIMIT)
			.until(() -> group.snapshot().state() == GroupState.RUNNING);
		this.a.finish();
		group.stop();
		run.returned();
	}

	@Test
	void endlessTimeoutsLeaveNothingToDoBehind() throws Exception {
		Group group = Group.builder().gracePeriod(Waits.LONG).build();
		group.add(Member.named("a")
			.timeout(Duration.ofMillis(1))
			.onError(Policy.RESTART)
			.backoff(Backoff.none())
			.execute(() -> Thread.sleep(Waits.LONG.toMillis()))
			.build());
		RunningGroup run = RunningGroup.of(group);
		Waits.until(() -> group.snapshot().members().get(0).executions() > 50);
		assertThat(group).extracting("supervisor.agenda.entries")
			.asInstanceOf(InstanceOfAssertFactories.COLLECTION)
			.hasSizeLessThan(3);
		group.stop();
		run.returned();
	}

	@Test
	void aThreadWhoseInterruptThrowsKeepsNobodyFromBeingInterrupted() {
		Group group = Group.builder().threadFactory((work) -> new Thread(work) {

			@Override
			public void interrupt() {
				super.interrupt();
				if (getName().equals("a")) {
					throw new IllegalStateException("the socket was closed already");
				}
			}

		}).build();
		for (String name : List.of("a", "b")) {
			group.add(Member.named(name).execute(() -> Thread.sleep(Waits.LONG.toMillis())).build());
		}
		RunningGroup run = RunningGroup.of(group);
		Waits.until(() -> group.snapshot().members().stream().allMatch((member) -> member.executions() == 1));
		group.stop();
		run.returned();
	}

	@Test
	void aHandlerOfAMemberThatGotNoThreadMayCloseTheGroup() {
		AtomicInteger threads = new AtomicInteger();
		Group group = Group.builder().threadFactory((work) -> {
			if (threads.incrementAndGet() == 2) {
				throw new IllegalStateException("no thread");
			}
			return new MemberThreads().newThread(work);
		}).build();
		group.add(this.a.build());
		RunningGroup run = RunningGroup.of(group);
		this.a.awaitStarted();
		CountDownLatch closed = new CountDownLatch(1);
		Thread caller = new Thread(() -> group.add(Member.named("b").execute(() -> {
		}).failureHandler((failure) -> {
			group.close();
			closed.countDown();
		}).build()));
		caller.setDaemon(true);
		caller.start();
		Waits.await(closed);
		assertThat(run.thrown()).hasMessage("no thread");
	}

	@Test
	void nobodyIsGivenUpIfTheLastMemberEndsAtTheLastMoment() {
		LastMoment time = new LastMoment();
		Group group = Group.builder().shutdownTimeout(LastMoment.TIMEOUT).time(time).build();
		group.add(Member.named("a").execute(() -> {
			while (time.end.getCount() > 0) {
				try {
					time.end.await();
				}
				catch (InterruptedException ex) {
					// not yet
				}
			}
		}).build());
		RunningGroup run = RunningGroup.of(group);
		Waits.until(() -> group.snapshot().members().get(0).executions() == 1);
		time.watcher = run.thread();
		time.member = () -> group.snapshot().members().get(0).state();
		time.stoppedAt = System.nanoTime();
		group.stop();
		run.returned();
	}

	@Test
	void whatListenersDoBetweenTwoTurnsDoesNotCountForATimeout() {
		int turns = 20_000;
		AtomicInteger heard = new AtomicInteger();
		HeldTime time = new HeldTime();
		Group group = Group.builder().time(time).listener(new GroupListener() {

			@Override
			public void executionEnded(String member, Outcome outcome, long nanos) {
				if (heard.incrementAndGet() == turns) {
					time.jump(Duration.ofSeconds(20));
				}
			}

		}).build();
		group.add(Member.named("a").onDone(Policy.RESTART).timeout(Duration.ofSeconds(30)).execute((context) -> {
			if (context.execution() > turns) {
				time.jump(Duration.ofSeconds(20));
				// Meanwhile the supervisor looks
				Thread.sleep(200);
				throw new IOException("the end");
			}
		}).build());
		assertThatExceptionOfType(IOException.class).isThrownBy(group::run);
	}

	@Test
	void aReadinessThatIsBeingAnnouncedIsHeardBeforeTheEndOfItsExecutionAndDoesNotCountForTheNext() {
		List<String> heard = new CopyOnWriteArrayList<>();
		CountDownLatch announcing = new CountDownLatch(1);
		CountDownLatch failing = new CountDownLatch(1);
		CountDownLatch second = new CountDownLatch(1);
		Group group = Group.builder().listener(new GroupListener() {

			@Override
			public void memberReady(String member) {
				announcing.countDown();
				Waits.await(failing);
				LockSupport.parkNanos(50_000_000);
				heard.add("ready");
			}

			@Override
			public void executionEnded(String member, Outcome outcome, long nanos) {
				heard.add("ended");
			}

		}).build();
		group.add(Member.named("a")
			.onError(Policy.RESTART)
			.backoff(Backoff.none())
			.readyTimeout(Waits.LONG)
			.execute((context) -> {
				if (context.execution() == 1) {
					Thread helper = new Thread(context::ready);
					helper.setDaemon(true);
					helper.start();
					Waits.await(announcing);
					failing.countDown();
					throw new IOException("broken");
				}
				second.countDown();
				context.sleep(Waits.LONG);
			})
			.build());
		RunningGroup run = RunningGroup.of(group);
		Waits.await(second);
		assertThat(heard).containsExactly("ready", "ended");
		assertThat(group.snapshot().members().get(0).ready()).isFalse();
		group.stop();
		run.returned();
	}

	@Test
	void aMemberThatEndedByItselfWasNotStopped() {
		List<String> stopped = new CopyOnWriteArrayList<>();
		Group group = Group.builder().listener(new GroupListener() {

			@Override
			public void memberStopped(String member, long nanos) {
				stopped.add(member);
			}

		}).build();
		group.add(this.a.build());
		group.add(this.b.build());
		RunningGroup run = RunningGroup.of(group);
		this.a.awaitStarted();
		this.b.awaitStarted();
		this.a.fail(new IOException("by itself"));
		assertThat(run.thrown()).hasMessage("by itself");
		assertThat(stopped).containsExactly("b");
	}

	@Test
	void aRetryInAHandlerOfATimeoutHasItsPauses() {
		List<Integer> attempts = new CopyOnWriteArrayList<>();
		CountDownLatch told = new CountDownLatch(1);
		Group group = new Group();
		group.add(Member.named("a")
			.timeout(Duration.ofMillis(50))
			.onError(Policy.RESTART)
			.backoff(Backoff.fixed(Waits.LONG))
			.execute(() -> Thread.sleep(Waits.LONG.toMillis()))
			.failureHandler((failure) -> {
				try {
					Retry.with(Backoff.fixed(Duration.ofMillis(5))).withMaxRetries(5).run((attempt) -> {
						attempts.add(attempt.iteration());
						if (attempt.iteration() < 3) {
							throw new IOException("mail server");
						}
					});
				}
				catch (Exception ex) {
					throw new IllegalStateException(ex);
				}
				finally {
					told.countDown();
				}
			})
			.build());
		RunningGroup run = RunningGroup.of(group);
		Waits.await(told);
		group.stop();
		run.returned();
		assertThat(attempts).containsExactly(1, 2, 3);
	}

	/**
	 * Lets the member end when the watching thread has just seen that it has not, and
	 * asks whether the time is over.
	 */
	private static final class LastMoment implements Time {

		static final Duration TIMEOUT = Duration.ofMillis(300);

		final CountDownLatch end = new CountDownLatch(1);

		private volatile Supplier<MemberState> member = () -> MemberState.NEW;

		private volatile Thread watcher = Thread.currentThread();

		private volatile long stoppedAt = Long.MAX_VALUE;

		private int looks;

		@Override
		public long nanoTime() {
			long now = System.nanoTime();
			boolean over = this.stoppedAt != Long.MAX_VALUE && now - this.stoppedAt > TIMEOUT.toNanos();
			// The first look after that is the one of the stage
			if (over && Thread.currentThread() == this.watcher && ++this.looks == 2) {
				this.end.countDown();
				Waits.until("it has ended", () -> this.member.get() == MemberState.STOPPED);
			}
			return now;
		}

		@Override
		public void unpark(Thread thread) {
			LockSupport.unpark(thread);
		}

		@Override
		public void park(Object blocker, long nanos) {
			LockSupport.parkNanos(blocker, nanos);
		}

	}

}
