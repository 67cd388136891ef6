package dev.rungroup.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

import org.jspecify.annotations.Nullable;

/**
 * What a {@link Group} runs: a body, an interrupter, failure handlers and the rules of
 * its restarts. An <em>actor</em> in oklog/run and vslpsl/run, a <em>routine</em> in
 * rutina. Immutable: one member may be added to several groups.
 *
 * @since 0.1.0
 */
public final class Member {

	private static final Backoff DEFAULT_BACKOFF = Backoff.exponential(Duration.ofSeconds(1), 2.0,
			Duration.ofSeconds(30));

	private static final List<Class<? extends Throwable>> DEFAULT_FATAL = List.of(Error.class);

	/** The rules of a builder that was told nothing else. */
	private static final Rules DEFAULT_RULES = rules(new Builder("any"));

	final String name;

	/** The work, if it does not want its context; otherwise that is the body. */
	final @Nullable Task task;

	final @Nullable Body body;

	/** Null means: interrupt the member's thread. */
	final @Nullable Interrupter interrupter;

	final List<Consumer<? super Throwable>> failureHandlers;

	final Rules rules;

	final int stage;

	private Member(Builder builder) {
		this.name = builder.name;
		this.task = builder.task;
		this.body = builder.body;
		this.interrupter = builder.interrupter;
		this.failureHandlers = List.copyOf(builder.failureHandlers);
		this.rules = (builder.hasDefaultRules()) ? DEFAULT_RULES : rules(builder);
		this.stage = builder.stage;
	}

	private Member(Member member, @Nullable Task task, @Nullable Body body, Rules rules) {
		this.name = member.name;
		this.task = task;
		this.body = body;
		this.interrupter = member.interrupter;
		this.failureHandlers = member.failureHandlers;
		this.rules = rules;
		this.stage = member.stage;
	}

	private static Rules rules(Builder builder) {
		return new Rules(builder.onDone, builder.onError, Durations.saturatedNanos(builder.initialDelay),
				Durations.saturatedNanos(builder.delay), builder.backoff, builder.maxRestarts,
				nanosOrZero(builder.within), builder.onExhausted, builder.fatal, nanosOrZero(builder.timeout),
				nanosOrZero(builder.readyTimeout));
	}

	private static long nanosOrZero(@Nullable Duration duration) {
		return (duration != null) ? Durations.saturatedNanos(duration) : 0;
	}

	/**
	 * Begin to describe a member.
	 * @param name its name: unique in its group, in thread names, logs and meters
	 * @return a builder
	 */
	public static Builder named(String name) {
		return new Builder(name);
	}

	/**
	 * Return the member's name.
	 * @return the name
	 */
	public String name() {
		return this.name;
	}

	/**
	 * The same member, executed again and again.
	 */
	Member looping() {
		return new Member(this, this.task, this.body, this.rules.looping());
	}

	/**
	 * Return the same member with something around its body: a measurement, a context.
	 * @param wrapper makes the new body of the old one
	 * @return the changed copy
	 */
	public Member withBody(UnaryOperator<Body> wrapper) {
		Task task = this.task;
		Body inner = (task != null) ? (context) -> task.run() : Objects.requireNonNull(this.body);
		return new Member(this, null, Objects.requireNonNull(wrapper.apply(inner), "body"), this.rules);
	}

	@Override
	public String toString() {
		return "Member '" + this.name + "'";
	}

	/**
	 * Describes a {@link Member}. Setting one value never changes another. Not safe for
	 * use by several threads at once.
	 */
	public static final class Builder {

		private final String name;

		private @Nullable Task task;

		private @Nullable Body body;

		private boolean bodyGivenTwice;

		private @Nullable Interrupter interrupter;

		private final List<Consumer<? super Throwable>> failureHandlers = new ArrayList<>();

		private Policy onDone = Policy.SHUTDOWN;

		private Policy onError = Policy.SHUTDOWN;

		private Duration initialDelay = Duration.ZERO;

		private Duration delay = Duration.ZERO;

		private Backoff backoff = DEFAULT_BACKOFF;

		private int maxRestarts = -1;

		private @Nullable Duration within;

		private Policy onExhausted = Policy.SHUTDOWN;

		private List<Class<? extends Throwable>> fatal = DEFAULT_FATAL;

		private @Nullable Duration timeout;

		private @Nullable Duration readyTimeout;

		private int stage;

		private Builder(String name) {
			if (Objects.requireNonNull(name, "name").isBlank()) {
				throw new IllegalArgumentException("A member's name must not be blank");
			}
			this.name = name;
		}

		/**
		 * Set what the member does.
		 * @param task the work
		 * @return this builder
		 */
		public Builder execute(Task task) {
			noteBody();
			this.task = Objects.requireNonNull(task, "task");
			return this;
		}

		/**
		 * Set what the member does, for work that wants its {@link MemberContext}.
		 * @param body the work
		 * @return this builder
		 */
		public Builder execute(Body body) {
			noteBody();
			this.body = Objects.requireNonNull(body, "body");
			return this;
		}

		private void noteBody() {
			this.bodyGivenTwice |= this.task != null || this.body != null;
		}

		/**
		 * Set what makes the body return. Without one the member's thread is interrupted
		 * while the body runs.
		 * @param interrupter called once when the member is to end
		 * @return this builder
		 */
		public Builder interrupt(Interrupter interrupter) {
			this.interrupter = Objects.requireNonNull(interrupter, "interrupter");
			return this;
		}

