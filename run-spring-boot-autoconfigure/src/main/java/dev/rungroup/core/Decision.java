package dev.rungroup.core;

import org.jspecify.annotations.Nullable;

/**
 * What follows an execution that was not asked to end.
 */
enum Decision {

	/** Execute again after the member's delay. */
	NEXT_EXECUTION(null, null),

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

	/**
	 * Decide, and do nothing else.
	 * @param failure what was thrown, null if the body returned
	 * @param exhausted whether the restart limit is reached; counts for a failure
	 */
	static Decision after(@Nullable Throwable failure, MemberSettings settings, boolean exhausted) {
		if (failure == null) {
			return switch (settings.onDone) {
				case SHUTDOWN -> DONE_SHUTS_DOWN;
				case RESTART -> NEXT_EXECUTION;
				case DO_NOTHING -> DONE;
			};
		}
		if (isFatal(failure, settings)) {
			return FAILURE_SHUTS_DOWN;
		}
		return switch (settings.onError) {
			case SHUTDOWN -> FAILURE_SHUTS_DOWN;
			case DO_NOTHING -> FAILED;
			case RESTART -> {
				if (!exhausted) {
					yield RESTART;
				}
				yield (settings.onExhausted == Policy.SHUTDOWN) ? EXHAUSTION_SHUTS_DOWN : FAILED;
			}
		};
	}

	private static boolean isFatal(Throwable failure, MemberSettings settings) {
		for (Class<? extends Throwable> type : settings.fatal) {
			if (type.isInstance(failure)) {
				return true;
			}
		}
		return false;
	}

}
