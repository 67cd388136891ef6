package dev.rungroup.metrics;

import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

import io.micrometer.core.instrument.Counter;
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

	private static final List<String> ALL = List.of("granted", "lost", "released");

	/** By registry and actor, whether it leads in each context that shows it. */
	private static final Map<MeterRegistry, Map<String, Set<AtomicBoolean>>> LEADERS = Collections
		.synchronizedMap(new WeakHashMap<>());

	private final Supplier<@Nullable MeterRegistry> registries;

	private volatile @Nullable GuardedRegistry registry;

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
		this.registries = registries;
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
		GuardedRegistry registry = this.registry;
		if (registry != null) {
			registry.increment(meters.changes.get(change.toLowerCase(Locale.ROOT)));
		}
	}

	/**
	 * Leave the gauges to the other contexts that share the registry, and remove them
	 * where there is none. Counters stay.
	 */
	@Override
	public void close() {
		this.closed = true;
		GuardedRegistry registry = this.registry;
		if (registry != null) {
			this.actors.forEach((name, actor) -> actor.leave(registry, name));
		}
	}

	private void bind() {
		if (this.closed) {
			return;
		}
		GuardedRegistry registry = this.registry;
		if (registry == null) {
			MeterRegistry found = this.registries.get();
			if (found == null) {
				return;
			}
			registry = new GuardedRegistry(found);
			this.registry = registry;
		}
		for (Map.Entry<String, Actor> entry : this.actors.entrySet()) {
			entry.getValue().bind(registry, entry.getKey());
		}
	}

	private static Set<AtomicBoolean> leaders(GuardedRegistry registry, String actor) {
		return LEADERS.computeIfAbsent(registry.registry, (key) -> new ConcurrentHashMap<>())
			.computeIfAbsent(actor, (key) -> ConcurrentHashMap.newKeySet());
	}

	private static final class Actor {

		private final AtomicBoolean leader = new AtomicBoolean();

		private final Map<String, Counter> changes = new ConcurrentHashMap<>();

		private void bind(GuardedRegistry registry, String name) {
			if (!this.changes.isEmpty()) {
				return;
			}
			Set<AtomicBoolean> leaders = leaders(registry, name);
			leaders.add(this.leader);
			show(registry, name, leaders);
			for (String change : ALL) {
				Counter counter = registry.counter(CHANGES, tags(name).and(CHANGE_TAG, change), "changes",
						"Changes of leadership of an actor on this node");
				if (counter != null) {
					this.changes.put(change, counter);
				}
			}
		}

		private void leave(GuardedRegistry registry, String name) {
			Set<AtomicBoolean> leaders = leaders(registry, name);
			if (leaders.remove(this.leader) && leaders.isEmpty()) {
				registry.removeGauge(LEADER, tags(name));
				if (!leaders.isEmpty()) {
					// One has come meanwhile
					show(registry, name, leaders);
				}
			}
		}

		private static void show(GuardedRegistry registry, String name, Set<AtomicBoolean> leaders) {
			registry.gauge(LEADER, tags(name), null, "Whether this node leads: 1, or else 0", leaders,
					(all) -> (all.stream().anyMatch(AtomicBoolean::get)) ? 1 : 0);
		}

		private static Tags tags(String name) {
			return Tags.of(GroupMetrics.ACTOR_TAG, name);
		}

	}

}
