package dev.rungroup.core;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(60)
class ListenerTests {

	private final FakeMember a = new FakeMember("a");

	private final FakeMember b = new FakeMember("b");

	private final Events events = new Events();

	private final Group group = Group.builder().listener(this.events).build();

	@Test
	void theWholeLifeOfAMemberIsHeardInOrder() {
		this.group.add(Member.named("a").execute((context) -> {
			context.ready();
			if (context.execution() < 3) {
				throw new IOException("twice");
			}
		}).onError(Policy.RESTART).backoff(Backoff.fixed(Duration.ofMillis(1))).build());
		RunningGroup.of(this.group).returned();
		assertThat(this.events.heard()).containsSubsequence("a started", "a ready", "a execution failed", "a restart",
				"a ready", "a execution failed", "a restart", "a ready", "a execution completed",
				"stopping MEMBER_DONE", "stopped MEMBER_DONE");
		assertThat(this.events.of("a")).containsExactly("a started", "a ready", "a execution failed", "a restart",
				"a ready", "a execution failed", "a restart", "a ready", "a execution completed", "a ended COMPLETED");
	}

	@Test
	void startedAndEndedComeOncePerStartAndNotPerExecution() {
		AtomicInteger executions = new AtomicInteger();
		this.group.add(Member.named("a").execute((context) -> {
			if (executions.incrementAndGet() == 5) {
				this.group.stop();
			}
		}).onDone(Policy.RESTART).build());
		RunningGroup.of(this.group).returned();
		assertThat(this.events.count("a started")).isOne();
		assertThat(this.events.of("a").stream().filter((event) -> event.startsWith("a ended")).count()).isOne();
		assertThat(this.events.outcomes()).hasSize(5);
	}

	@Test
	void theGroupIsHeardOnceAndStoppedIsTheLast() {
		RunningGroup run = runBoth();
		this.group.stop();
		this.group.stop();
		run.returned();
		assertThat(this.events.count("stopping STOP_REQUESTED")).isOne();
		assertThat(this.events.count("stopped STOP_REQUESTED")).isOne();
		List<String> heard = this.events.heard();
		assertThat(heard.get(heard.size() - 1)).isEqualTo("stopped STOP_REQUESTED");
		assertThat(heard).contains("a ended STOPPED", "b ended STOPPED");
	}

	@Test
	void groupStoppingIsHeardBeforeAnyMemberEndsBecauseOfIt() {
		for (int i = 0; i < 200; i++) {
			Events events = new Events();
			Group group = Group.builder().listener(events).build();
			CountDownLatch started = new CountDownLatch(1);
			group.add(Member.named("poller").execute((context) -> {
				started.countDown();
				while (!context.isStopping()) {
					Thread.onSpinWait();
				}
			}).interrupt((reason) -> {
			}).build());
			RunningGroup run = RunningGroup.of(group);
			Waits.await(started);
			group.stop();
			run.returned();
			assertThat(events.heard()).containsExactly("poller started", "stopping STOP_REQUESTED",
					"poller execution interrupted", "poller ended STOPPED", "stopped STOP_REQUESTED");
		}
	}

	@Test
	void aListenerOfTheEndMayWaitForABodyThatSleeps() {
		CountDownLatch asleep = new CountDownLatch(1);
		CountDownLatch awake = new CountDownLatch(1);
		Group group = Group.builder().listener(new GroupListener() {

			@Override
			public void groupStopping(StopReason reason) {
				Waits.await(awake);
			}

		}).build();
		group.add(Member.named("a").execute((context) -> {
			asleep.countDown();
			context.sleep(Waits.LONG);
			awake.countDown();
		}).build());
		RunningGroup run = RunningGroup.of(group);
		Waits.await(asleep);
		group.stop();
		run.returned();
	}

