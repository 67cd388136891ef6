package dev.rungroup.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;

/**
 * A clock on which hours pass in no time: whenever the last thread that runs begins to
 * wait, it jumps to the moment the first of those that wait is due.
 * <p>
 * No thread that was woken is taken for one that waits, however late the scheduler lets
 * it run: whoever wakes it counts it as running, and nobody lets the time pass before it
 * has looked who was interrupted. For that, {@link #start} starts the threads.
 */
final class VirtualTime implements Time {

	/** Longer than any schedule lasts. */
	static final long FOREVER = Long.MAX_VALUE / 4;

	private final long origin;

	/**
	 * What ends a play: told by whoever plays, and a text if nobody runs and nobody ever
	 * will.
	 */
	private final BlockingQueue<String> news = new LinkedBlockingQueue<>();

	private final Map<Thread, Participant> participants = new ConcurrentHashMap<>();

	// Guarded by this

	private final List<Participant> parked = new ArrayList<>();

	private int running;

	private long parks;

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
	 * How often anybody has waited.
	 */
	synchronized long parks() {
		return this.parks;
	}

	/**
	 * A thread that takes part from its {@link #start} to its end.
	 */
	Thread thread(Runnable work) {
		return thread(work, false);
	}

	Thread thread(Runnable work, boolean virtual) {
		Runnable timed = () -> {
			try {
				work.run();
			}
			finally {
				ended(Thread.currentThread());
			}
		};
		Thread thread = virtual ? VirtualThreads.unstarted(timed) : new Thread(null, timed, "timed", 0, false);
		if (!virtual) {
			thread.setDaemon(true);
		}
		this.participants.put(thread, new Participant(thread));
		return thread;
	}

	void start(Runnable work) {
		start(thread(work), 0);
	}

	@Override
	public void start(Thread thread, int order) {
		hold();
		boolean foreign = this.participants.putIfAbsent(thread, new Participant(thread)) == null;
		thread.start();
		if (foreign) {
			// Made by the group itself: it does not say when it has ended
			Thread end = new Thread(() -> {
				join(thread);
				ended(thread);
			});
			end.setDaemon(true);
			end.start();
		}
	}

	@Override
	public void park(Object blocker, long nanos) {
		Participant participant = participant();
		synchronized (this) {
			this.parks++;
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
			if (Thread.currentThread().isInterrupted()) {
				wake(participant);
			}
		}
		participant.permit = false;
	}

	@Override
	public void unpark(Thread thread) {
		Participant participant = this.participants.get(thread);
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

	BlockingQueue<String> news() {
		return this.news;
	}

	private Participant participant() {
		Participant participant = this.participants.get(Thread.currentThread());
		if (participant == null) {
			throw new IllegalStateException(Thread.currentThread() + " takes no part in this time");
		}
		return participant;
	}

	private void ended(Thread thread) {
		this.participants.remove(thread);
		release();
	}

	private static void join(Thread thread) {
		try {
			thread.join();
		}
		catch (InterruptedException ex) {
			throw new AssertionError("Nobody knows this thread", ex);
		}
	}

	private synchronized void wake(Participant participant) {
		if (participant.parked) {
			this.running++;
			this.parked.remove(participant);
			participant.parked = false;
			LockSupport.unpark(participant.thread);
		}
	}

	/**
	 * Under the lock: one less is running.
	 */
	private void stopped() {
		this.running--;
		if (this.running == 0) {
			List.copyOf(this.parked).stream().filter((waiting) -> waiting.thread.isInterrupted()).forEach(this::wake);
		}
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
				this.news.add("all wait, and nobody will ever wake them");
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

		private final Thread thread;

		private volatile boolean parked;

		private volatile boolean permit;

		private long waits;

		private long due;

		Participant(Thread thread) {
			this.thread = thread;
		}

	}

}
