package dev.rungroup.core;

import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.jspecify.annotations.Nullable;

/**
 * A member that does what the test says: each execution announces that it has begun and
 * waits for an order. Its interrupt makes it return, unless it is {@link #deaf() deaf}.
 */
final class FakeMember {

	private final String name;

	private final @Nullable Trail trail;

	private final BlockingQueue<Order> orders = new LinkedBlockingQueue<>();

	private final BlockingQueue<MemberContext> started = new LinkedBlockingQueue<>();

	private final BlockingQueue<StopReason> newInterrupts = new LinkedBlockingQueue<>();

	private final List<StopReason> interrupts = new CopyOnWriteArrayList<>();

	private final AtomicInteger executions = new AtomicInteger();

	private final AtomicInteger active = new AtomicInteger();

	private final AtomicInteger threadInterrupts = new AtomicInteger();

	private volatile long current;

	private volatile boolean deaf;

	private volatile @Nullable Thread thread;

	FakeMember(String name) {
		this(name, null);
	}

	FakeMember(String name, @Nullable Trail trail) {
		this.name = name;
		this.trail = trail;
	}

	/**
	 * From now on the member returns only when ordered to.
	 */
	FakeMember deaf() {
		this.deaf = true;
		return this;
	}

	Member.Builder describe() {
		return Member.named(this.name).execute(this::body).interrupt(this::interrupt);
	}

	Member build() {
		return describe().build();
	}

	void finish() {
		this.orders.add(new Order(null, -1));
	}

	void fail(Throwable failure) {
		this.orders.add(new Order(failure, -1));
	}

	/**
	 * Wait for the next execution to begin.
	 */
	MemberContext awaitStarted() {
		return Waits.take(this.started);
	}

	StopReason awaitInterrupt() {
		return Waits.take(this.newInterrupts);
	}

	/**
	 * The reasons that the interrupter was called with so far.
	 */
	List<StopReason> interrupts() {
		return this.interrupts;
	}

	int executions() {
		return this.executions.get();
	}

	boolean isActive() {
		return this.active.get() > 0;
	}

	/**
	 * How often {@code Thread.interrupt()} hit the body.
	 */
	int threadInterrupts() {
		return this.threadInterrupts.get();
	}

	@Nullable Thread thread() {
		return this.thread;
	}

	private void body(MemberContext context) throws Exception {
		this.active.incrementAndGet();
		try {
			this.thread = Thread.currentThread();
			int execution = this.executions.incrementAndGet();
			this.current = execution;
			step("runs");
			this.started.add(context);
			if (context.isStopping() && !this.deaf) {
				return;
			}
			obey(execution);
		}
		finally {
			step("ends");
			this.active.decrementAndGet();
		}
	}

	private void obey(long execution) throws Exception {
		long end = System.nanoTime() + Waits.LIMIT.multipliedBy(3).toNanos();
		while (true) {
			Order order;
			try {
				order = this.orders.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
			}
			catch (InterruptedException ex) {
				this.threadInterrupts.incrementAndGet();
				if (this.deaf) {
					continue;
				}
				throw ex;
			}
			if (order == null) {
				throw new AssertionError("Member '" + this.name + "' got no order");
			}
			if (order.execution >= 0 && order.execution != execution) {
				continue;
			}
			if (order.failure != null) {
				FakeMember.<RuntimeException>sneakyThrow(order.failure);
			}
			return;
		}
	}

	private void interrupt(StopReason reason) {
		this.interrupts.add(reason);
		step("interrupted");
		this.newInterrupts.add(reason);
		if (!this.deaf) {
			this.orders.add(new Order(null, this.current));
		}
	}

	private void step(String what) {
		if (this.trail != null) {
			this.trail.add(this.name + " " + what);
		}
	}

	/**
	 * What no code that knows of nullness would hand over.
	 */
	@SuppressWarnings({ "NullAway", "TypeParameterUnusedInFormals" })
	static <T> T nothing() {
		return null;
	}

	@SuppressWarnings("unchecked")
	static <T extends Throwable> void sneakyThrow(Throwable failure) throws T {
		throw (T) failure;
	}

	/**
	 * Return or throw, in any execution or in one alone.
	 */
	private record Order(@Nullable Throwable failure, long execution) {

	}

}
