package dev.rungroup.core;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

@Timeout(60)
class LoopTests {

	private final FakeMember a = new FakeMember("a");

	private final FakeMember b = new FakeMember("b");

	private final Loop loop = new Loop();

	@Test
	void membersAreExecutedAgainAndAgainUntilTheStop() {
		this.loop.add(this.a.build());
		this.loop.add(this.b.build());
		RunningGroup run = RunningGroup.of(this.loop::run);
		for (int i = 1; i <= 5; i++) {
			assertThat(this.a.awaitStarted().execution()).isEqualTo(i);
			this.a.finish();
		}
		this.b.awaitStarted();
		assertThat(this.b.executions()).isOne();
		assertThat(run.isOver()).isFalse();
		this.loop.stop();
		run.returned();
		assertThat(this.a.interrupts()).hasSize(1);
		assertThat(this.b.interrupts()).hasSize(1);
		assertThat(this.a.isActive() || this.b.isActive()).isFalse();
		assertThat(this.loop.snapshot().state()).isEqualTo(GroupState.STOPPED);
	}

	@ParameterizedTest
	@EnumSource
	void onDoneAndOnErrorAreRestartWhateverTheMemberSays(Policy policy) {
		this.loop.add(this.a.describe().onDone(policy).onError(policy).backoff(Backoff.none()).build());
		RunningGroup run = RunningGroup.of(this.loop::run);
		this.a.awaitStarted();
		this.a.finish();
		this.a.awaitStarted();
		this.a.fail(new IOException("again"));
		assertThat(this.a.awaitStarted().execution()).isEqualTo(3);
		assertThat(run.isOver()).isFalse();
		this.loop.stop();
		run.returned();
	}

	@Test
	void anEmptyLoopWaitsForTheStop() {
		RunningGroup run = RunningGroup.of(this.loop::run);
		Waits.until(() -> this.loop.snapshot().state() == GroupState.RUNNING);
		assertThat(run.isOver()).isFalse();
		this.loop.stop();
		run.returned();
	}

	@Test
	void membersCanBeAddedWhileItRuns() {
		RunningGroup run = RunningGroup.of(this.loop::run);
		Waits.until(() -> this.loop.snapshot().state() == GroupState.RUNNING);
		this.loop.add(this.a.build());
		this.a.awaitStarted();
		this.a.finish();
		assertThat(this.a.awaitStarted().execution()).isEqualTo(2);
		this.loop.stop();
		run.returned();
	}

	@Test
	void twoMembersOfOneNameAreRefused() {
		this.loop.add(this.a.build());
		assertThatIllegalArgumentException().isThrownBy(() -> this.loop.add(new FakeMember("a").build()))
			.withMessageContaining("'a'");
	}

	@Test
	void aTaskWithAnInterrupterLivesAsInVslpsl() {
		CountDownLatch enough = new CountDownLatch(3);
		AtomicInteger interrupts = new AtomicInteger();
		this.loop.add(enough::countDown, (reason) -> interrupts.incrementAndGet());
		assertThat(this.loop.snapshot().members()).extracting(MemberSnapshot::name).containsExactly("member-1");
		RunningGroup run = RunningGroup.of(this.loop::run);
		Waits.await(enough);
		this.loop.stop();
		run.returned();
		assertThat(interrupts).hasValue(1);
	}

	@Test
	void aStopBeforeRunIsRemembered() {
		this.loop.add(this.a.build());
		this.loop.stop();
		RunningGroup.of(this.loop::run).returned();
		assertThat(this.a.executions()).isZero();
	}

	@Test
	void aStopBeforeRunOfAnEmptyLoopIsRemembered() {
		this.loop.stop();
		RunningGroup.of(this.loop::run).returned();
	}

	@Test
	void aMemberCanStopTheLoop() {
		AtomicInteger executions = new AtomicInteger();
		this.loop.add(Member.named("turn").execute(() -> {
			if (executions.incrementAndGet() == 10) {
				this.loop.stop();
			}
		}).build());
		RunningGroup.of(this.loop::run).returned();
		assertThat(executions).hasValue(10);
	}

	@Test
	void aCompletedStageStopsTheLoop() {
		CompletableFuture<String> stop = new CompletableFuture<>();
		this.loop.add(this.a.build());
		RunningGroup run = RunningGroup.of(() -> this.loop.run(stop));
		this.a.awaitStarted();
		assertThat(run.isOver()).isFalse();
		stop.complete("enough");
		run.returned();
		assertThat(this.a.interrupts()).hasSize(1);
	}

	@Test
	void aStageThatFailsStopsTheLoopToo() {
		CompletableFuture<String> stop = new CompletableFuture<>();
		RunningGroup run = RunningGroup.of(() -> this.loop.run(stop));
		stop.completeExceptionally(new IOException("broken"));
		run.returned();
	}

	@Test
	void aStageThatHasCompletedBeforeLetsNoBodyBegin() {
		this.loop.add(this.a.build());
		RunningGroup.of(() -> this.loop.run(CompletableFuture.completedFuture("done"))).returned();
		assertThat(this.a.executions()).isZero();
	}

	@Test
	void aLoopWithAStageCanStillBeStopped() {
		this.loop.add(this.a.build());
		RunningGroup run = RunningGroup.of(() -> this.loop.run(new CompletableFuture<>()));
		this.a.awaitStarted();
		this.loop.stop();
		run.returned();
	}

