package dev.rungroup.context;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;

import dev.rungroup.autoconfigure.RunAutoConfiguration;
import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.StopReason;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.listener.CommonContainerStoppingErrorHandler;
import org.springframework.kafka.test.EmbeddedKafkaBroker;
import org.springframework.kafka.test.EmbeddedKafkaKraftBroker;
import org.springframework.kafka.test.utils.KafkaTestUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The container of a {@code @KafkaListener} on a real broker. It is no bean, and stops
 * itself when its listener cannot go on.
 */
@Tag("once")
class KafkaAdoptionTests {

	private static final Duration LIMIT = Duration.ofSeconds(60);

	private static final EmbeddedKafkaBroker broker = new EmbeddedKafkaKraftBroker(1, 1);

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(RunAutoConfiguration.class, KafkaAutoConfiguration.class))
		.withUserConfiguration(Orders.class)
		.withPropertyValues("spring.kafka.bootstrap-servers=" + broker.getBrokersAsString(),
				"spring.kafka.consumer.auto-offset-reset=earliest", "run.retry.delay=100ms", "run.retry.jitter=0s");

	@BeforeAll
	static void startBroker() {
		broker.afterPropertiesSet();
	}

	@AfterAll
	static void stopBroker() {
		broker.destroy();
	}

	@ParameterizedTest
	@ValueSource(strings = { "exception", "error" })
	void listenerWhoseContainerStopsItselfIsStartedAgain(String poison) {
		this.runner
			.withPropertyValues("topic=restarted-" + poison, "run.adopt.order-listener.on-error=restart",
					"run.adopt.order-listener.required=true", "run.adopt.order-listener.stage=3")
			.run((context) -> {
				Orders orders = context.getBean(Orders.class);
				send("restarted-" + poison, "one", poison, "two");
				Awaitility.await().atMost(LIMIT).until(() -> orders.received.contains("two"));
				Awaitility.await().atMost(LIMIT).until(() -> member(context).state() == MemberState.RUNNING);
				assertThat(orders.received).containsSubsequence("one", poison, "two");
				assertThat(member(context).name()).isEqualTo("order-listener");
				assertThat(member(context).failures()).isEqualTo(1);
				assertThat(member(context).lastFailure())
					.hasMessage("Listener container 'orderListener' has stopped running");
				assertThat(group(context).requiredActors()).containsExactly("order-listener");
			});
	}

	@Test
	void listenerWhoseContainerStopsItselfEndsTheGroup() {
		this.runner.withPropertyValues("topic=ended", "run.adopt.orderListener.enabled=true").run((context) -> {
			send("ended", "one", "exception");
			Awaitility.await().atMost(LIMIT).until(() -> !group(context).isRunning());
			StopReason reason = group(context).snapshot().stopReason();
			assertThat(reason).isNotNull();
			assertThat(reason.kind()).isEqualTo(StopReason.Kind.MEMBER_FAILED);
			assertThat(reason.member()).isEqualTo("order-listener");
		});
	}

	@Test
	void stopOfTheContextIsNoFailure() {
		this.runner.withPropertyValues("topic=stopped", "run.adopt.orderListener.enabled=true").run((context) -> {
			GroupLifecycle group = group(context);
			send("stopped", "one");
			Awaitility.await().atMost(LIMIT).until(() -> context.getBean(Orders.class).received.contains("one"));
			context.getSourceApplicationContext().close();
			assertThat(group.snapshot().stopReason()).extracting(StopReason::kind)
				.isEqualTo(StopReason.Kind.CONTEXT_CLOSED);
			assertThat(group.snapshot().members()).singleElement()
				.satisfies((member) -> assertThat(member.failures()).isZero());
		});
	}

	@Test
	void listenerThatIsNotEnabledIsShownAndNotWatched() {
		this.runner.withPropertyValues("topic=disabled", "run.adopt.order-listener.enabled=false").run((context) -> {
			assertThat(group(context).disabledActors()).containsExactly("order-listener");
			assertThat(context.getBean(KafkaListenerEndpointRegistry.class)
				.getListenerContainer("orderListener")
				.isRunning()).isTrue();
		});
	}

	@Test
	void unknownNameIsAnsweredWithTheListeners() {
		this.runner.withPropertyValues("topic=unknown", "run.adopt.order-listner.on-error=restart")
			.run((context) -> assertThat(context).getFailure()
				.isInstanceOf(InvalidActorException.class)
				.hasMessageContaining("What can be adopted: ")
				.hasMessageContaining("Did you mean 'run.adopt.orderListener'?"));
	}

	private static void send(String topic, String... texts) {
		DefaultKafkaProducerFactory<String, String> factory = new DefaultKafkaProducerFactory<>(
				KafkaTestUtils.producerProps(broker), new StringSerializer(), new StringSerializer());
		try {
			for (String text : texts) {
				new KafkaTemplate<>(factory).send(topic, text).join();
			}
		}
		finally {
			factory.destroy();
		}
	}

	private static GroupLifecycle group(ApplicationContext context) {
		return context.getBean(GroupLifecycle.class);
	}

	private static MemberSnapshot member(ApplicationContext context) {
		return group(context).snapshot().members().get(0);
	}

	@Configuration(proxyBeanMethods = false)
	static class Orders {

		private final Queue<String> received = new ConcurrentLinkedQueue<>();

		private final AtomicBoolean healed = new AtomicBoolean();

		@Bean
		CommonContainerStoppingErrorHandler errorHandler() {
			return new CommonContainerStoppingErrorHandler();
		}

		@KafkaListener(id = "orderListener", topics = "${topic}")
		void listen(String order) {
			if (order.startsWith("e") && this.healed.compareAndSet(false, true)) {
				if (order.equals("error")) {
					throw new LinkageError("poisoned");
				}
				throw new IllegalStateException("poisoned");
			}
			this.received.add(order);
		}

	}

}
