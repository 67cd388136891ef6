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

	/** Calls that failed since the engine worked last. Guarded by this. */
	private long calls;

	/**
	 * A call has failed.
	 * @param call what it was meant to do
	 * @param failure what it threw, null if it does not return
	 */
	void failed(String lock, String call, @Nullable Throwable failure) {
		boolean first;
		synchronized (this) {
			first = this.locks.isEmpty();
			this.locks.add(lock);
			this.calls++;
		}
		String what = "Cannot " + call + " cluster lock '" + lock + "'"
				+ ((failure != null) ? "" : ": the lock engine has not answered for longer than the lease");
		if (first) {
			logger.warn(what + "; it is tried again, and further failures are counted until the lock engine works",
					failure);
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
			if (!this.locks.remove(lock) || !this.locks.isEmpty()) {
				return;
			}
			failed = this.calls;
			this.calls = 0;
		}
		logger.info(
				"The lock engine works again, after " + failed + ((failed == 1) ? " call" : " calls") + " that failed");
	}

}
