package dev.rungroup.context;

import java.lang.reflect.Method;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

import dev.rungroup.core.Backoff;
import dev.rungroup.core.Member;
import dev.rungroup.core.MemberSettings;
import org.jspecify.annotations.Nullable;

/**
 * What one annotated bean or method declares, as typed and resolved values: nothing later
 * reads the annotation. {@link #mutate()} gives a changed copy.
 *
 * @param name the actor's name
 * @param beanName name of the bean it is declared on
 * @param execute the method that is the body, {@code null} if the bean itself is one (a
 * {@code Runnable}, say)
 * @param interrupt the method that makes the body return, {@code null} if there is none
 * @param failureHandlers the methods that hear its failures
 * @param group the group that it belongs to, {@code null} for the application's
 * @param enabled whether it is started at all
 * @param concurrency how many members it becomes: at least 1
 * @param required whether the application can do its work only while this actor does
 * @param lock name of its lock if it is to run on one node of a cluster, {@code null} if
 * it runs on every node
 * @param settings when it is executed, and what follows
 * @since 0.1.0
 */
public record ActorDefinition(String name, String beanName, @Nullable Method execute, @Nullable Method interrupt,
		List<Method> failureHandlers, @Nullable String group, boolean enabled, int concurrency, boolean required,
		@Nullable String lock, MemberSettings settings) {

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

	/** Where it is declared, for messages. */
	String place() {
		return "Actor '" + this.name + "' (bean '" + this.beanName + "'"
				+ ((this.execute != null) ? ", method " + ActorMethods.describe(this.execute) : "") + ")";
	}

	/** Find out whether members can be made of it, without its bean. */
	void check() {
		if (this.concurrency < 1 || this.concurrency > MAX_CONCURRENCY) {
			throw new InvalidActorException(place() + " has a concurrency of " + this.concurrency + ".",
					"Use a whole number from 1 to " + MAX_CONCURRENCY + ".");
		}
		check(this.name, this.settings, place(),
				"the attributes of its annotation or its properties under 'run.actors." + this.name + "'");
	}

	static void check(String name, MemberSettings settings, String place, String toChange) {
		try {
			Member.named(name).settings(settings).execute((context) -> {
			}).build();
		}
		catch (IllegalStateException | IllegalArgumentException ex) {
			throw new InvalidActorException(place + " is configured with a contradiction: " + ex.getMessage() + ".",
					"Change " + toChange + ".", ex);
		}
	}

	/**
	 * Changes the values of an {@link ActorDefinition}. Setting one value never changes
	 * another.
	 */
	public static final class Builder {

		private final ActorDefinition origin;

		private final MemberSettings.Builder settings;

		private @Nullable String group;

		private boolean enabled;

		private int concurrency;

		private boolean required;

		private @Nullable String lock;

		private Builder(ActorDefinition origin) {
			this.origin = origin;
			this.settings = origin.settings.toBuilder();
			this.group = origin.group;
			this.enabled = origin.enabled;
			this.concurrency = origin.concurrency;
			this.required = origin.required;
			this.lock = origin.lock;
		}

		/**
		 * Set the group that the actor belongs to.
		 * @param group its name; empty or {@code null} for the application's
		 * @return this builder
		 */
		public Builder group(@Nullable String group) {
			this.group = (group == null || group.isBlank()) ? null : group.strip();
			return this;
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
		 * Set whether the actor is to run on one node of a cluster. Its lock is the one
		 * that it declares, or else has its name.
		 * @param singleton whether it is
		 * @return this builder
		 */
		public Builder clusterSingleton(boolean singleton) {
			String declared = this.origin.lock;
			this.lock = (!singleton) ? null : (declared != null) ? declared : this.origin.name;
			return this;
		}

		/**
		 * Return when the actor is executed, and what follows: to be changed there.
		 * @return its settings
		 */
		public MemberSettings.Builder settings() {
			return this.settings;
		}

		/**
		 * Make the definition. Contradictions are found when its members are made.
		 * @return the changed copy
		 */
		public ActorDefinition build() {
			return new ActorDefinition(this.origin.name, this.origin.beanName, this.origin.execute,
					this.origin.interrupt, this.origin.failureHandlers, this.group, this.enabled, this.concurrency,
					this.required, this.lock, this.settings.build());
		}

	}

}
