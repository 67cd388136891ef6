package dev.rungroup.benchmarks.application;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.Lifecycle;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.support.DefaultLifecycleProcessor;
import org.springframework.core.metrics.ApplicationStartup;
import org.springframework.core.metrics.StartupStep;

/**
 * Adds up the time that the launching thread spends inside our code: creating our beans,
 * binding their properties included; what they do when all singletons exist; and their
 * lifecycle's start. What they cause to be created and is not ours does not count.
 */
final class StartupCost implements ApplicationStartup {

	private static final String INSTANTIATE = "spring.beans.instantiate";

	private static final String SMART_INITIALIZE = "spring.beans.smart-initialize";

	private static final String OURS = "dev.rungroup.";

	private final Deque<Step> open = new ArrayDeque<>();

	private final Map<String, Long> created = Collections.synchronizedMap(new LinkedHashMap<>());

	private final Map<String, Long> initialized = Collections.synchronizedMap(new LinkedHashMap<>());

	private final Map<String, Long> starts = Collections.synchronizedMap(new LinkedHashMap<>());

	private volatile long startReturnedAt;

	private final Thread launcher = Thread.currentThread();

	@Override
	public StartupStep start(String name) {
		if (Thread.currentThread() != this.launcher || !(name.equals(INSTANTIATE) || name.equals(SMART_INITIALIZE))) {
			return ApplicationStartup.DEFAULT.start(name);
		}
		Step step = new Step(name);
		this.open.push(step);
		return step;
	}

	private void end(Step step) {
		long nanos = System.nanoTime() - step.startedAt;
		this.open.remove(step);
		Step outer = this.open.peek();
		if (outer != null) {
			outer.inner += nanos;
		}
		Map<String, Long> sums = (step.name.equals(INSTANTIATE)) ? this.created : this.initialized;
		sums.merge(step.bean, nanos - step.inner, Long::sum);
	}

	/**
	 * Return what creating our beans has taken.
	 */
	long creating(ConfigurableListableBeanFactory beans) {
		return ours(this.created, beans);
	}

	/**
	 * Return what looking for actors has taken.
	 */
	long scanning(ConfigurableListableBeanFactory beans) {
		return ours(this.initialized, beans);
	}

	/**
	 * Return what our lifecycle beans have taken to start.
	 */
	long starting(ConfigurableListableBeanFactory beans) {
		return ours(this.starts, beans);
	}

	/**
	 * Return how long after our part of the start the last body has begun, on its own
	 * thread: meanwhile the launching thread goes on.
	 */
	long beginning() {
		return Math.max(0, Bodies.lastBegunAt() - this.startReturnedAt);
	}

	/**
	 * Return what each of our beans has taken, the most expensive first.
	 */
	List<String> details(ConfigurableListableBeanFactory beans) {
		List<String> details = new ArrayList<>();
		Map.of("creating", this.created, "scanning", this.initialized, "starting", this.starts)
			.forEach((what, sums) -> sums.forEach((bean, nanos) -> {
				if (isOurs(bean, beans)) {
					details.add(String.format("%,15d ns %s %s", nanos, what, bean));
				}
			}));
		details.sort(Comparator.reverseOrder());
		return details;
	}

	private static long ours(Map<String, Long> sums, ConfigurableListableBeanFactory beans) {
		return sums.entrySet()
			.stream()
			.filter((entry) -> isOurs(entry.getKey(), beans))
			.mapToLong(Map.Entry::getValue)
			.sum();
	}

	private static boolean isOurs(String bean, ConfigurableListableBeanFactory beans) {
		if (!beans.containsBean(bean)) {
			return false;
		}
		if (isOurs(beans.getType(bean, false))) {
			return true;
		}
		if (!beans.containsBeanDefinition(bean)) {
			return false;
		}
		BeanDefinition definition = beans.getMergedBeanDefinition(bean);
		String factory = definition.getFactoryBeanName();
		return factory != null && isOurs(beans.getType(factory, false));
	}

	private static boolean isOurs(@Nullable Class<?> type) {
		return type != null && type.getName().startsWith(OURS) && !type.getName().startsWith(OURS + "benchmarks");
	}

	/**
	 * Times the start of our lifecycle beans.
	 */
	final class Processor extends DefaultLifecycleProcessor {

		@Override
		protected Map<String, Lifecycle> getLifecycleBeans() {
			Map<String, Lifecycle> beans = super.getLifecycleBeans();
			beans.replaceAll((name, bean) -> (isOurs(bean.getClass()) && bean instanceof SmartLifecycle ours)
					? new Timed(name, ours) : bean);
			return beans;
		}

	}

	private final class Timed implements SmartLifecycle {

		private final String name;

		private final SmartLifecycle lifecycle;

		private Timed(String name, SmartLifecycle lifecycle) {
			this.name = name;
			this.lifecycle = lifecycle;
		}

		@Override
		public void start() {
			long start = System.nanoTime();
			this.lifecycle.start();
			long end = System.nanoTime();
			StartupCost.this.starts.merge(this.name, end - start, Long::sum);
			StartupCost.this.startReturnedAt = end;
		}

		@Override
		public void stop() {
			this.lifecycle.stop();
		}

		@Override
		public void stop(Runnable callback) {
			this.lifecycle.stop(callback);
		}

		@Override
		public boolean isRunning() {
			return this.lifecycle.isRunning();
		}

		@Override
		public boolean isAutoStartup() {
			return this.lifecycle.isAutoStartup();
		}

		@Override
		public int getPhase() {
			return this.lifecycle.getPhase();
		}

	}

	private final class Step implements StartupStep {

		private final String name;

		private final long startedAt = System.nanoTime();

		private long inner;

		private String bean = "";

		private Step(String name) {
			this.name = name;
		}

		@Override
		public String getName() {
			return this.name;
		}

		@Override
		public long getId() {
			return 0;
		}

		@Override
		public @Nullable Long getParentId() {
			return null;
		}

		@Override
		public StartupStep tag(String key, String value) {
			if (key.equals("beanName")) {
				this.bean = value;
			}
			return this;
		}

		@Override
		public StartupStep tag(String key, Supplier<String> value) {
			return this;
		}

		@Override
		public Tags getTags() {
			return Collections::emptyIterator;
		}

		@Override
		public void end() {
			StartupCost.this.end(this);
		}

	}

}
