package dev.rungroup.autoconfigure;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

import dev.rungroup.context.ActorDefinition;
import dev.rungroup.context.GroupSettings;
import dev.rungroup.core.OnStall;
import dev.rungroup.core.OnStop;
import dev.rungroup.core.Policy;
import dev.rungroup.core.RestartStrategy;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;

/**
 * Properties of the group of actors.
 *
 * @since 0.1.0
 */
@ConfigurationProperties("run")
public class RunProperties {

	/**
	 * Whether actors are started at all. If not, all beans stay and every actor is shown
	 * as disabled.
	 */
	private boolean enabled = true;

	/**
	 * Whether the group starts with the application context, rather than when its
	 * lifecycle bean is started by hand.
	 */
	private boolean autoStartup = true;

	/** When the group starts with the application. */
	private GroupSettings.StartOn startOn = GroupSettings.StartOn.REFRESH;

	/**
	 * Lifecycle phase of the group: lower starts earlier and stops later. With the
	 * default it starts before the web server, and stops after in-flight requests are
	 * done and before executors and pools.
	 */
	private int phase = Integer.MAX_VALUE - 4096;

	/** What to do when a member ends the group. */
	private OnShutdown onShutdown = OnShutdown.EXIT;

	/**
	 * Whether actors run on virtual threads, if the JVM has them. Follows
	 * spring.threads.virtual.enabled unless set.
	 */
	private @Nullable Boolean virtualThreads;

	/**
	 * Who is restarted along with an actor of the application's group that is restarted
	 * after a failure: it alone, all, or those that start after it.
	 */
	private RestartStrategy strategy = RestartStrategy.ONE;

	/**
	 * Whether settings for an actor or a group that does not exist are a warning and not
	 * a failure.
	 */
	private boolean ignoreUnknownActors;

	private final Shutdown shutdown = new Shutdown();

	private final Retry retry = new Retry();

	/** Settings of single actors by name; what is set here overrides the annotation. */
	private final Map<String, Actor> actors = new LinkedHashMap<>();

	/**
	 * Settings of groups inside the application's group, by name: those that actors
	 * belong to.
	 */
	private final Map<String, Group> groups = new LinkedHashMap<>();

	/**
	 * Lifecycle beans by name, and listener containers by the id of their listener, that
	 * become members of the group. When one stops running outside a stop of the context
	 * it has failed.
	 */
	private final Map<String, Adopt> adopt = new LinkedHashMap<>();

	private final Observations observations = new Observations();

	private final Cluster cluster = new Cluster();

	public boolean isEnabled() {
		return this.enabled;
	}

	public void setEnabled(boolean enabled) {
		this.enabled = enabled;
	}

	public boolean isAutoStartup() {
		return this.autoStartup;
	}

	public void setAutoStartup(boolean autoStartup) {
		this.autoStartup = autoStartup;
	}

	public GroupSettings.StartOn getStartOn() {
		return this.startOn;
	}

	public void setStartOn(GroupSettings.StartOn startOn) {
		this.startOn = startOn;
	}

	public int getPhase() {
		return this.phase;
	}

	public void setPhase(int phase) {
		this.phase = phase;
	}

	public OnShutdown getOnShutdown() {
		return this.onShutdown;
	}

	public void setOnShutdown(OnShutdown onShutdown) {
		this.onShutdown = onShutdown;
	}

	public @Nullable Boolean getVirtualThreads() {
		return this.virtualThreads;
	}

	public void setVirtualThreads(@Nullable Boolean virtualThreads) {
		this.virtualThreads = virtualThreads;
	}

	public RestartStrategy getStrategy() {
		return this.strategy;
	}

	public void setStrategy(RestartStrategy strategy) {
		this.strategy = strategy;
	}

	public boolean isIgnoreUnknownActors() {
		return this.ignoreUnknownActors;
	}

	public void setIgnoreUnknownActors(boolean ignoreUnknownActors) {
		this.ignoreUnknownActors = ignoreUnknownActors;
	}

	public Shutdown getShutdown() {
		return this.shutdown;
	}

	public Retry getRetry() {
		return this.retry;
	}

	public Map<String, Actor> getActors() {
		return this.actors;
	}

	public Map<String, Group> getGroups() {
		return this.groups;
	}

	public Map<String, Adopt> getAdopt() {
		return this.adopt;
	}

	public Observations getObservations() {
		return this.observations;
	}

	public Cluster getCluster() {
		return this.cluster;
	}

