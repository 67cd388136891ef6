package dev.rungroup.autoconfigure;

import dev.rungroup.actuate.ActorsEndpoint;
import dev.rungroup.actuate.ActorsEndpointWebExtension;
import dev.rungroup.actuate.ReactiveActorsEndpointWebExtension;
import dev.rungroup.context.GroupLifecycle;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.autoconfigure.endpoint.expose.EndpointExposure;
import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.EndpointAccessResolver;
import org.springframework.boot.actuate.endpoint.EndpointId;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication.Type;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.filter.reactive.ServerWebExchangeContextFilter;

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

	/** Of this context's group: parents have their own. */
	@Bean
	@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
	ActorsEndpoint actorsEndpoint(ApplicationContext context, RunProperties properties) {
		return new ActorsEndpoint(context.getBean(GroupLifecycle.class), properties.isEnabled());
	}

	private static boolean isUnrestricted(ObjectProvider<EndpointAccessResolver> access) {
		EndpointAccessResolver resolver = access.getIfAvailable();
		return resolver != null && resolver.accessFor(EndpointId.of("actors"), Access.READ_ONLY) == Access.UNRESTRICTED;
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnWebApplication(type = Type.SERVLET)
	@ConditionalOnAvailableEndpoint(endpoint = ActorsEndpoint.class, exposure = EndpointExposure.WEB)
	static class ServletConfiguration {

		@Bean
		@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
		ActorsEndpointWebExtension actorsEndpointWebExtension(ActorsEndpoint endpoint,
				ObjectProvider<EndpointAccessResolver> access) {
			return new ActorsEndpointWebExtension(endpoint, isUnrestricted(access));
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnWebApplication(type = Type.REACTIVE)
	@ConditionalOnAvailableEndpoint(endpoint = ActorsEndpoint.class, exposure = EndpointExposure.WEB)
	static class ReactiveConfiguration {

		@Bean
		@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
		ReactiveActorsEndpointWebExtension actorsEndpointWebExtension(ActorsEndpoint endpoint,
				ObjectProvider<EndpointAccessResolver> access) {
			return new ReactiveActorsEndpointWebExtension(endpoint, isUnrestricted(access));
		}

		/** An operation sees request and response through Reactor's context only. */
		@Bean
		@ConditionalOnMissingBean
		ServerWebExchangeContextFilter actorsExchangeContextFilter() {
			return new ServerWebExchangeContextFilter();
		}

	}

}
