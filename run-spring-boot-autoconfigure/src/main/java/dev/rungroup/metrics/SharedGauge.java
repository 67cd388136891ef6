package dev.rungroup.metrics;

import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleSupplier;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;

/**
 * A gauge of one registry. A registry has only one of a name and its tags, but may be
 * shared: by a context and its children, or by one that is closed while the next is there
 * already. So a gauge shows all who have joined it: the number of their actors, or the
 * actor of that name that is worst off. It is removed when the last has left.
 * <p>
 * Used by any thread. The registry is called without a lock.
 */
final class SharedGauge {

	/** Holds nobody who has left, and so no registry that nobody else holds. */
	private static final Map<MeterRegistry, Map<Meter.Id, SharedGauge>> ALL = Collections
		.synchronizedMap(new WeakHashMap<>());

	private final Meter.Id id;

	private final DoubleBinaryOperator both;

	/** What each who has joined shows; written by the threads that join and leave. */
	private final Map<Object, DoubleSupplier> values = new ConcurrentHashMap<>();

	private SharedGauge(Meter.Id id, DoubleBinaryOperator both) {
		this.id = id;
		this.both = both;
	}

	/**
	 * Join a gauge.
	 * @param who shows something, until it leaves
	 * @param both what is shown of two values
	 * @param value called by the threads that read meters; negative for nothing
	 */
	static void join(GuardedRegistry registry, Object who, Meter.Id id, DoubleBinaryOperator both,
			DoubleSupplier value) {
		SharedGauge gauge = ALL.computeIfAbsent(registry.get(), (key) -> new ConcurrentHashMap<>())
			.computeIfAbsent(id, (key) -> new SharedGauge(id, both));
		gauge.values.put(who, value);
		gauge.update(registry);
	}

	/** Leave all gauges. */
	static void leave(GuardedRegistry registry, Object who) {
		Map<Meter.Id, SharedGauge> gauges = (registry.isFound()) ? ALL.get(registry.get()) : null;
		if (gauges != null) {
			for (SharedGauge gauge : gauges.values()) {
				if (gauge.values.remove(who) != null) {
					gauge.update(registry);
				}
			}
		}
	}

	/** Register or remove it, and again if that is not what is wanted any more. */
	private void update(GuardedRegistry registry) {
		boolean wanted;
		do {
			wanted = !this.values.isEmpty();
			if (wanted) {
				registry.gauge(this.id, this, SharedGauge::value);
			}
			else {
				registry.removeGauge(this.id);
			}
		}
		while (wanted == this.values.isEmpty());
	}

	private double value() {
		double shown = -1;
		for (DoubleSupplier each : this.values.values()) {
			double value = each.getAsDouble();
			if (value >= 0) {
				shown = (shown >= 0) ? this.both.applyAsDouble(shown, value) : value;
			}
		}
		return Math.max(0, shown);
	}

}
