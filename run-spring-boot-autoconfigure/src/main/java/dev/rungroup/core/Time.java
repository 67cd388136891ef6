package dev.rungroup.core;

import java.util.concurrent.locks.LockSupport;

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

}
