package dev.rungroup.cluster;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

import dev.rungroup.core.Time;
import org.jspecify.annotations.Nullable;

/**
 * The locks of the nodes of one JVM, with failures as a test wants them.
 */
final class MemoryLocks {

	private final Map<String, Held> held = new ConcurrentHashMap<>();

	final List<String> calls = new CopyOnWriteArrayList<>();

	/** By lock. */
	final Map<String, Set<Thread>> threads = new ConcurrentHashMap<>();

	final AtomicInteger failures = new AtomicInteger();

	volatile @Nullable RuntimeException failure;

	volatile @Nullable CountDownLatch hang;

	private final Time time;

	MemoryLocks(Time time) {
		this.time = time;
	}

	/** What one node uses. */
	ClusterLocks node(String node) {
		return (lock, lease) -> {
			call("acquire", lock, node);
			Held mine = new Held(node, this.time.nanoTime() + lease.toNanos());
			Held now = this.held.compute(lock, (key, other) -> (other == null || other.isOver()) ? mine : other);
			return (now == mine) ? new MemoryLease(lock, mine) : null;
		};
	}

	void delete(String lock) {
		this.held.remove(lock);
	}

	@Nullable String holder(String lock) {
		Held held = this.held.get(lock);
		return (held == null || held.isOver()) ? null : held.node;
	}

	private void call(String call, String lock, String node) {
		this.calls.add(call + " " + lock + " " + node);
		this.threads.computeIfAbsent(lock + " " + node, (key) -> ConcurrentHashMap.newKeySet())
			.add(Thread.currentThread());
		CountDownLatch hang = this.hang;
		if (hang != null) {
			try {
				hang.await();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		}
		RuntimeException failure = this.failure;
		if (failure != null) {
			this.failures.incrementAndGet();
			throw failure;
		}
	}

	private final class Held {

		private final String node;

		private volatile long until;

		Held(String node, long until) {
			this.node = node;
			this.until = until;
		}

		boolean isOver() {
			return MemoryLocks.this.time.nanoTime() - this.until >= 0;
		}

	}

	private final class MemoryLease implements ClusterLocks.Lease {

		private final String lock;

		private final Held mine;

		MemoryLease(String lock, Held mine) {
			this.lock = lock;
			this.mine = mine;
		}

		@Override
		public boolean renew(Duration lease) {
			call("renew", this.lock, this.mine.node);
			return MemoryLocks.this.held.computeIfPresent(this.lock, (key, now) -> {
				if (now == this.mine) {
					now.until = MemoryLocks.this.time.nanoTime() + lease.toNanos();
				}
				return now;
			}) == this.mine;
		}

		@Override
		public void release() {
			call("release", this.lock, this.mine.node);
			MemoryLocks.this.held.remove(this.lock, this.mine);
		}

	}

}
