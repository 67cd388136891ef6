package dev.rungroup.autoconfigure.exit;

import dev.rungroup.autoconfigure.RunAutoConfiguration;
import dev.rungroup.autoconfigure.RunProperties;
import dev.rungroup.context.GroupEndHandler;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration for what becomes of the application when an actor ends the group. A
 * {@link GroupEndHandler} bean of the application takes its place.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = RunAutoConfiguration.class)
@ConditionalOnProperty(name = "run.enabled", matchIfMissing = true)
@ConditionalOnMissingBean(value = GroupEndHandler.class, search = SearchStrategy.CURRENT)
@EnableConfigurationProperties(RunProperties.class)
public final class RunExitAutoConfiguration {

	RunExitAutoConfiguration() {
		// only Spring makes one
	}

	@Bean
	GroupExit groupExit(ConfigurableApplicationContext context, RunProperties properties, Remedies remedies,
			ObjectProvider<JvmExit> replacement) {
		return new GroupExit(context, ExitSettings.from(properties, context.getEnvironment()), Launch.of(context),
				remedies, replacement.getIfAvailable());
	}

	@Bean
	Remedies actorRemedies(RunProperties properties) {
		return new Remedies(properties.getAdopt().keySet());
	}

	@Bean
	RunnersGate beforeTheFirstRunner(ConfigurableApplicationContext context) {
		return RunnersGate.beforeTheFirst(Launch.of(context)::runnersBegin);
	}

	@Bean
	RunnersGate afterTheLastRunner(ConfigurableApplicationContext context) {
		return RunnersGate.afterTheLast(Launch.of(context)::runnersEnd);
	}

}
