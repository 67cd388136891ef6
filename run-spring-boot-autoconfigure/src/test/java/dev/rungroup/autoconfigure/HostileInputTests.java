package dev.rungroup.autoconfigure;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.net.URL;
import java.net.URLClassLoader;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import dev.rungroup.annotation.Actor;
import dev.rungroup.annotation.Execute;
import dev.rungroup.annotation.FailureHandler;
import dev.rungroup.annotation.Interrupt;
import dev.rungroup.context.GroupLifecycle;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.MemberSnapshot;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.MapPropertySource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * What nobody would write, in an application: it works, or the start fails with a report
 * that names the property or the bean and says what to do, without a stack trace.
 */
@Tag("once")
@ExtendWith(OutputCaptureExtension.class)
@Timeout(120)
class HostileInputTests {

	private static final String LONG = "x".repeat(10_000);

	@ParameterizedTest
	@CsvSource({ "run.actors.worker.delay,-1s", "run.actors.worker.delay,9223372036854775807d",
			"run.actors.worker.delay,99999999999999999999s", "run.actors.worker.delay,PT99999999999999999999H",
			"run.actors.worker.initial-delay,-9223372036854775808s", "run.actors.worker.timeout,0ms",
			"run.actors.worker.within,-5m", "run.actors.worker.stall-after,-1s", "run.actors.worker.max-restarts,-7",
			"run.actors.worker.max-restarts,2147483648", "run.actors.worker.concurrency,0",
			"run.actors.worker.concurrency,1000000", "run.actors.worker.stage,99999999999",
			"run.actors.worker.on-error,explode", "run.actors.worker.on-stall,explode",
			"run.actors.worker.retry.multiplier,-1", "run.actors.worker.retry.multiplier,1e999",
			"run.actors.worker.retry.max-delay,-1ms", "run.actors.worker.enabled,perhaps", "run.phase,2147483648",
			"run.shutdown.timeout,-20s", "run.shutdown.grace-period,9223372036854775807d", "run.retry.jitter,-1s",
			"run.retry.max-retries,-7", "run.on-shutdown,explode", "run.adopt.worker.max-restarts,-7",
			"run.adopt.worker.within,-1s" })
	void absurdValueIsReportedWithItsProperty(String property, String value, CapturedOutput output) {
		assertFails(output, property, value, WorkerConfiguration.class, property, "Action:");
	}

	@ParameterizedTest
	@ValueSource(strings = { "delay", "initial-delay", "timeout", "ready-timeout", "stall-after", "within",
			"retry.delay", "retry.max-delay", "retry.jitter", "retry.reset-after" })
	void longestDurationThereIsWorks(String property) {
		try (ConfigurableApplicationContext context = start(WorkerConfiguration.class, "run.actors.worker." + property,
				"9223372036854775807s", "run.actors.worker.max-restarts", "2147483647", "run.shutdown.timeout",
				"9223372036854775807s", "run.shutdown.grace-period", "1s")) {
			if (!property.equals("initial-delay")) {
				context.getBean(Worker.class).awaitWork();
			}
		}
	}

	@ParameterizedTest
	@MethodSource
	void strangeNamesWork(String name) {
		try (ConfigurableApplicationContext context = start(WorkerConfiguration.class, "worker.name", name,
				"run.actors[" + name + "].concurrency", "2")) {
			context.getBean(Worker.class).awaitWork();
			assertThat(context.getBean(GroupLifecycle.class).snapshot().members()).extracting(MemberSnapshot::name)
				.containsExactly(name + "-1", name + "-2");
		}
	}

	static Stream<String> strangeNamesWork() {
		return Stream.of("a.b.c", "a b", "größe-π-作業", "\uD83D\uDE80", "a\tb", "$%&()=?", "null", LONG);
	}

	@ParameterizedTest
	@CsvSource({ "worker,wroker,.worker", "worker,wrkr,.worker", "order-server,orderSevers,.order-server",
			"a b,ab,[a b]", "a.b,a/b,[a.b]", "$%&,$%,[$%&]", "poll,polls,.poll" })
	void settingsOfAMisspeltNameAreRefused(String name, String other, String advice, CapturedOutput output) {
		Throwable thrown = catchThrowable(() -> start(WorkerConfiguration.class, "worker.name", name,
				"run.actors[" + other + "].concurrency", "2")
			.close());
		assertThat(thrown).isNotNull();
		assertThat(output.getAll()).contains("APPLICATION FAILED TO START",
				"no actor has the name '" + other + "'. Known are: " + name + ".",
				"Did you mean 'run.actors" + advice + "'");
	}

