package dev.rungroup.core;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

import org.jspecify.annotations.Nullable;

/**
 * The time of the machine, but it stands still until a test lets it jump or go on: no
 * limit is reached before the test has seen what has to come first, on a busy machine,
 * too. What a test does with it, it does on its own thread.
 */
final class HeldTime implements Time {

	/** How soon who waits looks at what the test has done, in nanoseconds. */
	private static final long LOOK = 5_000_000;

	/** What it shows while it stands still; null once it goes on. */
	private volatile @Nullable Long heldAt = System.nanoTime();

	private volatile long behind;

	/**
	 * Let time pass at once.
	 */
	void jump(Duration time) {
		Long heldAt = this.heldAt;
		if (heldAt != null) {
			this.heldAt = heldAt + time.toNanos();
		}
		else {
			this.behind -= time.toNanos();
		}
	}

	/**
	 * Let time pass as on the machine from now on.
	 */
	void goOn() {
		Long heldAt = this.heldAt;
		if (heldAt != null) {
			this.behind = System.nanoTime() - heldAt;
			this.heldAt = null;
		}
	}

	@Override
	public long nanoTime() {
		Long heldAt = this.heldAt;
		return (heldAt != null) ? heldAt : System.nanoTime() - this.behind;
	}

	@Override
	public void park(Object blocker, long nanos) {
		LockSupport.parkNanos(blocker, Math.min(nanos, LOOK));
	}

	@Override
	public void unpark(Thread thread) {
		LockSupport.unpark(thread);
	}

}
