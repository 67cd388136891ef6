package dev.rungroup.autoconfigure;

import dev.rungroup.actuate.ActorAvailability;
import dev.rungroup.context.GroupLifecycle;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.availability.ApplicationAvailabilityAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration for the part of required actors in the readiness and liveness of the
 * application.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = RunAutoConfiguration.class, before = ApplicationAvailabilityAutoConfiguration.class)
@ConditionalOnClass(HealthIndicator.class)
@ConditionalOnBean(value = GroupLifecycle.class, search = SearchStrategy.CURRENT)
@ConditionalOnMissingBean(value = ApplicationAvailability.class, search = SearchStrategy.CURRENT)
public final class RunAvailabilityAutoConfiguration {

	/**
	 * Takes the place of Spring Boot's. Actors may ask for it, so it cannot ask for them
	 * yet.
	 */
	@Bean
	ActorAvailability applicationAvailability(ObjectProvider<GroupLifecycle> lifecycle, RunProperties properties) {
		return new ActorAvailability(lifecycle::getIfUnique,
				properties.getOnShutdown() == RunProperties.OnShutdown.NONE);
	}

}
