package dev.rungroup.autoconfigure.exit;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import dev.rungroup.core.SignalException;
import dev.rungroup.core.StopReason;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.boot.ExitCodeExceptionMapper;
import org.springframework.boot.ExitCodeGenerator;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.annotation.AnnotationAwareOrderComparator;

/**
 * Finds the exit code for the end of a group, in the order of Spring Boot. A failure:
 * mappers, then the failure and its causes, then the application's
 * {@link ExitCodeGenerator} beans, then 1. Any other end: those beans, then 0. As in
 * Spring Boot a 0 means "I do not know", so a failure never looks like a success.
 */
final class ExitCodes {

	private static final Log logger = LogFactory.getLog(ExitCodes.class);

	/** What a shell reports for a process that a signal has ended is 128 and this. */
	private static final Map<String, Integer> SIGNALS = Map.of("HUP", 1, "INT", 2, "TERM", 15);

	private ExitCodes() {
	}

	/** Calls user code: beans of the application, and the failure. */
	static int codeFor(StopReason reason, ConfigurableApplicationContext context) {
		Throwable failure = reason.cause();
		int code = (reason.isFailure() && failure != null) ? ofFailure(failure, context) : 0;
		if (code == 0) {
			code = ofBeans(context);
		}
		return (code == 0 && reason.isFailure()) ? 1 : code;
	}

	private static int ofFailure(Throwable failure, ConfigurableApplicationContext context) {
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
	 * What {@code SpringApplication.exit} would say: in order, the first that is not 0,
	 * and 1 for one that throws if no other knows better.
	 */
	private static int ofBeans(ConfigurableApplicationContext context) {
		if (!context.isActive()) {
			return 0;
		}
		int code = 0;
		try {
			List<ExitCodeGenerator> generators = new ArrayList<>(
					context.getBeansOfType(ExitCodeGenerator.class).values());
			AnnotationAwareOrderComparator.sort(generators);
			for (ExitCodeGenerator generator : generators) {
				try {
					int value = generator.getExitCode();
					if (value != 0) {
						return value;
					}
				}
				catch (Throwable ex) {
					logger.warn("Bean of type " + generator.getClass().getName()
							+ " could not say an exit code; it is 1 if no other bean says one", ex);
					code = 1;
				}
			}
		}
		catch (Throwable ex) {
			logger.warn("Beans of type ExitCodeGenerator could not be asked for the exit code", ex);
			code = 1;
		}
		return code;
	}

	/**
	 * Asked now and not left to Spring Boot, which asks for the exception that it sees
	 * and only as long as the context is active.
	 */
	private static int mapped(Throwable failure, ConfigurableApplicationContext context) {
		if (!context.isActive()) {
			return 0;
		}
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
		return 0;
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
