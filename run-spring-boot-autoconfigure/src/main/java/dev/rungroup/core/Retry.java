package dev.rungroup.core;

import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/**
 * Tries again what failed, under the caller's control: the Retry of vslpsl/run. The call
 * itself sees which attempt it is, sets the delay before the next, or stops.
 * <p>
 * Neither an {@link InterruptedException} nor an {@link Error} is tried again. Inside the
 * body of a {@link Member} the pause, and the trying again, end when the member is asked
 * to end. Only the last failure is kept, so retrying for ever holds no memory. Immutable
 * and safe for use by any number of threads at once.
 *
 * @since 0.1.0
 */
public final class Retry {

	private static final Consumer<AttemptOutcome> NO_LISTENER = (outcome) -> {
	};

	private final Backoff backoff;

	/** -1 for no limit. */
	private final int maxRetries;

	private final Consumer<? super AttemptOutcome> listener;

	private final Time time;

	private Retry(Backoff backoff, int maxRetries, Consumer<? super AttemptOutcome> listener, Time time) {
		this.backoff = backoff;
		this.maxRetries = maxRetries;
		this.listener = listener;
		this.time = time;
	}

	/**
	 * Try again at once, for ever; the call sets a delay if it wants one.
	 * @return the retry
	 */
	public static Retry immediately() {
		return with(Backoff.none());
	}

	/**
	 * Try again after a pause, for ever.
	 * @param backoff how long to pause; an attempt that lasted its {@code resetAfter}
	 * begins with no consecutive failures
	 * @return the retry
	 */
	public static Retry with(Backoff backoff) {
		return new Retry(Objects.requireNonNull(backoff, "backoff"), -1, NO_LISTENER, Time.system());
	}

	/**
	 * The same with a limit.
	 * @param max how often to try again after the first attempt: 0 for never, -1 for no
	 * limit
	 * @return the retry
	 */
	public Retry withMaxRetries(int max) {
		if (max < -1) {
			throw new IllegalArgumentException("maxRetries must be at least 0, or -1 for no limit, but is " + max);
		}
		return new Retry(this.backoff, max, this.listener, this.time);
	}

	/**
	 * The same, telling what becomes of each attempt.
	 * @param listener called on the calling thread after each attempt; must not throw
	 * @return the retry
	 */
	public Retry withListener(Consumer<? super AttemptOutcome> listener) {
		return new Retry(this.backoff, this.maxRetries, Objects.requireNonNull(listener, "listener"), this.time);
	}

	/**
	 * The same with another source of time for its pauses. Inside the body of a member
	 * they follow the time of its group in any case.
	 * @param time default: {@link Time#system()}
	 * @return the retry
	 */
	public Retry on(Time time) {
		return new Retry(this.backoff, this.maxRetries, this.listener, Objects.requireNonNull(time, "time"));
	}

	/**
	 * Call until it returns.
	 * @param <T> what it returns
	 * @param call what to try
	 * @return what the call returned
	 * @throws InterruptedException if the thread was interrupted in a pause, or the
	 * member it belongs to was asked to end; the last failure is suppressed
	 * @throws Exception what the last attempt threw, the same instance
	 */
	public <T extends @Nullable Object> T call(Call<T> call) throws Exception {
		Attempts attempts = new Attempts(this);
		while (true) {
			T result;
			try {
				result = call.call(attempts);
			}
			catch (Exception ex) {
				attempts.failed(ex);
				continue;
			}
			this.listener.accept(AttemptOutcome.SUCCESS);
			return result;
		}
	}

	/**
	 * Run until it returns.
	 * @param action what to try
	 * @throws InterruptedException as in {@link #call(Call)}
	 * @throws Exception what the last attempt threw, the same instance
	 */
	public void run(Action action) throws Exception {
		call((attempt) -> {
			action.run(attempt);
			return Boolean.TRUE;
		});
	}

	/**
	 * What became of an attempt.
	 */
	public enum AttemptOutcome {

		/** It returned. */
		SUCCESS,

		/** It failed, and another one follows. */
		RETRIED,

		/** It failed, and no retry is left. */
		EXHAUSTED,

		/** It failed, and none follows: it said so, or a stop or an interrupt came. */
		STOPPED

	}

	/**
	 * What to try, with a result.
	 *
	 * @param <T> the result
	 */
	@FunctionalInterface
	public interface Call<T extends @Nullable Object> {

		/**
		 * Try.
		 * @param attempt which attempt this is, and what is to follow
		 * @return the result
		 * @throws Exception to be called again
		 */
		T call(Attempt attempt) throws Exception;

	}

	/**
	 * What to try.
	 */
	@FunctionalInterface
	public interface Action {

