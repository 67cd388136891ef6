package dev.rungroup.context;

import java.util.Map;

import dev.rungroup.core.Body;
import dev.rungroup.core.Task;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

import org.springframework.util.ClassUtils;

/**
 * Puts the name of an actor where log lines find it, if SLF4J is there.
 */
final class ActorMdc {

	static final String KEY = "actor";

	private static final boolean PRESENT = ClassUtils.isPresent("org.slf4j.MDC", ActorMdc.class.getClassLoader());

	private ActorMdc() {
	}

	/** Name the actor of a thread that is its own until it ends. */
	static void put(String actor) {
		if (PRESENT) {
			Slf4j.put(actor);
		}
	}

	/** Run something as an actor, on a thread that may belong to nobody. */
	static void with(String actor, Task task) throws Exception {
		if (!PRESENT) {
			task.run();
			return;
		}
		String previous = Slf4j.put(actor);
		try {
			task.run();
		}
		finally {
			Slf4j.restore(previous);
		}
	}

	/**
	 * A body whose executions find nothing else there: what one leaves behind does not
	 * reach the next, and what it clears comes back. Until the next begins, failure
	 * handlers still find what it left.
	 */
	static Body fresh(String actor, Body body) {
		return (!PRESENT) ? body : (context) -> {
			Slf4j.reset(actor);
			try {
				body.run(context);
			}
			finally {
				Slf4j.put(actor);
			}
		};
	}

	/** Only loaded where SLF4J is. */
	private static final class Slf4j {

		private static @Nullable String put(String actor) {
			String previous = MDC.get(KEY);
			MDC.put(KEY, actor);
			return previous;
		}

		private static void reset(String actor) {
			MDC.setContextMap(Map.of(KEY, actor));
		}

		private static void restore(@Nullable String previous) {
			if (previous != null) {
				MDC.put(KEY, previous);
			}
			else {
				MDC.remove(KEY);
			}
		}

	}

}
