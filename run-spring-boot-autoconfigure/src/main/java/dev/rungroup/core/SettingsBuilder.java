package dev.rungroup.core;

import java.time.Duration;
import java.util.List;
import java.util.Objects;

import org.jspecify.annotations.Nullable;

/**
 * When a member is executed, for how long at most, and what follows: what
 * {@link Member.Builder} and {@link MemberSettings.Builder} have in common. Setting one
 * value never changes another. Not safe for use by several threads at once.
 *
 * @param <B> the builder
 * @since 0.1.0
 */
public abstract sealed class SettingsBuilder<B extends SettingsBuilder<B>>
		permits Member.Builder, MemberSettings.Builder {

	private static final Backoff DEFAULT_BACKOFF = Backoff.exponential(Duration.ofSeconds(1), 2.0,
			Duration.ofSeconds(30));

	Policy onDone = Policy.SHUTDOWN;

	Policy onError = Policy.SHUTDOWN;

	Backoff backoff = DEFAULT_BACKOFF;

	int maxRestarts = -1;

	Policy onExhausted = Policy.SHUTDOWN;

	List<Class<? extends Throwable>> fatal = List.of(Error.class);

	OnStop onStop = OnStop.INTERRUPT;

	OnStall onStall = OnStall.REPORT;

	int stage;

	long initialDelay;

	long delay;

	long within;

	long timeout;

	long readyTimeout;

	long stallAfter;

	private boolean changed;

	SettingsBuilder() {
	}

	abstract B self();

	private B changed() {
		this.changed = true;
		return self();
	}

	/**
	 * The settings. Very many members share the default.
	 */
	final MemberSettings settings() {
		return (this.changed) ? new MemberSettings(this) : MemberSettings.DEFAULT;
	}

	final B copy(MemberSettings settings) {
		this.onDone = settings.onDone;
		this.onError = settings.onError;
		this.backoff = settings.backoff;
		this.maxRestarts = settings.maxRestarts;
		this.onExhausted = settings.onExhausted;
		this.fatal = settings.fatal;
		this.onStop = settings.onStop;
		this.onStall = settings.onStall;
		this.stage = settings.stage;
		this.initialDelay = settings.initialDelay;
		this.delay = settings.delay;
		this.within = settings.within;
		this.timeout = settings.timeout;
		this.readyTimeout = settings.readyTimeout;
		this.stallAfter = settings.stallAfter;
		return changed();
	}

	/**
	 * Set what happens when an execution returned.
	 * @param policy default: {@link Policy#SHUTDOWN}
	 * @return this builder
	 */
	public final B onDone(Policy policy) {
		this.onDone = Objects.requireNonNull(policy, "policy");
		return changed();
	}

	/**
	 * Set what happens when an execution failed.
	 * @param policy default: {@link Policy#SHUTDOWN}
	 * @return this builder
	 */
	public final B onError(Policy policy) {
		this.onError = Objects.requireNonNull(policy, "policy");
		return changed();
	}

	/**
	 * Set the pause before the first execution.
	 * @param delay default: none
	 * @return this builder
	 */
	public final B initialDelay(Duration delay) {
		this.initialDelay = Durations.saturatedNanos(Durations.notNegative(delay, "initialDelay"));
		return changed();
	}

	/**
	 * Set the pause between a normal return and the next execution.
	 * @param delay default: none
	 * @return this builder
	 */
	public final B delay(Duration delay) {
		this.delay = Durations.saturatedNanos(Durations.notNegative(delay, "delay"));
		return changed();
	}

	/**
	 * Set the pause between a failure and the next execution.
	 * @param backoff default: one second, doubled for each further failure in a row, at
	 * most 30 seconds
	 * @return this builder
	 */
	public final B backoff(Backoff backoff) {
		this.backoff = Objects.requireNonNull(backoff, "backoff");
		return changed();
	}

	/**
	 * Set how many restarts after failures are allowed; the first execution does not
	 * count. Without {@link #within(Duration)} it limits failures in a row.
	 * @param max 0 or more, or -1 for no limit, which is the default
	 * @return this builder
	 */
	public final B maxRestarts(int max) {
		if (max < -1) {
			throw new IllegalArgumentException("maxRestarts must be at least 0, or -1 for no limit, but is " + max);
		}
		this.maxRestarts = max;
		return changed();
	}

	/**
	 * Let the restart limit of {@link #maxRestarts(int)} count failures inside a window
	 * of time that ends now, in place of failures in a row.
	 * @param window longer than zero; default, or {@code null}: failures in a row
	 * @return this builder
	 */
	public final B within(@Nullable Duration window) {
		this.within = nanosOrZero(window, "within");
		return changed();
	}

	/**
	 * Set what happens when the restart limit is reached.
	 * @param policy {@link Policy#SHUTDOWN}, which is the default, or
	 * {@link Policy#DO_NOTHING}
	 * @return this builder
	 */
	public final B onExhausted(Policy policy) {
		this.onExhausted = Objects.requireNonNull(policy, "policy");
		return changed();
	}

	/**
	 * Limit the time of one execution. One that takes longer is interrupted and has
	 * failed with a {@link java.util.concurrent.TimeoutException}.
	 * @param timeout longer than zero; default, or {@code null}: no limit
	 * @return this builder
	 */
	public final B timeout(@Nullable Duration timeout) {
		this.timeout = nanosOrZero(timeout, "timeout");
		return changed();
	}

	/**
	 * Expect the body to call {@link MemberContext#ready()} within this time, counted
	 * from its first execution and again from its first after a failure. If it does not,
	 * the execution that goes on then is interrupted and has failed with a
	 * {@link java.util.concurrent.TimeoutException}; so has one that returns unannounced
	 * if the next, after the delay, would come too late. The next stage starts when every
	 * such member of this one is ready.
	 * @param timeout longer than zero; default, or {@code null}: it need not be said
	 * @return this builder
	 */
	public final B readyTimeout(@Nullable Duration timeout) {
		this.readyTimeout = nanosOrZero(timeout, "readyTimeout");
		return changed();
	}

	/**
	 * Set what the member gets at a stop when it has no interrupter of its own.
	 * @param onStop default: {@link OnStop#INTERRUPT}
	 * @return this builder
	 */
	public final B onStop(OnStop onStop) {
		this.onStop = Objects.requireNonNull(onStop, "onStop");
		return changed();
	}

	/**
	 * Limit the time without progress: since an execution began or ended, or sent a
	 * {@linkplain MemberContext#heartbeat() heartbeat}. A pause of the whole JVM does not
	 * count.
	 * @param limit longer than zero; default, or {@code null}: no limit
	 * @return this builder
	 */
	public final B stallAfter(@Nullable Duration limit) {
		this.stallAfter = nanosOrZero(limit, "stallAfter");
		return changed();
	}

	/**
	 * Set what happens when the member makes no progress for longer than
	 * {@link #stallAfter(Duration)}. {@link GroupListener#memberStalled} is called in any
	 * case.
	 * @param onStall default: {@link OnStall#REPORT}
	 * @return this builder
	 */
	public final B onStall(OnStall onStall) {
		this.onStall = Objects.requireNonNull(onStall, "onStall");
		return changed();
	}

	/**
	 * Set the stage: a lower one starts earlier and stops later.
	 * @param stage default: 0
	 * @return this builder
	 */
	public final B stage(int stage) {
		this.stage = stage;
		return changed();
	}

	/**
	 * Set the failures that shut the group down whatever {@link #onError(Policy)} says.
	 * Replaces what was set before.
	 * @param types default: {@link Error}; none at all for no fatal failures
	 * @return this builder
	 */
	public final B fatal(List<Class<? extends Throwable>> types) {
		this.fatal = List.copyOf(types);
		return changed();
	}

	private static long nanosOrZero(@Nullable Duration duration, String name) {
		return (duration != null) ? Durations.saturatedNanos(Durations.positive(duration, name)) : 0;
	}

}
