package dev.rungroup.metrics;

import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToDoubleFunction;

import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.MemberState;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import org.jspecify.annotations.Nullable;

/**
 * The gauges of one registry. A registry has only one gauge of a name and its tags, but
 * may be shared: by a context and its children, or by one that is closed while the next
 * is there already. So each gauge shows all groups that have joined: the number of their
 * actors, or the actor of that name that is worst off. A gauge is removed when no group
 * is left that it could show.
 * <p>
 * The registry is called without a lock. What is registered follows from the groups:
 * {@link #update} makes it so, and does it again if the groups have changed meanwhile.
 */
final class SharedGauges {

	/** Holds no group that has left, and so no registry that nobody else holds. */
	private static final Map<MeterRegistry, SharedGauges> ALL = Collections.synchronizedMap(new WeakHashMap<>());

	/** The actors that each group shows; written by the threads that call us. */
	private final Map<GroupMetrics, Set<String>> groups = new ConcurrentHashMap<>();

	/** Increased after each change of the groups. */
	private final AtomicInteger changes = new AtomicInteger();

	static SharedGauges of(GuardedRegistry registry) {
		return ALL.computeIfAbsent(registry.registry, (added) -> new SharedGauges());
	}

	/**
	 * Show a group and some of its actors, until it leaves.
	 */
	void show(GuardedRegistry registry, GroupMetrics group, List<String> actors) {
		Set<String> added = ConcurrentHashMap.newKeySet();
		Set<String> shown = this.groups.putIfAbsent(group, added);
		((shown != null) ? shown : added).addAll(actors);
		update(registry, shown == null, actors);
	}

	void leave(GuardedRegistry registry, GroupMetrics group) {
		Set<String> actors = this.groups.remove(group);
		if (actors != null) {
			update(registry, true, actors);
		}
	}

	/**
	 * Register or remove the gauges of the states and of some actors.
	 */
	private void update(GuardedRegistry registry, boolean states, Collection<String> actors) {
		int seen = this.changes.incrementAndGet();
		while (true) {
			if (states) {
				updateStates(registry);
			}
			for (String actor : actors) {
				updateActor(registry, actor);
			}
			int now = this.changes.get();
			if (now == seen) {
				return;
			}
			// We may have removed what a group that has just come needs, or the reverse
			seen = now;
		}
	}

	private void updateStates(GuardedRegistry registry) {
		boolean wanted = !this.groups.isEmpty();
		for (MemberState state : MemberState.values()) {
			updateState(registry, wanted, state.name().toLowerCase(Locale.ROOT));
		}
		updateState(registry, wanted, GroupMetrics.DISABLED);
	}

	private void updateState(GuardedRegistry registry, boolean wanted, String state) {
		Tags tags = Tags.of(GroupMetrics.STATE_TAG, state);
		update(registry, wanted, GroupMetrics.ACTORS, tags, "actors", "Actors by state", state);
	}

	private void updateActor(GuardedRegistry registry, String actor) {
		boolean wanted = false;
		for (Set<String> actors : this.groups.values()) {
			wanted |= actors.contains(actor);
		}
		Tags tags = Tags.of(GroupMetrics.ACTOR_TAG, actor);
		update(registry, wanted, GroupMetrics.PROGRESS_AGE, tags, "seconds",
				"Time since an execution of an actor ended, began or sent a heartbeat", actor);
		update(registry, wanted, GroupMetrics.READY, tags, null, "Whether an actor is ready: 1, or else 0", actor);
		update(registry, wanted, GroupMetrics.CONSECUTIVE_FAILURES, tags, "failures",
				"Failures of an actor since its last execution that did not fail", actor);
	}

	private void update(GuardedRegistry registry, boolean wanted, String meter, Tags tags, @Nullable String unit,
			String description, String value) {
		if (wanted) {
			registry.gauge(meter, tags, unit, description, this, new Reading(meter, value));
		}
		else {
			registry.removeGauge(meter, tags);
		}
	}

	/**
	 * What one gauge shows. Called by the threads that read meters.
	 *
	 * @param meter the gauge's name
	 * @param value the state or the actor
	 */
	private record Reading(String meter, String value) implements ToDoubleFunction<SharedGauges> {

		@Override
		public double applyAsDouble(SharedGauges gauges) {
			double shown = 0;
			boolean first = true;
			for (GroupMetrics group : gauges.groups.keySet()) {
				double read = read(group);
				if (this.meter.equals(GroupMetrics.ACTORS)) {
					shown += read;
				}
				else if (read >= 0) {
					// The group has that actor
					boolean worse = (this.meter.equals(GroupMetrics.READY)) ? read < shown : read > shown;
					shown = (first || worse) ? read : shown;
					first = false;
				}
			}
			return shown;
		}

		private double read(GroupMetrics group) {
			if (this.meter.equals(GroupMetrics.ACTORS)) {
				return group.count(this.value);
			}
			MemberSnapshot member = group.member(this.value);
			if (member == null) {
				return -1;
			}
			return switch (this.meter) {
				case GroupMetrics.READY -> (member.ready()) ? 1 : 0;
				case GroupMetrics.CONSECUTIVE_FAILURES -> member.failuresInARow();
				default -> group.age(member);
			};
		}

	}

}
