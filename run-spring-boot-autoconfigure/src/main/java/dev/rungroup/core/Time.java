package dev.rungroup.core;

import java.util.concurrent.locks.LockSupport;

import org.jspecify.annotations.Nullable;

/**
 * Where time comes from: a seam, so that hours can pass in a test.
 */
interface Time {

	Time SYSTEM = new Time() {

		@Override
		public long nanoTime() {
			return System.nanoTime();
		}

		@Override
		public void park(Object blocker, long nanos) {
			LockSupport.parkNanos(blocker, nanos);
		}

	};

	/**
	 * Like {@link System#nanoTime()}.
	 */
	long nanoTime();

	/**
	 * Like {@link LockSupport#parkNanos(Object, long)}: may return early for no reason.
	 */
	void park(Object blocker, long nanos);

	/**
	 * Like {@link LockSupport#unpark(Thread)}: a clock of a test must know who was woken
	 * and has not run yet.
	 */
	default void unpark(@Nullable Thread thread) {
		LockSupport.unpark(thread);
	}

}
