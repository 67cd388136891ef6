package dev.rungroup.core;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

import org.jspecify.annotations.Nullable;

/**
 * Where the thread that executes a member meets those that interrupt it: an interrupt
 * hits the execution that it is meant for, or none. The one thing that both sides fight
 * for is {@link #word}, by compare-and-set: the member's thread opens and closes the
 * gate, and whoever holds a claim keeps it from closing.
 */
abstract class ExecutionGate {

	// The word is the number of an execution and, in its lowest bits, how it stands.

	private static final int BITS = 2;

	private static final long IDLE = 0;

	private static final long EXECUTING = 1;

	/** Somebody is at work on the execution this moment; its end waits for that. */
	private static final long CLAIMED = 2;

	private static final VarHandle WORD;

	static {
		try {
			WORD = MethodHandles.lookup().findVarHandle(ExecutionGate.class, "word", long.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	final MemberSlot slot;

	private volatile long word;

	/** Why this start alone is to end. Written by the roster under its lock. */
	volatile @Nullable Stop ownStop;

	/**
	 * Why this execution alone is to end. Written by the supervisor under a claim, and
	 * cleared by the member's thread between two executions.
	 */
	volatile @Nullable StopReason executionStop;

	/**
	 * Whether the interrupter that was called for one execution is still at it. Set by
	 * the supervisor under a claim, cleared by the interrupter's thread.
	 */
	volatile boolean interrupterRuns;

	/** Written by who launches the start, before the thread begins. */
	volatile @Nullable Thread thread;

	/** Written by the interrupter's thread. */
	volatile @Nullable Thread interrupterThread;

	/** After the interrupt of one execution. Used by the supervisor alone. */
	Agenda.@Nullable Entry executionGrace;

	ExecutionGate(MemberSlot slot) {
		this.slot = slot;
	}

	// ---- The member's own thread

	/**
	 * An execution begins: from here on it can be interrupted.
	 */
	final void open(long number) {
		this.word = (number << BITS) | EXECUTING;
	}

	/**
	 * The execution is over: from here on nothing that is meant for it can arrive.
	 */
	final void close(long number) {
		long executing = (number << BITS) | EXECUTING;
		while (!WORD.compareAndSet(this, executing, (number << BITS) | IDLE)) {
			Thread.yield();
		}
		Readiness readiness = readiness();
		while (this.interrupterRuns || (readiness != null && readiness.isTelling(number))) {
			this.slot.group.time.park(this, Long.MAX_VALUE);
			Thread.interrupted();
		}
		Thread.interrupted();
	}

	// ---- Any thread

	abstract @Nullable Readiness readiness();

	/**
	 * Keep an execution from ending for a moment.
	 * @return whether it is going on; then {@link #release} must follow
	 */
	final boolean claim(long number) {
		return WORD.compareAndSet(this, (number << BITS) | EXECUTING, (number << BITS) | CLAIMED);
	}

	final void release(long number) {
		this.word = (number << BITS) | EXECUTING;
	}

	/**
	 * The execution that is going on, or else the last one.
	 */
	final long current() {
		return this.word >>> BITS;
	}

	final boolean isExecuting(long number) {
		long word = this.word;
		return word >>> BITS == number && (word & (EXECUTING | CLAIMED)) != 0;
	}

	final @Nullable Stop stop() {
		Stop stop = this.ownStop;
		return (stop != null) ? stop : this.slot.stage.stop;
	}

	final boolean isStopping() {
		return stop() != null || this.executionStop != null;
	}

	final @Nullable StopReason stopReason() {
		Stop stop = stop();
		return (stop != null) ? stop.reason() : this.executionStop;
	}

	/**
	 * Whether what is called now is not to wait any more. A handler of an execution that
	 * took too long may.
	 */
	final boolean isWaitOver() {
		return stop() != null || (this.executionStop != null && isExecuting(current()));
	}

	/**
	 * Whether this execution, which was interrupted alone, keeps the member from going
	 * on: its body has not returned, or its interrupter has not. Not of a member that is
	 * to end anyway.
	 */
	final boolean isHungIn(long number) {
		return stop() == null && (isExecuting(number) || (this.interrupterRuns && current() == number));
	}

	/**
	 * Interrupt the thread, but only inside the body of this execution: neither a handler
	 * nor the next execution is hit.
	 */
	final void interruptBody(long number) {
		if (claim(number)) {
			try {
				interruptThread();
			}
			finally {
				release(number);
			}
		}
	}

	/**
	 * Interrupt the thread wherever it is.
	 */
	final void interruptThread() {
		Thread thread = this.thread;
		if (thread != null) {
			this.slot.group.listeners.interrupt(thread, this.slot.name());
		}
	}

	final void unparkThread() {
		Thread thread = this.thread;
		if (thread != null) {
			this.slot.group.time.unpark(thread);
		}
	}

	/**
	 * The interrupter that was called for one execution has ended.
	 */
	final void interrupterEnded() {
		this.interrupterRuns = false;
		unparkThread();
	}

	/**
	 * Whether the calling thread is the member's own.
	 */
	final boolean isCurrent() {
		return Thread.currentThread() == this.thread;
	}

	/**
	 * That a start is to end: why, and when it was asked to, in nanoseconds.
	 */
	record Stop(StopReason reason, long at) {

	}

}
