package dev.rungroup.core;

/**
 * What happens when a member makes no progress for too long. It is reported in any case.
 *
 * @since 0.1.0
 */
public enum OnStall {

	/**
	 * An event, a meter, a warning with its stack; nothing else.
	 */
	REPORT,

	/**
	 * Interrupt the member, and start it again as soon as it has ended.
	 */
	RESTART,

	/**
	 * End the group, which is a failure.
	 */
	SHUTDOWN

}
