package dev.rungroup.core;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

/**
 * A lock that is held for a few field accesses at a time: so short that trying again is
 * cheaper than to be parked.
 */
final class BriefLock {

	private static final int SPINS = 100;

	private final ReentrantLock lock = new ReentrantLock();

	<T extends @Nullable Object> T locked(Supplier<T> work) {
		lock();
		try {
			return work.get();
		}
		finally {
			this.lock.unlock();
		}
	}

	private void lock() {
		for (int i = 0; i < SPINS; i++) {
			if (this.lock.tryLock()) {
				return;
			}
			Thread.onSpinWait();
		}
		boolean interrupted = false;
		while (true) {
			try {
				// With a limit: Spring takes a closing thread that waits without one for
				// stuck, and lets the JVM end
				if (this.lock.tryLock(1, TimeUnit.MINUTES)) {
					break;
				}
			}
			catch (InterruptedException ex) {
				interrupted = true;
			}
		}
		if (interrupted) {
			Thread.currentThread().interrupt();
		}
	}

}
