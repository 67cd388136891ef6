package dev.rungroup.context;

import java.time.Duration;
import java.util.Objects;

import dev.rungroup.core.RestartStrategy;

/**
 * How a {@link GroupLifecycle} runs its group.
 *
 * @param name the group's name, in messages and snapshots
 * @param enabled whether anything is started at all; if not, every actor is disabled
 * @param autoStartup whether the group starts with the context
 * @param startOn when the group starts with the context
 * @param phase the lifecycle phase: lower starts earlier and stops later
 * @param virtualThreads whether members run on virtual threads, where the JVM has them
 * @param gracePeriod how long after its interrupt a member's thread is interrupted as
 * well
 * @param shutdownTimeout how long members have to end before they are abandoned
 * @param strategy who is restarted along with a member
 * @since 0.1.0
 */
public record GroupSettings(String name, boolean enabled, boolean autoStartup, StartOn startOn, int phase,
		boolean virtualThreads, Duration gracePeriod, Duration shutdownTimeout, RestartStrategy strategy) {

	/**
	 * Starts before the web server, stops after in-flight requests are done and before
	 * executors and pools.
	 */
	public static final int DEFAULT_PHASE = Integer.MAX_VALUE - 4096;

	/**
	 * Refuse times that make no sense.
	 */
	public GroupSettings {
		Objects.requireNonNull(name, "name");
		Objects.requireNonNull(startOn, "startOn");
		Objects.requireNonNull(strategy, "strategy");
		if (gracePeriod.isNegative()) {
			throw new IllegalArgumentException("gracePeriod must not be negative, but is " + gracePeriod);
		}
		if (shutdownTimeout.isNegative() || shutdownTimeout.isZero()) {
			throw new IllegalArgumentException("shutdownTimeout must be longer than zero, but is " + shutdownTimeout);
		}
	}

	/**
	 * Return the settings that hold by default.
	 * @return platform threads, started with the context, ten seconds of grace and twenty
	 * to end
	 */
	public static GroupSettings defaults() {
		return new GroupSettings("actors", true, true, StartOn.REFRESH, DEFAULT_PHASE, false, Duration.ofSeconds(10),
				Duration.ofSeconds(20), RestartStrategy.ONE);
	}

	/**
	 * When the group starts with the context.
	 */
	public enum StartOn {

		/** In its phase of the context's refresh. */
		REFRESH,

		/**
		 * When {@link GroupLifecycle#applicationReady()} is called: after all runners
		 * have finished.
		 */
		APPLICATION_READY

	}

}
