package dev.rungroup.cluster;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import dev.rungroup.actuate.ActorsEndpoint.ActorDescriptor;
import dev.rungroup.actuate.ActorsEndpoint;
import dev.rungroup.annotation.Actor;
import dev.rungroup.annotation.LoopActor;
import dev.rungroup.autoconfigure.RunAutoConfiguration;
import dev.rungroup.autoconfigure.RunClusterAutoConfiguration;
import dev.rungroup.autoconfigure.RunMetricsAutoConfiguration;
import dev.rungroup.context.ActorLeadershipEvent;
import dev.rungroup.context.GroupLifecycle;
import dev.rungroup.context.InvalidActorException;
import dev.rungroup.core.Body;
import dev.rungroup.core.Group;
import dev.rungroup.core.Member;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.StopReason;
import dev.rungroup.core.Time;
import dev.rungroup.test.TestTime;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.beans.factory.support.BeanDefinitionRegistryPostProcessor;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.PayloadApplicationEvent;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.GenericApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Nodes of a cluster in one JVM, with locks in its memory and a time that stands still
 * until a test moves it.
 */
@Timeout(60)
@ExtendWith(OutputCaptureExtension.class)
class ClusterSingletonTests {

	private static final Duration LEASE = Duration.ofMillis(900);

	private static final Duration RETRY = Duration.ofMillis(100);

	private final TestTime time = new TestTime();

	private final MemoryLocks locks = new MemoryLocks(this.time);

	private Supplier<MeterRegistry> registries = SimpleMeterRegistry::new;

	private final List<ConfigurableApplicationContext> contexts = new CopyOnWriteArrayList<>();

	@AfterEach
	void closeAll() {
		CountDownLatch hang = this.locks.hang;
		if (hang != null) {
			hang.countDown();
		}
		this.contexts.forEach(ConfigurableApplicationContext::close);
	}

