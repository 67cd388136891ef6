package dev.rungroup.autoconfigure.exit;

import dev.rungroup.context.GroupEndHandler;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration of what becomes of the application when an actor ends the group. A
 * {@link GroupEndHandler} bean of the application takes its place.
 *
 * @since 0.1.0
 */
@AutoConfiguration
@ConditionalOnProperty(name = "run.enabled", matchIfMissing = true)
@ConditionalOnMissingBean(GroupEndHandler.class)
public final class RunExitAutoConfiguration {

	@Bean
	GroupExit groupExit(ConfigurableApplicationContext context, ObjectProvider<JvmExit> replacement) {
		return new GroupExit(context, ExitSettings.from(context.getEnvironment()), Launch.of(context),
				replacement.getIfAvailable());
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
