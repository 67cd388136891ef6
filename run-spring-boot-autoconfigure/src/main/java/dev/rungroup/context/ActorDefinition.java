package dev.rungroup.context;

import java.lang.reflect.Method;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

import dev.rungroup.core.Backoff;
import dev.rungroup.core.OnStall;
import dev.rungroup.core.Policy;
import org.jspecify.annotations.Nullable;

/**
 * What one annotated bean or method declares, as typed and resolved values: nothing later
 * reads the annotation. {@link #mutate()} gives a changed copy.
 *
 * @param name the actor's name
 * @param beanName name of the bean it is declared on
 * @param execute the method that is the body, {@code null} if the bean itself is one (a
 * {@code Runnable}, say)
 * @param interrupt the method that makes the body return, {@code null} to interrupt its
 * thread
 * @param failureHandlers the methods that hear its failures
 * @param enabled whether it is started at all
 * @param concurrency how many members it becomes: at least 1
 * @param onDone what happens when an execution returned
 * @param onError what happens when an execution failed
 * @param initialDelay pause before the first execution
 * @param delay pause between a normal return and the next execution
 * @param backoff pause between a failure and the next execution
 * @param maxRestarts how many restarts after failures are allowed, -1 for no limit
 * @param within window in which failures count against {@code maxRestarts}, {@code null}
 * to count failures in a row
 * @param onExhausted what happens when {@code maxRestarts} is spent
 * @param fatal failures that shut the group down whatever {@code onError} says
 * @param timeout limit for one execution, {@code null} for none
 * @param readyTimeout time in which it announces that it is up, {@code null} if it does
 * not
 * @param stage lower starts first and stops last
 * @param required whether the application can do its work only while this actor does
 * @param stallAfter time without progress after which it is stalled, {@code null} to not
 * look
 * @param onStall what happens when it is stalled
 * @since 0.1.0
 */
