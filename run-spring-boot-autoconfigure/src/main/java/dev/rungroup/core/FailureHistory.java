package dev.rungroup.core;

import java.util.ArrayDeque;
import java.util.Deque;

import org.jspecify.annotations.Nullable;

/**
 * What is known of a member's failures: how many there were, how many consecutive ones
 * and inside the window of its restart limit, and the last one. Keeps times, not
 * failures, and never more of them than the limit allows. A member that never failed has
 * none.
 * <p>
 * Written by the thread of the member's current start, and by the roster before a new
 * start; read by all.
 */
final class FailureHistory {

	private final MemberSettings settings;

	private volatile int consecutive;

	private volatile long failures;

	private volatile long restarts;

	private volatile @Nullable Throwable last;

	/** Published by {@link #last}. */
	private long lastAt;

	/** Only for a limit with a window. */
	private final @Nullable Deque<Long> times;

	FailureHistory(MemberSettings settings) {
		this.settings = settings;
		this.times = (settings.within > 0) ? new ArrayDeque<>() : null;
	}

	int consecutive() {
		return this.consecutive;
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
	 * A new start begins with no consecutive failures and a whole restart limit.
	 */
	void startAnew() {
		this.consecutive = 0;
		if (this.times != null) {
			this.times.clear();
		}
	}

	void returned() {
		this.consecutive = 0;
	}

	@SuppressWarnings("NonAtomicVolatileUpdate")
	void restarted() {
		this.restarts++;
	}

	/**
	 * Whether one more failure is one more than the restart limit allows. Changes
	 * nothing.
	 * @param at when it comes, in nanoseconds
	 * @param lasted how long its execution took, in nanoseconds
	 */
	boolean isExhaustedBy(long at, long lasted) {
		if (this.settings.maxRestarts < 0) {
			return false;
		}
		long failures = 1;
		if (this.times != null) {
			for (long time : this.times) {
				failures += (at - time <= this.settings.within) ? 1 : 0;
			}
		}
		else if (!wasHealthy(lasted)) {
			failures += this.consecutive;
		}
		return failures > this.settings.maxRestarts;
	}

	/**
	 * Note a failure.
	 * @param at when, in nanoseconds
	 * @param lasted how long the execution took, in nanoseconds
	 */
	void failed(Throwable failure, long at, long lasted) {
		if (this.times != null) {
			this.times.addLast(at);
			while (at - this.times.getFirst() > this.settings.within
					|| this.times.size() > this.settings.maxRestarts + 1L) {
				this.times.removeFirst();
			}
		}
		failedOutside(failure, at);
		// after it is counted: never more of them than failures
		this.consecutive = (wasHealthy(lasted)) ? 1 : (int) Math.min(Integer.MAX_VALUE, this.consecutive + 1L);
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

	private boolean wasHealthy(long lasted) {
		return lasted >= Durations.saturatedNanos(this.settings.backoff.resetAfter());
	}

}
