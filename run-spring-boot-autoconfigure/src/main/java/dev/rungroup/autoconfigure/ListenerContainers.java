package dev.rungroup.autoconfigure;

import org.jspecify.annotations.Nullable;

import org.springframework.amqp.rabbit.listener.RabbitListenerEndpointRegistry;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.context.Lifecycle;
import org.springframework.jms.config.JmsListenerEndpointRegistry;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.listener.MessageListenerContainer;
import org.springframework.util.ClassUtils;

/**
 * The containers of annotated listeners. They are no beans: registries know them by the
 * ids of the listeners. Each nested class needs its library and is loaded only with it.
 */
final class ListenerContainers {

	private ListenerContainers() {
	}

	/** Find all, which have to be registered by now. */
	static void visit(ListableBeanFactory beanFactory, Visitor visitor) {
		if (isPresent("org.springframework.kafka.config.KafkaListenerEndpointRegistry")) {
			Kafka.visit(beanFactory, visitor);
		}
		if (isPresent("org.springframework.jms.config.JmsListenerEndpointRegistry")) {
			Jms.visit(beanFactory, visitor);
		}
		if (isPresent("org.springframework.amqp.rabbit.listener.RabbitListenerEndpointRegistry")) {
			Rabbit.visit(beanFactory, visitor);
		}
	}

	private static boolean isPresent(String type) {
		return ClassUtils.isPresent(type, ListenerContainers.class.getClassLoader());
	}

	/** Hears of each container. */
	@FunctionalInterface
	interface Visitor {

		void visit(String registry, String id, @Nullable Lifecycle container);

	}

	private static final class Kafka {

		private static void visit(ListableBeanFactory beanFactory, Visitor visitor) {
			beanFactory.getBeansOfType(KafkaListenerEndpointRegistry.class, false, true).forEach((name, registry) -> {
				for (String id : registry.getListenerContainerIds()) {
					MessageListenerContainer container = registry.getListenerContainer(id);
					visitor.visit(name, id, (container != null) ? new KafkaContainer(container) : null);
				}
			});
		}

	}

	/** A container whose consumers have ended by themselves still says that it runs. */
	private record KafkaContainer(MessageListenerContainer container) implements Lifecycle {

		@Override
		public void start() {
			if (this.container.isRunning()) {
				this.container.stop();
			}
			this.container.start();
		}

		@Override
		public void stop() {
			this.container.stop();
		}

		@Override
		public boolean isRunning() {
			return this.container.isRunning() && this.container.isInExpectedState();
		}

	}

	private static final class Jms {

		private static void visit(ListableBeanFactory beanFactory, Visitor visitor) {
			beanFactory.getBeansOfType(JmsListenerEndpointRegistry.class, false, true)
				.forEach((name, registry) -> registry.getListenerContainerIds()
					.forEach((id) -> visitor.visit(name, id, registry.getListenerContainer(id))));
		}

	}

	private static final class Rabbit {

		private static void visit(ListableBeanFactory beanFactory, Visitor visitor) {
			beanFactory.getBeansOfType(RabbitListenerEndpointRegistry.class, false, true)
				.forEach((name, registry) -> registry.getListenerContainerIds()
					.forEach((id) -> visitor.visit(name, id, registry.getListenerContainer(id))));
		}

	}

}
