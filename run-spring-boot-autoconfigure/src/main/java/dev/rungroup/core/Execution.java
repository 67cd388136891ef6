package dev.rungroup.core;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import org.jspecify.annotations.Nullable;

/**
 * One execution as its body sees it. A helper thread may keep it longer than the
 * execution lasts: then it stays stopping, and neither reports nor causes anything of a
 * later one.
 */
final class Execution implements MemberContext {

	private final MemberThread thread;

	private final long number;

	private final int failures;

	private final @Nullable Throwable lastFailure;

	/** Why it was asked to end; set once it is over. */
	private volatile @Nullable StopReason reason;

	/** Other threads than the member's own that sleep; null until there is one. */
	private volatile @Nullable Set<Thread> sleepers;

	Execution(MemberThread thread, long number, int failures, @Nullable Throwable lastFailure) {
		this.thread = thread;
		this.number = number;
		this.failures = failures;
		this.lastFailure = lastFailure;
	}

	/**
	 * The body has ended. Called by the member's thread.
	 */
	void end(@Nullable StopReason reason) {
		if (reason != null) {
			this.reason = reason;
		}
		wake();
	}

	/**
	 * Wake who sleeps, after a stop.
	 */
	void wake() {
		Set<Thread> sleepers = this.sleepers;
		if (sleepers != null) {
			sleepers.forEach(this.thread.group.time::unpark);
		}
	}

	long number() {
		return this.number;
	}

	@Override
	public String name() {
		return this.thread.name();
	}

	@Override
	public long execution() {
		return this.number;
	}

	@Override
	public int failures() {
		return this.failures;
	}

	@Override
	public @Nullable Throwable lastFailure() {
		return this.lastFailure;
	}

	@Override
	public boolean isStopping() {
		return isOver() || this.thread.isStopping();
	}

	@Override
	public @Nullable StopReason stopReason() {
		return (isOver()) ? this.reason : this.thread.stopReason();
	}

	@Override
	public boolean sleep(Duration duration) throws InterruptedException {
		long nanos = Durations.saturatedNanos(duration);
		if (this.thread.isCurrent()) {
			return this.thread.sleep(nanos, this::isStopping);
		}
		Set<Thread> sleepers = sleepers();
		sleepers.add(Thread.currentThread());
		try {
			return this.thread.park(nanos, this::isStopping);
		}
		finally {
			sleepers.remove(Thread.currentThread());
		}
	}

	private boolean isOver() {
		return this.number > 0 && !this.thread.isExecuting(this.number);
	}

	private Set<Thread> sleepers() {
		Set<Thread> sleepers = this.sleepers;
		// Not under this object's monitor: a body may hold that
		return (sleepers != null) ? sleepers : this.thread.group.locked(() -> {
			Set<Thread> created = this.sleepers;
			if (created == null) {
				created = ConcurrentHashMap.newKeySet();
				this.sleepers = created;
			}
			return created;
		});
	}

	@Override
	public void ready() {
		if (!isStopping()) {
			this.thread.announce(this.number);
		}
	}

	@Override
	public void heartbeat() {
		if (!isOver()) {
			this.thread.heartbeat();
		}
	}

	@Override
	public String toString() {
		return "Execution " + this.number + " of member '" + name() + "'";
	}

}
