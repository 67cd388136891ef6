package dev.rungroup.autoconfigure.exit;

import java.util.List;

/**
 * Whether this JVM runs tests, which must never be ended by the application under test.
 * Looks at the stacks of all threads, because a test may have started the application on
 * another one, and the runner's frames are below the test for as long as it goes on.
 */
final class TestRun {

	private static final List<String> RUNNERS = List.of("org.junit.", "org.testng.", "org.springframework.boot.test.",
			"org.springframework.test.", "io.cucumber.", "org.apache.maven.surefire.");

	private TestRun() {
	}

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

}