	@Test
	void interruptingTheThreadInsideRunStopsTheLoop() {
		this.loop.add(this.a.build());
		RunningGroup run = RunningGroup.of(this.loop::run);
		this.a.awaitStarted();
		run.thread().interrupt();
		assertThat(run.thrown()).isInstanceOf(InterruptedException.class);
		assertThat(this.a.isActive()).isFalse();
		assertThat(this.a.interrupts()).hasSize(1);
	}

	@Test
	void interruptingTheThreadInsideAnEmptyLoopStopsIt() {
		RunningGroup run = RunningGroup.of(this.loop::run);
		run.thread().interrupt();
		assertThat(run.thrown()).isInstanceOf(InterruptedException.class);
	}

	@Test
	void runningOneLoopTwiceIsRefused() {
		this.loop.stop();
		RunningGroup.of(this.loop::run).returned();
		assertThatIllegalStateException().isThrownBy(this.loop::run);
	}

	@Test
	void aMemberThatFailsEveryTimeDoesNotSpin() {
		AtomicInteger executions = new AtomicInteger();
		CountDownLatch second = new CountDownLatch(2);
		this.loop.add(Member.named("failing").execute(() -> {
			executions.incrementAndGet();
			second.countDown();
			throw new IOException("always");
		}).build());
		long began = System.nanoTime();
		RunningGroup run = RunningGroup.of(this.loop::run);
		Waits.await(second);
		Duration elapsed = Waits.since(began);
		this.loop.stop();
		Duration untilTheStop = Waits.since(began);
		run.returned();
		assertThat(elapsed).isGreaterThanOrEqualTo(Duration.ofSeconds(1));
		assertThat(executions.get()).isLessThanOrEqualTo(1 + (int) untilTheStop.toSeconds());
	}

	@Test
	void aMemberThatFailsEveryTimeSpinsWhenToldTo() {
		CountDownLatch many = new CountDownLatch(2_000);
		this.loop.add(Member.named("failing").execute(() -> {
			many.countDown();
			throw new IOException("always");
		}).backoff(Backoff.none()).build());
		RunningGroup run = RunningGroup.of(this.loop::run);
		Waits.await(many);
		this.loop.stop();
		run.returned();
	}

	@Test
	void thePauseBetweenTwoTurnsEndsWithin200MillisecondsOfAStop() {
		this.loop.add(this.a.describe().delay(Waits.LONG).build());
		RunningGroup run = RunningGroup.of(this.loop::run);
		this.a.finish();
		Waits.until(() -> Waits.pauses(this.loop.snapshot().members().get(0)));
		long stopped = System.nanoTime();
		this.loop.stop();
		run.returned();
		assertThat(Waits.since(stopped)).isLessThan(Waits.SOON);
		assertThat(this.a.executions()).isOne();
	}

	@Test
	void failuresReachTheHandlersAndAreNotThrown() {
		AtomicInteger handled = new AtomicInteger();
		this.loop.add(this.a.describe()
			.failureHandler((failure) -> handled.incrementAndGet())
			.backoff(Backoff.none())
			.build());
		RunningGroup run = RunningGroup.of(this.loop::run);
		this.a.awaitStarted();
		this.a.fail(new IOException("1"));
		this.a.awaitStarted();
		this.a.fail(new IOException("2"));
		this.a.awaitStarted();
		this.loop.stop();
		run.returned();
		assertThat(handled).hasValue(2);
	}

	@Test
	void noBodyIsCalledAfterTheStopEvenIfTheInterruptWasSwallowed() {
		AtomicInteger executions = new AtomicInteger();
		CountDownLatch started = new CountDownLatch(1);
		this.loop.add(Member.named("careless").execute(() -> {
			executions.incrementAndGet();
			started.countDown();
			try {
				Thread.sleep(Waits.LONG.toMillis());
			}
			catch (InterruptedException ex) {
				// swallowed
			}
		}).build());
		RunningGroup run = RunningGroup.of(this.loop::run);
		Waits.await(started);
		this.loop.stop();
		run.returned();
		assertThat(executions).hasValue(1);
	}

	@Test
	void aSpentBudgetEndsTheLoopWithTheLastFailure() {
		IOException last = new IOException("last");
		this.loop.add(Member.named("failing").execute((context) -> {
			throw (context.execution() == 3) ? last : new IOException("earlier");
		}).backoff(Backoff.none()).maxRestarts(2).build());
		Throwable thrown = RunningGroup.of(this.loop::run).thrown();
		// run() may throw no checked exception: it comes as a cause
		assertThat(thrown).hasRootCause(last);
		assertThat(this.loop.snapshot().stopReason().cause()).isSameAs(last);
	}

	@Test
	void anErrorEndsTheLoopUnlessItIsNotFatal() {
		StackOverflowError failure = new StackOverflowError("fatal");
		this.loop.add(Member.named("failing").execute(() -> {
			throw failure;
		}).backoff(Backoff.none()).build());
		assertThat(RunningGroup.of(this.loop::run).thrown()).isSameAs(failure);
	}

	@Test
	@SuppressWarnings("unchecked")
	void anErrorThatIsNotFatalIsOneMoreTurn() {
		this.loop.add(this.a.describe().fatal().backoff(Backoff.none()).build());
		RunningGroup run = RunningGroup.of(this.loop::run);
		this.a.awaitStarted();
		this.a.fail(new StackOverflowError("not fatal"));
		assertThat(this.a.awaitStarted().execution()).isEqualTo(2);
		this.loop.stop();
		run.returned();
	}

}
