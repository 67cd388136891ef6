package dev.rungroup.metrics;

import java.lang.System.Logger.Level;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import org.jspecify.annotations.Nullable;

/**
 * A registry in which a meter that throws, because of a filter for example, costs that
 * meter alone: it is reported once and left out, the others go on.
 * <p>
 * Used by any thread; holds no lock while it calls the registry.
 */
final class GuardedRegistry {

	final MeterRegistry registry;

	/** Meters that have thrown, written by the threads that used them. */
	private final Set<String> reported = ConcurrentHashMap.newKeySet();

	GuardedRegistry(MeterRegistry registry) {
		this.registry = registry;
	}

	/**
	 * Register a counter, or find it.
	 * @return null if that failed
	 */
	@Nullable Counter counter(String name, Tags tags, String unit, String description) {
		try {
			return Counter.builder(name).tags(tags).baseUnit(unit).description(description).register(this.registry);
		}
		catch (Throwable ex) {
			report(name, ex);
			return null;
		}
	}

	/**
	 * Register a timer, or find it.
	 * @return null if that failed
	 */
	@Nullable Timer timer(String name, Tags tags, String description) {
		try {
			return Timer.builder(name).tags(tags).description(description).register(this.registry);
		}
		catch (Throwable ex) {
			report(name, ex);
			return null;
		}
	}

	/**
	 * Register a gauge. Does nothing if it is registered already.
	 */
	<T> void gauge(String name, Tags tags, @Nullable String unit, String description, T state,
			ToDoubleFunction<T> value) {
		try {
			Gauge.builder(name, state, value)
				.tags(tags)
				.baseUnit(unit)
				.description(description)
				.register(this.registry);
		}
		catch (Throwable ex) {
			report(name, ex);
		}
	}

	void removeGauge(String name, Tags tags) {
		try {
			this.registry.removeByPreFilterId(new Meter.Id(name, tags, null, null, Meter.Type.GAUGE));
		}
		catch (Throwable ex) {
			report(name, ex);
		}
	}

	void increment(@Nullable Counter counter) {
		if (counter != null) {
			try {
				counter.increment();
			}
			catch (Throwable ex) {
				report(counter.getId().getName(), ex);
			}
		}
	}

	void record(@Nullable Timer timer, long nanos) {
		if (timer != null) {
			try {
				timer.record(nanos, TimeUnit.NANOSECONDS);
			}
			catch (Throwable ex) {
				report(timer.getId().getName(), ex);
			}
		}
	}

	private void report(String meter, Throwable failure) {
		if (this.reported.add(meter)) {
			System.getLogger(GroupMetrics.class.getName())
				.log(Level.WARNING, "A meter '" + meter
						+ "' threw and is not counted; the other meters go on. Look at the application's MeterFilter and"
						+ " MeterRegistry beans. This is not reported again", failure);
		}
	}

}
