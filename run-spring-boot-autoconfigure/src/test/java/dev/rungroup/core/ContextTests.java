package dev.rungroup.core;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicReference;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(60)
class ContextTests {

	private final FakeMember a = new FakeMember("a");

	private final Group group = new Group();

	@Test
	void theContextOfTheFirstExecution() {
		this.group.add(this.a.build());
		RunningGroup run = RunningGroup.of(this.group);
		MemberContext context = this.a.awaitStarted();
		assertThat(context.name()).isEqualTo("a");
		assertThat(context.execution()).isOne();
		assertThat(context.failures()).isZero();
		assertThat(context.lastFailure()).isNull();
		assertThat(context.isStopping()).isFalse();
		assertThat(context.stopReason()).isNull();
		this.group.stop();
		run.returned();
	}

	@Test
	void theContextBeforeTheFirstExecutionIsOneThatGoesOn() {
		BlockingQueue<MemberContext> seen = new LinkedBlockingQueue<>();
		BlockingQueue<Boolean> stopping = new LinkedBlockingQueue<>();
		Group group = Group.builder().listener(new GroupListener() {

			@Override
			public void memberStarted(String member) {
				MemberContext context = MemberContext.current();
				seen.add(context);
				stopping.add(context.isStopping());
			}

		}).build();
		group.add(this.a.build());
		RunningGroup run = RunningGroup.of(group);
		assertThat(Waits.take(seen).execution()).isZero();
		assertThat(Waits.take(stopping)).isFalse();
		group.stop();
		run.returned();
	}

	@Test
	void theContextOfLaterExecutionsKnowsTheFailures() {
		this.group
			.add(this.a.describe().onDone(Policy.RESTART).onError(Policy.RESTART).backoff(Backoff.none()).build());
		RunningGroup run = RunningGroup.of(this.group);
		this.a.awaitStarted();
		IOException first = new IOException("first");
		IOException second = new IOException("second");
		this.a.fail(first);
		MemberContext context = this.a.awaitStarted();
		assertThat(context.execution()).isEqualTo(2);
		assertThat(context.failures()).isEqualTo(1);
		assertThat(context.lastFailure()).isSameAs(first);
		this.a.fail(second);
		context = this.a.awaitStarted();
		assertThat(context.execution()).isEqualTo(3);
		assertThat(context.failures()).isEqualTo(2);
		assertThat(context.lastFailure()).isSameAs(second);
		this.a.finish();
		context = this.a.awaitStarted();
		assertThat(context.execution()).isEqualTo(4);
		assertThat(context.failures()).isZero();
		this.group.stop();
		run.returned();
	}

