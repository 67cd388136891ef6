package dev.rungroup.context;

import java.io.IOException;
import java.lang.annotation.Annotation;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.SubmissionPublisher;
import java.util.stream.Stream;

import dev.rungroup.annotation.Actor;
import dev.rungroup.annotation.Execute;
import dev.rungroup.annotation.FailureHandler;
import dev.rungroup.annotation.Interrupt;
import dev.rungroup.annotation.LoopActor;
import dev.rungroup.context.ActorScannerTests.GenericBase;
import dev.rungroup.context.ActorScannerTests.NotAnnotated;
import dev.rungroup.cluster.ClusterSingleton;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.Task;
import net.bytebuddy.ByteBuddy;
import net.bytebuddy.description.annotation.AnnotationDescription;
import net.bytebuddy.implementation.StubMethod;
import net.bytebuddy.matcher.ElementMatchers;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.Publisher;

import org.springframework.beans.factory.FactoryBean;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Scope;
import org.springframework.context.annotation.ScopedProxyMode;
import org.springframework.context.support.SimpleThreadScope;
import org.springframework.scheduling.annotation.Async;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Actors that {@link ActorScanner} refuses: which bean the message names, and what it
 * says. What only a start can find out is in {@code HostileInputTests}.
 */
@Tag("once")
class MisuseTests {

	private static final String UNSEEN = "its end cannot be seen";

	@ParameterizedTest(name = "{1}")
	@MethodSource
	void beanIsRefused(Class<?> type, String beanName, String[] texts) {
		try (AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext()) {
			context.getBeanFactory().registerScope("tenant", new SimpleThreadScope());
			if (type == Beans.class) {
				context.register(type);
				context.addBeanFactoryPostProcessor(only(beanName));
			}
			else {
				context.registerBean(beanName, type);
			}
			context.refresh();
			assertRefused(context, beanName, texts);
		}
	}

	static Stream<Arguments> beanIsRefused() {
		return Stream.of(ofType(NoExecute.class, "no @Execute method", "@Execute"),
				ofType(TwoExecutes.class, "first()", "second()", "2 @Execute methods"),
				ofType(RunnableAndCallable.class, "Callable, Runnable"),
				ofType(ExecuteOnly.class, "work()", "@Execute", "@Actor"),
				ofType(InterruptOnly.class, "stop()", "@Interrupt", "@Actor"),
				ofType(HandlerOnly.class, "failed()", "@FailureHandler", "@Actor"),
				ofType(ActorFactory.class, ActorFactory.class.getName(), "FactoryBean", "class of its own"),
				ofType(ActorMethodFactory.class, "FactoryBean", "class of its own"),
				ofType(WrongGenericHandling.class, "@FailureHandler", "Throwable"),
				ofType(WrongExecute.class, "work(String)", "@Execute", "MemberContext"),
				ofType(WrongActorMethod.class, "work(int)", "@LoopActor", "MemberContext"),
				ofType(WrongInterrupt.class, "stop(Exception)", "@Interrupt", "StopReason"),
				ofType(WrongInterruptWork.class, "@Interrupt cannot fill"),
				ofType(WrongHandler.class, "failed(String)", "@FailureHandler", "Throwable"),
				ofType(WrongHandlerWork.class, "@FailureHandler cannot fill"),
				ofType(SuspendWork.class, "@Execute cannot fill"), ofType(VarargsWork.class, "@Execute cannot fill"),
				ofType(StaticExecute.class, "work()", "static"), ofType(TwoRoles.class, "work()", "more than one"),
				ofType(AmbiguousInterrupt.class, "stop()", "one, two", "@Interrupt(\"one\")"),
				ofType(UnknownMethod.class, "stop()", "@Interrupt(\"purge\")", "work"),
				ofType(TwoInterrupts.class, "second", "stopA()", "stopB()"),
				ofType(Prototype.class, "scope 'prototype'", "singleton"), ofType(Scoped.class, "scope 'tenant'"),
				ofType(BadMethod.class, "Bean 'badMethod': method " + BadMethod.class.getName() + ".work(): attribute",
						"'delay'", "soon"),
				ofType(ReturnsFuture.class, "ReturnsFuture.work() returns a CompletableFuture", UNSEEN, "join()"),
				ofType(ReturnsFlowPublisher.class, "ReturnsFlowPublisher.work() returns a SubmissionPublisher", UNSEEN),
				ofType(ReturnsPublisher.class, "ReturnsPublisher.work() returns a MisuseTests.Mono", UNSEEN, "block()"),
				ofType(CallsFuture.class, "CallsFuture) returns a CompletableFuture", UNSEEN),
				ofType(AsyncRunnable.class, "AsyncRunnable.run() is @Async", UNSEEN),
				ofType(AsyncClassWork.class, "is @Async"),
				ofType(SingletonOnly.class, "has @ClusterSingleton, but no @Actor"),
				ofType(SingletonOfMethods.class, "has @ClusterSingleton, but no @Actor", "Put it where"),
				ofType(SingletonExecute.class, "work()", "has @ClusterSingleton, but no @Actor"),
				ofMethod("unseen", "Beans.unseen()) returns a MisuseTests.Mono: ", UNSEEN),
				ofMethod("twoAnnotations", "more than one of @Actor, @LoopActor"), ofMethod("companion", "is static"),
				ofMethod("typeVariable", "@Execute cannot fill"), ofMethod("nothing", "is null"),
				ofMethod("noRunnable", "is null"), ofMethod("unknownType", "does not say of which type"));
	}

