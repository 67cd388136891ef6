package dev.rungroup.autoconfigure;

import dev.rungroup.cluster.ClusterKeeper;
import dev.rungroup.cluster.ClusterSettings;
import dev.rungroup.cluster.LockEngines;
import dev.rungroup.context.ActorLeadership;
import dev.rungroup.context.ActorLeaderships;
import dev.rungroup.context.LeadershipListener;
import dev.rungroup.core.Leadership;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Lazy;

/**
 * Auto-configuration for actors that run on one node of a cluster. Its bean is made when
 * the first of them is found: without one, no class of {@code dev.rungroup.cluster} is
 * loaded.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = RunAutoConfiguration.class)
public final class RunClusterAutoConfiguration {

	@Bean
	@Lazy
	@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
	ActorLeaderships actorLeaderships(RunProperties properties, ApplicationContext context,
			ObjectProvider<LeadershipListener> listeners) {
		// Where a test moves the time, no lease can be kept
		boolean enabled = properties.getCluster().isEnabled() && !context.containsBean("runTestTime");
		return (enabled) ? Keeping.keeper(properties.getCluster(), (ConfigurableApplicationContext) context, listeners)
				: new EveryNode();
	}

	/** Loaded only if it is used. */
	private static final class Keeping {

		static ActorLeaderships keeper(RunProperties.Cluster cluster, ConfigurableApplicationContext context,
				ObjectProvider<LeadershipListener> listeners) {
			String prefix = cluster.getPrefix();
			ClusterSettings settings = new ClusterSettings(
					(prefix != null) ? prefix : context.getEnvironment().getProperty("spring.application.name", ""),
					cluster.getLease(), cluster.getRenewInterval(), cluster.getRetryInterval());
			return new ClusterKeeper(settings, (actor) -> LockEngines.find(context.getBeanFactory(), actor),
					RunAutoConfiguration.time(context), context, () -> listeners.orderedStream().toList());
		}

	}

	/** Lets every actor run here, for development and tests. */
	private static final class EveryNode implements ActorLeaderships {

		@Override
		public @Nullable Leadership leadership(String actor, String lock) {
			return null;
		}

		@Override
		public @Nullable ActorLeadership current(String actor) {
			return null;
		}

	}

}
