package dev.rungroup.metrics;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import org.jspecify.annotations.Nullable;

/**
 * The meters of actors that run on one node of a cluster. They exist at 0 from the start
 * of the application; if the registry comes later, from the first change on. Public for
 * wiring only. Events may come from any thread.
 *
 * @since 0.1.0
 */
public final class LeadershipMetrics {

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

	private final Supplier<@Nullable MeterRegistry> registries;

	private volatile @Nullable GuardedRegistry registry;

	/** Written by the threads that tell of an actor. */
	private final Map<String, Actor> actors = new ConcurrentHashMap<>();

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
		meters.leader = change.equals("granted");
		bind();
		GuardedRegistry registry = this.registry;
		if (registry != null) {
			registry.increment(meters.changes.get(change.toLowerCase(Locale.ROOT)));
		}
	}

	private void bind() {
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
			entry.getValue().bind(registry, Tags.of(GroupMetrics.ACTOR_TAG, entry.getKey()));
		}
	}

	private static final class Actor {

		private volatile boolean leader;

		private final Map<String, Counter> changes = new ConcurrentHashMap<>();

		private void bind(GuardedRegistry registry, Tags tags) {
			if (!this.changes.isEmpty()) {
				return;
			}
			registry.gauge(LEADER, tags, null, "Whether this node leads: 1, or else 0", this,
					(actor) -> (actor.leader) ? 1 : 0);
			for (String change : ALL) {
				Counter counter = registry.counter(CHANGES, tags.and(CHANGE_TAG, change), "changes",
						"Changes of leadership of an actor on this node");
				if (counter != null) {
					this.changes.put(change, counter);
				}
			}
		}

	}

}
