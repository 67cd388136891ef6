package dev.rungroup.context;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

import dev.rungroup.annotation.Execute;
import dev.rungroup.annotation.Interrupt;
import dev.rungroup.annotation.LoopActor;
import dev.rungroup.autoconfigure.RunAutoConfiguration;
import dev.rungroup.autoconfigure.RunMetricsAutoConfiguration;
import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.StopReason;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Loops that are really wedged in a lock, and what becomes of them.
 */
@ExtendWith(OutputCaptureExtension.class)
class StallTests {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(RunAutoConfiguration.class, RunMetricsAutoConfiguration.class))
		.withUserConfiguration(Wedge.class)
		.withPropertyValues("run.actors.wedged.stall-after=1s", "run.shutdown.grace-period=200ms",
				"run.shutdown.timeout=2s");

	@Test
	void wedgedLoopIsReportedOnceWithItsStack(CapturedOutput output) {
		this.runner.run((context) -> {
			Loop loop = context.getBean(Loop.class);
			assertThat(stalls(context)).isZero();
			loop.wedge();
			await(loop.stalled);
			assertThat(output).contains("Actor 'wedged' is stalled: no progress for")
				.contains("its limit is 1000 ms; nothing is done about it. Its thread is at")
				.contains("Loop.waitForTheLock(StallTests.java:");
			assertThat(loop.events).singleElement().satisfies((event) -> {
				assertThat(event.actor()).isEqualTo("wedged");
				assertThat(event.silence()).isGreaterThanOrEqualTo(Duration.ofSeconds(1));
			});
			assertThat(stalls(context)).isEqualTo(1);
			GroupLifecycle lifecycle = context.getBean(GroupLifecycle.class);
			assertThat(lifecycle.stalledActors()).containsExactly("wedged");
			loop.lock.unlock();
			Awaitility.await().atMost(LIMIT).until(() -> lifecycle.stalledActors().isEmpty());
			assertThat(loop.events).hasSize(1);
			assertThat(loop.reasons).isEmpty();
		});
	}

	@Test
	void wedgedLoopIsRestarted() {
		this.runner.withPropertyValues("run.actors.wedged.on-stall=restart").run((context) -> {
			Loop loop = context.getBean(Loop.class);
			loop.wedge();
			await(loop.stalled);
			Awaitility.await()
				.atMost(LIMIT)
				.until(() -> !member(context).state().isEnded() && member(context).state() != MemberState.STOPPING
						&& loop.startsAfterTheStall.getCount() == 0);
			assertThat(loop.reasons).hasSize(1);
			assertThat(loop.reasons.get(0).kind()).isEqualTo(StopReason.Kind.STALLED);
			assertThat(loop.reasons.get(0).member()).isEqualTo("wedged");
			assertThat(stalls(context)).isEqualTo(1);
			assertThat(context.getBean(GroupLifecycle.class).snapshot().stopReason()).isNull();
			loop.lock.unlock();
		});
	}

	@Test
	void wedgedLoopThatIsRestartedWaitsItsInitialDelayAgain() {
		Duration initialDelay = Duration.ofSeconds(2);
		this.runner
			.withPropertyValues("run.actors.wedged.on-stall=restart", "run.actors.wedged.initial-delay=" + initialDelay)
			.run((context) -> {
				Loop loop = context.getBean(Loop.class);
				Awaitility.await().atMost(LIMIT).until(() -> member(context).executions() > 0);
				long wedged = System.nanoTime();
				loop.wedge();
				await(loop.startsAfterTheStall);
				assertThat(Duration.ofNanos(System.nanoTime() - wedged)).isGreaterThanOrEqualTo(initialDelay);
				loop.lock.unlock();
			});
	}

	@Test
	void loopThatCannotBeInterruptedStaysStalledAndStartsAgainWhenItHasEnded() {
		this.runner.withPropertyValues("run.actors.wedged.on-stall=restart").run((context) -> {
			Loop loop = context.getBean(Loop.class);
			loop.uninterruptible = true;
			loop.wedge();
			await(loop.stalled);
			Awaitility.await().atMost(LIMIT).until(() -> member(context).state() == MemberState.STOPPING);
			// Its grace period, and its limit once more
			Awaitility.await()
				.during(Duration.ofMillis(1400))
				.atMost(LIMIT)
				.until(() -> member(context).state() == MemberState.STOPPING && loop.events.size() == 1);
			assertThat(context.getBean(GroupLifecycle.class).stalledActors()).containsExactly("wedged");
			loop.lock.unlock();
			await(loop.startsAfterTheStall);
			Awaitility.await()
				.atMost(LIMIT)
				.until(() -> context.getBean(GroupLifecycle.class).stalledActors().isEmpty());
		});
	}

	@Test
	void wedgedLoopEndsTheGroupWithItsReason(CapturedOutput output) {
		this.runner.withPropertyValues("run.actors.wedged.on-stall=shutdown").run((context) -> {
			Loop loop = context.getBean(Loop.class);
			loop.wedge();
			await(loop.stalled);
			Awaitility.await().atMost(LIMIT).until(() -> !context.getBean(GroupLifecycle.class).isRunning());
			StopReason reason = context.getBean(GroupLifecycle.class).snapshot().stopReason();
			assertThat(reason).isNotNull();
			assertThat(reason.kind()).isEqualTo(StopReason.Kind.STALLED);
			assertThat(reason.isFailure()).isTrue();
			assertThat(reason.cause().getStackTrace()).as("not that of the watch").isEmpty();
			assertThat(loop.endings).containsExactly(reason);
			assertThat(output).contains("Actor 'wedged' ends the group of actors: "
					+ "java.util.concurrent.TimeoutException: Member 'wedged' made no progress for");
			loop.lock.unlock();
		});
	}

	@Test
	void longPauseIsNoStall() {
		this.runner.withPropertyValues("run.actors.wedged.delay=1h").run((context) -> {
			Loop loop = context.getBean(Loop.class);
			Awaitility.await()
				.atMost(LIMIT)
				.until(() -> member(context).state() == MemberState.WAITING && member(context).executions() == 1);
			Awaitility.await()
				.during(Duration.ofMillis(1400))
				.atMost(LIMIT)
				.until(() -> loop.events.isEmpty() && context.getBean(GroupLifecycle.class).stalledActors().isEmpty());
		});
	}

	@Test
	void limitMustBeLongerThanZero() {
		this.runner.withPropertyValues("run.actors.wedged.stall-after=0s").run((context) -> {
			assertThat(context).hasFailed();
			assertThat(context.getStartupFailure()).hasStackTraceContaining("run.actors.wedged.stall-after");
		});
	}

	private static double stalls(ApplicationContext context) {
		return context.getBean(MeterRegistry.class).get("run.actor.stalls").tag("actor", "wedged").counter().count();
	}

	private static MemberSnapshot member(ApplicationContext context) {
		return context.getBean(GroupLifecycle.class).snapshot().members().get(0);
	}

	private static void await(CountDownLatch latch) throws InterruptedException {
		assertThat(latch.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
	}

	@Configuration(proxyBeanMethods = false)
	static class Wedge {

		@Bean
		MeterRegistry registry() {
			return new SimpleMeterRegistry();
		}

		@Bean
		Loop loop() {
			return new Loop();
		}

		@Bean
		GroupEndHandler endHandler(Loop loop) {
			return (reason) -> {
				if (reason != null) {
					loop.endings.add(reason);
				}
			};
		}

	}

	@LoopActor(name = "wedged", delay = "5ms")
	static class Loop {

		private final ReentrantLock lock = new ReentrantLock();

		private final CountDownLatch stalled = new CountDownLatch(1);

		private final CountDownLatch startsAfterTheStall = new CountDownLatch(1);

		private final List<ActorStalledEvent> events = new CopyOnWriteArrayList<>();

		private final List<StopReason> reasons = new CopyOnWriteArrayList<>();

		private final List<StopReason> endings = new CopyOnWriteArrayList<>();

		private volatile Thread thread;

		private volatile boolean uninterruptible;

		private volatile boolean free;

		/** From now on the loop waits for a lock that the test holds. */
		void wedge() {
			this.lock.lock();
		}

		@Execute
		void run() throws InterruptedException {
			this.thread = Thread.currentThread();
			if (this.free) {
				this.startsAfterTheStall.countDown();
				return;
			}
			waitForTheLock();
			this.lock.unlock();
		}

		private void waitForTheLock() throws InterruptedException {
			if (this.uninterruptible) {
				this.lock.lock();
			}
			else {
				this.lock.lockInterruptibly();
			}
		}

		@Interrupt
		void interrupt(StopReason reason) {
			if (reason.kind() == StopReason.Kind.STALLED) {
				this.reasons.add(reason);
				// Before the next start, which would wait for the same lock
				this.free = true;
			}
			this.thread.interrupt();
		}

		@EventListener
		void stalled(ActorStalledEvent event) {
			this.events.add(event);
			this.stalled.countDown();
		}

	}

}
