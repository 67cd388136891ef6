package dev.rungroup.metrics;

import java.time.Instant;
import java.time.InstantSource;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleSupplier;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

import dev.rungroup.core.GroupListener;
import dev.rungroup.core.GroupSnapshot;
import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.Outcome;
import dev.rungroup.core.Retry;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import org.jspecify.annotations.Nullable;

/**
 * All meters of a group. Public for wiring only: Spring Boot applications get it as a
 * bean.
 * <p>
 * Every meter exists at 0 once {@link #bind()} has run, those of a member that is added
 * later once it is started. Counters and timers belong to an actor's name: they go on
 * counting when the group is stopped and started again. Gauges read the snapshot of
 * whatever group runs now, and none of them holds a group. Where contexts share a
 * registry they count the actors of all of them.
 * <p>
 * The registry is asked for when it is first needed and until there is one, so that it
 * may be created late. Events may come from any thread and overlap.
 *
 * @since 0.1.0
 */
public final class GroupMetrics implements GroupListener, AutoCloseable {

	/** Counter of failed executions, by {@link #ACTOR_TAG} and {@link #EXCEPTION_TAG}. */
	public static final String FAILURES = "run.actor.failures";

	/**
	 * Timer of executions, by {@link #ACTOR_TAG} and {@link #OUTCOME_TAG}: completed,
	 * failed, interrupted.
	 */
	public static final String EXECUTIONS = "run.actor.executions";

	/** Counter of restarts after a failure, by {@link #ACTOR_TAG}. */
	public static final String RESTARTS = "run.actor.restarts";

	/**
	 * Gauge by {@link #ACTOR_TAG}: seconds since an execution ended, began or beat; 0
	 * before the first.
	 */
	public static final String PROGRESS_AGE = "run.actor.progress.age";

	/** Gauge by {@link #ACTOR_TAG}: 1 if an actor is ready, else 0. */
	public static final String READY = "run.actor.ready";

	/**
	 * Gauge by {@link #ACTOR_TAG}: failures since the last execution that did not fail.
	 */
	public static final String CONSECUTIVE_FAILURES = "run.actor.consecutive.failures";

	/**
	 * Counter of stalls, by {@link #ACTOR_TAG}: an actor ran without progress for longer
	 * than its limit.
	 */
	public static final String STALLS = "run.actor.stalls";

	/** Timer from an actor's interrupt to its end, by {@link #ACTOR_TAG}. */
	public static final String STOP = "run.actor.stop";

	/** Gauge: actors by {@link #STATE_TAG}. */
	public static final String ACTORS = "run.actors";

	/**
	 * Counter of the attempts of the injected {@link Retry}, by {@link #OUTCOME_TAG}:
	 * success, retried, exhausted, stopped.
	 */
	public static final String RETRY_ATTEMPTS = "run.retry.attempts";

	/** Tag with an actor's name. */
	public static final String ACTOR_TAG = "actor";

	/** Tag with the simple class name of a failure. */
	public static final String EXCEPTION_TAG = "exception";

	/** Tag with the outcome of an execution or an attempt. */
	public static final String OUTCOME_TAG = "outcome";

	/**
	 * Tag with the state of a member: a {@link MemberState} in lower case, or
	 * {@value #DISABLED}.
	 */
	public static final String STATE_TAG = "state";

	/**
	 * Value of {@link #EXCEPTION_TAG} that keeps the meter in existence before the first
	 * failure.
	 */
	public static final String NO_EXCEPTION = "none";

	/** Value of {@link #EXCEPTION_TAG} for what comes after very many different ones. */
	public static final String OTHER_EXCEPTION = "other";

	/** Value of {@link #STATE_TAG} for actors that are switched off. */
	public static final String DISABLED = "disabled";

	/** Of a group of more actors than this the gauges share what they have seen. */
	static final int SMALL = 100;

	/** How long they do: most scrapes are over by then. */
	private static final long KEPT_NANOS = 100_000_000;

	private final GuardedRegistry registry;

