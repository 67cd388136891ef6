package dev.rungroup.core;

/**
 * Where a {@link Member} of a group is in its life.
 *
 * @since 0.1.0
 */
public enum MemberState {

	/**
	 * Not started yet.
	 */
	NEW,

	/**
	 * Its body is being executed.
	 */
	RUNNING,

	/**
	 * Before an execution: the first, the next of a loop, or one after a failure.
	 * Pausing, or about to begin.
	 */
	WAITING,

	/**
	 * Asked to end and still at it.
	 */
	STOPPING,

	/**
	 * Over: its last execution returned by itself.
	 */
	COMPLETED,

	/**
	 * Over: its last execution failed.
	 */
	FAILED,

	/**
	 * Over: it ended because it was asked to, whether its body returned or threw then, or
	 * was asked to before it ever began.
	 */
	STOPPED,

	/**
	 * Ready to execute, while another node of a cluster does.
	 */
	STANDBY;

	/**
	 * Return whether a member in this state has ended: it executes nothing until it is
	 * started again.
	 * @return whether this is {@link #COMPLETED}, {@link #FAILED} or {@link #STOPPED}
	 */
	public boolean isEnded() {
		return this == COMPLETED || this == FAILED || this == STOPPED;
	}

}