	/**
	 * Look for values that make no sense.
	 * @throws InvalidConfigurationPropertyValueException if there is one
	 */
	void validate() {
		notNegative("run.shutdown.grace-period", this.shutdown.gracePeriod);
		positive("run.shutdown.timeout", this.shutdown.timeout);
		this.retry.validate("run.retry");
		this.cluster.validate();
		for (Map.Entry<String, Actor> entry : this.actors.entrySet()) {
			entry.getValue().validate(RelaxedNames.property("run.actors", entry.getKey()));
		}
		for (Map.Entry<String, Group> entry : this.groups.entrySet()) {
			String prefix = RelaxedNames.property("run.groups", entry.getKey());
			entry.getValue().validate(prefix);
			entry.getValue().validateLimit(prefix);
		}
		for (Map.Entry<String, Adopt> entry : this.adopt.entrySet()) {
			String prefix = RelaxedNames.property("run.adopt", entry.getKey());
			entry.getValue().validate(prefix);
			entry.getValue().validateLimit(prefix);
		}
	}

	private static void notNegative(String property, @Nullable Duration value) {
		if (value != null && value.isNegative()) {
			throw new InvalidConfigurationPropertyValueException(property, value, "It must not be negative.");
		}
	}

	private static void positive(String property, @Nullable Duration value) {
		if (value != null && (value.isNegative() || value.isZero())) {
			throw new InvalidConfigurationPropertyValueException(property, value, "It must be longer than zero.");
		}
	}

	private static void range(String property, @Nullable Integer value, int min, int max) {
		if (value != null && (value < min || value > max)) {
			throw new InvalidConfigurationPropertyValueException(property, value, (max == Integer.MAX_VALUE)
					? "It must be at least " + min + "." : "It must be from " + min + " to " + max + ".");
		}
	}

	private static void multiplier(String property, @Nullable Double value) {
		if (value != null && !(value >= 1 && value < Double.POSITIVE_INFINITY)) {
			throw new InvalidConfigurationPropertyValueException(property, value, "It must be at least 1.");
		}
	}

	/**
	 * What to do when a member ends the group.
	 */
	public enum OnShutdown {

		/** Close the application context and end the JVM with the group's exit code. */
		EXIT,

		/** Close the application context. */
		CLOSE,

		/** Nothing: the application goes on without its actors. */
		NONE

	}

	/**
	 * How the group stops.
	 */
	public static class Shutdown {

		/**
		 * How long an actor has to end after its interrupt before its thread is
		 * interrupted as well.
		 */
		private Duration gracePeriod = Duration.ofSeconds(10);

		/**
		 * How long all actors together have to end before they are abandoned. Cut to 2s
		 * before the end of spring.lifecycle.timeout-per-shutdown-phase.
		 */
		private Duration timeout = Duration.ofSeconds(20);

		public Duration getGracePeriod() {
			return this.gracePeriod;
		}

		public void setGracePeriod(Duration gracePeriod) {
			this.gracePeriod = gracePeriod;
		}

		public Duration getTimeout() {
			return this.timeout;
		}

		public void setTimeout(Duration timeout) {
			this.timeout = timeout;
		}

	}

	/**
	 * Pauses after failures: of all actors that do not have their own, and of the
	 * injected Retry.
	 */
	public static class Retry {

		/** Pause after the first failure. */
		private Duration delay = Duration.ofSeconds(1);

		/** What the pause is multiplied by for each further failure in a row. */
		private double multiplier = 2.0;

		/**
		 * What the pause never exceeds. A longer delay counts if this is not set, and an
		 * actor's own longer delay in any case.
		 */
		private Duration maxDelay = Duration.ofSeconds(30);

		/** Whether it is set: then it also limits a longer delay. */
		private boolean maxDelaySet;

		/** By how much the pause may be shorter or longer, at random. */
		private Duration jitter = Duration.ofMillis(100);

		/** An execution that lasted this long ends a row of consecutive failures. */
		private Duration resetAfter = Duration.ofMinutes(1);

		/**
		 * How often the injected Retry tries again before it gives up; unlimited if not
		 * set. The limit of an actor is its max-restarts.
		 */
		private @Nullable Integer maxRetries;

		public Duration getDelay() {
			return this.delay;
		}

		public void setDelay(Duration delay) {
			this.delay = delay;
		}

		public double getMultiplier() {
			return this.multiplier;
		}

		public void setMultiplier(double multiplier) {
			this.multiplier = multiplier;
		}

		public Duration getMaxDelay() {
			return this.maxDelay;
		}

		public void setMaxDelay(Duration maxDelay) {
			this.maxDelay = maxDelay;
			this.maxDelaySet = true;
		}

		boolean isMaxDelaySet() {
			return this.maxDelaySet;
		}

		public Duration getJitter() {
			return this.jitter;
		}

