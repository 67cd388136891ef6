package dev.rungroup.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.StructuredTaskScope;
import java.util.concurrent.TimeUnit;

import com.google.common.util.concurrent.AbstractExecutionThreadService;
import com.google.common.util.concurrent.ServiceManager;
import com.softwaremill.jox.structured.Scopes;
import dev.rungroup.core.Group;
import dev.rungroup.core.Member;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Row 1: start all, one returns, interrupt all, await all.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 2, jvmArgsAppend = { "--enable-preview", "-Xms2g", "-Xmx2g" })
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class GroupBenchmark {

	/**
	 * How many members.
	 */
	@Param({ "10", "1000", "100000" })
	public int size;

	private String[] names = {};

	/**
	 * Names are usually written down and not computed.
	 */
	@Setup
	public void prepare() {
		Logging.onlyWarnings();
		this.names = new String[this.size];
		for (int i = 0; i < this.size; i++) {
			this.names[i] = "member-" + i;
		}
	}

	/**
	 * Raw virtual threads.
	 */
	@Benchmark
	public int floor() throws InterruptedException {
		Crowd crowd = new Crowd(this.size);
		List<Thread> threads = new ArrayList<>(this.size);
		for (int i = 0; i < this.size; i++) {
			int index = i;
			threads.add(Thread.startVirtualThread(() -> {
				try {
					crowd.body(index);
				}
				catch (InterruptedException ex) {
					throw new IllegalStateException(ex);
				}
			}));
		}
		crowd.awaitFirst();
		for (Thread thread : threads) {
			thread.interrupt();
		}
		for (Thread thread : threads) {
			thread.join();
		}
		return crowd.checked();
	}

	@Benchmark
	public int ours() throws Exception {
		Crowd crowd = new Crowd(this.size);
		Group group = Group.builder().threadFactory(Thread.ofVirtual().factory()).build();
		for (int i = 0; i < this.size; i++) {
			int index = i;
			group.add(Member.named(this.names[i]).execute(() -> crowd.body(index)).build());
		}
		group.run();
		return crowd.checked();
	}

	/**
	 * Guava's manager does not stop the others when one returns: that is done by hand.
	 */
	@Benchmark
	public int guava() throws InterruptedException {
		Crowd crowd = new Crowd(this.size);
		List<BlockingService> services = new ArrayList<>(this.size);
		for (int i = 0; i < this.size; i++) {
			services.add(new BlockingService(crowd, i));
		}
		ServiceManager manager = new ServiceManager(services);
		manager.startAsync();
		crowd.awaitFirst();
		manager.stopAsync().awaitStopped();
		return crowd.checked();
	}

	@Benchmark
	public int jox() throws InterruptedException {
		Crowd crowd = new Crowd(this.size);
		Scopes.supervised((scope) -> {
			for (int i = 0; i < crowd.size(); i++) {
				int index = i;
				scope.fork(() -> {
					crowd.body(index);
					return index;
				});
			}
			crowd.awaitFirst();
			return Boolean.TRUE;
		});
		return crowd.checked();
	}

	@Benchmark
	public int structuredTaskScope() throws Exception {
		Crowd crowd = new Crowd(this.size);
		try (var scope = StructuredTaskScope.open(StructuredTaskScope.Joiner.<Integer>anySuccessfulResultOrThrow())) {
			for (int i = 0; i < this.size; i++) {
				int index = i;
				scope.fork(() -> {
					crowd.body(index);
					return index;
				});
			}
			scope.join();
		}
		return crowd.checked();
	}

	@Benchmark
	public int executorService() throws InterruptedException {
		Crowd crowd = new Crowd(this.size);
		try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
			for (int i = 0; i < this.size; i++) {
				int index = i;
				executor.submit(() -> {
					crowd.body(index);
					return index;
				});
			}
			crowd.awaitFirst();
			executor.shutdownNow();
		}
		return crowd.checked();
	}

	/**
	 * A service of Guava's with a virtual thread.
	 */
	static final class BlockingService extends AbstractExecutionThreadService {

		private final Crowd crowd;

		private final int index;

		private volatile @Nullable Thread thread;

		BlockingService(Crowd crowd, int index) {
			this.crowd = crowd;
			this.index = index;
		}

		@Override
		protected void startUp() {
			this.thread = Thread.currentThread();
		}

		@Override
		protected void run() throws InterruptedException {
			this.crowd.body(this.index);
		}

		@Override
		protected void triggerShutdown() {
			Thread thread = this.thread;
			if (thread != null) {
				thread.interrupt();
			}
		}

		@Override
		protected Executor executor() {
			return Thread::startVirtualThread;
		}

	}

}
