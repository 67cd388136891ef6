package dev.rungroup.autoconfigure;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import dev.rungroup.actuate.ActorAvailability;
import dev.rungroup.actuate.ActorsEndpoint;
import dev.rungroup.actuate.ActorsEndpointWebExtension;
import dev.rungroup.actuate.ActorsHealthIndicator;
import dev.rungroup.annotation.Actor;
import dev.rungroup.annotation.Execute;
import dev.rungroup.annotation.LoopActor;
import dev.rungroup.context.ActorReadyEvent;
import dev.rungroup.context.ActorStartedEvent;
import dev.rungroup.context.GroupLifecycle;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.MemberState;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.availability.ApplicationAvailabilityAutoConfiguration;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.ApplicationAvailabilityBean;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Which beans of operations there are, and when.
 */
@Tag("once")
class OperationsAutoConfigurationTests {

	private static final AutoConfigurations CONFIGURATIONS = AutoConfigurations.of(
			ApplicationAvailabilityAutoConfiguration.class, RunAutoConfiguration.class,
			RunAvailabilityAutoConfiguration.class, RunEndpointAutoConfiguration.class,
			RunHealthAutoConfiguration.class);

	private final WebApplicationContextRunner runner = new WebApplicationContextRunner()
		.withConfiguration(CONFIGURATIONS)
		.withPropertyValues("management.endpoints.web.exposure.include=actors");

	@Test
	void allIsThereByDefault() {
		this.runner.run((context) -> assertThat(context).hasSingleBean(ActorsEndpoint.class)
			.hasSingleBean(ActorsEndpointWebExtension.class)
			.hasSingleBean(ActorsHealthIndicator.class)
			.getBean(ApplicationAvailability.class)
			.isInstanceOf(ActorAvailability.class));
	}

	@Test
	void endpointIsNotThereUnlessExposed() {
		new WebApplicationContextRunner().withConfiguration(CONFIGURATIONS)
			.run((context) -> assertThat(context).doesNotHaveBean(ActorsEndpoint.class)
				.doesNotHaveBean(ActorsEndpointWebExtension.class));
	}

	@Test
	void endpointIsNotThereWithoutAccess() {
		this.runner.withPropertyValues("management.endpoint.actors.access=NONE")
			.run((context) -> assertThat(context).doesNotHaveBean(ActorsEndpoint.class));
	}

	@Test
	void webExtensionIsNotThereOverJmxAlone() {
		new ApplicationContextRunner().withConfiguration(CONFIGURATIONS)
			.withPropertyValues("spring.jmx.enabled=true", "management.endpoints.jmx.exposure.include=actors")
			.run((context) -> assertThat(context).hasSingleBean(ActorsEndpoint.class)
				.doesNotHaveBean(ActorsEndpointWebExtension.class));
	}

	@Test
	void allBacksOffWithoutActuatorAndHealth() {
		this.runner
			.withClassLoader(new FilteredClassLoader(ConditionalOnAvailableEndpoint.class, HealthIndicator.class))
			.run((context) -> assertThat(context).hasNotFailed()
				.hasSingleBean(GroupLifecycle.class)
				.doesNotHaveBean("actorsEndpoint")
				.doesNotHaveBean("actorsHealthIndicator")
				.getBean(ApplicationAvailability.class)
				.isExactlyInstanceOf(ApplicationAvailabilityBean.class));
	}

	@Test
	void availabilityOfTheUserWins() {
		this.runner.withBean("mine", ApplicationAvailabilityBean.class)
			.run((context) -> assertThat(context).hasSingleBean(ApplicationAvailability.class).hasBean("mine"));
	}

	@Test
	void healthIndicatorOfTheUserWins() {
		this.runner.withUserConfiguration(OwnHealth.class)
			.run((context) -> assertThat(context).doesNotHaveBean(ActorsHealthIndicator.class)
				.hasBean("actorsHealthIndicator"));
	}

