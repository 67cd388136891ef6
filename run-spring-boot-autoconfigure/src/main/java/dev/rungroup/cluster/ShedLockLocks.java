package dev.rungroup.cluster;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

import net.javacrumbs.shedlock.core.ClockProvider;
import net.javacrumbs.shedlock.core.ExtensibleLockProvider;
import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.core.SimpleLock;
import net.javacrumbs.shedlock.support.StorageBasedLockProvider;
import org.jspecify.annotations.Nullable;

/**
 * The locks of a provider of ShedLock. It tells nodes of one host apart by nothing but
 * their leases: one that has run out must be neither extended nor unlocked.
 */
final class ShedLockLocks implements ClusterLocks {

	/** After so many refusals it is tried to insert a row that may have been deleted. */
	private static final int REFUSALS = 10;

	private final ExtensibleLockProvider provider;

	private final AtomicInteger refusals = new AtomicInteger();

	ShedLockLocks(ExtensibleLockProvider provider) {
		this.provider = provider;
	}

	@Override
	public @Nullable Lease tryAcquire(String name, Duration lease) {
		Optional<SimpleLock> lock = this.provider
			.lock(new LockConfiguration(ClockProvider.now(), name, lease, Duration.ZERO));
		if (lock.isEmpty() && this.refusals.incrementAndGet() % REFUSALS == 0) {
			forgetRows();
		}
		return lock.map(ProviderLease::new).orElse(null);
	}

	/**
	 * A provider that has inserted a row once only updates it from then on, even if it is
	 * gone.
	 */
	private void forgetRows() {
		if (this.provider instanceof StorageBasedLockProvider storage) {
			storage.clearCache();
		}
	}

	private final class ProviderLease implements Lease {

		/** A new one after each extension; written by the thread of the lock. */
		private SimpleLock lock;

		ProviderLease(SimpleLock lock) {
			this.lock = lock;
		}

		@Override
		public boolean renew(Duration lease) {
			Optional<SimpleLock> extended = this.lock.extend(lease, Duration.ZERO);
			extended.ifPresentOrElse((next) -> this.lock = next, ShedLockLocks.this::forgetRows);
			return extended.isPresent();
		}

		@Override
		public void release() {
			this.lock.unlock();
		}

	}

}
