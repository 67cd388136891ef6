package dev.rungroup.context;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import dev.rungroup.autoconfigure.RunAutoConfiguration;
import dev.rungroup.core.Member;
import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.Policy;
import dev.rungroup.core.StopReason;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.Lifecycle;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.support.AbstractApplicationContext;
import org.springframework.core.env.Environment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Lifecycle beans that are members of the group.
 */
@Tag("once")
class AdoptionTests {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(RunAutoConfiguration.class))
		.withUserConfiguration(Beans.class)
		.withPropertyValues("run.adopt.container.on-error=shutdown", "run.retry.delay=10ms", "run.retry.jitter=0s");

	@Test
	void containerThatStopsByItselfEndsTheGroup() {
		this.runner.run((context) -> {
			awaitWatched(context);
			container(context).stop();
			Awaitility.await().atMost(LIMIT).until(() -> !group(context).isRunning());
			StopReason reason = group(context).snapshot().stopReason();
			assertThat(reason).isNotNull();
			assertThat(reason.kind()).isEqualTo(StopReason.Kind.MEMBER_FAILED);
			assertThat(reason.member()).isEqualTo("container");
			assertThat(reason.cause()).hasMessage("Bean 'container' has stopped running");
			assertThat(context.getBean(Endings.class).reasons).containsExactly(reason);
			assertThat(container(context).starts).hasValue(1);
		});
	}

	@Test
	void memberIsNotReadyWhileItsContainerDoesNotRun() {
		this.runner.withPropertyValues("auto-startup=false").run((context) -> {
			Awaitility.await().atMost(LIMIT).until(() -> member(context).state() == MemberState.RUNNING);
			assertThat(member(context).ready()).isFalse();
			container(context).start();
			Awaitility.await().atMost(LIMIT).until(() -> member(context).ready());
		});
	}

	@Test
	void containerIsStartedAgain() {
		this.runner.withPropertyValues("run.adopt.container.on-error=restart").run((context) -> {
			for (int i = 1; i <= 3; i++) {
				awaitWatched(context);
				container(context).stop();
				int restarts = i;
				Awaitility.await()
					.atMost(LIMIT)
					.until(() -> container(context).starts.get() == restarts + 1 && container(context).isRunning());
			}
			assertThat(member(context).failures()).isEqualTo(3);
		});
	}

	@Test
	void containerThatCannotBeStartedAgainUsesUpItsRestarts() {
		this.runner.withPropertyValues("run.adopt.container.on-error=restart", "run.adopt.container.max-restarts=2")
			.run((context) -> {
				awaitWatched(context);
				container(context).failure = new IllegalStateException("no broker");
				container(context).stop();
				Awaitility.await().atMost(LIMIT).until(() -> !group(context).isRunning());
				StopReason reason = group(context).snapshot().stopReason();
				assertThat(reason).isNotNull();
				assertThat(reason.kind()).isEqualTo(StopReason.Kind.RESTARTS_EXHAUSTED);
				assertThat(reason.cause()).hasMessage("no broker");
				assertThat(group(context).exhaustedActors()).containsExactly("container");
				assertThat(container(context).starts).hasValue(3);
			});
	}

	@ParameterizedTest
	@ValueSource(ints = { 0, GroupSettings.DEFAULT_PHASE, Integer.MAX_VALUE })
	void containerThatStopsBeforeItsMemberHasLookedIsStartedAgain(int phase) {
		this.runner.withPropertyValues("phase=" + phase, "run.adopt.container.on-error=restart").run((context) -> {
			container(context).stop();
			Awaitility.await()
				.atMost(LIMIT)
				.until(() -> container(context).starts.get() == 2 && container(context).isRunning());
			assertThat(member(context).failures()).isEqualTo(1);
		});
	}

	@Test
	void containerThatStopsInTheMiddleOfTheStartEndsTheGroup() {
		this.runner.withPropertyValues("phase=0").withBean(Last.class).run((context) -> {
			Awaitility.await().atMost(LIMIT).until(() -> !group(context).isRunning());
			assertThat(container(context).starts).hasValue(1);
		});
	}

	@Test
	void memberHasNotStoppedBeforeItsContainerHas() {
		this.runner.run((context) -> {
			awaitWatched(context);
			CountDownLatch stopping = new CountDownLatch(1);
			CountDownLatch mayStop = new CountDownLatch(1);
			container(context).beforeStop = () -> {
				stopping.countDown();
				await(mayStop);
			};
			group(context).stopMember("container");
			await(stopping);
			assertThat(member(context).state()).isEqualTo(MemberState.STOPPING);
			sleep(100);
			assertThat(member(context).state()).isEqualTo(MemberState.STOPPING);
			mayStop.countDown();
			Awaitility.await().atMost(LIMIT).until(() -> member(context).state() == MemberState.STOPPED);
			assertThat(container(context).isRunning()).isFalse();
		});
	}

	@Test
	void containerIsNotStartedAgainByAnExecutionThatWasInterruptedBeforeItsBody() {
		CountDownLatch begun = new CountDownLatch(1);
		CountDownLatch stopped = new CountDownLatch(1);
		this.runner.withBean(BodyWrapper.class, () -> (name, body) -> (member) -> {
			begun.countDown();
			await(stopped);
			body.run(member);
		}).run((context) -> {
			container(context).stopping = stopped::countDown;
			await(begun);
			group(context).stopMember("container");
			Awaitility.await().atMost(LIMIT).until(() -> member(context).state() == MemberState.STOPPED);
			assertThat(container(context).isRunning()).isFalse();
			assertThat(container(context).starts).hasValue(1);
		});
	}

	@Test
	void stopThatComesWhileTheContainerIsStartedAgainIsNotLost() {
		this.runner.withPropertyValues("run.adopt.container.on-error=restart").run((context) -> {
			awaitWatched(context);
			CountDownLatch starting = new CountDownLatch(1);
			CountDownLatch asked = new CountDownLatch(1);
			container(context).beforeStart = () -> {
				starting.countDown();
				await(asked);
			};
			container(context).stop();
			await(starting);
			container(context).stopping = asked::countDown;
			group(context).stopMember("container");
			Awaitility.await().atMost(LIMIT).until(() -> member(context).state() == MemberState.STOPPED);
			assertThat(container(context).isRunning()).isFalse();
		});
	}

	@Test
	void containerThatStopsByItselfMayBeNobodysBusiness() {
		this.runner.withPropertyValues("run.adopt.container.on-error=do-nothing").run((context) -> {
			awaitWatched(context);
			container(context).stop();
			Awaitility.await().atMost(LIMIT).until(() -> member(context).state() == MemberState.FAILED);
			assertThat(container(context).starts).hasValue(1);
			group(context).stop();
			assertThat(group(context).exhaustedActors()).as("it was never to be started again").isEmpty();
		});
	}

	@Test
	void containerWhoseRestartsAreUsedUpIsExhausted() {
		this.runner
			.withPropertyValues("run.adopt.container.on-error=restart", "run.adopt.container.max-restarts=0",
					"run.adopt.container.on-exhausted=do-nothing")
			.run((context) -> {
				awaitWatched(context);
				container(context).stop();
				Awaitility.await()
					.atMost(LIMIT)
					.until(() -> group(context).exhaustedActors().equals(Set.of("container")));
				assertThat(member(context).state()).isEqualTo(MemberState.FAILED);
			});
	}

	@ParameterizedTest
	@ValueSource(ints = { Integer.MIN_VALUE, 0, GroupSettings.DEFAULT_PHASE, Integer.MAX_VALUE })
	void stopOfTheContextIsNoFailure(int phase) {
		this.runner.withPropertyValues("phase=" + phase, "run.adopt.container.on-error=restart").run((context) -> {
			awaitWatched(context);
			Container container = container(context);
			// Time enough to notice that the container does not run any more
			container.stopping = () -> sleep(300);
			((AbstractApplicationContext) context.getSourceApplicationContext()).stop();
			assertThat(container.isRunning()).isFalse();
			assertThat(member(context).failures()).isZero();
			assertThat(container.starts).hasValue(1);
			((AbstractApplicationContext) context.getSourceApplicationContext()).start();
			awaitWatched(context);
			assertThat(container.starts).hasValue(2);
			container.stop();
			Awaitility.await().atMost(LIMIT).until(() -> container.starts.get() == 3 && container.isRunning());
			awaitWatched(context);
			context.getSourceApplicationContext().close();
			assertThat(container.starts).hasValue(3);
			assertThat(context.getSourceApplicationContext().isActive()).isFalse();
		});
	}

	@Test
	void stopByAListenerOfTheContextsCloseIsNoFailure() {
		this.runner.run((context) -> {
			awaitWatched(context);
			Container container = container(context);
			AtomicBoolean looked = new AtomicBoolean();
			((AbstractApplicationContext) context.getSourceApplicationContext())
				.addApplicationListener((ContextClosedEvent event) -> {
					container.stop();
					looked.set(awaitTwoLooks(container));
				});
			Endings endings = context.getBean(Endings.class);
			GroupLifecycle group = group(context);
			context.getSourceApplicationContext().close();
			assertThat(looked).isTrue();
			assertThat(endings.reasons).isEmpty();
			assertThat(group.snapshot().stopReason()).extracting(StopReason::kind)
				.isEqualTo(StopReason.Kind.CONTEXT_CLOSED);
		});
	}

	private static boolean awaitTwoLooks(Container container) {
		int before = container.looks.get();
		long deadline = System.nanoTime() + LIMIT.toNanos();
		while (container.looks.get() < before + 2 && System.nanoTime() < deadline) {
			sleep(10);
		}
		return container.looks.get() >= before + 2;
	}

	@Test
	void containerThatSpringDoesNotStartIsWaitedFor() {
		this.runner.withPropertyValues("auto-startup=false").run((context) -> {
			Awaitility.await().atMost(LIMIT).until(() -> member(context).state() == MemberState.RUNNING);
			sleep(200);
			assertThat(member(context).state()).isEqualTo(MemberState.RUNNING);
			assertThat(container(context).starts).hasValue(0);
			container(context).start();
			// Its member has seen it run
			Awaitility.await().atMost(LIMIT).until(() -> member(context).ready());
			container(context).stop();
			Awaitility.await().atMost(LIMIT).until(() -> !group(context).isRunning());
		});
	}

	@Test
	void containerThatStopsWhileOnlyTheGroupIsStoppedIsStartedAgain() {
		this.runner.withPropertyValues("run.adopt.container.on-error=restart").run((context) -> {
			awaitWatched(context);
			group(context).stop();
			assertThat(container(context).isRunning()).isTrue();
			container(context).stop();
			group(context).start();
			Awaitility.await()
				.atMost(LIMIT)
				.until(() -> container(context).starts.get() == 2 && container(context).isRunning());
			assertThat(member(context).failures()).isEqualTo(1);
		});
	}

	@Test
	void containerThatItsMemberHasStoppedIsStartedWithTheGroup() {
		this.runner.run((context) -> {
			awaitWatched(context);
			group(context).add(Member.named("other").execute((other) -> other.sleep(LIMIT)).build());
			group(context).stopMember("container");
			Awaitility.await().atMost(LIMIT).until(() -> member(context).state() == MemberState.STOPPED);
			group(context).stop();
			group(context).start();
			Awaitility.await().atMost(LIMIT).until(() -> container(context).isRunning());
			assertThat(member(context).failures()).isZero();
		});
	}

	@Test
	void plainLifecycleIsNotStartedForOurSake() {
		this.runner.withPropertyValues("run.adopt.plain.on-error=shutdown").run((context) -> {
			awaitWatched(context);
			assertThat(context.getBean("plain", Plain.class).starts).hasValue(0);
		});
	}

	@Test
	void memberIsStoppedAndStartedAlone() {
		this.runner.run((context) -> {
			awaitWatched(context);
			group(context).stopMember("container");
			Awaitility.await().atMost(LIMIT).until(() -> member(context).state() == MemberState.STOPPED);
			assertThat(container(context).isRunning()).isFalse();
			group(context).startMember("container");
			Awaitility.await().atMost(LIMIT).until(() -> container(context).isRunning());
			group(context).restartMember("container");
			Awaitility.await().atMost(LIMIT).until(() -> container(context).starts.get() == 3);
			assertThat(member(context).failures()).isZero();
			assertThat(group(context).snapshot().stopReason()).isNull();
		});
	}

	@Test
	void nameIsMatchedRelaxed() {
		this.runner.withPropertyValues("run.adopt.pl-ain.required=true").run((context) -> {
			assertThat(group(context).requiredActors()).containsExactly("plain");
			assertThat(group(context).snapshot().members()).extracting(MemberSnapshot::name)
				.containsExactlyInAnyOrder("container", "plain");
		});
	}

	@Test
	void nameThatAnEnvironmentVariableSpellsDifferentlyIsOneAdoption() {
		this.runner.withPropertyValues("run.adopt.order-listener.on-error=restart")
			.withBean("orderListener", Plain.class)
			.withInitializer((context) -> context.getEnvironment()
				.getPropertySources()
				.addFirst(new SystemEnvironmentPropertySource("test-systemEnvironment",
						Map.of("RUN_ADOPT_ORDERLISTENER_MAXRESTARTS", "9"))))
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(context.getBeansOfType(AdoptionSource.class).values()).singleElement()
					.satisfies((source) -> assertThat(source.adoptions(context.getBeanFactory()))
						.filteredOn((adoption) -> adoption.beanName().equals("orderListener"))
						.singleElement()
						.satisfies((adoption) -> {
							assertThat(adoption.settings().onError()).isEqualTo(Policy.RESTART);
							assertThat(adoption.settings().maxRestarts()).isEqualTo(9);
						}));
			});
	}

	@Test
	void groupThatWasNotStartedShowsTheContainer() {
		this.runner.withPropertyValues("run.auto-startup=false")
			.run((context) -> assertThat(group(context).snapshot().members()).extracting(MemberSnapshot::name)
				.containsExactly("container"));
	}

	@Test
	void disabledGroupAdoptsNobody() {
		this.runner.withPropertyValues("run.enabled=false").run((context) -> {
			assertThat(container(context).isRunning()).isTrue();
			assertThat(group(context).disabledActors()).containsExactly("container");
			container(context).stop();
			assertThat(group(context).snapshot().members()).isEmpty();
		});
	}

	@Test
	void unknownBeanFailsWithTheNearestName() {
		this.runner.withPropertyValues("run.adopt.contaner.on-error=restart").run((context) -> {
			assertThat(context).hasFailed();
			assertThat(context.getStartupFailure())
				.hasStackTraceContaining(
						"Property 'run.adopt.contaner' is set, but there is neither a Lifecycle bean 'contaner' nor a")
				.hasStackTraceContaining("Did you mean 'run.adopt.container'?");
		});
	}

	@ParameterizedTest
	@CsvSource({ "end-ings,bean 'endings' is a dev.rungroup.context.AdoptionTests$Endings and no Lifecycle.",
			"group-lifecycle,bean 'groupLifecycle' is the group of actors itself.",
			"prototype,bean 'prototype' is no singleton." })
	void beanThatCannotBeAdoptedFailsWithTheReason(String name, String reason) {
		this.runner.withPropertyValues("run.adopt." + name + ".on-error=restart")
			.withBean("prototype", Plain.class, Plain::new, (definition) -> definition.setScope("prototype"))
			.run((context) -> {
				assertThat(context).hasFailed();
				assertThat(context.getStartupFailure())
					.hasStackTraceContaining("Property 'run.adopt." + name + "' is set, but " + reason);
			});
	}

	@Test
	void memberHasAKebabCaseNameAndItsStage() {
		this.runner.withPropertyValues("run.adopt.orderListener.stage=3", "run.adopt.orderListener.ready-timeout=1m")
			.withBean("orderListener", Container.class, () -> new Container(0, true))
			.run((context) -> {
				assertThat(group(context).snapshot().members()).extracting(MemberSnapshot::name)
					.containsExactlyInAnyOrder("container", "order-listener");
				group(context).stopMember("order-listener");
			});
	}

	@Test
	void containerThatIsNotEnabledIsNotWatched() {
		this.runner.withPropertyValues("run.adopt.container.enabled=false").run((context) -> {
			assertThat(container(context).isRunning()).isTrue();
			assertThat(group(context).disabledActors()).containsExactly("container");
			assertThat(group(context).snapshot().members()).isEmpty();
		});
	}

	@ParameterizedTest
	@ValueSource(strings = { "on-exhausted=restart", "within=10s", "max-restarts=-2", "retry.delay=-1s" })
	void badValueFailsWithItsName(String property) {
		this.runner.withPropertyValues("run.adopt.container." + property).run((context) -> {
			assertThat(context).hasFailed();
			assertThat(context.getStartupFailure())
				.hasStackTraceContaining("run.adopt.container." + property.substring(0, property.indexOf('=')));
		});
	}

	private static void awaitWatched(ApplicationContext context) {
		Awaitility.await()
			.atMost(LIMIT)
			.until(() -> container(context).isRunning() && member(context).state() == MemberState.RUNNING
					&& member(context).executions() > 0);
	}

	private static void await(CountDownLatch latch) {
		try {
			assertThat(latch.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private static void sleep(long millis) {
		try {
			Thread.sleep(millis);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private static GroupLifecycle group(ApplicationContext context) {
		return context.getBean(GroupLifecycle.class);
	}

	private static MemberSnapshot member(ApplicationContext context) {
		return group(context).snapshot()
			.members()
			.stream()
			.filter((member) -> member.name().equals("container"))
			.findFirst()
			.orElseThrow();
	}

	private static Container container(ApplicationContext context) {
		return context.getBean(Container.class);
	}

	@Configuration(proxyBeanMethods = false)
	static class Beans {

		@Bean
		Container container(Environment environment) {
			return new Container(environment.getProperty("phase", Integer.class, Integer.MAX_VALUE),
					environment.getProperty("auto-startup", Boolean.class, true));
		}

		@Bean
		Plain plain() {
			return new Plain();
		}

		@Bean
		Endings endings() {
			return new Endings();
		}

	}

	static class Endings implements GroupEndHandler {

		private final List<StopReason> reasons = new CopyOnWriteArrayList<>();

		@Override
		public void groupEnding(StopReason reason) {
			if (reason != null) {
				this.reasons.add(reason);
			}
		}

	}

	static class Plain implements Lifecycle {

		private final AtomicInteger starts = new AtomicInteger();

		private volatile boolean running;

		@Override
		public void start() {
			this.starts.incrementAndGet();
			this.running = true;
		}

		@Override
		public void stop() {
			this.running = false;
		}

		@Override
		public boolean isRunning() {
			return this.running;
		}

	}

	/**
	 * Starts last, and stops the container then.
	 */
	static class Last extends Plain implements SmartLifecycle {

		private final Container container;

		Last(Container container) {
			this.container = container;
		}

		@Override
		public void start() {
			super.start();
			this.container.stop();
		}

		@Override
		public int getPhase() {
			return Integer.MAX_VALUE;
		}

	}

	static class Container extends Plain implements SmartLifecycle {

		private final int phase;

		private final boolean autoStartup;

		private final AtomicInteger starts = new AtomicInteger();

		private final AtomicInteger looks = new AtomicInteger();

		private volatile IllegalStateException failure;

		private volatile Runnable beforeStart = () -> {
		};

		private volatile Runnable beforeStop = () -> {
		};

		private volatile Runnable stopping = () -> {
		};

		Container(int phase, boolean autoStartup) {
			this.phase = phase;
			this.autoStartup = autoStartup;
		}

		@Override
		public void start() {
			this.starts.incrementAndGet();
			if (this.failure != null) {
				throw this.failure;
			}
			this.beforeStart.run();
			super.start();
		}

		@Override
		public void stop() {
			this.beforeStop.run();
			super.stop();
			this.stopping.run();
		}

		@Override
		public int getPhase() {
			return this.phase;
		}

		@Override
		public boolean isRunning() {
			this.looks.incrementAndGet();
			return super.isRunning();
		}

		@Override
		public boolean isAutoStartup() {
			return this.autoStartup;
		}

	}

}
