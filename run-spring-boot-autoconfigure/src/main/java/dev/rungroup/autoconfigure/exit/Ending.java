package dev.rungroup.autoconfigure.exit;

import dev.rungroup.core.StopReason;

/**
 * How the application ends.
 *
 * @param reason who ended the group and why
 * @param code the exit code
 * @param endsJvm whether the JVM ends too
 * @param remedy what the user can do about it
 * @param thread where the context is closed and the JVM ended
 */
record Ending(StopReason reason, int code, boolean endsJvm, String remedy, Thread thread) {

	boolean isFailure() {
		return ExitCodes.isFailure(this.reason);
	}

}
