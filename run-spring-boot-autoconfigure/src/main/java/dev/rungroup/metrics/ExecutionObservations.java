package dev.rungroup.metrics;

import java.time.Duration;

import dev.rungroup.core.Body;
import dev.rungroup.core.GroupListener;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.Outcome;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import org.jspecify.annotations.Nullable;

/**
 * Makes each execution of a member one observation, {@value #NAME}, with the low
 * cardinality key values {@value GroupMetrics#ACTOR_TAG} and
 * {@value GroupMetrics#OUTCOME_TAG} (completed, failed, interrupted). The observation is
 * current while the body runs and, if that throws, until it is clear what follows, so
 * that failure handlers and the lines about the failure in the log belong to it. No
 * execution is the parent of the next. Public for wiring only: Spring Boot applications
 * get it as a bean.
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

	/** From the beginning of an execution until its observation is over. */
	private final ThreadLocal<@Nullable Execution> current = new ThreadLocal<>();

	/**
	 * Create observations.
	 * @param registry where to observe
	 */
	public ExecutionObservations(ObservationRegistry registry) {
		this.registry = registry;
	}

	/**
	 * Put an observation around a body. It is ended by what the listeners of the group
	 * hear, so this object has to be one of them.
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
			Execution execution = new Execution(member, observation, observation.openScope());
			this.current.set(execution);
			try {
				body.run(context);
				execution.returned = true;
			}
			finally {
				closeInside(execution.scope);
			}
		};
	}

	@Override
	public void executionEnded(String member, Outcome outcome, long nanos) {
		Execution execution = current(member);
		if (execution == null) {
			return;
		}
		Observation observation = execution.observation;
		observation.lowCardinalityKeyValue(GroupMetrics.OUTCOME_TAG, tag(outcome));
		if (outcome instanceof Outcome.Failed failed) {
			observation.error(failed.failure());
		}
		if (execution.returned || !(outcome instanceof Outcome.Failed)) {
			end(execution);
		}
	}

	@Override
	public void restartScheduled(String member, Duration pause) {
		end(current(member));
	}

	@Override
	public void memberEnded(String member, MemberState state) {
		end(current(member));
	}

	private @Nullable Execution current(String member) {
		Execution execution = this.current.get();
		return (execution != null && execution.member.equals(member)) ? execution : null;
	}

	private void end(@Nullable Execution execution) {
		if (execution != null) {
			this.current.remove();
			closeInside(execution.scope);
			execution.scope.close();
			execution.observation.stop();
		}
	}

	/**
	 * Close what the body or a failure handler has left open: a tracer ignores a scope
	 * that is closed before those inside it, and would take the left span for the parent
	 * of the next execution.
	 */
	private void closeInside(Observation.Scope own) {
		Observation.Scope open = this.registry.getCurrentObservationScope();
		while (open != null && open != own) {
			open.close();
			Observation.Scope outer = this.registry.getCurrentObservationScope();
			open = (outer != open) ? outer : null;
		}
	}

	private static String tag(Outcome outcome) {
		return (outcome instanceof Outcome.Failed) ? "failed"
				: (outcome instanceof Outcome.Interrupted) ? "interrupted" : "completed";
	}

	/** An execution that is being observed. Used by the member's thread. */
	private static final class Execution {

		private final String member;

		private final Observation observation;

		private final Observation.Scope scope;

		/** Whether the body has returned: then nothing is to be said about a failure. */
		private boolean returned;

		private Execution(String member, Observation observation, Observation.Scope scope) {
			this.member = member;
			this.observation = observation;
			this.scope = scope;
		}

	}

}
