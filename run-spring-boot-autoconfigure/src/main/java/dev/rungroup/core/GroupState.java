package dev.rungroup.core;

/**
 * Where a {@link Group} is in its life. It only ever moves forward.
 *
 * @since 0.1.0
 */
public enum GroupState {

	/**
	 * Not run yet.
	 */
	NEW,

	/**
	 * Its members are being started or at work.
	 */
	RUNNING,

	/**
	 * Its members are being asked to end.
	 */
	STOPPING,

	/**
	 * Every member has ended, or was abandoned at the shutdown timeout.
	 */
	STOPPED

}