		/**
		 * Add a handler for failures, called after those added before. Runs on the
		 * member's thread, before a back-off begins; what it throws is reported and
		 * changes nothing else. The failure handler of vslpsl/run.
		 * @param handler called with each failure
		 * @return this builder
		 */
		public Builder failureHandler(Consumer<? super Throwable> handler) {
			this.failureHandlers.add(Objects.requireNonNull(handler, "handler"));
			return this;
		}

		/**
		 * Set what happens when an execution returned.
		 * @param policy default: {@link Policy#SHUTDOWN}
		 * @return this builder
		 */
		public Builder onDone(Policy policy) {
			this.onDone = Objects.requireNonNull(policy, "policy");
			return this;
		}

		/**
		 * Set what happens when an execution failed.
		 * @param policy default: {@link Policy#SHUTDOWN}
		 * @return this builder
		 */
		public Builder onError(Policy policy) {
			this.onError = Objects.requireNonNull(policy, "policy");
			return this;
		}

		/**
		 * Set the pause before the first execution.
		 * @param delay default: none
		 * @return this builder
		 */
		public Builder initialDelay(Duration delay) {
			this.initialDelay = Durations.notNegative(delay, "initialDelay");
			return this;
		}

		/**
		 * Set the pause between a normal return and the next execution.
		 * @param delay default: none
		 * @return this builder
		 */
		public Builder delay(Duration delay) {
			this.delay = Durations.notNegative(delay, "delay");
			return this;
		}

		/**
		 * Set the pause between a failure and the next execution.
		 * @param backoff default: one second, doubled for each further failure in a row,
		 * at most 30 seconds
		 * @return this builder
		 */
		public Builder backoff(Backoff backoff) {
			this.backoff = Objects.requireNonNull(backoff, "backoff");
			return this;
		}

		/**
		 * Set how many restarts after failures are allowed; the first execution does not
		 * count. Without {@link #within(Duration)} it limits failures in a row.
		 * @param max 0 or more, or -1 for no limit, which is the default
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
		 * Let the budget of {@link #maxRestarts(int)} count failures inside a window of
		 * time that ends now, in place of failures in a row.
		 * @param window longer than zero
		 * @return this builder
		 */
		public Builder within(Duration window) {
			this.within = Durations.positive(window, "within");
			return this;
		}

		/**
		 * Set what happens when the budget is spent.
		 * @param policy {@link Policy#SHUTDOWN}, which is the default, or
		 * {@link Policy#DO_NOTHING}
		 * @return this builder
		 */
		public Builder onExhausted(Policy policy) {
			this.onExhausted = Objects.requireNonNull(policy, "policy");
			return this;
		}

		/**
		 * Set the failures that shut the group down whatever {@link #onError(Policy)}
		 * says. Replaces what was set before.
		 * @param types default: {@link Error}; none at all for no fatal failures
		 * @return this builder
		 */
		@SafeVarargs
		public final Builder fatal(Class<? extends Throwable>... types) {
			this.fatal = List.of(types);
			return this;
		}

		/**
		 * Limit the time of one execution. One that takes longer is interrupted and has
		 * failed with a {@link java.util.concurrent.TimeoutException}.
		 * @param timeout longer than zero; default: no limit
		 * @return this builder
		 */
		public Builder timeout(Duration timeout) {
			this.timeout = Durations.positive(timeout, "timeout");
			return this;
		}

		/**
		 * Expect the body to call {@link MemberContext#ready()} within this time, counted
		 * from its first execution and again from its first after a failure. If it does
		 * not, the execution that goes on then is interrupted and has failed with a
		 * {@link java.util.concurrent.TimeoutException}; so has one that returns
		 * unannounced if the next, after the delay, would come too late. The next stage
		 * starts when every such member of this one is ready.
		 * @param timeout longer than zero; default: no announcement expected
		 * @return this builder
		 */
		public Builder readyTimeout(Duration timeout) {
			this.readyTimeout = Durations.positive(timeout, "readyTimeout");
			return this;
		}

		/**
		 * Set the stage: a lower one starts earlier and stops later.
		 * @param stage default: 0
		 * @return this builder
		 */
		public Builder stage(int stage) {
			this.stage = stage;
			return this;
		}

		/**
		 * Make the member.
		 * @return the member
		 * @throws IllegalStateException if something is missing or contradictory
		 */
		public Member build() {
			if (this.task == null && this.body == null) {
				throw contradiction("has nothing to execute: call execute(Task) or execute(Body)");
			}
			if (this.bodyGivenTwice) {
				throw contradiction("has two things to execute: call execute(...) once");
			}
			if (this.onExhausted == Policy.RESTART) {
				throw contradiction("has onExhausted(RESTART), but a spent budget allows no restart:"
						+ " use SHUTDOWN or DO_NOTHING");
			}
			if (this.within != null && this.maxRestarts < 0) {
				throw contradiction("has within(" + this.within + ") but no maxRestarts(...) to count inside it");
			}
			return new Member(this);
		}

		/**
		 * Whether nobody has changed what is in the rules.
		 */
		private boolean hasDefaultRules() {
			return this.onDone == Policy.SHUTDOWN && this.onError == Policy.SHUTDOWN && this.initialDelay.isZero()
					&& this.delay.isZero() && this.backoff == DEFAULT_BACKOFF && this.maxRestarts == -1
					&& this.within == null && this.onExhausted == Policy.SHUTDOWN && this.fatal == DEFAULT_FATAL
					&& this.timeout == null && this.readyTimeout == null;
		}

		private IllegalStateException contradiction(String what) {
			return new IllegalStateException("Member '" + this.name + "' " + what);
		}

	}

}
