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

	private static final Backoff DEFAULT_BACKOFF = Backoff.exponential(Duration.ofSeconds(1), 2.0,
			Duration.ofSeconds(30));

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

	private MemberSettings(Builder builder) {
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
		Builder builder = new Builder();
		builder.onDone = this.onDone;
		builder.onError = this.onError;
		builder.backoff = this.backoff;
		builder.maxRestarts = this.maxRestarts;
		builder.onExhausted = this.onExhausted;
		builder.fatal = this.fatal;
		builder.onStop = this.onStop;
		builder.onStall = this.onStall;
		builder.stage = this.stage;
		builder.initialDelay = this.initialDelay;
		builder.delay = this.delay;
		builder.within = this.within;
		builder.timeout = this.timeout;
		builder.readyTimeout = this.readyTimeout;
		builder.stallAfter = this.stallAfter;
		return builder;
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
	public static final class Builder {

		private Policy onDone = Policy.SHUTDOWN;

		private Policy onError = Policy.SHUTDOWN;

		private Backoff backoff = DEFAULT_BACKOFF;

		private int maxRestarts = -1;

		private Policy onExhausted = Policy.SHUTDOWN;

		private List<Class<? extends Throwable>> fatal = List.of(Error.class);

		private OnStop onStop = OnStop.INTERRUPT;

		private OnStall onStall = OnStall.REPORT;

		private int stage;

		private long initialDelay;

		private long delay;

		private long within;

		private long timeout;

		private long readyTimeout;

		private long stallAfter;

		private Builder() {
		}

		/**
		 * Set what happens when an execution returned.
		 * @param policy the policy
		 * @return this builder
		 */
		public Builder onDone(Policy policy) {
			this.onDone = Objects.requireNonNull(policy, "policy");
			return this;
		}

		/**
		 * Set what happens when an execution failed.
		 * @param policy the policy
		 * @return this builder
		 */
		public Builder onError(Policy policy) {
			this.onError = Objects.requireNonNull(policy, "policy");
			return this;
		}

		/**
		 * Set the pause before the first execution.
		 * @param delay zero or more
		 * @return this builder
		 */
		public Builder initialDelay(Duration delay) {
			this.initialDelay = Durations.saturatedNanos(Durations.notNegative(delay, "initialDelay"));
			return this;
		}

		/**
		 * Set the pause between a normal return and the next execution.
		 * @param delay zero or more
		 * @return this builder
		 */
		public Builder delay(Duration delay) {
			this.delay = Durations.saturatedNanos(Durations.notNegative(delay, "delay"));
			return this;
		}

		/**
		 * Set the pause between a failure and the next execution.
		 * @param backoff the back-off
		 * @return this builder
		 */
		public Builder backoff(Backoff backoff) {
			this.backoff = Objects.requireNonNull(backoff, "backoff");
			return this;
		}

		/**
		 * Set the restart limit.
		 * @param max 0 or more, or -1 for none
		 * @return this builder
		 */
		public Builder maxRestarts(int max) {
			if (max < -1) {
				throw new IllegalArgumentException("maxRestarts must be at least 0, or -1 for no limit, but is " + max);
			}
			this.maxRestarts = max;
			return this;
		}

		/**
		 * Let the restart limit count failures inside a window.
		 * @param window longer than zero; {@code null} to count consecutive failures
		 * @return this builder
		 * @see Member.Builder#within(Duration)
		 */
		public Builder within(@Nullable Duration window) {
			this.within = nanosOrZero(window, "within");
			return this;
		}

		/**
		 * Set what happens when the restart limit is reached.
		 * @param policy SHUTDOWN or DO_NOTHING
		 * @return this builder
		 * @see Member.Builder#onExhausted(Policy)
		 */
		public Builder onExhausted(Policy policy) {
			this.onExhausted = Objects.requireNonNull(policy, "policy");
			return this;
		}

		/**
		 * Set the failures that shut the group down in any case.
		 * @param types the types
		 * @return this builder
		 * @see Member.Builder#fatal(Class[])
		 */
		public Builder fatal(List<Class<? extends Throwable>> types) {
			this.fatal = List.copyOf(types);
			return this;
		}

		/**
		 * Limit the time of one execution.
		 * @param timeout longer than zero; {@code null} for no limit
		 * @return this builder
		 */
		public Builder timeout(@Nullable Duration timeout) {
			this.timeout = nanosOrZero(timeout, "timeout");
			return this;
		}

		/**
		 * Expect the member to say that it is ready within a time.
		 * @param timeout longer than zero; {@code null} to expect nothing
		 * @return this builder
		 * @see Member.Builder#readyTimeout(Duration)
		 */
		public Builder readyTimeout(@Nullable Duration timeout) {
			this.readyTimeout = nanosOrZero(timeout, "readyTimeout");
			return this;
		}

		/**
		 * Set what a stop means without an interrupter.
		 * @param onStop interrupt or finish
		 * @return this builder
		 * @see Member.Builder#onStop(OnStop)
		 */
		public Builder onStop(OnStop onStop) {
			this.onStop = Objects.requireNonNull(onStop, "onStop");
			return this;
		}

		/**
		 * Limit the time without progress.
		 * @param limit longer than zero; {@code null} for no limit
		 * @return this builder
		 */
		public Builder stallAfter(@Nullable Duration limit) {
			this.stallAfter = nanosOrZero(limit, "stallAfter");
			return this;
		}

		/**
		 * Set what happens to a stalled member.
		 * @param onStall what happens
		 * @return this builder
		 */
		public Builder onStall(OnStall onStall) {
			this.onStall = Objects.requireNonNull(onStall, "onStall");
			return this;
		}

		/**
		 * Set the stage.
		 * @param stage the stage
		 * @return this builder
		 */
		public Builder stage(int stage) {
			this.stage = stage;
			return this;
		}

		private static long nanosOrZero(@Nullable Duration duration, String name) {
			return (duration != null) ? Durations.saturatedNanos(Durations.positive(duration, name)) : 0;
		}

		/**
		 * Make the settings. Whether they contradict each other is found out when a
		 * member is built with them.
		 * @return the settings
		 */
		public MemberSettings build() {
			return new MemberSettings(this);
		}

	}

}
