package dev.rungroup.autoconfigure;

import dev.rungroup.actuate.ActorsEndpoint;
import dev.rungroup.actuate.ActorsEndpointWebExtension;
import dev.rungroup.context.GroupLifecycle;

import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.autoconfigure.endpoint.expose.EndpointExposure;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration for the endpoint that shows and controls the actors.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = RunAutoConfiguration.class)
@ConditionalOnClass(ConditionalOnAvailableEndpoint.class)
@ConditionalOnBean(value = GroupLifecycle.class, search = SearchStrategy.CURRENT)
@ConditionalOnAvailableEndpoint(ActorsEndpoint.class)
public final class RunEndpointAutoConfiguration {

	/**
	 * Create the auto-configuration.
	 */
	public RunEndpointAutoConfiguration() {
	}

	/**
	 * Of this context's group: parents have their own.
	 */
	@Bean
	@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
	ActorsEndpoint actorsEndpoint(ApplicationContext context, RunProperties properties) {
		return new ActorsEndpoint(context.getBean(GroupLifecycle.class), properties.isEnabled());
	}

	@Bean
	@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
	@ConditionalOnBean(value = ActorsEndpoint.class, search = SearchStrategy.CURRENT)
	@ConditionalOnAvailableEndpoint(exposure = EndpointExposure.WEB)
	ActorsEndpointWebExtension actorsEndpointWebExtension(ActorsEndpoint endpoint) {
		return new ActorsEndpointWebExtension(endpoint);
	}

}
