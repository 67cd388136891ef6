package dev.rungroup.test;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import dev.rungroup.core.Backoff;
import dev.rungroup.core.Group;
import dev.rungroup.core.GroupState;
import dev.rungroup.core.Member;
import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.OnStall;
import dev.rungroup.core.Policy;
import dev.rungroup.core.Retry;
import dev.rungroup.core.StopReason;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Tests for {@link TestTime}.
 */
@Timeout(60)
class TestTimeTests {

	/**
	 * Enough for a body that returns at once: on a busy machine it counts more slowly.
	 */
	private static final Duration BRIEFLY = Duration.ofMillis(100);

	private final TestTime time = new TestTime();

	private final Instant begin = this.time.instant();

	private final List<String> trail = Collections.synchronizedList(new ArrayList<>());

	private Group group = Group.builder().time(this.time).gracePeriod(Duration.ofMillis(200)).build();

	@AfterEach
	void close() {
		this.group.close();
	}

	@Test
	void aLoopWithADelayOfAnHourIsExecutedOncePlusThreeTimesInThreeHours() {
		this.group.add(loop("hourly", Duration.ofHours(1)).execute(() -> note("hourly")).build());
		this.group.start();
		this.time.advance(Duration.ofHours(3));
		assertThat(member("hourly").executions()).isEqualTo(4);
		assertThat(this.trail).containsExactly("hourly 0", "hourly 3600", "hourly 7200", "hourly 10800");
		assertThat(member("hourly").nextExecution()).isEqualTo(this.begin.plus(Duration.ofHours(4)));
		this.time.advance(Duration.ofHours(1).minusNanos(1));
		assertThat(member("hourly").executions()).isEqualTo(4);
		this.time.advance(Duration.ofNanos(1));
		assertThat(member("hourly").executions()).isEqualTo(5);
	}

	@Test
	void whatIsDueAtTheSameMomentHappensInTheOrderInWhichTheMembersWereAdded() {
		this.group.add(loop("a", Duration.ofMinutes(2)).stage(3).execute(() -> note("a")).build());
		this.group.add(loop("b", Duration.ofMinutes(3)).execute(() -> note("b")).build());
		this.group.add(loop("c", Duration.ofMinutes(1)).execute(() -> note("c")).build());
		this.group.start();
		this.time.advance(Duration.ZERO);
		assertThat(this.trail).containsExactly("b 0", "c 0", "a 0");
		this.trail.clear();
		this.time.advance(Duration.ofMinutes(6));
		assertThat(this.trail).containsExactly("c 60", "a 120", "c 120", "b 180", "c 180", "a 240", "c 240", "c 300",
				"a 360", "b 360", "c 360");
	}

	@Test
	void backOffsHaveNoJitterAndAWindowOfFailuresPassesWithTheTime() {
		this.group.add(Member.named("mailer")
			.execute(() -> fail("mailer"))
			.onError(Policy.RESTART)
			.backoff(Backoff.exponential(Duration.ofSeconds(1), 2, Duration.ofMinutes(1))
				.withJitter(Duration.ofMillis(500)))
			.maxRestarts(3)
			.within(Duration.ofSeconds(10))
			.build());
		this.group.start();
		this.time.advance(Duration.ofHours(1));
		assertThat(this.trail).containsExactly("mailer 0", "mailer 1", "mailer 3", "mailer 7");
		assertThat(this.group.stopReason()).extracting(StopReason::kind).isEqualTo(StopReason.Kind.RESTARTS_EXHAUSTED);
		assertThat(this.group.snapshot().state()).isEqualTo(GroupState.STOPPED);
		assertThat(member("mailer").lastFailureAt()).isEqualTo(this.begin.plusSeconds(7));
	}

	@Test
	void theSleepOfABodyAndARetryInsideOfItFollowTheTime() {
		Retry retry = Retry.with(Backoff.fixed(Duration.ofMinutes(10)));
		this.group.add(Member.named("sleeper").execute((context) -> {
			note("begin");
			note("slept " + context.sleep(Duration.ofHours(2)));
			retry.run((attempt) -> {
				note("attempt");
				if (attempt.iteration() < 3) {
					throw new IOException("down");
				}
			});
		}).build());
		this.group.start();
		this.time.advance(Duration.ofHours(3));
		assertThat(this.trail).containsExactly("begin 0", "slept true 7200", "attempt 7200", "attempt 7800",
				"attempt 8400");
	}

