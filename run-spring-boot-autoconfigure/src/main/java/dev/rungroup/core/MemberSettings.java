package dev.rungroup.core;

import java.time.Duration;
import java.util.List;
import java.util.Objects;

import org.jspecify.annotations.Nullable;

/**
 * When a member is executed, for how long at most, and what follows an execution that was
 * not asked to end: everything about a {@link Member} but its name and its code.
 * Immutable; members may share one. {@link Member.Builder} describes each setting.
 *
 * @since 0.1.0
 */
public final class MemberSettings {

	static final MemberSettings DEFAULT = new MemberSettings(new Builder());

	final Policy onDone;

	final Policy onError;

	final Backoff backoff;

	final int maxRestarts;

	final Policy onExhausted;

	final List<Class<? extends Throwable>> fatal;

	final OnStop onStop;

	final OnStall onStall;

	final int stage;

	// Nanoseconds; 0 means none

	final long initialDelay;

	final long delay;

	/** 0: the restart limit counts consecutive failures. */
	final long within;

	final long timeout;

	final long readyTimeout;

	final long stallAfter;

	MemberSettings(SettingsBuilder<?> builder) {
		this.onDone = builder.onDone;
		this.onError = builder.onError;
		this.backoff = builder.backoff;
		this.maxRestarts = builder.maxRestarts;
		this.onExhausted = builder.onExhausted;
		this.fatal = builder.fatal;
		this.onStop = builder.onStop;
		this.onStall = builder.onStall;
		this.stage = builder.stage;
		this.initialDelay = builder.initialDelay;
		this.delay = builder.delay;
		this.within = builder.within;
		this.timeout = builder.timeout;
		this.readyTimeout = builder.readyTimeout;
		this.stallAfter = builder.stallAfter;
	}

	/**
	 * Begin with the defaults.
	 * @return a builder
	 */
	public static Builder builder() {
		return new Builder();
	}

	/**
	 * Begin with these settings.
	 * @return a builder, which changes nothing here
	 */
	public Builder toBuilder() {
		return new Builder().copy(this);
	}

	/**
	 * Return what happens when an execution returned.
	 * @return the policy
	 */
	public Policy onDone() {
		return this.onDone;
	}

	/**
	 * Return what happens when an execution failed.
	 * @return the policy
	 */
	public Policy onError() {
		return this.onError;
	}

	/**
	 * Return the pause between a failure and the next execution.
	 * @return the back-off
	 */
	public Backoff backoff() {
		return this.backoff;
	}

	/**
	 * Return how many restarts are allowed.
	 * @return the restart limit, -1 for none
	 */
	public int maxRestarts() {
		return this.maxRestarts;
	}

	/**
	 * Return in which window of time the restart limit counts failures.
	 * @return the window, {@code null} if it counts consecutive failures
	 */
	public @Nullable Duration within() {
		return (this.within > 0) ? Duration.ofNanos(this.within) : null;
	}

	/**
	 * Return which stage the member starts and stops with.
	 * @return the stage
	 */
	public int stage() {
		return this.stage;
	}

	/**
	 * Return the pause between a normal return and the next execution.
	 * @return the delay, possibly zero
	 */
	public Duration delay() {
		return Duration.ofNanos(this.delay);
	}

	/**
	 * Return how long the member may make no progress.
	 * @return the limit, {@code null} for none
	 */
	public @Nullable Duration stallAfter() {
		return (this.stallAfter > 0) ? Duration.ofNanos(this.stallAfter) : null;
	}

	/**
	 * Return what happens when it makes no progress for longer than that.
	 * @return what happens
	 */
	public OnStall onStall() {
		return this.onStall;
	}

	/**
	 * Return which failures shut the group down in any case.
	 * @return the types
	 */
	public List<Class<? extends Throwable>> fatal() {
		return this.fatal;
	}

	/**
	 * Refuse what contradicts itself.
	 * @throws IllegalStateException if something does
	 */
	MemberSettings check() {
		if (this.onExhausted == Policy.RESTART) {
			throw new IllegalStateException("onExhausted(RESTART), but a reached restart limit allows no restart:"
					+ " use SHUTDOWN or DO_NOTHING");
		}
		if (this.within > 0 && this.maxRestarts < 0) {
			throw new IllegalStateException(
					"within(" + Duration.ofNanos(this.within) + ") but no maxRestarts(...) to count inside it");
		}
		return this;
	}

	/**
	 * Whether the supervisor has to look after the time of the member's executions.
	 */
	boolean isLimited() {
		return this.timeout > 0 || this.readyTimeout > 0 || this.stallAfter > 0;
	}

	/**
	 * Whether the member is executed again and again.
	 */
	boolean isLoop() {
		return this.onDone == Policy.RESTART;
	}

	/**
	 * The same for a member that is executed again and again.
	 */
	MemberSettings looping() {
		return toBuilder().onDone(Policy.RESTART).onError(Policy.RESTART).build();
	}

	/**
	 * Changes settings, each without changing another; {@link Member.Builder} says more
	 * about each. Not safe for use by several threads at once.
	 */
	public static final class Builder extends SettingsBuilder<Builder> {

		private Builder() {
		}

		/**
		 * Make the settings. Whether they contradict each other is found out when a
		 * member is built with them.
		 * @return the settings
		 */
		public MemberSettings build() {
			return settings();
		}

		@Override
		Builder self() {
			return this;
		}

	}

}
