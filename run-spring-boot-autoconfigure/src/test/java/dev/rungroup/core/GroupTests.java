package dev.rungroup.core;

import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

@Timeout(60)
class GroupTests {

	private final FakeMember a = new FakeMember("a");

	private final FakeMember b = new FakeMember("b");

	private final FakeMember c = new FakeMember("c");

	private final Group group = new Group();

	@Test
	void theFirstMemberToReturnEndsTheGroup() {
		RunningGroup run = runAll();
		this.b.finish();
		run.returned();
		assertThat(this.group.stopReason()).isEqualTo(new StopReason(StopReason.Kind.MEMBER_DONE, "b", null));
	}

	@Test
	void theFirstMemberToFailEndsTheGroup() {
		RunningGroup run = runAll();
		IllegalStateException failure = new IllegalStateException("broken");
		this.b.fail(failure);
		assertThat(run.thrown()).isSameAs(failure);
		assertThat(this.group.stopReason()).isEqualTo(new StopReason(StopReason.Kind.MEMBER_FAILED, "b", failure));
	}

	@Test
	void everyStartedMemberIsInterruptedOnceTheOneThatEndedToo() {
		RunningGroup run = runAll();
		this.b.finish();
		run.returned();
		StopReason reason = this.group.stopReason();
		assertThat(reason).isNotNull();
		assertThat(this.a.interrupts()).containsExactly(reason);
		assertThat(this.b.interrupts()).containsExactly(reason);
		assertThat(this.c.interrupts()).containsExactly(reason);
	}

	@Test
	void aMemberThatEndedLongBeforeByDoNothingIsInterruptedOnceTheSame() {
		this.group.add(this.a.describe().onDone(Policy.DO_NOTHING).build());
		this.group.add(this.b.describe().onError(Policy.DO_NOTHING).build());
		this.group.add(this.c.build());
		RunningGroup run = RunningGroup.of(this.group);
		this.a.finish();
		this.b.fail(new Exception("b alone"));
		Waits.until(() -> state("a") == MemberState.COMPLETED && state("b") == MemberState.FAILED);
		assertThat(this.a.interrupts()).isEmpty();
		this.c.awaitStarted();
		this.c.finish();
		run.returned();
		assertThat(this.a.interrupts()).hasSize(1);
		assertThat(this.b.interrupts()).hasSize(1);
		assertThat(this.c.interrupts()).hasSize(1);
	}

	@Test
	void runReturnsOnlyWhenEveryMemberHasEnded() {
		this.a.deaf();
		RunningGroup run = runAll();
		this.b.finish();
		this.a.awaitInterrupt();
		this.c.awaitInterrupt();
		Waits.until(() -> !this.c.isActive());
		assertThat(run.isOver()).isFalse();
		assertThat(this.a.isActive()).isTrue();
		this.a.finish();
		run.returned();
		assertThat(this.a.isActive()).isFalse();
	}

	@Test
	void runReturnsOnlyWhenEveryInterrupterHasEnded() {
		CountDownLatch interrupting = new CountDownLatch(1);
		CountDownLatch release = new CountDownLatch(1);
		AtomicInteger active = new AtomicInteger();
		CountDownLatch returned = new CountDownLatch(1);
		this.group.add(Member.named("slow-interrupter").execute(() -> Waits.await(returned)).interrupt((reason) -> {
			active.incrementAndGet();
			interrupting.countDown();
			returned.countDown();
			Waits.ignoringInterrupts(release);
			active.decrementAndGet();
		}).build());
		this.group.add(this.a.build());
		RunningGroup run = RunningGroup.of(this.group);
		this.a.awaitStarted();
		this.a.finish();
		Waits.await(interrupting);
		Waits.until(() -> !this.a.isActive());
		assertThat(run.isOver()).isFalse();
		release.countDown();
		run.returned();
		assertThat(active).hasValue(0);
	}

