package dev.rungroup.context;

import java.io.IOException;
import java.lang.annotation.Annotation;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

import dev.rungroup.annotation.Actor;
import dev.rungroup.annotation.Execute;
import dev.rungroup.annotation.FailureHandler;
import dev.rungroup.annotation.Interrupt;
import dev.rungroup.annotation.LoopActor;
import dev.rungroup.core.Body;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.MemberSettings;
import dev.rungroup.core.OnStop;
import dev.rungroup.core.Policy;
import dev.rungroup.core.StopReason;
import dev.rungroup.core.Task;
import net.bytebuddy.ByteBuddy;
import net.bytebuddy.description.annotation.AnnotationDescription;
import net.bytebuddy.description.modifier.Visibility;
import net.bytebuddy.dynamic.DynamicType;
import net.bytebuddy.dynamic.loading.ClassLoadingStrategy;
import net.bytebuddy.implementation.FixedValue;
import net.bytebuddy.implementation.StubMethod;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.aop.framework.ProxyFactory;
import org.springframework.beans.factory.FactoryBean;
import org.springframework.beans.factory.support.BeanDefinitionBuilder;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.context.annotation.Scope;
import org.springframework.context.annotation.ScopedProxyMode;
import org.springframework.core.annotation.AliasFor;
import org.springframework.core.env.MapPropertySource;
import org.springframework.samples.VetPoller;
import org.springframework.stereotype.Component;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link ActorScanner}.
 */
@Tag("once")
@ExtendWith(OutputCaptureExtension.class)
class ActorScannerTests {

	@Test
	void classWithExecuteMethodIsAnActorWithDefaults() {
		ActorDefinition actor = scanOne(OrderServer.class);
		assertThat(actor.name()).isEqualTo("order-server");
		assertThat(actor.execute()).extracting(Method::getName).isEqualTo("listen");
		assertThat(actor.interrupt()).extracting(Method::getName).isEqualTo("close");
		assertThat(actor.failureHandlers()).extracting(Method::getName).containsExactly("onAny", "onIllegal");
		assertThat(actor.enabled()).isTrue();
		assertThat(actor.concurrency()).isOne();
		assertThat(actor.required()).isFalse();
		assertThat(actor.settings()).usingRecursiveComparison()
			.isEqualTo(MemberSettings.builder().backoff(ActorDefinition.DEFAULT_BACKOFF).build());
		assertThat(actor.memberNames()).containsExactly("order-server");
	}

	@Test
	void allAttributesAreReadAndPlaceholdersResolved() {
		ActorDefinition actor = scanOne(Full.class);
		assertThat(actor.name()).isEqualTo("named-shop");
		assertThat(actor.memberNames()).containsExactly("named-shop-1", "named-shop-2");
		assertThat(actor.required()).isTrue();
		assertThat(actor.settings()).usingRecursiveComparison()
			.isEqualTo(MemberSettings.builder()
				.onDone(Policy.DO_NOTHING)
				.onError(Policy.RESTART)
				.delay(Duration.ofSeconds(5))
				.initialDelay(Duration.ofSeconds(7))
				.timeout(Duration.ofMinutes(2))
				.readyTimeout(Duration.ofMillis(1500))
				.maxRestarts(4)
				.within(Duration.ofHours(1))
				.onExhausted(Policy.DO_NOTHING)
				.fatal(List.of(IllegalStateException.class))
				.onStop(OnStop.FINISH)
				.stage(-3)
				.backoff(ActorDefinition.DEFAULT_BACKOFF)
				.build());
	}

	@Test
	void loopIsRestartedAndFinishesUnlessItSaysOtherwise() {
		MemberSettings.Builder loop = MemberSettings.builder()
			.onDone(Policy.RESTART)
			.onError(Policy.RESTART)
			.onStop(OnStop.FINISH)
			.backoff(ActorDefinition.DEFAULT_BACKOFF);
		assertThat(scanOne(NamedLoop.class).settings()).usingRecursiveComparison().isEqualTo(loop.build());
		assertThat(scanOne(VetPoller.class).required()).isFalse();
		ActorDefinition interrupted = scanOne(InterruptedLoop.class);
		assertThat(interrupted.required()).isTrue();
		assertThat(interrupted.settings()).usingRecursiveComparison().isEqualTo(loop.onStop(OnStop.INTERRUPT).build());
	}