	@Test
	void groupStoppingIsHeardBeforeAPausingMemberEndsBecauseOfIt() {
		BlockingQueue<Thread> threads = new LinkedBlockingQueue<>();
		Group group = Group.builder().listener(new GroupListener() {

			@Override
			public void groupStopping(StopReason reason) {
				Thread thread = Waits.take(threads);
				Waits.until("the member waits, or has ended too early",
						() -> !thread.isAlive() || thread.getState() == Thread.State.WAITING
								|| thread.getState() == Thread.State.TIMED_WAITING
								|| events().count("a ended STOPPED") > 0);
			}

			private Events events() {
				return ListenerTests.this.events;
			}

		}).listener(this.events).build();
		group.add(Member.named("a")
			.execute(() -> threads.add(Thread.currentThread()))
			.onDone(Policy.RESTART)
			.delay(Waits.LONG)
			.build());
		RunningGroup run = RunningGroup.of(group);
		Waits.until("it pauses", () -> Waits.pauses(group.snapshot().members().get(0)));
		group.stop();
		run.returned();
		assertThat(this.events.heard()).containsSubsequence("stopping STOP_REQUESTED", "a ended STOPPED");
	}

	@Test
	void aGroupWhoseMembersAllEndedByThemselvesIsStoppedWithoutAReason() {
		this.group.add(this.a.describe().onDone(Policy.DO_NOTHING).build());
		RunningGroup run = RunningGroup.of(this.group);
		this.a.finish();
		run.returned();
		assertThat(this.events.heard()).containsExactly("a started", "a execution completed", "a ended COMPLETED",
				"stopped by itself");
	}

	@Test
	void anEmptyGroupIsHeardToStop() {
		RunningGroup.of(this.group).returned();
		assertThat(this.events.heard()).containsExactly("stopped by itself");
	}

	@Test
	void aRestartIsHeardWhenItsExecutionBegins() {
		List<String> heard = new CopyOnWriteArrayList<>();
		Group group = Group.builder().listener(new GroupListener() {

			@Override
			public void restartScheduled(String member, Duration pause) {
				heard.add(member + " restart scheduled");
			}

			@Override
			public void memberRestarted(String member) {
				heard.add(member + " restarted");
			}

		}).build();
		group.add(Member.named("a").execute((context) -> {
			heard.add("execution " + context.execution());
			if (context.execution() < 3) {
				throw new IOException("twice");
			}
		}).onError(Policy.RESTART).backoff(Backoff.none()).build());
		RunningGroup.of(group).returned();
		assertThat(heard).containsExactly("execution 1", "a restart scheduled", "a restarted", "execution 2",
				"a restart scheduled", "a restarted", "execution 3");
	}

	@Test
	void onlyAMemberThatWasAskedToEndIsHeardToBeStoppedAndHowLongThatTook() {
		List<String> heard = new CopyOnWriteArrayList<>();
		BlockingQueue<Long> times = new LinkedBlockingQueue<>();
		Group group = Group.builder().listener(new GroupListener() {

			@Override
			public void memberStopped(String member, long nanos) {
				heard.add(member + " stopped");
				times.add(nanos);
			}

			@Override
			public void memberEnded(String member, MemberState state) {
				heard.add(member + " ended");
			}

		}).listener(this.events).build();
		group.add(this.a.build());
		group.add(this.b.describe().onDone(Policy.DO_NOTHING).build());
		RunningGroup run = RunningGroup.of(group);
		this.a.awaitStarted();
		this.b.finish();
		this.events.await("b ended COMPLETED");
		group.stop();
		run.returned();
		assertThat(heard).containsExactly("b ended", "a stopped", "a ended");
		assertThat(Waits.take(times)).isBetween(0L, Waits.LIMIT.toNanos());
	}

	@Test
	void noRestartIsHeardForTheNextTurnOfALoop() {
		AtomicInteger executions = new AtomicInteger();
		this.group.add(Member.named("a").execute(() -> {
			if (executions.incrementAndGet() == 3) {
				this.group.stop();
			}
		}).onDone(Policy.RESTART).delay(Duration.ofMillis(1)).build());
		RunningGroup.of(this.group).returned();
		assertThat(this.events.count("a restart")).isZero();
		assertThat(this.group.snapshot().members().get(0).restarts()).isZero();
	}