	private final Supplier<@Nullable GroupSnapshot> group;

	private final IntSupplier disabled;

	/** Written by the threads that tell of an actor first. */
	private final Map<String, ActorMeters> actors = new ConcurrentHashMap<>();

	/** Written by the threads that tell of an outcome first. */
	private final Map<Retry.AttemptOutcome, Counter> attempts = new ConcurrentHashMap<>();

	/** Whether the members that the group had at first are registered. */
	private volatile boolean bound;

	/** Written by the threads that read meters, and only of a large group. */
	private volatile @Nullable Seen seen;

	/** Written before it is used, null for the registry's. */
	private @Nullable InstantSource clock;

	/** Written by {@link #close()}. */
	private volatile boolean closed;

	/**
	 * Create meters that are registered by {@link #bind()}, or else by the first event.
	 * @param registries where to register; may return {@code null} as long as there is no
	 * registry, and is then asked again
	 * @param group the state that gauges show, {@code null} while there is none; called
	 * on the threads that read meters
	 * @param disabled how many actors are switched off, which no group knows of
	 */
	public GroupMetrics(Supplier<@Nullable MeterRegistry> registries, Supplier<@Nullable GroupSnapshot> group,
			IntSupplier disabled) {
		this.registry = new GuardedRegistry(registries);
		this.group = group;
		this.disabled = disabled;
	}

	/**
	 * Let ages be of another clock than the registry's: of the one that snapshots show.
	 * @param clock the clock
	 * @return this
	 */
	public GroupMetrics withClock(InstantSource clock) {
		this.clock = clock;
		return this;
	}

	/**
	 * Register all meters of the members that the group has now. Does nothing for those
	 * that are registered already, or if there is no registry yet.
	 */
	public void bind() {
		if (!isThere()) {
			return;
		}
		this.bound = true;
		for (Retry.AttemptOutcome outcome : Retry.AttemptOutcome.values()) {
			attempts(outcome);
		}
		for (MemberState state : MemberState.values()) {
			showState(state.name().toLowerCase(Locale.ROOT));
		}
		showState(DISABLED);
		GroupSnapshot snapshot = this.group.get();
		if (snapshot != null) {
			for (MemberSnapshot member : snapshot.members()) {
				actor(member.name());
			}
		}
	}

	@Override
	public void memberStarted(String member) {
		actor(member);
	}

	@Override
	public void executionEnded(String member, Outcome outcome, long nanos) {
		ActorMeters meters = actor(member);
		if (meters != null) {
			meters.executed(outcome, nanos);
		}
	}

	@Override
	public void memberRestarted(String member) {
		ActorMeters meters = actor(member);
		if (meters != null) {
			meters.restarted();
		}
	}

	@Override
	public void memberStopped(String member, long nanos) {
		ActorMeters meters = actor(member);
		if (meters != null) {
			meters.stopped(nanos);
		}
	}

	@Override
	public void memberStalled(String member, Duration silence) {
		ActorMeters meters = actor(member);
		if (meters != null) {
			meters.stalled();
		}
	}

	/**
	 * Count what became of an attempt; made for
	 * {@link Retry#withListener(java.util.function.Consumer)}.
	 * @param outcome what became of it
	 */
	public void attemptEnded(Retry.AttemptOutcome outcome) {
		if (isThere()) {
			this.registry.increment(attempts(outcome));
		}
	}

	/**
	 * Leave the gauges to the other groups that share the registry, and remove them where
	 * there is none: they would show nothing from now on. Counters and timers stay. Until
	 * then the gauges hold on to this object.
	 */
	@Override
	public void close() {
		this.closed = true;
		this.seen = null;
		SharedGauge.leave(this.registry, this);
	}

	private boolean isThere() {
		return this.registry.isFound() || (!this.closed && this.registry.find());
	}

