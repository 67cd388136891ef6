package dev.rungroup.core;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(60)
class UnstoppedTests {

	private static final Duration TIMEOUT = Duration.ofMillis(200);

	private final FakeMember good = new FakeMember("good");

	private final FakeMember stuck = new FakeMember("stuck").deaf();

	private final CountDownLatch release = new CountDownLatch(1);

	private final CountDownLatch hanging = new CountDownLatch(1);

	private final Events events = new Events();

	private final HeldTime time = new HeldTime();

	private final Group group = Group.builder()
		.name("orders")
		.listener(this.events)
		.time(this.time)
		.gracePeriod(Duration.ofMillis(20))
		.shutdownTimeout(TIMEOUT)
		.build();

	@AfterEach
	void letTheStuckOnesGo() {
		this.stuck.finish();
		this.release.countDown();
	}

	@Test
	void aMemberThatDoesNotEndIsGivenUpAtTheShutdownTimeoutAndNamedWithItsStack() {
		RunningGroup run = runBoth();
		long stopped = System.nanoTime();
		this.group.stop();
		goOnWithoutTheGoodOne();
		Throwable thrown = run.thrown();
		assertThat(Waits.since(stopped)).isBetween(TIMEOUT, TIMEOUT.plus(Waits.SOON));
		assertThat(thrown).isInstanceOfSatisfying(UnstoppedMembersException.class, (ex) -> {
			assertThat(ex.members()).hasSize(1);
			UnstoppedMembersException.Unstopped unstopped = ex.members().get(0);
			assertThat(unstopped.name()).isEqualTo("stuck");
			assertThat(unstopped.stack())
				.anyMatch((element) -> element.getClassName().equals(FakeMember.class.getName())
						&& element.getMethodName().equals("body"));
			assertThat(ex).hasMessageContaining("orders")
				.hasMessageContaining("stuck")
				.hasMessageContaining("FakeMember.body")
				.hasMessageNotContaining("good");
		});
		Waits.until("it notices its interrupt", () -> this.stuck.threadInterrupts() > 0);
		assertThat(this.good.isActive()).isFalse();
	}

	@Test
	void itIsSuppressedUnderTheFailureThatEndedTheGroup() {
		RunningGroup run = runBoth();
		IOException failure = new IOException("broken");
		this.good.fail(failure);
		goOnWithoutTheGoodOne();
		assertThat(run.thrown()).isSameAs(failure);
		assertThat(failure.getSuppressed()).hasSize(1);
		assertThat(failure.getSuppressed()[0]).isInstanceOfSatisfying(UnstoppedMembersException.class,
				(ex) -> assertThat(ex.members()).extracting(UnstoppedMembersException.Unstopped::name)
					.containsExactly("stuck"));
	}

