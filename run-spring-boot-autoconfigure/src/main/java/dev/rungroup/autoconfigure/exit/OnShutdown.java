package dev.rungroup.autoconfigure.exit;

/**
 * What becomes of the application when a member ends the group: the values of
 * {@code run.on-shutdown}.
 */
enum OnShutdown {

	/**
	 * The context is closed and the JVM ends.
	 */
	EXIT,

	/**
	 * The context is closed. The JVM ends if nothing else keeps it up.
	 */
	CLOSE,

	/**
	 * The application goes on without the group.
	 */
	NONE

}