	@Test
	void actorsNameIsNotTheBeansNameAndSpringDoesNotComplain(CapturedOutput output) {
		try (AnnotationConfigApplicationContext context = context(NamedLoop.class, Full.class)) {
			assertThat(context.getBeanNamesForType(NamedLoop.class)).containsExactly("actorScannerTests.NamedLoop");
			assertThat(scan(context)).extracting(ActorDefinition::name).containsExactly("poller", "named-shop");
		}
		assertThat(output).doesNotContain("convention-based");
	}

	@Test
	void valueAndNameThatDifferAreRefused() {
		assertThatExceptionOfType(InvalidActorException.class).isThrownBy(() -> scan(TwoNamesConfiguration.class))
			.withMessageContaining("'twoNames'")
			.withMessageContaining("TwoNamesConfiguration.twoNames()")
			.satisfies((ex) -> assertThat(ex.getAction()).contains("not both"));
	}

	@Test
	void functionalBeansAndFactoryMethodsAreActors() {
		assertThat(scan(Functional.class)).extracting(ActorDefinition::name)
			.containsExactlyInAnyOrder("run-it", "call-it", "task", "body", "class-on-factory", "two");
		assertThat(scan(Functional.class)).filteredOn((actor) -> !actor.name().equals("class-on-factory"))
			.allSatisfy((actor) -> assertThat(actor.execute()).isNull());
	}

	@Test
	void actorMethodsOfOneBeanAreSeveralActors() {
		List<ActorDefinition> actors = scan(Jobs.class);
		assertThat(actors).extracting(ActorDefinition::name).containsExactlyInAnyOrder("jobs-purge", "jobs-send-mail");
		ActorDefinition purge = named(actors, "jobs-purge");
		assertThat(purge.settings().onDone()).isEqualTo(Policy.RESTART);
		assertThat(purge.interrupt()).extracting(Method::getName).isEqualTo("stopPurge");
		assertThat(purge.failureHandlers()).isEmpty();
		ActorDefinition mail = named(actors, "jobs-send-mail");
		assertThat(mail.interrupt()).isNull();
		assertThat(mail.failureHandlers()).extracting(Method::getName).containsExactly("mailFailed");
	}

	@Test
	void inheritedMethodsCount() {
		ActorDefinition actor = scanOne(Inheriting.class);
		assertThat(actor.execute()).extracting(Method::getName).isEqualTo("work");
		assertThat(actor.interrupt()).extracting(Method::getName).isEqualTo("privateStop");
		assertThat(actor.failureHandlers()).extracting(Method::getName).containsExactly("defaultHandler");
	}

	@Test
	void methodsOfAnInterfaceAloneCount() {
		assertThat(scanOne(ByInterfaceAlone.class).execute()).extracting(Method::getName).isEqualTo("defaultWork");
	}

	@Test
	void composedAnnotationsWorkOnClassAndMethod() {
		ActorDefinition actor = scanOne(Composed.class);
		assertThat(actor.name()).isEqualTo("mine");
		assertThat(actor.settings().onError()).isEqualTo(Policy.RESTART);
		assertThat(actor.settings().onDone()).isEqualTo(Policy.DO_NOTHING);
		assertThat(actor.settings().delay()).isEqualTo(Duration.ofSeconds(9));
	}

	@Test
	void lazyBeansAreFoundAndNotCreated() {
		try (AnnotationConfigApplicationContext context = context(LazyConfiguration.class)) {
			assertThat(scan(context)).extracting(ActorDefinition::name).containsExactly("lazy-worker");
			assertThat(context.getBeanFactory().containsSingleton("lazyWorker")).isFalse();
		}
	}

	@Test
	void proxiedBeansAreSeenThrough() {
		assertThat(scan(ProxyConfiguration.class)).extracting(ActorDefinition::name)
			.containsExactlyInAnyOrder("by-class", "by-interface");
	}

	@Test
	void lambdaAndInterfaceTypedBeansAreSeenAsTheObjectTheyAre() {
		assertThat(scanOne(InterfaceTyped.class).execute()).extracting(Method::getName).isEqualTo("listen");
	}

