package dev.rungroup.core;

/**
 * What a group does when an execution of one of its members is done or has failed. The
 * policies of rutina.
 *
 * @since 0.1.0
 */
public enum Policy {

	/**
	 * End the whole group: every started member is interrupted.
	 */
	SHUTDOWN,

	/**
	 * Execute the member again: after its delay if the execution returned, after its
	 * back-off if it failed.
	 */
	RESTART,

	/**
	 * Let this member be over and leave the others alone.
	 */
	DO_NOTHING

}