	@Test
	void anInterrupterThatHangsIsGivenUpToo() {
		CountDownLatch started = new CountDownLatch(1);
		this.group.add(Member.named("hanging").execute(started::countDown).interrupt((reason) -> hang()).build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.await(started);
		Waits.await(this.hanging);
		this.time.goOn();
		assertThat(run.thrown()).isInstanceOfSatisfying(UnstoppedMembersException.class, (ex) -> {
			assertThat(ex.members()).extracting(UnstoppedMembersException.Unstopped::name).containsExactly("hanging");
			assertThat(ex.members().get(0).stack()).anyMatch((element) -> element.getMethodName().equals("hang"));
		});
	}

	private void hang() {
		this.hanging.countDown();
		Waits.ignoringInterrupts(this.release);
	}

	@Test
	void aFailureHandlerThatHangsIsGivenUpToo() {
		this.group.add(Member.named("hanging").execute(() -> {
			throw new IOException("broken");
		}).failureHandler((failure) -> hang()).build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.await(this.hanging);
		this.group.stop();
		this.time.goOn();
		Throwable thrown = run.thrown();
		assertThat(thrown).isNotNull();
		UnstoppedMembersException unstopped = (thrown instanceof UnstoppedMembersException ex) ? ex
				: (UnstoppedMembersException) thrown.getSuppressed()[0];
		assertThat(unstopped.members()).extracting(UnstoppedMembersException.Unstopped::name)
			.containsExactly("hanging");
	}

	@Test
	void aStartedGroupEndsAtTheShutdownTimeoutToo() throws InterruptedException {
		this.group.add(this.stuck.build());
		this.group.start();
		this.stuck.awaitStarted();
		this.group.stop();
		this.time.goOn();
		assertThat(this.group.awaitTermination(Waits.LIMIT)).isTrue();
		assertThat(this.stuck.isActive()).isTrue();
		assertThat(this.group.snapshot().state()).isEqualTo(GroupState.STOPPED);
	}

	@Test
	void whatAGivenUpMemberDoesLaterChangesNothing() {
		RunningGroup run = runBoth();
		this.group.stop();
		goOnWithoutTheGoodOne();
		assertThat(run.thrown()).isInstanceOf(UnstoppedMembersException.class);
		int heard = this.events.heard().size();
		assertThat(this.events.heard()).endsWith("stopped STOP_REQUESTED");
		this.stuck.fail(new IllegalStateException("much too late"));
		Waits.until(() -> !this.stuck.isActive());
		Thread thread = this.stuck.thread();
		Waits.until("its thread ends", () -> !thread.isAlive());
		assertThat(this.events.heard()).hasSize(heard);
		assertThat(this.stuck.executions()).isOne();
		assertThat(this.group.stopReason().kind()).isEqualTo(StopReason.Kind.STOP_REQUESTED);
	}

	@Test
	void aCandidacyWhoseEndBlocksIsNotWaitedForLongerThanTheShutdownTimeout() {
		CountDownLatch ends = new CountDownLatch(1);
		this.group.add(this.good.describe().leadership((member, changed) -> new Leadership.Candidacy() {

			@Override
			public Leadership.Term lead() {
				return () -> System.nanoTime() + Waits.LONG.toNanos();
			}

			@Override
			public void abandoned() {
			}

			@Override
			public void ended() {
				ends.countDown();
				Waits.await(UnstoppedTests.this.release);
			}

		}).build());
		RunningGroup run = RunningGroup.of(this.group);
		this.good.awaitStarted();
		long stopped = System.nanoTime();
		this.group.stop();
		Waits.await(ends);
		this.time.goOn();
		run.returned();
		assertThat(Waits.since(stopped)).isLessThan(TIMEOUT.plus(Waits.SOON));
	}

	@Test
	void aGivenUpMemberThatEndsWhileTheEndIsAnnouncedIsNotHeard() {
		Group group = Group.builder().shutdownTimeout(Duration.ofMillis(100)).listener(new GroupListener() {

			@Override
			public void groupStopped(StopReason reason) {
				Thread thread = UnstoppedTests.this.stuck.thread();
				UnstoppedTests.this.stuck.finish();
				Waits.until("its thread ends", () -> !thread.isAlive());
			}

		}).listener(this.events).build();
		group.add(this.stuck.build());
		RunningGroup run = RunningGroup.of(group);
		this.stuck.awaitStarted();
		group.stop();
		assertThat(run.thrown()).isInstanceOf(UnstoppedMembersException.class);
		assertThat(this.events.heard()).containsExactly("stuck started", "stopping STOP_REQUESTED",
				"stopped STOP_REQUESTED");
	}

	@Test
	void whatAGivenUpMemberThrowsLaterIsNotAddedToTheFailure() {
		this.group.add(this.stuck.describe().timeout(Duration.ofMillis(20)).build());
		RunningGroup run = RunningGroup.of(this.group);
		this.stuck.awaitStarted();
		this.time.goOn();
		Throwable thrown = run.thrown();
		assertThat(thrown).isInstanceOf(TimeoutException.class);
		assertThat(thrown.getSuppressed()).hasSize(1).hasOnlyElementsOfType(UnstoppedMembersException.class);
		Thread thread = this.stuck.thread();
		this.stuck.fail(new IllegalStateException("much too late"));
		Waits.until("its thread ends", () -> !thread.isAlive());
		assertThat(thrown.getSuppressed()).hasSize(1);
	}

	@Test
	void aGivenUpMemberThatComesBackIsNotRestarted() {
		this.group
			.add(this.stuck.describe().onDone(Policy.RESTART).onError(Policy.RESTART).backoff(Backoff.none()).build());
		RunningGroup run = RunningGroup.of(this.group);
		this.stuck.awaitStarted();
		this.group.stop();
		this.time.goOn();
		assertThat(run.thrown()).isInstanceOf(UnstoppedMembersException.class);
		this.stuck.finish();
		Thread thread = this.stuck.thread();
		Waits.until("its thread ends", () -> !thread.isAlive());
		assertThat(this.stuck.executions()).isOne();
	}

	@Test
	void withoutAShutdownTimeoutTheGroupWaits() {
		Group group = Group.builder().gracePeriod(Duration.ofMillis(10)).build();
		group.add(this.stuck.build());
		RunningGroup run = RunningGroup.of(group);
		this.stuck.awaitStarted();
		group.stop();
		Waits.until(() -> this.stuck.threadInterrupts() > 0);
		assertThat(run.isOver()).isFalse();
		this.stuck.finish();
		run.returned();
	}

	@Test
	void aMemberThatEndsInTimeIsNotNamed() {
		RunningGroup run = runBoth();
		this.group.stop();
		this.stuck.awaitInterrupt();
		this.stuck.finish();
		run.returned();
	}

	@Test
	void theReportReadsAsNameAndStackOfEach() {
		RunningGroup run = runBoth();
		this.group.stop();
		goOnWithoutTheGoodOne();
		UnstoppedMembersException thrown = (UnstoppedMembersException) run.thrown();
		assertThat(thrown.members().get(0).toString()).contains("stuck").contains("FakeMember");
		assertThat(thrown.getMessage().lines().count()).isGreaterThan(1);
		assertThat(thrown).hasMessageContaining("gave up waiting for 'stuck': ");
	}

	/**
	 * Time passes when only the stuck one is left, however long that takes.
	 */
	private void goOnWithoutTheGoodOne() {
		this.good.awaitInterrupt();
		Thread thread = this.good.thread();
		Waits.until("the good one and its interrupter have ended",
				() -> !thread.isAlive() && this.group.stackOf("good").isEmpty());
		this.time.goOn();
	}

	private RunningGroup runBoth() {
		this.group.add(this.good.build());
		this.group.add(this.stuck.build());
		RunningGroup run = RunningGroup.of(this.group);
		this.good.awaitStarted();
		this.stuck.awaitStarted();
		return run;
	}

}
