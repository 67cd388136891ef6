package dev.rungroup.autoconfigure.exit;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;

import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.CommandLineRunner;
import org.springframework.boot.DefaultApplicationArguments;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.OrderComparator;
import org.springframework.core.Ordered;
import org.springframework.core.PriorityOrdered;
import org.springframework.core.annotation.AnnotationAwareOrderComparator;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RunnerCheckpoint}.
 */
class RunnerCheckpointTests {

	private final DefaultListableBeanFactory beanFactory = new DefaultListableBeanFactory();

	private final GenericApplicationContext context = new GenericApplicationContext(this.beanFactory);

	RunnerCheckpointTests() {
		this.beanFactory.setDependencyComparator(AnnotationAwareOrderComparator.INSTANCE);
	}

	@RepeatedTest(20)
	void thereIsOneRightBeforeEachRunnerAndOneAfterTheLast(RepetitionInfo repetition) {
		for (String name : List.of("a", "b", "c", "d")) {
			this.beanFactory.registerSingleton(name, new Runner());
		}
		this.beanFactory.registerSingleton("command", new CommandRunner());
		this.beanFactory.registerSingleton("priority", new PriorityRunner());
		this.beanFactory.registerSingleton("highest", new OrderedRunner(Ordered.HIGHEST_PRECEDENCE));
		this.beanFactory.registerSingleton("one", new OrderedRunner(1));
		this.beanFactory.registerSingleton("other", new OrderedRunner(1));
		RunnerCheckpoint.register(this.beanFactory, Startup.of(this.context));
		List<String> sorted = sorted(repetition.getCurrentRepetition());
		assertThat(sorted).hasSize(9 * 2 + 1).last().isEqualTo(RunnerCheckpoint.class.getName());
		for (int i = 0; i < 9; i++) {
			assertThat(sorted.get(2 * i)).isEqualTo(RunnerCheckpoint.class.getName() + "." + sorted.get(2 * i + 1));
		}
		assertThat(sorted).containsSubsequence("priority", "highest", "one", "a")
			.containsSubsequence("highest", "other", "command");
	}

	@Test
	void allElseIsSortedAsBeforeWhenTheLastRunnerHasReturned() throws Exception {
		RunnerCheckpoint.register(this.beanFactory, Startup.of(this.context));
		assertThat(this.beanFactory.getDependencyComparator()).isNotSameAs(AnnotationAwareOrderComparator.INSTANCE);
		this.beanFactory.getBean(RunnerCheckpoint.class).run(new DefaultApplicationArguments());
		assertThat(this.beanFactory.getDependencyComparator()).isSameAs(AnnotationAwareOrderComparator.INSTANCE);
	}

	@Test
	void inAnApplicationWithAComparatorOfItsOwnThereIsOneBeforeTheFirst() {
		OrderComparator comparator = new OrderComparator();
		this.beanFactory.setDependencyComparator(comparator);
		this.beanFactory.registerSingleton("highest", new OrderedRunner(Ordered.HIGHEST_PRECEDENCE));
		this.beanFactory.registerSingleton("a", new OrderedRunner(1));
		RunnerCheckpoint.register(this.beanFactory, Startup.of(this.context));
		assertThat(this.beanFactory.getDependencyComparator()).isSameAs(comparator);
		assertThat(sorted(1)).containsExactly(RunnerCheckpoint.class.getName(), "highest", "a");
	}

	/**
	 * The names of all runners as Spring Boot sorts them, which comes upon them in any
	 * order.
	 */
	private List<String> sorted(long seed) {
		List<Object> runners = new ArrayList<>(this.beanFactory.getBeansOfType(ApplicationRunner.class).values());
		runners.addAll(this.beanFactory.getBeansOfType(CommandLineRunner.class).values());
		Collections.shuffle(runners, new Random(seed));
		OrderComparator comparator = (OrderComparator) Objects
			.requireNonNull(this.beanFactory.getDependencyComparator());
		return runners.stream().sorted(comparator.withSourceProvider((runner) -> null)).map(this::name).toList();
	}

	private String name(Object runner) {
		return List.of(this.beanFactory.getSingletonNames())
			.stream()
			.filter((name) -> this.beanFactory.getBean(name) == runner)
			.findFirst()
			.orElseThrow();
	}

	private static class Runner implements ApplicationRunner {

		@Override
		public void run(ApplicationArguments args) {
		}

	}

	private static class CommandRunner implements CommandLineRunner {

		@Override
		public void run(String... args) {
		}

	}

	private static final class OrderedRunner extends Runner implements Ordered {

		private final int order;

		private OrderedRunner(int order) {
			this.order = order;
		}

		@Override
		public int getOrder() {
			return this.order;
		}

	}

	private static final class PriorityRunner extends CommandRunner implements PriorityOrdered {

		@Override
		public int getOrder() {
			return 7;
		}

	}

}
