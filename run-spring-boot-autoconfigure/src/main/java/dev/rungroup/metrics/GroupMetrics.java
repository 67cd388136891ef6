package dev.rungroup.metrics;

import java.time.Instant;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

import dev.rungroup.core.GroupListener;
import dev.rungroup.core.GroupSnapshot;
import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.Outcome;
import dev.rungroup.core.Retry;
import dev.rungroup.metrics.ActorMeters.OutcomeTag;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import org.jspecify.annotations.Nullable;

/**
 * All meters of a group. Public for wiring only: Spring Boot applications get it as a
 * bean.
 * <table border="1">
 * <caption>Meters</caption>
 * <tr>
 * <th>name</th>
 * <th>type</th>
 * <th>tags</th>
 * </tr>
 * <tr>
 * <td>{@value #FAILURES}</td>
 * <td>counter</td>
 * <td>{@value #ACTOR_TAG}, {@value #EXCEPTION_TAG}: simple class name,
 * {@value #NO_EXCEPTION} from the start and always 0, {@value #OTHER_EXCEPTION} when
 * there are too many</td>
 * </tr>
 * <tr>
 * <td>{@value #EXECUTIONS}</td>
 * <td>timer</td>
 * <td>{@value #ACTOR_TAG}, {@value #OUTCOME_TAG}: completed, failed, interrupted</td>
 * </tr>
 * <tr>
 * <td>{@value #RESTARTS}</td>
 * <td>counter</td>
 * <td>{@value #ACTOR_TAG}</td>
 * </tr>
 * <tr>
 * <td>{@value #PROGRESS_AGE}</td>
 * <td>gauge in seconds: since an execution ended, began or beat; 0 before the first</td>
 * <td>{@value #ACTOR_TAG}</td>
 * </tr>
 * <tr>
 * <td>{@value #STALLS}</td>
 * <td>counter</td>
 * <td>{@value #ACTOR_TAG}</td>
 * </tr>
 * <tr>
 * <td>{@value #STOP}</td>
 * <td>timer: interrupt to end</td>
 * <td>{@value #ACTOR_TAG}</td>
 * </tr>
 * <tr>
 * <td>{@value #ACTORS}</td>
 * <td>gauge</td>
 * <td>{@value #STATE_TAG}: a {@link MemberState} in lower case, or
 * {@value #DISABLED}</td>
 * </tr>
 * <tr>
 * <td>{@value #RETRY_ATTEMPTS}</td>
 * <td>counter</td>
 * <td>{@value #OUTCOME_TAG}: success, retried, exhausted, stopped</td>
 * </tr>
 * </table>
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

	/**
	 * Counter of failed executions.
	 */
	public static final String FAILURES = "run.actor.failures";

	/**
	 * Timer of executions.
	 */
	public static final String EXECUTIONS = "run.actor.executions";

	/**
	 * Counter of restarts after a failure.
	 */
	public static final String RESTARTS = "run.actor.restarts";

	/**
	 * Gauge: seconds since an actor last made progress.
	 */
	public static final String PROGRESS_AGE = "run.actor.progress.age";

	/**
	 * Counter of stalls: an actor ran without progress for longer than its limit.
	 */
	public static final String STALLS = "run.actor.stalls";

	/**
	 * Timer from an actor's interrupt to its end.
	 */
	public static final String STOP = "run.actor.stop";

	/**
	 * Gauge: actors by state.
	 */
	public static final String ACTORS = "run.actors";

	/**
	 * Counter of the attempts of the injected {@link Retry}.
	 */
	public static final String RETRY_ATTEMPTS = "run.retry.attempts";

	/**
	 * Tag with an actor's name.
	 */
	public static final String ACTOR_TAG = "actor";

	/**
	 * Tag with the simple class name of a failure.
	 */
	public static final String EXCEPTION_TAG = "exception";

	/**
	 * Tag with the outcome of an execution or an attempt.
	 */
	public static final String OUTCOME_TAG = "outcome";

	/**
	 * Tag with the state of a member.
	 */
	public static final String STATE_TAG = "state";

	/**
	 * Value of {@link #EXCEPTION_TAG} that keeps the meter in existence before the first
	 * failure.
	 */
	public static final String NO_EXCEPTION = "none";

	/**
	 * Value of {@link #EXCEPTION_TAG} for what comes after very many different ones.
	 */
	public static final String OTHER_EXCEPTION = "other";

	/**
	 * Value of {@link #STATE_TAG} for actors that are switched off.
	 */
	public static final String DISABLED = "disabled";

	private final Supplier<@Nullable MeterRegistry> registries;

	private final Supplier<@Nullable GroupSnapshot> group;

	private final IntSupplier disabled;

	private volatile @Nullable Binding binding;

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
		this.registries = registries;
		this.group = group;
		this.disabled = disabled;
	}

	/**
	 * Register all meters of the members that the group has now. Does nothing for those
	 * that are registered already, or if there is no registry yet.
	 */
	public void bind() {
		Binding binding = binding();
		GroupSnapshot snapshot = this.group.get();
		if (binding != null && snapshot != null) {
			for (MemberSnapshot member : snapshot.members()) {
				binding.actor(member.name());
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
		if (meters == null) {
			return;
		}
		if (outcome instanceof Outcome.Failed failed) {
			meters.failed(failed.failure());
			meters.execution(OutcomeTag.FAILED, nanos);
		}
		else {
			meters.execution((outcome instanceof Outcome.Interrupted) ? OutcomeTag.INTERRUPTED : OutcomeTag.COMPLETED,
					nanos);
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

	/**
	 * Count a stall.
	 * @param actor the actor that makes no progress
	 */
	public void actorStalled(String actor) {
		ActorMeters meters = actor(actor);
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
		Binding binding = binding();
		if (binding != null) {
			binding.attempt(outcome);
		}
	}

	/**
	 * Leave the gauges to the other groups that share the registry, and remove them where
	 * there is none: they would show nothing from now on. Counters and timers stay. Until
	 * then the gauges hold on to this object.
	 */
	@Override
	public void close() {
		Binding binding = this.binding;
		if (binding != null) {
			binding.gauges.leave(this);
		}
	}

	private @Nullable ActorMeters actor(String name) {
		Binding binding = binding();
		return (binding != null) ? binding.actor(name) : null;
	}

	private @Nullable Binding binding() {
		Binding binding = this.binding;
		if (binding != null) {
			return binding;
		}
		// not under the lock: this may create beans
		MeterRegistry registry = this.registries.get();
		return (registry != null) ? bindTo(registry) : null;
	}

	private synchronized Binding bindTo(MeterRegistry registry) {
		Binding binding = this.binding;
		if (binding == null) {
			binding = new Binding(registry, this);
			this.binding = binding;
		}
		return binding;
	}

	double count(MemberState state) {
		GroupSnapshot snapshot = this.group.get();
		return (snapshot != null) ? snapshot.members().stream().filter((member) -> member.state() == state).count() : 0;
	}

	double disabled() {
		return this.disabled.getAsInt();
	}

	double progressAge(String actor, MeterRegistry registry) {
		GroupSnapshot snapshot = this.group.get();
		if (snapshot == null) {
			return 0;
		}
		for (MemberSnapshot member : snapshot.members()) {
			Instant progress = member.lastProgress();
			if (member.name().equals(actor) && progress != null) {
				long age = registry.config().clock().wallTime() - progress.toEpochMilli();
				return Math.max(0, age) / 1000.0;
			}
		}
		return 0;
	}

	/**
	 * What is registered in one registry.
	 */
	private static final class Binding {

		private final MeterRegistry registry;

		private final GroupMetrics metrics;

		private final SharedGauges gauges;

		private final Map<String, ActorMeters> actors = new ConcurrentHashMap<>();

		private final Map<Retry.AttemptOutcome, Counter> attempts = new EnumMap<>(Retry.AttemptOutcome.class);

		Binding(MeterRegistry registry, GroupMetrics metrics) {
			this.registry = registry;
			this.metrics = metrics;
			this.gauges = SharedGauges.join(registry, metrics);
			for (Retry.AttemptOutcome outcome : Retry.AttemptOutcome.values()) {
				this.attempts.put(outcome,
						Counter.builder(RETRY_ATTEMPTS)
							.description("Attempts of the injected Retry, by what became of them")
							.baseUnit("attempts")
							.tag(OUTCOME_TAG, outcome.name().toLowerCase(Locale.ROOT))
							.register(registry));
			}
		}

		ActorMeters actor(String name) {
			// get first: unlike computeIfAbsent it never locks
			ActorMeters meters = this.actors.get(name);
			return (meters != null) ? meters : this.actors.computeIfAbsent(name, this::register);
		}

		void attempt(Retry.AttemptOutcome outcome) {
			Counter counter = this.attempts.get(outcome);
			if (counter != null) {
				counter.increment();
			}
		}

		private ActorMeters register(String name) {
			this.gauges.actor(name, this.metrics);
			return new ActorMeters(this.registry, name);
		}

	}

}