	private static void await(Callable<Boolean> condition) {
		Awaitility.await().atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(5)).until(condition);
	}

	/**
	 * Let time pass until something has come.
	 */
	private void pass(Callable<Boolean> condition) throws Exception {
		for (int i = 0; i < 500 && !condition.call(); i++) {
			this.time.advance(Duration.ofMillis(20));
		}
		assertThat(condition.call()).isTrue();
	}

	private Node node(String name, Class<?> actors, String... properties) {
		Node node = new Node();
		GenericApplicationContext[] made = new GenericApplicationContext[1];
		node.context = new SpringApplicationBuilder(actors, RunAutoConfiguration.class,
				RunClusterAutoConfiguration.class, RunMetricsAutoConfiguration.class)
			.web(WebApplicationType.NONE)
			.properties("run.cluster.lease=" + LEASE.toMillis() + "ms", "run.cluster.renew-interval=200ms",
					"run.cluster.retry-interval=" + RETRY.toMillis() + "ms", "run.cluster.prefix=app",
					"run.on-shutdown=none", "spring.main.banner-mode=off")
			.properties(properties)
			.initializers((context) -> {
				made[0] = (GenericApplicationContext) context;
				made[0].registerBean("time", Time.class, () -> this.time);
				made[0].registerBean("locks", ClusterLocks.class, () -> this.locks.node(name));
				made[0].registerBean("meters", MeterRegistry.class, this.registries,
						(definition) -> ((AbstractBeanDefinition) definition).setDestroyMethodName(""));
				context.addApplicationListener(node);
			})
			.run();
		this.contexts.add(node.context);
		return node;
	}

	@Test
	void anActorRunsOnOneNodeAndMovesWhenThatStops() {
		Node one = node("one", Poller.class);
		await(() -> one.poller().executions.get() > 0);
		Node two = node("two", Poller.class);
		await(() -> this.locks.calls.contains("acquire app:poller two")
				&& two.actor("poller").state().equals("STANDBY"));
		assertThat(two.actor("poller").ready()).isTrue();
		assertThat(two.actor("poller").cluster()).satisfies((cluster) -> {
			assertThat(cluster.lock()).isEqualTo("app:poller");
			assertThat(cluster.leader()).isFalse();
			assertThat(cluster.leaseUntil()).isNull();
		});
		assertThat(one.actor("poller").cluster()).satisfies((cluster) -> {
			assertThat(cluster.leader()).isTrue();
			assertThat(cluster.leaseUntil()).isAfter(cluster.since());
		});
		assertThat(one.events).containsExactly("poller app:poller true");
		assertThat(one.leader("poller")).isEqualTo(1);
		assertThat(two.leader("poller")).isZero();
		assertThat(two.poller().executions).hasValue(0);
		one.context.close();
		assertThat(this.locks.calls).contains("release app:poller one");
		this.time.advance(RETRY);
		assertThat(two.poller().executions).hasPositiveValue();
		assertThat(one.events).containsExactly("poller app:poller true", "poller app:poller false");
		assertThat(two.events).containsExactly("poller app:poller true");
	}

	@Test
	void theGaugeOfContextsThatShareARegistryShowsThoseThatAreLeft() throws Exception {
		MeterRegistry shared = new SimpleMeterRegistry();
		this.registries = () -> shared;
		Node one = node("one", Poller.class);
		await(() -> one.poller().executions.get() > 0);
		Node two = node("two", Poller.class);
		one.context.close();
		pass(() -> two.poller().executions.get() > 0);
		assertThat(two.leader("poller")).isEqualTo(1);
		two.context.close();
		assertThat(shared.find("run.cluster.leader").gauge()).isNull();
	}

	@Test
	void aLostLockInterruptsAtOnceAndIsNoFailure() throws Exception {
		Node one = node("one", Sleeper.class);
		await(() -> one.sleeper().executions.get() == 1);
		this.locks.delete("app:sleeper");
		pass(() -> one.sleeper().executions.get() == 2);
		assertThat(one.sleeper().reasons).containsExactly(StopReason.Kind.LEADERSHIP_LOST);
		assertThat(one.actor("sleeper").failures()).isZero();
		assertThat(one.events).containsExactly("sleeper app:sleeper true", "sleeper app:sleeper false",
				"sleeper app:sleeper true");
		assertThat(one.changes("sleeper")).isEqualTo(Map.of("granted", 2.0, "lost", 1.0, "released", 0.0));
	}

	@Test
	void anEngineThatThrowsIsOneWarningAndTheBodyEndsAThirdBeforeItsLease(CapturedOutput output) throws Exception {
		Node one = node("one", Sleeper.class);
		await(() -> one.sleeper().executions.get() == 1);
		this.locks.failure = new IllegalStateException("the database is down");
		pass(() -> !one.sleeper().reasons.isEmpty());
		assertThat(this.locks.holder("app:sleeper")).as("still has the lease").isEqualTo("one");
		pass(() -> this.locks.holder("app:sleeper") == null && this.locks.failures.get() > 8);
		assertThat(one.actor("sleeper").state()).isEqualTo("STANDBY");
		this.locks.failure = null;
		pass(() -> one.sleeper().executions.get() == 2);
		assertThat(output).containsOnlyOnce("WARN").contains("Cannot renew cluster lock 'app:sleeper'");
		await(() -> output.getOut().contains("works again, after"));
		assertThat(this.locks.calls).doesNotContain("release app:sleeper one");
	}

	@Test
	void aCallThatHangsLengthensNoLease(CapturedOutput output) throws Exception {
		Node one = node("one", Sleeper.class);
		await(() -> one.sleeper().executions.get() == 1);
		CountDownLatch hang = new CountDownLatch(1);
		this.locks.hang = hang;
		pass(() -> !one.sleeper().reasons.isEmpty());
		assertThat(this.locks.holder("app:sleeper")).as("still has the lease").isEqualTo("one");
		pass(() -> output.getOut().contains("has not answered for longer than the lease"));
		assertThat(one.actor("sleeper").state()).isEqualTo("STANDBY");
		this.locks.hang = null;
		hang.countDown();
		pass(() -> one.sleeper().executions.get() == 2);
	}

	@Test
	void theLockOfAnActorThatWasAbandonedRunsOutAndIsNotAskedForWhileItsBodyLives() throws Exception {
		Node one = node("one", Deaf.class, "run.shutdown.timeout=300ms", "run.shutdown.grace-period=100ms");
		Deaf deaf = one.context.getBean(Deaf.class);
		assertThat(deaf.running.await(20, TimeUnit.SECONDS)).isTrue();
		GroupLifecycle lifecycle = one.context.getBean(GroupLifecycle.class);
		lifecycle.stop();
		assertThat(this.locks.holder("app:deaf")).isEqualTo("one");
		lifecycle.start();
		this.time.advance(Duration.ZERO);
		int calls = this.locks.calls.size();
		pass(() -> this.locks.holder("app:deaf") == null);
		this.time.advance(Duration.ofSeconds(3));
		assertThat(this.locks.calls).doesNotContain("release app:deaf one").hasSize(calls);
		assertThat(one.actor("deaf").state()).isEqualTo("STANDBY");
		assertThat(one.events).containsExactly("deaf app:deaf true");
		deaf.release.countDown();
		pass(() -> one.actor("deaf").executions() == 1);
		assertThat(one.events).startsWith("deaf app:deaf true", "deaf app:deaf false", "deaf app:deaf true");
	}

	@Test
	void anActorThatHasCompletedOrIsStoppedGivesItsLockAwayUntilItIsStarted() throws Exception {
		Node one = node("one", Sleeper.class);
		await(() -> one.sleeper().executions.get() == 1);
		GroupLifecycle lifecycle = one.context.getBean(GroupLifecycle.class);
		lifecycle.restartMember("sleeper");
		await(() -> one.sleeper().executions.get() == 2);
		assertThat(this.locks.calls).as("a restart keeps it").doesNotContain("release app:sleeper one");
		Node two = node("two", Sleeper.class);
		lifecycle.stopMember("sleeper");
		pass(() -> two.sleeper().executions.get() == 1);
		long asked = this.locks.calls.stream().filter("acquire app:sleeper one"::equals).count();
		two.context.close();
		assertThat(this.locks.holder("app:sleeper")).isNull();
		assertThat(this.locks.calls.stream().filter("acquire app:sleeper one"::equals)).hasSize((int) asked);
		lifecycle.startMember("sleeper");
		pass(() -> one.sleeper().executions.get() == 3);
	}

	@Test
	void aMemberThatIsMadeAloneNeedsNoLock() throws Exception {
		Node one = node("one", Poller.class);
		await(() -> one.poller().executions.get() > 0);
		Node two = node("two", Poller.class);
		Member alone = two.context.getBean(GroupLifecycle.class).newMember("poller");
		try (Group group = new Group()) {
			group.add(alone);
			group.start();
			await(() -> two.poller().executions.get() > 0);
		}
	}

	@Test
	void allMembersOfAnActorRunOnTheSameNodeWithOneLock() {
		Node one = node("one", Sleeper.class, "run.actors.sleeper.concurrency=3");
		await(() -> one.sleeper().executions.get() == 3);
		assertThat(this.locks.calls.stream().filter((call) -> call.startsWith("acquire"))).hasSize(1);
		assertThat(one.actor("sleeper-2").cluster()).isNotNull();
		one.context.close();
		assertThat(this.locks.calls.stream().filter((call) -> call.startsWith("release"))).hasSize(1);
		assertThat(one.events).containsExactly("sleeper app:sleeper true", "sleeper app:sleeper false");
	}

	@Test
	void aHundredSingletonsNeedFourThreadsAndOneCallEachPerInterval() throws Exception {
		Set<Thread> others = Thread.getAllStackTraces().keySet();
		String[] properties = { "run.cluster.lease=6s", "run.cluster.renew-interval=1s" };
		Node one = node("one", Hundred.class, properties);
		GroupLifecycle lifecycle = one.context.getBean(GroupLifecycle.class);
		await(() -> lifecycle.snapshot().members().stream().allMatch((member) -> member.executions() == 1));
		this.time.advance(Duration.ofMillis(1200));
		this.locks.calls.clear();
		this.time.advance(Duration.ofSeconds(2));
		assertThat(this.locks.calls).as("calls in 2 s").hasSize(200);
		assertThat(this.locks.threads.values()).allSatisfy((threads) -> assertThat(threads).hasSize(1));
		assertThat(Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.getName().startsWith("run-cluster-") && !others.contains(thread)))
			.hasSizeBetween(1, 4);
		one.context.close();
		assertThat(this.locks.calls.stream().filter((call) -> call.startsWith("release"))).hasSize(100);
	}

	@Test
	void withoutAClusterEverySingletonRunsHereAndNeedsNoEngine() {
		runner(Sleeper.class, "run.cluster.enabled=false").run((context) -> {
			await(() -> context.getBean(Sleeper.class).executions.get() == 1);
			assertThat(new ActorsEndpoint(context.getBean(GroupLifecycle.class)).actors()
				.actors()
				.get("sleeper")
				.cluster()).isNull();
		});
	}

	@Test
	void propertiesOverrideTheAnnotationBothWays() {
		runner(Sleeper.class, "run.actors.sleeper.cluster-singleton=false")
			.run((context) -> await(() -> context.getBean(Sleeper.class).executions.get() == 1));
		Node plain = node("one", Plain.class, "run.actors.plain.cluster-singleton=true");
		await(() -> this.locks.holder("app:plain") != null);
		Node named = node("two", Named.class);
		await(() -> this.locks.holder("app:of-two") != null);
		assertThat(named.actor("named").cluster()).isNotNull();
		assertThat(plain.actor("plain").cluster()).isNotNull();
	}

	@Test
	void aWholeGroupRunsOnOneNode() throws Exception {
		String[] properties = { "run.groups.imports.cluster-singleton=true", "run.actors.sleeper.group=imports",
				"run.actors.sleeper.cluster-singleton=false" };
		Node one = node("one", Sleeper.class, properties);
		await(() -> one.sleeper().executions.get() == 1);
		Node two = node("two", Sleeper.class, properties);
		await(() -> this.locks.calls.contains("acquire app:imports two")
				&& two.group("imports").state().equals("STANDBY"));
		assertThat(two.group("imports").cluster()).isNotNull();
		one.context.close();
		pass(() -> two.sleeper().executions.get() == 1);
		this.locks.delete("app:imports");
		pass(() -> two.sleeper().executions.get() == 2);
		assertThat(two.sleeper().reasons).containsExactly(StopReason.Kind.LEADERSHIP_LOST);
		assertThat(one.events).containsExactly("imports app:imports true", "imports app:imports false");
	}

	@Test
	void whatCannotWorkIsRefused() {
		refused(runner(Sleeper.class), "sleeper", "JdbcLockRegistry", "run.cluster.enabled=false");
		refused(runner(Sleeper.class).withBean("first", ClusterLocks.class, () -> this.locks.node("one"))
			.withBean("second", ClusterLocks.class, () -> this.locks.node("two")), "first", "second", "@Primary");
		refused(runner(Twice.class).withBean(ClusterLocks.class, () -> this.locks.node("one")), "same", "first",
				"second");
		refused(runner(Plain.class, "run.cluster.lease=29s"), "run.cluster.lease", "run.cluster.renew-interval");
		refused(runner(Plain.class, "run.cluster.retry-interval=0s"), "run.cluster.retry-interval");
		refused(runner(Plain.class, "run.cluster.renew-intervall=1s"), "renew-intervall", "renew-interval");
	}

	private static ApplicationContextRunner runner(Class<?> actors, String... properties) {
		return new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(RunAutoConfiguration.class, RunClusterAutoConfiguration.class))
			.withUserConfiguration(actors)
			.withPropertyValues(properties);
	}

	private static void refused(ApplicationContextRunner runner, String... words) {
		runner.run((context) -> {
			Throwable cause = context.getStartupFailure();
			while (cause != null && !(cause instanceof InvalidActorException)) {
				cause = cause.getCause();
			}
			assertThat(cause).isNotNull();
			InvalidActorException refusal = (InvalidActorException) cause;
			assertThat(refusal.getMessage() + refusal.getAction()).contains(words);
		});
	}

	private static final class Node implements ApplicationListener<PayloadApplicationEvent<ActorLeadershipEvent>> {

		private ConfigurableApplicationContext context;

		private final List<String> events = new CopyOnWriteArrayList<>();

		@Override
		public void onApplicationEvent(PayloadApplicationEvent<ActorLeadershipEvent> published) {
			ActorLeadershipEvent event = published.getPayload();
			this.events.add(event.actor() + " " + event.lock() + " " + event.leader());
		}

		Poller poller() {
			return this.context.getBean(Poller.class);
		}

		Sleeper sleeper() {
			return this.context.getBean(Sleeper.class);
		}

		ActorDescriptor actor(String name) {
			return new ActorsEndpoint(this.context.getBean(GroupLifecycle.class)).actors().actors().get(name);
		}

		ActorDescriptor group(String name) {
			return new ActorsEndpoint(this.context.getBean(GroupLifecycle.class)).actors().groups().get(name);
		}

		double leader(String actor) {
			return this.context.getBean(MeterRegistry.class)
				.get("run.cluster.leader")
				.tag("actor", actor)
				.gauge()
				.value();
		}

		Map<String, Double> changes(String actor) {
			MeterRegistry registry = this.context.getBean(MeterRegistry.class);
			return registry.get("run.cluster.changes")
				.tag("actor", actor)
				.counters()
				.stream()
				.collect(Collectors.toMap((counter) -> counter.getId().getTag("change"), (counter) -> counter.count()));
		}

	}

	@LoopActor(name = "poller", delay = "10ms")
	@ClusterSingleton
	static class Poller implements Runnable {

		private final AtomicInteger executions = new AtomicInteger();

		@Override
		public void run() {
			this.executions.incrementAndGet();
		}

	}

	@Actor("sleeper")
	@ClusterSingleton
	static class Sleeper implements Body {

		private final AtomicInteger executions = new AtomicInteger();

		private final List<StopReason.@Nullable Kind> reasons = new CopyOnWriteArrayList<>();

		@Override
		public void run(MemberContext context) throws InterruptedException {
			this.executions.incrementAndGet();
			context.sleep(Duration.ofMinutes(5));
			StopReason reason = context.stopReason();
			this.reasons.add((reason != null) ? reason.kind() : null);
		}

	}

	@Actor("deaf")
	@ClusterSingleton
	static class Deaf implements Runnable {

		private final CountDownLatch running = new CountDownLatch(1);

		private final CountDownLatch release = new CountDownLatch(1);

		@Override
		public void run() {
			this.running.countDown();
			while (this.release.getCount() > 0) {
				try {
					this.release.await();
				}
				catch (InterruptedException ex) {
					// deaf
				}
			}
		}

	}

	@Actor("plain")
	static class Plain implements Body {

		@Override
		public void run(MemberContext context) throws InterruptedException {
			context.sleep(Duration.ofMinutes(5));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Named {

		@Bean
		@Actor("named")
		@ClusterSingleton("${no.such.property:of-two}")
		Plain plain() {
			return new Plain();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Twice {

		@Bean
		@Actor("first")
		@ClusterSingleton("same")
		Plain one() {
			return new Plain();
		}

		@Bean
		@Actor("second")
		@ClusterSingleton("same")
		Plain two() {
			return new Plain();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Hundred {

		@Bean
		static BeanDefinitionRegistryPostProcessor actors() {
			return (registry) -> {
				for (int i = 1; i <= 100; i++) {
					RootBeanDefinition definition = new RootBeanDefinition(Single.class);
					registry.registerBeanDefinition("single" + i, definition);
				}
			};
		}

	}

	@Actor
	@ClusterSingleton
	static class Single implements Body {

		@Override
		public void run(MemberContext context) throws InterruptedException {
			context.sleep(Duration.ofMinutes(5));
		}

	}

}
