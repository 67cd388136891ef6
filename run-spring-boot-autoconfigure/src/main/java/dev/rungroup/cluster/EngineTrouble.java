package dev.rungroup.cluster;

import java.util.HashSet;
import java.util.Set;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Says once that the lock engine does not work, and once, with a count, that it works
 * again. Used by the threads that call the engine.
 */
final class EngineTrouble {

	private static final Log logger = LogFactory.getLog(ClusterKeeper.class);

	/** For which a call failed, and none has worked since. Guarded by this. */
	private final Set<String> locks = new HashSet<>();

	/** Whose call hangs, or did and has thrown since: it counts once. Guarded by this. */
	private final Set<String> hanging = new HashSet<>();

	/**
	 * Whether it was said that a call failed that is not tried again. Guarded by this.
	 */
	private boolean saidOfLast;

	/** Calls that failed since the engine worked last. Guarded by this. */
	private long calls;

	/**
	 * A call has failed, and is tried again.
	 * @param call what it was meant to do
	 * @param failure what it threw, null if it does not return
	 */
	void failed(String lock, String call, @Nullable Throwable failure) {
		boolean first;
		synchronized (this) {
			first = this.locks.isEmpty();
			this.locks.add(lock);
			count(lock, failure == null);
		}
		say(first,
				"Cannot " + call + " cluster lock '" + lock + "'"
						+ ((failure != null) ? "" : ": the lock engine has not answered for longer than the lease")
						+ "; it is tried again, and further failures are counted until the lock engine works",
				failure);
	}

	/**
	 * The last call for a lease has failed. It is not tried again.
	 * @param call what it was meant to do
	 */
	void failedLast(String lock, String call, Throwable failure) {
		boolean first;
		synchronized (this) {
			first = this.locks.isEmpty() && !this.saidOfLast;
			this.saidOfLast = true;
			count(lock, false);
		}
		say(first,
				"Cannot " + call + " cluster lock '" + lock
						+ "'; this is not tried again: another node can have the lock when its lease has run out",
				failure);
	}

	private void count(String lock, boolean hangs) {
		if (hangs) {
			this.hanging.add(lock);
			this.calls++;
		}
		else if (!this.hanging.remove(lock) && !this.locks.isEmpty()) {
			this.calls++;
		}
	}

	private static void say(boolean first, String what, @Nullable Throwable failure) {
		if (first) {
			logger.warn(what, failure);
		}
		else if (logger.isDebugEnabled()) {
			logger.debug(what, failure);
		}
	}

	/**
	 * A call has worked.
	 */
	void worked(String lock) {
		long failed;
		synchronized (this) {
			this.saidOfLast = false;
			this.hanging.remove(lock);
			if (!this.locks.remove(lock) || !this.locks.isEmpty()) {
				return;
			}
			failed = this.calls;
			this.calls = 0;
		}
		logger.info(
				"The lock engine works again, after " + failed + ((failed == 1) ? " call" : " calls") + " that failed");
	}

	/**
	 * Nobody wants a lock any more: whether calls for it would work is not known.
	 */
	synchronized void forget(String lock) {
		this.hanging.remove(lock);
		if (this.locks.remove(lock) && this.locks.isEmpty()) {
			this.calls = 0;
		}
	}

}
