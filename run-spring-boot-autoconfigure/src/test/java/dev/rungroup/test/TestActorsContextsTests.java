package dev.rungroup.test;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.reflect.Method;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import dev.rungroup.annotation.Actor;
import dev.rungroup.annotation.LoopActor;
import dev.rungroup.cluster.ClusterLocks;
import dev.rungroup.cluster.ClusterSingleton;
import dev.rungroup.context.GroupEndHandler;
import dev.rungroup.context.GroupLifecycle;
import dev.rungroup.core.GroupState;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.Outcome;
import dev.rungroup.core.Policy;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.platform.commons.support.AnnotationSupport;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.context.PropertyPlaceholderAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.TestContextManager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests for {@link AutoConfigureTestActors}: contexts of all kinds.
 */
@SpringBootTest(classes = TestActorsContextsTests.Application.class,
		properties = { "run.groups.imports.on-error=restart", "run.groups.imports.retry.delay=30s" })
@AutoConfigureTestActors
@Timeout(60)
class TestActorsContextsTests {

	@Autowired
	private TestActors actors;

	@Autowired
	private GroupLifecycle lifecycle;

	@Autowired
	private MeterRegistry meters;

	@Test
	void contextsThatAreSharedPausedAndUsedAgainRunNoActorOfAnotherTest() throws Exception {
		FirstCase first = begin(FirstCase.class);
		first.actors.start("hourly", "server");
		first.actors.advance(Duration.ofHours(2));
		assertThat(first.actors.get("hourly").executions()).isEqualTo(3);
		Instant now = first.actors.clock().instant();
		end(first);
		OtherContextCase other = begin(OtherContextCase.class);
		assertThat(other.actors).isNotSameAs(first.actors);
		other.actors.start("hourly");
		other.actors.advance(Duration.ofHours(5));
		assertThat(first.context.getBean(GroupLifecycle.class).isRunning()).isFalse();
		assertThat(first.actors.clock().instant()).isEqualTo(now);
		end(other);
		SecondCase second = begin(SecondCase.class);
		assertThat(second.actors).isSameAs(first.actors);
		assertThat(second.actors.get("hourly").state()).isEqualTo(MemberState.NEW);
		assertThat(second.actors.get("hourly").executions()).isZero();
		assertThat(second.actors.clock().instant()).isEqualTo(now);
		second.actors.start("hourly");
		assertThat(second.actors.get("hourly").executions()).isEqualTo(1);
		end(second);
		DirtyCase dirty = begin(DirtyCase.class);
		dirty.actors.start("hourly");
		end(dirty);
		assertThat(dirty.context.isActive()).isFalse();
		assertThat(dirty.context.getBeanFactory().containsSingleton("runTestTime")).isFalse();
	}

	@Test
	void withAutoStartupTheActorsRunBeforeEachMethodAndWithoutVirtualTimeInTheTimeOfTheMachine() throws Exception {
		RealCase real = begin(RealCase.class);
		// It waits before its first execution, too
		real.actors.await("hourly", (hourly) -> hourly.executions() == 1 && hourly.state() == MemberState.WAITING);
		assertThat(real.actors).actor("hourly").hasExecuted(1);
		assertThatIllegalStateException().isThrownBy(() -> real.actors.advance(Duration.ofHours(1)))
			.withMessageContaining("virtualTime");
		assertThat(real.actors.clock().instant()).isCloseTo(Instant.now(), within(Duration.ofSeconds(30)));
		real.actors.stop("hourly");
		assertThat(real.actors).actor("hourly").hasState(MemberState.STOPPED);
		assertThat(real.actors.executeOnce("hourly").toString()).contains("Completed");
		real.actors.stop();
		end(real);
		RealCase again = begin(RealCase.class);
		again.actors.await("hourly", (hourly) -> hourly.executions() == 1);
		end(again);
	}

	@Test
	void withAutoStartupAndVirtualTimeTheFirstExecutionsAreOverWhenAMethodBegins() throws Exception {
		for (int method = 0; method < 3; method++) {
			AutoCase auto = begin(AutoCase.class);
			assertThat(auto.actors).actor("hourly").hasExecuted(1);
			end(auto);
		}
	}

