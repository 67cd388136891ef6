package dev.rungroup.cluster;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import dev.rungroup.core.Time;
import org.jspecify.annotations.Nullable;

/**
 * Makes all calls to the engine for some locks, one after another: some engines know a
 * lock's owner by its thread.
 */
final class KeeperThread implements Runnable {

	/** Longer than anything is waited for. */
	private static final long LONG = Long.MAX_VALUE / 4;

	private final Time time;

	private final EngineTrouble trouble;

	/** How long a call may take before it is said that it hangs, in nanoseconds. */
	private final long patience;

	private final Thread thread;

	private final CopyOnWriteArrayList<SingletonLock> locks = new CopyOnWriteArrayList<>();

	/** The other threads, whose calls it watches; empty for all but one. */
	private final List<KeeperThread> watched;

	private volatile boolean closed;

	private volatile boolean signalled;

	/** Whose call goes on; written by this thread. */
	private volatile @Nullable SingletonLock busy;

	/** When that began; published by {@link #busy}. */
	private long busySince;

	/** Written by the thread that watches. */
	private boolean said;

	KeeperThread(String name, Time time, EngineTrouble trouble, long patience, List<KeeperThread> watched) {
		this.time = time;
		this.trouble = trouble;
		this.patience = patience;
		this.watched = watched;
		this.thread = new Thread(null, this, name, 0, false);
		this.thread.setDaemon(true);
	}

	void add(SingletonLock lock) {
		this.locks.addIfAbsent(lock);
	}

	void start() {
		this.thread.start();
	}

	void close() {
		this.closed = true;
		wake();
	}

	/**
	 * Something is to be done for a lock.
	 */
	void wake() {
		this.signalled = true;
		this.time.unpark(this.thread);
	}

	@Override
	public void run() {
		while (!this.closed) {
			this.signalled = false;
			long now = this.time.nanoTime();
			SingletonLock next = null;
			long wait = (this.watched.isEmpty()) ? LONG : this.patience / 4;
			for (SingletonLock lock : this.locks) {
				long until = lock.untilDue(now);
				if (until < wait) {
					wait = until;
					next = lock;
				}
			}
			if (next != null && wait <= 0) {
				work(next, now);
			}
			else if (!this.signalled) {
				this.watched.forEach((other) -> other.watch(now));
				this.time.park(this, Math.max(1, wait));
			}
			Thread.interrupted();
		}
		long now = this.time.nanoTime();
		for (SingletonLock lock : this.locks) {
			if (lock.isToBeReleased(now)) {
				work(lock, now);
			}
		}
	}

	private void work(SingletonLock lock, long now) {
		this.busySince = now;
		this.busy = lock;
		try {
			lock.work(now);
		}
		finally {
			this.busy = null;
			lock.forgetTrouble();
		}
	}

	/**
	 * Look whether a call hangs. Called by the thread that watches.
	 */
	private void watch(long now) {
		SingletonLock lock = this.busy;
		if (lock == null || now - this.busySince <= this.patience) {
			this.said = false;
		}
		else if (!this.said) {
			this.said = true;
			this.trouble.failed(lock.name(), "ask for, renew or release", null);
		}
	}

}
