package dev.rungroup.test;

import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;

/**
 * What a {@link TestTime} shows, and which threads wait for which moment of it. Any
 * thread writes, under the monitor, which is held for a few field accesses at a time;
 * only who moves the time wakes what is due.
 */
final class TestAgenda {

	private static final Comparator<Participant> BY_ORDER = Comparator.<Participant>comparingLong((one) -> one.due)
		.thenComparingInt((one) -> one.order);

	/** How long a thread may run until somebody is told, in nanoseconds of real time. */
	final long patience;

	/** In the order in which they came. */
	private final Map<Thread, Participant> participants = new LinkedHashMap<>();

	/** Counts the threads that groups have started. */
	private long added;

	/** Counts what participants do: to see whether anything was done. */
	private long activity;

	/** Nanoseconds since the time began. */
	private volatile long now;

	/** Threads to be woken by whatever a participant does. They add themselves. */
	final Set<Thread> watchers = new CopyOnWriteArraySet<>();

	TestAgenda(Duration patience) {
		this.patience = patience.toNanos();
	}

	long now() {
		return this.now;
	}

	/**
	 * The moment after a while, or the last there is.
	 */
	long in(long nanos) {
		long now = this.now;
		return (now + nanos < now) ? Long.MAX_VALUE : now + nanos;
	}

	// ---- Threads come and go

	/**
	 * A group starts a thread.
	 */
	synchronized Participant add(Thread thread, int order) {
		Participant participant = new Participant(thread, order, false);
		this.participants.put(thread, participant);
		this.added++;
		done();
		return participant;
	}

	synchronized long added() {
		return this.added;
	}

	synchronized void remove(Participant participant) {
		this.participants.remove(participant.thread, participant);
		done();
	}

	private Participant participant(Thread thread) {
		return this.participants.computeIfAbsent(thread, (key) -> new Participant(key, Integer.MAX_VALUE, true));
	}

	/**
	 * A thread says which of the kernel's it is.
	 */
	synchronized void see(Thread thread, @Nullable KernelThread kernelThread) {
		Participant participant = this.participants.get(thread);
		if (participant != null) {
			participant.kernelThread = kernelThread;
		}
	}

	/**
	 * Whether a group has started the thread.
	 */
	synchronized boolean isStarted(Thread thread) {
		Participant participant = this.participants.get(thread);
		return participant != null && !participant.guest;
	}

	/**
	 * A group ends, or has, of which the calling thread is the supervisor.
	 */
	synchronized void shutdown(boolean begins) {
		Participant participant = participant(Thread.currentThread());
		participant.shutdowns += (begins) ? 1 : -1;
		participant.flow = new Flow();
		this.participants.keySet().removeIf((thread) -> thread.getState() == Thread.State.TERMINATED);
	}

	synchronized boolean isShuttingDown(Thread thread) {
		return participant(thread).shutdowns > 0;
	}

	// ---- They wait and are woken

	/**
	 * The calling thread begins to wait.
	 * @return null if it was woken before
	 */
	synchronized @Nullable Participant park(long nanos) {
		Participant participant = participant(Thread.currentThread());
		if (participant.permit) {
			participant.permit = false;
			return null;
		}
		participant.due = in(nanos);
		participant.parked = true;
		done();
		return participant;
	}

	synchronized void goOn(Participant participant) {
		participant.parked = false;
		participant.waking = false;
		participant.permit = false;
		done();
	}

	synchronized void unpark(Thread thread) {
		Participant participant = participant(thread);
		participant.permit = true;
		wake(participant);
	}

	private void wake(Participant participant) {
		if (participant.parked) {
			participant.parked = false;
			participant.waking = true;
			LockSupport.unpark(participant.thread);
		}
		done();
	}

	private void done() {
		this.activity++;
		this.watchers.forEach(LockSupport::unpark);
	}

	// ---- The time moves

	/**
	 * Go to what is due next, and wake it.
	 * @return false if nothing is due until then; then it is that time
	 */
	synchronized boolean wakeNext(long target) {
		Participant next = next(target);
		this.now = Math.max(this.now, (next != null) ? next.due : target);
		if (next != null) {
			wake(next);
		}
		return next != null;
	}

	synchronized boolean isDue(long target) {
		return next(target) != null;
	}

	private @Nullable Participant next(long target) {
		return this.participants.values()
			.stream()
			.filter((one) -> one.parked && one.due <= target && one.due < Long.MAX_VALUE)
			.min(BY_ORDER)
			.orElse(null);
	}

	/**
	 * Time passes by itself, but only as far as something is due.
	 * @return whether something was
	 */
	synchronized boolean pass(Flow flow) {
		if (this.now != flow.from) {
			flow.from = this.now;
			flow.since = System.nanoTime();
		}
		long target = in(System.nanoTime() - flow.since);
		if (!isDue(target)) {
			return false;
		}
		wakeNext(target);
		flow.since += this.now - flow.from;
		flow.from = this.now;
		return true;
	}

	// ---- For who looks

	synchronized long activity() {
		return this.activity;
	}

	/**
	 * Those that do not wait for this time, without the calling thread.
	 */
	synchronized List<Participant> running() {
		return this.participants.values()
			.stream()
			.filter((one) -> one.thread != Thread.currentThread() && !one.isParked())
			.toList();
	}

	/**
	 * What happens next, in words.
	 */
	synchronized String describeDue() {
		String due = this.participants.values()
			.stream()
			.filter((one) -> one.parked && one.due < Long.MAX_VALUE)
			.sorted(BY_ORDER)
			.map((one) -> "'" + one.thread.getName() + "' in " + Duration.ofNanos(Math.max(0, one.due - this.now)))
			.collect(Collectors.joining(", "));
		return (due.isEmpty()) ? "nothing" : due;
	}

	/**
	 * How far the time has passed by itself. Guarded by the agenda.
	 */
	final class Flow {

		private long from = TestAgenda.this.now;

		/** In real time. */
		private long since = System.nanoTime();

	}

	/**
	 * A thread that waits for the time. Guarded by the agenda where nothing else is said.
	 */
	static final class Participant {

		final Thread thread;

		private final int order;

		/** Whether no group started it: it runs one, or sleeps for a body. */
		final boolean guest;

		/** Whether it waits for the time, and nothing has woken it. */
		volatile boolean parked;

		/** Whether it was woken and has not noticed yet. */
		boolean waking;

		private boolean permit;

		private long due;

		@Nullable KernelThread kernelThread;

		/**
		 * The place where it was last found to be blocked by something of its own.
		 * Written by who moves the time.
		 */
		@Nullable Object blockedAt;

		/** Of how many groups it is the supervisor that end. Written by the thread. */
		volatile int shutdowns;

		/** Of its shutdowns. Written by the thread. */
		@Nullable Flow flow;

		private Participant(Thread thread, int order, boolean guest) {
			this.thread = thread;
			this.order = order;
			this.guest = guest;
		}

		/**
		 * Whether nothing happens before something wakes it.
		 */
		boolean isParked() {
			return this.parked && !this.thread.isInterrupted();
		}

	}

}
