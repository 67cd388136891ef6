package dev.rungroup.processes;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

import dev.rungroup.annotation.Actor;
import dev.rungroup.annotation.Execute;
import dev.rungroup.annotation.Interrupt;
import dev.rungroup.annotation.LoopActor;
import dev.rungroup.context.GroupLifecycle;
import dev.rungroup.core.GroupState;
import dev.rungroup.core.MemberContext;

import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.Lifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.core.io.DefaultResourceLoader;

/**
 * One actor of each kind that needs a thread, a meter or a listener of its own.
 */
@SpringBootConfiguration
@EnableAutoConfiguration
class LeakApplication {

	/** The threads of all actors, virtual ones too. */
	static final List<WeakReference<Thread>> actors = new ArrayList<>();

	static SpringApplicationBuilder builder() {
		return new SpringApplicationBuilder(LeakApplication.class)
			.resourceLoader(new DefaultResourceLoader(LeakApplication.class.getClassLoader()))
			.properties(Map.of("logging.level.root", "off", "spring.main.banner-mode", "off",
					"spring.main.web-application-type", "none", "run.actors.failing.retry.delay", "1ms",
					"run.actors.failing.retry.jitter", "0ms", "run.actors.waiting.required", "true",
					"run.actors.waiting.stall-after", "1h", "run.adopt.listener.on-error", "restart",
					"run.observations.enabled", "true", "run.shutdown.grace-period", "5s"));
	}

	/**
	 * For callers that do not know this class: their loader is another one.
	 */
	static void startAndClose() {
		try (ConfigurableApplicationContext context = builder().run()) {
			awaitWork(context);
		}
		ended();
	}

	/**
	 * Wait until every actor has done something.
	 */
	static void awaitWork(ApplicationContext context) {
		GroupLifecycle lifecycle = context.getBean(GroupLifecycle.class);
		await("actors work", () -> lifecycle.snapshot().state() == GroupState.RUNNING
				&& lifecycle.snapshot().members().stream().allMatch((member) -> member.executions() > 0));
	}

	static void ended() {
		synchronized (actors) {
			actors.forEach((reference) -> {
				Thread thread = reference.get();
				await("actor's thread ends", () -> thread == null || !thread.isAlive());
			});
			actors.clear();
		}
	}

	static void await(String what, BooleanSupplier condition) {
		long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
		while (!condition.getAsBoolean()) {
			if (System.nanoTime() - deadline > 0) {
				throw new IllegalStateException("Not within 60 seconds: " + what);
			}
			try {
				Thread.sleep(1);
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		}
	}

	private static void begun() {
		synchronized (actors) {
			actors.add(new WeakReference<>(Thread.currentThread()));
		}
	}

	@Bean
	Lifecycle listener() {
		return new Listener();
	}

	@LoopActor(name = "turning", concurrency = "2", delay = "1ms", timeout = "1m")
	static class Turning {

		@Execute
		void turn(MemberContext context) {
			if (context.execution() == 1) {
				begun();
			}
		}

	}

	@LoopActor(name = "failing")
	static class Failing {

		@Execute
		void fail(MemberContext context) {
			if (context.execution() == 1) {
				begun();
			}
			throw new IllegalStateException("fails every time");
		}

	}

	@Actor(name = "waiting", readyTimeout = "1m")
	static class Waiting {

		private volatile CountDownLatch interrupted = new CountDownLatch(1);

		@Execute
		void awaitInterrupt(MemberContext context) throws InterruptedException {
			begun();
			CountDownLatch interrupted = this.interrupted;
			context.ready();
			// It may have been interrupted before it looked which latch that counts down
			if (!context.isStopping()) {
				interrupted.await();
			}
		}

		@Interrupt
		void interrupt() {
			CountDownLatch interrupted = this.interrupted;
			this.interrupted = new CountDownLatch(1);
			interrupted.countDown();
		}

	}

	private static final class Listener implements Lifecycle {

		private volatile boolean running;

		@Override
		public void start() {
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

}