	@Test
	void theContextKnowsTheReasonBeforeTheInterrupterIsCalled() {
		BlockingQueue<Boolean> seen = new LinkedBlockingQueue<>();
		AtomicReference<MemberContext> context = new AtomicReference<>();
		CountDownLatch started = new CountDownLatch(1);
		CountDownLatch end = new CountDownLatch(1);
		this.group.add(Member.named("member").execute((own) -> {
			context.set(own);
			started.countDown();
			Waits.await(end);
		}).interrupt((reason) -> {
			seen.add(context.get().isStopping() && reason.equals(context.get().stopReason()));
			end.countDown();
		}).build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.await(started);
		this.group.stop();
		run.returned();
		assertThat(Waits.take(seen)).isTrue();
	}

	@Test
	void theReasonOfAFailureOfAnotherMemberIsSeen() {
		FakeMember b = new FakeMember("b");
		this.group.add(this.a.build());
		this.group.add(b.build());
		RunningGroup run = RunningGroup.of(this.group);
		MemberContext context = this.a.awaitStarted();
		b.awaitStarted();
		IOException failure = new IOException("broken");
		b.fail(failure);
		assertThat(run.thrown()).isSameAs(failure);
		assertThat(context.isStopping()).isTrue();
		assertThat(context.stopReason()).isEqualTo(new StopReason(StopReason.Kind.MEMBER_FAILED, "b", failure));
	}

	@Test
	void aTaskAndItsFailureHandlerSeeTheContextOfTheirExecution() {
		IOException first = new IOException("first");
		BlockingQueue<MemberContext> seen = new LinkedBlockingQueue<>();
		BlockingQueue<MemberContext> handled = new LinkedBlockingQueue<>();
		this.group.add(Member.named("a").execute(() -> {
			MemberContext context = MemberContext.current();
			assertThat(context).isNotNull().isSameAs(MemberContext.current());
			seen.add(context);
			throw first;
		})
			.failureHandler((failure) -> handled.add(MemberContext.current()))
			.onError(Policy.RESTART)
			.backoff(Backoff.none())
			.maxRestarts(1)
			.build());
		assertThat(RunningGroup.of(this.group).thrown()).isSameAs(first);
		for (int execution = 1; execution <= 2; execution++) {
			MemberContext context = Waits.take(seen);
			assertThat(Waits.take(handled)).isSameAs(context);
			assertThat(context.execution()).isEqualTo(execution);
			assertThat(context.failures()).isEqualTo(execution - 1);
			assertThat(context.lastFailure()).isSameAs((execution == 1) ? null : first);
			assertThat(context.isStopping()).isTrue();
		}
	}

	@Test
	void aFailureHandlerOfATaskThatDidNotAskSeesTheContextOfTheExecutionThatFailed() {
		BlockingQueue<MemberContext> handled = new LinkedBlockingQueue<>();
		IOException failure = new IOException("failed");
		this.group.add(Member.named("a").execute((Task) () -> {
			throw failure;
		}).failureHandler((ex) -> handled.add(MemberContext.current())).build());
		assertThat(RunningGroup.of(this.group).thrown()).isSameAs(failure);
		MemberContext context = Waits.take(handled);
		assertThat(context.execution()).isOne();
		assertThat(context.failures()).isZero();
		assertThat(context.lastFailure()).isNull();
	}

	@Test
	void sleepThatIsNotDisturbedSleepsItAll() {
		BlockingQueue<Object> seen = new LinkedBlockingQueue<>();
		this.group.add(Member.named("sleeper").execute((context) -> {
			long began = System.nanoTime();
			seen.add(context.sleep(Duration.ofMillis(30)));
			seen.add(System.nanoTime() - began >= 30_000_000);
			seen.add(context.sleep(Duration.ZERO));
		}).build());
		RunningGroup.of(this.group).returned();
		assertThat(seen).containsExactly(true, true, true);
	}

	@Test
	void sleepIsFalseWhenAStopWakesItThoughTheInterrupterInterruptsTheThread() {
		for (int i = 0; i < 100; i++) {
			Group group = new Group();
			CountDownLatch started = new CountDownLatch(1);
			BlockingQueue<Object> seen = new LinkedBlockingQueue<>();
			group.add(Member.named("sleeper").execute((context) -> {
				started.countDown();
				try {
					seen.add(context.sleep(Waits.LONG));
				}
				catch (InterruptedException ex) {
					seen.add(ex);
				}
			}).build());
			RunningGroup run = RunningGroup.of(group);
			Waits.await(started);
			group.stop();
			run.returned();
			assertThat(seen).containsExactly(false);
		}
	}

	@Test
	void sleepAfterTheStopReturnsFalseAtOnce() {
		BlockingQueue<Object> seen = new LinkedBlockingQueue<>();
		this.group.add(Member.named("sleeper").execute((context) -> {
			this.group.stop();
			seen.add(context.sleep(Waits.LONG));
			seen.add(context.sleep(Waits.LONG));
		}).interrupt((reason) -> {
		}).build());
		RunningGroup.of(this.group).returned();
		assertThat(seen).containsExactly(false, false);
	}

	@Test
	void sleepThatSomebodyElseInterruptsThrows() {
		BlockingQueue<Object> seen = new LinkedBlockingQueue<>();
		this.group.add(Member.named("sleeper").execute((context) -> {
			Thread.currentThread().interrupt();
			try {
				seen.add(context.sleep(Waits.LONG));
			}
			catch (InterruptedException ex) {
				seen.add("interrupted");
			}
		}).build());
		RunningGroup.of(this.group).returned();
		assertThat(seen).containsExactly("interrupted");
	}

	@Test
	void sleepTakesTheLongestDuration() {
		BlockingQueue<Object> seen = new LinkedBlockingQueue<>();
		CountDownLatch started = new CountDownLatch(1);
		this.group.add(Member.named("sleeper").execute((context) -> {
			started.countDown();
			seen.add(context.sleep(Duration.ofSeconds(Long.MAX_VALUE)));
		}).interrupt((reason) -> {
		}).build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.await(started);
		this.group.stop();
		run.returned();
		assertThat(seen).containsExactly(false);
	}

	@Test
	void aHelperThreadOfTheBodyMaySleepWithItsContext() {
		BlockingQueue<Thread> helpers = new LinkedBlockingQueue<>();
		BlockingQueue<Object> seen = new LinkedBlockingQueue<>();
		this.group.add(Member.named("member").execute((context) -> {
			Thread helper = new Thread(() -> sleep(context, Waits.LONG, seen));
			helper.setDaemon(true);
			helper.start();
			helpers.add(helper);
			helper.join();
		}).interrupt((reason) -> {
		}).build());
		RunningGroup run = RunningGroup.of(this.group);
		Thread helper = Waits.take(helpers);
		Waits.until("it sleeps", () -> helper.getState() == Thread.State.TIMED_WAITING);
		this.group.stop();
		run.returned();
		assertThat(seen).containsExactly(false);
	}

	@Test
	void aHelperThreadThatIsNotDisturbedSleepsItAll() {
		BlockingQueue<Object> seen = new LinkedBlockingQueue<>();
		this.group.add(Member.named("member").execute((context) -> {
			Thread helper = new Thread(() -> sleep(context, Duration.ofMillis(1), seen));
			helper.start();
			helper.join(Waits.LIMIT.toMillis());
		}).build());
		RunningGroup.of(this.group).returned();
		assertThat(seen).containsExactly(true);
	}

	@Test
	void aHelperThreadThatOutlivesItsExecutionIsWokenAtTheEndOfThat() {
		BlockingQueue<Object> seen = new LinkedBlockingQueue<>();
		this.group.add(this.a.describe().onDone(Policy.RESTART).build());
		RunningGroup run = RunningGroup.of(this.group);
		MemberContext first = this.a.awaitStarted();
		Thread helper = new Thread(() -> sleep(first, Waits.LONG, seen));
		helper.setDaemon(true);
		helper.start();
		Waits.until("it sleeps", () -> helper.getState() == Thread.State.TIMED_WAITING);
		this.a.finish();
		this.a.awaitStarted();
		assertThat(Waits.take(seen)).isEqualTo(false);
		this.group.stop();
		run.returned();
	}

	@Test
	void aHelperThreadOfAnExecutionThatTakesTooLongIsWokenThoughTheBodyGoesOn() {
		BlockingQueue<Object> seen = new LinkedBlockingQueue<>();
		CountDownLatch release = new CountDownLatch(1);
		this.group.add(Member.named("member").execute((context) -> {
			Thread helper = new Thread(() -> sleep(context, Waits.LONG, seen));
			helper.setDaemon(true);
			helper.start();
			Waits.until("it sleeps", () -> helper.getState() == Thread.State.TIMED_WAITING);
			Waits.ignoringInterrupts(release);
		}).timeout(Duration.ofSeconds(1)).onError(Policy.DO_NOTHING).build());
		RunningGroup run = RunningGroup.of(this.group);
		assertThat(Waits.take(seen)).isEqualTo(false);
		release.countDown();
		run.returned();
	}

	@Test
	void aContextIsPrintedWithItsExecutionAndItsMember() {
		this.group.add(this.a.build());
		RunningGroup run = RunningGroup.of(this.group);
		assertThat(this.a.awaitStarted()).hasToString("Member 'a': execution 1");
		this.group.stop();
		run.returned();
	}

	@Test
	void whatReturnsAfterAStopIsInterruptedAndNotCompleted() {
		Events events = new Events();
		Group group = Group.builder().listener(events).build();
		group.add(Member.named("sleeper").execute((context) -> {
			group.stop();
			context.sleep(Waits.LONG);
		}).interrupt((reason) -> {
		}).build());
		RunningGroup.of(group).returned();
		assertThat(events.of("sleeper")).containsExactly("sleeper started", "sleeper execution interrupted",
				"sleeper ended STOPPED");
	}

	@Test
	void theContextOfAnEndedExecutionDoesNotBecomeThatOfTheNext() {
		this.group.add(this.a.describe().onDone(Policy.RESTART).build());
		RunningGroup run = RunningGroup.of(this.group);
		MemberContext first = this.a.awaitStarted();
		this.a.finish();
		MemberContext second = this.a.awaitStarted();
		assertThat(second.execution()).isEqualTo(2);
		assertThat(first.execution()).isOne();
		this.group.stop();
		run.returned();
	}

	@Test
	void theContextOfAnEndedExecutionIsOneThatIsToStopWhileTheMemberPauses() {
		this.group.add(this.a.describe().onDone(Policy.RESTART).delay(Waits.LONG).build());
		RunningGroup run = RunningGroup.of(this.group);
		MemberContext first = this.a.awaitStarted();
		assertThat(first.isStopping()).isFalse();
		this.a.finish();
		Waits.until("it pauses", () -> Waits.pauses(this.group.snapshot().members().get(0)));
		assertThat(first.isStopping()).isTrue();
		assertThat(first.stopReason()).isNull();
		this.group.stop();
		run.returned();
	}

	@Test
	void aReadyOfAnEndedExecutionDoesNotCountForTheNext() {
		this.group.add(this.a.describe().onDone(Policy.RESTART).readyTimeout(Waits.LONG).build());
		RunningGroup run = RunningGroup.of(this.group);
		MemberContext first = this.a.awaitStarted();
		this.a.finish();
		this.a.awaitStarted();
		first.ready();
		assertThat(this.group.snapshot().members().get(0).ready()).isFalse();
		this.group.stop();
		run.returned();
	}

	@Test
	void aHelperThreadOfATimedOutExecutionGoesOnSeeingThatItIsToStop() {
		HeldTime time = new HeldTime();
		Group group = Group.builder().time(time).build();
		group.add(this.a.describe()
			.timeout(Duration.ofSeconds(1))
			.onError(Policy.RESTART)
			.backoff(Backoff.none())
			.build());
		RunningGroup run = RunningGroup.of(group);
		MemberContext first = this.a.awaitStarted();
		time.jump(Duration.ofSeconds(1));
		MemberContext second = this.a.awaitStarted();
		assertThat(second.isStopping()).isFalse();
		assertThat(first.isStopping()).isTrue();
		assertThat(first.stopReason().kind()).isEqualTo(StopReason.Kind.EXECUTION_TIMED_OUT);
		group.stop();
		run.returned();
	}

	@Test
	void aHelperThreadOfAStoppedMemberGoesOnSeeingThatWhenTheMemberIsStartedAgain() {
		FakeMember other = new FakeMember("other");
		this.group.add(other.build());
		this.group.add(this.a.build());
		RunningGroup run = RunningGroup.of(this.group);
		MemberContext first = this.a.awaitStarted();
		this.group.stopMember("a");
		this.group.startMember("a");
		MemberContext second = this.a.awaitStarted();
		assertThat(second.isStopping()).isFalse();
		assertThat(first.isStopping()).isTrue();
		this.group.stop();
		run.returned();
	}

	private static void sleep(MemberContext context, Duration duration, BlockingQueue<Object> seen) {
		try {
			seen.add(context.sleep(duration));
		}
		catch (InterruptedException ex) {
			seen.add(ex);
		}
	}

}
