package dev.rungroup.autoconfigure;

import dev.rungroup.actuate.ActorsHealthIndicator;
import dev.rungroup.context.GroupLifecycle;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration for the health of the actors.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = RunAutoConfiguration.class,
		beforeName = "org.springframework.boot.health.autoconfigure.contributor.HealthContributorAutoConfiguration")
@ConditionalOnClass({ HealthIndicator.class, ConditionalOnEnabledHealthIndicator.class })
@ConditionalOnBean(value = GroupLifecycle.class, search = SearchStrategy.CURRENT)
@ConditionalOnEnabledHealthIndicator("actors")
public final class RunHealthAutoConfiguration {

	/** Of this context's group: parents have their own. */
	@Bean
	@ConditionalOnMissingBean(name = "actorsHealthIndicator", search = SearchStrategy.CURRENT)
	ActorsHealthIndicator actorsHealthIndicator(ApplicationContext context) {
		return new ActorsHealthIndicator(context.getBean(GroupLifecycle.class));
	}

}
