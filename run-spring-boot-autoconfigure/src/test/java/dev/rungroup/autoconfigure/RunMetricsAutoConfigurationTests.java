package dev.rungroup.autoconfigure;

import java.io.IOException;
import java.time.Duration;

import dev.rungroup.annotation.LoopActor;
import dev.rungroup.context.GroupLifecycle;
import dev.rungroup.core.Member;
import dev.rungroup.core.Policy;
import dev.rungroup.core.Retry;
import dev.rungroup.metrics.GroupMetrics;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.export.simple.SimpleMetricsExportAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RunMetricsAutoConfiguration}.
 */
@Tag("once")
@ExtendWith(OutputCaptureExtension.class)
class RunMetricsAutoConfigurationTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(RunAutoConfiguration.class, RunMetricsAutoConfiguration.class))
		.withPropertyValues("run.retry.delay=10ms", "run.retry.jitter=0");

	@Test
	void allMetersExistAtZeroBeforeTheFirstEvent() {
		this.runner.withUserConfiguration(Actors.class)
			.withBean(SimpleMeterRegistry.class)
			.withPropertyValues("run.auto-startup=false", "run.actors.off.enabled=false")
			.run((context) -> {
				MeterRegistry registry = context.getBean(MeterRegistry.class);
				for (String actor : new String[] { "failing", "waiting" }) {
					assertThat(registry.get("run.actor.failures")
						.tags("actor", actor, "exception", "none")
						.counter()
						.count()).isZero();
					for (String outcome : new String[] { "completed", "failed", "interrupted" }) {
						assertThat(registry.get("run.actor.executions")
							.tags("actor", actor, "outcome", outcome)
							.timer()
							.count()).isZero();
					}
					assertThat(registry.get("run.actor.restarts").tag("actor", actor).counter().count()).isZero();
					assertThat(registry.get("run.actor.stop").tag("actor", actor).timer().count()).isZero();
					assertThat(registry.get("run.actor.progress.age").tag("actor", actor).gauge().value()).isZero();
				}
				assertThat(registry.get("run.retry.attempts").tag("outcome", "success").counter().count()).isZero();
				assertThat(registry.get("run.actors").tag("state", "new").gauge().value()).isEqualTo(2);
				assertThat(registry.get("run.actors").tag("state", "disabled").gauge().value()).isEqualTo(1);
				assertThat(registry.find("run.actor.failures").tag("actor", "off").counter()).isNull();
			});
	}

	@Test
	void countersGoOnWhenTheLifecycleIsStoppedAndStarted() {
		this.runner.withUserConfiguration(Actors.class).withBean(SimpleMeterRegistry.class).run((context) -> {
			MeterRegistry registry = context.getBean(MeterRegistry.class);
			GroupLifecycle lifecycle = context.getBean(GroupLifecycle.class);
			awaitFailures(registry, 2);
			lifecycle.stop();
			double failures = failures(registry);
			int meters = registry.getMeters().size();
			assertThat(registry.get("run.actor.stop").tag("actor", "waiting").timer().count()).isEqualTo(1);
			assertThat(registry.get("run.actors").tag("state", "stopped").gauge().value()).isPositive();
			lifecycle.start();
			awaitFailures(registry, failures + 1);
			assertThat(registry.getMeters()).hasSize(meters);
			assertThat(registry.find("run.actor.progress.age").gauges()).hasSize(3);
			assertThat(registry.get("run.actor.progress.age").tag("actor", "failing").gauge().value()).isLessThan(30);
			// Each has led to a restart but for the last one before the stop, and the
			// latest
			double sofar = failures(registry);
			assertThat(registry.get("run.actor.restarts").tag("actor", "failing").counter().count())
				.isGreaterThanOrEqualTo(sofar - 2);
		});
	}

	@Test
	void theInjectedRetryIsCounted() {
		this.runner.withBean(SimpleMeterRegistry.class).run((context) -> {
			context.getBean(Retry.class).run((attempt) -> {
				if (attempt.lastFailure() == null) {
					throw new IOException("once");
				}
			});
			MeterRegistry registry = context.getBean(MeterRegistry.class);
			assertThat(attempts(registry, "success")).isEqualTo(1);
			assertThat(attempts(registry, "retried")).isEqualTo(1);
			assertThat(attempts(registry, "exhausted")).isZero();
			assertThat(attempts(registry, "stopped")).isZero();
		});
	}

	@Test
	void aLazyRegistryGetsAllMeters() {
		this.runner.withUserConfiguration(LazyRegistry.class, Actors.class)
			.withPropertyValues("spring.main.lazy-initialization=true")
			.run((context) -> assertThat(context.getBean(MeterRegistry.class).find("run.actor.restarts").counters())
				.hasSize(3));
	}

	@Test
	void withSpringBootsMetricsTheRegistryIsConfiguredFirst() {
		this.runner
			.withConfiguration(AutoConfigurations.of(MetricsAutoConfiguration.class,
					CompositeMeterRegistryAutoConfiguration.class, SimpleMetricsExportAutoConfiguration.class))
			.withUserConfiguration(Actors.class)
			.withBean(MeterFilter.class, () -> MeterFilter.deny((id) -> "failing".equals(id.getTag("actor"))))
			.run((context) -> {
				MeterRegistry registry = context.getBean(MeterRegistry.class);
				assertThat(registry.find("run.actor.restarts").tag("actor", "failing").counter()).isNull();
				assertThat(registry.find("run.actor.restarts").tag("actor", "waiting").counter()).isNotNull();
			});
	}

	@Test
	void severalRegistriesGetAllMeters() {
		this.runner.withUserConfiguration(Actors.class)
			.withBean("first", SimpleMeterRegistry.class)
			.withBean("second", SimpleMeterRegistry.class)
			.run((context) -> assertThat(context.getBeansOfType(MeterRegistry.class).values()).hasSize(2)
				.allSatisfy((registry) -> awaitFailures(registry, 1)));
	}

	@Test
	void prometheusSeesTheMeters() {
		this.runner.withUserConfiguration(Actors.class)
			.withBean(PrometheusMeterRegistry.class, () -> new PrometheusMeterRegistry(PrometheusConfig.DEFAULT))
			.run((context) -> {
				PrometheusMeterRegistry registry = context.getBean(PrometheusMeterRegistry.class);
				awaitFailures(registry, 1);
				assertThat(registry.scrape())
					.contains("run_actor_failures_total{actor=\"failing\",exception=\"IOException\"}")
					.contains("run_actor_failures_total{actor=\"waiting\",exception=\"none\"} 0.0")
					.contains("run_actor_executions_seconds_count{actor=\"failing\",outcome=\"failed\"}")
					.contains("run_actor_progress_age_seconds{actor=\"waiting\"}")
					.contains("run_actor_restarts_total{actor=\"waiting\"} 0.0")
					.contains("run_actor_stop_seconds_count{actor=\"waiting\"} 0")
					.contains("run_actors{state=\"running\"}")
					.contains("run_retry_attempts_total{outcome=\"retried\"} 0.0");
			});
	}

	@Test
	void aRegistryOutlivesTheContext() {
		SimpleMeterRegistry registry = new SimpleMeterRegistry();
		ApplicationContextRunner shared = this.runner.withUserConfiguration(Actors.class)
			.withBean(MeterRegistry.class, () -> registry, (definition) -> definition.setDestroyMethodName(""));
		for (int i = 1; i <= 2; i++) {
			shared.run((context) -> {
				assertThat(registry.get("run.actor.progress.age").tag("actor", "waiting").gauge().value()).isNotNaN();
				Awaitility.await()
					.atMost(Duration.ofSeconds(30))
					.until(() -> registry.get("run.actors").tag("state", "running").gauge().value() >= 1);
			});
			assertThat(registry.find("run.actors").gauges()).isEmpty();
		}
	}

	@Test
	void aChildContextLeavesTheMetersOfItsParent() {
		ApplicationContextRunner parents = this.runner.withUserConfiguration(Actors.class)
			.withBean("ownLifecycle", GroupLifecycle.class, GroupLifecycle::new)
			.withBean(SimpleMeterRegistry.class);
		parents.run((parent) -> {
			MeterRegistry registry = parent.getBean(MeterRegistry.class);
			awaitFailures(registry, 1);
			this.runner.withBean(Member.class, () -> Member.named("child").execute((context) -> {
			}).build()).withPropertyValues("run.auto-startup=false").withParent(parent).run((child) -> {
				assertThat(child).hasNotFailed();
				assertThat(registry.get("run.actors").tag("state", "new").gauge().value()).isEqualTo(1);
				assertThat(registry.find("run.actor.progress.age").gauges()).hasSize(4);
			});
			assertThat(registry.get("run.actors").tag("state", "new").gauge().value()).isZero();
			assertThat(registry.find("run.actor.progress.age").gauges()).hasSize(3);
		});
	}

	@Test
	void aRetryWorksBeforeTheRegistryCanBeMade(CapturedOutput output) {
		this.runner.withUserConfiguration(RegistryOfAClient.class).run((context) -> {
			assertThat(context).hasNotFailed();
			context.getBean(Retry.class).run((attempt) -> {
			});
			assertThat(attempts(context.getBean(MeterRegistry.class), "success")).isEqualTo(1);
		});
		assertThat(output).doesNotContain("WARN");
	}

	@Test
	void isOffWithoutMicrometer() {
		this.runner.withUserConfiguration(Actors.class)
			.withClassLoader(new FilteredClassLoader(MeterRegistry.class))
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean("groupMetrics"));
	}

	@Test
	void withoutARegistryTheActorsRunAllTheSame() {
		this.runner.withUserConfiguration(Actors.class).run((context) -> {
			assertThat(context).hasSingleBean(GroupMetrics.class);
			Awaitility.await()
				.atMost(Duration.ofSeconds(30))
				.until(() -> context.getBean(GroupLifecycle.class)
					.snapshot()
					.members()
					.stream()
					.anyMatch((member) -> member.failures() > 0));
		});
	}

	@Test
	void backsOffWhenUserDefinesMetrics() {
		GroupMetrics own = new GroupMetrics(() -> null, () -> null, () -> 0);
		this.runner.withBean(GroupMetrics.class, () -> own)
			.run((context) -> assertThat(context.getBean(GroupMetrics.class)).isSameAs(own));
	}

	private static void awaitFailures(MeterRegistry registry, double count) {
		Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> failures(registry) >= count);
	}

	private static double failures(MeterRegistry registry) {
		var counter = registry.find("run.actor.failures")
			.tags("actor", "failing", "exception", "IOException")
			.counter();
		return (counter != null) ? counter.count() : 0;
	}

	private static double attempts(MeterRegistry registry, String outcome) {
		return registry.get("run.retry.attempts").tag("outcome", outcome).counter().count();
	}

	@Configuration(proxyBeanMethods = false)
	static class Actors {

		@Bean
		Failing failing() {
			return new Failing();
		}

		@Bean
		Off off() {
			return new Off();
		}

		@Bean
		Member waiting() {
			return Member.named("waiting")
				.execute((context) -> context.sleep(Duration.ofMinutes(10)))
				.onDone(Policy.DO_NOTHING)
				.build();
		}

	}

	static class Failing {

		@LoopActor("failing")
		void fail() throws IOException {
			throw new IOException("again");
		}

	}

	static class Off {

		@LoopActor(value = "off", delay = "10m")
		void run() {
		}

	}

	/**
	 * Its registry needs a client, which tries to connect while it is made.
	 */
	@Configuration(proxyBeanMethods = false)
	static class RegistryOfAClient {

		@Bean
		String client(Retry retry) throws Exception {
			return retry.call((attempt) -> "connected");
		}

		@Bean
		MeterRegistry registry(String client) {
			return new SimpleMeterRegistry();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class LazyRegistry {

		@Bean
		@Lazy
		MeterRegistry registry() {
			return new SimpleMeterRegistry();
		}

	}

}
