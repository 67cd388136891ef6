package dev.rungroup.test;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

import dev.rungroup.core.Group;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.Retry;
import dev.rungroup.core.Time;
import dev.rungroup.test.TestAgenda.Flow;
import dev.rungroup.test.TestAgenda.Participant;
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

	private final Instant origin = Instant.now().truncatedTo(ChronoUnit.MILLIS);

	private final TestAgenda agenda;

	/** Held by who moves the time, while the threads come to rest, too. */
	private final ReentrantLock moving = new ReentrantLock();

	/** Whether the agenda has seen the thread. */
	private final ThreadLocal<@Nullable Boolean> seen = new ThreadLocal<>();

	/** The test's thread: who asked last for time to pass. Written by it. */
	private volatile @Nullable Thread mover;

	/**
	 * Make a time that stands still. It begins with what the wall clock shows.
	 */
	public TestTime() {
		this(Duration.ofSeconds(5));
	}

	TestTime(Duration patience) {
		this.agenda = new TestAgenda(patience);
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
		if (context != null || this.agenda.isStarted(Thread.currentThread())) {
			throw new IllegalStateException("advance() is called inside of member '"
					+ ((context != null) ? context.name() : Thread.currentThread().getName())
					+ "', for whose return it would wait. Let the test's own thread call it.");
		}
		this.mover = Thread.currentThread();
		pass(TimeUnit.NANOSECONDS.convert(time));
	}

	/**
	 * Return what the members' wall clock shows.
	 * @return a moment that changes when the time moves
	 */
	@Override
	public Instant instant() {
		return this.origin.plusNanos(this.agenda.now());
	}

	@Override
	public long nanoTime() {
		if (this.seen.get() == null) {
			this.seen.set(Boolean.TRUE);
			this.agenda.see(Thread.currentThread(), KernelThread.current());
		}
		return this.agenda.now();
	}

	@Override
	public void park(Object blocker, long nanos) {
		Thread thread = Thread.currentThread();
		if (nanos <= 0 || thread.isInterrupted()) {
			return;
		}
		if ((blocker instanceof Retry || (thread == this.mover && !(blocker instanceof Group)))
				&& !this.agenda.isStarted(thread)) {
			pass(nanos);
			return;
		}
		Participant participant = this.agenda.park(nanos);
		if (participant == null) {
			return;
		}
		while (participant.parked && !thread.isInterrupted()) {
			Flow flow = participant.flow;
			if (flow != null && participant.shutdowns > 0) {
				LockSupport.parkNanos(blocker, flow(flow));
			}
			else {
				LockSupport.park(blocker);
			}
		}
		this.agenda.goOn(participant);
	}

	@Override
	public void unpark(Thread thread) {
		this.agenda.unpark(thread);
	}

	/**
	 * Start a thread of a {@link Group}; one of a member is waited for, for a moment, so
	 * that members begin in the order in which they were added.
	 */
	@Override
	public void start(Thread thread, int order) {
		Participant participant = this.agenda.add(thread, order);
		try {
			thread.start();
		}
		catch (Throwable ex) {
			this.agenda.remove(participant);
			throw ex;
		}
		if (order != Integer.MAX_VALUE) {
			new Stillness(this.agenda, Stillness.Kind.START, participant).await(START_PATIENCE);
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
		if (!this.agenda.isShuttingDown(Thread.currentThread())) {
			new Stillness(this.agenda, Stillness.Kind.START, null).await(START_PATIENCE);
		}
	}

	@Override
	public void shutdown(boolean begins) {
		this.agenda.shutdown(begins);
	}

	/**
	 * Let time pass by itself, where nobody moves it.
	 * @return when to look again, in nanoseconds of real time
	 */
	private long flow(Flow flow) {
		if (!this.moving.tryLock()) {
			return LOOK;
		}
		try {
			return this.agenda.pass(flow) ? 1 : LOOK;
		}
		finally {
			this.moving.unlock();
		}
	}

	/**
	 * Let time pass by itself until something has come.
	 * @param atMost how long at most, in real time
	 * @return whether it has come
	 */
	boolean flowUntil(BooleanSupplier condition, Duration atMost) {
		long begun = System.nanoTime();
		Flow flow = this.agenda.new Flow();
		while (!condition.getAsBoolean()) {
			if (System.nanoTime() - begun > TimeUnit.NANOSECONDS.convert(atMost)) {
				return false;
			}
			LockSupport.parkNanos(this, flow(flow));
		}
		return true;
	}

	/**
	 * Wait until all that was set off has happened.
	 */
	void settle() {
		this.mover = Thread.currentThread();
		this.moving.lock();
		try {
			rest(Stillness.Kind.THOROUGH);
		}
		finally {
			this.moving.unlock();
		}
	}

	/**
	 * Let time pass for the calling thread.
	 */
	void pass(long nanos) {
		long target = this.agenda.in(nanos);
		this.moving.lock();
		try {
			rest(Stillness.Kind.THOROUGH);
			do {
				while (this.agenda.wakeNext(target)) {
					rest(Stillness.Kind.QUICK);
				}
				rest(Stillness.Kind.THOROUGH);
			}
			while (this.agenda.isDue(target));
		}
		finally {
			this.moving.unlock();
		}
	}

	private void rest(Stillness.Kind kind) {
		new Stillness(this.agenda, kind, null).await();
	}

	/**
	 * What happens next, in words.
	 */
	String describeDue() {
		return this.agenda.describeDue();
	}

	@Override
	public String toString() {
		return "TestTime " + instant();
	}

}
