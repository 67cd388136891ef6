package dev.rungroup.core;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(60)
class PoliciesTests {

	private final FakeMember subject = new FakeMember("subject");

	private final FakeMember other = new FakeMember("other");

	private final Events events = new Events();

	private final Group group = Group.builder().listener(this.events).build();

	static List<Arguments> combinations() {
		List<Arguments> combinations = new ArrayList<>();
		for (Policy onDone : Policy.values()) {
			for (Policy onError : Policy.values()) {
				combinations.add(Arguments.of(onDone, onError));
			}
		}
		return combinations;
	}

	@ParameterizedTest
	@MethodSource("combinations")
	void aReturnFollowsOnDoneWhateverOnErrorSays(Policy onDone, Policy onError) {
		RunningGroup run = run(this.subject.describe().onDone(onDone).onError(onError));
		this.subject.finish();
		switch (onDone) {
			case SHUTDOWN -> {
				run.returned();
				assertThat(this.group.stopReason())
					.isEqualTo(new StopReason(StopReason.Kind.MEMBER_DONE, "subject", null));
				assertThat(this.subject.executions()).isOne();
				assertThat(state()).isEqualTo(MemberState.COMPLETED);
			}
			case RESTART -> {
				assertThat(this.subject.awaitStarted().execution()).isEqualTo(2);
				endedByStop(run);
				assertThat(state()).isEqualTo(MemberState.STOPPED);
			}
			case DO_NOTHING -> {
				this.events.await("subject ended COMPLETED");
				assertThat(this.other.isActive()).isTrue();
				endedByStop(run);
				assertThat(this.subject.executions()).isOne();
				assertThat(state()).isEqualTo(MemberState.COMPLETED);
			}
		}
	}

	@ParameterizedTest
	@MethodSource("combinations")
	void aFailureFollowsOnErrorWhateverOnDoneSays(Policy onDone, Policy onError) {
		RunningGroup run = run(
				this.subject.describe().onDone(onDone).onError(onError).backoff(Backoff.fixed(Duration.ofMillis(1))));
		IOException failure = new IOException("broken");
		this.subject.fail(failure);
		switch (onError) {
			case SHUTDOWN -> {
				assertThat(run.thrown()).isSameAs(failure);
				assertThat(this.group.stopReason())
					.isEqualTo(new StopReason(StopReason.Kind.MEMBER_FAILED, "subject", failure));
				assertThat(this.subject.executions()).isOne();
				assertThat(state()).isEqualTo(MemberState.FAILED);
			}
			case RESTART -> {
				MemberContext second = this.subject.awaitStarted();
				assertThat(second.execution()).isEqualTo(2);
				assertThat(second.lastFailure()).isSameAs(failure);
				endedByStop(run);
				assertThat(state()).isEqualTo(MemberState.STOPPED);
			}
			case DO_NOTHING -> {
				this.events.await("subject ended FAILED");
				assertThat(this.other.isActive()).isTrue();
				endedByStop(run);
				assertThat(this.subject.executions()).isOne();
				assertThat(state()).isEqualTo(MemberState.FAILED);
			}
		}
	}

	@ParameterizedTest
	@MethodSource("combinations")
	void theOrderOfTheTwoSettersDoesNotMatter(Policy onDone, Policy onError) {
		RunningGroup run = run(this.subject.describe().onError(onError).onDone(onDone).backoff(Backoff.none()));
		this.subject.finish();
		if (onDone == Policy.RESTART) {
			assertThat(this.subject.awaitStarted().execution()).isEqualTo(2);
		}
		else if (onDone == Policy.DO_NOTHING) {
			this.events.await("subject ended COMPLETED");
		}
		this.group.stop();
		run.returned();
	}

	@Test
	void byDefaultBothShutTheGroupDown() {
		RunningGroup run = run(this.subject.describe());
		this.subject.finish();
		run.returned();
		assertThat(this.group.stopReason().kind()).isEqualTo(StopReason.Kind.MEMBER_DONE);
	}