	@Test
	void beansWithoutAnnotationsAreNoActors() {
		assertThat(scan(Plain.class)).isEmpty();
	}

	@ParameterizedTest
	@CsvSource({ "orderServer,order-server", "URLReader,url-reader", "parseXMLFile,parse-xml-file", "worker2,worker2",
			"order_server,order-server", "demoApp.Worker,worker", "com.acme.Demo$Worker,worker",
			"com.acme.Worker#0,worker-0", "a,a", "übungsÄra,übungs-ära", "readURL,read-url" })
	void defaultNameIsKebabCase(String beanName, String expected) {
		assertThat(ActorNames.kebabCase(beanName)).isEqualTo(expected);
	}

	@Test
	void whatAFactoryBeanMakesIsAnActor() {
		assertThat(scanOne(FactoryConfiguration.class).execute()).extracting(Method::getName).isEqualTo("listen");
	}

	@Test
	void parameterTypesOfGenericMethodsAreThoseOfTheBean() {
		assertThat(scanOne(GenericHandling.class).failureHandlers()).hasSize(1);
	}

	@ParameterizedTest
	@CsvSource({ "5s,PT5S", "' 5s ',PT5S", "PT5S,PT5S", "pt1h30m,PT1H30M", "1500,PT1.5S", "2M,PT2M",
			"7us,PT0.000007S" })
	void durationsHaveSpringBootsGrammar(String text, Duration expected) {
		assertThat(delay(text)).isEqualTo(expected).isEqualTo(DurationStyle.detectAndParse(text.strip()));
	}

	@ParameterizedTest
	@ValueSource(strings = { "1h30m", "1h 30m", "5 s", "5sec", "s", "P" })
	void whatSpringBootDoesNotUnderstandIsNoDuration(String text) {
		assertThatExceptionOfType(InvalidActorException.class).isThrownBy(() -> delay(text))
			.withMessageContaining("'delay' of @LoopActor is \"" + text + "\", which is no duration");
		assertThatIllegalArgumentException().isThrownBy(() -> DurationStyle.detectAndParse(text));
	}

	private static Duration delay(String text) {
		try (AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext()) {
			context.getEnvironment()
				.getPropertySources()
				.addFirst(new MapPropertySource("test", Map.of("shop.pause", text)));
			context.register(Paused.class);
			context.refresh();
			return scan(context).get(0).settings().delay();
		}
	}

	@Test
	void interruptsMayReturnWhatTheyLike() {
		assertThat(scanOne(InterruptsLater.class).interrupt()).isNotNull();
	}

	@Test
	void suspendFunctionIsRefusedAndInternalOneHasTheNameOfItsSource() throws Exception {
		ClassLoader kotlin = KotlinLike.classLoader();
		assertThatExceptionOfType(InvalidActorException.class).isThrownBy(() -> scan(kotlin.loadClass("Suspending")))
			.withMessageContainingAll("poll$orders_app", "suspend function", "Continuation", "runBlocking");
		assertThat(scan(kotlin.loadClass("Internal"))).singleElement().satisfies((actor) -> {
			assertThat(actor.name()).isEqualTo("internal-poll");
			assertThat(actor.interrupt()).isNotNull();
		});
	}

	@Test
	void typesInPackagesOfSpringAreActors() {
		assertThat(scanOne(VetPoller.class).name()).isEqualTo("vet-poller-poll");
	}

	@Test
	void abstractDefinitionIsNamedAndNotRun(CapturedOutput output) {
		try (AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext()) {
			context.registerBeanDefinition("template",
					BeanDefinitionBuilder.rootBeanDefinition(OrderServer.class).setAbstract(true).getBeanDefinition());
			context.registerBeanDefinition("child",
					BeanDefinitionBuilder.childBeanDefinition("template").getBeanDefinition());
			context.refresh();
			assertThat(scan(context)).extracting(ActorDefinition::name).containsExactly("child");
		}
		assertThat(output).contains("Bean 'template' (" + OrderServer.class.getName() + ") is an actor by its"
				+ " annotations, but is not run: its definition is abstract.");
	}