public record ActorDefinition(String name, String beanName, @Nullable Method execute, @Nullable Method interrupt,
		List<Method> failureHandlers, boolean enabled, int concurrency, Policy onDone, Policy onError,
		Duration initialDelay, Duration delay, Backoff backoff, int maxRestarts, @Nullable Duration within,
		Policy onExhausted, List<Class<? extends Throwable>> fatal, @Nullable Duration timeout,
		@Nullable Duration readyTimeout, int stage, boolean required, @Nullable Duration stallAfter, OnStall onStall) {

	/** More members of one actor than this are taken for a mistake. */
	public static final int MAX_CONCURRENCY = 10_000;

	/** The defaults of {@code run.retry}. */
	static final Backoff DEFAULT_BACKOFF = Backoff.exponential(Duration.ofSeconds(1), 2.0, Duration.ofSeconds(30))
		.withJitter(Duration.ofMillis(100))
		.withResetAfter(Duration.ofMinutes(1));

	/**
	 * Copy what could change.
	 */
	public ActorDefinition {
		failureHandlers = List.copyOf(failureHandlers);
		fatal = List.copyOf(fatal);
	}

	/**
	 * Return the names of the members that this actor becomes.
	 * @return its own name, or {@code name-1} to {@code name-n} if its concurrency is
	 * more than one
	 */
	public List<String> memberNames() {
		return (this.concurrency == 1) ? List.of(this.name)
				: IntStream.rangeClosed(1, this.concurrency).mapToObj((i) -> this.name + "-" + i).toList();
	}

	/**
	 * Begin a changed copy. Its place, which is name, bean and methods, stays as it is.
	 * @return a builder with the values of this definition
	 */
	public Builder mutate() {
		return new Builder(this);
	}

	/**
	 * Where it is declared, for messages.
	 */
	String place() {
		return "Actor '" + this.name + "' (bean '" + this.beanName + "'"
				+ ((this.execute != null) ? ", method " + ActorMethods.describe(this.execute) : "") + ")";
	}

	/**
	 * Changes the values of an {@link ActorDefinition}. Setting one value never changes
	 * another.
	 */
	public static final class Builder {

		private final ActorDefinition origin;

		private boolean enabled;

		private int concurrency;

		private Policy onDone;

		private Policy onError;

		private Duration initialDelay;

		private Duration delay;

		private Backoff backoff;

		private int maxRestarts;

		private @Nullable Duration within;

		private Policy onExhausted;

		private List<Class<? extends Throwable>> fatal;

		private @Nullable Duration timeout;

		private @Nullable Duration readyTimeout;

		private int stage;

		private boolean required;

		private @Nullable Duration stallAfter;

		private OnStall onStall;

		private Builder(ActorDefinition origin) {
			this.origin = origin;
			this.enabled = origin.enabled;
			this.concurrency = origin.concurrency;
			this.onDone = origin.onDone;
			this.onError = origin.onError;
			this.initialDelay = origin.initialDelay;
			this.delay = origin.delay;
			this.backoff = origin.backoff;
			this.maxRestarts = origin.maxRestarts;
			this.within = origin.within;
			this.onExhausted = origin.onExhausted;
			this.fatal = origin.fatal;
			this.timeout = origin.timeout;
			this.readyTimeout = origin.readyTimeout;
			this.stage = origin.stage;
			this.required = origin.required;
			this.stallAfter = origin.stallAfter;
			this.onStall = origin.onStall;
		}

		/**
		 * Set whether the actor is started at all.
		 * @param enabled whether to start it
		 * @return this builder
		 */
		public Builder enabled(boolean enabled) {
			this.enabled = enabled;
			return this;
		}

		/**
		 * Set how many members the actor becomes.
		 * @param concurrency from 1 to {@link ActorDefinition#MAX_CONCURRENCY}
		 * @return this builder
		 */
		public Builder concurrency(int concurrency) {
			this.concurrency = concurrency;
			return this;
		}

		/**
		 * Set what happens when an execution returned.
		 * @param policy the policy
		 * @return this builder
		 */
		public Builder onDone(Policy policy) {
			this.onDone = policy;
			return this;
		}

		/**
		 * Set what happens when an execution failed.
		 * @param policy the policy
		 * @return this builder
		 */
		public Builder onError(Policy policy) {
			this.onError = policy;
			return this;
		}

		/**
		 * Set the pause before the first execution.
		 * @param initialDelay the pause
		 * @return this builder
		 */
		public Builder initialDelay(Duration initialDelay) {
			this.initialDelay = initialDelay;
			return this;
		}

		/**
		 * Set the pause between a normal return and the next execution.
		 * @param delay the pause
		 * @return this builder
		 */
		public Builder delay(Duration delay) {
			this.delay = delay;
			return this;
		}

		/**
		 * Set the pause between a failure and the next execution.
		 * @param backoff the back-off
		 * @return this builder
		 */
		public Builder backoff(Backoff backoff) {
			this.backoff = backoff;
			return this;
		}

		/**
		 * Set how many restarts after failures are allowed.
		 * @param maxRestarts 0 or more, or -1 for no limit
		 * @return this builder
		 */
		public Builder maxRestarts(int maxRestarts) {
			this.maxRestarts = maxRestarts;
			return this;
		}

		/**
		 * Set the window in which failures count against the budget.
		 * @param within the window, {@code null} to count failures in a row
		 * @return this builder
		 */
		public Builder within(@Nullable Duration within) {
			this.within = within;
			return this;
		}

		/**
		 * Set what happens when the budget is spent.
		 * @param policy SHUTDOWN or DO_NOTHING
		 * @return this builder
		 */
		public Builder onExhausted(Policy policy) {
			this.onExhausted = policy;
			return this;
		}

		/**
		 * Set the failures that shut the group down whatever the policy says.
		 * @param fatal the types
		 * @return this builder
		 */
		public Builder fatal(List<Class<? extends Throwable>> fatal) {
			this.fatal = fatal;
			return this;
		}

		/**
		 * Set the limit for one execution.
		 * @param timeout the limit, {@code null} for none
		 * @return this builder
		 */
		public Builder timeout(@Nullable Duration timeout) {
			this.timeout = timeout;
			return this;
		}

		/**
		 * Set the time in which the actor announces that it is up.
		 * @param readyTimeout the time, {@code null} if it does not announce it
		 * @return this builder
		 */
		public Builder readyTimeout(@Nullable Duration readyTimeout) {
			this.readyTimeout = readyTimeout;
			return this;
		}

		/**
		 * Set the stage.
		 * @param stage lower starts first and stops last
		 * @return this builder
		 */
		public Builder stage(int stage) {
			this.stage = stage;
			return this;
		}

		/**
		 * Set whether the application can do its work only while this actor does. Decides
		 * about health and availability, not about the group.
		 * @param required whether it is required
		 * @return this builder
		 */
		public Builder required(boolean required) {
			this.required = required;
			return this;
		}

		/**
		 * Set the time without progress after which the actor is stalled.
		 * @param stallAfter the time, {@code null} to not look
		 * @return this builder
		 */
		public Builder stallAfter(@Nullable Duration stallAfter) {
			this.stallAfter = stallAfter;
			return this;
		}

		/**
		 * Set what happens when the actor is stalled.
		 * @param onStall what happens
		 * @return this builder
		 */
		public Builder onStall(OnStall onStall) {
			this.onStall = onStall;
			return this;
		}

		/**
		 * Make the definition. Contradictions are found when the group is assembled.
		 * @return the changed copy
		 */
		public ActorDefinition build() {
			return new ActorDefinition(this.origin.name, this.origin.beanName, this.origin.execute,
					this.origin.interrupt, this.origin.failureHandlers, this.enabled, this.concurrency, this.onDone,
					this.onError, this.initialDelay, this.delay, this.backoff, this.maxRestarts, this.within,
					this.onExhausted, this.fatal, this.timeout, this.readyTimeout, this.stage, this.required,
					this.stallAfter, this.onStall);
		}

	}

}