		/**
		 * Try.
		 * @param attempt which attempt this is, and what is to follow
		 * @throws Exception to be called again
		 */
		void run(Attempt attempt) throws Exception;

	}

	/**
	 * One attempt: the Retrier of vslpsl/run. To be used by the thread that tries.
	 */
	public interface Attempt {

		/**
		 * Return which attempt this is.
		 * @return 1 for the first
		 */
		int iteration();

		/**
		 * Set the pause before the next attempt, if this one fails, in place of the
		 * back-off.
		 * @param delay the pause
		 * @throws IllegalArgumentException if it is negative; that is not tried again
		 */
		void setDelay(Duration delay);

		/**
		 * Do not try again if this attempt fails.
		 */
		void stop();

		/**
		 * Return what the attempt before this one threw.
		 * @return the failure, {@code null} in the first attempt
		 */
		@Nullable Throwable lastFailure();

	}

	/**
	 * The attempts of one call. Used by the calling thread alone.
	 */
	private static final class Attempts implements Attempt {

		private final Retry retry;

		private int iteration = 1;

		/** Failures since an attempt that lasted long enough. */
		private int consecutive;

		private long startedAt;

		private @Nullable Duration delay;

		private boolean stopped;

		private @Nullable Throwable lastFailure;

		Attempts(Retry retry) {
			this.retry = retry;
		}

		/**
		 * Prepare the next attempt, or throw.
		 */
		void failed(Exception failure) throws Exception {
			if (failure instanceof InterruptedException || this.stopped) {
				this.retry.listener.accept(AttemptOutcome.STOPPED);
				throw failure;
			}
			if (this.retry.maxRetries >= 0 && this.iteration > this.retry.maxRetries) {
				this.retry.listener.accept(AttemptOutcome.EXHAUSTED);
				throw failure;
			}
			if (!sleep(pause())) {
				this.retry.listener.accept(AttemptOutcome.STOPPED);
				InterruptedException interrupted = new InterruptedException(
						"Interrupted before retry " + this.iteration + " of a failed call");
				interrupted.addSuppressed(failure);
				throw interrupted;
			}
			this.retry.listener.accept(AttemptOutcome.RETRIED);
			this.lastFailure = failure;
			this.delay = null;
			if (this.iteration < Integer.MAX_VALUE) {
				this.iteration++;
			}
		}

		private long pause() {
			if (this.retry.backoff.delay().isZero() && this.retry.backoff.jitter().isZero()) {
				return (this.delay != null) ? Durations.saturatedNanos(this.delay) : 0;
			}
			long now = time().nanoTime();
			boolean wasHealthy = this.consecutive > 0
					&& now - this.startedAt >= Durations.saturatedNanos(this.retry.backoff.resetAfter());
			this.consecutive = (wasHealthy) ? 1 : (int) Math.min(Integer.MAX_VALUE, this.consecutive + 1L);
			return (this.delay != null) ? Durations.saturatedNanos(this.delay)
					: this.retry.backoff.nanosFor(this.consecutive, time());
		}

		/**
		 * The time of the member whose body tries, or else the retry's own.
		 */
		private Time time() {
			MemberThread member = CurrentMember.get();
			return (member != null && member.isCurrent()) ? member.group().time : this.retry.time;
		}

		/**
		 * @return false if an interrupt or the member's stop came
		 */
		private boolean sleep(long nanos) {
			MemberThread member = CurrentMember.get();
			boolean slept;
			try {
				slept = (member != null && member.isCurrent()) ? Execution.sleep(member, nanos, member::isWaitOver)
						: park(nanos);
			}
			catch (InterruptedException ex) {
				slept = false;
			}
			if (this.consecutive > 0) {
				this.startedAt = time().nanoTime();
			}
			return slept;
		}

		private boolean park(long nanos) {
			Time time = this.retry.time;
			// The clock is not asked for a pause of nothing
			long until = (nanos > 0) ? Durations.after(time.nanoTime(), nanos) : 0;
			for (long left = nanos; left > 0; left = until - time.nanoTime()) {
				if (Thread.interrupted()) {
					return false;
				}
				time.park(this.retry, left);
			}
			return !Thread.interrupted();
		}

		@Override
		public int iteration() {
			return this.iteration;
		}

		@Override
		public void setDelay(Duration delay) {
			if (delay.isNegative()) {
				// Not to be tried again: it would go on for ever, without a pause
				this.stopped = true;
			}
			this.delay = Durations.notNegative(delay, "delay");
		}

		@Override
		public void stop() {
			this.stopped = true;
		}

		@Override
		public @Nullable Throwable lastFailure() {
			return this.lastFailure;
		}

	}

}