	@ParameterizedTest
	@CsvSource({ "worker,nobody,.nobody", "worker,weaver,.weaver", "worker-1,worker-2,.worker-2",
			"worker,worker12,.worker12", "a1,a,.a", "log,lag2,.lag2", "null,nil,.nil", "a.b.c,c,.c", "größe,gre,.gre",
			"worker,no body,[no body]", "worker,niemand-ü,[niemand-ü]", "worker,nobody.here,[nobody.here]",
			"\uD83D\uDE80,\uD83D\uDE81,[\uD83D\uDE81]" })
	void settingsOfAnotherNameAreOneWarning(String name, String other, String property, CapturedOutput output) {
		start(WorkerConfiguration.class, "worker.name", name, "run.actors[" + other + "].concurrency", "2",
				"run.actors.xylophone.delay", "1s")
			.close();
		assertThat(output.getAll().lines().filter((line) -> line.contains("no actor here has the name")))
			.singleElement()
			.asString()
			.contains(" WARN ", "run.actors" + property, "run.actors.xylophone", "Known are: " + name + ".");
	}

	@ParameterizedTest
	@CsvSource({ "run.actors.worker.max-restart,run.actors.worker.max-restarts",
			"run.actors.worker.onEror,run.actors.worker.on-error",
			"run.actors.worker.retry.dealy,run.actors.worker.retry.delay",
			"run.actors.wroker.max-restart,run.actors.wroker.max-restarts",
			"run.actors[0].timeut,run.actors[0].timeout", "run.adopt.worker.on-exhaust,run.adopt.worker.on-exhausted",
			"run.retry.max-retris,run.retry.max-retries", "run.shutdown.time-outs,run.shutdown.timeout",
			"run.observations.enable,run.observations.enabled" })
	void misspeltPropertyIsReportedWithTheNearest(String property, String nearest, CapturedOutput output) {
		assertFails(output, property, "1s", WorkerConfiguration.class, "is set, but there is no such property",
				"Did you mean '" + nearest + "'?");
	}

	@Test
	void propertiesOfTheApplicationUnderRunAndEmptyOnesAreNoneOfOurs() {
		try (ConfigurableApplicationContext context = start(WorkerConfiguration.class, "run.date", "today",
				"run.my.delay", "1s", "run.actors.worker.max-restarts", "", "run.actors.worker.retry.delay", "",
				"run.retry.max-retries", "")) {
			context.getBean(Worker.class).awaitWork();
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "run.actors.worker.port", "run.retry.elephant", "run.actors.worker.on",
			"run.actors.worker.retry.backoff.x" })
	void propertyThatResemblesNoneIsReportedWithoutAdvice(String property, CapturedOutput output) {
		assertFails(output, property, "1s", WorkerConfiguration.class, "Property '" + property + "' is set",
				"but there is no such property", "Correct or remove");
		assertThat(output.getAll()).doesNotContain("Did you mean");
	}

	@Test
	void veryLongNameThatNoActorHasIsAWarning(CapturedOutput output) {
		start(WorkerConfiguration.class, "run.actors." + LONG + ".delay", "1s").close();
		assertThat(output.getAll()).contains("no actor here has the name");
	}

	@ParameterizedTest
	@MethodSource
	void beansOfEveryKindWork(Class<?> configuration, String actor) {
		try (ConfigurableApplicationContext context = start(configuration)) {
			Worker.await(Worked.latch(actor));
			assertThat(context.isRunning()).isTrue();
		}
		finally {
			Worked.clear();
		}
	}

	static Stream<Arguments> beansOfEveryKindWork() {
		return Stream.of(Arguments.of(OfInterface.class, "of-interface"), Arguments.of(OfAbstract.class, "of-abstract"),
				Arguments.of(OfFinal.class, "of-final"), Arguments.of(OfPrivate.class, "of-private"),
				Arguments.of(OfGeneric.class, "of-generic"), Arguments.of(OfBridge.class, "of-bridge"),
				Arguments.of(OfRecord.class, "of-record"), Arguments.of(OfEnum.class, "of-enum"),
				Arguments.of(OfDefault.class, "of-default"), Arguments.of(OfPrivateFinal.class, "of-private-final"),
				Arguments.of(NeedsLifecycle.class, "needs-lifecycle"), Arguments.of(Twice.class, "twice"),
				Arguments.of(OfValue.class, "of-value"));
	}

	@ParameterizedTest
	@MethodSource
	void beansThatCannotWorkAreReported(Class<?> configuration, String bean, String text, CapturedOutput output) {
		assertFails(output, "x", "y", configuration, bean, text, "Action:");
	}

	/**
	 * What only a start can find out; the rest is in the table of {@code MisuseTests}.
	 */
	static Stream<Arguments> beansThatCannotWorkAreReported() {
		return Stream.of(Arguments.of(NothingInside.class, "'nothingInside'", "nothing to execute"),
				Arguments.of(OneNameTwice.class, "'oneName'", "(bean 'otherName'"),
				Arguments.of(ManyTakeTheName.class, "'many'", "'worker-2' is given twice"),
				Arguments.of(Circle.class, "circleA", "circleB"));
	}