	@Test
	void aSliceWithoutOtherAutoConfigurationsHasActorsTooAndTheAnnotationMayBeOfAnother() throws Exception {
		SliceCase slice = begin(SliceCase.class);
		assertThat(slice.actors.get("hourly").state()).isEqualTo(MemberState.NEW);
		slice.actors.start("hourly");
		slice.actors.advance(Duration.ofHours(1));
		assertThat(slice.actors).actor("hourly").hasExecuted(2);
		end(slice);
	}

	@Test
	void inTestsAClusterSingletonRunsHereWhateverItsLockSays() throws Exception {
		SliceCase slice = begin(SliceCase.class);
		assertThat(slice.actors.executeOnce("alone")).isInstanceOf(Outcome.Completed.class);
		slice.actors.start("alone");
		slice.actors.advance(Duration.ofHours(1));
		assertThat(slice.actors).actor("alone").hasExecuted(2);
		end(slice);
	}

	@Test
	void theApplicationsOwnGroupEndHandlerIsToldOfTheEnd() throws Exception {
		SliceCase slice = begin(SliceCase.class);
		slice.actors.start("brief");
		assertThat(slice.context.getBean(SliceApplication.class).ended.await(20, TimeUnit.SECONDS)).isTrue();
		end(slice);
	}

	@Test
	void theApplicationsOwnClockIsTheOnlyOneThatIsInjected() {
		assertThat(this.lifecycle).isNotNull();
		assertThat(this.actors.clock()).isNotSameAs(Application.CLOCK);
	}

	@Test
	void testMethodsInParallelAreRefusedByALock() {
		assertThat(AnnotationSupport.findRepeatableAnnotations(SliceCase.class, ResourceLock.class)).singleElement()
			.extracting(ResourceLock::value)
			.isEqualTo("dev.rungroup.test.TestActors");
	}

	@Test
	void theAgeOfProgressFollowsTheTime() {
		this.actors.start("server");
		this.actors.advance(Duration.ofMinutes(10));
		assertThat(this.meters.get("run.actor.progress.age").tag("actor", "server").gauge().value()).isEqualTo(600);
	}

	@Test
	void aGroupStartsWithAllItsActorsAndAnActorOfAGroupWithItsGroupAlone() {
		this.actors.start("reader");
		assertThat(this.actors).actor("reader")
			.hasState(MemberState.WAITING)
			.actor("imports")
			.hasState(MemberState.RUNNING)
			.actor("broken")
			.hasState(MemberState.NEW);
		this.actors.start("imports");
		assertThat(this.actors).actor("imports").hasFailed(1).pausesFor(Duration.ofSeconds(30));
		this.actors.advance(Duration.ofSeconds(30));
		assertThat(this.actors).actor("imports").hasFailed(2).hasLastFailure(IllegalStateException.class);
		this.actors.stop("imports");
		assertThat(this.actors).actor("imports").hasState(MemberState.STOPPED);
		assertThat(this.lifecycle.snapshot().state()).isEqualTo(GroupState.RUNNING);
	}

	@Test
	void whatADescendantOfTheTestMethodSeesIsRefusedInsideOfAnActor() {
		this.actors.start("impatient");
		assertThat(this.actors).actor("impatient").hasLastFailure(IllegalStateException.class);
		assertThatThrownBy(() -> this.actors.executeOnce("imports")).isInstanceOf(IllegalArgumentException.class);
	}

	@Nested
	class InANestedClass {

		@Test
		void theActorsAreThoseOfTheEnclosingClassAndNew() {
			assertThat(TestActorsContextsTests.this.actors.get("hourly").executions()).isZero();
			TestActorsContextsTests.this.actors.start("hourly");
			TestActorsContextsTests.this.actors.advance(Duration.ofHours(1));
			assertThat(TestActorsContextsTests.this.actors).actor("hourly").hasExecuted(2);
		}

	}

