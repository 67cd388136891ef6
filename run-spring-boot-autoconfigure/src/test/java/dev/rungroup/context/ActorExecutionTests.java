package dev.rungroup.context;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import dev.rungroup.annotation.Actor;
import dev.rungroup.annotation.Execute;
import dev.rungroup.annotation.FailureHandler;
import dev.rungroup.annotation.Interrupt;
import dev.rungroup.annotation.LoopActor;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.RestartStrategy;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.MDC;

import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * What the executions of actors find, and what becomes of what they return.
 */
@Timeout(60)
class ActorExecutionTests {

	private static final InheritableThreadLocal<String> USER = new InheritableThreadLocal<>();

	@ParameterizedTest
	@ValueSource(classes = { ReturnsAnything.class, CallsAnythingConfiguration.class })
	void bodyThatHandsBackUnfinishedWorkHasFailed(Class<?> type) {
		try (AnnotationConfigApplicationContext context = start(false, type)) {
			MemberSnapshot member = await().until(
					() -> context.getBean(GroupLifecycle.class).snapshot().members().get(0),
					(each) -> each.failures() > 0);
			assertThat(member.lastFailure()).isInstanceOf(IllegalStateException.class)
				.hasMessageContaining("Actor 'anything'")
				.hasMessageContaining(" returns a CompletableFuture: its work goes on after that, and its end cannot be"
						+ " seen. Wait for the result inside the method");
		}
	}

	@Test
	void executionFindsNothingInTheMdcButItsActor() throws Exception {
		try (AnnotationConfigApplicationContext context = start(false, Scribbler.class)) {
			Scribbler scribbler = context.getBean(Scribbler.class);
			assertThat(poll(scribbler.found)).containsOnly(Map.entry("actor", "scribbler"));
			assertThat(poll(scribbler.handled)).containsOnly(Map.entry("actor", "scribbler"), Map.entry("order", "1"));
			assertThat(poll(scribbler.found)).containsOnly(Map.entry("actor", "scribbler"));
			assertThat(poll(scribbler.handled)).as("after MDC.clear()").containsOnly(Map.entry("actor", "scribbler"));
			assertThat(poll(scribbler.found)).containsOnly(Map.entry("actor", "scribbler"));
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void actorInheritsNothingOfWhoeverStartsIt(boolean virtualThreads) throws Exception {
		int priority = Thread.currentThread().getPriority();
		try (AnnotationConfigApplicationContext context = start(virtualThreads, Heir.class)) {
			Heir heir = context.getBean(Heir.class);
			poll(heir.inherited);
			GroupLifecycle lifecycle = context.getBean(GroupLifecycle.class);
			USER.set("alice");
			Thread.currentThread().setPriority(Thread.MIN_PRIORITY);
			lifecycle.restartMember("heir");
			assertThat(poll(heir.inherited)).isEqualTo("null 5");
			lifecycle.stopMember("heir");
			await().until(() -> lifecycle.snapshot().members().get(0).state() == MemberState.STOPPED);
			lifecycle.startMember("heir");
			assertThat(poll(heir.inherited)).isEqualTo("null 5");
			lifecycle.stop();
			lifecycle.start();
			assertThat(poll(heir.inherited)).isEqualTo("null 5");
		}
		finally {
			Thread.currentThread().setPriority(priority);
			USER.remove();
		}
	}

	@Test
	void interruptIsToldWhichOfSeveralItIsFor() throws Exception {
		BlockingQueue<String> interrupted;
		try (AnnotationConfigApplicationContext context = start(false, Twins.class)) {
			Twins twins = context.getBean(Twins.class);
			interrupted = twins.interrupted;
			poll(twins.started);
			poll(twins.started);
		}
		assertThat(interrupted).containsExactlyInAnyOrder("twins-1 true", "twins-2 true");
	}

	@ParameterizedTest
	@ValueSource(classes = { Slashed.class, SlashedMethod.class })
	void nameWithASlashIsRefused(Class<?> type) {
		assertThatExceptionOfType(InvalidActorException.class).isThrownBy(() -> start(false, type).close())
			.withMessageContaining("The name 'orders/eu' of Actor 'orders/eu' (bean '")
			.withMessageContaining("slash");
	}

	private static AnnotationConfigApplicationContext start(boolean virtualThreads, Class<?> type) {
		GroupSettings settings = new GroupSettings("actors", true, true, GroupSettings.StartOn.REFRESH, 0,
				virtualThreads, Duration.ofSeconds(10), Duration.ofSeconds(20), RestartStrategy.ONE);
		AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();
		context.registerBean(GroupLifecycle.class, settings);
		context.register(type);
		context.refresh();
		return context;
	}

	private static <T> T poll(BlockingQueue<T> queue) throws InterruptedException {
		T element = queue.poll(10, TimeUnit.SECONDS);
		assertThat(element).isNotNull();
		return element;
	}

	static class ReturnsAnything {

		@LoopActor("anything")
		Object work() {
			return new CompletableFuture<>();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class CallsAnythingConfiguration {

		@Bean
		@LoopActor
		Callable<?> anything() {
			return CompletableFuture::new;
		}

	}

	@LoopActor("scribbler")
	static class Scribbler {

		final BlockingQueue<Map<String, String>> found = new LinkedBlockingQueue<>();

		final BlockingQueue<Map<String, String>> handled = new LinkedBlockingQueue<>();

		@Execute
		void scribble(MemberContext context) {
			this.found.add(MDC.getCopyOfContextMap());
			MDC.put("order", String.valueOf(context.execution()));
			if (context.execution() == 2) {
				MDC.clear();
			}
			throw new IllegalStateException("expected");
		}

		@FailureHandler
		void failed() {
			this.handled.add(MDC.getCopyOfContextMap());
		}

	}

	@Actor("heir")
	static class Heir {

		final BlockingQueue<String> inherited = new LinkedBlockingQueue<>();

		@Execute
		void work(MemberContext context) throws InterruptedException {
			this.inherited.add(USER.get() + " " + Thread.currentThread().getPriority());
			context.sleep(Duration.ofHours(1));
		}

	}

	@Actor(name = "twins", concurrency = "2")
	static class Twins {

		final BlockingQueue<String> started = new LinkedBlockingQueue<>();

		final BlockingQueue<String> interrupted = new LinkedBlockingQueue<>();

		@Execute
		void work(MemberContext context) throws InterruptedException {
			this.started.add(context.name());
			context.sleep(Duration.ofHours(1));
		}

		@Interrupt
		void stop(@Nullable MemberContext context) {
			this.interrupted.add((context != null) ? context.name() + " " + context.isStopping() : "null");
		}

	}

	@Actor("orders/eu")
	@Lazy
	static class Slashed implements Runnable {

		@Override
		public void run() {
		}

	}

	static class SlashedMethod {

		@LoopActor(name = "orders/eu")
		void work() {
		}

	}

}
