package dev.rungroup.autoconfigure;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

import dev.rungroup.annotation.Actor;
import dev.rungroup.annotation.Execute;
import dev.rungroup.annotation.LoopActor;
import dev.rungroup.context.ActorDefinition;
import dev.rungroup.context.ActorDefinitionCustomizer;
import dev.rungroup.context.GroupLifecycle;
import dev.rungroup.context.GroupSettings;
import dev.rungroup.context.InvalidActorException;
import dev.rungroup.context.RetryAttemptListener;
import dev.rungroup.core.Backoff;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.OnStall;
import dev.rungroup.core.OnStop;
import dev.rungroup.core.Policy;
import dev.rungroup.core.Retry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.LazyInitializationBeanFactoryPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.context.LifecycleAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.SystemEnvironmentPropertySource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link RunAutoConfiguration}.
 */
@Timeout(60)
@ExtendWith(OutputCaptureExtension.class)
class RunAutoConfigurationTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(RunAutoConfiguration.class));

	@Test
	void actorsRunByDefault() {
		this.runner.withUserConfiguration(Worker.class).run((context) -> {
			assertThat(context).hasNotFailed().hasSingleBean(GroupLifecycle.class).hasSingleBean(Retry.class);
			assertThat(context.getBean(Worker.class).started.await(10, TimeUnit.SECONDS)).isTrue();
			GroupLifecycle lifecycle = context.getBean(GroupLifecycle.class);
			assertThat(lifecycle.isRunning()).isTrue();
			assertThat(lifecycle.getPhase()).isEqualTo(2147479551);
			assertThat(lifecycle.isPauseable()).isTrue();
			assertThat(lifecycle.disabledActors()).isEmpty();
		});
	}

	@Test
	void nothingStartsWhenDisabledAndAllBeansStay() {
		this.runner.withUserConfiguration(Worker.class).withPropertyValues("run.enabled=false").run((context) -> {
			assertThat(context).hasSingleBean(GroupLifecycle.class)
				.hasSingleBean(Retry.class)
				.hasSingleBean(Worker.class);
			assertThat(context.getBean(GroupLifecycle.class).isRunning()).isFalse();
			assertThat(context.getBean(GroupLifecycle.class).disabledActors()).containsExactly("worker");
			// Those of the test before may still be on their way out
			await().untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet()).extracting(Thread::getName)
				.doesNotContain("run-group", "worker"));
		});
	}

	@Test
	void oneActorIsDisabled() {
		this.runner.withUserConfiguration(Worker.class, Poller.class)
			.withPropertyValues("run.actors.worker.enabled=false")
			.run((context) -> {
				GroupLifecycle lifecycle = context.getBean(GroupLifecycle.class);
				assertThat(lifecycle.disabledActors()).containsExactly("worker");
				assertThat(lifecycle.snapshot().members()).extracting(MemberSnapshot::name).containsExactly("poller");
			});
	}

	@Test
	void groupDoesNotStartByItselfWithoutAutoStartup() {
		this.runner.withUserConfiguration(Worker.class).withPropertyValues("run.auto-startup=false").run((context) -> {
			GroupLifecycle lifecycle = context.getBean(GroupLifecycle.class);
			assertThat(lifecycle.isRunning()).isFalse();
			lifecycle.start();
			assertThat(context.getBean(Worker.class).started.await(10, TimeUnit.SECONDS)).isTrue();
		});
	}

	@Test
	void phaseIsConfigurable() {
		this.runner.withPropertyValues("run.phase=-7")
			.run((context) -> assertThat(context.getBean(GroupLifecycle.class).getPhase()).isEqualTo(-7));
	}

	@Test
	void lifecycleBacksOffWhenUserDefinesOne() {
		this.runner.withUserConfiguration(OwnLifecycle.class)
			.run((context) -> assertThat(context).hasSingleBean(GroupLifecycle.class).hasBean("ownLifecycle"));
	}

	@Test
	void retryBacksOffWhenUserDefinesOne() {
		this.runner.withUserConfiguration(OwnRetry.class)
			.run((context) -> assertThat(context).hasSingleBean(Retry.class).hasBean("ownRetry"));
	}

	@Test
	void childContextHasItsOwnLifecycle() {
		this.runner.withUserConfiguration(Worker.class)
			.run((parent) -> this.runner.withUserConfiguration(Poller.class).withParent(parent).run((child) -> {
				assertThat(child).hasNotFailed();
				assertThat(child.getBean(GroupLifecycle.class)).isNotSameAs(parent.getBean(GroupLifecycle.class));
				assertThat(child.getBean(GroupLifecycle.class).snapshot().members()).extracting(MemberSnapshot::name)
					.containsExactly("poller");
			}));
	}

	@Test
	void actorsRunWithLazyInitialization() {
		this.runner.withUserConfiguration(Worker.class, Poller.class)
			.withInitializer(
					(context) -> context.addBeanFactoryPostProcessor(new LazyInitializationBeanFactoryPostProcessor()))
			.run((context) -> assertThat(context.getBean(Worker.class).started.await(10, TimeUnit.SECONDS)).isTrue());
	}

	@Test
	void mistakesAreFoundWithLazyInitialization() {
		this.runner.withUserConfiguration(WrongActor.class)
			.withPropertyValues("run.auto-startup=false")
			.withInitializer(
					(context) -> context.addBeanFactoryPostProcessor(new LazyInitializationBeanFactoryPostProcessor()))
			.run((context) -> assertThat(context).getFailure().isInstanceOf(InvalidActorException.class));
	}

	@ParameterizedTest
	@ValueSource(strings = { "run.actors.worker.delay=soon", "run.retry.delay=soon",
			"run.actors.worker.on-error=explode", "run.start-on=never", "run.actors.worker.max-restarts=many" })
	void valueThatCannotBeConvertedNamesItsProperty(String property) {
		this.runner.withUserConfiguration(Worker.class)
			.withPropertyValues(property)
			.run((context) -> assertThat(context).getFailure()
				.hasRootCauseInstanceOf(Exception.class)
				.satisfies((failure) -> assertThat(cause(failure, BindException.class).getMessage())
					.contains(property.substring(0, property.indexOf('=')))));
	}

	@Test
	void valueOutOfRangeNamesItsProperty() {
		this.runner.withUserConfiguration(Worker.class)
			.withPropertyValues("run.actors.worker.concurrency=0")
			.run((context) -> assertThat(
					cause(context.getStartupFailure(), InvalidConfigurationPropertyValueException.class).getName())
				.isEqualTo("run.actors.worker.concurrency"));
	}

	@Test
	void delayAboveItsOwnLimitIsAContradiction() {
		this.runner.withUserConfiguration(Worker.class)
			.withPropertyValues("run.actors.worker.retry.delay=1h", "run.actors.worker.retry.max-delay=30s")
			.run((context) -> assertThat(context.getStartupFailure()).hasStackTraceContaining(
					"Property 'run.actors.worker.retry.delay' is '1h' (\"run.actors.worker.retry.delay\" from property source \"test\")."
							+ " It must not exceed 'run.actors.worker.retry.max-delay', which is PT30S."));
	}

	@Test
	void contradictionBetweenAnnotationAndPropertiesNamesTheActor() {
		this.runner.withUserConfiguration(Worker.class)
			.withPropertyValues("run.actors.worker.within=1h")
			.run((context) -> assertThat(context).getFailure()
				.isInstanceOf(InvalidActorException.class)
				.hasMessageContaining("Worker.work(MemberContext)")
				.hasMessageContaining("run.actors.worker"));
	}

	@Test
	void unknownActorFailsWithTheNearestName() {
		this.runner.withUserConfiguration(Worker.class, Poller.class)
			.withPropertyValues("run.actors.worcker.delay=1s")
			.run((context) -> assertThat(context).getFailure()
				.isInstanceOf(InvalidActorException.class)
				.hasMessageContaining("'run.actors.worcker'")
				.hasMessageContaining("Known are: worker, poller.")
				.hasMessageContaining("Did you mean 'run.actors.worker'?")
				.hasMessageContaining("run.ignore-unknown-actors=true"));
	}

	@Test
	void settingsWithoutActorsAreAWarning(CapturedOutput output) {
		this.runner.withPropertyValues("run.actors.worker.delay=1s")
			.run((context) -> assertThat(context).hasNotFailed());
		assertThat(output).contains("WARN").contains("run.actors.worker. There are no actors.");
	}

	@Test
	void contextsWithCommonSettingsWarnOnce(CapturedOutput output) {
		String[] common = { "run.actors.worker.delay=1s", "run.actors.workers.delay=1s", "run.actors.poller.delay=1s",
				"run.actors.gardener.delay=1s" };
		this.runner.withUserConfiguration(Worker.class)
			.withPropertyValues("run.actors.worker.delay=1s", "run.actors.gardener.delay=1s")
			.run((parent) -> {
				ApplicationContextRunner children = this.runner.withParent(parent).withPropertyValues(common);
				children.withUserConfiguration(Workers.class)
					.run((child) -> assertThat(child).as("the parent has an actor of a similar name").hasNotFailed());
				children.withUserConfiguration(Poller.class).run((child) -> assertThat(child).hasNotFailed());
			});
		assertThat(output.getAll().lines().filter((line) -> line.contains("no actor here has the name")))
			.singleElement()
			.asString()
			.contains("run.actors.gardener");
	}

	@Test
	void nameThatHasToBeWrittenInBracketsIsAdvisedInBrackets() {
		this.runner.withUserConfiguration(Orders.class)
			.withPropertyValues("run.actors.orders+eu.delay=1s")
			.run((context) -> assertThat(context).getFailure()
				.hasMessageContaining("Did you mean 'run.actors[orders+eu]'?"));
	}

	@Test
	void unknownActorIsAWarningIfAskedFor(CapturedOutput output) {
		this.runner.withUserConfiguration(Worker.class)
			.withPropertyValues("run.actors.worcker.delay=1s", "run.ignore-unknown-actors=true")
			.run((context) -> assertThat(context).hasNotFailed());
		assertThat(output).contains("WARN").contains("run.actors.worcker. Known are: worker.");
	}

	@ParameterizedTest
	@ValueSource(strings = { "order-server", "orderServer", "orderserver", "ORDER-SERVER", "[order_server]" })
	void namesMatchRelaxed(String spelling) {
		ActorDefinition actor = customized(OrderServer.class, "run.actors." + spelling + ".delay=7s");
		assertThat(actor.name()).isEqualTo("order-server");
		assertThat(actor.settings().delay()).isEqualTo(Duration.ofSeconds(7));
	}

	@Test
	void environmentVariablesMatchAndWin() {
		Definitions definitions = new Definitions();
		this.runner.withUserConfiguration(OrderServer.class)
			.withBean(Definitions.class, () -> definitions)
			.withPropertyValues("run.actors.order-server.on-error=shutdown", "run.actors.order-server.delay=8s",
					"run.auto-startup=false")
			.withInitializer((context) -> context.getEnvironment()
				.getPropertySources()
				.addFirst(new SystemEnvironmentPropertySource("test-systemEnvironment",
						Map.of("RUN_ACTORS_ORDERSERVER_ONERROR", "do-nothing"))))
			.run((context) -> assertThat(context).hasNotFailed());
		assertThat(definitions.all).singleElement().satisfies((actor) -> {
			assertThat(actor.settings().onError()).isEqualTo(Policy.DO_NOTHING);
			assertThat(actor.settings().delay()).isEqualTo(Duration.ofSeconds(8));
		});
	}

	@Test
	void valueOutOfRangeIsReportedWithPropertyAndReason(CapturedOutput output) {
		SpringApplication application = new SpringApplicationBuilder(RunnerConfiguration.class, Worker.class)
			.web(WebApplicationType.NONE)
			.properties("run.retry.multiplier=0.5")
			.build();
		assertThatExceptionOfType(Exception.class).isThrownBy(application::run);
		assertThat(output).contains("APPLICATION FAILED TO START")
			.contains("run.retry.multiplier")
			.contains("0.5")
			.contains("It must be at least 1.");
	}

	@Test
	void everyPropertyOverridesItsAttributeAndNothingElse() {
		Duration minute = Duration.ofMinutes(1);
		assertThat(customized(OrderServer.class).settings().onDone()).isEqualTo(Policy.DO_NOTHING);
		assertOverrides("enabled=false", (builder) -> builder.enabled(false));
		assertOverrides("required=true", (builder) -> builder.required(true));
		assertOverrides("concurrency=3", (builder) -> builder.concurrency(3));
		assertOverrides("on-done=restart", (builder) -> builder.settings().onDone(Policy.RESTART));
		assertOverrides("on-error=do-nothing", (builder) -> builder.settings().onError(Policy.DO_NOTHING));
		assertOverrides("on-stop=finish", (builder) -> builder.settings().onStop(OnStop.FINISH));
		assertOverrides("delay=1m", (builder) -> builder.settings().delay(minute));
		assertOverrides("initial-delay=1m", (builder) -> builder.settings().initialDelay(minute));
		assertOverrides("timeout=1m", (builder) -> builder.settings().timeout(minute));
		assertOverrides("ready-timeout=1m", (builder) -> builder.settings().readyTimeout(minute));
		assertOverrides("max-restarts=1", (builder) -> builder.settings().maxRestarts(1));
		assertOverrides("within=1m", (builder) -> builder.settings().within(minute));
		assertOverrides("on-exhausted=shutdown", (builder) -> builder.settings().onExhausted(Policy.SHUTDOWN));
		assertOverrides("stage=1", (builder) -> builder.settings().stage(1));
		assertOverrides("stall-after=1m", (builder) -> builder.settings().stallAfter(minute));
		assertOverrides("on-stall=restart", (builder) -> builder.settings().onStall(OnStall.RESTART));
	}

	private void assertOverrides(String property, Consumer<ActorDefinition.Builder> change) {
		ActorDefinition.Builder expected = customized(OrderServer.class).mutate();
		change.accept(expected);
		assertThat(customized(OrderServer.class, "run.actors.order-server." + property)).usingRecursiveComparison()
			.isEqualTo(expected.build());
	}

	@Test
	void backoffIsDefaultThenRunRetryThenTheActors() {
		Backoff defaults = new Backoff(Duration.ofSeconds(1), 2, Duration.ofSeconds(30), Duration.ofMillis(100),
				Duration.ofMinutes(1));
		assertThat(customized(OrderServer.class).settings().backoff()).isEqualTo(defaults);
		assertThat(customized(OrderServer.class, "run.retry.delay=2s", "run.retry.jitter=0s",
				"run.actors.order-server.retry.delay=3s", "run.actors.order-server.retry.multiplier=4")
			.settings()
			.backoff())
			.isEqualTo(new Backoff(Duration.ofSeconds(3), 4, Duration.ofSeconds(30), Duration.ZERO,
					Duration.ofMinutes(1)));
	}

	@Test
	void delayAboveALimitThatIsNotMeantForItCounts() {
		assertThat(maxDelay("run.retry.delay=2m")).isEqualTo(Duration.ofMinutes(2));
		assertThat(maxDelay("run.actors.order-server.retry.delay=3m")).isEqualTo(Duration.ofMinutes(3));
		assertThat(maxDelay("run.retry.max-delay=30s", "run.retry.delay=2m")).isEqualTo(Duration.ofSeconds(30));
		assertThat(maxDelay("run.retry.max-delay=30s", "run.actors.order-server.retry.delay=1h"))
			.as("the limit that is written down is the default")
			.isEqualTo(Duration.ofHours(1));
		assertThat(maxDelay("run.actors.order-server.retry.max-delay=5s", "run.retry.delay=3m"))
			.isEqualTo(Duration.ofSeconds(5));
	}

	private Duration maxDelay(String... properties) {
		return customized(OrderServer.class, properties).settings().backoff().maxDelay();
	}

	@Test
	void concurrentMembersHaveTheSettingsOfTheirActorAndNoneOfTheirOwn(CapturedOutput output) {
		this.runner.withUserConfiguration(Worker.class)
			.withPropertyValues("run.actors.worker.concurrency=2")
			.run((context) -> assertThat(context.getBean(GroupLifecycle.class).snapshot().members())
				.extracting(MemberSnapshot::name)
				.containsExactly("worker-1", "worker-2"));
		this.runner.withUserConfiguration(Worker.class)
			.withPropertyValues("run.actors.worker.concurrency=2", "run.actors.worker-1.delay=1s")
			.run((context) -> assertThat(context).hasNotFailed());
		assertThat(output).contains("no actor here has the name: run.actors.worker-1. Known are: worker.");
	}

	@Test
	void injectedRetryIsSetUpFromPropertiesAndHeard() {
		this.runner.withUserConfiguration(Outcomes.class)
			.withPropertyValues("run.retry.delay=1ms", "run.retry.jitter=0", "run.retry.max-retries=2")
			.run((context) -> {
				assertThatExceptionOfType(IllegalStateException.class)
					.isThrownBy(() -> context.getBean(Retry.class).run((attempt) -> {
						throw new IllegalStateException("again");
					}));
				assertThat(context.getBean(Outcomes.class).outcomes).containsExactly(Retry.AttemptOutcome.RETRIED,
						Retry.AttemptOutcome.RETRIED, Retry.AttemptOutcome.EXHAUSTED);
			});
	}

	@Test
	void retryListenerThatThrowsIsReportedOnceAndChangesNothing(CapturedOutput output) {
		this.runner.withUserConfiguration(BrokenListener.class, Outcomes.class)
			.withPropertyValues("run.retry.delay=1ms", "run.retry.jitter=0", "run.retry.max-retries=2")
			.run((context) -> {
				Retry retry = context.getBean(Retry.class);
				AtomicInteger calls = new AtomicInteger();
				retry.run((attempt) -> calls.incrementAndGet());
				retry.run((attempt) -> calls.incrementAndGet());
				assertThat(calls).hasValue(2);
				assertThat(context.getBean(Outcomes.class).outcomes).containsExactly(Retry.AttemptOutcome.SUCCESS,
						Retry.AttemptOutcome.SUCCESS);
			});
		assertThat(output).containsOnlyOnce("WARN")
			.contains(BrokenListener.class.getName())
			.contains("broken listener: SUCCESS");
	}

	@Test
	void retryWorksWhileAListenerIsMade(CapturedOutput output) {
		this.runner.withUserConfiguration(ListenerOfAClient.class)
			.withPropertyValues("run.retry.delay=1ms")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				context.getBean(Retry.class).run((attempt) -> {
				});
				assertThat(context.getBean(Outcomes.class).outcomes).containsExactly(Retry.AttemptOutcome.SUCCESS);
			});
		assertThat(output).doesNotContain("WARN");
	}

	@Test
	void shutdownBudgetAboveSpringsIsAWarning(CapturedOutput output) {
		this.runner.withPropertyValues("run.shutdown.timeout=31s").run((context) -> assertThat(context).hasNotFailed());
		assertThat(output).contains("run.shutdown.timeout is PT31S")
			.contains("actors are abandoned after PT28S")
			.contains("spring.lifecycle.timeout-per-shutdown-phase");
	}

	@Test
	void actorsAreGivenUpBeforeSpringGivesUpTheGroup(CapturedOutput output) {
		Stubborn stubborn = new Stubborn();
		this.runner.withConfiguration(AutoConfigurations.of(LifecycleAutoConfiguration.class))
			.withBean(Stubborn.class, () -> stubborn)
			.withPropertyValues("spring.lifecycle.timeout-per-shutdown-phase=4s", "run.shutdown.grace-period=100ms")
			.run((context) -> assertThat(stubborn.started.await(30, TimeUnit.SECONDS)).isTrue());
		stubborn.mayEnd();
		assertThat(output).contains("gave up waiting for 'stubborn'").doesNotContain("still running after timeout");
	}

	@Test
	void shutdownBudgetThatFitsIsNoWarning(CapturedOutput output) {
		this.runner.withPropertyValues("run.shutdown.timeout=31s", "spring.lifecycle.timeout-per-shutdown-phase=40s")
			.run((context) -> assertThat(context).hasNotFailed());
		assertThat(output).doesNotContain("run.shutdown.timeout is");
	}

	@Test
	void noExecutionBeginsBeforeAllRunnersHaveFinishedIfAskedFor() throws Exception {
		SpringApplication application = new SpringApplicationBuilder(RunnerConfiguration.class, Worker.class)
			.web(WebApplicationType.NONE)
			.properties("run.start-on=application-ready")
			.build();
		try (ConfigurableApplicationContext context = application.run()) {
			assertThat(context.getBean(RunnerConfiguration.class).startedDuringRunner).isFalse();
			assertThat(context.getBean(Worker.class).started.await(10, TimeUnit.SECONDS)).isTrue();
		}
	}

	@Test
	void virtualThreadsFollowSpringsProperty() {
		this.runner.withUserConfiguration(Worker.class)
			.withPropertyValues("spring.threads.virtual.enabled=true")
			.run((context) -> assertVirtual(context.getBean(Worker.class), Runtime.version().feature() >= 21));
		this.runner.withUserConfiguration(Worker.class)
			.withPropertyValues("spring.threads.virtual.enabled=true", "run.virtual-threads=false")
			.run((context) -> assertVirtual(context.getBean(Worker.class), false));
	}

	private static void assertVirtual(Worker worker, boolean virtual) throws InterruptedException {
		assertThat(worker.started.await(10, TimeUnit.SECONDS)).isTrue();
		assertThat(worker.thread.getClass().getName().contains("Virtual")).isEqualTo(virtual);
	}

	private ActorDefinition customized(Class<?> type, String... properties) {
		Definitions definitions = new Definitions();
		this.runner.withUserConfiguration(type)
			.withBean(Definitions.class, () -> definitions)
			.withPropertyValues(properties)
			.withPropertyValues("run.auto-startup=false")
			.run((context) -> assertThat(context).hasNotFailed());
		assertThat(definitions.all).hasSize(1);
		return definitions.all.get(0);
	}

	private static <T extends Throwable> T cause(Throwable failure, Class<T> type) {
		Throwable cause = failure;
		while (cause != null && !type.isInstance(cause)) {
			cause = cause.getCause();
		}
		assertThat(cause).isInstanceOf(type);
		return type.cast(cause);
	}

	/** Sees the definitions after the properties have been applied. */
	static class Definitions implements ActorDefinitionCustomizer, Ordered {

		final List<ActorDefinition> all = new CopyOnWriteArrayList<>();

		@Override
		public int getOrder() {
			return 1;
		}

		@Override
		public ActorDefinition customize(ActorDefinition definition) {
			this.all.add(definition);
			return definition;
		}

	}

	@Actor("worker")
	static class Worker {

		final CountDownLatch started = new CountDownLatch(1);

		volatile Thread thread;

		@Execute
		void work(MemberContext context) throws InterruptedException {
			this.thread = Thread.currentThread();
			this.started.countDown();
			context.sleep(Duration.ofHours(1));
		}

	}

	@LoopActor(name = "orders+eu", delay = "1h")
	static class Orders implements Runnable {

		@Override
		public void run() {
		}

	}

	@Actor("stubborn")
	static class Stubborn {

		final CountDownLatch started = new CountDownLatch(1);

		private volatile boolean mayEnd;

		private volatile Thread thread;

		@Execute
		void work() {
			this.thread = Thread.currentThread();
			this.started.countDown();
			while (!this.mayEnd) {
				LockSupport.park();
				Thread.interrupted();
			}
		}

		void mayEnd() {
			this.mayEnd = true;
			LockSupport.unpark(this.thread);
		}

	}

	@LoopActor(name = "workers", delay = "1h")
	static class Workers implements Runnable {

		@Override
		public void run() {
		}

	}

	@LoopActor(name = "poller", delay = "1h")
	static class Poller implements Runnable {

		@Override
		public void run() {
		}

	}

	@Actor(name = "order-server", onDone = Policy.DO_NOTHING, onError = Policy.RESTART, delay = "1s",
			initialDelay = "2s", timeout = "3s", readyTimeout = "4s", maxRestarts = "5", within = "6s",
			onExhausted = Policy.DO_NOTHING, concurrency = "1", stage = 7)
	static class OrderServer implements Runnable {

		@Override
		public void run() {
		}

	}

	@Actor
	static class WrongActor {

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnLifecycle {

		@Bean
		GroupLifecycle ownLifecycle() {
			return new GroupLifecycle(GroupSettings.defaults());
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnRetry {

		@Bean
		Retry ownRetry() {
			return Retry.immediately();
		}

	}

	static class Outcomes implements RetryAttemptListener {

		final List<Retry.AttemptOutcome> outcomes = new CopyOnWriteArrayList<>();

		@Override
		public void attemptEnded(Retry.AttemptOutcome outcome) {
			this.outcomes.add(outcome);
		}

	}

	@Order(Ordered.HIGHEST_PRECEDENCE)
	static class BrokenListener implements RetryAttemptListener {

		@Override
		public void attemptEnded(Retry.AttemptOutcome outcome) {
			throw new IllegalStateException("broken listener: " + outcome);
		}

	}

	/**
	 * Its listener needs a client, which tries to connect while it is made.
	 */
	@Configuration(proxyBeanMethods = false)
	static class ListenerOfAClient {

		@Bean
		String client(Retry retry) throws Exception {
			return retry.call((attempt) -> "connected");
		}

		@Bean
		Outcomes outcomes(String client) {
			return new Outcomes();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration(RunAutoConfiguration.class)
	static class RunnerConfiguration {

		volatile boolean startedDuringRunner;

		@Bean
		ApplicationRunner slowRunner(Worker worker) {
			return (arguments) -> this.startedDuringRunner = worker.started.await(200, TimeUnit.MILLISECONDS);
		}

	}

}