	private static <T extends Case> T begin(Class<T> type) throws Exception {
		T instance = type.getDeclaredConstructor().newInstance();
		TestContextManager manager = new TestContextManager(type);
		Method method = Case.class.getDeclaredMethod("test");
		manager.beforeTestClass();
		manager.prepareTestInstance(instance);
		manager.beforeTestMethod(instance, method);
		manager.beforeTestExecution(instance, method);
		instance.manager = manager;
		return instance;
	}

	private static void end(Case instance) throws Exception {
		Method method = Case.class.getDeclaredMethod("test");
		instance.manager.afterTestExecution(instance, method, null);
		instance.manager.afterTestMethod(instance, method, null);
		instance.manager.afterTestClass();
	}

	abstract static class Case {

		@Autowired
		TestActors actors;

		@Autowired
		ConfigurableApplicationContext context;

		TestContextManager manager;

		void test() {
			// The test that uses this case does its work
		}

	}

	@SpringBootTest(classes = Application.class, properties = "case=one")
	@AutoConfigureTestActors
	static class FirstCase extends Case {

	}

	static class SecondCase extends FirstCase {

	}

	@SpringBootTest(classes = Application.class, properties = "case=other")
	@AutoConfigureTestActors
	static class OtherContextCase extends Case {

	}

	@SpringBootTest(classes = Application.class, properties = "case=dirty")
	@AutoConfigureTestActors
	@DirtiesContext
	static class DirtyCase extends Case {

	}

	@SpringBootTest(classes = Application.class, properties = "run.actors.broken.enabled=false")
	@AutoConfigureTestActors(autoStartup = true, virtualTime = false)
	static class RealCase extends Case {

	}

	@SpringBootTest(classes = Application.class, properties = { "case=auto", "run.actors.broken.enabled=false" })
	@AutoConfigureTestActors(autoStartup = true)
	static class AutoCase extends Case {

	}

	@Retention(RetentionPolicy.RUNTIME)
	@AutoConfigureTestActors
	@SpringBootTest(classes = SliceApplication.class)
	@ImportAutoConfiguration(PropertyPlaceholderAutoConfiguration.class)
	@interface ActorsSlice {

	}

	@ActorsSlice
	static class SliceCase extends Case {

	}

	@Configuration(proxyBeanMethods = false)
	static class SliceApplication {

		final CountDownLatch ended = new CountDownLatch(1);

		@Bean
		Hourly hourly() {
			return new Hourly();
		}

		@Bean
		@LoopActor(name = "alone", delay = "1h")
		@ClusterSingleton
		Runnable alone() {
			return () -> {
			};
		}

		@Bean
		@Actor("brief")
		Runnable brief() {
			return () -> {
			};
		}

		@Bean
		ClusterLocks locksOfAnotherNode() {
			return (lock, lease) -> null;
		}

		@Bean
		GroupEndHandler endHandler() {
			return (reason) -> this.ended.countDown();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		static final InstantSource CLOCK = InstantSource.system();

		@Bean
		InstantSource clock() {
			return CLOCK;
		}

		@Bean
		MeterRegistry meters() {
			return new SimpleMeterRegistry();
		}

		@Bean
		Hourly hourly(InstantSource clock) {
			assertThat(clock).isSameAs(CLOCK);
			return new Hourly();
		}

		@Bean
		Jobs jobs(ObjectProvider<TestActors> actors) {
			return new Jobs(actors);
		}

	}

	static class Jobs {

		private final ObjectProvider<TestActors> actors;

		Jobs(ObjectProvider<TestActors> actors) {
			this.actors = actors;
		}

		@Actor("server")
		void server() throws InterruptedException {
			new CountDownLatch(1).await();
		}

		@LoopActor(name = "reader", group = "imports", delay = "10m")
		void read() {
			// Nothing to do
		}

		@Actor(name = "broken", group = "imports")
		void fail(MemberContext context) {
			throw new IllegalStateException("broken");
		}

		@Actor(name = "impatient", onError = Policy.DO_NOTHING)
		void move() {
			this.actors.getObject().advance(Duration.ofHours(1));
		}

	}

	@LoopActor(name = "hourly", delay = "1h")
	static class Hourly implements Runnable {

		@Override
		public void run() {
			// Nothing to do
		}

	}

}
