package dev.rungroup.core;

/**
 * What a member without an {@link Interrupter} of its own gets when it is asked to stop.
 *
 * @since 0.1.0
 */
public enum OnStop {

	/**
	 * {@link Thread#interrupt()} on the member's thread, at once.
	 */
	INTERRUPT,

	/**
	 * The body is told and may finish its execution: {@link MemberContext#isStopping()}
	 * is true and {@link MemberContext#sleep} ends. {@link Thread#interrupt()} comes
	 * after the grace period, or at once when the execution outlives its timeout.
	 */
	FINISH

}