		public void setJitter(Duration jitter) {
			this.jitter = jitter;
		}

		public Duration getResetAfter() {
			return this.resetAfter;
		}

		public void setResetAfter(Duration resetAfter) {
			this.resetAfter = resetAfter;
		}

		public @Nullable Integer getMaxRetries() {
			return this.maxRetries;
		}

		public void setMaxRetries(@Nullable Integer maxRetries) {
			this.maxRetries = maxRetries;
		}

		private void validate(String prefix) {
			notNegative(prefix + ".delay", this.delay);
			RunProperties.multiplier(prefix + ".multiplier", this.multiplier);
			notNegative(prefix + ".max-delay", this.maxDelay);
			notNegative(prefix + ".jitter", this.jitter);
			notNegative(prefix + ".reset-after", this.resetAfter);
			range(prefix + ".max-retries", this.maxRetries, 0, Integer.MAX_VALUE);
		}

	}

	/**
	 * Settings of what is adopted, of groups and of actors.
	 */
	public static class Adopt {

		/** Whether it is started, or adopted. */
		private @Nullable Boolean enabled;

		/**
		 * What happens when an execution failed, or what is adopted has stopped running
		 * by itself.
		 */
		private @Nullable Policy onError;

		/** Pause before the first execution. */
		private @Nullable Duration initialDelay;

		/**
		 * Time in which the actor says that it is ready, what is adopted runs, or the
		 * stages of the group are up.
		 */
		private @Nullable Duration readyTimeout;

		/** How many restarts after failures are allowed; -1 for no limit. */
		private @Nullable Integer maxRestarts;

		/** Window of time in which failures count against max-restarts. */
		private @Nullable Duration within;

		/** What happens when max-restarts is spent: shutdown or do-nothing. */
		private @Nullable Policy onExhausted;

		/** Stage: a lower one starts earlier and stops later. */
		private @Nullable Integer stage;

		/**
		 * Whether the application can do its work only while this runs: drives health,
		 * readiness and liveness.
		 */
		private @Nullable Boolean required;

		private final ActorRetry retry = new ActorRetry();

		public @Nullable Boolean getEnabled() {
			return this.enabled;
		}

		public void setEnabled(@Nullable Boolean enabled) {
			this.enabled = enabled;
		}

		public @Nullable Policy getOnError() {
			return this.onError;
		}

		public void setOnError(@Nullable Policy onError) {
			this.onError = onError;
		}

		public @Nullable Duration getInitialDelay() {
			return this.initialDelay;
		}

		public void setInitialDelay(@Nullable Duration initialDelay) {
			this.initialDelay = initialDelay;
		}

		public @Nullable Duration getReadyTimeout() {
			return this.readyTimeout;
		}

		public void setReadyTimeout(@Nullable Duration readyTimeout) {
			this.readyTimeout = readyTimeout;
		}

		public @Nullable Integer getMaxRestarts() {
			return this.maxRestarts;
		}

		public void setMaxRestarts(@Nullable Integer maxRestarts) {
			this.maxRestarts = maxRestarts;
		}

		public @Nullable Duration getWithin() {
			return this.within;
		}

		public void setWithin(@Nullable Duration within) {
			this.within = within;
		}

		public @Nullable Policy getOnExhausted() {
			return this.onExhausted;
		}

		public void setOnExhausted(@Nullable Policy onExhausted) {
			this.onExhausted = onExhausted;
		}

		public @Nullable Integer getStage() {
			return this.stage;
		}

		public void setStage(@Nullable Integer stage) {
			this.stage = stage;
		}

		public @Nullable Boolean getRequired() {
			return this.required;
		}

		public void setRequired(@Nullable Boolean required) {
			this.required = required;
		}

		public ActorRetry getRetry() {
			return this.retry;
		}

		/** Look at the restart limit where nothing but properties can set it. */
		void validateLimit(String prefix) {
			if (this.within != null && (this.maxRestarts == null || this.maxRestarts < 0)) {
				throw new InvalidConfigurationPropertyValueException(prefix + ".within", this.within,
						"There is no " + prefix + ".max-restarts to count inside it: set both or neither.");
			}
		}

		void validate(String prefix) {
			notNegative(prefix + ".initial-delay", this.initialDelay);
			positive(prefix + ".ready-timeout", this.readyTimeout);
			range(prefix + ".max-restarts", this.maxRestarts, -1, Integer.MAX_VALUE);
			positive(prefix + ".within", this.within);
			if (this.onExhausted == Policy.RESTART) {
				throw new InvalidConfigurationPropertyValueException(prefix + ".on-exhausted", this.onExhausted,
						"Nothing can restart once the restarts are used up: use shutdown or do-nothing.");
			}
			this.retry.validate(prefix + ".retry");
		}

	}