	@Test
	void noRestartIsHeardOfAMemberThatIsNotRestarted() {
		this.group.add(this.a.describe().onError(Policy.RESTART).backoff(Backoff.none()).maxRestarts(0).build());
		RunningGroup run = RunningGroup.of(this.group);
		this.a.fail(new IOException("once"));
		run.thrown();
		assertThat(this.events.count("a restart")).isZero();
	}

	@Test
	void theFailureAndTheTimeOfAnExecutionAreHeard() {
		BlockingQueue<Long> times = new LinkedBlockingQueue<>();
		BlockingQueue<Outcome> outcomes = new LinkedBlockingQueue<>();
		Group group = Group.builder().listener(new GroupListener() {

			@Override
			public void executionEnded(String member, Outcome outcome, long nanos) {
				times.add(nanos);
				outcomes.add(outcome);
			}

		}).build();
		IOException failure = new IOException("broken");
		group.add(Member.named("a").execute((context) -> {
			context.sleep(Duration.ofMillis(30));
			throw failure;
		}).build());
		assertThat(RunningGroup.of(group).thrown()).isSameAs(failure);
		assertThat(Waits.take(outcomes)).isEqualTo(new Outcome.Failed(failure));
		assertThat(Waits.take(times)).isBetween(30_000_000L, Waits.LIMIT.toNanos());
	}

	@Test
	void theReasonIsHeardAsTheGroupHasIt() {
		BlockingQueue<StopReason> reasons = new LinkedBlockingQueue<>();
		Group group = Group.builder().listener(new GroupListener() {

			@Override
			public void groupStopping(StopReason reason) {
				reasons.add(reason);
			}

			@Override
			public void groupStopped(@Nullable StopReason reason) {
				reasons.add(reason);
			}

		}).build();
		group.add(this.a.build());
		RunningGroup run = RunningGroup.of(group);
		IOException failure = new IOException("broken");
		this.a.fail(failure);
		run.thrown();
		StopReason expected = new StopReason(StopReason.Kind.MEMBER_FAILED, "a", failure);
		assertThat(reasons).containsExactly(expected, expected);
	}

	@Test
	void onlyTheFirstReadyOfAnExecutionIsHeard() {
		this.group.add(Member.named("a").execute((context) -> {
			context.ready();
			context.ready();
		}).build());
		RunningGroup.of(this.group).returned();
		assertThat(this.events.count("a ready")).isOne();
	}

	@Test
	void severalListenersHearTheSame() {
		Events first = new Events();
		Events second = new Events();
		Group group = Group.builder().listener(first).listener(second).build();
		group.add(this.a.build());
		RunningGroup run = RunningGroup.of(group);
		this.a.finish();
		run.returned();
		assertThat(first.heard()).hasSize(5).isEqualTo(second.heard());
	}

	@Test
	void aListenerThatThrowsChangesNothingForTheGroupOrTheOtherListeners() {
		GroupListener throwing = new GroupListener() {

			@Override
			public void memberStarted(String member) {
				throw new IllegalArgumentException("listener");
			}

			@Override
			public void memberReady(String member) {
				throw new StackOverflowError("listener");
			}

			@Override
			public void executionEnded(String member, Outcome outcome, long nanos) {
				throw new IllegalArgumentException("listener");
			}

			@Override
			public void restartScheduled(String member, Duration pause) {
				FakeMember.<RuntimeException>sneakyThrow(new Throwable("listener"));
			}

			@Override
			public void memberEnded(String member, MemberState state) {
				throw new IllegalArgumentException("listener");
			}

			@Override
			public void groupStopping(StopReason reason) {
				throw new StackOverflowError("listener");
			}

			@Override
			public void groupStopped(@Nullable StopReason reason) {
				throw new IllegalArgumentException("listener");
			}

		};
		Group group = Group.builder().listener(throwing).listener(this.events).listener(throwing).build();
		IOException failure = new IOException("last");
		group.add(Member.named("a").execute((context) -> {
			context.ready();
			throw (context.execution() == 2) ? failure : new IOException("first");
		}).onError(Policy.RESTART).backoff(Backoff.none()).maxRestarts(1).build());
		assertThat(RunningGroup.of(group).thrown()).isSameAs(failure);
		assertThat(failure.getSuppressed()).isEmpty();
		assertThat(this.events.of("a")).containsExactly("a started", "a ready", "a execution failed", "a restart",
				"a ready", "a execution failed", "a ended FAILED");
		assertThat(this.events.heard()).contains("stopping RESTARTS_EXHAUSTED").endsWith("stopped RESTARTS_EXHAUSTED");
	}

