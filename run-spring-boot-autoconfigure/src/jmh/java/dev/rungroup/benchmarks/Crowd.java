package dev.rungroup.benchmarks;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * The bodies of one round: the first returns when all others run, the others block until
 * they are interrupted.
 */
final class Crowd {

	private final int size;

	private final CountDownLatch othersRun;

	private final CountDownLatch firstReturns = new CountDownLatch(1);

	private final AtomicInteger ended = new AtomicInteger();

	Crowd(int size) {
		this.size = size;
		this.othersRun = new CountDownLatch(size - 1);
	}

	int size() {
		return this.size;
	}

	/**
	 * The body of one of them.
	 */
	void body(int index) throws InterruptedException {
		if (index == 0) {
			this.othersRun.await();
			this.ended.incrementAndGet();
			this.firstReturns.countDown();
		}
		else {
			this.othersRun.countDown();
			blockUntilInterrupted();
			this.ended.incrementAndGet();
		}
	}

	/**
	 * Neither a sleep nor a latch: their queues would cost more than what is measured.
	 */
	static void blockUntilInterrupted() {
		while (!Thread.interrupted()) {
			LockSupport.park();
		}
	}

	/**
	 * For those that do not stop all when one returns.
	 */
	void awaitFirst() throws InterruptedException {
		this.firstReturns.await();
	}

	/**
	 * After the end.
	 * @return how many have ended
	 */
	int checked() {
		if (this.othersRun.getCount() > 0 || this.ended.get() != this.size) {
			throw new IllegalStateException(
					this.othersRun.getCount() + " were not started, and " + this.ended + " of " + this.size + " ended");
		}
		return this.size;
	}

}
