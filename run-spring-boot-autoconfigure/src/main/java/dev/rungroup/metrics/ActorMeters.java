package dev.rungroup.metrics;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;

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

	private final MeterRegistry registry;

	private final String actor;

	private final Map<OutcomeTag, Timer> executions = new EnumMap<>(OutcomeTag.class);

	private final Map<String, Counter> failures = new ConcurrentHashMap<>();

	private final Counter restarts;

	private final Counter stalls;

	private final Timer stop;

	ActorMeters(MeterRegistry registry, String actor) {
		this.registry = registry;
		this.actor = actor;
		for (OutcomeTag outcome : OutcomeTag.values()) {
			this.executions.put(outcome,
					Timer.builder(GroupMetrics.EXECUTIONS)
						.description("Executions of an actor and how long they took, by outcome")
						.tag(GroupMetrics.ACTOR_TAG, actor)
						.tag(GroupMetrics.OUTCOME_TAG, outcome.tag)
						.register(registry));
		}
		this.restarts = Counter.builder(GroupMetrics.RESTARTS)
			.description("Executions that were scheduled after a failure")
			.baseUnit("restarts")
			.tag(GroupMetrics.ACTOR_TAG, actor)
			.register(registry);
		this.stalls = Counter.builder(GroupMetrics.STALLS)
			.description("Times that an actor ran without progress for longer than its limit")
			.baseUnit("stalls")
			.tag(GroupMetrics.ACTOR_TAG, actor)
			.register(registry);
		this.stop = Timer.builder(GroupMetrics.STOP)
			.description("Time from an actor's interrupt to its end")
			.tag(GroupMetrics.ACTOR_TAG, actor)
			.register(registry);
		failure(GroupMetrics.NO_EXCEPTION);
	}

	void execution(OutcomeTag outcome, long nanos) {
		Timer timer = this.executions.get(outcome);
		if (timer != null) {
			timer.record(nanos, TimeUnit.NANOSECONDS);
		}
	}

	void failed(Throwable failure) {
		failed(simpleName(failure.getClass()));
	}

	void failed(String exception) {
		boolean known = this.failures.containsKey(exception);
		failure((known || this.failures.size() < MAX_EXCEPTIONS) ? exception : GroupMetrics.OTHER_EXCEPTION)
			.increment();
	}

	void restarted() {
		this.restarts.increment();
	}

	void stalled() {
		this.stalls.increment();
	}

	void stopped(long nanos) {
		this.stop.record(nanos, TimeUnit.NANOSECONDS);
	}

	private Counter failure(String exception) {
		return this.failures.computeIfAbsent(exception,
				(name) -> Counter.builder(GroupMetrics.FAILURES)
					.description("Executions of an actor that failed, by the simple name of the exception")
					.baseUnit("failures")
					.tag(GroupMetrics.ACTOR_TAG, this.actor)
					.tag(GroupMetrics.EXCEPTION_TAG, name)
					.register(this.registry));
	}

	/** An anonymous class has no simple name: its superclass says more than nothing. */
	private static String simpleName(Class<?> type) {
		Class<?> named = type;
		while (named.getSimpleName().isEmpty() && named.getSuperclass() != null) {
			named = named.getSuperclass();
		}
		return named.getSimpleName();
	}

	/**
	 * The values of tag {@value GroupMetrics#OUTCOME_TAG} of an execution.
	 */
	enum OutcomeTag {

		COMPLETED("completed"), FAILED("failed"), INTERRUPTED("interrupted");

		private final String tag;

		OutcomeTag(String tag) {
			this.tag = tag;
		}

	}

}
