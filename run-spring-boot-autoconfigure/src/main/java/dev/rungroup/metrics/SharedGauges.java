package dev.rungroup.metrics;

import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.ToDoubleFunction;

import dev.rungroup.core.MemberState;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;

/**
 * The gauges of one registry. A registry has only one gauge of a name and its tags, but
 * may be shared: by a context and its children, or by one that is closed while the next
 * is there already. So they show the groups of all who are in, and are removed when
 * nobody is left whom they could show.
 */
final class SharedGauges {

	/**
	 * Those that somebody is in. All that is written is written under the class's lock.
	 */
	private static final Map<MeterRegistry, SharedGauges> ALL = new IdentityHashMap<>();

	private final MeterRegistry registry;

	/** Read by whoever reads meters. */
	private final List<GroupMetrics> groups = new CopyOnWriteArrayList<>();

	private final Set<Gauge> states = new LinkedHashSet<>();

	private final Map<String, Age> ages = new LinkedHashMap<>();

	private SharedGauges(MeterRegistry registry) {
		this.registry = registry;
		for (MemberState state : MemberState.values()) {
			this.states.add(actors(state.name().toLowerCase(Locale.ROOT), (group) -> group.count(state)));
		}
		this.states.add(actors(GroupMetrics.DISABLED, GroupMetrics::disabled));
	}

	private Gauge actors(String state, ToDoubleFunction<GroupMetrics> count) {
		return Gauge.builder(GroupMetrics.ACTORS, this, (gauges) -> gauges.groups.stream().mapToDouble(count).sum())
			.description("Actors by state")
			.baseUnit("actors")
			.tag(GroupMetrics.STATE_TAG, state)
			.register(this.registry);
	}

	/**
	 * Be shown by the gauges of a registry, until {@link #leave}.
	 */
	static synchronized SharedGauges join(MeterRegistry registry, GroupMetrics group) {
		SharedGauges gauges = ALL.computeIfAbsent(registry, SharedGauges::new);
		gauges.groups.add(group);
		return gauges;
	}

	/**
	 * Show the age of an actor's progress: where groups have actors of the same name, of
	 * the one that is worst off.
	 */
	void actor(String name, GroupMetrics group) {
		synchronized (SharedGauges.class) {
			if (this.groups.contains(group)) {
				this.ages.computeIfAbsent(name, this::age).groups().add(group);
			}
		}
	}

	private Age age(String actor) {
		return new Age(Gauge
			.builder(GroupMetrics.PROGRESS_AGE, this,
					(gauges) -> gauges.groups.stream()
						.mapToDouble((group) -> group.progressAge(actor, gauges.registry))
						.max()
						.orElse(0))
			.description("Time since an execution of an actor ended, began or sent a heartbeat")
			.baseUnit("seconds")
			.tag(GroupMetrics.ACTOR_TAG, actor)
			.register(this.registry), new LinkedHashSet<>());
	}

	void leave(GroupMetrics group) {
		synchronized (SharedGauges.class) {
			this.groups.remove(group);
			this.ages.values().removeIf((age) -> {
				age.groups().remove(group);
				if (age.groups().isEmpty()) {
					this.registry.remove(age.gauge());
				}
				return age.groups().isEmpty();
			});
			if (this.groups.isEmpty() && ALL.remove(this.registry, this)) {
				this.states.forEach(this.registry::remove);
			}
		}
	}

	/**
	 * The gauge of an actor.
	 *
	 * @param gauge the gauge
	 * @param groups who has an actor of that name
	 */
	private record Age(Gauge gauge, Set<GroupMetrics> groups) {

	}

}