	/**
	 * Settings of actors and of groups.
	 */
	public static class ActorOrGroup extends Adopt {

		/** Whether it runs on one node of a cluster. */
		private @Nullable Boolean clusterSingleton;

		/**
		 * What happens when an execution returned, or the group has ended without a
		 * failure.
		 */
		private @Nullable Policy onDone;

		/** Pause between an end without a failure and the next execution. */
		private @Nullable Duration delay;

		public @Nullable Boolean getClusterSingleton() {
			return this.clusterSingleton;
		}

		public void setClusterSingleton(@Nullable Boolean clusterSingleton) {
			this.clusterSingleton = clusterSingleton;
		}

		public @Nullable Policy getOnDone() {
			return this.onDone;
		}

		public void setOnDone(@Nullable Policy onDone) {
			this.onDone = onDone;
		}

		public @Nullable Duration getDelay() {
			return this.delay;
		}

		public void setDelay(@Nullable Duration delay) {
			this.delay = delay;
		}

		@Override
		void validate(String prefix) {
			super.validate(prefix);
			notNegative(prefix + ".delay", this.delay);
		}

	}

	/**
	 * Settings of one actor. What is not set is left to the annotation.
	 */
	public static class Actor extends ActorOrGroup {

		/** Group that the actor belongs to; empty for the application's. */
		private @Nullable String group;

		/**
		 * What a stop means for an actor without an interrupt method: interrupt its
		 * thread, or let the execution finish within the grace period.
		 */
		private @Nullable OnStop onStop;

		/** Limit for one execution. */
		private @Nullable Duration timeout;

		/** How many members run at the same time. */
		private @Nullable Integer concurrency;

		/**
		 * Time without progress (an execution that ended, or a heartbeat) after which a
		 * running actor is stalled. Not looked for if not set.
		 */
		private @Nullable Duration stallAfter;

		/** What happens when the actor is stalled: report, restart or shutdown. */
		private @Nullable OnStall onStall;

		public @Nullable String getGroup() {
			return this.group;
		}

		public void setGroup(@Nullable String group) {
			this.group = group;
		}

		public @Nullable OnStop getOnStop() {
			return this.onStop;
		}

		public void setOnStop(@Nullable OnStop onStop) {
			this.onStop = onStop;
		}

		public @Nullable Duration getTimeout() {
			return this.timeout;
		}

		public void setTimeout(@Nullable Duration timeout) {
			this.timeout = timeout;
		}

		public @Nullable Integer getConcurrency() {
			return this.concurrency;
		}

		public void setConcurrency(@Nullable Integer concurrency) {
			this.concurrency = concurrency;
		}

		public @Nullable Duration getStallAfter() {
			return this.stallAfter;
		}

		public void setStallAfter(@Nullable Duration stallAfter) {
			this.stallAfter = stallAfter;
		}

		public @Nullable OnStall getOnStall() {
			return this.onStall;
		}

		public void setOnStall(@Nullable OnStall onStall) {
			this.onStall = onStall;
		}

		@Override
		void validate(String prefix) {
			super.validate(prefix);
			positive(prefix + ".timeout", this.timeout);
			range(prefix + ".concurrency", this.concurrency, 1, ActorDefinition.MAX_CONCURRENCY);
			positive(prefix + ".stall-after", this.stallAfter);
		}

	}

	/**
	 * Settings of one group: of its restarts as a whole, and of those inside it.
	 */
	public static class Group extends ActorOrGroup {

		/**
		 * Who is restarted along with a member of the group that is restarted after a
		 * failure: it alone, all, or those that start after it.
		 */
		private @Nullable RestartStrategy strategy;

		public @Nullable RestartStrategy getStrategy() {
			return this.strategy;
		}

		public void setStrategy(@Nullable RestartStrategy strategy) {
			this.strategy = strategy;
		}

		@Override
		void validateLimit(String prefix) {
			super.validateLimit(prefix);
			Integer maxRestarts = getMaxRestarts();
			if (maxRestarts != null && maxRestarts >= 0 && getOnError() != Policy.RESTART) {
				throw new InvalidConfigurationPropertyValueException(prefix + ".max-restarts", maxRestarts,
						"There are no restarts to count: set " + prefix + ".on-error to restart, or remove it.");
			}
		}

	}

	/**
	 * Observations of executions.
	 */
	public static class Observations {

		/**
		 * Whether each execution of an actor is an observation, and so a span where
		 * tracing is on.
		 */
		private boolean enabled;

		public boolean isEnabled() {
			return this.enabled;
		}

