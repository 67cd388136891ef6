package dev.rungroup.autoconfigure;

import dev.rungroup.context.BodyWrapper;
import dev.rungroup.metrics.ExecutionObservations;
import io.micrometer.observation.ObservationRegistry;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration for observations of executions. Off unless asked for: an execution
 * may be short and frequent, and an observation costs.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = RunAutoConfiguration.class,
		afterName = "org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration")
@ConditionalOnClass(ObservationRegistry.class)
@ConditionalOnBean(ObservationRegistry.class)
@ConditionalOnProperty("run.observations.enabled")
public final class RunObservationAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
	ExecutionObservations executionObservations(ObservationRegistry registry) {
		return new ExecutionObservations(registry);
	}

	@Bean
	BodyWrapper executionObservationsBodyWrapper(ExecutionObservations observations) {
		return observations::observed;
	}

}
