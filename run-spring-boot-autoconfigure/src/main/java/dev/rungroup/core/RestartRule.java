package dev.rungroup.core;

import org.jspecify.annotations.Nullable;

/**
 * What comes after an execution that nobody asked to end. Decides, and does nothing else.
 */
final class RestartRule {

	private RestartRule() {
	}

	/**
	 * @param outcome completed or failed
	 * @param budgetSpent whether the member's restarts are used up; counts for a failure
	 */
	static Decision decide(Member member, Outcome outcome, boolean budgetSpent) {
		if (outcome instanceof Outcome.Failed failed) {
			return failed(member, failed.failure(), budgetSpent);
		}
		return switch (member.onDone) {
			case SHUTDOWN -> Decision.DONE_SHUTS_DOWN;
			case RESTART -> Decision.NEXT_TURN;
			case DO_NOTHING -> Decision.DONE;
		};
	}

	private static Decision failed(Member member, Throwable failure, boolean budgetSpent) {
		if (member.isFatal(failure)) {
			return Decision.FAILURE_SHUTS_DOWN;
		}
		return switch (member.onError) {
			case SHUTDOWN -> Decision.FAILURE_SHUTS_DOWN;
			case DO_NOTHING -> Decision.FAILED;
			case RESTART -> {
				if (!budgetSpent) {
					yield Decision.RESTART;
				}
				yield (member.onExhausted == Policy.SHUTDOWN) ? Decision.EXHAUSTION_SHUTS_DOWN : Decision.FAILED;
			}
		};
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
