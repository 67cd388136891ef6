package dev.rungroup.core;

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * When a member is executed, for how long at most, and what comes after an execution that
 * nobody asked to end. Decides, and does nothing else. In a class of its own since very
 * many members may share it. Times are in nanoseconds.
 *
 * @param onDone after an execution that returned
 * @param onError after an execution that failed
 * @param initialDelay before the first execution
 * @param delay after an execution that returned
 * @param backoff after an execution that failed
 * @param maxRestarts how many restarts after failures are allowed, -1 for no limit
 * @param within 0 means: the budget counts failures in a row
 * @param onExhausted when the budget is spent
 * @param fatal failures that end the group
 * @param timeout how long an execution may take, 0 for ever
 * @param readyTimeout when it has to announce that it is ready; 0 means that it does not
 */
record Rules(Policy onDone, Policy onError, long initialDelay, long delay, Backoff backoff, int maxRestarts,
		long within, Policy onExhausted, List<Class<? extends Throwable>> fatal, long timeout, long readyTimeout) {

	/**
	 * The same for a member that is executed again and again.
	 */
	Rules looping() {
		return new Rules(Policy.RESTART, Policy.RESTART, this.initialDelay, this.delay, this.backoff, this.maxRestarts,
				this.within, this.onExhausted, this.fatal, this.timeout, this.readyTimeout);
	}

	/**
	 * Whether the group has to look after the time that executions take.
	 */
	boolean hasTimeLimit() {
		return this.timeout > 0 || this.readyTimeout > 0;
	}

	/**
	 * What comes next.
	 * @param outcome completed or failed
	 * @param budgetSpent whether the member's restarts are used up; counts for a failure
	 */
	Decision decide(Outcome outcome, boolean budgetSpent) {
		if (outcome instanceof Outcome.Failed failed) {
			return failed(failed.failure(), budgetSpent);
		}
		return switch (this.onDone) {
			case SHUTDOWN -> Decision.DONE_SHUTS_DOWN;
			case RESTART -> Decision.NEXT_TURN;
			case DO_NOTHING -> Decision.DONE;
		};
	}

	private Decision failed(Throwable failure, boolean budgetSpent) {
		if (isFatal(failure)) {
			return Decision.FAILURE_SHUTS_DOWN;
		}
		return switch (this.onError) {
			case SHUTDOWN -> Decision.FAILURE_SHUTS_DOWN;
			case DO_NOTHING -> Decision.FAILED;
			case RESTART -> {
				if (!budgetSpent) {
					yield Decision.RESTART;
				}
				yield (this.onExhausted == Policy.SHUTDOWN) ? Decision.EXHAUSTION_SHUTS_DOWN : Decision.FAILED;
			}
		};
	}

	private boolean isFatal(Throwable failure) {
		for (Class<? extends Throwable> type : this.fatal) {
			if (type.isInstance(failure)) {
				return true;
			}
		}
		return false;
	}

	/**
	 * What comes next.
	 */
	enum Decision {

		/** Execute again after the member's delay. */
		NEXT_TURN(null, null),

		/** Execute again after the back-off. */
		RESTART(null, null),

		DONE(MemberState.COMPLETED, null),

		FAILED(MemberState.FAILED, null),

		DONE_SHUTS_DOWN(MemberState.COMPLETED, StopReason.Kind.MEMBER_DONE),

		FAILURE_SHUTS_DOWN(MemberState.FAILED, StopReason.Kind.MEMBER_FAILED),

		EXHAUSTION_SHUTS_DOWN(MemberState.FAILED, StopReason.Kind.RESTARTS_EXHAUSTED);

		/** The member's last state, null if it goes on. */
		final @Nullable MemberState end;

		/** Why the group ends, null if it does not. */
		final StopReason.@Nullable Kind stop;

		Decision(@Nullable MemberState end, StopReason.@Nullable Kind stop) {
			this.end = end;
			this.stop = stop;
		}

	}

}
