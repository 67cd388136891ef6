package dev.rungroup.autoconfigure;

import java.time.InstantSource;
import java.util.Locale;

import dev.rungroup.context.GroupLifecycle;
import dev.rungroup.context.LeadershipListener;
import dev.rungroup.context.RetryAttemptListener;
import dev.rungroup.core.Retry;
import dev.rungroup.metrics.GroupMetrics;
import dev.rungroup.metrics.LeadershipMetrics;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.BeansException;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.context.ApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Lazy;

/**
 * Auto-configuration for the meters of the actors. Needs nothing but a
 * {@link MeterRegistry} bean, whoever defines it and whenever it is created.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = RunAutoConfiguration.class,
		afterName = "org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration")
@ConditionalOnClass(MeterRegistry.class)
public final class RunMetricsAutoConfiguration {

	/**
	 * Takes providers and not beans: the lifecycle asks for its listeners, so they cannot
	 * ask for the lifecycle, and a registry that is created early would miss its filters.
	 */
	@Bean
	@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
	GroupMetrics groupMetrics(ObjectProvider<MeterRegistry> registries, ApplicationContext context) {
		// of this context, where its parents have others
		ObjectProvider<GroupLifecycle> lifecycle = context.getBeanProvider(GroupLifecycle.class);
		GroupMetrics metrics = new GroupMetrics(() -> registry(registries), () -> {
			GroupLifecycle group = lifecycle.getIfUnique();
			return (group != null) ? group.flatSnapshot() : null;
		}, () -> {
			GroupLifecycle group = lifecycle.getIfUnique();
			return (group != null) ? group.disabledActors().size() : 0;
		});
		return (RunAutoConfiguration.time(context) instanceof InstantSource clock) ? metrics.withClock(clock) : metrics;
	}

	private static @Nullable MeterRegistry registry(ObjectProvider<MeterRegistry> registries) {
		try {
			MeterRegistry registry = registries.getIfUnique();
			if (registry != null) {
				return registry;
			}
			// Several without a primary one, as only an application without Spring Boot's
			// metrics has them, all get the meters
			CompositeMeterRegistry all = new CompositeMeterRegistry();
			registries.orderedStream().forEach(all::add);
			return all.getRegistries().isEmpty() ? null : all;
		}
		catch (BeansException ex) {
			if (RetryAttempts.isTooEarly(ex)) {
				// A bean that the registry needs tries to do something with a Retry
				return null;
			}
			throw ex;
		}
	}

	@Bean
	GroupMetricsConnector groupMetricsConnector(GroupMetrics metrics) {
		return new GroupMetricsConnector(metrics);
	}

	@Bean
	@Lazy
	LeadershipListener leadershipMetrics(ObjectProvider<MeterRegistry> registries) {
		return new LeadershipMetricsConnector(new LeadershipMetrics(() -> registry(registries)));
	}

	/**
	 * Counts changes of leadership.
	 *
	 * @param metrics the meters
	 */
	private record LeadershipMetricsConnector(LeadershipMetrics metrics) implements LeadershipListener, DisposableBean {

		@Override
		public void leadershipExpected(String actor) {
			this.metrics.expect(actor);
		}

		@Override
		public void leadershipChanged(String actor, Change change) {
			this.metrics.changed(actor, change.name().toLowerCase(Locale.ROOT));
		}

		@Override
		public void destroy() {
			this.metrics.close();
		}

	}

	/**
	 * What the meters hear besides the group's own events, and when they are registered:
	 * when all beans exist and before the first actor can start. Has nothing to stop:
	 * counters go on from one start to the next.
	 */
	static final class GroupMetricsConnector implements SmartLifecycle, RetryAttemptListener {

		private final GroupMetrics metrics;

		private volatile boolean running;

		private GroupMetricsConnector(GroupMetrics metrics) {
			this.metrics = metrics;
		}

		@Override
		public void attemptEnded(Retry.AttemptOutcome outcome) {
			this.metrics.attemptEnded(outcome);
		}

		@Override
		public void start() {
			this.metrics.bind();
			this.running = true;
		}

		@Override
		public void stop() {
			this.running = false;
		}

		@Override
		public boolean isRunning() {
			return this.running;
		}

		@Override
		public int getPhase() {
			return Integer.MIN_VALUE;
		}

	}

}