	private static Arguments ofType(Class<?> type, String... texts) {
		String name = type.getSimpleName();
		return Arguments.of(type, Character.toLowerCase(name.charAt(0)) + name.substring(1), texts);
	}

	/** A method of {@link Beans}. */
	private static Arguments ofMethod(String name, String... texts) {
		return Arguments.of(Beans.class, name, texts);
	}

	private static BeanFactoryPostProcessor only(String beanName) {
		return (factory) -> {
			for (String other : factory.getBeanDefinitionNames()) {
				if (!other.equals(beanName) && factory.getBeanDefinition(other).getFactoryMethodName() != null) {
					((BeanDefinitionRegistry) factory).removeBeanDefinition(other);
				}
			}
		};
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					LoopActor | delay        | soon                  | is "soon"             | 5s
					LoopActor | initialDelay | -5s                   | is "-5s"              | negative
					LoopActor | delay        | 99999999999999999999d | no duration           | Write it like
					LoopActor | delay        | 9223372036854775807d  | which is no duration  | Write it like
					Actor     | timeout      | 0                     | is "0"                | zero
					Actor     | maxRestarts  | many                  | is "many"             | number
					Actor     | maxRestarts  | -7                    | is "-7"               | at least -1
					Actor     | maxRestarts  | -2                    | is "-2"               | at least -1
					Actor     | concurrency  | 0                     | is "0"                | from 1 to 10000
					Actor     | concurrency  | 10001                 | is "10001"            | from 1 to 10000
					Actor     | concurrency  | 1000000               | is "1000000"          | from 1 to 10000
					Actor     | delay        | ${no.such.property}   | ${no.such.property}   | placeholder
					LoopActor | delay        | ${shop.blank:}        | "${shop.blank:}", which resolves to a blank value | ${property:default}
					LoopActor | timeout      | '  '                  | is "  ", which is blank | Give the property a value
					LoopActor | name         | '${shop.blank: }'     | blank value           | ${property:default}
					""")
	void attributeIsRefused(String annotation, String attribute, String value, String text, String more)
			throws Exception {
		Class<?> actor = (annotation.equals("Actor")) ? Actor.class : LoopActor.class;
		Class<?> type = new ByteBuddy().subclass(Object.class)
			.implement(Runnable.class)
			.method(ElementMatchers.named("run"))
			.intercept(StubMethod.INSTANCE)
			.annotateType(AnnotationDescription.Builder.ofType(actor.asSubclass(Annotation.class))
				.define(attribute, value)
				.build())
			.make()
			.load(getClass().getClassLoader())
			.getLoaded();
		try (AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext()) {
			context.registerBean("worker", type);
			context.refresh();
			assertRefused(context, "worker",
					"Bean 'worker' (" + type.getName() + "): attribute '" + attribute + "' of @" + annotation, text,
					more);
		}
	}

	private static void assertRefused(AnnotationConfigApplicationContext context, String beanName, String... texts) {
		assertThatExceptionOfType(InvalidActorException.class)
			.isThrownBy(() -> new ActorScanner(context.getBeanFactory()).scan())
			.satisfies((ex) -> {
				assertThat(ex.getMessage()).contains(texts).contains(ex.getDescription()).contains(ex.getAction());
				assertThat(ex.getDescription()).contains("'" + beanName + "'");
			});
	}

	/** Each alone: the others are taken out. */
	@ClusterSingleton
	static class SingletonOnly {

	}

	@ClusterSingleton
	static class SingletonOfMethods {

		@LoopActor
		void work() {
		}

	}

	@Actor
	static class SingletonExecute {

		@Execute
		@ClusterSingleton
		void work() {
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Beans {

		@Bean
		@Actor
		Callable<@Nullable Mono> unseen() {
			return () -> null;
		}

		@Bean
		@Actor
		@LoopActor
		Task twoAnnotations() {
			return () -> {
			};
		}

		@Bean
		CompanionWork companion() {
			return CompanionWork.Companion;
		}

		@Bean
		TypeVariableWork<MemberContext> typeVariable() {
			return new TypeVariableWork<>();
		}

		@Bean
		@Nullable AsyncRunnable nothing() {
			return null;
		}

		@Bean
		@Actor
		@Nullable Runnable noRunnable() {
			return null;
		}

		@Bean
		@Actor
		FactoryBean<?> unknownType() {
			return new FactoryBean<Object>() {
				@Override
				public Object getObject() {
					return new Object();
				}

				@Override
				public @Nullable Class<?> getObjectType() {
					return null;
				}
			};
		}

	}

	@Actor
	static class NoExecute {

	}

	@Actor
	static class ActorFactory implements FactoryBean<StringBuilder> {

		@Override
		public StringBuilder getObject() {
			return new StringBuilder();
		}

		@Override
		public Class<?> getObjectType() {
			return StringBuilder.class;
		}

		@Execute
		void work() {
		}

	}

	static class ActorMethodFactory implements FactoryBean<StringBuilder> {

		@Override
		public StringBuilder getObject() {
			return new StringBuilder();
		}

		@Override
		public Class<?> getObjectType() {
			return StringBuilder.class;
		}

		@LoopActor
		void work() {
		}

	}

	@Actor
	static class WrongGenericHandling extends GenericBase<String> {

	}

	@Actor
	static class TwoExecutes {

		@Execute
		void first() {
		}

		@Execute
		void second() {
		}

	}

	@Actor
	static class RunnableAndCallable implements Runnable, Callable<String> {

		@Override
		public void run() {
		}

		@Override
		public String call() {
			return "";
		}

	}

	static class ExecuteOnly {

		@Execute
		void work() {
		}

	}

	static class InterruptOnly {

		@Interrupt
		void stop() {
		}

	}

	static class HandlerOnly {

		@FailureHandler
		void failed() {
		}

	}

	@Actor
	static class WrongExecute {

		@Execute
		void work(String what) {
		}

	}

	static class WrongActorMethod {

		@LoopActor
		void work(int times) {
		}

	}

	@Actor
	static class WrongInterrupt extends NotAnnotated {

		@Interrupt
		void stop(Exception cause) {
		}

	}

	@Actor
	static class WrongHandler extends NotAnnotated {

		@FailureHandler
		void failed(String message) {
		}

	}

	@Actor
	static class StaticExecute {

		@Execute
		static void work() {
		}

	}

	@Actor
	static class TwoRoles {

		@Execute
		@Interrupt
		void work() {
		}

	}

	static class AmbiguousInterrupt {

		@Actor
		void one() {
		}

		@Actor
		void two() {
		}

		@Interrupt
		void stop() {
		}

	}

	static class UnknownMethod {

		@Actor
		void work() {
		}

		@Interrupt("purge")
		void stop() {
		}

	}

	@Actor
	static class TwoInterrupts extends NotAnnotated {

		@Interrupt
		void stopA() {
		}

		@Interrupt
		void stopB() {
		}

	}

	@Actor
	@Scope("prototype")
	static class Prototype extends NotAnnotated {

	}

	@Actor
	@Scope(scopeName = "tenant", proxyMode = ScopedProxyMode.TARGET_CLASS)
	static class Scoped extends NotAnnotated {

	}

	static class BadMethod {

		@LoopActor(delay = "soon")
		void work() {
		}

	}

	static class ReturnsFuture {

		@LoopActor
		CompletableFuture<Void> work() {
			return new CompletableFuture<>();
		}

	}

	@Actor
	static class ReturnsFlowPublisher {

		@Execute
		SubmissionPublisher<String> work() {
			return new SubmissionPublisher<>();
		}

	}

	interface Mono extends Publisher<String> {

	}

	static class ReturnsPublisher {

		@LoopActor
		@Nullable Mono work() {
			return null;
		}

	}

	@Actor
	static class CallsFuture implements Callable<CompletableFuture<String>> {

		@Override
		public CompletableFuture<String> call() {
			return new CompletableFuture<>();
		}

	}

	@Actor
	static class AsyncRunnable implements Runnable {

		@Override
		@Async
		public void run() {
		}

	}

	/** What Kotlin makes of a function of a companion with {@code @JvmStatic}. */
	static final class CompanionWork {

		static final CompanionWork Companion = new CompanionWork();

		@Actor
		public static final void work() {
		}

	}

	interface Continuation<T> {

	}

	/** What Kotlin makes of a suspending function. */
	@Actor
	static final class SuspendWork {

		@Execute
		public final Object work(Continuation<? super Void> continuation) {
			return null;
		}

	}

	@Actor
	static class TypeVariableWork<T> {

		@Execute
		void work(T context) {
		}

	}

	@Actor
	static class VarargsWork {

		@Execute
		void work(MemberContext... contexts) {
		}

	}

	@Actor
	static class WrongInterruptWork implements Runnable {

		@Override
		public void run() {
		}

		@Interrupt
		void stop(String reason) {
		}

	}

	@Actor
	static class WrongHandlerWork implements Runnable {

		@Override
		public void run() {
		}

		@FailureHandler
		void failed(IOException failure, String more) {
		}

	}

	@Async
	static class AsyncClassWork {

		@LoopActor
		void work() {
		}

	}

}
