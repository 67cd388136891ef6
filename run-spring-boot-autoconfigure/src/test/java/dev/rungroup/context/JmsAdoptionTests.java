package dev.rungroup.context;

import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import dev.rungroup.autoconfigure.RunAutoConfiguration;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.StopReason;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;
import jakarta.jms.MessageListener;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jms.annotation.EnableJms;
import org.springframework.jms.annotation.JmsListener;
import org.springframework.jms.config.DefaultJmsListenerContainerFactory;
import org.springframework.jms.core.JmsTemplate;
import org.springframework.jms.listener.DefaultMessageListenerContainer;
import org.springframework.util.backoff.FixedBackOff;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A real listener container on a real broker that goes away: the container tries to
 * connect three times, gives up and stops.
 */
@Tag("once")
class JmsAdoptionTests {

	private static final Duration LIMIT = Duration.ofSeconds(30);

	private static final String URL = "vm://77";

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(RunAutoConfiguration.class))
		.withUserConfiguration(Orders.class);

	private EmbeddedActiveMQ broker;

	@BeforeEach
	void startBroker() throws Exception {
		this.broker = new EmbeddedActiveMQ();
		this.broker.setConfiguration(new ConfigurationImpl().setPersistenceEnabled(false)
			.setSecurityEnabled(false)
			.setJMXManagementEnabled(false)
			.addAcceptorConfiguration("in-vm", URL));
		this.broker.start();
	}

	@AfterEach
	void stopBroker() throws Exception {
		this.broker.stop();
	}

	@Test
	void containerThatGivesUpEndsTheGroup() {
		this.runner.withPropertyValues("run.adopt.ordersContainer.on-error=shutdown").run((context) -> {
			GroupLifecycle group = context.getBean(GroupLifecycle.class);
			receive(context.getBean(Orders.class), context.getBean(ConnectionFactory.class), "one");
			this.broker.stop();
			Awaitility.await().atMost(LIMIT).until(() -> !group.isRunning());
			StopReason reason = group.snapshot().stopReason();
			assertThat(reason).isNotNull();
			assertThat(reason.kind()).isEqualTo(StopReason.Kind.MEMBER_FAILED);
			assertThat(reason.member()).isEqualTo("orders-container");
			assertThat(context.getBean(DefaultMessageListenerContainer.class).isRunning()).isFalse();
		});
	}

	@Test
	void containerIsStartedAgainUntilTheBrokerIsBack() {
		this.runner
			.withPropertyValues("run.adopt.ordersContainer.on-error=restart", "run.retry.delay=50ms",
					"run.retry.jitter=0s", "run.retry.max-delay=100ms")
			.run((context) -> {
				GroupLifecycle group = context.getBean(GroupLifecycle.class);
				receive(context.getBean(Orders.class), context.getBean(ConnectionFactory.class), "one");
				this.broker.stop();
				Awaitility.await().atMost(LIMIT).until(() -> group.snapshot().members().get(0).failures() >= 2);
				this.broker.start();
				receive(context.getBean(Orders.class), context.getBean(ConnectionFactory.class), "two");
				Awaitility.await()
					.atMost(LIMIT)
					.until(() -> group.snapshot().members().get(0).state() == MemberState.RUNNING
							&& context.getBean(DefaultMessageListenerContainer.class).isRunning());
			});
	}

	@Test
	void containerOfAnAnnotatedListenerIsStartedAgainUntilTheBrokerIsBack() {
		this.runner.withUserConfiguration(Refunds.class)
			.withPropertyValues("run.adopt.refund-listener.on-error=restart", "run.retry.delay=50ms",
					"run.retry.jitter=0s", "run.retry.max-delay=100ms")
			.run((context) -> {
				GroupLifecycle group = context.getBean(GroupLifecycle.class);
				BlockingQueue<String> received = context.getBean(Refunds.class).received;
				receive("refunds", received, context.getBean(ConnectionFactory.class), "one");
				this.broker.stop();
				Awaitility.await().atMost(LIMIT).until(() -> group.snapshot().members().get(0).failures() >= 2);
				this.broker.start();
				receive("refunds", received, context.getBean(ConnectionFactory.class), "two");
				assertThat(group.snapshot().members()).singleElement().satisfies((member) -> {
					assertThat(member.name()).isEqualTo("refund-listener");
					assertThat(member.lastFailure())
						.hasMessage("Listener container 'refundListener' has stopped running");
				});
			});
	}

	@Test
	void stopOfTheContextIsNoFailure() {
		this.runner.withPropertyValues("run.adopt.ordersContainer.on-error=shutdown").run((context) -> {
			GroupLifecycle group = context.getBean(GroupLifecycle.class);
			receive(context.getBean(Orders.class), context.getBean(ConnectionFactory.class), "one");
			context.getSourceApplicationContext().stop();
			assertThat(group.isRunning()).isFalse();
			StopReason reason = group.snapshot().stopReason();
			assertThat(reason).isNotNull();
			assertThat(reason.kind()).isEqualTo(StopReason.Kind.CONTEXT_CLOSED);
			assertThat(group.snapshot().members().get(0).failures()).isZero();
		});
	}

	private static void receive(Orders orders, ConnectionFactory connections, String text) throws Exception {
		receive("orders", orders.received, connections, text);
	}

	private static void receive(String queue, BlockingQueue<String> all, ConnectionFactory connections, String text)
			throws Exception {
		Awaitility.await().atMost(LIMIT).ignoreExceptions().until(() -> {
			new JmsTemplate(connections).convertAndSend(queue, text);
			return true;
		});
		String received;
		do {
			received = all.poll(LIMIT.toSeconds(), TimeUnit.SECONDS);
			assertThat(received).as("message " + text).isNotNull();
		}
		while (!received.equals(text));
	}

	@Configuration(proxyBeanMethods = false)
	static class Orders {

		private final BlockingQueue<String> received = new LinkedBlockingQueue<>();

		@Bean(destroyMethod = "close")
		ActiveMQConnectionFactory connectionFactory() {
			ActiveMQConnectionFactory factory = new ActiveMQConnectionFactory(URL);
			factory.setCallTimeout(500);
			factory.setRetryInterval(20);
			return factory;
		}

		@Bean
		DefaultMessageListenerContainer ordersContainer(ConnectionFactory connections) {
			DefaultMessageListenerContainer container = new DefaultMessageListenerContainer();
			container.setConnectionFactory(connections);
			container.setDestinationName("orders");
			container.setBackOff(new FixedBackOff(50, 3));
			container.setReceiveTimeout(50);
			container.setMessageListener((MessageListener) (message) -> {
				try {
					this.received.add(message.getBody(String.class));
				}
				catch (JMSException ex) {
					throw new IllegalStateException(ex);
				}
			});
			return container;
		}

	}

	@EnableJms
	@Configuration(proxyBeanMethods = false)
	static class Refunds {

		private final BlockingQueue<String> received = new LinkedBlockingQueue<>();

		@Bean
		DefaultJmsListenerContainerFactory jmsListenerContainerFactory(ConnectionFactory connections) {
			DefaultJmsListenerContainerFactory factory = new DefaultJmsListenerContainerFactory();
			factory.setConnectionFactory(connections);
			factory.setBackOff(new FixedBackOff(50, 3));
			factory.setReceiveTimeout(50L);
			return factory;
		}

		@JmsListener(id = "refundListener", destination = "refunds")
		void listen(String refund) {
			this.received.add(refund);
		}

	}

}
