package dev.rungroup.cluster;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

import dev.rungroup.core.Leadership;
import dev.rungroup.core.Time;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Locks of one node, with an engine whose calls take as long as a test wants, and with a
 * time that it moves.
 */
@Timeout(60)
@ExtendWith(OutputCaptureExtension.class)
class SingletonLockTests {

	private final ManualTime time = new ManualTime();

	private final List<String> calls = new CopyOnWriteArrayList<>();

	private final Engine engine = new Engine();

	private final ClusterKeeper keeper = new ClusterKeeper(
			new ClusterSettings("", Duration.ofSeconds(30), Duration.ofSeconds(10), Duration.ofSeconds(5)),
			(actor) -> this.engine, this.time, (event) -> {
			}, List::of);

	@AfterEach
	void close() {
		this.engine.calling.countDown();
		this.engine.answer.countDown();
		this.keeper.destroy();
	}

	private static void await(Callable<Boolean> condition) {
		Awaitility.await().atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(2)).until(condition);
	}

	private static void await(CountDownLatch latch) throws InterruptedException {
		assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
	}

	private Leadership.Candidacy candidate(String lock) {
		return this.keeper.leadership(lock, lock).candidate(lock, () -> {
		});
	}

	@Test
	void whoIsStartedWhileTheLockIsGivenBackDoesNotGetTheOldTerm() throws Exception {
		Leadership.Candidacy first = candidate("a");
		await(() -> first.lead() != null);
		this.engine.slow = "release a";
		Thread ending = new Thread(first::ended);
		ending.start();
		await(this.engine.calling);
		Leadership.Candidacy second = candidate("a");
		assertThat(second.lead()).as("the engine may have given it to another node").isNull();
		this.engine.answer.countDown();
		ending.join();
		await(() -> second.lead() != null);
		assertThat(this.calls).containsExactly("acquire a", "release a", "acquire a");
	}

	@Test
	void aLockThatIsLostEndsItsTermBeforeTheEngineIsCalledAgain() throws Exception {
		AtomicInteger told = new AtomicInteger();
		Leadership.Candidacy member = this.keeper.leadership("a", "a").candidate("a", told::incrementAndGet);
		await(() -> member.lead() != null);
		Leadership.Term term = Objects.requireNonNull(member.lead());
		this.engine.lost = true;
		this.engine.slow = "forget a";
		await(() -> told.get() == 2);
		this.time.advance(Duration.ofSeconds(10));
		await(this.engine.calling);
		assertThat(term.validUntil()).isLessThanOrEqualTo(this.time.nanoTime());
		assertThat(told).as("told of its term, announced, and of its end").hasValue(3);
	}

	@Test
	void whoEndsAtTheMomentItIsAbandonedBlocksNobody() {
		Leadership.Candidacy first = candidate("a");
		await(() -> first.lead() != null);
		first.ended();
		first.abandoned();
		Leadership.Candidacy second = candidate("a");
		await(() -> second.lead() != null);
		assertThat(this.calls).containsExactly("acquire a", "release a", "acquire a");
	}

	@Test
	void leasesThatAreHereGoFirstAndOfTheRestTheOneThatHasWaitedLongest() throws Exception {
		// All on one thread, which is made for the first
		Leadership.Candidacy slow = candidate("slow");
		this.keeper.leadership("early", "early");
		this.time.advance(Duration.ofMillis(1));
		Leadership.Candidacy late = candidate("late");
		Leadership.Candidacy held = candidate("held");
		Leadership.Candidacy early = candidate("early");
		await(() -> held.lead() != null);
		this.engine.taken = true;
		this.engine.slow = "acquire slow";
		slow.lead();
		await(this.engine.calling);
		late.lead();
		early.lead();
		this.time.advance(Duration.ofSeconds(10));
		this.calls.clear();
		this.engine.answer.countDown();
		await(() -> this.calls.size() >= 3);
		assertThat(this.calls).startsWith("renew held", "acquire early", "acquire late");
	}

	@Test
	void whatIsGotWhenNobodyWantsItAnyMoreIsGivenBackBeforeTheEndIsOver() throws Exception {
		this.engine.slow = "acquire a";
		Leadership.Candidacy standby = candidate("a");
		assertThat(standby.lead()).isNull();
		await(this.engine.calling);
		CountDownLatch ended = new CountDownLatch(1);
		Thread ending = new Thread(() -> {
			standby.ended();
			ended.countDown();
		});
		ending.start();
		assertThat(ended.await(200, TimeUnit.MILLISECONDS)).as("ended while the lock is asked for").isFalse();
		this.engine.answer.countDown();
		await(ended);
		assertThat(this.calls).containsExactly("acquire a", "release a");
	}

	@Test
	void aKeeperThatIsClosedMeanwhileGivesBackWhatItGets() throws Exception {
		this.engine.slow = "acquire a";
		Leadership.Candidacy standby = candidate("a");
		assertThat(standby.lead()).isNull();
		await(this.engine.calling);
		Thread ending = new Thread(standby::ended);
		ending.start();
		await(() -> this.time.parked.contains(ending) || !ending.isAlive());
		this.time.advance(Duration.ofSeconds(3));
		ending.join();
		this.keeper.destroy();
		this.engine.answer.countDown();
		await(() -> this.calls.contains("release a"));
	}

	@Test
	void aReleaseThatFailedIsSaidAndKeepsNoLaterOutageQuiet(CapturedOutput output) {
		Leadership.Candidacy first = candidate("a");
		Leadership.Candidacy second = candidate("b");
		await(() -> first.lead() != null && second.lead() != null);
		this.engine.failing = "release";
		first.ended();
		assertThat(output).contains("WARN").contains("Cannot release cluster lock 'a'; this is not tried again");
		this.engine.failing = "renew";
		this.time.advance(Duration.ofSeconds(10));
		await(() -> output.getOut().contains("Cannot renew cluster lock 'b'; it is tried again"));
		this.engine.failing = "none";
		this.time.advance(Duration.ofSeconds(5));
		await(() -> output.getOut().contains("The lock engine works again, after 1 call that failed"));
	}

	@Test
	void whatNobodyWantsAnyMoreKeepsNoLaterOutageQuiet(CapturedOutput output) {
		this.engine.failing = "acquire";
		Leadership.Candidacy first = candidate("a");
		first.lead();
		await(() -> output.getOut().contains("Cannot ask for cluster lock 'a'; it is tried again"));
		first.ended();
		Leadership.Candidacy second = candidate("b");
		second.lead();
		await(() -> output.getOut().contains("Cannot ask for cluster lock 'b'; it is tried again"));
	}

	@Test
	void aFailureThatCannotBePrintedCostsNobodyTheLock() {
		this.engine.unprintable = true;
		this.engine.failing = "acquire";
		Leadership.Candidacy member = candidate("a");
		member.lead();
		await(() -> this.engine.failures.get() == 1);
		this.engine.failing = "none";
		await(() -> {
			this.time.advance(Duration.ofSeconds(1));
			return member.lead() != null;
		});
	}

	@Test
	void aCallThatHangsAndThenThrowsCountsOnce(CapturedOutput output) throws Exception {
		this.engine.failing = "acquire";
		this.engine.slow = "acquire a";
		Leadership.Candidacy member = candidate("a");
		member.lead();
		await(this.engine.calling);
		this.time.advance(Duration.ofSeconds(31));
		await(() -> output.getOut().contains("has not answered for longer than the lease"));
		this.engine.answer.countDown();
		await(() -> this.engine.failures.get() == 1);
		this.engine.failing = "none";
		await(() -> {
			this.time.advance(Duration.ofSeconds(1));
			return member.lead() != null;
		});
		assertThat(output).contains("The lock engine works again, after 1 call that failed");
	}

	@Test
	void whoEndsAfterItsTermIsNotSaidToWait(CapturedOutput output) {
		Leadership.Candidacy member = candidate("a");
		await(() -> member.lead() != null);
		this.engine.failing = "renew";
		this.time.advance(Duration.ofSeconds(31));
		member.ended();
		assertThat(output).contains("'a' no longer runs on this node: its cluster lock 'a' is lost");
	}

	private final class Engine implements ClusterLocks {

		/** Which call waits for {@link #answer}. */
		private volatile String slow = "";

		private final CountDownLatch calling = new CountDownLatch(1);

		private final CountDownLatch answer = new CountDownLatch(1);

		private volatile boolean lost;

		private volatile boolean taken;

		/** Which calls throw. */
		private volatile String failing = "none";

		/** Whether what is thrown cannot say its message. */
		private volatile boolean unprintable;

		private final AtomicInteger failures = new AtomicInteger();

		@Override
		public @Nullable Lease tryAcquire(String lock, Duration lease) {
			call("acquire " + lock);
			return (this.taken) ? null : new LocalLease() {

				@Override
				public boolean renew(Duration lease) {
					call("renew " + lock);
					return !Engine.this.lost;
				}

				@Override
				public void release() {
					call("release " + lock);
				}

				@Override
				public void forget() {
					call("forget " + lock);
				}

			};
		}

		private void call(String call) {
			SingletonLockTests.this.calls.add(call);
			if (call.equals(this.slow)) {
				this.calling.countDown();
				try {
					await(this.answer);
				}
				catch (InterruptedException ex) {
					throw new IllegalStateException(ex);
				}
			}
			if (call.startsWith(this.failing)) {
				this.failures.incrementAndGet();
				throw new IllegalStateException("the engine is down") {

					@Override
					public String getMessage() {
						if (Engine.this.unprintable) {
							throw new IllegalStateException("not printable");
						}
						return String.valueOf(super.getMessage());
					}

				};
			}
		}

	}

	/**
	 * A time that only a test moves.
	 */
	private static final class ManualTime implements Time {

		private final AtomicLong now = new AtomicLong(-500);

		private final Set<Thread> parked = ConcurrentHashMap.newKeySet();

		void advance(Duration time) {
			this.now.addAndGet(time.toNanos());
		}

		@Override
		public long nanoTime() {
			return this.now.get();
		}

		@Override
		public void park(Object blocker, long nanos) {
			this.parked.add(Thread.currentThread());
			LockSupport.parkNanos(blocker, Math.min(nanos, 1_000_000));
		}

		@Override
		public void unpark(Thread thread) {
			LockSupport.unpark(thread);
		}

	}

}
