package dev.rungroup.benchmarks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import dev.rungroup.core.Group;
import dev.rungroup.core.Member;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Row 2: stop 100 members whose interrupters take 10 ms each.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class StopBenchmark {

	private static final int MEMBERS = 100;

	private static final Duration INTERRUPTER = Duration.ofMillis(10);

	/**
	 * One virtual thread per interrupter.
	 */
	@Benchmark
	public void floor(ByHand threads) throws InterruptedException {
		List<Thread> interrupters = new ArrayList<>();
		for (Blocker blocker : threads.blockers) {
			interrupters.add(Thread.startVirtualThread(blocker::release));
		}
		for (Thread interrupter : interrupters) {
			interrupter.join();
		}
		for (Thread thread : threads.threads) {
			thread.join();
		}
	}

	@Benchmark
	public void ours(OneGroup group) throws InterruptedException {
		group.group.stop();
		if (!group.group.awaitTermination(Duration.ofMinutes(1))) {
			throw new IllegalStateException("The group does not end");
		}
	}

	/**
	 * Threads that run, and are stopped by what is measured.
	 */
	@State(Scope.Benchmark)
	public static class ByHand {

		private List<Blocker> blockers = List.of();

		private List<Thread> threads = List.of();

		@Setup(Level.Invocation)
		public void start() throws InterruptedException {
			this.blockers = Blocker.some();
			this.threads = this.blockers.stream().map(Thread::startVirtualThread).toList();
			Blocker.awaitRunning(this.blockers);
		}

		@TearDown(Level.Invocation)
		public void check() {
			Blocker.checkEnded(this.blockers);
		}

	}

	/**
	 * A group that runs, and is stopped by what is measured.
	 */
	@State(Scope.Benchmark)
	public static class OneGroup {

		private List<Blocker> blockers = List.of();

		private Group group = new Group();

		@Setup(Level.Invocation)
		public void start() throws InterruptedException {
			this.blockers = Blocker.some();
			this.group = Group.builder().threadFactory(Thread.ofVirtual().factory()).build();
			for (Blocker blocker : this.blockers) {
				this.group.add(blocker::run, (reason) -> blocker.release());
			}
			this.group.start();
			Blocker.awaitRunning(this.blockers);
		}

		@TearDown(Level.Invocation)
		public void check() {
			Blocker.checkEnded(this.blockers);
		}

	}

	/**
	 * Blocks until it is released, which takes its time.
	 */
	private static final class Blocker implements Runnable {

		private final CountDownLatch running = new CountDownLatch(1);

		private volatile @Nullable Thread thread;

		private volatile boolean released;

		private volatile boolean ended;

		static List<Blocker> some() {
			List<Blocker> blockers = new ArrayList<>();
			for (int i = 0; i < MEMBERS; i++) {
				blockers.add(new Blocker());
			}
			return blockers;
		}

		static void awaitRunning(List<Blocker> blockers) throws InterruptedException {
			for (Blocker blocker : blockers) {
				blocker.running.await();
			}
		}

		static void checkEnded(List<Blocker> blockers) {
			long ended = blockers.stream().filter((blocker) -> blocker.ended).count();
			if (ended != MEMBERS) {
				throw new IllegalStateException("Only " + ended + " have ended");
			}
		}

		@Override
		public void run() {
			this.thread = Thread.currentThread();
			this.running.countDown();
			while (!this.released) {
				LockSupport.park();
			}
			this.ended = true;
		}

		void release() {
			try {
				Thread.sleep(INTERRUPTER);
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
			this.released = true;
			LockSupport.unpark(this.thread);
		}

	}

}
