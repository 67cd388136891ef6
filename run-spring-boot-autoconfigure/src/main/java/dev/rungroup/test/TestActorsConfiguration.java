package dev.rungroup.test;

import java.time.Duration;

import dev.rungroup.context.GroupEndHandler;
import dev.rungroup.context.GroupLifecycle;

import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Fallback;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.env.Environment;

/**
 * What {@link AutoConfigureTestActors} adds to a context.
 */
@Configuration(proxyBeanMethods = false)
class TestActorsConfiguration {

	/**
	 * Not to be injected where the application wants a clock of its own.
	 */
	@Bean(autowireCandidate = false)
	@ConditionalOnProperty(name = "run.test.virtual-time", matchIfMissing = true)
	TestTime runTestTime() {
		return new TestTime();
	}

	@Bean
	@Lazy(false)
	TestActors testActors(GroupLifecycle lifecycle, ApplicationContext context, Environment environment) {
		Duration timeout = Binder.get(environment)
			.bind("run.test.timeout", Duration.class)
			.orElse(TestActors.DEFAULT_TIMEOUT);
		TestTime time = context.getBeansOfType(TestTime.class, false, false).values().stream().findFirst().orElse(null);
		return new TestActors(lifecycle, time, timeout);
	}

	/**
	 * Other tests may use the context when the actors have ended it. One of the
	 * application comes first.
	 */
	@Bean
	@Fallback
	GroupEndHandler testGroupEndHandler() {
		return (reason) -> {
		};
	}

}
