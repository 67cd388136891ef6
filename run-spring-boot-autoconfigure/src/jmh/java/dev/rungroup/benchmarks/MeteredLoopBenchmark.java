package dev.rungroup.benchmarks;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

import dev.rungroup.core.Group;
import dev.rungroup.core.Member;
import dev.rungroup.core.Policy;
import dev.rungroup.metrics.GroupMetrics;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.jspecify.annotations.Nullable;
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

/**
 * Row 4: one iteration of a loop with all meters, in a registry for Prometheus.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class MeteredLoopBenchmark {

	@Setup
	public void configureLogging() {
		Logging.onlyWarnings();
	}

	/**
	 * {@code while} on a volatile flag with one {@code Timer.record} per round.
	 */
	@Benchmark
	@OperationsPerInvocation(LoopBenchmark.MANY)
	public void floor() throws InterruptedException {
		PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
		Timer timer = Timer.builder("loop").register(registry);
		Countdown countdown = new Countdown(LoopBenchmark.MANY);
		Thread.startVirtualThread(() -> {
			while (!countdown.isStopped()) {
				timer.record(countdown);
			}
		}).join();
		countdown.check(true);
		check(timer);
		registry.close();
	}

	/**
	 * The meters are bound before the group is run, as Spring Boot applications do it.
	 */
	@Benchmark
	@OperationsPerInvocation(LoopBenchmark.MANY)
	public void ours() throws Exception {
		PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
		AtomicReference<@Nullable Group> running = new AtomicReference<>();
		GroupMetrics metrics = new GroupMetrics(() -> registry, () -> {
			Group group = running.get();
			return (group != null) ? group.snapshot() : null;
		}, () -> 0);
		Group group = Group.builder().threadFactory(Thread.ofVirtual().factory()).listener(metrics).build();
		running.set(group);
		Countdown countdown = new Countdown(LoopBenchmark.MANY, group::stop);
		group.add(Member.named("loop").execute(countdown::run).onDone(Policy.RESTART).build());
		metrics.bind();
		group.run();
		countdown.check(true);
		// the last one was stopped, and is recorded as interrupted
		check(registry.get(GroupMetrics.EXECUTIONS).timers().toArray(Timer[]::new));
		metrics.close();
		registry.close();
	}

	private static void check(Timer... timers) {
		long count = 0;
		for (Timer timer : timers) {
			count += timer.count();
		}
		if (count != LoopBenchmark.MANY) {
			throw new IllegalStateException(count + " iterations were recorded");
		}
	}

}
