package dev.rungroup.core;

import java.util.Objects;

import org.jspecify.annotations.Nullable;

/**
 * Who ended a group or a member, how and why. Handed to every {@link Interrupter}, kept
 * as {@link Group#stopReason()}. A typed value takes the place of the error that
 * oklog/run and vslpsl/run hand to interrupts.
 *
 * @param kind what happened
 * @param member name of the member it happened to, {@code null} if it came from outside
 * @param cause the failure behind it, if there is one
 * @since 0.1.0
 */
public record StopReason(Kind kind, @Nullable String member, @Nullable Throwable cause) {

	/**
	 * Ask for a kind at least.
	 */
	public StopReason {
		Objects.requireNonNull(kind, "kind");
	}

	/**
	 * Return whether this is a failure rather than a wish or a normal end.
	 * @return whether something went wrong
	 */
	public boolean isFailure() {
		return switch (this.kind) {
			case MEMBER_DONE, STOP_REQUESTED, CONTEXT_CLOSED -> false;
			case MEMBER_FAILED, RESTARTS_EXHAUSTED, EXECUTION_TIMED_OUT, STALLED, LEADERSHIP_LOST, RESTARTED_WITH ->
				true;
		};
	}

	/**
	 * What ended the group or the member.
	 */
	public enum Kind {

		/**
		 * An execution failed and its policy is to shut the group down.
		 */
		MEMBER_FAILED,

		/**
		 * An execution returned and its policy is to shut the group down.
		 */
		MEMBER_DONE,

		/**
		 * A member failed more often than its restart limit allows.
		 */
		RESTARTS_EXHAUSTED,

		/**
		 * {@code stop()} or {@code stopMember()} was called.
		 */
		STOP_REQUESTED,

		/**
		 * The application context closes.
		 */
		CONTEXT_CLOSED,

		/**
		 * An execution took longer than its timeout, or was not ready in time.
		 */
		EXECUTION_TIMED_OUT,

		/**
		 * A member made no progress for too long.
		 */
		STALLED,

		/**
		 * This process is no longer the leader.
		 */
		LEADERSHIP_LOST,

		/**
		 * Another member failed, and this one is restarted along with it: told to the
		 * member. Of groups it is the reason only of one that is such a member.
		 * @see RestartStrategy
		 */
		RESTARTED_WITH

	}

}
