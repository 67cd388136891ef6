package dev.rungroup.benchmarks;

import java.util.concurrent.SynchronousQueue;
import java.util.function.LongConsumer;

import dev.rungroup.core.Backoff;
import dev.rungroup.core.Group;
import dev.rungroup.core.Member;
import dev.rungroup.core.Policy;
import dev.rungroup.core.Task;

/**
 * In a JVM of its own: whether long runs hold more and more, and whether many members
 * slow each other down.
 */
public final class NoSlope {

	/** More than two carriers can execute at once. */
	private static final int CROWD = 100;

	private static final long ITERATIONS = 10_000_000;

	private static final long COMPUTATIONS = 4_000_000;

	private static final long RESTARTS = 1_000_000;

	private static final long WARM_UP = 200_000;

	private NoSlope() {
	}

	/**
	 * Print bytes and nanoseconds.
	 * @param args none
	 */
	public static void main(String[] args) throws Exception {
		ChildJvm.print("slope.iterations", heapAfter(ITERATIONS, (number) -> {
		}));
		ChildJvm.print("slope.restarts", heapAfter(RESTARTS, (number) -> {
			throw new IllegalStateException("Failure " + number);
		}));
		nanosPerIteration(CROWD);
		nanosPerIteration(1);
		for (int members : new int[] { 1, 2, CROWD }) {
			ChildJvm.print("slope.members" + members, nanosPerIteration(members));
		}
	}

	/**
	 * Compare the heap in use before and after.
	 * @param count how often the body is called in between
	 * @param body called with the number of the execution
	 */
	private static long heapAfter(long count, LongConsumer body) throws Exception {
		Checkpoints checkpoints = new Checkpoints(count, body);
		Group group = Group.builder().threadFactory(Thread.ofVirtual().factory()).build();
		group.add(Member.named("member")
			.execute(checkpoints)
			.onDone(Policy.RESTART)
			.onError(Policy.RESTART)
			.backoff(Backoff.none())
			.build());
		group.start();
		checkpoints.reached.take();
		long before = Memory.heapInUse();
		checkpoints.goOn.put(checkpoints);
		checkpoints.reached.take();
		long growth = Memory.heapInUse() - before;
		group.stop();
		checkpoints.goOn.put(checkpoints);
		group.close();
		long executions = group.snapshot().members().get(0).executions();
		if (executions != WARM_UP + count) {
			throw new IllegalStateException(executions + " executions");
		}
		return growth;
	}

	/**
	 * The time one core spends on an iteration: as many members as there are cores
	 * compute at the same time.
	 */
	private static double nanosPerIteration(int members) throws Exception {
		Group group = Group.builder().threadFactory(Thread.ofVirtual().factory()).build();
		long each = COMPUTATIONS / members;
		for (int i = 0; i < members; i++) {
			group.add(Member.named("member-" + i)
				.execute(new Computation(each))
				.onDone(Policy.RESTART)
				.onError(Policy.DO_NOTHING)
				.build());
		}
		long start = System.nanoTime();
		group.run();
		long nanos = System.nanoTime() - start;
		if (group.snapshot().members().stream().anyMatch((member) -> member.executions() != each)) {
			throw new IllegalStateException("Not all members have done their work");
		}
		return nanos * (double) Math.min(members, Runtime.getRuntime().availableProcessors()) / (each * members);
	}

	/**
	 * Computes a little, and ends its member when it has been called often enough.
	 */
	private static final class Computation implements Task {

		private static final int ROUNDS = 100;

		private long left;

		private long random = 42;

		private Computation(long count) {
			this.left = count;
		}

		@Override
		public void run() {
			for (int i = 0; i < ROUNDS; i++) {
				this.random ^= this.random << 13;
				this.random ^= this.random >>> 7;
				this.random ^= this.random << 17;
			}
			if (--this.left == 0 || this.random == 0) {
				throw new IllegalStateException("The last one");
			}
		}

	}

	/**
	 * Holds the member still after its warm-up and at the end.
	 */
	private static final class Checkpoints implements Task {

		private final SynchronousQueue<Object> reached = new SynchronousQueue<>();

		private final SynchronousQueue<Object> goOn = new SynchronousQueue<>();

		private final long count;

		private final LongConsumer body;

		private long number;

		private Checkpoints(long count, LongConsumer body) {
			this.count = count;
			this.body = body;
		}

		@Override
		public void run() throws InterruptedException {
			this.number++;
			if (this.number == WARM_UP || this.number == WARM_UP + this.count) {
				this.reached.put(this);
				takeUninterruptibly();
			}
			this.body.accept(this.number);
		}

		private void takeUninterruptibly() {
			while (true) {
				try {
					this.goOn.take();
					return;
				}
				catch (InterruptedException ex) {
					// the stop: the test goes on nevertheless
				}
			}
		}

	}

}
