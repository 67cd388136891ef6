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

	/** Whether a call has failed that is not tried again. Guarded by this. */
	private boolean saidOfLast;

	/** Calls that failed since the engine worked last. Guarded by this. */
	private long calls;

	/**
	 * A call has failed.
	 * @param call what it was meant to do
	 * @param again whether it is tried again; the last call for a lease is not
	 * @param failure what it threw, null if it does not return
	 */
	void failed(String lock, String call, boolean again, @Nullable Throwable failure) {
		boolean first;
		synchronized (this) {
			first = this.locks.isEmpty() && (again || !this.saidOfLast);
			this.saidOfLast |= !again;
			if (again) {
				this.locks.add(lock);
			}
			count(lock, failure == null);
		}
		String message = "Cannot " + call + " cluster lock '" + lock + "'"
				+ ((failure != null) ? "" : ": the lock engine has not answered for longer than the lease")
				+ ((again) ? "; it is tried again, and further failures are counted until the lock engine works"
						: "; this is not tried again: another node can have the lock when its lease has run out");
		guarded(() -> {
			if (first) {
				logger.warn(message, failure);
			}
			else {
				logger.debug(message, failure);
			}
		});
	}

	/**
	 * A log that throws, or a failure that cannot be printed, must not end the thread
	 * that keeps the leases.
	 */
	private static void guarded(Runnable line) {
		try {
			line.run();
		}
		catch (Throwable ex) {
			// there is nowhere left to say it
		}
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
		guarded(() -> logger.info("The lock engine works again, after " + failed + ((failed == 1) ? " call" : " calls")
				+ " that failed"));
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
