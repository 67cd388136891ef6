package dev.rungroup.metrics;

import java.lang.System.Logger.Level;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import org.jspecify.annotations.Nullable;

/**
 * A registry that may come late, and in which a meter that throws, because of a filter
 * for example, costs that meter alone: it is reported once and left out, the others go
 * on.
 * <p>
 * Used by any thread; holds no lock while it calls the registry.
 */
final class GuardedRegistry {

	private final Supplier<@Nullable MeterRegistry> registries;

	/** Written once, by the first thread that finds it. */
	private final AtomicReference<@Nullable MeterRegistry> registry = new AtomicReference<>();

	/** Meters that have thrown, written by the threads that used them. */
	private final Set<String> reported = ConcurrentHashMap.newKeySet();

	GuardedRegistry(Supplier<@Nullable MeterRegistry> registries) {
		this.registries = registries;
	}

	/**
	 * Look for the registry until there is one, which may create beans.
	 * @return whether there is one now
	 */
	boolean find() {
		if (!isFound()) {
			MeterRegistry found = this.registries.get();
			if (found != null) {
				this.registry.compareAndSet(null, found);
			}
		}
		return isFound();
	}

	boolean isFound() {
		return this.registry.get() != null;
	}

	/** The registry, when it is found. */
	MeterRegistry get() {
		return Objects.requireNonNull(this.registry.get(), "registry");
	}

	/**
	 * Register a counter, or find it.
	 * @return null if that failed
	 */
	@Nullable Counter counter(String name, Tags tags, String unit, String description) {
		return guarded(name,
				() -> Counter.builder(name).tags(tags).baseUnit(unit).description(description).register(get()));
	}

	/**
	 * Register a timer, or find it.
	 * @return null if that failed
	 */
	@Nullable Timer timer(String name, Tags tags, String description) {
		return guarded(name, () -> Timer.builder(name).tags(tags).description(description).register(get()));
	}

	/** Register a gauge. Does nothing if it is registered already. */
	<T> void gauge(Meter.Id id, T state, ToDoubleFunction<T> value) {
		guarded(id.getName(),
				() -> Gauge.builder(id.getName(), state, value)
					.tags(id.getTags())
					.baseUnit(id.getBaseUnit())
					.description(id.getDescription())
					.register(get()));
	}

	void removeGauge(Meter.Id id) {
		guarded(id.getName(), () -> get().removeByPreFilterId(id));
	}

	private <T extends @Nullable Object> @Nullable T guarded(String meter, Supplier<T> call) {
		try {
			return call.get();
		}
		catch (Throwable ex) {
			report(meter, ex);
			return null;
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
