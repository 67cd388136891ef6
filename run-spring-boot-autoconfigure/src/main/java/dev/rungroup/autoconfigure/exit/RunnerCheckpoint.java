package dev.rungroup.autoconfigure.exit;

import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.CommandLineRunner;
import org.springframework.core.PriorityOrdered;
import org.springframework.core.annotation.AnnotationAwareOrderComparator;

/**
 * A checkpoint before a runner of the application, or after the last. A runner itself,
 * because that is all that Spring Boot calls there. Its place is found by the comparator
 * that Spring Boot sorts the runners with: those that have the same order, or none, would
 * come in any. In an application with a comparator of its own there is one checkpoint,
 * before all of them.
 */
final class RunnerCheckpoint implements ApplicationRunner, PriorityOrdered {

	/** The runner that follows, {@code null} after the last. */
	private final @Nullable String runner;

	private final Runnable checkpoint;

	private RunnerCheckpoint(@Nullable String runner, Runnable checkpoint) {
		this.runner = runner;
		this.checkpoint = checkpoint;
	}

	/**
	 * Put a checkpoint before each runner and one after the last. Called right before
	 * Spring Boot looks for the runners; they need not exist yet.
	 */
	static void register(ConfigurableListableBeanFactory beanFactory, Startup startup) {
		Set<String> names = new LinkedHashSet<>(List.of(beanFactory.getBeanNamesForType(ApplicationRunner.class)));
		names.addAll(List.of(beanFactory.getBeanNamesForType(CommandLineRunner.class)));
		List<String> runners = names.stream().filter(beanFactory::isSingleton).toList();
		if (beanFactory instanceof DefaultListableBeanFactory factory
				&& factory.getDependencyComparator() == AnnotationAwareOrderComparator.INSTANCE) {
			factory.setDependencyComparator(new Sorter(factory, runners));
			for (String runner : runners) {
				add(beanFactory, runner, startup::runnerBegins);
			}
			add(beanFactory, null, () -> {
				factory.setDependencyComparator(AnnotationAwareOrderComparator.INSTANCE);
				startup.runnersEnd();
			});
		}
		else {
			add(beanFactory, null, startup::runnerBegins);
		}
	}

	private static void add(ConfigurableListableBeanFactory beanFactory, @Nullable String runner, Runnable checkpoint) {
		beanFactory.registerSingleton(RunnerCheckpoint.class.getName() + ((runner != null) ? "." + runner : ""),
				new RunnerCheckpoint(runner, checkpoint));
	}

	@Override
	public int getOrder() {
		return HIGHEST_PRECEDENCE;
	}

	@Override
	public void run(ApplicationArguments args) {
		this.checkpoint.run();
	}

	/** Sorts as ever what is no checkpoint. */
	private static final class Sorter extends AnnotationAwareOrderComparator {

		private final ConfigurableListableBeanFactory beanFactory;

		private final List<String> runners;

		private Sorter(ConfigurableListableBeanFactory beanFactory, List<String> runners) {
			this.beanFactory = beanFactory;
			this.runners = runners;
		}

		@Override
		public Comparator<Object> withSourceProvider(OrderSourceProvider sourceProvider) {
			Comparator<Object> order = super.withSourceProvider(sourceProvider);
			return (one, other) -> compare(one, other, order);
		}

		private int compare(Object one, Object other, Comparator<Object> order) {
			if (isLast(one) || isLast(other)) {
				return Boolean.compare(isLast(one), isLast(other));
			}
			int result = order.compare(runner(one), runner(other));
			if (result == 0) {
				result = Integer.compare(number(one), number(other));
			}
			return (result != 0) ? result
					: Boolean.compare(other instanceof RunnerCheckpoint, one instanceof RunnerCheckpoint);
		}

		private static boolean isLast(Object candidate) {
			return candidate instanceof RunnerCheckpoint checkpoint && checkpoint.runner == null;
		}

		private Object runner(Object candidate) {
			return (candidate instanceof RunnerCheckpoint checkpoint && checkpoint.runner != null)
					? this.beanFactory.getBean(checkpoint.runner) : candidate;
		}

		/**
		 * Where a runner, or the one behind a checkpoint, stands among those of its
		 * order.
		 */
		private int number(Object candidate) {
			if (candidate instanceof RunnerCheckpoint checkpoint) {
				return this.runners.indexOf(checkpoint.runner);
			}
			if (candidate instanceof ApplicationRunner || candidate instanceof CommandLineRunner) {
				for (int i = 0; i < this.runners.size(); i++) {
					String name = this.runners.get(i);
					if (this.beanFactory.containsSingleton(name) && this.beanFactory.getBean(name) == candidate) {
						return i;
					}
				}
			}
			return -1;
		}

	}

}