	@Test
	void interruptersOfOneStageRunAtTheSameTime() {
		CyclicBarrier all = new CyclicBarrier(3);
		CountDownLatch started = new CountDownLatch(3);
		List<String> met = new CopyOnWriteArrayList<>();
		for (String name : List.of("x", "y", "z")) {
			CountDownLatch stop = new CountDownLatch(1);
			this.group.add(Member.named(name).execute(() -> {
				started.countDown();
				Waits.await(stop);
			}).interrupt((reason) -> {
				stop.countDown();
				all.await(Waits.LIMIT.toMillis(), TimeUnit.MILLISECONDS);
				met.add(name);
			}).build());
		}
		RunningGroup run = RunningGroup.of(this.group);
		Waits.await(started);
		this.group.stop();
		run.returned();
		assertThat(met).containsExactlyInAnyOrder("x", "y", "z");
	}

	@Test
	void anInterrupterThatBlocksDelaysNoOther() {
		CountDownLatch release = new CountDownLatch(1);
		CountDownLatch started = new CountDownLatch(1);
		this.group.add(Member.named("blocking")
			.execute(started::countDown)
			.onDone(Policy.DO_NOTHING)
			.interrupt((reason) -> Waits.ignoringInterrupts(release))
			.build());
		this.group.add(this.a.build());
		this.group.add(this.b.build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.await(started);
		this.a.awaitStarted();
		this.b.awaitStarted();
		long stopped = System.nanoTime();
		this.group.stop();
		this.a.awaitInterrupt();
		this.b.awaitInterrupt();
		// the promise is 200 ms
		assertThat(Waits.since(stopped)).isLessThan(Waits.SOON);
		Waits.until(() -> !this.a.isActive() && !this.b.isActive());
		assertThat(run.isOver()).isFalse();
		release.countDown();
		run.returned();
	}

	@Test
	void anInterrupterThatThrowsPreventsNoOtherAndChangesNothing() {
		CountDownLatch stop = new CountDownLatch(1);
		CountDownLatch started = new CountDownLatch(2);
		for (Throwable thrown : List.of(new IllegalStateException("thrown"), new StackOverflowError("thrown"))) {
			this.group.add(Member.named(thrown.getClass().getSimpleName()).execute(() -> {
				started.countDown();
				Waits.await(stop);
			}).interrupt((reason) -> FakeMember.<RuntimeException>sneakyThrow(thrown)).build());
		}
		this.group.add(this.a.build());
		RunningGroup run = RunningGroup.of(this.group);
		this.a.awaitStarted();
		Waits.await(started);
		this.group.stop();
		this.a.awaitInterrupt();
		Waits.until(() -> !this.a.isActive());
		assertThat(run.isOver()).isFalse();
		stop.countDown();
		run.returned();
		assertThat(this.group.stopReason()).isEqualTo(new StopReason(StopReason.Kind.STOP_REQUESTED, null, null));
	}

	@Test
	void anInterrupterRunsOnADaemonThreadThatIsNamedAfterItsMember() {
		Group group = new Group();
		BlockingQueue<Thread> threads = new LinkedBlockingQueue<>();
		CountDownLatch started = new CountDownLatch(1);
		CountDownLatch interrupted = new CountDownLatch(1);
		group.add(Member.named("worker").execute(() -> {
			started.countDown();
			Waits.await(interrupted);
		}).interrupt((reason) -> {
			threads.add(Thread.currentThread());
			interrupted.countDown();
		}).build());
		RunningGroup run = RunningGroup.of(group);
		Waits.await(started);
		group.stop();
		run.returned();
		Thread thread = Waits.take(threads);
		assertThat(thread.getName()).isEqualTo("worker-interrupt");
		assertThat(thread.isDaemon()).isTrue();
	}

	@Test
	void whenRunReturnsTheThreadsOfMembersAndInterruptersAreGone() {
		for (int i = 0; i < 50; i++) {
			Group group = new Group();
			BlockingQueue<Thread> threads = new LinkedBlockingQueue<>();
			CountDownLatch started = new CountDownLatch(1);
			CountDownLatch interrupted = new CountDownLatch(1);
			group.add(Member.named("worker").execute(() -> {
				threads.add(Thread.currentThread());
				started.countDown();
				Waits.await(interrupted);
			}).interrupt((reason) -> {
				interrupted.countDown();
				threads.add(Thread.currentThread());
			}).build());
			RunningGroup run = RunningGroup.of(() -> {
				group.run();
				assertThat(threads).hasSize(2).noneMatch(Thread::isAlive);
			});
			Waits.await(started);
			group.stop();
			run.returned();
		}
	}

	@Test
	void withoutAnInterrupterTheThreadIsInterrupted() {
		CountDownLatch started = new CountDownLatch(1);
		AtomicReference<Exception> ended = new AtomicReference<>();
		this.group.add(Member.named("sleeper").execute(() -> {
			started.countDown();
			try {
				Thread.sleep(Waits.LONG.toMillis());
			}
			catch (InterruptedException ex) {
				ended.set(ex);
				throw ex;
			}
		}).build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.await(started);
		this.group.stop();
		run.returned();
		assertThat(ended.get()).isInstanceOf(InterruptedException.class);
	}

	@Test
	void aMemberWithItsOwnInterrupterIsNotInterruptedByThread() {
		RunningGroup run = runAll();
		this.group.stop();
		run.returned();
		assertThat(this.a.threadInterrupts() + this.b.threadInterrupts() + this.c.threadInterrupts()).isZero();
	}

	@Test
	void anEmptyGroupEndsAtOnce() {
		RunningGroup.of(this.group).returned();
		assertThat(this.group.stopReason()).isNull();
		assertThat(this.group.snapshot().state()).isEqualTo(GroupState.STOPPED);
	}

	@Test
	void aGroupWhoseMembersHaveAllEndedIsOverWithoutFailure() {
		this.group.add(this.a.describe().onDone(Policy.DO_NOTHING).build());
		this.group.add(this.b.describe().onError(Policy.DO_NOTHING).build());
		RunningGroup run = RunningGroup.of(this.group);
		this.a.finish();
		Waits.until(() -> state("a") == MemberState.COMPLETED);
		assertThat(run.isOver()).isFalse();
		this.b.fail(new Exception("b alone"));
		run.returned();
		assertThat(this.group.stopReason()).isNull();
		assertThat(this.group.snapshot().state()).isEqualTo(GroupState.STOPPED);
	}

	@Test
	void runningOneGroupTwiceIsRefused() {
		RunningGroup run = runAll();
		assertThatIllegalStateException().isThrownBy(this.group::run);
		assertThatIllegalStateException().isThrownBy(this.group::start);
		this.group.stop();
		run.returned();
		assertThatIllegalStateException().isThrownBy(this.group::run);
		assertThatIllegalStateException().isThrownBy(this.group::start);
		assertThat(this.a.executions()).isOne();
	}

	@Test
	void startDoesNotBlock() throws InterruptedException {
		this.group.add(this.a.build());
		this.group.start();
		this.a.awaitStarted();
		assertThat(this.group.awaitTermination(Duration.ofMillis(20))).isFalse();
		this.a.finish();
		assertThat(this.group.awaitTermination(Waits.LIMIT)).isTrue();
		assertThat(this.group.snapshot().state()).isEqualTo(GroupState.STOPPED);
		assertThat(this.a.isActive()).isFalse();
		assertThat(this.a.interrupts()).hasSize(1);
	}

	@Test
	void startOfAnEmptyGroupEndsAtOnce() throws InterruptedException {
		this.group.start();
		assertThat(this.group.awaitTermination(Waits.LIMIT)).isTrue();
	}

	@Test
	void aStartedGroupKeepsItsFailureInTheStopReason() throws InterruptedException {
		this.group.add(this.a.build());
		this.group.start();
		IllegalStateException failure = new IllegalStateException("broken");
		this.a.fail(failure);
		assertThat(this.group.awaitTermination(Waits.LIMIT)).isTrue();
		assertThat(this.group.stopReason()).isEqualTo(new StopReason(StopReason.Kind.MEMBER_FAILED, "a", failure));
	}

	@Test
	void awaitTerminationBeforeTheStartIsFalse() throws InterruptedException {
		assertThat(this.group.awaitTermination(Duration.ZERO)).isFalse();
		assertThat(this.group.awaitTermination(Duration.ofMillis(1))).isFalse();
	}

	@Test
	void awaitTerminationTakesTheLongestDuration() throws InterruptedException {
		this.group.add(this.a.build());
		this.group.start();
		this.a.awaitStarted();
		this.a.finish();
		assertThat(this.group.awaitTermination(Duration.ofSeconds(Long.MAX_VALUE))).isTrue();
	}

	@Test
	void aMemberCanBeAddedWhileTheGroupRuns() {
		this.group.add(this.a.build());
		RunningGroup run = RunningGroup.of(this.group);
		this.a.awaitStarted();
		this.group.add(this.b.build());
		this.b.awaitStarted();
		this.b.finish();
		run.returned();
		assertThat(this.a.interrupts()).hasSize(1);
		assertThat(this.b.interrupts()).hasSize(1);
	}

	@Test
	void aMemberCanAddAnother() {
		this.group
			.add(Member.named("adder").execute(() -> this.group.add(this.a.build())).onDone(Policy.DO_NOTHING).build());
		RunningGroup run = RunningGroup.of(this.group);
		this.a.awaitStarted();
		this.a.finish();
		run.returned();
	}

	@Test
	void twoMembersOfOneNameAreRefused() {
		this.group.add(this.a.build());
		assertThatIllegalArgumentException().isThrownBy(() -> this.group.add(new FakeMember("a").build()))
			.withMessageContaining("a");
		RunningGroup run = RunningGroup.of(this.group);
		this.a.awaitStarted();
		FakeMember again = new FakeMember("a");
		assertThatIllegalArgumentException().isThrownBy(() -> this.group.add(again.build()))
			.withMessageContaining("'a'");
		this.group.stop();
		run.returned();
		assertThat(again.executions()).isZero();
	}

	@Test
	void addingAfterTheEndIsRefused() {
		RunningGroup.of(this.group).returned();
		assertThatIllegalStateException().isThrownBy(() -> this.group.add(this.a.build())).withMessageContaining("a");
	}

	@Test
	void tasksWithoutNamesAreNumbered() {
		CountDownLatch stop = new CountDownLatch(1);
		this.group.add(() -> Waits.await(stop), (reason) -> stop.countDown());
		this.group.add(() -> Waits.await(stop), (reason) -> stop.countDown());
		assertThat(this.group.snapshot().members()).extracting(MemberSnapshot::name)
			.containsExactly("member-1", "member-2");
		RunningGroup run = RunningGroup.of(this.group);
		this.group.stop();
		run.returned();
	}

	@Test
	void aTaskWithAnInterrupterLivesAsInOklog() {
		CountDownLatch cancel = new CountDownLatch(1);
		List<String> steps = new CopyOnWriteArrayList<>();
		this.group.add(() -> Waits.await(cancel), (reason) -> {
			steps.add("first interrupted");
			cancel.countDown();
		});
		Exception failure = new Exception("listen");
		this.group.add(() -> {
			throw failure;
		}, (reason) -> steps.add("second interrupted by " + reason.kind()));
		assertThat(RunningGroup.of(this.group).thrown()).isSameAs(failure);
		assertThat(steps).containsOnlyOnce("second interrupted by MEMBER_FAILED");
		assertThat(steps).hasSizeLessThanOrEqualTo(2);
		assertThat(steps).containsOnlyOnce("first interrupted");
	}

	@Test
	void interruptingTheThreadInsideRunStopsTheGroup() {
		RunningGroup run = runAll();
		run.thread().interrupt();
		assertThat(run.thrown()).isInstanceOf(InterruptedException.class);
		assertThat(this.a.interrupts()).hasSize(1);
		assertThat(this.b.interrupts()).hasSize(1);
		assertThat(this.c.interrupts()).hasSize(1);
		assertThat(this.a.isActive() || this.b.isActive() || this.c.isActive()).isFalse();
		assertThat(this.group.stopReason()).isNotNull();
		assertThat(this.group.stopReason().kind()).isEqualTo(StopReason.Kind.STOP_REQUESTED);
	}

	@Test
	void anInterruptedRunStillWaitsForEveryMember() {
		this.a.deaf();
		RunningGroup run = runAll();
		run.thread().interrupt();
		this.a.awaitInterrupt();
		Waits.until(() -> !this.b.isActive() && !this.c.isActive());
		assertThat(run.isOver()).isFalse();
		// a second one changes nothing
		run.thread().interrupt();
		this.a.finish();
		assertThat(run.thrown()).isInstanceOf(InterruptedException.class);
	}

	@Test
	void runOnAnInterruptedThreadStopsTheGroup() {
		this.group.add(this.a.build());
		RunningGroup run = RunningGroup.of(() -> {
			Thread.currentThread().interrupt();
			this.group.run();
		});
		assertThat(run.thrown()).isInstanceOf(InterruptedException.class);
		assertThat(this.a.isActive()).isFalse();
		assertThat(this.group.snapshot().state()).isEqualTo(GroupState.STOPPED);
	}

	@Test
	void theThreadsOfTheMembersComeFromTheFactoryAndBearTheirNames() {
		List<Thread> made = new CopyOnWriteArrayList<>();
		Group group = Group.builder().threadFactory((runnable) -> {
			Thread thread = new Thread(runnable);
			thread.setDaemon(true);
			made.add(thread);
			return thread;
		}).build();
		BlockingQueue<Thread> seen = new LinkedBlockingQueue<>();
		BlockingQueue<String> names = new LinkedBlockingQueue<>();
		for (String name : List.of("order-server", "line-writer")) {
			group.add(Member.named(name).execute(() -> {
				names.add(Thread.currentThread().getName());
				seen.add(Thread.currentThread());
			}).onDone(Policy.DO_NOTHING).build());
		}
		RunningGroup.of(group).returned();
		assertThat(made).containsAll(seen);
		assertThat(names).anyMatch((name) -> name.contains("order-server"))
			.anyMatch((name) -> name.contains("line-writer"));
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_21)
	void membersMayRunOnVirtualThreads() {
		Group group = Group.builder().threadFactory(VirtualThreads::unstarted).build();
		group.add(this.a.build());
		CountDownLatch started = new CountDownLatch(1);
		group.add(Member.named("sleeper").execute(() -> {
			started.countDown();
			Thread.sleep(Waits.LONG.toMillis());
		}).build());
		RunningGroup run = RunningGroup.of(group);
		this.a.awaitStarted();
		Waits.await(started);
		assertThat(this.a.thread().getName()).contains("a");
		group.stop();
		run.returned();
		assertThat(this.a.interrupts()).hasSize(1);
	}

	@Test
	void aThreadFactoryThatThrowsFailsTheMemberAndStopsTheGroup() {
		IllegalStateException failure = new IllegalStateException("no threads left");
		AtomicInteger made = new AtomicInteger();
		Group group = Group.builder().threadFactory((runnable) -> {
			if (made.incrementAndGet() == 2) {
				throw failure;
			}
			Thread thread = new Thread(runnable);
			thread.setDaemon(true);
			return thread;
		}).build();
		group.add(this.a.build());
		group.add(this.b.build());
		Throwable thrown = RunningGroup.of(group).thrown();
		assertThat(thrown).isNotNull();
		List<Throwable> causes = new ArrayList<>();
		for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
			causes.add(cause);
		}
		assertThat(causes).contains(failure);
		assertThat(group.stopReason().kind()).isEqualTo(StopReason.Kind.MEMBER_FAILED);
		assertThat(group.stopReason().member()).isIn("a", "b");
		assertThat(group.stopReason().cause()).isSameAs(thrown);
		assertThat(group.snapshot().members()).filteredOn((member) -> member.state() == MemberState.FAILED).hasSize(1);
		assertThat(this.a.isActive() || this.b.isActive()).isFalse();
	}

	@Test
	void aMemberThatGetsNoThreadIsHeardToHaveFailed() {
		IllegalStateException failure = new IllegalStateException("no threads");
		Events events = new Events();
		BlockingQueue<Throwable> handled = new LinkedBlockingQueue<>();
		Group group = Group.builder().listener(events).threadFactory((runnable) -> {
			throw failure;
		}).build();
		group.add(new FakeMember("a").describe().failureHandler(handled::add).build());
		assertThat(RunningGroup.of(group).thrown()).isSameAs(failure);
		assertThat(events.of("a")).containsExactly("a started", "a execution failed", "a ended FAILED");
		assertThat(handled).containsExactly(failure);
		MemberSnapshot member = group.snapshot().members().get(0);
		assertThat(member.state()).isEqualTo(MemberState.FAILED);
		assertThat(member.failures()).isOne();
		assertThat(member.lastFailure()).isSameAs(failure);
	}

	@Test
	void aThreadFactoryThatReturnsNullFailsTheMemberAndStopsTheGroup() {
		Group group = Group.builder().threadFactory((runnable) -> null).build();
		group.add(this.a.build());
		Throwable thrown = RunningGroup.of(group).thrown();
		assertThat(thrown).isNotNull().hasMessageContaining("a");
		assertThat(group.stopReason()).isEqualTo(new StopReason(StopReason.Kind.MEMBER_FAILED, "a", thrown));
		assertThat(this.a.executions()).isZero();
	}

	@Test
	void everyExecutionBeginsWithAClearInterruptFlag() {
		BlockingQueue<Boolean> flags = new LinkedBlockingQueue<>();
		this.group.add(Member.named("careless").execute((context) -> {
			flags.add(Thread.currentThread().isInterrupted());
			Thread.currentThread().interrupt();
			if (context.execution() % 2 == 0) {
				throw new Exception("every second");
			}
		})
			.failureHandler((failure) -> Thread.currentThread().interrupt())
			.onDone(Policy.RESTART)
			.onError(Policy.RESTART)
			.backoff(Backoff.fixed(Duration.ofMillis(1)))
			.delay(Duration.ofMillis(1))
			.build());
		RunningGroup run = RunningGroup.of(this.group);
		for (int i = 0; i < 6; i++) {
			assertThat(Waits.take(flags)).isFalse();
		}
		this.group.stop();
		run.returned();
	}

	@Test
	void anInterruptFlagLeftBehindByABodyDoesNotShortenItsPause() {
		CountDownLatch ended = new CountDownLatch(1);
		AtomicInteger executions = new AtomicInteger();
		this.group.add(Member.named("careless").execute(() -> {
			executions.incrementAndGet();
			Thread.currentThread().interrupt();
			ended.countDown();
		}).onDone(Policy.RESTART).delay(Waits.LONG).build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.await(ended);
		Waits.until(() -> Waits.pauses(this.group.snapshot().members().get(0)));
		this.group.stop();
		run.returned();
		assertThat(executions).hasValue(1);
	}

	@Test
	void endlessRestartingHoldsNoMemory() {
		int times = 20_000;
		AtomicReference<Throwable> last = new AtomicReference<>();
		List<WeakReference<Throwable>> failures = new CopyOnWriteArrayList<>();
		CountDownLatch enough = new CountDownLatch(times);
		this.group.add(Member.named("failing").execute((context) -> {
			Exception failure = new Exception("execution " + context.execution());
			if (context.execution() <= 100) {
				failures.add(new WeakReference<>(failure));
			}
			last.set(failure);
			enough.countDown();
			throw failure;
		}).onError(Policy.RESTART).backoff(Backoff.none()).build());
		this.group.add(this.a.build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.await(enough);
		Waits.until("the first failures can be collected", () -> {
			System.gc();
			return failures.stream().allMatch((reference) -> reference.get() == null);
		});
		assertThat(last.get().getSuppressed()).isEmpty();
		this.group.stop();
		run.returned();
	}

	@Test
	void aBudgetInAWindowHoldsNoMoreFailuresThanItNeeds() {
		List<WeakReference<Throwable>> failures = new CopyOnWriteArrayList<>();
		CountDownLatch enough = new CountDownLatch(2_000);
		this.group.add(Member.named("failing").execute((context) -> {
			Exception failure = new Exception("execution " + context.execution());
			if (context.execution() <= 100) {
				failures.add(new WeakReference<>(failure));
			}
			enough.countDown();
			throw failure;
		}).onError(Policy.RESTART).backoff(Backoff.none()).maxRestarts(1_000_000).within(Duration.ofHours(1)).build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.await(enough);
		Waits.until("the first failures can be collected", () -> {
			System.gc();
			return failures.stream().allMatch((reference) -> reference.get() == null);
		});
		this.group.stop();
		run.returned();
	}

	@Test
	void noUserCodeRunsUnderALockOfTheGroup() {
		Group group = Group.builder().listener(new GroupListener() {

			@Override
			public void memberStarted(String member) {
				useFromAnotherThread();
			}

			@Override
			public void executionEnded(String member, Outcome outcome, long nanos) {
				useFromAnotherThread();
			}

			@Override
			public void restartScheduled(String member, Duration pause) {
				useFromAnotherThread();
			}

			@Override
			public void memberEnded(String member, MemberState state) {
				useFromAnotherThread();
			}

			@Override
			public void groupStopping(StopReason reason) {
				useFromAnotherThread();
			}

			@Override
			public void groupStopped(StopReason reason) {
				useFromAnotherThread();
			}

		}).build();
		this.used = group;
		group.add(Member.named("user").execute((context) -> {
			useFromAnotherThread();
			if (context.execution() < 3) {
				throw new Exception("again");
			}
		})
			.failureHandler((failure) -> useFromAnotherThread())
			.interrupt((reason) -> useFromAnotherThread())
			.onError(Policy.RESTART)
			.backoff(Backoff.none())
			.build());
		RunningGroup.of(group).returned();
		assertThat(this.uses).hasValue(15);
		assertThat(this.stuck).isEmpty();
	}

	private volatile Group used = this.group;

	private final AtomicInteger uses = new AtomicInteger();

	private final List<String> stuck = new CopyOnWriteArrayList<>();

	private void useFromAnotherThread() {
		Group group = this.used;
		Thread thread = new Thread(() -> {
			group.snapshot();
			group.stopReason();
			try {
				group.add(Member.named("user").execute(() -> {
				}).build());
			}
			catch (IllegalArgumentException | IllegalStateException ex) {
				// the name is taken, or the group is over
			}
			try {
				group.awaitTermination(Duration.ZERO);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}, "other-user");
		thread.setDaemon(true);
		thread.start();
		try {
			thread.join(Waits.LIMIT.toMillis());
		}
		catch (InterruptedException ex) {
			throw new AssertionError(ex);
		}
		if (thread.isAlive()) {
			this.stuck.add(new Exception().getStackTrace()[1].getMethodName());
		}
		this.uses.incrementAndGet();
	}

	@Test
	void severalGroupsRunSideBySide() {
		Group other = Group.builder().name("other").build();
		this.group.add(this.a.build());
		other.add(this.b.build());
		RunningGroup run = RunningGroup.of(this.group);
		RunningGroup otherRun = RunningGroup.of(other);
		this.a.awaitStarted();
		this.b.awaitStarted();
		this.group.stop();
		run.returned();
		assertThat(otherRun.isOver()).isFalse();
		assertThat(this.b.interrupts()).isEmpty();
		other.stop();
		otherRun.returned();
	}

	@Test
	void oneMemberMayBeAddedToSeveralGroups() {
		AtomicInteger executions = new AtomicInteger();
		Member member = Member.named("shared").execute(executions::incrementAndGet).build();
		Group other = new Group();
		this.group.add(member);
		other.add(member);
		RunningGroup.of(this.group).returned();
		RunningGroup.of(other).returned();
		assertThat(executions).hasValue(2);
	}

	@Test
	void aMemberWithoutABodyIsRefused() {
		assertThatIllegalStateException().isThrownBy(() -> Member.named("empty").build())
			.withMessageContaining("empty");
	}

	@Test
	void aWrappedBodyIsCalledByItsWrapper() {
		Trail trail = new Trail();
		Member member = Member.named("wrapped")
			.execute(() -> trail.add("body"))
			.build()
			.withBody((body) -> (context) -> {
				trail.add("before");
				body.run(context);
				trail.add("after");
			});
		Group group = new Group();
		group.add(member);
		RunningGroup.of(group).returned();
		assertThat(trail.steps()).containsExactly("before", "body", "after");
		assertThat(member).hasToString("Member 'wrapped'");
	}

	@Test
	void aMemberWithTwoBodiesIsRefused() {
		assertThatIllegalStateException().isThrownBy(() -> Member.named("double").execute(() -> {
		}).execute((context) -> {
		}).build()).withMessageContaining("double");
	}

	@Test
	void aWindowWithoutABudgetIsRefused() {
		assertThatIllegalStateException().isThrownBy(() -> Member.named("window").execute(() -> {
		}).within(Duration.ofMinutes(1)).build()).withMessageContaining("window").withMessageContaining("maxRestarts");
	}

	@Test
	void aWindowWithABudgetOfNoRestartIsAllowed() {
		assertThat(Member.named("a").execute(() -> {
		}).maxRestarts(0).within(Duration.ofSeconds(1)).build().name()).isEqualTo("a");
	}

	@Test
	void aBudgetOfMinusOneIsUnlimitedAndLessIsRefused() {
		Member.Builder builder = Member.named("a").execute(() -> {
		});
		assertThat(builder.maxRestarts(-1).build().settings().maxRestarts()).isEqualTo(-1);
		assertThatIllegalArgumentException().isThrownBy(() -> builder.maxRestarts(-2))
			.withMessageContaining("maxRestarts")
			.withMessageContaining("-2");
	}

	@Test
	void aSpentBudgetThatRestartsIsRefused() {
		assertThatIllegalStateException().isThrownBy(() -> Member.named("spent").execute(() -> {
		}).maxRestarts(1).onExhausted(Policy.RESTART).build()).withMessageContaining("spent");
	}

	@Test
	void durationsThatMakeNoSenseAreRefused() {
		Member.Builder builder = Member.named("odd").execute(() -> {
		});
		Duration negative = Duration.ofMillis(-1);
		assertThatIllegalArgumentException().isThrownBy(() -> builder.delay(negative)).withMessageContaining("delay");
		assertThatIllegalArgumentException().isThrownBy(() -> builder.initialDelay(negative))
			.withMessageContaining("initialDelay");
		assertThatIllegalArgumentException().isThrownBy(() -> builder.timeout(negative))
			.withMessageContaining("timeout");
		assertThatIllegalArgumentException().isThrownBy(() -> builder.timeout(Duration.ZERO));
		assertThatIllegalArgumentException().isThrownBy(() -> builder.readyTimeout(negative))
			.withMessageContaining("readyTimeout");
		assertThatIllegalArgumentException().isThrownBy(() -> builder.within(negative)).withMessageContaining("within");
		assertThatIllegalArgumentException().isThrownBy(() -> builder.maxRestarts(-2))
			.withMessageContaining("maxRestarts");
		assertThatIllegalArgumentException().isThrownBy(() -> Group.builder().gracePeriod(negative));
		assertThatIllegalArgumentException().isThrownBy(() -> Group.builder().shutdownTimeout(negative));
	}

	@Test
	void theLongestDurationsDoNotOverflow() {
		Duration longest = Duration.ofSeconds(Long.MAX_VALUE, 999_999_999);
		Group group = Group.builder().gracePeriod(longest).shutdownTimeout(longest).build();
		group.add(this.a.describe()
			.timeout(longest)
			.readyTimeout(longest)
			.backoff(Backoff.fixed(longest))
			.maxRestarts(1)
			.within(longest)
			.onError(Policy.RESTART)
			.build());
		group.add(this.b.describe().initialDelay(longest).build());
		group.add(this.c.describe().onDone(Policy.RESTART).delay(longest).build());
		RunningGroup run = RunningGroup.of(group);
		this.a.awaitStarted();
		this.c.awaitStarted();
		this.a.fail(new Exception("now pause"));
		this.c.finish();
		Waits.until(
				() -> group.snapshot().members().stream().allMatch((member) -> member.state() == MemberState.WAITING));
		group.stop();
		run.returned();
		assertThat(this.a.executions()).isOne();
		assertThat(this.b.executions()).isZero();
		assertThat(this.c.executions()).isOne();
	}

	@Test
	void aMemberNeedsAName() {
		assertThatIllegalArgumentException().isThrownBy(() -> Member.named(" "));
		assertThatExceptionOfType(NullPointerException.class).isThrownBy(() -> Member.named(null));
	}

	private RunningGroup runAll() {
		this.group.add(this.a.build());
		this.group.add(this.b.build());
		this.group.add(this.c.build());
		RunningGroup run = RunningGroup.of(this.group);
		this.a.awaitStarted();
		this.b.awaitStarted();
		this.c.awaitStarted();
		return run;
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
