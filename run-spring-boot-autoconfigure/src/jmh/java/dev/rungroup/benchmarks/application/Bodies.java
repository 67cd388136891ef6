package dev.rungroup.benchmarks.application;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * What all threads of the application do: block until they are interrupted.
 */
public final class Bodies {

	private static final AtomicInteger ended = new AtomicInteger();

	private static final AtomicLong lastBegunAt = new AtomicLong();

	private static CountDownLatch begun = new CountDownLatch(0);

	private Bodies() {
	}

	static void expect(int count) {
		begun = new CountDownLatch(count);
		ended.set(count);
	}

	/**
	 * The body of an actor, or of a thread that is written by hand.
	 */
	public static void run() {
		lastBegunAt.accumulateAndGet(System.nanoTime(), Math::max);
		begun.countDown();
		while (!Thread.interrupted()) {
			LockSupport.park();
		}
		if (ended.decrementAndGet() == 0) {
			System.out.println("ENDED");
		}
	}

	static void awaitBegun() throws InterruptedException {
		begun.await();
	}

	static long lastBegunAt() {
		return lastBegunAt.get();
	}

}