	@Test
	void starterTwiceOnTheClassPathIsLikeOnce() throws Exception {
		// As when the starter's jar is shaded into another one: every file of ours is
		// found twice, the classes once
		URL classes = RunAutoConfiguration.class.getProtectionDomain().getCodeSource().getLocation();
		ClassLoader loader = Thread.currentThread().getContextClassLoader();
		try (URLClassLoader twice = new URLClassLoader(new URL[] { classes }, loader)) {
			assertThat(Collections.list(twice
				.getResources("META-INF/spring/org.springframework.boot.autoconfigure.AutoConfiguration.imports")))
				.filteredOn((url) -> url.toString().startsWith(classes.toString()))
				.hasSize(2);
			Thread.currentThread().setContextClassLoader(twice);
			try (ConfigurableApplicationContext context = start(ApplicationConfiguration.class)) {
				context.getBean(Worker.class).awaitWork();
				assertThat(context.getBeansOfType(GroupLifecycle.class)).hasSize(1);
				assertThat(context.getBean(GroupLifecycle.class).snapshot().members()).hasSize(1);
			}
		}
		finally {
			Thread.currentThread().setContextClassLoader(loader);
		}
	}

	private static ConfigurableApplicationContext start(Class<?> configuration, String... properties) {
		Map<String, Object> values = new LinkedHashMap<>();
		for (int i = 0; i < properties.length; i += 2) {
			values.put(properties[i], properties[i + 1]);
		}
		return new SpringApplicationBuilder(configuration).web(WebApplicationType.NONE)
			.initializers((context) -> context.getEnvironment()
				.getPropertySources()
				.addFirst(new MapPropertySource("hostile", values)))
			.run();
	}

	private static void assertFails(CapturedOutput output, String property, String value, Class<?> configuration,
			String... texts) {
		Throwable thrown = catchThrowable(() -> start(configuration, property, value).close());
		assertThat(thrown).as("start").isNotNull();
		assertThat(output.getAll()).contains("APPLICATION FAILED TO START").contains(texts).doesNotContain("\tat ");
	}