		public void setEnabled(boolean enabled) {
			this.enabled = enabled;
		}

	}

	/**
	 * Pauses after failures of one actor. What is not set is left to run.retry.
	 */
	public static class ActorRetry {

		/** Pause after the first failure. */
		private @Nullable Duration delay;

		/** What the pause is multiplied by for each further failure in a row. */
		private @Nullable Double multiplier;

		/**
		 * What the pause never exceeds. If it is not set, the longer of
		 * run.retry.max-delay and the delay counts.
		 */
		private @Nullable Duration maxDelay;

		/** By how much the pause may be shorter or longer, at random. */
		private @Nullable Duration jitter;

		/** An execution that lasted this long ends a row of consecutive failures. */
		private @Nullable Duration resetAfter;

		public @Nullable Duration getDelay() {
			return this.delay;
		}

		public void setDelay(@Nullable Duration delay) {
			this.delay = delay;
		}

		public @Nullable Double getMultiplier() {
			return this.multiplier;
		}

		public void setMultiplier(@Nullable Double multiplier) {
			this.multiplier = multiplier;
		}

		public @Nullable Duration getMaxDelay() {
			return this.maxDelay;
		}

		public void setMaxDelay(@Nullable Duration maxDelay) {
			this.maxDelay = maxDelay;
		}

		public @Nullable Duration getJitter() {
			return this.jitter;
		}

		public void setJitter(@Nullable Duration jitter) {
			this.jitter = jitter;
		}

		public @Nullable Duration getResetAfter() {
			return this.resetAfter;
		}

		public void setResetAfter(@Nullable Duration resetAfter) {
			this.resetAfter = resetAfter;
		}

		private void validate(String prefix) {
			notNegative(prefix + ".delay", this.delay);
			RunProperties.multiplier(prefix + ".multiplier", this.multiplier);
			notNegative(prefix + ".max-delay", this.maxDelay);
			notNegative(prefix + ".jitter", this.jitter);
			notNegative(prefix + ".reset-after", this.resetAfter);
			if (this.delay != null && this.maxDelay != null && this.delay.compareTo(this.maxDelay) > 0) {
				throw new InvalidConfigurationPropertyValueException(prefix + ".delay", this.delay,
						"It must not exceed '" + prefix + ".max-delay', which is " + this.maxDelay + ".");
			}
		}

	}

	/**
	 * How actors and groups run on one node of a cluster.
	 */
	public static class Cluster {

		/**
		 * Whether cluster singletons wait for their lock. If not, all of them run here,
		 * for development and tests.
		 */
		private boolean enabled = true;

		/**
		 * What the names of locks begin with, before a colon. Follows
		 * spring.application.name unless set; empty for none.
		 */
		private @Nullable String prefix;

		/**
		 * How long a node has a lock that it does not renew. An actor is interrupted when
		 * a third of it is left.
		 */
		private Duration lease = Duration.ofSeconds(30);

		/** How often a lock is renewed: at most a third of the lease. */
		private Duration renewInterval = Duration.ofSeconds(10);

		/**
		 * How often a lock is asked for that another node has, and how soon a call is
		 * tried again that has failed.
		 */
		private Duration retryInterval = Duration.ofSeconds(5);

		public boolean isEnabled() {
			return this.enabled;
		}

		public void setEnabled(boolean enabled) {
			this.enabled = enabled;
		}

		public @Nullable String getPrefix() {
			return this.prefix;
		}

		public void setPrefix(@Nullable String prefix) {
			this.prefix = prefix;
		}

		public Duration getLease() {
			return this.lease;
		}

		public void setLease(Duration lease) {
			this.lease = lease;
		}

		public Duration getRenewInterval() {
			return this.renewInterval;
		}

		public void setRenewInterval(Duration renewInterval) {
			this.renewInterval = renewInterval;
		}

		public Duration getRetryInterval() {
			return this.retryInterval;
		}

		public void setRetryInterval(Duration retryInterval) {
			this.retryInterval = retryInterval;
		}

		void validate() {
			positive("run.cluster.lease", this.lease);
			positive("run.cluster.renew-interval", this.renewInterval);
			positive("run.cluster.retry-interval", this.retryInterval);
			// dividedBy and multipliedBy would compute huge powers for BigDecimal, at
			// every start
			if (this.lease.minus(this.renewInterval).minus(this.renewInterval).compareTo(this.renewInterval) < 0) {
				throw new InvalidConfigurationPropertyValueException("run.cluster.lease", this.lease,
						"It must be at least three times run.cluster.renew-interval, which is " + this.renewInterval
								+ ".");
			}
		}

	}

}
