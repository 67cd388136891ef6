package dev.rungroup.context;

import java.time.Duration;

import dev.rungroup.autoconfigure.RunAutoConfiguration;
import dev.rungroup.core.MemberState;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

import org.springframework.amqp.rabbit.annotation.EnableRabbit;
import org.springframework.amqp.rabbit.annotation.RabbitListener;
import org.springframework.amqp.rabbit.config.SimpleRabbitListenerContainerFactory;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.amqp.rabbit.listener.RabbitListenerEndpointRegistry;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The container of a {@code @RabbitListener}. There is no broker: it runs and tries to
 * reach one.
 */
class RabbitAdoptionTests {

	private static final Duration LIMIT = Duration.ofSeconds(30);

	@Test
	void listenerWhoseContainerStopsIsStartedAgain() {
		new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(RunAutoConfiguration.class))
			.withUserConfiguration(Orders.class)
			.withPropertyValues("run.adopt.orders.on-error=restart", "run.retry.delay=10ms", "run.retry.jitter=0s")
			.run((context) -> {
				GroupLifecycle group = context.getBean(GroupLifecycle.class);
				var container = context.getBean(RabbitListenerEndpointRegistry.class).getListenerContainer("orders");
				Awaitility.await()
					.atMost(LIMIT)
					.until(() -> container.isRunning()
							&& group.snapshot().members().get(0).state() == MemberState.RUNNING);
				container.stop();
				Awaitility.await()
					.atMost(LIMIT)
					.until(() -> container.isRunning() && group.snapshot().members().get(0).failures() == 1);
				assertThat(group.snapshot().members().get(0).lastFailure())
					.hasMessage("Listener container 'orders' has stopped running");
			});
	}

	@EnableRabbit
	@Configuration(proxyBeanMethods = false)
	static class Orders {

		@Bean
		SimpleRabbitListenerContainerFactory rabbitListenerContainerFactory() {
			SimpleRabbitListenerContainerFactory factory = new SimpleRabbitListenerContainerFactory();
			factory.setConnectionFactory(new CachingConnectionFactory("localhost", 1));
			factory.setRecoveryInterval(100L);
			factory.setMissingQueuesFatal(false);
			return factory;
		}

		@RabbitListener(id = "orders", queues = "orders")
		void listen(String order) {
		}

	}

}