	/**
	 * Our auto-configurations alone: an application with all of Boot's takes longer to
	 * start.
	 */
	@Retention(RetentionPolicy.RUNTIME)
	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ RunAutoConfiguration.class, RunMetricsAutoConfiguration.class })
	@interface Ours {

	}

	@EnableAutoConfiguration
	static class ApplicationConfiguration extends WorkerConfiguration {

	}

	/**
	 * Where actors say that they have worked, if they cannot be asked.
	 */
	static final class Worked {

		private static final Map<String, CountDownLatch> latches = new ConcurrentHashMap<>();

		private Worked() {
		}

		static CountDownLatch latch(String actor) {
			return latches.computeIfAbsent(actor, (key) -> new CountDownLatch(1));
		}

		static void by(MemberContext context) {
			latch(context.name()).countDown();
			try {
				context.sleep(Duration.ofDays(1));
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}

		static void clear() {
			latches.clear();
		}

	}

	@Ours
	static class WorkerConfiguration {

		@Bean
		Worker worker() {
			return new Worker();
		}

	}

	@Actor(name = "${worker.name:worker}")
	static class Worker {

		private final CountDownLatch worked = new CountDownLatch(1);

		@Execute
		void work(MemberContext context) throws InterruptedException {
			this.worked.countDown();
			context.ready();
			context.sleep(Duration.ofDays(1));
		}

		void awaitWork() {
			await(this.worked);
		}

		static void await(CountDownLatch latch) {
			try {
				assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
			}
			catch (InterruptedException ex) {
				throw new AssertionError(ex);
			}
		}

	}

	@Actor
	interface AnnotatedType {

		@Execute
		void work(MemberContext context);

	}

	@Ours
	static class OfInterface {

		@Bean("ofInterface")
		AnnotatedType bean() {
			return new AnnotatedType() {
				@Override
				public void work(MemberContext context) {
					Worked.by(context);
				}
			};
		}

	}

	abstract static class AbstractWork {

		@Execute
		protected abstract void work(MemberContext context);

	}

	@Ours
	static class OfAbstract {

		@Bean("ofAbstract")
		@Actor
		AbstractWork bean() {
			return new AbstractWork() {
				@Override
				protected void work(MemberContext context) {
					Worked.by(context);
				}
			};
		}

	}

	@Actor
	static final class FinalWork {

		@Execute
		final void work(MemberContext context) {
			Worked.by(context);
		}

	}

	@Ours
	static class OfFinal {

		@Bean("ofFinal")
		FinalWork bean() {
			return new FinalWork();
		}

	}

	@Actor
	private static final class PrivateWork {

		@Execute
		private void work(MemberContext context) {
			Worked.by(context);
		}

		@Interrupt
		private void stop() {
		}

		@FailureHandler
		private void failed(Error failure) {
		}

	}

	@Ours
	static class OfPrivate {

		@Bean("ofPrivate")
		private PrivateWork bean() {
			return new PrivateWork();
		}

	}

	static class GenericWork<T extends Comparable<? super T>> {

		@Execute
		<U extends T> U work(MemberContext context) {
			Worked.by(context);
			return null;
		}

		@FailureHandler
		<X extends RuntimeException> void failed(X failure) {
		}

	}

	@Ours
	static class OfGeneric {

		@Bean("ofGeneric")
		@Actor
		GenericWork<String> bean() {
			return new GenericWork<>();
		}

	}

	interface Handling<X> {

		Object handle(X context);

	}

	@Actor
	static class BridgeWork implements Handling<MemberContext> {

		/** The compiler adds {@code Object handle(Object)} with the same annotation. */
		@Override
		@Execute
		public String handle(MemberContext context) {
			Worked.by(context);
			return "";
		}

	}

	@Ours
	static class OfBridge {

		@Bean("ofBridge")
		BridgeWork bean() {
			return new BridgeWork();
		}

	}

	@Actor
	record RecordWork(String text) {

		@Execute
		void work(MemberContext context) {
			Worked.by(context);
		}

	}

	@Ours
	static class OfRecord {

		@Bean("ofRecord")
		RecordWork bean() {
			return new RecordWork("");
		}

	}

	@Actor
	enum EnumWork {

		ONE {
			@Override
			void work(MemberContext context) {
				Worked.by(context);
			}
		};

		@Execute
		abstract void work(MemberContext context);

	}

	@Ours
	static class OfEnum {

		@Bean("ofEnum")
		EnumWork bean() {
			return EnumWork.ONE;
		}

	}

	interface DefaultWork {

		@Execute
		default void work(MemberContext context) {
			Worked.by(context);
		}

	}

	@Ours
	static class OfDefault {

		@Bean("ofDefault")
		@Actor
		DefaultWork bean() {
			return new DefaultWork() {
			};
		}

	}

	/** What Kotlin makes of a private function, and of one whose name it mangles. */
	@Actor
	static final class PrivateFinalWork {

		@Execute
		private final void work$sample_main(MemberContext context) {
			Worked.by(context);
		}

	}

	@Ours
	static class OfPrivateFinal {

		@Bean("ofPrivateFinal")
		PrivateFinalWork bean() {
			return new PrivateFinalWork();
		}

	}

	@Actor
	static class ValueWork implements Callable<Object> {

		@Override
		public Object call() {
			Worked.by(MemberContext.current());
			return null;
		}

	}

	@Ours
	static class OfValue {

		@Bean("ofValue")
		ValueWork bean() {
			return new ValueWork();
		}

	}

	@Actor
	static class LifecycleWork {

		private final GroupLifecycle lifecycle;

		LifecycleWork(GroupLifecycle lifecycle) {
			this.lifecycle = lifecycle;
		}

		@Execute
		void work(MemberContext context) {
			assertThat(this.lifecycle.isRunning()).isTrue();
			Worked.by(context);
		}

	}

	@Ours
	static class NeedsLifecycle {

		@Bean("needsLifecycle")
		LifecycleWork bean(GroupLifecycle lifecycle) {
			return new LifecycleWork(lifecycle);
		}

	}

	@Ours
	@Import({ RunAutoConfiguration.class, RunMetricsAutoConfiguration.class })
	static class Twice {

		@Bean("twice")
		FinalWork bean() {
			return new FinalWork();
		}

	}

	@Ours
	static class NothingInside {

		@Bean("nothingInside")
		@Actor
		Object bean() {
			return new Object();
		}

	}

	@Actor
	static class CircleA implements Runnable {

		CircleA(CircleB other) {
		}

		@Override
		public void run() {
		}

	}

	@Actor
	static class CircleB implements Runnable {

		CircleB(CircleA other) {
		}

		@Override
		public void run() {
		}

	}

	@Ours
	static class Circle {

		@Bean
		CircleA circleA(CircleB circleB) {
			return new CircleA(circleB);
		}

		@Bean
		CircleB circleB(CircleA circleA) {
			return new CircleB(circleA);
		}

	}

	@Ours
	static class OneNameTwice {

		@Bean
		@Actor("worker")
		Runnable oneName() {
			return () -> {
			};
		}

		@Bean
		@Actor("worker")
		Runnable otherName() {
			return () -> {
			};
		}

	}

	@Ours
	static class ManyTakeTheName {

		@Bean
		@Actor(name = "worker", concurrency = "3")
		Runnable many() {
			return () -> {
			};
		}

		@Bean
		@Actor("worker-2")
		Runnable one() {
			return () -> {
			};
		}

	}

}
