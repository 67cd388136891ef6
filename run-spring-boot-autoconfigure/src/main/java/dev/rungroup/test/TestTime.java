package dev.rungroup.test;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

import dev.rungroup.core.Group;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.Retry;
import dev.rungroup.core.Time;
import org.jspecify.annotations.Nullable;

/**
 * A time that stands still until a test moves it: {@code Group.builder().time(time)},
 * {@code retry.on(time)}.
 * <p>
 * {@link #advance} wakes what falls due, one after another, and waits each time until all
 * that follows has happened: until each thread of the groups has ended, waits for this
 * time, or is blocked by something of its own. The first two are known exactly. A thread
 * is blocked by something of its own if it stays in the same place for a while and
 * <ul>
 * <li>waits there ({@code WAITING}, {@code TIMED_WAITING}): a latch, a queue, a future, a
 * {@code Thread.sleep}; for 10 ms, or shorter if it was found there before;</li>
 * <li>is inside a native method and uses no processor time: a socket, a process; for 100
 * ms;</li>
 * <li>wants a lock that another thread holds ({@code BLOCKED}, {@code ReentrantLock});
 * for 200 ms.</li>
 * </ul>
 * A thread that was woken and has not gone on yet looks as if it were still blocked. On
 * Linux the kernel tells the difference; elsewhere only those times do.
 * <p>
 * Whatever else a thread does, it is expected to come to an end.
 * <p>
 * Other threads than those of groups do not wait for this time: where they sleep in a
 * {@link Retry}, that moves the time on. While a group shuts down, its grace period and
 * timeout pass in real time. May be used by any thread and by several groups.
 *
 * @since 0.1.0
 */
public final class TestTime implements Time, InstantSource {

	/** How long a member that is started may hold up the next. */
	private static final long START_PATIENCE = TimeUnit.SECONDS.toNanos(2);

	/** How often a group that shuts down looks whether something is due. */
	private static final long LOOK = TimeUnit.MILLISECONDS.toNanos(2);

	private static final Comparator<Participant> BY_ORDER = Comparator.<Participant>comparingLong((one) -> one.due)
		.thenComparingInt((one) -> one.order)
		.thenComparingLong((one) -> one.number);

	private final Instant origin = Instant.now().truncatedTo(ChronoUnit.MILLIS);

	/** Held by who moves the time. */
	private final ReentrantLock moving = new ReentrantLock();

	/** Held for a few field accesses at a time. */
	private final ReentrantLock lock = new ReentrantLock();

	private final Condition changed = this.lock.newCondition();

	// Guarded by the lock

	private final Map<Thread, Participant> participants = new LinkedHashMap<>();

	private long number;

	/** Counts what participants do: to see whether anything was done. */
	private long activity;

	/** Nanoseconds since {@link #origin}; written by who holds both locks. */
	private volatile long now;

	private final ThreadLocal<@Nullable Boolean> seen = new ThreadLocal<>();

	/** The test's thread: who asked last for time to pass. */
	private volatile @Nullable Thread mover;

	/**
	 * Make a time that stands still. It begins with what the wall clock shows.
	 */
	public TestTime() {
		// Nothing to set
	}

	/**
	 * Let time pass. What falls due within it, its very end included, happens in the
	 * order of its due times; what is due at the same moment in the order in which the
	 * members were added. Each is seen to have taken effect before the next. Returns when
	 * every body that it set off has returned, or waits.
	 * @param time how much, not negative; with zero it waits for what was set off before
	 * @throws IllegalStateException if it is called inside a body, handler, listener or
	 * interrupter
	 * @throws AssertionError if a body neither returns nor waits for seconds, or a loop
	 * has no pause
	 */
	public void advance(Duration time) {
		if (time.isNegative()) {
			throw new IllegalArgumentException("The time cannot go back: " + time + " is negative");
		}
		MemberContext context = MemberContext.current();
		if (context != null || isStarted(Thread.currentThread())) {
			throw new IllegalStateException("advance() is called inside of member '"
					+ ((context != null) ? context.name() : Thread.currentThread().getName())
					+ "', for whose return it would wait. Let the test's own thread call it.");
		}
		this.mover = Thread.currentThread();
		advanceBy(saturatedNanos(time));
	}

	/**
	 * Return what the members' wall clock shows.
	 * @return a moment that changes when the time moves
	 */
	@Override
	public Instant instant() {
		return this.origin.plusNanos(this.now);
	}

	@Override
	public long nanoTime() {
		if (this.seen.get() == null) {
			see(Thread.currentThread());
		}
		return this.now;
	}

	/**
	 * Let a thread of a group say once which of the kernel's it is.
	 */
	private void see(Thread thread) {
		this.seen.set(Boolean.TRUE);
		KernelThread kernelThread = KernelThread.current();
		this.lock.lock();
		try {
			Participant participant = this.participants.get(thread);
			if (participant != null) {
				participant.kernelThread = kernelThread;
			}
		}
		finally {
			this.lock.unlock();
		}
	}

