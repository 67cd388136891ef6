package dev.rungroup.core;

import java.util.ArrayDeque;
import java.util.Deque;

import org.jspecify.annotations.Nullable;

/**
 * How often a member failed of late: in a row, and inside the window of its budget. Keeps
 * times, not failures, and never more of them than the budget allows. Written by the
 * member's thread.
 */
final class FailureHistory {

	private final Member member;

	private int inARow;

	/** Only for a budget with a window. */
	private final @Nullable Deque<Long> times;

	FailureHistory(Member member) {
		this.member = member;
		this.times = (member.within > 0) ? new ArrayDeque<>() : null;
	}

	int inARow() {
		return this.inARow;
	}

	void returned() {
		this.inARow = 0;
	}

	/**
	 * Note a failure.
	 * @param at when, in nanoseconds
	 * @param lasted how long the execution took, in nanoseconds
	 */
	void failed(long at, long lasted) {
		boolean wasHealthy = lasted >= Durations.saturatedNanos(this.member.backoff.resetAfter());
		this.inARow = (wasHealthy) ? 1 : (int) Math.min(Integer.MAX_VALUE, this.inARow + 1L);
		if (this.times != null) {
			this.times.addLast(at);
			while (at - this.times.getFirst() > this.member.within
					|| this.times.size() > this.member.maxRestarts + 1L) {
				this.times.removeFirst();
			}
		}
	}

	/**
	 * Whether the failure just noted is one more than the budget of restarts allows.
	 */
	boolean budgetSpent() {
		if (this.member.maxRestarts < 0) {
			return false;
		}
		int failures = (this.times != null) ? this.times.size() : this.inARow;
		return failures > this.member.maxRestarts;
	}

}
