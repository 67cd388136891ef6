package dev.rungroup.autoconfigure.exit;

/**
 * Ends the JVM. A bean of this type takes the place of {@link System#exit(int)} when an
 * actor has ended the application, for tests and for containers with another idea of how
 * to end.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface JvmExit {

	/**
	 * End the JVM. Called once, on a thread of its own, when the context is closed; a
	 * context of Spring's test framework is not closed.
	 * @param code the exit code
	 */
	void exit(int code);

}