	@Override
	public void park(Object blocker, long nanos) {
		Thread thread = Thread.currentThread();
		if (nanos <= 0 || thread.isInterrupted()) {
			return;
		}
		if ((blocker instanceof Retry || (thread == this.mover && !(blocker instanceof Group))) && !isStarted(thread)) {
			advanceBy(nanos);
			return;
		}
		Participant participant = beginPark(thread, nanos);
		if (participant == null) {
			return;
		}
		while (participant.parked) {
			if (participant.shutdowns > 0) {
				LockSupport.parkNanos(blocker, flow(participant));
			}
			else {
				LockSupport.park(blocker);
			}
			if (thread.isInterrupted()) {
				break;
			}
		}
		endPark(participant);
	}

	private @Nullable Participant beginPark(Thread thread, long nanos) {
		this.lock.lock();
		try {
			Participant participant = participant(thread);
			if (participant.permit) {
				participant.permit = false;
				return null;
			}
			participant.due = plus(this.now, nanos);
			participant.parked = true;
			done();
			return participant;
		}
		finally {
			this.lock.unlock();
		}
	}

	private void endPark(Participant participant) {
		this.lock.lock();
		try {
			participant.parked = false;
			participant.waking = false;
			participant.permit = false;
			done();
		}
		finally {
			this.lock.unlock();
		}
	}

	@Override
	public void unpark(Thread thread) {
		this.lock.lock();
		try {
			Participant participant = participant(thread);
			participant.permit = true;
			wake(participant);
		}
		finally {
			this.lock.unlock();
		}
	}

	/**
	 * Start a thread of a {@link Group}; one of a member is waited for, for a moment, so
	 * that members begin in the order in which they were added.
	 */
	@Override
	public void start(Thread thread, int order) {
		Participant participant;
		this.lock.lock();
		try {
			participant = new Participant(thread, order, this.number++, false);
			this.participants.put(thread, participant);
			done();
		}
		finally {
			this.lock.unlock();
		}
		try {
			thread.start();
		}
		catch (Throwable ex) {
			remove(participant);
			throw ex;
		}
		if (order != Integer.MAX_VALUE) {
			new Stillness(this, Stillness.Kind.START, List.of(participant)).await(START_PATIENCE);
		}
	}

	/**
	 * Pauses are as long as they are said to be.
	 */
	@Override
	public long jitter(long most) {
		return 0;
	}

	@Override
	public void giveWay() {
		Participant participant;
		this.lock.lock();
		try {
			participant = participant(Thread.currentThread());
		}
		finally {
			this.lock.unlock();
		}
		if (participant.shutdowns == 0) {
			new Stillness(this, Stillness.Kind.START, null).await(START_PATIENCE);
		}
	}

	@Override
	public void shutdown(boolean begins) {
		this.lock.lock();
		try {
			Participant participant = participant(Thread.currentThread());
			participant.shutdowns += (begins) ? 1 : -1;
			participant.flowFrom = this.now;
			participant.flowSince = System.nanoTime();
			this.participants.keySet().removeIf((thread) -> thread.getState() == Thread.State.TERMINATED);
		}
		finally {
			this.lock.unlock();
		}
	}

	/**
	 * Time passes by itself, but only as far as something is due.
	 * @return when to look again, in nanoseconds of real time
	 */
	private long flow(Participant participant) {
		if (!this.moving.tryLock()) {
			return LOOK;
		}
		try {
			this.lock.lock();
			try {
				if (this.now != participant.flowFrom) {
					participant.flowFrom = this.now;
					participant.flowSince = System.nanoTime();
				}
				Participant next = next(plus(this.now, System.nanoTime() - participant.flowSince));
				if (next == null) {
					return LOOK;
				}
				long before = this.now;
				wakeDue(next);
				participant.flowSince += this.now - before;
				participant.flowFrom = this.now;
				return 1;
			}
			finally {
				this.lock.unlock();
			}
		}
		finally {
			this.moving.unlock();
		}
	}

	/**
	 * Wait until all that was set off has happened.
	 */
	void settle() {
		this.mover = Thread.currentThread();
		this.moving.lock();
		try {
			new Stillness(this, Stillness.Kind.THOROUGH, null).await();
		}
		finally {
			this.moving.unlock();
		}
	}

	/**
	 * Let time pass for the calling thread, whose sleep that is.
	 */
	void pass(long nanos) {
		advanceBy(nanos);
	}

	/**
	 * Let time pass by itself until something has come.
	 * @param atMost how long at most, in real time
	 * @return whether it has come
	 */
	boolean flowUntil(BooleanSupplier condition, Duration atMost) {
		long begun = System.nanoTime();
		Participant flowing = new Participant(Thread.currentThread(), Integer.MAX_VALUE, 0, true);
		flowing.flowFrom = this.now;
		flowing.flowSince = begun;
		while (!condition.getAsBoolean()) {
			if (System.nanoTime() - begun > saturatedNanos(atMost)) {
				return false;
			}
			LockSupport.parkNanos(this, flow(flowing));
		}
		return true;
	}