	@Test
	void timeoutReadyTimeoutAndStallFollowTheTimeAlsoWhereABodyIsBlockedBySomethingOfItsOwn() {
		CountDownLatch never = new CountDownLatch(1);
		this.group.add(Member.named("slow")
			.execute(never::await)
			.timeout(Duration.ofMinutes(5))
			.onError(Policy.RESTART)
			.backoff(Backoff.fixed(Duration.ofMinutes(1)))
			.failureHandler((failure) -> note("slow " + failure.getClass().getSimpleName()))
			.build());
		this.group.add(Member.named("unready")
			.execute(never::await)
			.readyTimeout(Duration.ofMinutes(7))
			.onError(Policy.DO_NOTHING)
			.failureHandler((failure) -> note("unready " + failure.getClass().getSimpleName()))
			.build());
		this.group.add(Member.named("silent")
			.execute(never::await)
			.stallAfter(Duration.ofMinutes(10))
			.onStall(OnStall.RESTART)
			.build());
		this.group.start();
		this.time.advance(Duration.ofMinutes(5).minusNanos(1));
		assertThat(this.trail).isEmpty();
		this.time.advance(Duration.ofMinutes(6).plusNanos(1));
		assertThat(this.trail).containsExactly("slow TimeoutException 300", "unready TimeoutException 420",
				"slow TimeoutException 660");
		assertThat(member("slow").lastFailure()).isInstanceOf(TimeoutException.class);
		assertThat(member("slow").state()).isEqualTo(MemberState.WAITING);
		assertThat(member("silent").executions()).isEqualTo(2);
	}

	@Test
	void executionsThatTimeOutAtTheSameMomentEndInTheOrderInWhichTheMembersWereAdded() {
		for (String name : List.of("a", "b", "c", "d")) {
			this.group.add(Member.named(name)
				.execute(() -> new CountDownLatch(1).await())
				.timeout(Duration.ofMinutes(5))
				.onError(Policy.RESTART)
				.backoff(Backoff.fixed(Duration.ofMinutes(5)))
				.failureHandler((failure) -> note(name))
				.build());
		}
		this.group.start();
		this.time.advance(Duration.ofMinutes(15));
		assertThat(this.trail).containsExactly("a 300", "b 300", "c 300", "d 300", "a 900", "b 900", "c 900", "d 900");
	}

