package dev.rungroup.metrics;

import dev.rungroup.core.Body;
import dev.rungroup.core.GroupListener;
import dev.rungroup.core.Outcome;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import org.jspecify.annotations.Nullable;

/**
 * Makes each execution of a member one observation, {@value #NAME}, with the low
 * cardinality key values {@value GroupMetrics#ACTOR_TAG} and
 * {@value GroupMetrics#OUTCOME_TAG} (completed, failed, interrupted). The observation is
 * current while the body runs, and no execution is the parent of the next. Public for
 * wiring only: Spring Boot applications get it as a bean.
 * <p>
 * Used by many threads, each for its own member.
 *
 * @since 0.1.0
 */
public final class ExecutionObservations implements GroupListener {

	/**
	 * Name of the observations.
	 */
	public static final String NAME = "run.actor.execution";

	private final ObservationRegistry registry;

	/** Between the end of the body and the decision what its outcome is. */
	private final ThreadLocal<@Nullable Execution> current = new ThreadLocal<>();

	/**
	 * Create observations.
	 * @param registry where to observe
	 */
	public ExecutionObservations(ObservationRegistry registry) {
		this.registry = registry;
	}

	/**
	 * Put an observation around a body. It is ended by
	 * {@link #executionEnded(String, Outcome, long)}, so the group has to have this
	 * object as a listener.
	 * @param member the member's name
	 * @param body the body
	 * @return what to execute in its place
	 */
	public Body observed(String member, Body body) {
		return (context) -> {
			Observation.Scope leaked = this.registry.getCurrentObservationScope();
			if (leaked != null) {
				// Somebody who was told of the last execution has not closed what he
				// opened
				leaked.reset();
			}
			Observation observation = Observation.createNotStarted(NAME, this.registry)
				.contextualName("execute " + member)
				.lowCardinalityKeyValue(GroupMetrics.ACTOR_TAG, member)
				.start();
			this.current.set(new Execution(member, observation));
			Observation.Scope scope = observation.openScope();
			try {
				body.run(context);
			}
			finally {
				closeDownTo(scope);
			}
		};
	}

	/**
	 * Close what the body has left open first: a tracer ignores a scope that is closed
	 * before those inside it, and would take the left span for the parent of the next
	 * execution.
	 */
	private void closeDownTo(Observation.Scope own) {
		Observation.Scope open = this.registry.getCurrentObservationScope();
		while (open != null && open != own) {
			open.close();
			Observation.Scope outer = this.registry.getCurrentObservationScope();
			open = (outer != open) ? outer : null;
		}
		own.close();
	}

	@Override
	public void executionEnded(String member, Outcome outcome, long nanos) {
		Execution execution = this.current.get();
		if (execution == null || !execution.member().equals(member)) {
			return;
		}
		this.current.remove();
		Observation observation = execution.observation();
		if (outcome instanceof Outcome.Failed failed) {
			observation.error(failed.failure());
		}
		observation.lowCardinalityKeyValue(GroupMetrics.OUTCOME_TAG, tag(outcome)).stop();
	}

	private static String tag(Outcome outcome) {
		return (outcome instanceof Outcome.Failed) ? "failed"
				: (outcome instanceof Outcome.Interrupted) ? "interrupted" : "completed";
	}

	/**
	 * An execution that is being observed.
	 *
	 * @param member whose it is
	 * @param observation its observation
	 */
	private record Execution(String member, Observation observation) {

	}

}