	private void advanceBy(long nanos) {
		long target = plus(this.now, nanos);
		this.moving.lock();
		try {
			new Stillness(this, Stillness.Kind.THOROUGH, null).await();
			while (true) {
				if (wakeNext(target)) {
					new Stillness(this, Stillness.Kind.QUICK, null).await();
					continue;
				}
				new Stillness(this, Stillness.Kind.THOROUGH, null).await();
				if (isReached(target)) {
					return;
				}
			}
		}
		finally {
			this.moving.unlock();
		}
	}

	/**
	 * @return false if nothing is due until then; then it is that time
	 */
	private boolean wakeNext(long target) {
		this.lock.lock();
		try {
			Participant next = next(target);
			if (next != null) {
				wakeDue(next);
			}
			else {
				this.now = Math.max(this.now, target);
			}
			return next != null;
		}
		finally {
			this.lock.unlock();
		}
	}

	private boolean isReached(long target) {
		this.lock.lock();
		try {
			return next(target) == null;
		}
		finally {
			this.lock.unlock();
		}
	}

	/**
	 * What happens next, in words.
	 */
	String describeDue() {
		this.lock.lock();
		try {
			List<String> due = new ArrayList<>();
			this.participants.values()
				.stream()
				.filter((one) -> one.parked && one.due < Long.MAX_VALUE)
				.sorted(BY_ORDER)
				.forEach((one) -> due
					.add("'" + one.thread.getName() + "' in " + Duration.ofNanos(Math.max(0, one.due - this.now))));
			return (due.isEmpty()) ? "nothing" : String.join(", ", due);
		}
		finally {
			this.lock.unlock();
		}
	}

	@Override
	public String toString() {
		return "TestTime " + instant();
	}

	// ---- For Stillness

	ReentrantLock lock() {
		return this.lock;
	}

	Condition changed() {
		return this.changed;
	}

	/**
	 * Under the lock.
	 */
	long activity() {
		return this.activity;
	}

	/**
	 * Under the lock.
	 */
	List<Participant> participants() {
		return new ArrayList<>(this.participants.values());
	}

	void remove(Participant participant) {
		this.lock.lock();
		try {
			this.participants.remove(participant.thread, participant);
			done();
		}
		finally {
			this.lock.unlock();
		}
	}

	// ---- Under the lock

	private Participant participant(Thread thread) {
		return this.participants.computeIfAbsent(thread,
				(key) -> new Participant(key, Integer.MAX_VALUE, this.number++, true));
	}

	private @Nullable Participant next(long target) {
		Participant next = null;
		for (Participant participant : this.participants.values()) {
			if (participant.parked && participant.due <= target && participant.due < Long.MAX_VALUE
					&& (next == null || BY_ORDER.compare(participant, next) < 0)) {
				next = participant;
			}
		}
		return next;
	}

	private void wakeDue(Participant participant) {
		this.now = Math.max(this.now, participant.due);
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
		this.changed.signalAll();
	}

	// ----

	/**
	 * Whether a group has started the thread.
	 */
	private boolean isStarted(Thread thread) {
		this.lock.lock();
		try {
			Participant participant = this.participants.get(thread);
			return participant != null && !participant.guest;
		}
		finally {
			this.lock.unlock();
		}
	}

	private static long plus(long now, long nanos) {
		long sum = now + nanos;
		return (sum < now) ? Long.MAX_VALUE : sum;
	}

	private static long saturatedNanos(Duration duration) {
		try {
			return duration.toNanos();
		}
		catch (ArithmeticException ex) {
			return Long.MAX_VALUE;
		}
	}

	/**
	 * A thread that waits for this time. Everything is guarded by the time's lock.
	 */
	static final class Participant {

		final Thread thread;

		final int order;

		final long number;

		/** Whether no group started it: it runs one, or sleeps for a body. */
		final boolean guest;

		/** Whether it waits for the time, and nobody has woken it. */
		volatile boolean parked;

		/** Whether it was woken and has not noticed yet. */
		boolean waking;

		boolean permit;

		long due;

		@Nullable KernelThread kernelThread;

		/** The place where it was last found to be blocked by something of its own. */
		@Nullable Object blockedAt;

		/** Of how many groups it is the supervisor that end. Written by the thread. */
		private volatile int shutdowns;

		private long flowFrom;

		private long flowSince;

		Participant(Thread thread, int order, long number, boolean guest) {
			this.thread = thread;
			this.order = order;
			this.number = number;
			this.guest = guest;
		}

		/**
		 * Whether nothing happens before somebody wakes it.
		 */
		boolean isParked() {
			return this.parked && !this.thread.isInterrupted();
		}

	}

}
