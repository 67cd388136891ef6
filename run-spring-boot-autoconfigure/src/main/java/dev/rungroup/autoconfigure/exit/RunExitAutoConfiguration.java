package dev.rungroup.autoconfigure.exit;

import dev.rungroup.autoconfigure.RunAutoConfiguration;
import dev.rungroup.autoconfigure.RunProperties;
import dev.rungroup.context.GroupEndHandler;
import dev.rungroup.context.GroupLifecycle;

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
	GroupExit groupExit(ConfigurableApplicationContext context, RunProperties properties,
			ObjectProvider<GroupLifecycle> lifecycle, ObjectProvider<JvmExit> replacement) {
		// now, because the context may be closed when it is asked
		GroupLifecycle group = lifecycle.getIfAvailable();
		FailureAdvice advice = new FailureAdvice(group, properties.getAdopt().keySet());
		return new GroupExit(context, ExitSettings.from(properties, context.getEnvironment()), Startup.of(context),
				advice, replacement.getIfAvailable());
	}

}
