package dev.rungroup.autoconfigure;

import dev.rungroup.actuate.ActorAvailability;
import dev.rungroup.context.GroupLifecycle;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.availability.ApplicationAvailabilityAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration for the part of required actors in the readiness and liveness of the
 * application.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = { RunAutoConfiguration.class, ApplicationAvailabilityAutoConfiguration.class })
@ConditionalOnClass(HealthIndicator.class)
@ConditionalOnBean(value = { GroupLifecycle.class, ApplicationAvailability.class }, search = SearchStrategy.CURRENT)
public final class RunAvailabilityAutoConfiguration {

	/**
	 * Create the auto-configuration.
	 */
	public RunAvailabilityAutoConfiguration() {
	}

	/**
	 * The lifecycle asks for its listeners, so they cannot ask for it.
	 */
	@Bean
	@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
	ActorAvailability actorAvailability(ApplicationAvailability availability, ConfigurableApplicationContext context,
			RunProperties properties) {
		return new ActorAvailability(availability, context, context.getBeanProvider(GroupLifecycle.class)::getIfUnique,
				properties.getOnShutdown() == RunProperties.OnShutdown.NONE);
	}

}
