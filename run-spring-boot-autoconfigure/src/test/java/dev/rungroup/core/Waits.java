package dev.rungroup.core;

import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

import org.awaitility.Awaitility;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Waits with an upper bound, so that a broken group fails a test and does not hang it.
 */
final class Waits {

	/**
	 * How long a test waits for what must happen.
	 */
	static final Duration LIMIT = Duration.ofSeconds(10);

	/**
	 * The promise for a stop during a pause is 200 ms; a loaded build machine gets more,
	 * still less than a grace period and far below the minutes that the pauses in these
	 * tests would last.
	 */
	static final Duration SOON = Duration.ofSeconds(8);

	/**
	 * Long enough that no test that waits for its end passes.
	 */
	static final Duration LONG = Duration.ofMinutes(10);

	private Waits() {
	}

	static void await(CountDownLatch latch) {
		try {
			assertThat(latch.await(LIMIT.toMillis(), TimeUnit.MILLISECONDS)).as("what is awaited happened").isTrue();
		}
		catch (InterruptedException ex) {
			throw new AssertionError("The test was interrupted", ex);
		}
	}

	static <T> T take(BlockingQueue<T> queue) {
		try {
			T value = queue.poll(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
			assertThat(value).as("what is awaited arrived").isNotNull();
			return value;
		}
		catch (InterruptedException ex) {
			throw new AssertionError("The test was interrupted", ex);
		}
	}

	static void until(BooleanSupplier condition) {
		Awaitility.await().atMost(LIMIT).pollInterval(Duration.ofMillis(5)).until(condition::getAsBoolean);
	}

	static void until(String what, BooleanSupplier condition) {
		Awaitility.await(what).atMost(LIMIT).pollInterval(Duration.ofMillis(5)).until(condition::getAsBoolean);
	}

	/**
	 * Whether a member is between two executions. Waiting alone is also what it is before
	 * the first, until its thread has come to run.
	 */
	static boolean pauses(MemberSnapshot member) {
		return member.state() == MemberState.WAITING && member.executions() > 0;
	}

	/**
	 * Wait for a latch that a body waits for, whatever interrupts it: what a member does
	 * that ignores its interrupt. The interrupt is swallowed, as careless user code does.
	 * @return how often the wait was interrupted
	 */
	static int ignoringInterrupts(CountDownLatch latch) {
		int interrupts = 0;
		long end = System.nanoTime() + LIMIT.multipliedBy(3).toNanos();
		while (System.nanoTime() < end) {
			try {
				latch.await(end - System.nanoTime(), TimeUnit.NANOSECONDS);
				return interrupts;
			}
			catch (InterruptedException ex) {
				interrupts++;
			}
		}
		return interrupts;
	}

	static Duration since(long nanoTime) {
		return Duration.ofNanos(System.nanoTime() - nanoTime);
	}

}
