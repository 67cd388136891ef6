package dev.rungroup.test;

import java.time.Duration;

import dev.rungroup.context.GroupEndHandler;
import dev.rungroup.context.GroupLifecycle;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Fallback;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.env.Environment;
import org.springframework.test.context.event.AfterTestMethodEvent;
import org.springframework.test.context.event.BeforeTestMethodEvent;
import org.springframework.test.context.event.TestContextEvent;

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

	@Bean
	ApplicationListener<TestContextEvent> testActorsListener(ObjectProvider<TestActors> actors) {
		return new TestMethodListener(actors);
	}

	/**
	 * Keeps the actors of one test method from running in another. No record: Spring
	 * compares listeners.
	 */
	private static final class TestMethodListener implements ApplicationListener<TestContextEvent> {

		private final ObjectProvider<TestActors> actors;

		private TestMethodListener(ObjectProvider<TestActors> actors) {
			this.actors = actors;
		}

		@Override
		public void onApplicationEvent(TestContextEvent event) {
			if (event instanceof BeforeTestMethodEvent) {
				this.actors.ifAvailable(TestActors::beforeTestMethod);
			}
			else if (event instanceof AfterTestMethodEvent) {
				this.actors.ifAvailable(TestActors::afterTestMethod);
			}
		}

	}

}
