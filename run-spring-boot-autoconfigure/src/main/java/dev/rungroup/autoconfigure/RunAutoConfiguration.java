package dev.rungroup.autoconfigure;

import java.time.Duration;

import dev.rungroup.context.GroupLifecycle;
import dev.rungroup.context.GroupSettings;
import dev.rungroup.context.RetryAttemptListener;
import dev.rungroup.core.Retry;
import dev.rungroup.core.Time;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.boot.context.properties.ConfigurationPropertiesBindHandlerAdvisor;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Role;
import org.springframework.core.env.Environment;

/**
 * Auto-configuration for the {@link GroupLifecycle} that runs the actors of an
 * application context, and for the {@link Retry} that can be injected. Comes after those
 * that register listeners, so that their containers exist when the group looks for what
 * it adopts.
 *
 * @since 0.1.0
 */
@AutoConfiguration(afterName = { "org.springframework.boot.amqp.autoconfigure.RabbitAutoConfiguration",
		"org.springframework.boot.jms.autoconfigure.JmsAutoConfiguration",
		"org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration" })
@EnableConfigurationProperties(RunProperties.class)
public final class RunAutoConfiguration {

	private static final Log logger = LogFactory.getLog(RunAutoConfiguration.class);

	private static final String PHASE_TIMEOUT = "spring.lifecycle.timeout-per-shutdown-phase";

	/** From our giving up to Spring's: what a listener may hold up the end, and some. */
	private static final Duration PHASE_MARGIN = Duration.ofSeconds(2);

	/**
	 * Each context has its own: a parent's group knows nothing of its children's beans.
	 */
	@Bean
	@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
	GroupLifecycle groupLifecycle(RunProperties properties, Environment environment) {
		RunProperties.Shutdown shutdown = properties.getShutdown();
		Duration shutdownTimeout = shutdownTimeout(shutdown, environment);
		Boolean virtualThreads = properties.getVirtualThreads();
		if (virtualThreads == null) {
			virtualThreads = environment.getProperty("spring.threads.virtual.enabled", Boolean.class, false);
		}
		return new GroupLifecycle(new GroupSettings("actors", properties.isEnabled(), properties.isAutoStartup(),
				properties.getStartOn(), properties.getPhase(), virtualThreads, shutdown.getGracePeriod(),
				shutdownTimeout, properties.getStrategy()));
	}

	/**
	 * Return how long the actors have to end: less than Spring waits for them. After that
	 * it destroys beans that they still use, before the log says which actor was stuck.
	 */
	private static Duration shutdownTimeout(RunProperties.Shutdown shutdown, Environment environment) {
		Duration timeout = shutdown.getTimeout();
		Duration phaseTimeout = Binder.get(environment)
			.bind(PHASE_TIMEOUT, Duration.class)
			.orElse(Duration.ofSeconds(30));
		Duration half = Duration.ofMillis(phaseTimeout.toMillis() / 2);
		Duration limit = phaseTimeout.minus((half.compareTo(PHASE_MARGIN) < 0) ? half : PHASE_MARGIN);
		if (!limit.isNegative() && !limit.isZero() && timeout.compareTo(limit) > 0) {
			String message = "run.shutdown.timeout is " + timeout + ", but Spring stops waiting after " + phaseTimeout
					+ ": actors are abandoned after " + limit + ". Lower it, or raise " + PHASE_TIMEOUT;
			if (timeout.compareTo(phaseTimeout) > 0) {
				logger.warn(message);
			}
			else {
				logger.info(message);
			}
			timeout = limit;
		}
		if (shutdown.getGracePeriod().compareTo(timeout) > 0) {
			logger.warn("run.shutdown.grace-period is " + shutdown.getGracePeriod()
					+ ", but actors are abandoned after " + timeout + ": lower it, or raise run.shutdown.timeout");
		}
		return timeout;
	}

	@Bean
	PropertiesActorCustomizer propertiesActorCustomizer(RunProperties properties, ApplicationContext context) {
		return new PropertiesActorCustomizer(properties, context);
	}

	@Bean
	@Role(BeanDefinition.ROLE_INFRASTRUCTURE)
	static ConfigurationPropertiesBindHandlerAdvisor runBindHandlerAdvisor() {
		return RunBindHandler::new;
	}

	@Bean
	ApplicationListener<ApplicationReadyEvent> runApplicationReadyListener(ApplicationContext context,
			ObjectProvider<GroupLifecycle> lifecycle) {
		return new ReadyListener(context, lifecycle);
	}

	@Bean
	@ConditionalOnMissingBean
	Retry runRetry(RunProperties properties, ObjectProvider<RetryAttemptListener> listeners,
			ApplicationContext context) {
		Retry retry = Retry
			.with(PropertiesActorCustomizer.backoff(properties.getRetry(), new RunProperties.ActorRetry()));
		Integer maxRetries = properties.getRetry().getMaxRetries();
		if (maxRetries != null) {
			retry = retry.withMaxRetries(maxRetries);
		}
		return retry.withListener(new RetryAttempts(listeners)).on(time(context));
	}

	/** Where all wait: the time of a test, or else the machine's. */
	static Time time(ApplicationContext context) {
		return context.getBeansOfType(Time.class, false, false).values().stream().findFirst().orElse(Time.system());
	}

	/**
	 * Tells the lifecycle that the application is ready; a child context's events, which
	 * its parents hear, are not meant. No record: Spring compares listeners.
	 */
	private static final class ReadyListener implements ApplicationListener<ApplicationReadyEvent> {

		private final ApplicationContext context;

		private final ObjectProvider<GroupLifecycle> lifecycle;

		private ReadyListener(ApplicationContext context, ObjectProvider<GroupLifecycle> lifecycle) {
			this.context = context;
			this.lifecycle = lifecycle;
		}

		@Override
		public void onApplicationEvent(ApplicationReadyEvent event) {
			if (event.getApplicationContext() == this.context) {
				this.lifecycle.ifAvailable(GroupLifecycle::applicationReady);
			}
		}

		/** The thread that starts the application is to hear of a failure. */
		@Override
		public boolean supportsAsyncExecution() {
			return false;
		}

	}

}