	@Test
	void lazyActorWhoseClassCannotBeReadIsRefusedAndOtherBeansAreNot() throws Exception {
		ClassLoader classes = KotlinLike.classLoader();
		try (AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext()) {
			context.setClassLoader(classes);
			context.refresh();
			context.registerBean("other", classes.loadClass("Unreadable"),
					(definition) -> definition.setLazyInit(true));
			assertThat(scan(context)).isEmpty();
			context.registerBean("broken", classes.loadClass("UnreadableActor"),
					(definition) -> definition.setLazyInit(true));
			refusedAsUnreadable(context, "broken");
		}
	}

	@Test
	void actorThatCannotBeReadIsFoundByTheTypeThatItsMethodDeclaresAndByTheClassAbove() throws Exception {
		ClassLoader classes = KotlinLike.classLoader();
		try (AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext()) {
			context.setClassLoader(classes);
			context.register(classes.loadClass("UnreadableBeans"));
			context.refresh();
			refusedAsUnreadable(context, "made");
		}
		try (AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext()) {
			context.setClassLoader(classes);
			context.refresh();
			context.registerBean("child", classes.loadClass("UnreadableChild"),
					(definition) -> definition.setLazyInit(true));
			refusedAsUnreadable(context, "child");
		}
	}

	private static void refusedAsUnreadable(AnnotationConfigApplicationContext context, String beanName) {
		assertThatExceptionOfType(InvalidActorException.class).isThrownBy(() -> scan(context))
			.withMessageContaining("Bean '" + beanName + "' is an actor, but its class cannot be read: ")
			.withMessageContaining("com/acme/Missing");
	}

	@Test
	void objectThatCannotBeLookedAtYetIsNamed(CapturedOutput output) {
		assertThat(scanOne(NotYetMade.class).name()).isEqualTo("worker");
		assertThat(output).contains("Bean 'lazy' is declared as java.lang.Runnable and made only when it is asked for")
			.contains("Bean 'scoped' is declared as java.lang.Runnable and made only when it is asked for")
			.doesNotContain("Bean 'made' is");
	}

	@Test
	void limitsOfANumberAreAllowed() {
		assertThat(scanOne(OneAndUnlimited.class).concurrency()).isOne();
		assertThat(scanOne(OneAndUnlimited.class).settings().maxRestarts()).isEqualTo(-1);
		assertThat(scanOne(AsManyAsAllowed.class).concurrency()).isEqualTo(ActorDefinition.MAX_CONCURRENCY);
	}

	private static ActorDefinition named(List<ActorDefinition> actors, String name) {
		return actors.stream().filter((actor) -> actor.name().equals(name)).findFirst().orElseThrow();
	}

	private static ActorDefinition scanOne(Class<?> type) {
		List<ActorDefinition> actors = scan(type);
		assertThat(actors).hasSize(1);
		return actors.get(0);
	}

	private static List<ActorDefinition> scan(Class<?>... types) {
		try (AnnotationConfigApplicationContext context = context(types)) {
			return scan(context);
		}
	}

	private static List<ActorDefinition> scan(AnnotationConfigApplicationContext context) {
		return new ActorScanner(context.getBeanFactory()).scan();
	}

	private static AnnotationConfigApplicationContext context(Class<?>... types) {
		AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();
		context.getEnvironment()
			.getPropertySources()
			.addFirst(new MapPropertySource("test", Map.of("shop.name", "shop", "shop.pause", "PT5S")));
		context.register(types);
		context.refresh();
		return context;
	}

	@Actor
	static class OrderServer {

		@Execute
		private void listen(MemberContext context) {
		}

		@Interrupt
		void close(StopReason reason) {
		}

		@FailureHandler
		protected void onIllegal(IllegalArgumentException failure) {
		}

		@FailureHandler
		void onAny() {
		}

	}

	@Actor(name = "named-${shop.name}", onDone = Policy.DO_NOTHING, onError = Policy.RESTART, delay = "${shop.pause}",
			initialDelay = "7s", timeout = "2m", readyTimeout = "1500ms", maxRestarts = "${shop.restarts:4}",
			within = "1h", onExhausted = Policy.DO_NOTHING, fatal = IllegalStateException.class, concurrency = "2",
			stage = -3, onStop = OnStop.FINISH, required = true)
	static class Full implements Runnable {