	@Test
	void anInterruptFlagThatAListenerLeavesBehindHarmsNoExecution() {
		BlockingQueue<Boolean> flags = new LinkedBlockingQueue<>();
		Group group = Group.builder().listener(new GroupListener() {

			@Override
			public void memberStarted(String member) {
				Thread.currentThread().interrupt();
			}

			@Override
			public void executionEnded(String member, Outcome outcome, long nanos) {
				Thread.currentThread().interrupt();
			}

		}).build();
		group.add(Member.named("a")
			.execute(() -> flags.add(Thread.currentThread().isInterrupted()))
			.onDone(Policy.RESTART)
			.delay(Duration.ofMillis(1))
			.build());
		RunningGroup run = RunningGroup.of(group);
		for (int i = 0; i < 3; i++) {
			assertThat(Waits.take(flags)).isFalse();
		}
		group.stop();
		run.returned();
	}

	@Test
	void callsForOneMemberDoNotOverlap() {
		AtomicInteger active = new AtomicInteger();
		AtomicInteger overlaps = new AtomicInteger();
		AtomicInteger calls = new AtomicInteger();
		Group group = Group.builder().listener(new GroupListener() {

			@Override
			public void memberStarted(String member) {
				call();
			}

			@Override
			public void executionEnded(String member, Outcome outcome, long nanos) {
				call();
			}

			@Override
			public void restartScheduled(String member, Duration pause) {
				call();
			}

			@Override
			public void memberEnded(String member, MemberState state) {
				call();
			}

			private void call() {
				if (active.incrementAndGet() > 1) {
					overlaps.incrementAndGet();
				}
				calls.incrementAndGet();
				Thread.yield();
				active.decrementAndGet();
			}

		}).build();
		group.add(Member.named("a").execute((context) -> {
			if (context.execution() < 200) {
				throw new IOException("again");
			}
		}).onError(Policy.RESTART).backoff(Backoff.none()).build());
		RunningGroup.of(group).returned();
		assertThat(calls).hasValue(1 + 200 + 199 + 1);
		assertThat(overlaps).hasValue(0);
	}

	@Test
	void theSnapshotThatAListenerTakesFitsWhatItHears() {
		List<String> states = new CopyOnWriteArrayList<>();
		List<Group> built = new CopyOnWriteArrayList<>();
		Group group = Group.builder().listener(new GroupListener() {

			@Override
			public void memberEnded(String member, MemberState state) {
				states.add("ended " + built.get(0).snapshot().members().get(0).state());
			}

			@Override
			public void groupStopping(StopReason reason) {
				states.add("stopping " + built.get(0).snapshot().stopReason().kind());
			}

		}).build();
		built.add(group);
		group.add(this.a.build());
		RunningGroup run = RunningGroup.of(group);
		this.a.finish();
		run.returned();
		assertThat(states).containsExactlyInAnyOrder("ended COMPLETED", "stopping MEMBER_DONE");
	}

	private RunningGroup runBoth() {
		this.group.add(this.a.build());
		this.group.add(this.b.build());
		RunningGroup run = RunningGroup.of(this.group);
		this.a.awaitStarted();
		this.b.awaitStarted();
		return run;
	}

}