	@Test
	void aBodyThatIsBlockedBySomethingOfItsOwnDoesNotHoldUpTheTime() throws Exception {
		BlockingQueue<String> queue = new LinkedBlockingQueue<>();
		Object monitor = new Object();
		try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			this.group.add(Member.named("queue").execute(() -> note(queue.take())).onDone(Policy.DO_NOTHING).build());
			this.group.add(Member.named("socket").execute(() -> {
				try (Socket socket = server.accept(); InputStream in = socket.getInputStream()) {
					note("read " + in.read());
				}
			}).onDone(Policy.DO_NOTHING).build());
			this.group.add(Member.named("monitor").execute(() -> {
				synchronized (monitor) {
					note("entered");
				}
			}).onDone(Policy.DO_NOTHING).build());
			this.group.add(Member.named("sleep").execute(() -> Thread.sleep(60_000)).build());
			this.group.add(loop("hourly", Duration.ofHours(1)).execute(() -> note("hourly")).build());
			try (Socket socket = new Socket()) {
				synchronized (monitor) {
					this.group.start();
					this.time.advance(Duration.ofHours(2));
					assertThat(this.trail).containsExactly("hourly 0", "hourly 3600", "hourly 7200");
					queue.add("taken");
					this.time.advance(Duration.ZERO);
					assertThat(this.trail).endsWith("taken 7200");
					socket.connect(server.getLocalSocketAddress());
					this.time.advance(Duration.ofHours(1));
					assertThat(this.trail).endsWith("hourly 10800");
					socket.getOutputStream().write(7);
				}
				this.time.advance(Duration.ofHours(0));
				assertThat(this.trail).contains("read 7 10800", "entered 10800");
			}
		}
	}

	@Test
	void whatOneBodyHandsToAnotherHasArrivedBeforeTheTimeGoesOn() {
		BlockingQueue<Integer> queue = new LinkedBlockingQueue<>();
		AtomicInteger made = new AtomicInteger();
		this.group.add(loop("maker", Duration.ofMinutes(1)).execute(() -> queue.add(made.incrementAndGet())).build());
		this.group.add(loop("taker", Duration.ZERO).execute(() -> note("took " + queue.take())).build());
		this.group.start();
		this.time.advance(Duration.ofMinutes(5));
		assertThat(this.trail).containsExactly("took 1 0", "took 2 60", "took 3 120", "took 4 180", "took 5 240",
				"took 6 300");
	}

	@Test
	void aBodyThatNeitherReturnsNorWaitsEndsAdvanceWithAnErrorThatNamesIt() {
		TestTime time = new TestTime(BRIEFLY);
		this.group = Group.builder().time(time).build();
		AtomicReference<Boolean> spins = new AtomicReference<>(true);
		this.group.add(loop("hourly", Duration.ofHours(1)).execute(() -> note("hourly")).build());
		this.group.add(Member.named("spinner").execute(() -> {
			while (spins.get()) {
				Thread.onSpinWait();
			}
		}).build());
		this.group.start();
		assertThatThrownBy(() -> time.advance(Duration.ofHours(1))).isInstanceOf(AssertionError.class)
			.hasMessageContaining("'spinner' has neither returned nor waited")
			.hasMessageContaining("TestTimeTests.java")
			.message()
			.doesNotContain("'hourly'");
		spins.set(false);
	}

	@Test
	void membersThatStartOneAfterAnotherHaveTheirTimeEach() {
		TestTime time = new TestTime(Duration.ofMillis(500));
		this.group = Group.builder().time(time).build();
		for (int i = 0; i < 10; i++) {
			this.group.add(loop("computes-" + i, Duration.ofHours(1)).execute(() -> {
				long begin = System.nanoTime();
				while (System.nanoTime() - begin < 100_000_000) {
					Thread.onSpinWait();
				}
			}).build());
		}
		this.group.start();
		time.advance(Duration.ZERO);
		assertThat(this.group.snapshot().members()).extracting(MemberSnapshot::executions).containsOnly(1L);
	}

	@Test
	void aLoopWithoutAPauseEndsAdvanceWithAnErrorThatNamesIt() {
		TestTime time = new TestTime(BRIEFLY);
		this.group = Group.builder().time(time).build();
		this.group.add(loop("busy", Duration.ZERO).execute(() -> {
		}).build());
		this.group.start();
		assertThatThrownBy(() -> time.advance(Duration.ofHours(1))).isInstanceOf(AssertionError.class)
			.hasMessageContaining("'busy'")
			.hasMessageContaining("give it a delay");
	}

	@Test
	void advanceInsideOfAMemberIsRefused() {
		AtomicReference<Throwable> inBody = new AtomicReference<>();
		AtomicReference<Throwable> inHandler = new AtomicReference<>();
		this.group.add(Member.named("mover").execute(() -> {
			inBody.set(advance());
			throw new IOException("down");
		}).failureHandler((failure) -> inHandler.set(advance())).onError(Policy.DO_NOTHING).build());
		this.group.start();
		this.time.advance(Duration.ZERO);
		assertThat(inBody.get()).isInstanceOf(IllegalStateException.class).hasMessageContaining("'mover'");
		assertThat(inHandler.get()).isInstanceOf(IllegalStateException.class);
		assertThatIllegalArgumentException().isThrownBy(() -> this.time.advance(Duration.ofSeconds(-1)));
	}

	private Throwable advance() {
		try {
			this.time.advance(Duration.ofHours(1));
			return new AssertionError("not refused");
		}
		catch (IllegalStateException ex) {
			return ex;
		}
	}

	@Test
	void aRetryOutsideOfMembersMovesTheTimeOn() throws Exception {
		this.group.add(loop("hourly", Duration.ofHours(1)).execute(() -> note("hourly")).build());
		this.group.start();
		this.time.advance(Duration.ZERO);
		Retry retry = Retry.with(Backoff.fixed(Duration.ofMinutes(40)).withJitter(Duration.ofMinutes(1))).on(this.time);
		Retry.Action action = (attempt) -> {
			note("attempt");
			if (attempt.iteration() < 3) {
				throw new IOException("down");
			}
		};
		retry.run(action);
		assertThat(this.trail).containsExactly("hourly 0", "attempt 0", "attempt 2400", "hourly 3600", "attempt 4800");
		CompletableFuture.runAsync(() -> {
			try {
				retry.run(action);
			}
			catch (Exception ex) {
				throw new IllegalStateException(ex);
			}
		}).get(30, TimeUnit.SECONDS);
		assertThat(this.time.instant()).isEqualTo(this.begin.plusSeconds(9600));
	}

	@Test
	void aHelperThreadThatSleepsForABodyWaitsForTheTime() {
		this.group.add(Member.named("parent").execute((context) -> {
			Thread helper = new Thread(() -> {
				try {
					note("helper " + context.sleep(Duration.ofMinutes(5)));
				}
				catch (InterruptedException ex) {
					Thread.currentThread().interrupt();
				}
			});
			helper.start();
			// Nobody knows of the helper before it sleeps: until then its parent runs
			while (helper.getState() != Thread.State.WAITING) {
				Thread.onSpinWait();
			}
			helper.join();
			note("joined");
		}).onDone(Policy.DO_NOTHING).build());
		this.group.start();
		this.time.advance(Duration.ofMinutes(4));
		assertThat(this.trail).isEmpty();
		this.time.advance(Duration.ofMinutes(1));
		assertThat(this.trail).containsExactly("helper true 300", "joined 300");
	}

	@Test
	void aGroupShutsDownInRealTime() {
		CountDownLatch begun = new CountDownLatch(1);
		CountDownLatch never = new CountDownLatch(1);
		this.group = Group.builder()
			.time(this.time)
			.gracePeriod(Duration.ofMillis(50))
			.shutdownTimeout(Duration.ofMillis(300))
			.build();
		AtomicInteger interrupts = new AtomicInteger();
		this.group.add(Member.named("deaf").execute(() -> {
			begun.countDown();
			while (never.getCount() > 0) {
				try {
					never.await();
				}
				catch (InterruptedException ex) {
					interrupts.incrementAndGet();
				}
			}
		}).interrupt((reason) -> {
		}).build());
		this.group.start();
		this.time.advance(Duration.ofHours(1));
		this.group.close();
		// Nobody waits any longer for what has not ended
		Awaitility.await().until(() -> interrupts.get() == 1);
		assertThat(this.group.snapshot().state()).isEqualTo(GroupState.STOPPED);
		never.countDown();
	}

	@Test
	void aStopThatTakesNoTimeLetsNoTimePass() {
		this.group = Group.builder().time(this.time).gracePeriod(Duration.ofMinutes(1)).build();
		this.group.add(loop("hourly", Duration.ofHours(1)).execute(() -> note("hourly")).build());
		this.group.start();
		this.time.advance(Duration.ofHours(1));
		this.group.close();
		assertThat(this.time.instant()).isEqualTo(this.begin.plus(Duration.ofHours(1)));
		assertThat(member("hourly").state()).isEqualTo(MemberState.STOPPED);
	}

	@Test
	void aDayOfSecondsPassesInSeconds() {
		AtomicInteger executions = new AtomicInteger();
		this.group.add(loop("each-second", Duration.ofSeconds(1)).execute(executions::incrementAndGet).build());
		this.group.start();
		this.time.advance(Duration.ofHours(3));
		assertThat(executions).hasValue(3 * 3600 + 1);
	}

	@Test
	void aGroupThatRunsOnAThreadOfTheUsersTakesPartAndTheThreadIsForgottenAfterwards() throws Exception {
		CompletableFuture<Void> run = new CompletableFuture<>();
		CountDownLatch begun = new CountDownLatch(1);
		this.group.add(Member.named("one").initialDelay(Duration.ofHours(1)).execute(() -> note("one")).build());
		Thread runner = new Thread(() -> {
			try {
				begun.countDown();
				this.group.run();
				run.complete(null);
				while (!Thread.interrupted()) {
					Thread.onSpinWait();
				}
			}
			catch (Exception ex) {
				run.completeExceptionally(ex);
			}
		});
		runner.start();
		begun.await();
		while (!member("one").ready()) {
			Thread.onSpinWait();
		}
		this.time.advance(Duration.ofHours(1));
		run.get(30, TimeUnit.SECONDS);
		assertThat(this.trail).containsExactly("one 3600");
		this.time.advance(Duration.ofHours(1));
		runner.interrupt();
	}

	private void note(String what) {
		this.trail.add(what + " " + Duration.between(this.begin, this.time.instant()).toSeconds());
	}

	private void fail(String what) throws IOException {
		note(what);
		throw new IOException("down");
	}

	private MemberSnapshot member(String name) {
		return this.group.snapshot()
			.members()
			.stream()
			.filter((member) -> member.name().equals(name))
			.findFirst()
			.orElseThrow();
	}

	private static Member.Builder loop(String name, Duration delay) {
		return Member.named(name).onDone(Policy.RESTART).delay(delay);
	}

}
