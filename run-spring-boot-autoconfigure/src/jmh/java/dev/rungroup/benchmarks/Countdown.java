package dev.rungroup.benchmarks;

import java.util.concurrent.CountDownLatch;

/**
 * An all but empty body: it counts, and has the loop stopped after the last iteration.
 */
final class Countdown implements Runnable {

	private final CountDownLatch over = new CountDownLatch(1);

	private final Runnable stop;

	private int left;

	/** What the floor looks at before each iteration. */
	private volatile boolean stopped;

	Countdown(int iterations) {
		this(iterations, () -> {
		});
	}

	/**
	 * Count down.
	 * @param iterations how often the body is called
	 * @param stop called by the last one
	 */
	Countdown(int iterations, Runnable stop) {
		this.left = iterations;
		this.stop = stop;
	}

	@Override
	public void run() {
		if (--this.left == 0) {
			this.stopped = true;
			this.stop.run();
			this.over.countDown();
		}
	}

	boolean isStopped() {
		return this.stopped;
	}

	void awaitLast() throws InterruptedException {
		this.over.await();
	}

	/**
	 * After the end: schedulers may have begun one iteration more before they stopped, a
	 * loop may not.
	 */
	void check(boolean exactly) {
		if (!this.stopped || this.left > 0 || (exactly && this.left < 0)) {
			throw new IllegalStateException("Stopped with " + this.left + " iterations left");
		}
	}

}
