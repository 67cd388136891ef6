package dev.rungroup.autoconfigure.exit;

import java.util.List;

/**
 * Finds out about tests. What is under test must end neither their JVM, nor a context
 * that the test framework keeps for the next test: it fails all that follow if somebody
 * else closes one.
 */
final class TestDetector {

	private static final List<String> RUNNERS = List.of("org.junit.", "org.testng.", "org.springframework.boot.test.",
			"org.springframework.test.", "io.cucumber.", "org.apache.maven.surefire.");

	private TestDetector() {
	}

	/**
	 * Whether this JVM runs tests. Looks at the stacks of all threads, because a test may
	 * have started the application on another one, and the runner's frames are below the
	 * test for as long as it goes on.
	 */
	static boolean isActive() {
		for (StackTraceElement[] stack : Thread.getAllStackTraces().values()) {
			for (StackTraceElement frame : stack) {
				if (RUNNERS.stream().anyMatch(frame.getClassName()::startsWith)) {
					return true;
				}
			}
		}
		return false;
	}

	/** Whether the calling thread is inside a class whose name begins like this. */
	static boolean isCalledFrom(String className) {
		for (StackTraceElement frame : Thread.currentThread().getStackTrace()) {
			if (frame.getClassName().startsWith(className)) {
				return true;
			}
		}
		return false;
	}

}
