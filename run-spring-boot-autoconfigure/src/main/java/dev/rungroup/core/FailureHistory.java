package dev.rungroup.core;

import java.util.ArrayDeque;
import java.util.Deque;

import org.jspecify.annotations.Nullable;

/**
 * What is known of a member's failures: how many there were, in a row and inside the
 * window of its budget, and the last one. Keeps times, not failures, and never more of
 * them than the budget allows. A member that never failed has none.
 * <p>
 * Written by the member's thread, and by whoever starts it before it lives; read by all.
 */
final class FailureHistory {

	private final MemberSettings settings;

	private volatile int inARow;

	private volatile long failures;

	private volatile long restarts;

	private volatile @Nullable Throwable last;

	/** Published by {@link #last}. */
	private long lastAt;

	/** Only for a budget with a window. */
	private final @Nullable Deque<Long> times;

	FailureHistory(MemberSettings settings) {
		this.settings = settings;
		this.times = (settings.within > 0) ? new ArrayDeque<>() : null;
	}

	int inARow() {
		return this.inARow;
	}

	long failures() {
		return this.failures;
	}

	/** How many executions followed a failure. */
	long restarts() {
		return this.restarts;
	}

	@Nullable Throwable last() {
		return this.last;
	}

	/**
	 * When the last failure came, in nanoseconds; to be asked for after {@link #last}.
	 */
	long lastAt() {
		return this.lastAt;
	}

	/**
	 * Begin a new row and a new budget.
	 */
	void startAnew() {
		this.inARow = 0;
		if (this.times != null) {
			this.times.clear();
		}
	}

	void returned() {
		this.inARow = 0;
	}

	@SuppressWarnings("NonAtomicVolatileUpdate")
	void restarted() {
		this.restarts++;
	}

	/**
	 * Note a failure.
	 * @param at when, in nanoseconds
	 * @param lasted how long the execution took, in nanoseconds
	 */
	void failed(Throwable failure, long at, long lasted) {
		this.inARow = (wasHealthy(lasted)) ? 1 : (int) Math.min(Integer.MAX_VALUE, this.inARow + 1L);
		if (this.times != null) {
			this.times.addLast(at);
			while (at - this.times.getFirst() > this.settings.within
					|| this.times.size() > this.settings.maxRestarts + 1L) {
				this.times.removeFirst();
			}
		}
		failedOutside(failure, at);
	}

	/**
	 * Note a failure of something else than an execution.
	 */
	@SuppressWarnings("NonAtomicVolatileUpdate")
	void failedOutside(Throwable failure, long at) {
		this.lastAt = at;
		this.last = failure;
		this.failures++;
	}

	/**
	 * Whether the failure just noted is one more than the budget of restarts allows.
	 */
	boolean budgetSpent() {
		if (this.settings.maxRestarts < 0) {
			return false;
		}
		int failures = (this.times != null) ? this.times.size() : this.inARow;
		return failures > this.settings.maxRestarts;
	}

	/**
	 * Whether it would be after one failure more.
	 * @param at when, in nanoseconds
	 * @param lasted how long that execution would have taken, in nanoseconds
	 */
	boolean isSpentByOneMore(long at, long lasted) {
		if (this.settings.maxRestarts < 0) {
			return false;
		}
		long failures = 1;
		if (this.times != null) {
			failures += this.times.stream().filter((time) -> at - time <= this.settings.within).count();
		}
		else if (!wasHealthy(lasted)) {
			failures += this.inARow;
		}
		return failures > this.settings.maxRestarts;
	}

	private boolean wasHealthy(long lasted) {
		return lasted >= Durations.saturatedNanos(this.settings.backoff.resetAfter());
	}

}
