package dev.rungroup.metrics;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import dev.rungroup.annotation.Actor;
import dev.rungroup.annotation.Execute;
import dev.rungroup.autoconfigure.RunAutoConfiguration;
import dev.rungroup.autoconfigure.RunObservationAutoConfiguration;
import dev.rungroup.context.GroupLifecycle;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.Policy;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Executions as observations, in an application context.
 */
class ExecutionObservationsTests {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(ObservationAutoConfiguration.class, RunAutoConfiguration.class,
				RunObservationAutoConfiguration.class))
		.withUserConfiguration(Observed.class)
		.withPropertyValues("run.actors.worker.retry.delay=0ms", "run.actors.worker.retry.jitter=0ms");

	@Test
	void eachExecutionIsOneObservationWithItsOutcome() {
		this.runner.withPropertyValues("run.observations.enabled=true").run((context) -> {
			Recorder recorder = context.getBean(Recorder.class);
			assertThat(context.getBean(Worker.class).third.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
			context.getBean(GroupLifecycle.class).stop();
			Awaitility.await().atMost(LIMIT).until(() -> recorder.stopped.size() == 3);
			assertThat(recorder.stopped).containsExactly("run.actor.execution worker completed error=null parent=null",
					"run.actor.execution worker failed error=java.lang.IllegalStateException: broken parent=null",
					"run.actor.execution worker interrupted error=null parent=null");
			assertThat(context.getBean(Worker.class).observed).containsExactly(true, true, true);
		});
	}

	@Test
	void whatAnExecutionLeavesOpenIsClosedBeforeItsOwnScopeIs() {
		// The other way round a tracer takes the left span for the parent of the next
		// execution
		this.runner.withPropertyValues("run.observations.enabled=true").run((context) -> {
			assertThat(context.getBean(Worker.class).third.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
			context.getBean(GroupLifecycle.class).stop();
			assertThat(context.getBean(Recorder.class).scopes).hasSize(12)
				.containsExactlyElementsOf(Collections
					.nCopies(3, List.of("+run.actor.execution", "+left open", "-left open", "-run.actor.execution"))
					.stream()
					.flatMap(List::stream)
					.toList());
		});
	}

	@Test
	void isOffByDefault() {
		this.runner.run((context) -> {
			assertThat(context).doesNotHaveBean(ExecutionObservations.class);
			assertThat(context.getBean(Worker.class).third.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
			assertThat(context.getBean(Worker.class).observed).containsExactly(false, false, false);
			assertThat(context.getBean(Recorder.class).stopped).isEmpty();
		});
	}

	@Test
	void needsARegistry() {
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(RunAutoConfiguration.class, RunObservationAutoConfiguration.class))
			.withPropertyValues("run.observations.enabled=true")
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(ExecutionObservations.class));
	}

	@Test
	void backsOffWithoutMicrometer() {
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(RunAutoConfiguration.class, RunObservationAutoConfiguration.class))
			.withClassLoader(new FilteredClassLoader("io.micrometer"))
			.withPropertyValues("run.observations.enabled=true")
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean("executionObservations"));
	}

	@Configuration(proxyBeanMethods = false)
	static class Observed {

		@Bean
		Recorder recorder() {
			return new Recorder();
		}

		@Bean
		Worker worker(ObservationRegistry registry) {
			return new Worker(registry);
		}

	}

	/**
	 * Writes down what has been observed.
	 */
	static class Recorder implements ObservationHandler<Observation.Context> {

		private final List<String> stopped = new CopyOnWriteArrayList<>();

		private final List<String> scopes = new CopyOnWriteArrayList<>();

		@Override
		public void onScopeOpened(Observation.Context context) {
			this.scopes.add("+" + context.getName());
		}

		@Override
		public void onScopeClosed(Observation.Context context) {
			this.scopes.add("-" + context.getName());
		}

		@Override
		public void onStop(Observation.Context context) {
			if (context.getName().equals("left open")) {
				return;
			}
			this.stopped.add(context.getName() + " " + value(context, "actor") + " " + value(context, "outcome")
					+ " error=" + context.getError() + " parent=" + context.getParentObservation());
		}

		private static @Nullable String value(Observation.Context context, String key) {
			return (context.getLowCardinalityKeyValue(key) != null) ? context.getLowCardinalityKeyValue(key).getValue()
					: null;
		}

		@Override
		public boolean supportsContext(Observation.Context context) {
			return true;
		}

	}

	/**
	 * Returns, fails, and then waits for its interrupt; leaves an observation open each
	 * time.
	 */
	@Actor(name = "worker", onDone = Policy.RESTART, onError = Policy.RESTART)
	static class Worker {

		private final ObservationRegistry registry;

		private final CountDownLatch third = new CountDownLatch(1);

		private final List<Boolean> observed = new CopyOnWriteArrayList<>();

		Worker(ObservationRegistry registry) {
			this.registry = registry;
		}

		@Execute
		void run(MemberContext context) throws InterruptedException {
			Observation current = this.registry.getCurrentObservation();
			this.observed.add(current != null && current.getContext().getName().equals(ExecutionObservations.NAME));
			if (current != null) {
				Observation.start("left open", this.registry).openScope();
			}
			if (context.execution() == 2) {
				throw new IllegalStateException("broken");
			}
			if (context.execution() == 3) {
				this.third.countDown();
				context.sleep(Duration.ofDays(1));
			}
		}

	}

}
