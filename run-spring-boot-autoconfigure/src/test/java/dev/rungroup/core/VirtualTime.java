package dev.rungroup.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;

import org.jspecify.annotations.Nullable;

/**
 * A clock on which hours pass in no time: whenever the last thread that runs begins to
 * wait, it jumps to the moment the first of those that wait is due.
 * <p>
 * No thread that was woken is taken for one that waits, however late the scheduler lets
 * it run: whoever wakes it counts it as running. For that, {@link #thread(Runnable)}
 * makes the threads, and wakes them when they are interrupted; threads that those make
 * count from their creation on, and until they are dead if they {@link #enter()} and
 * {@link #leave()}.
 */
final class VirtualTime implements Time {

	/** Longer than any schedule lasts. */
	static final long FOREVER = Long.MAX_VALUE / 4;

	private static final InheritableThreadLocal<@Nullable Participant> CURRENT = new InheritableThreadLocal<>() {

		@Override
		protected @Nullable Participant childValue(@Nullable Participant parent) {
			return (parent != null) ? parent.time.adopt() : null;
		}

	};

	private final long origin;

	private final Map<Thread, Participant> known = new ConcurrentHashMap<>();

	/** Threads that have nothing more to do but to die, and what else ends the play. */
	private final BlockingQueue<Object> leaving = new LinkedBlockingQueue<>();

	// Guarded by this

	private final List<Participant> parked = new ArrayList<>();

	private int running;

	private volatile long now;

	/**
	 * @param origin what the clock shows first: any number, as with the real one
	 */
	VirtualTime(long origin) {
		this.origin = origin;
		this.now = origin;
	}

	@Override
	public long nanoTime() {
		return this.now;
	}

	/**
	 * Nanoseconds since the beginning.
	 */
	long elapsed() {
		return this.now - this.origin;
	}

	/**
	 * A thread that takes part from its start to its end.
	 */
	Thread thread(Runnable work) {
		return new TimedThread(work);
	}

	@Override
	public void park(Object blocker, long nanos) {
		Participant participant = participant();
		synchronized (this) {
			if (participant.permit) {
				participant.permit = false;
				return;
			}
			if (nanos <= 0 || Thread.currentThread().isInterrupted()) {
				return;
			}
			participant.waits = Math.min(nanos, FOREVER);
			participant.due = this.now + participant.waits;
			participant.parked = true;
			this.parked.add(participant);
			stopped();
		}
		while (participant.parked) {
			LockSupport.park(blocker);
		}
		participant.permit = false;
	}

	@Override
	public void unpark(@Nullable Thread thread) {
		Participant participant = (thread != null) ? this.known.get(thread) : null;
		if (participant != null) {
			synchronized (this) {
				participant.permit = true;
				wake(participant);
			}
		}
	}

	/**
	 * Wait, whatever happens.
	 */
	void sleepThroughAll(long nanos) {
		long until = this.now + nanos;
		for (long left = nanos; left > 0; left = until - this.now) {
			park(this, left);
			Thread.interrupted();
		}
	}

	/**
	 * Keep the time from passing.
	 */
	synchronized void hold() {
		this.running++;
	}

	synchronized void release() {
		stopped();
	}

	/**
	 * Wait for something else than this clock.
	 */
	void elsewhere(Runnable work) {
		release();
		try {
			work.run();
		}
		finally {
			hold();
		}
	}

	/**
	 * To be called first on a thread that was not made here.
	 */
	void enter() {
		Participant participant = participant();
		participant.thread = Thread.currentThread();
		this.known.put(Thread.currentThread(), participant);
	}

	/**
	 * To be called on such a thread when only little is left to do, and no waiting: it
	 * runs until it is dead.
	 */
	void leave() {
		if (!(Thread.currentThread() instanceof TimedThread)) {
			this.leaving.add(Thread.currentThread());
		}
	}

	/**
	 * The next thread that leaves, or a text if nobody runs and nobody ever will.
	 */
	BlockingQueue<Object> leaving() {
		return this.leaving;
	}

	/**
	 * A thread that left is dead.
	 */
	void dead(Thread thread) {
		this.known.remove(thread);
		release();
	}

	private Participant participant() {
		Participant participant = CURRENT.get();
		if (participant == null || participant.time != this) {
			throw new IllegalStateException(Thread.currentThread() + " takes no part in this time");
		}
		return participant;
	}

	private Participant adopt() {
		hold();
		return new Participant(this);
	}

	// ---- Under the lock

	private void wake(Participant participant) {
		if (participant.parked) {
			this.running++;
			this.parked.remove(participant);
			participant.parked = false;
			LockSupport.unpark(participant.thread);
		}
	}

	private void stopped() {
		this.running--;
		if (this.running > 0) {
			return;
		}
		long soonest = FOREVER;
		for (Participant waiting : this.parked) {
			if (waiting.waits < FOREVER) {
				soonest = Math.min(soonest, waiting.due - this.now);
			}
		}
		if (soonest == FOREVER) {
			if (!this.parked.isEmpty()) {
				this.leaving.add("all wait, and nobody will ever wake them");
			}
			return;
		}
		this.now += soonest;
		for (Participant waiting : List.copyOf(this.parked)) {
			if (waiting.waits < FOREVER && waiting.due - this.now <= 0) {
				wake(waiting);
			}
		}
	}

	private static final class Participant {

		private final VirtualTime time;

		private volatile @Nullable Thread thread;

		private volatile boolean parked;

		private volatile boolean permit;

		private long waits;

		private long due;

		Participant(VirtualTime time) {
			this.time = time;
		}

	}

	private final class TimedThread extends Thread {

		private final Participant participant = new Participant(VirtualTime.this);

		TimedThread(Runnable work) {
			super(null, work, "timed", 0, false);
			setDaemon(true);
			this.participant.thread = this;
			VirtualTime.this.known.put(this, this.participant);
		}

		@Override
		public void start() {
			hold();
			super.start();
		}

		@Override
		public void run() {
			CURRENT.set(this.participant);
			try {
				super.run();
			}
			finally {
				CURRENT.remove();
				release();
			}
		}

		@Override
		public void interrupt() {
			synchronized (VirtualTime.this) {
				super.interrupt();
				wake(this.participant);
			}
		}

	}

}
