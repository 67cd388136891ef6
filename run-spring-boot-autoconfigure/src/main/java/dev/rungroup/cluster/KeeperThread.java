package dev.rungroup.cluster;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;

import dev.rungroup.cluster.KeptLease.Step;
import dev.rungroup.core.Time;
import org.jspecify.annotations.Nullable;

/**
 * Makes all calls to the engine for some locks, one after another: some engines know a
 * lock's owner by its thread. A {@link SingletonLock} decides which call is due, and what
 * follows from the answer; this thread acts, without a lock of ours.
 */
final class KeeperThread implements Runnable {

	/** Longer than anything is waited for. */
	private static final long LONG = Long.MAX_VALUE / 4;

	private final ClusterKeeper keeper;

	private final Time time;

	/** For how long locks are asked for. A call that takes longer hangs. */
	private final Duration lease;

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

	KeeperThread(ClusterKeeper keeper, String name, List<KeeperThread> watched) {
		this.keeper = keeper;
		this.time = keeper.time;
		this.lease = keeper.settings.lease();
		this.watched = watched;
		this.thread = new Thread(null, this, name, 0, false);
		this.thread.setDaemon(true);
	}

	void add(SingletonLock lock) {
		this.locks.addIfAbsent(lock);
	}

	void start() {
		this.time.start(this.thread, Integer.MAX_VALUE);
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
			long wait = (this.watched.isEmpty()) ? LONG : this.lease.toNanos() / 4;
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
			Step step = lock.begin(now);
			ClusterLocks.Lease lease = lock.lease();
			if (step == Step.ACQUIRE) {
				acquire(lock);
			}
			else if (lease != null) {
				switch (step) {
					case RENEW -> renew(lock, lease);
					case RELEASE -> release(lock, lease);
					case FORGET -> forget(lock, lease);
					default -> {
					}
				}
			}
		}
		finally {
			this.busy = null;
			lock.forgetTrouble();
		}
	}

	private void acquire(SingletonLock lock) {
		// The lease counts from before the call
		long asked = this.time.nanoTime();
		ClusterLocks engine = this.keeper.engine();
		lock.acquired(asked, call(lock, "ask for", true, () -> engine.tryAcquire(lock.name(), this.lease)));
	}

	private void renew(SingletonLock lock, ClusterLocks.Lease lease) {
		long asked = this.time.nanoTime();
		if (!lock.renewed(asked, call(lock, "renew", true, () -> lease.renew(this.lease)))) {
			forget(lock, lease);
		}
	}

	private void release(SingletonLock lock, ClusterLocks.Lease lease) {
		call(lock, "release", false, () -> {
			lease.release();
			return true;
		});
		lock.gone();
	}

	private void forget(SingletonLock lock, ClusterLocks.Lease lease) {
		// Bodies first: the engine may take its time
		lock.gone();
		if (lease instanceof LocalLease local) {
			try {
				local.forget();
			}
			catch (Throwable ex) {
				this.keeper.trouble.failed(lock.name(), "clear what is left here of", false, ex);
			}
		}
	}

	/**
	 * Call the engine.
	 * @param again whether it is tried again
	 * @return what it has answered, null if it has thrown
	 */
	private <T> @Nullable T call(SingletonLock lock, String what, boolean again, Callable<@Nullable T> call) {
		try {
			T answer = call.call();
			this.keeper.trouble.worked(lock.name());
			return answer;
		}
		catch (Throwable ex) {
			this.keeper.trouble.failed(lock.name(), what, again, ex);
			return null;
		}
	}

	/**
	 * Look whether a call hangs. Called by the thread that watches.
	 */
	private void watch(long now) {
		SingletonLock lock = this.busy;
		if (lock == null || now - this.busySince <= this.lease.toNanos()) {
			this.said = false;
		}
		else if (!this.said) {
			this.said = true;
			this.keeper.trouble.failed(lock.name(), "ask for, renew or release", true, null);
		}
	}

}
