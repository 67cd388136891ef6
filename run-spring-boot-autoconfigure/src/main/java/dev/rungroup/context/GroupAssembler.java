package dev.rungroup.context;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

import dev.rungroup.core.Interrupter;
import dev.rungroup.core.Member;

import org.springframework.beans.factory.BeanFactory;

/**
 * Makes members of definitions: the one place that knows both sides.
 */
final class GroupAssembler {

	private final BeanFactory beanFactory;

	GroupAssembler(BeanFactory beanFactory) {
		this.beanFactory = beanFactory;
	}

	/**
	 * Find out whether members can be made of a definition, without its bean.
	 * @throws InvalidActorException if its values are out of range or contradict each
	 * other
	 */
	void check(ActorDefinition definition) {
		if (definition.concurrency() < 1 || definition.concurrency() > ActorDefinition.MAX_CONCURRENCY) {
			throw new InvalidActorException(
					definition.place() + " has a concurrency of " + definition.concurrency() + ".",
					"Use a whole number from 1 to " + ActorDefinition.MAX_CONCURRENCY + ".");
		}
		try {
			builder(definition, definition.name()).execute(() -> {
			}).build();
		}
		catch (IllegalStateException | IllegalArgumentException ex) {
			throw new InvalidActorException(
					definition.place() + " is configured with a contradiction: " + ex.getMessage() + ".",
					"Change the attributes of its annotation or its properties under 'run.actors." + definition.name()
							+ "'.",
					ex);
		}
	}

	/**
	 * Make the members of an actor. Fetches its bean, which creates a lazy one.
	 */
	List<Member> members(ActorDefinition definition) {
		ActorInvocation invocation = ActorInvocation.of(definition, this.beanFactory.getBean(definition.beanName()));
		List<Member> members = new ArrayList<>();
		for (String name : definition.memberNames()) {
			Member.Builder builder = builder(definition, name).execute(invocation.body());
			Interrupter interrupter = invocation.interrupter();
			if (interrupter != null) {
				builder.interrupt((reason) -> ActorMdc.with(name, () -> interrupter.interrupt(reason)));
			}
			for (Consumer<Throwable> failureHandler : invocation.failureHandlers()) {
				builder.failureHandler(failureHandler);
			}
			members.add(builder.build());
		}
		return members;
	}

	@SuppressWarnings("unchecked")
	private Member.Builder builder(ActorDefinition definition, String name) {
		Member.Builder builder = Member.named(name)
			.onDone(definition.onDone())
			.onError(definition.onError())
			.initialDelay(definition.initialDelay())
			.delay(definition.delay())
			.backoff(definition.backoff())
			.maxRestarts(definition.maxRestarts())
			.onExhausted(definition.onExhausted())
			.fatal((Class<? extends Throwable>[]) definition.fatal().toArray(new Class<?>[0]))
			.stage(definition.stage());
		if (definition.within() != null) {
			builder.within(definition.within());
		}
		if (definition.timeout() != null) {
			builder.timeout(definition.timeout());
		}
		if (definition.readyTimeout() != null) {
			builder.readyTimeout(definition.readyTimeout());
		}
		return builder;
	}

}
