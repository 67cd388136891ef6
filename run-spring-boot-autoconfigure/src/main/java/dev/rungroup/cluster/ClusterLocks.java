package dev.rungroup.cluster;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

/**
 * What a lock engine has to offer. A bean of this type wins over the engines that are
 * found by themselves, which are Spring Integration's {@code RenewableLockRegistry} and
 * ShedLock's {@code ExtensibleLockProvider}.
 * <p>
 * Calls for one lock come one at a time and from one thread; calls for different locks
 * may overlap. A call may take its time: nothing but the locks of its thread waits for
 * it, and a lease counts from before the call that got or renewed it. What is thrown is
 * logged, and the call is tried again later, except a release: then the lease runs out.
 * Once a lease has run out by this node's clock it is neither renewed nor released, only
 * acquired anew.
 *
 * @since 0.1.0
 */
public interface ClusterLocks {

	/**
	 * Try to get a lock, without waiting for who has it.
	 * @param lock name of the lock
	 * @param lease how long it is ours if it is not renewed
	 * @return the lease, {@code null} if another node has the lock
	 * @throws Exception if the engine could not be asked
	 */
	@Nullable Lease tryAcquire(String lock, Duration lease) throws Exception;

	/**
	 * A lock that this node has for a time.
	 */
	interface Lease {

		/**
		 * Have the lock for longer.
		 * @param lease how long from now on
		 * @return false if the lock is lost
		 * @throws Exception if the engine could not be asked: then the lease goes on for
		 * as long as it did
		 */
		boolean renew(Duration lease) throws Exception;

		/**
		 * Give the lock back, so that another node can have it at once.
		 * @throws Exception if the engine could not be told: then the lease runs out
		 */
		void release() throws Exception;

	}

}
