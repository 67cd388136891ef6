package dev.rungroup.autoconfigure.exit;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;

import dev.rungroup.core.SignalException;
import dev.rungroup.core.StopReason;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.boot.ExitCodeExceptionMapper;
import org.springframework.boot.ExitCodeGenerator;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Finds the exit code for the end of a group, in the order of Spring Boot: mappers, then
 * the failure and its causes, then 1. As in Spring Boot a 0 means "I do not know", so a
 * failure never looks like a success.
 */
final class ExitCodes {

	private static final Log logger = LogFactory.getLog(ExitCodes.class);

	/** What a shell reports for a process that a signal has ended is 128 and this. */
	private static final Map<String, Integer> SIGNALS = Map.of("HUP", 1, "INT", 2, "TERM", 15);

	private ExitCodes() {
	}

	static boolean isFailure(StopReason reason) {
		return reason.isFailure();
	}

	static int codeFor(StopReason reason, ConfigurableApplicationContext context) {
		if (!isFailure(reason)) {
			return 0;
		}
		Throwable failure = reason.cause();
		if (failure == null) {
			return 1;
		}
		try {
			int code = mapped(failure, context);
			return (code != 0) ? code : ofCauses(failure);
		}
		catch (Throwable ex) {
			// Its message may be what cannot be made
			logger.warn("Failure of type " + failure.getClass().getName() + " could not say its exit code, it is 1",
					ex);
			return 1;
		}
	}

	/**
	 * Asked now and not left to Spring Boot, which asks for the exception that it sees
	 * and only as long as the context is active.
	 */
	private static int mapped(Throwable failure, ConfigurableApplicationContext context) {
		try {
			for (ExitCodeExceptionMapper mapper : context.getBeansOfType(ExitCodeExceptionMapper.class).values()) {
				int code = mapper.getExitCode(failure);
				if (code != 0) {
					return code;
				}
			}
		}
		catch (Throwable ex) {
			logger.warn("Bean of type ExitCodeExceptionMapper could not say an exit code for " + failure
					+ ", the failure itself is asked", ex);
		}
		return 0;
	}

	private static int ofCauses(Throwable failure) {
		Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
		for (Throwable cause = failure; cause != null && seen.add(cause); cause = cause.getCause()) {
			int code = of(cause);
			if (code != 0) {
				return code;
			}
		}
		return 1;
	}

	private static int of(Throwable failure) {
		if (failure instanceof ExitCodeGenerator generator) {
			return generator.getExitCode();
		}
		if (failure instanceof SignalException signal) {
			Integer number = SIGNALS.get(signal.signal());
			return (number != null) ? 128 + number : 0;
		}
		return 0;
	}

}
