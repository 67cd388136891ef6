package dev.rungroup.benchmarks;

import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import com.google.common.util.concurrent.AbstractScheduledService;
import dev.rungroup.core.Group;
import dev.rungroup.core.Member;
import dev.rungroup.core.Policy;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

import org.springframework.scheduling.concurrent.SimpleAsyncTaskScheduler;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;

/**
 * Row 3: one iteration of a loop without delay, all on virtual threads. The schedulers
 * have no delay of zero; they get one nanosecond.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class LoopBenchmark {

	static final int MANY = 10_000_000;

	/** For the schedulers, which are slow. */
	private static final int FEWER = 500_000;

	private static final Duration NO_DELAY = Duration.ofNanos(1);

	@Setup
	public void configureLogging() {
		Logging.onlyWarnings();
	}

	/**
	 * {@code while} on a volatile flag.
	 */
	@Benchmark
	@OperationsPerInvocation(MANY)
	public void floor() throws InterruptedException {
		Countdown countdown = new Countdown(MANY);
		Thread.startVirtualThread(() -> {
			while (!countdown.isStopped()) {
				countdown.run();
			}
		}).join();
		countdown.check(true);
	}

	@Benchmark
	@OperationsPerInvocation(MANY)
	public void ours() throws Exception {
		Group group = Group.builder().threadFactory(Thread.ofVirtual().factory()).build();
		Countdown countdown = new Countdown(MANY, group::stop);
		group.add(Member.named("loop").execute(countdown::run).onDone(Policy.RESTART).build());
		group.run();
		countdown.check(true);
	}

	@Benchmark
	@OperationsPerInvocation(FEWER)
	public void scheduledThreadPoolExecutor() throws InterruptedException {
		Countdown countdown = new Countdown(FEWER);
		try (ScheduledExecutorService executor = new ScheduledThreadPoolExecutor(1, Thread.ofVirtual().factory())) {
			executor.scheduleWithFixedDelay(countdown, 0, 1, TimeUnit.NANOSECONDS);
			countdown.awaitLast();
			executor.shutdownNow();
		}
		countdown.check(false);
	}

	@Benchmark
	@OperationsPerInvocation(FEWER)
	public void threadPoolTaskScheduler() throws InterruptedException {
		Countdown countdown = new Countdown(FEWER);
		ThreadPoolTaskScheduler scheduler = new ThreadPoolTaskScheduler();
		scheduler.setThreadFactory(Thread.ofVirtual().factory());
		scheduler.initialize();
		scheduler.scheduleWithFixedDelay(countdown, NO_DELAY);
		countdown.awaitLast();
		scheduler.shutdown();
		countdown.check(false);
	}

	@Benchmark
	@OperationsPerInvocation(FEWER)
	public void simpleAsyncTaskScheduler() throws InterruptedException {
		Countdown countdown = new Countdown(FEWER);
		try (SimpleAsyncTaskScheduler scheduler = new SimpleAsyncTaskScheduler()) {
			scheduler.setVirtualThreads(true);
			scheduler.scheduleWithFixedDelay(countdown, NO_DELAY);
			countdown.awaitLast();
		}
		countdown.check(false);
	}

	@Benchmark
	@OperationsPerInvocation(FEWER)
	public void guava() throws InterruptedException {
		Countdown countdown = new Countdown(FEWER);
		CountingService service = new CountingService(countdown);
		service.startAsync();
		countdown.awaitLast();
		service.stopAsync().awaitTerminated();
		countdown.check(false);
	}

	/**
	 * A service of Guava's with a virtual thread.
	 */
	private static final class CountingService extends AbstractScheduledService {

		private final Countdown countdown;

		private final ScheduledExecutorService executor = new ScheduledThreadPoolExecutor(1,
				Thread.ofVirtual().factory());

		private CountingService(Countdown countdown) {
			this.countdown = countdown;
		}

		@Override
		protected void runOneIteration() {
			this.countdown.run();
		}

		@Override
		protected Scheduler scheduler() {
			return Scheduler.newFixedDelaySchedule(Duration.ZERO, NO_DELAY);
		}

		@Override
		protected ScheduledExecutorService executor() {
			return this.executor;
		}

		@Override
		protected void shutDown() {
			this.executor.shutdown();
		}

	}

}