	/**
	 * The meters of an actor. If the registry came late, those of all others are
	 * registered with it: they may have no event for a long time.
	 */
	private @Nullable ActorMeters actor(String name) {
		ActorMeters meters = this.actors.get(name);
		if (meters != null) {
			return meters;
		}
		if (!isThere()) {
			return null;
		}
		if (!this.bound) {
			bind();
		}
		// Two threads may come here at once: the meters that they register are the same
		meters = this.actors.get(name);
		if (meters == null) {
			meters = new ActorMeters(this.registry, name);
			this.actors.put(name, meters);
			showActor(name);
		}
		return meters;
	}

	private @Nullable Counter attempts(Retry.AttemptOutcome outcome) {
		Counter counter = this.attempts.get(outcome);
		if (counter == null) {
			counter = this.registry.counter(RETRY_ATTEMPTS,
					Tags.of(OUTCOME_TAG, outcome.name().toLowerCase(Locale.ROOT)), "attempts",
					"Attempts of the injected Retry, by what became of them");
			if (counter != null) {
				this.attempts.put(outcome, counter);
			}
		}
		return counter;
	}

	private void showState(String state) {
		show(ACTORS, Tags.of(STATE_TAG, state), "actors", "Actors by state", Double::sum,
				() -> (state.equals(DISABLED)) ? this.disabled.getAsInt() : seen().states.getOrDefault(state, 0));
	}

	private void showActor(String name) {
		Tags tags = Tags.of(ACTOR_TAG, name);
		show(PROGRESS_AGE, tags, "seconds", "Time since an execution of an actor ended, began or sent a heartbeat",
				Math::max, () -> member(name, this::age));
		show(READY, tags, null, "Whether an actor is ready: 1, or else 0", Math::min,
				() -> member(name, (member) -> (member.ready()) ? 1 : 0));
		show(CONSECUTIVE_FAILURES, tags, "failures", "Failures of an actor since its last execution that did not fail",
				Math::max, () -> member(name, MemberSnapshot::failuresInARow));
	}

	private void show(String gauge, Tags tags, @Nullable String unit, String description, DoubleBinaryOperator both,
			DoubleSupplier value) {
		if (!this.closed) {
			SharedGauge.join(this.registry, this, new Meter.Id(gauge, tags, unit, description, Meter.Type.GAUGE), both,
					value);
			if (this.closed) {
				SharedGauge.leave(this.registry, this);
			}
		}
	}

	/** How an actor is now, negative if the group has none of that name. */
	private double member(String name, ToDoubleFunction<MemberSnapshot> value) {
		MemberSnapshot member = seen().members.get(name);
		return (member != null) ? value.applyAsDouble(member) : -1;
	}

	/** Seconds since an actor made progress. */
	private double age(MemberSnapshot member) {
		Instant progress = member.lastProgress();
		if (progress == null) {
			return 0;
		}
		InstantSource clock = this.clock;
		long now = (clock != null) ? clock.millis() : this.registry.get().config().clock().wallTime();
		return Math.max(0, now - progress.toEpochMilli()) / 1000.0;
	}

	/**
	 * Each gauge asks on its own. Those of a small group see it as it is at that moment;
	 * those of a large one share what was seen for a moment, or one scrape would cost the
	 * square of the number of actors.
	 */
	private Seen seen() {
		Seen seen = this.seen;
		if (seen == null || System.nanoTime() - seen.at > KEPT_NANOS) {
			seen = new Seen(this.group.get());
			if (seen.members.size() > SMALL && !this.closed) {
				this.seen = seen;
			}
		}
		return seen;
	}

	/** A group as the gauges show it. */
	private static final class Seen {

		private final Map<String, MemberSnapshot> members = new HashMap<>();

		private final Map<String, Integer> states = new HashMap<>();

		private final long at;

		Seen(@Nullable GroupSnapshot group) {
			if (group != null) {
				for (MemberSnapshot member : group.members()) {
					this.members.put(member.name(), member);
					this.states.merge(member.state().name().toLowerCase(Locale.ROOT), 1, Integer::sum);
				}
			}
			this.at = System.nanoTime();
		}

	}

}
