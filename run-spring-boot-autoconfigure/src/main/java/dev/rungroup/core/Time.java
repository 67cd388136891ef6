package dev.rungroup.core;

import java.time.InstantSource;
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

}
