package dev.rungroup.benchmarks;

import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggingSystem;

/**
 * Without Spring Boot's defaults everything down to DEBUG would be printed, and that is
 * what would be measured.
 */
final class Logging {

	private Logging() {
	}

	static void onlyWarnings() {
		LoggingSystem.get(Logging.class.getClassLoader()).setLogLevel(LoggingSystem.ROOT_LOGGER_NAME, LogLevel.WARN);
	}

}