		@Override
		public void run() {
		}

	}

	@LoopActor("poller")
	static class NamedLoop implements Runnable {

		@Override
		public void run() {
		}

	}

	@LoopActor(onStop = OnStop.INTERRUPT, required = true)
	static class InterruptedLoop extends NotAnnotated {

	}

	@Configuration(proxyBeanMethods = false)
	static class TwoNamesConfiguration {

		@Bean
		@LoopActor(value = "one", name = "other")
		Task twoNames() {
			return () -> {
			};
		}

	}

	@Configuration
	static class Functional {

		@Bean
		@Actor
		Runnable runIt() {
			return () -> {
			};
		}

		@Bean
		@Actor
		Callable<String> callIt() {
			return () -> "";
		}

		@Bean
		@LoopActor
		Task task() {
			return () -> {
			};
		}

		@Bean
		@Actor
		Body body() {
			return (context) -> {
			};
		}

		@Bean
		@Actor("class-on-factory")
		NotAnnotated classOnFactory() {
			return new NotAnnotated();
		}

		@Bean
		@Actor("two")
		NamedLoop nameOfTheFactoryMethodWins() {
			return new NamedLoop();
		}

	}

	static class NotAnnotated {

		@Execute
		void listen() {
		}

	}

	@Component("jobs")
	static class Jobs {

		@LoopActor
		public void purge() {
		}

		@Actor
		void sendMail(MemberContext context) {
		}

		@Interrupt("purge")
		void stopPurge(@Nullable Throwable cause) {
		}

		@FailureHandler("sendMail")
		void mailFailed(Exception failure) {
		}

	}

	abstract static class Base {

		@Execute
		protected abstract void work();

		@Interrupt
		private void privateStop() {
		}

	}

	interface Handling {

		@FailureHandler
		default void defaultHandler() {
		}

	}

	interface Working {

		@Execute
		default void defaultWork() {
		}

	}

	@Actor
	static class ByInterfaceAlone implements Working {

	}

	@Actor
	static class Inheriting extends Base implements Handling {

		@Override
		protected void work() {
		}

	}

	@Target({ ElementType.TYPE, ElementType.METHOD })
	@Retention(RetentionPolicy.RUNTIME)
	@Actor(onError = Policy.RESTART, onDone = Policy.DO_NOTHING)
	@interface MyActor {

		@AliasFor(annotation = Actor.class, attribute = "name")
		String title();

		@AliasFor(annotation = Actor.class)
		String delay() default "9s";

	}

	@Component
	static class Composed {

		@MyActor(title = "mine")
		void work() {
		}

	}

	@Configuration
	static class LazyConfiguration {

		@Bean
		@Lazy
		LazyWorker lazyWorker() {
			throw new IllegalStateException("must not be created");
		}

	}

	@Actor
	static class LazyWorker implements Task {

		@Override
		public void run() {
		}

	}

	@Configuration
	static class ProxyConfiguration {

		@Bean
		OrderServer byClass() {
			ProxyFactory factory = new ProxyFactory(new OrderServer());
			factory.setProxyTargetClass(true);
			return (OrderServer) factory.getProxy();
		}

		@Bean
		Runnable byInterface() {
			return (Runnable) new ProxyFactory(new DefaultNamed()).getProxy();
		}

	}

	@Actor
	static class DefaultNamed implements Runnable {

		@Override
		public void run() {
		}

	}

	@Configuration
	static class InterfaceTyped {

		@Bean
		Object interfaceTyped() {
			return new OrderServer();
		}

	}

	static class Plain {

		void execute() {
		}

	}

	static class OrderServerFactory implements FactoryBean<OrderServer> {

		@Override
		public OrderServer getObject() {
			return new OrderServer();
		}

		@Override
		public Class<?> getObjectType() {
			return OrderServer.class;
		}

	}

	@Configuration
	static class FactoryConfiguration {

		@Bean
		OrderServerFactory orderServer() {
			return new OrderServerFactory();
		}

	}

	abstract static class GenericBase<E> {