	@Test
	void childContextHasItsOwn() {
		this.runner.withUserConfiguration(OwnLifecycle.class).run((parent) -> {
			assertThat(parent).hasSingleBean(ActorsEndpoint.class);
			this.runner.withBean(Broken.class)
				.withPropertyValues("run.actors.broken.required=true")
				.withParent(parent)
				.run((child) -> {
					assertThat(child).hasNotFailed();
					Awaitility.await()
						.atMost(Duration.ofSeconds(20))
						.until(() -> child.getBean(ActorsHealthIndicator.class)
							.health()
							.getStatus()
							.equals(Status.OUT_OF_SERVICE));
					assertThat(child.getBean(ActorsEndpoint.class).actors().actors()).containsOnlyKeys("broken");
					assertThat(child.getSourceApplicationContext()
						.getBeanFactory()
						.containsLocalBean("actorsEndpointWebExtension")).isTrue();
					assertThat(parent.getBean(ActorsHealthIndicator.class).health().getStatus()).isEqualTo(Status.UP);
					assertThat(parent.getBean(ActorsEndpoint.class).actors().actors()).isEmpty();
				});
		});
	}

	@Test
	void endpointSaysWhichPropertyHasSwitchedAnActorOff() {
		WebApplicationContextRunner broken = this.runner.withBean(Broken.class);
		broken.withPropertyValues("run.actors.broken.enabled=false")
			.run((context) -> assertThatIllegalStateException()
				.isThrownBy(() -> context.getBean(ActorsEndpoint.class).control("broken", "start"))
				.withMessageContaining("'run.actors.broken.enabled'"));
		broken.withPropertyValues("run.enabled=false")
			.run((context) -> assertThatIllegalStateException()
				.isThrownBy(() -> context.getBean(ActorsEndpoint.class).control("broken", "start"))
				.withMessageContaining("'run.enabled'"));
	}

	@Test
	void healthIndicatorCanBeSwitchedOff() {
		this.runner.withPropertyValues("management.health.actors.enabled=false")
			.run((context) -> assertThat(context).doesNotHaveBean(ActorsHealthIndicator.class));
	}

	@Test
	void stageStartsWhenTheOneBelowIsReady() {
		this.runner.withUserConfiguration(Stages.class)
			.withPropertyValues("run.actors.database.stage=-1", "run.actors.database.ready-timeout=1m",
					"run.actors.server.stage=1", "run.actors.server.required=true")
			.run((context) -> {
				Stages stages = context.getBean(Stages.class);
				assertThat(stages.asked.await(20, TimeUnit.SECONDS)).isTrue();
				assertThat(stages.trail).containsExactly("started database");
				assertThat(context.getBean(GroupLifecycle.class).snapshot().members())
					.filteredOn((member) -> member.name().equals("server"))
					.singleElement()
					.satisfies((member) -> assertThat(member.state()).isEqualTo(MemberState.NEW));
				assertThat(context.getBean(ActorsHealthIndicator.class).health().getStatus().getCode())
					.isEqualTo("OUT_OF_SERVICE");
				stages.mayBeReady.countDown();
				Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> stages.trail.size() == 3);
				assertThat(stages.trail).containsExactly("started database", "ready database", "started server");
				Awaitility.await()
					.atMost(Duration.ofSeconds(20))
					.until(() -> context.getBean(ActorsHealthIndicator.class)
						.health()
						.getStatus()
						.getCode()
						.equals("UP"));
			});
	}

	@Configuration(proxyBeanMethods = false)
	static class OwnLifecycle {

		@Bean
		GroupLifecycle ownLifecycle() {
			return new GroupLifecycle();
		}

	}

	static class Broken {

		@LoopActor("broken")
		void work() {
			throw new IllegalStateException("broken");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnHealth {

		@Bean
		HealthIndicator actorsHealthIndicator() {
			return () -> Health.up().build();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Stages {

		private final CountDownLatch asked = new CountDownLatch(1);

		private final CountDownLatch mayBeReady = new CountDownLatch(1);

		private final List<String> trail = new CopyOnWriteArrayList<>();

		@Bean
		Database database(Stages stages) {
			return new Database(stages);
		}

		@Bean
		Server server() {
			return new Server();
		}

		@EventListener
		void started(ActorStartedEvent event) {
			this.trail.add("started " + event.actor());
		}

		@EventListener
		void ready(ActorReadyEvent event) {
			this.trail.add("ready " + event.actor());
		}

	}

	@Actor("database")
	record Database(Stages stages) {

		@Execute
		void run(MemberContext context) throws InterruptedException {
			this.stages.asked.countDown();
			this.stages.mayBeReady.await();
			context.ready();
			context.sleep(Duration.ofDays(1));
		}

	}

	@Actor("server")
	static class Server {

		@Execute
		void run(MemberContext context) throws InterruptedException {
			context.sleep(Duration.ofDays(1));
		}

	}

}
