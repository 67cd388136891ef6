package dev.rungroup.autoconfigure.exit;

import java.time.Duration;
import java.util.Arrays;
import java.util.EventListener;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import dev.rungroup.autoconfigure.RunAutoConfiguration;
import dev.rungroup.context.GroupEndHandler;
import dev.rungroup.core.Member;
import dev.rungroup.core.StopReason;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.LazyInitializationBeanFactoryPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringApplication.AbandonedRunException;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.web.servlet.support.SpringBootServletInitializer;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.ApplicationEventMulticaster;
import org.springframework.context.event.SimpleApplicationEventMulticaster;
import org.springframework.context.support.AbstractApplicationContext;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.mock.web.MockServletContext;
import org.springframework.web.context.WebApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link RunExitAutoConfiguration}. That this class ends normally is the most
 * important of them.
 */
class RunExitAutoConfigurationTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(RunAutoConfiguration.class, RunExitAutoConfiguration.class));

	@Test
	void inATestTheContextClosesAndTheJvmStays() {
		this.runner.withUserConfiguration(FailingActor.class).run((context) -> {
			context.getBean(Orders.class).fail();
			awaitClosed(context.getSourceApplicationContext(ConfigurableApplicationContext.class));
		});
	}

	@Test
	void inATestTheJvmStaysWhateverThePropertySays() {
		this.runner.withUserConfiguration(FailingActor.class)
			.withPropertyValues("run.on-shutdown=exit")
			.run((context) -> {
				context.getBean(Orders.class).fail();
				awaitClosed(context.getSourceApplicationContext(ConfigurableApplicationContext.class));
			});
	}

	@Test
	void inATestTheJvmStaysWhoeverStartsTheApplication() throws Exception {
		AtomicReference<ConfigurableApplicationContext> started = new AtomicReference<>();
		Thread launcher = new Thread(() -> started.set(application().run("--run.on-shutdown=exit")));
		launcher.start();
		launcher.join(30_000);
		ConfigurableApplicationContext context = started.get();
		context.getBean(Orders.class).fail();
		awaitClosed(context);
	}

	@Test
	void aReplacementIsCalledWithTheCodeWhenTheContextIsClosed() {
		AtomicReference<ConfigurableApplicationContext> used = new AtomicReference<>();
		BlockingQueue<String> exits = new LinkedBlockingQueue<>();
		this.runner.withUserConfiguration(FailingActor.class)
			.withBean(JvmExit.class, () -> (code) -> exits.add(code + " active=" + used.get().isActive()))
			.run((context) -> {
				used.set(context.getSourceApplicationContext(ConfigurableApplicationContext.class));
				context.getBean(Orders.class).fail();
				assertThat(exits.poll(30, TimeUnit.SECONDS)).isEqualTo("1 active=false");
			});
		assertThat(exits).isEmpty();
	}

	@Test
	void withNoneTheContextStaysOpen() {
		this.runner.withUserConfiguration(FailingActor.class)
			.withPropertyValues("run.on-shutdown=none")
			.run((context) -> {
				Orders orders = context.getBean(Orders.class);
				orders.fail();
				assertThat(orders.interrupted.await(30, TimeUnit.SECONDS)).isTrue();
				assertThat(context.getSourceApplicationContext(ConfigurableApplicationContext.class).isActive())
					.isTrue();
			});
	}

	@Test
	void withCloseNobodyEndsTheJvm() {
		BlockingQueue<Integer> exits = new LinkedBlockingQueue<>();
		this.runner.withUserConfiguration(FailingActor.class)
			.withPropertyValues("run.on-shutdown=close")
			.withBean(JvmExit.class, () -> exits::add)
			.run((context) -> {
				context.getBean(Orders.class).fail();
				awaitClosed(context.getSourceApplicationContext(ConfigurableApplicationContext.class));
			});
		assertThat(exits).isEmpty();
	}

	@Test
	void aFailureWhileStartingIsThrownOnTheStartingThread() {
		this.runner.withUserConfiguration(FailingActor.class, SlowStart.class).run((context) -> {
			assertThat(context).hasFailed();
			assertThat(context.getStartupFailure()).isInstanceOfSatisfying(ActorFailedException.class, (failure) -> {
				assertThat(failure.getActor()).isEqualTo("failing");
				assertThat(failure.getExitCode()).isEqualTo(1);
				assertThat(failure).hasMessageContaining("'failing'").hasRootCauseMessage("boom");
			});
		});
	}

	@Test
	void aFailureWhileStartingIsThrownWhereEventsAreAsynchronousToo() {
		SimpleApplicationEventMulticaster multicaster = new SimpleApplicationEventMulticaster();
		// when everything else is done, if at all
		multicaster.setTaskExecutor((task) -> {
		});
		this.runner.withUserConfiguration(FailingActor.class, SlowStart.class)
			.withBean(AbstractApplicationContext.APPLICATION_EVENT_MULTICASTER_BEAN_NAME,
					ApplicationEventMulticaster.class, () -> multicaster)
			.run((context) -> assertThat(context).getFailure().isInstanceOf(ActorFailedException.class));
	}

	@Test
	void aFailureWhileStartingIsThrownWithLazyInitializationToo() {
		this.runner.withUserConfiguration(FailingActor.class, SlowStart.class)
			.withInitializer(
					(context) -> context.addBeanFactoryPostProcessor(new LazyInitializationBeanFactoryPostProcessor()))
			.run((context) -> assertThat(context).getFailure().isInstanceOf(ActorFailedException.class));
	}

	@Test
	void theJvmOfAServletContainerIsNotOurs() throws Exception {
		AtomicReference<ConfigurableApplicationContext> started = new AtomicReference<>();
		new SpringBootServletInitializer() {

			@Override
			protected SpringApplicationBuilder configure(SpringApplicationBuilder builder) {
				// the mock takes no filters
				setRegisterErrorPageFilter(false);
				return builder.sources(Application.class);
			}

			@Override
			protected WebApplicationContext run(SpringApplication application) {
				WebApplicationContext context = super.run(application);
				started.set((ConfigurableApplicationContext) context);
				return context;
			}

		}.onStartup(new MockServletContext() {

			@Override
			public <T extends EventListener> void addListener(T listener) {
				// the container would close the context through it, we do that below
			}

		});
		try (ConfigurableApplicationContext context = started.get()) {
			assertThat(Startup.of(context).ownsJvm()).isFalse();
		}
		try (ConfigurableApplicationContext context = application().run()) {
			assertThat(Startup.of(context).ownsJvm()).isTrue();
		}
	}

	@Test
	void aFailureWhileSpringApplicationStartsIsThrownByRun() {
		assertThatExceptionOfType(ActorFailedException.class).isThrownBy(() -> application(SlowStart.class).run())
			.satisfies((failure) -> assertThat(failure.getActor()).isEqualTo("failing"));
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void noRunnerBeginsOnceTheClosingHasBegun(boolean endsJvm) {
		AtomicInteger begun = new AtomicInteger();
		BlockingQueue<Integer> exits = new LinkedBlockingQueue<>();
		SpringApplication application = application();
		application.addInitializers((ApplicationContextInitializer<GenericApplicationContext>) (context) -> {
			for (int i = 0; i < 3; i++) {
				// without an order, so that any may come first
				context.registerBean("runner" + i, ApplicationRunner.class, () -> (arguments) -> {
					if (begun.incrementAndGet() == 1) {
						context.getBean(Orders.class).fail();
						Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> !context.isActive());
					}
				});
			}
			if (endsJvm) {
				context.registerBean(JvmExit.class, () -> exits::add);
			}
		});
		assertThatExceptionOfType(endsJvm ? AbandonedRunException.class : ActorFailedException.class)
			.isThrownBy(application::run);
		assertThat(begun).hasValue(1);
		assertThat(exits).hasSize(endsJvm ? 1 : 0);
	}

	@Test
	void aContextWithoutSpringApplicationClosesWhenItIsReady() {
		try (AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext()) {
			context.register(FailingActor.class, RunAutoConfiguration.class, RunExitAutoConfiguration.class);
			context.refresh();
			context.getBean(Orders.class).fail();
			awaitClosed(context);
		}
	}

	@Test
	void anInterruptedActorThreadDoesNotKeepTheContextOpen() {
		this.runner.withUserConfiguration(FailingActor.class).run((context) -> {
			Orders orders = context.getBean(Orders.class);
			orders.interruptsItself = true;
			orders.fail();
			awaitClosed(context.getSourceApplicationContext(ConfigurableApplicationContext.class));
		});
	}

	@Test
	void backsOffWhenUserDefinesAHandler() {
		BlockingQueue<StopReason> reasons = new LinkedBlockingQueue<>();
		this.runner.withUserConfiguration(FailingActor.class)
			.withBean(GroupEndHandler.class, () -> (reason) -> reasons.add(reason))
			.run((context) -> {
				assertThat(context).doesNotHaveBean(GroupExit.class);
				context.getBean(Orders.class).fail();
				StopReason reason = reasons.poll(30, TimeUnit.SECONDS);
				assertThat(reason).isNotNull();
				assertThat(reason.member()).isEqualTo("failing");
				assertThat(context.getSourceApplicationContext(ConfigurableApplicationContext.class).isActive())
					.isTrue();
			});
	}

	@Test
	void isOffWithTheActors() {
		this.runner.withPropertyValues("run.enabled=false")
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(GroupExit.class));
	}

	private static SpringApplication application(Class<?>... more) {
		SpringApplication application = new SpringApplication(Application.class);
		application.setWebApplicationType(WebApplicationType.NONE);
		application.addPrimarySources(List.of(more));
		return application;
	}

	private static void awaitClosed(ConfigurableApplicationContext context) {
		Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> !context.isActive());
		awaitExitThread();
	}

	/**
	 * Wait for the thread that would end the JVM to end itself instead.
	 */
	static void awaitExitThread() {
		Awaitility.await()
			.atMost(Duration.ofSeconds(30))
			.until(() -> Thread.getAllStackTraces()
				.keySet()
				.stream()
				.noneMatch((t) -> t.getName().equals("run-group")));
	}

	/**
	 * Tells the actor when to fail.
	 */
	static final class Orders {

		private final CountDownLatch fail = new CountDownLatch(1);

		private final CountDownLatch interrupted = new CountDownLatch(1);

		private volatile boolean interruptsItself;

		void fail() {
			this.fail.countDown();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class FailingActor {

		@Bean
		Orders orders() {
			return new Orders();
		}

		@Bean
		Member failing(Orders orders) {
			return Member.named("failing").execute(() -> {
				orders.fail.await();
				if (orders.interruptsItself) {
					Thread.currentThread().interrupt();
				}
				throw new IllegalStateException("boom");
			}).interrupt((reason) -> {
				orders.fail.countDown();
				orders.interrupted.countDown();
			}).build();
		}

	}

	/**
	 * Lets the actor fail while the context is being refreshed, and goes on when it has.
	 */
	@Configuration(proxyBeanMethods = false)
	static class SlowStart {

		@Bean
		SmartLifecycle slow(Orders orders) {
			return new LastToStart(orders::fail);
		}

	}

	static final class LastToStart implements SmartLifecycle {

		private final Runnable first;

		LastToStart(Runnable first) {
			this.first = first;
		}

		@Override
		public void start() {
			this.first.run();
			Awaitility.await()
				.atMost(Duration.ofSeconds(30))
				.until(() -> Thread.getAllStackTraces()
					.entrySet()
					.stream()
					.anyMatch((entry) -> entry.getKey().getState() == Thread.State.TIMED_WAITING
							&& Arrays.stream(entry.getValue())
								.anyMatch((frame) -> frame.getMethodName().equals("takeOver"))));
		}

		@Override
		public void stop() {
		}

		@Override
		public boolean isRunning() {
			return false;
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ RunAutoConfiguration.class, RunExitAutoConfiguration.class })
	static class Application extends FailingActor {

	}

}
