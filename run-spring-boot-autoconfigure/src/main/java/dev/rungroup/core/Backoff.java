package dev.rungroup.core;

import java.time.Duration;

/**
 * How long to pause after a failure: a first delay that grows with every further failure
 * in a row, up to a limit, spread by a jitter.
 *
 * @param delay pause after the first failure
 * @param multiplier what the pause is multiplied by for each further failure; at least 1
 * @param maxDelay what the pause never exceeds
 * @param jitter by how much the pause may be shorter or longer, at random; spreads
 * members that failed together
 * @param resetAfter an execution that lasted at least this long starts the row of
 * failures anew
 * @since 0.1.0
 */
public record Backoff(Duration delay, double multiplier, Duration maxDelay, Duration jitter, Duration resetAfter) {

	private static final Duration DEFAULT_RESET_AFTER = Duration.ofMinutes(1);

	/** Longer than any process lives; keeps nanoseconds within a long. */
	private static final Duration UNLIMITED = Duration.ofNanos(Long.MAX_VALUE);

	/**
	 * Refuse what makes no pause: negative durations, a multiplier below 1.
	 */
	public Backoff {
		Durations.notNegative(delay, "delay");
		Durations.notNegative(maxDelay, "maxDelay");
		Durations.notNegative(jitter, "jitter");
		Durations.notNegative(resetAfter, "resetAfter");
		if (!(multiplier >= 1.0) || Double.isInfinite(multiplier)) {
			throw new IllegalArgumentException("multiplier must be a number of at least 1, but is " + multiplier);
		}
	}

	/**
	 * No pause at all. A member that fails every time then spins.
	 * @return the back-off
	 */
	public static Backoff none() {
		return fixed(Duration.ZERO);
	}

	/**
	 * The same pause after every failure.
	 * @param delay the pause
	 * @return the back-off
	 */
	public static Backoff fixed(Duration delay) {
		return new Backoff(delay, 1.0, UNLIMITED, Duration.ZERO, DEFAULT_RESET_AFTER);
	}

	/**
	 * A pause that grows with every failure in a row.
	 * @param delay pause after the first failure
	 * @param multiplier growth for each further failure; at least 1
	 * @param maxDelay what the pause never exceeds
	 * @return the back-off
	 */
	public static Backoff exponential(Duration delay, double multiplier, Duration maxDelay) {
		return new Backoff(delay, multiplier, maxDelay, Duration.ZERO, DEFAULT_RESET_AFTER);
	}

	/**
	 * The same with another jitter.
	 * @param jitter by how much a pause may be shorter or longer
	 * @return the back-off
	 */
	public Backoff withJitter(Duration jitter) {
		return new Backoff(this.delay, this.multiplier, this.maxDelay, jitter, this.resetAfter);
	}

	/**
	 * The same with another time after which an execution counts as healthy.
	 * @param healthy how long an execution lasts to end a row of consecutive failures
	 * @return the back-off
	 */
	public Backoff withResetAfter(Duration healthy) {
		return new Backoff(this.delay, this.multiplier, this.maxDelay, this.jitter, healthy);
	}

	/**
	 * Return how long to pause now; with a jitter each call gives another answer.
	 * @param failuresInARow how many executions have failed since the last healthy one: 1
	 * for the first failure
	 * @return the pause, between zero and {@code maxDelay}
	 */
	public Duration delayFor(int failuresInARow) {
		return Duration.ofNanos(nanosFor(failuresInARow, Time.system()));
	}

	long nanosFor(int failuresInARow, Time time) {
		long max = Durations.saturatedNanos(this.maxDelay);
		double grown = Durations.saturatedNanos(this.delay);
		if (grown > 0) {
			grown *= Math.pow(this.multiplier, Math.max(1, failuresInARow) - 1);
		}
		// The limit itself and not its nearest double, which may be above it
		long pause = (grown >= max) ? max : (long) grown;
		if (!this.jitter.isZero()) {
			long spread = Math.min(Durations.saturatedNanos(this.jitter), Long.MAX_VALUE / 4);
			long random = time.jitter(spread);
			pause = (random > 0 && pause > max - random) ? max : pause + random;
		}
		return Math.max(0, Math.min(max, pause));
	}

}
