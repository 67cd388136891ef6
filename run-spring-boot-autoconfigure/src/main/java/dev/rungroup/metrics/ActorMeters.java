package dev.rungroup.metrics;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import dev.rungroup.core.Outcome;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import org.jspecify.annotations.Nullable;

/**
 * The counters and timers of one actor in one registry. Looked up once and kept, so that
 * an event costs no search by name and tags.
 */
final class ActorMeters {

	/**
	 * More exception types than this are counted together, so that generated classes
	 * cannot fill the registry.
	 */
	static final int MAX_EXCEPTIONS = 50;

	private final GuardedRegistry registry;

	private final Tags tags;

	private final @Nullable Timer completed;

	private final @Nullable Timer failed;

	private final @Nullable Timer interrupted;

	private final @Nullable Counter restarts;

	private final @Nullable Counter stalls;

	private final @Nullable Timer stop;

	/** By exception; written by the threads that tell of failures. */
	private final Map<String, Counter> failures = new ConcurrentHashMap<>();

	ActorMeters(GuardedRegistry registry, String actor) {
		this.registry = registry;
		this.tags = Tags.of(GroupMetrics.ACTOR_TAG, actor);
		this.completed = executions("completed");
		this.failed = executions("failed");
		this.interrupted = executions("interrupted");
		this.restarts = registry.counter(GroupMetrics.RESTARTS, this.tags, "restarts",
				"Executions that were scheduled after a failure");
		this.stalls = registry.counter(GroupMetrics.STALLS, this.tags, "stalls",
				"Times that an actor ran without progress for longer than its limit");
		this.stop = registry.timer(GroupMetrics.STOP, this.tags, "Time from an actor's interrupt to its end");
		failures(GroupMetrics.NO_EXCEPTION);
	}

	private @Nullable Timer executions(String outcome) {
		return this.registry.timer(GroupMetrics.EXECUTIONS, this.tags.and(GroupMetrics.OUTCOME_TAG, outcome),
				"Executions of an actor and how long they took, by outcome");
	}

	void executed(Outcome outcome, long nanos) {
		if (outcome instanceof Outcome.Failed failure) {
			failed(simpleName(failure.failure().getClass()));
			this.registry.record(this.failed, nanos);
		}
		else {
			this.registry.record((outcome instanceof Outcome.Interrupted) ? this.interrupted : this.completed, nanos);
		}
	}

	void failed(String exception) {
		boolean known = this.failures.containsKey(exception) || this.failures.size() < MAX_EXCEPTIONS;
		this.registry.increment(failures((known) ? exception : GroupMetrics.OTHER_EXCEPTION));
	}

	void restarted() {
		this.registry.increment(this.restarts);
	}

	void stalled() {
		this.registry.increment(this.stalls);
	}

	void stopped(long nanos) {
		this.registry.record(this.stop, nanos);
	}

	private @Nullable Counter failures(String exception) {
		Counter counter = this.failures.get(exception);
		if (counter == null) {
			// Not in computeIfAbsent, whose lock the filters of the registry would hold
			counter = this.registry.counter(GroupMetrics.FAILURES, this.tags.and(GroupMetrics.EXCEPTION_TAG, exception),
					"failures", "Executions of an actor that failed, by the simple name of the exception");
			if (counter != null) {
				this.failures.put(exception, counter);
			}
		}
		return counter;
	}

	/** An anonymous class has no simple name: its superclass says more than nothing. */
	private static String simpleName(Class<?> type) {
		Class<?> named = type;
		while (named.getSimpleName().isEmpty() && named.getSuperclass() != null) {
			named = named.getSuperclass();
		}
		return named.getSimpleName();
	}

}