	@Test
	void aMemberRestartsWithoutLimitByDefault() {
		CountDownLatch enough = new CountDownLatch(200);
		this.group.add(Member.named("subject").execute(() -> {
			enough.countDown();
			throw new IOException("always");
		}).onError(Policy.RESTART).backoff(Backoff.none()).build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.await(enough);
		this.group.stop();
		run.returned();
	}

	@Test
	void maxRestartsDoesNotCountTheFirstExecution() {
		List<Throwable> failures = failures(3);
		RunningGroup run = runFailing(failures, (member) -> member.maxRestarts(2));
		// of a member that was restarted, its last
		assertThat(run.thrown()).isSameAs(failures.get(2));
		assertThat(this.events.count("subject execution failed")).isEqualTo(3);
		assertThat(this.events.count("subject restart")).isEqualTo(2);
		assertThat(this.group.stopReason())
			.isEqualTo(new StopReason(StopReason.Kind.RESTARTS_EXHAUSTED, "subject", failures.get(2)));
		assertThat(state()).isEqualTo(MemberState.FAILED);
		assertThat(snapshot().restarts()).isEqualTo(2);
	}

	@Test
	void earlierFailuresOfARestartedMemberAreNotKept() {
		List<Throwable> failures = failures(3);
		Throwable thrown = runFailing(failures, (member) -> member.maxRestarts(2)).thrown();
		assertThat(thrown.getSuppressed()).isEmpty();
	}

	@Test
	void maxRestartsOfZeroAllowsNone() {
		List<Throwable> failures = failures(1);
		RunningGroup run = runFailing(failures, (member) -> member.maxRestarts(0));
		assertThat(run.thrown()).isSameAs(failures.get(0));
		assertThat(this.events.count("subject execution failed")).isEqualTo(1);
		assertThat(this.events.count("subject restart")).isZero();
		assertThat(this.group.stopReason().kind()).isEqualTo(StopReason.Kind.RESTARTS_EXHAUSTED);
	}

	@Test
	void onceTheBudgetIsSpentDoNothingEndsTheMemberAlone() {
		this.group.add(this.other.build());
		List<Throwable> failures = failures(2);
		RunningGroup run = runFailing(failures, (member) -> member.maxRestarts(1).onExhausted(Policy.DO_NOTHING));
		this.events.await("subject ended FAILED");
		this.other.awaitStarted();
		assertThat(run.isOver()).isFalse();
		assertThat(this.group.stopReason()).isNull();
		this.group.stop();
		run.returned();
		assertThat(this.events.count("subject execution failed")).isEqualTo(2);
	}

	@Test
	void onExhaustedDoesNotApplyToAMemberThatIsNotRestarted() {
		this.group.add(this.other.build());
		this.group.add(this.subject.describe().onError(Policy.DO_NOTHING).maxRestarts(0).build());
		RunningGroup run = RunningGroup.of(this.group);
		this.other.awaitStarted();
		this.subject.fail(new IOException("alone"));
		this.events.await("subject ended FAILED");
		assertThat(run.isOver()).isFalse();
		this.group.stop();
		run.returned();
	}

	@Test
	void anExecutionThatReturnedStartsTheRowAnew() {
		CountDownLatch enough = new CountDownLatch(20);
		this.group.add(Member.named("subject").execute((context) -> {
			enough.countDown();
			if (context.execution() % 2 == 0) {
				throw new IOException("every second");
			}
		}).onDone(Policy.RESTART).onError(Policy.RESTART).backoff(Backoff.none()).maxRestarts(1).build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.await(enough);
		this.group.stop();
		run.returned();
	}

	@Test
	void anExecutionThatLastedResetAfterStartsTheRowAnew() {
		CountDownLatch enough = new CountDownLatch(5);
		BlockingQueue<Integer> rows = new LinkedBlockingQueue<>();
		this.group.add(Member.named("subject").execute((context) -> {
			rows.add(context.failures());
			enough.countDown();
			context.sleep(Duration.ofMillis(30));
			throw new IOException("after a healthy time");
		})
			.onError(Policy.RESTART)
			.backoff(Backoff.none().withResetAfter(Duration.ofMillis(20)))
			.maxRestarts(1)
			.build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.await(enough);
		this.group.stop();
		run.returned();
		assertThat(rows).startsWith(0, 1, 1, 1, 1);
	}

	@Test
	void theBackoffBeginsAnewWithTheRow() {
		this.group.add(Member.named("subject").execute((context) -> {
			if (context.execution() != 4) {
				throw new IOException("all but the fourth");
			}
		})
			.onDone(Policy.RESTART)
			.onError(Policy.RESTART)
			.backoff(Backoff.exponential(Duration.ofMillis(1), 2, Duration.ofSeconds(1)))
			.build());
		RunningGroup run = RunningGroup.of(this.group);
		this.events.await("subject restart", 5);
		this.group.stop();
		run.returned();
		assertThat(this.events.pauses()).extracting(Duration::toMillis).startsWith(1L, 2L, 4L, 1L, 2L);
	}

	@Test
	void withinCountsFailuresInsideTheWindowThoughExecutionsReturnBetweenThem() {
		RunningGroup run = run(this.subject.describe()
			.onDone(Policy.RESTART)
			.onError(Policy.RESTART)
			.backoff(Backoff.none())
			.maxRestarts(2)
			.within(Duration.ofHours(1)));
		Throwable last = new IOException("third");
		this.subject.fail(new IOException("first"));
		this.subject.finish();
		this.subject.fail(new IOException("second"));
		this.subject.finish();
		this.subject.fail(last);
		assertThat(run.thrown()).isSameAs(last);
		assertThat(this.subject.executions()).isEqualTo(5);
		assertThat(this.group.stopReason().kind()).isEqualTo(StopReason.Kind.RESTARTS_EXHAUSTED);
	}

	@Test
	void failuresOutsideTheWindowDoNotCount() {
		CountDownLatch enough = new CountDownLatch(6);
		this.group.add(Member.named("subject").execute((context) -> {
			enough.countDown();
			context.sleep(Duration.ofMillis(40));
			throw new IOException("slowly");
		}).onError(Policy.RESTART).backoff(Backoff.none()).maxRestarts(1).within(Duration.ofMillis(30)).build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.await(enough);
		this.group.stop();
		run.returned();
	}

	@Test
	void anErrorShutsTheGroupDownWhateverOnErrorSays() {
		for (Policy onError : Policy.values()) {
			Group group = new Group();
			Error failure = new StackOverflowError("fatal");
			AtomicInteger executions = new AtomicInteger();
			group.add(Member.named("subject").execute(() -> {
				executions.incrementAndGet();
				throw failure;
			}).onError(onError).backoff(Backoff.none()).build());
			FakeMember bystander = new FakeMember("bystander");
			group.add(bystander.build());
			assertThat(RunningGroup.of(group).thrown()).isSameAs(failure);
			assertThat(group.stopReason()).isEqualTo(new StopReason(StopReason.Kind.MEMBER_FAILED, "subject", failure));
			assertThat(executions).hasValue(1);
		}
	}

	@Test
	@SuppressWarnings("unchecked")
	void fatalReplacesTheDefault() {
		RunningGroup run = run(
				this.subject.describe().onError(Policy.RESTART).backoff(Backoff.none()).fatal(IOException.class));
		this.subject.fail(new StackOverflowError("no longer fatal"));
		assertThat(this.subject.awaitStarted().execution()).isEqualTo(2);
		Throwable failure = new java.io.FileNotFoundException("a subclass of what is fatal");
		this.subject.fail(failure);
		assertThat(run.thrown()).isSameAs(failure);
		assertThat(this.group.stopReason().kind()).isEqualTo(StopReason.Kind.MEMBER_FAILED);
	}

	@Test
	@SuppressWarnings("unchecked")
	void fatalWithoutTypesMeansNone() {
		RunningGroup run = run(this.subject.describe().onError(Policy.RESTART).backoff(Backoff.none()).fatal());
		this.subject.fail(new StackOverflowError("not fatal"));
		assertThat(this.subject.awaitStarted().execution()).isEqualTo(2);
		endedByStop(run);
	}

	@Test
	@SuppressWarnings("unchecked")
	void aFatalFailureShutsDownAMemberThatDoesNothingOnError() {
		RunningGroup run = run(this.subject.describe().onError(Policy.DO_NOTHING).fatal(IOException.class));
		Throwable failure = new IOException("fatal");
		this.subject.fail(failure);
		assertThat(run.thrown()).isSameAs(failure);
	}

	@Test
	void aMemberThatFailsEveryTimeDoesNotSpin() {
		AtomicInteger executions = new AtomicInteger();
		CountDownLatch second = new CountDownLatch(2);
		long began = System.nanoTime();
		this.group.add(Member.named("subject").execute(() -> {
			executions.incrementAndGet();
			second.countDown();
			throw new IOException("always");
		}).onError(Policy.RESTART).build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.await(second);
		Duration elapsed = Waits.since(began);
		this.group.stop();
		Duration untilTheStop = Waits.since(began);
		run.returned();
		// default: one second, doubled for each further failure in a row
		assertThat(elapsed).isGreaterThanOrEqualTo(Duration.ofSeconds(1));
		assertThat(executions.get()).isLessThanOrEqualTo(1 + (int) untilTheStop.toSeconds());
	}

	@Test
	void theDefaultBackoffIsExponentialFromOneSecond() {
		this.group.add(Member.named("subject").execute(() -> {
			throw new IOException("always");
		}).onError(Policy.RESTART).build());
		RunningGroup run = RunningGroup.of(this.group);
		this.events.await("subject restart", 2);
		this.group.stop();
		run.returned();
		assertThat(this.events.pauses()).startsWith(Duration.ofSeconds(1), Duration.ofSeconds(2));
	}

	@Test
	void theDelayLiesBetweenAReturnAndTheNextExecution() {
		BlockingQueue<Long> ends = new LinkedBlockingQueue<>();
		BlockingQueue<Long> begins = new LinkedBlockingQueue<>();
		this.group.add(Member.named("subject").execute((context) -> {
			begins.add(System.nanoTime());
			context.sleep(Duration.ofMillis(5));
			ends.add(System.nanoTime());
		}).onDone(Policy.RESTART).delay(Duration.ofMillis(30)).build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.take(begins);
		for (int i = 0; i < 4; i++) {
			assertThat(Waits.take(begins) - Waits.take(ends)).isGreaterThanOrEqualTo(30_000_000);
		}
		this.group.stop();
		run.returned();
		assertThat(this.events.count("subject restart")).isZero();
	}

	@Test
	void theInitialDelayLiesBeforeTheFirstExecutionAlone() {
		BlockingQueue<Long> begins = new LinkedBlockingQueue<>();
		this.group.add(Member.named("subject")
			.execute(() -> begins.add(System.nanoTime()))
			.initialDelay(Duration.ofSeconds(1))
			.onDone(Policy.RESTART)
			.delay(Duration.ofMillis(1))
			.build());
		long began = System.nanoTime();
		RunningGroup run = RunningGroup.of(this.group);
		long first = Waits.take(begins);
		assertThat(first - began).isGreaterThanOrEqualTo(1_000_000_000);
		for (int i = 0; i < 10; i++) {
			Waits.take(begins);
		}
		assertThat(System.nanoTime() - first).isLessThan(Waits.SOON.toNanos());
		this.group.stop();
		run.returned();
	}

	@Test
	void anExecutionNeverOverlapsAnotherOfTheSameMember() {
		AtomicInteger active = new AtomicInteger();
		AtomicInteger overlaps = new AtomicInteger();
		CountDownLatch enough = new CountDownLatch(500);
		this.group.add(Member.named("subject").execute((context) -> {
			if (active.incrementAndGet() > 1) {
				overlaps.incrementAndGet();
			}
			enough.countDown();
			active.decrementAndGet();
			if (context.execution() % 3 == 0) {
				throw new IOException("every third");
			}
		}).onDone(Policy.RESTART).onError(Policy.RESTART).backoff(Backoff.none()).build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.await(enough);
		this.group.stop();
		run.returned();
		assertThat(overlaps).hasValue(0);
	}

	private RunningGroup run(Member.Builder subject) {
		this.group.add(this.other.build());
		this.group.add(subject.build());
		RunningGroup run = RunningGroup.of(this.group);
		this.other.awaitStarted();
		assertThat(this.subject.awaitStarted().execution()).isOne();
		return run;
	}

	private void endedByStop(RunningGroup run) {
		assertThat(run.isOver()).isFalse();
		assertThat(this.group.stopReason()).isNull();
		this.group.stop();
		run.returned();
	}

	private RunningGroup runFailing(List<Throwable> failures, java.util.function.UnaryOperator<Member.Builder> rule) {
		AtomicInteger next = new AtomicInteger();
		this.group.add(rule.apply(Member.named("subject").execute(() -> {
			FakeMember.<RuntimeException>sneakyThrow(failures.get(next.getAndIncrement()));
		}).onError(Policy.RESTART).backoff(Backoff.none())).build());
		return RunningGroup.of(this.group);
	}

	private static List<Throwable> failures(int count) {
		List<Throwable> failures = new ArrayList<>();
		for (int i = 1; i <= count; i++) {
			failures.add(new IOException("failure " + i));
		}
		return failures;
	}

	private MemberSnapshot snapshot() {
		return this.group.snapshot()
			.members()
			.stream()
			.filter((member) -> member.name().equals("subject"))
			.findFirst()
			.orElseThrow();
	}

	private MemberState state() {
		return snapshot().state();
	}

}
