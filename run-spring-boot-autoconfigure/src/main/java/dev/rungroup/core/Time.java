package dev.rungroup.core;

import java.time.InstantSource;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;

/**
 * Where time comes from: every pause, back-off, timeout and limit of this library goes
 * through it, so that hours can pass in a test. Called by any thread, by many at once,
 * also while the group holds its lock: an implementation must not call the group. An
 * implementation that is an {@link InstantSource}, too, also says what the wall clock
 * shows in snapshots.
 *
 * @since 0.1.0
 */
public interface Time {

	/**
	 * Return the time of the machine.
	 * @return the one that groups and retries use unless they are told another
	 */
	static Time system() {
		return SystemTime.INSTANCE;
	}

	/**
	 * Return a time to compare with others of the same source, as
	 * {@link System#nanoTime()} does.
	 * @return nanoseconds since an arbitrary moment
	 */
	long nanoTime();

	/**
	 * Wait, as {@link LockSupport#parkNanos(Object, long)} does: until the time is over,
	 * {@link #unpark} or an interrupt comes, or for no reason.
	 * @param blocker what the calling thread waits for, shown in its stack
	 * @param nanos how long to wait at most, in nanoseconds; {@code Long.MAX_VALUE} for
	 * ever
	 */
	void park(Object blocker, long nanos);

	/**
	 * Wake a thread that waits in {@link #park}, or will the next time, as
	 * {@link LockSupport#unpark(Thread)} does.
	 * @param thread the thread
	 */
	void unpark(Thread thread);

	/**
	 * Start a thread of a group: of a member, of an interrupter or its own. A time that
	 * is moved by hand learns here what it has to wait for. The group holds no lock.
	 * @param thread a new thread
	 * @param order of the members that are due at the same moment, the one with the
	 * lowest goes on first: the place of the member in its group, or
	 * {@code Integer.MAX_VALUE}
	 */
	default void start(Thread thread, int order) {
		thread.start();
	}

	/**
	 * Return by how much a pause is to be longer.
	 * @param most the jitter of a {@link Backoff}, in nanoseconds, more than zero
	 * @return nanoseconds between {@code -most} and {@code most}
	 */
	default long jitter(long most) {
		return ThreadLocalRandom.current().nextLong(-most, most + 1);
	}

	/**
	 * Something was done about a member because its time had come. What follows may
	 * happen first, before more is done that is due at the same moment. The group holds
	 * no lock.
	 */
	default void giveWay() {
	}

	/**
	 * A group begins to end, or is over. Meanwhile its grace period and its timeout have
	 * to pass even where this time is moved by hand. The group holds no lock.
	 * @param begins true for the beginning; the end follows exactly once, on the same
	 * thread
	 */
	default void shutdown(boolean begins) {
	}

}
