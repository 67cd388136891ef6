package dev.rungroup.core;

import java.time.Duration;
import java.util.Objects;

/**
 * Durations as nanoseconds that never overflow.
 */
final class Durations {

	private static final Duration MAX = Duration.ofNanos(Long.MAX_VALUE);

	private Durations() {
	}

	static long saturatedNanos(Duration duration) {
		return (duration.compareTo(MAX) >= 0) ? Long.MAX_VALUE : duration.toNanos();
	}

	/**
	 * The moment a time from now, for comparison by subtraction: at most 146 years ahead,
	 * so that no sum overflows.
	 */
	static long after(long now, long nanos) {
		return now + Math.min(nanos, Long.MAX_VALUE / 2);
	}

	static Duration notNegative(Duration duration, String name) {
		if (Objects.requireNonNull(duration, name).isNegative()) {
			throw new IllegalArgumentException(name + " must not be negative, but is " + duration);
		}
		return duration;
	}

	static Duration positive(Duration duration, String name) {
		if (notNegative(duration, name).isZero()) {
			throw new IllegalArgumentException(name + " must be longer than zero");
		}
		return duration;
	}

}
