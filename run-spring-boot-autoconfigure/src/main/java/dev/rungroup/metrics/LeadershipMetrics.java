package dev.rungroup.metrics;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import org.jspecify.annotations.Nullable;

/**
 * The meters of actors that run on one node of a cluster. They exist at 0 from the start
 * of the application; if the registry comes later, from the first change on. Where
 * contexts share a registry, the gauge is 1 if one of them leads. Public for wiring only.
 * Events may come from any thread.
 *
 * @since 0.1.0
 */
public final class LeadershipMetrics implements AutoCloseable {

	/**
	 * Gauge by {@link GroupMetrics#ACTOR_TAG}: 1 if this node leads, else 0.
	 */
	public static final String LEADER = "run.cluster.leader";

	/**
	 * Counter by {@link GroupMetrics#ACTOR_TAG} and {@link #CHANGE_TAG}.
	 */
	public static final String CHANGES = "run.cluster.changes";

	/**
	 * Tag with what has happened to leadership: granted, lost, released.
	 */
	public static final String CHANGE_TAG = "change";

	private final GuardedRegistry registry;

	/** Written by the threads that tell of an actor. */
	private final Map<String, Actor> actors = new ConcurrentHashMap<>();

	/** Written by {@link #close()}. */
	private volatile boolean closed;

	/**
	 * Create meters.
	 * @param registries where to register; may return {@code null} as long as there is no
	 * registry, and is then asked again
	 */
	public LeadershipMetrics(Supplier<@Nullable MeterRegistry> registries) {
		this.registry = new GuardedRegistry(registries);
	}

	/**
	 * There is such an actor.
	 * @param actor its name
	 */
	public void expect(String actor) {
		this.actors.computeIfAbsent(actor, (name) -> new Actor());
		bind();
	}

	/**
	 * Leadership has changed.
	 * @param actor the actor
	 * @param change what has happened, as {@link #CHANGE_TAG} shows it
	 */
	public void changed(String actor, String change) {
		Actor meters = this.actors.computeIfAbsent(actor, (name) -> new Actor());
		meters.leader.set(change.equals("granted"));
		bind();
		this.registry.increment(meters.changes.get(change));
	}

	/**
	 * Leave the gauges to the other contexts that share the registry, and remove them
	 * where there is none. Counters stay.
	 */
	@Override
	public void close() {
		this.closed = true;
		SharedGauge.leave(this.registry, this);
	}

	private void bind() {
		if (!this.closed && this.registry.find()) {
			this.actors.forEach(this::bind);
			if (this.closed) {
				SharedGauge.leave(this.registry, this);
			}
		}
	}

	private void bind(String name, Actor actor) {
		if (!actor.changes.isEmpty()) {
			return;
		}
		Tags tags = Tags.of(GroupMetrics.ACTOR_TAG, name);
		SharedGauge.join(this.registry, this,
				new Meter.Id(LEADER, tags, null, "Whether this node leads: 1, or else 0", Meter.Type.GAUGE), Math::max,
				() -> (actor.leader.get()) ? 1 : 0);
		for (String change : List.of("granted", "lost", "released")) {
			Counter counter = this.registry.counter(CHANGES, tags.and(CHANGE_TAG, change), "changes",
					"Changes of leadership of an actor on this node");
			if (counter != null) {
				actor.changes.put(change, counter);
			}
		}
	}

	/** Whether an actor leads, and its counters by change. Written by any thread. */
	private record Actor(AtomicBoolean leader, Map<String, Counter> changes) {

		private Actor() {
			this(new AtomicBoolean(), new ConcurrentHashMap<>());
		}

	}

}
