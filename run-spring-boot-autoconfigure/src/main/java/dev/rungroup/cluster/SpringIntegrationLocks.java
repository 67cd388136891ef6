package dev.rungroup.cluster;

import java.time.Duration;
import java.util.ConcurrentModificationException;
import java.util.concurrent.locks.Lock;

import org.jspecify.annotations.Nullable;

import org.springframework.integration.support.locks.DistributedLock;
import org.springframework.integration.support.locks.RenewableLockRegistry;

/**
 * The locks of a registry of Spring Integration. They belong to the thread that has taken
 * them, and the registry keeps a lock of this JVM for each.
 */
final class SpringIntegrationLocks implements ClusterLocks {

	/** How the registries begin to say that a lock is not theirs any more. */
	private static final String LOST = "Could not renew";

	private final RenewableLockRegistry<?> registry;

	SpringIntegrationLocks(RenewableLockRegistry<?> registry) {
		this.registry = registry;
	}

	@Override
	public @Nullable Lease tryAcquire(String name, Duration lease) throws Exception {
		Lock lock = this.registry.obtain(name);
		if (!(lock instanceof DistributedLock distributed)) {
			throw new IllegalStateException("The locks of " + this.registry
					+ " have no lease of their own: use a registry of Spring Integration 7.1 for JDBC or Redis");
		}
		return (distributed.tryLock(Duration.ZERO, lease)) ? new RegistryLease(name, lock) : null;
	}

	private final class RegistryLease implements LocalLease {

		private final String name;

		private final Lock lock;

		RegistryLease(String name, Lock lock) {
			this.name = name;
			this.lock = lock;
		}

		@Override
		public boolean renew(Duration lease) {
			try {
				SpringIntegrationLocks.this.registry.renewLock(this.name, lease);
				return true;
			}
			catch (IllegalMonitorStateException ex) {
				return false;
			}
			catch (IllegalStateException ex) {
				// A connection factory that is being stopped throws one, too
				if (ex.getMessage() != null && ex.getMessage().startsWith(LOST) && ex.getCause() == null) {
					return false;
				}
				throw ex;
			}
		}

		@Override
		public void release() {
			try {
				this.lock.unlock();
			}
			catch (ConcurrentModificationException ex) {
				// It was not ours any more, and is not held here any more either
			}
		}

		/**
		 * Touches nothing but a row or key with the identity of this registry.
		 */
		@Override
		public void forget() {
			release();
		}

	}

}
