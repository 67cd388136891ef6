package dev.rungroup.context;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import dev.rungroup.core.Group;
import dev.rungroup.core.Member;
import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.OnStall;
import dev.rungroup.core.Policy;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is done about a member that is no longer as it was when it counted as stalled. The
 * test has its say while the stack of the member is collected.
 */
class StallWatchTests {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private final Group group = Group.builder().keepStopped(true).threadFactory(SlowToInspect::new).build();

	private final Semaphore turns = new Semaphore(0);

	private final CompletableFuture<MemberSnapshot> reported = new CompletableFuture<>();

	private final AtomicBoolean inspected = new AtomicBoolean();

	private volatile Runnable meanwhile = () -> {
	};

	private volatile boolean over;

	@AfterEach
	void end() throws InterruptedException {
		this.over = true;
		this.group.stop();
		assertThat(this.group.awaitTermination(LIMIT)).isTrue();
	}

	@Test
	void memberThatIsStillStalledIsStartedAgain() {
		watch(Policy.DO_NOTHING, OnStall.RESTART);
		await(MemberState.RUNNING, 2);
	}

	@Test
	void memberThatHasEndedMeanwhileIsNotExecutedAgain() throws Exception {
		this.meanwhile = () -> {
			this.turns.release();
			await(MemberState.COMPLETED, 1);
		};
		watch(Policy.DO_NOTHING, OnStall.RESTART);
		assertReported(MemberState.COMPLETED, 1);
	}

	@Test
	void memberThatAnOperatorHasStoppedMeanwhileStaysStopped() throws Exception {
		this.meanwhile = () -> {
			this.group.stopMember("slow");
			await(MemberState.STOPPED, 1);
		};
		watch(Policy.DO_NOTHING, OnStall.RESTART);
		assertReported(MemberState.STOPPED, 1);
	}

	@Test
	void loopThatHasBegunAnotherTurnMeanwhileIsNotInterrupted() throws Exception {
		this.meanwhile = () -> {
			this.turns.release();
			await(MemberState.RUNNING, 2);
		};
		watch(Policy.RESTART, OnStall.RESTART);
		assertReported(MemberState.RUNNING, 2);
	}

	@Test
	void loopThatIsStalledInItsNextTurnIsStartedAgain() {
		this.meanwhile = () -> {
			this.turns.release();
			await(MemberState.RUNNING, 2);
		};
		watch(Policy.RESTART, OnStall.RESTART);
		await(MemberState.RUNNING, 3);
	}

	@Test
	void memberThatHasEndedMeanwhileDoesNotEndTheGroup() throws Exception {
		this.meanwhile = () -> {
			this.turns.release();
			await(MemberState.COMPLETED, 1);
		};
		watch(Policy.DO_NOTHING, OnStall.SHUTDOWN);
		assertReported(MemberState.COMPLETED, 1);
		assertThat(this.group.stopReason()).isNull();
	}

	@Test
	void memberIsStartedAgainEvenIfItCouldNotBeReportedAtOnce() {
		this.meanwhile = () -> {
			throw new UnspeakableError();
		};
		watch(Policy.DO_NOTHING, OnStall.RESTART);
		await(MemberState.RUNNING, 2);
	}

	private void watch(Policy onDone, OnStall onStall) {
		this.group.add(Member.named("slow").execute(() -> this.turns.acquire()).onDone(onDone).build());
		this.group.add(Member.named("other").execute(() -> new CountDownLatch(1).await()).build());
		this.group.start();
		StallLimit limit = new StallLimit("slow", Duration.ofMillis(300), onStall);
		new StallWatch(this.group, List.of(limit), (event) -> this.reported.complete(slow())).start(() -> this.over);
	}

	private void await(MemberState state, int executions) {
		Awaitility.await().atMost(LIMIT).untilAsserted(() -> assertIs(slow(), state, executions));
	}

	/**
	 * How the member was right after the watch had done what it does, and before it looks
	 * again.
	 */
	private void assertReported(MemberState state, int executions) throws Exception {
		assertIs(this.reported.get(LIMIT.toSeconds(), TimeUnit.SECONDS), state, executions);
	}

	private static void assertIs(MemberSnapshot slow, MemberState state, int executions) {
		assertThat(slow.state()).isEqualTo(state);
		assertThat(slow.executions()).isEqualTo(executions);
	}

	private MemberSnapshot slow() {
		return this.group.snapshot().members().get(0);
	}

	/**
	 * A thread that something happens to while somebody looks at its stack.
	 */
	private final class SlowToInspect extends Thread {

		private SlowToInspect(Runnable task) {
			super(task);
		}

		@Override
		public StackTraceElement[] getStackTrace() {
			if (StallWatchTests.this.inspected.compareAndSet(false, true)) {
				StallWatchTests.this.meanwhile.run();
			}
			return super.getStackTrace();
		}

	}

	/**
	 * Cannot even be logged.
	 */
	private static final class UnspeakableError extends Error {

		private static final long serialVersionUID = 1L;

		@Override
		public String getMessage() {
			throw this;
		}

	}

}