		@Execute
		void work() {
		}

		@FailureHandler
		void on(E failure) {
		}

	}

	@Actor
	static class GenericHandling extends GenericBase<IOException> {

	}

	@Configuration(proxyBeanMethods = false)
	static class NotYetMade {

		@Bean
		@Lazy
		Runnable lazy() {
			return new Worker();
		}

		@Bean
		@Scope(scopeName = "tenant", proxyMode = ScopedProxyMode.INTERFACES)
		Runnable scoped() {
			return new Worker();
		}

		@Bean
		Runnable made() {
			return new Worker();
		}

	}

	@Actor("worker")
	static class Worker implements Runnable {

		@Override
		public void run() {
		}

	}

	@Actor(concurrency = "1", maxRestarts = "-1")
	static class OneAndUnlimited extends NotAnnotated {

	}

	@Actor(concurrency = "10000")
	static class AsManyAsAllowed extends NotAnnotated {

	}

	@LoopActor(delay = "${shop.pause}")
	static class Paused extends NotAnnotated {

	}

	@Actor
	static class InterruptsLater extends NotAnnotated {

		@Interrupt
		CompletableFuture<Void> stop(MemberContext context) {
			return new CompletableFuture<>();
		}

	}

	/**
	 * Classes as Kotlin's compiler makes them, and such whose methods name a class that
	 * is not there.
	 */
	private static final class KotlinLike {

		static ClassLoader classLoader() {
			ByteBuddy classes = new ByteBuddy();
			DynamicType.Unloaded<?> continuation = classes.makeInterface()
				.name("kotlin.coroutines.Continuation")
				.make();
			return classes.subclass(Object.class)
				.name("Suspending")
				.defineMethod("poll$orders_app", Object.class, Visibility.PUBLIC)
				.withParameters(continuation.getTypeDescription())
				.intercept(FixedValue.nullValue())
				.annotateMethod(AnnotationDescription.Builder.ofType(LoopActor.class).build())
				.make()
				.include(continuation, classes.subclass(Object.class)
					.name("Internal")
					.defineMethod("poll$orders_app", void.class, Visibility.PUBLIC)
					.intercept(StubMethod.INSTANCE)
					.annotateMethod(AnnotationDescription.Builder.ofType(LoopActor.class).build())
					.defineMethod("stop$orders_app", void.class, Visibility.PUBLIC)
					.intercept(StubMethod.INSTANCE)
					.annotateMethod(
							AnnotationDescription.Builder.ofType(Interrupt.class).define("value", "poll").build())
					.make(), unreadable("Unreadable", Deprecated.class), unreadable("UnreadableActor", LoopActor.class),
						new ByteBuddy().subclass(unreadable("UnreadableActor", LoopActor.class).getTypeDescription())
							.name("UnreadableChild")
							.make(),
						unreadableBeans())
				.load(ActorScannerTests.class.getClassLoader(), ClassLoadingStrategy.Default.WRAPPER_PERSISTENT)
				.getLoaded()
				.getClassLoader();
		}

		private static DynamicType.Unloaded<?> unreadableBeans() {
			return new ByteBuddy().subclass(Object.class)
				.name("UnreadableBeans")
				.annotateType(AnnotationDescription.Builder.ofType(Configuration.class)
					.define("proxyBeanMethods", false)
					.build())
				.defineMethod("made", unreadable("UnreadableActor", LoopActor.class).getTypeDescription(),
						Visibility.PUBLIC)
				.intercept(FixedValue.nullValue())
				.annotateMethod(AnnotationDescription.Builder.ofType(Bean.class).build(),
						AnnotationDescription.Builder.ofType(Lazy.class).build())
				.make();
		}

		private static DynamicType.Unloaded<?> unreadable(String name, Class<? extends Annotation> annotation) {
			return new ByteBuddy().subclass(Object.class)
				.name(name)
				.defineMethod("work", void.class, Visibility.PUBLIC)
				.withParameters(new ByteBuddy().makeInterface().name("com.acme.Missing").make().getTypeDescription())
				.intercept(StubMethod.INSTANCE)
				.annotateMethod(AnnotationDescription.Builder.ofType(annotation).build())
				.make();
		}

	}

}
