package dev.rungroup.core;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;

import org.jspecify.annotations.Nullable;

/**
 * One execution as its body sees it. A helper thread may keep it longer than the
 * execution lasts: then it stays stopping, and neither reports nor causes anything of a
 * later one.
 */
final class Execution implements MemberContext {

	private static final VarHandle EXECUTION;

	static {
		try {
			EXECUTION = MethodHandles.lookup().findVarHandle(MemberStart.class, "execution", Execution.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private final MemberStart start;

	private final long number;

	private final int failures;

	private final @Nullable Throwable lastFailure;

	/** Why it was asked to end; set by the member's thread once it is over. */
	private volatile @Nullable StopReason reason;

	/**
	 * Other threads than the member's own that sleep; null until there is one. Each adds
	 * and removes itself.
	 */
	private volatile @Nullable Set<Thread> sleepers;

	private Execution(MemberStart start) {
		this.start = start;
		this.number = start.executions;
		this.failures = start.slot.consecutiveFailures();
		this.lastFailure = start.slot.lastFailure();
	}

	/**
	 * What code that belongs to a member can know of it, on whatever thread: the current
	 * execution, or else the last one.
	 */
	static Execution of(MemberStart start) {
		if (start.isCurrent()) {
			return ofOwnThread(start);
		}
		Execution execution = start.execution;
		return (execution != null && execution.number == start.executions) ? execution : new Execution(start);
	}

	/**
	 * The same for the member's own thread. Made when somebody wants it.
	 */
	static Execution ofOwnThread(MemberStart start) {
		Execution execution = start.execution;
		if (execution == null || execution.number != start.executions) {
			execution = new Execution(start);
			EXECUTION.setRelease(start, execution);
		}
		return execution;
	}

	/**
	 * The body has ended. Called by the member's thread.
	 * @param reason why it was asked to
	 */
	static void end(MemberStart start, @Nullable StopReason reason) {
		Execution execution = start.execution;
		if (execution != null && execution.number == start.executions) {
			if (reason != null) {
				execution.reason = reason;
			}
			execution.wake();
		}
	}

	/**
	 * Wake who sleeps, after a stop.
	 */
	void wake() {
		Set<Thread> sleepers = this.sleepers;
		if (sleepers != null) {
			sleepers.forEach(this.start.group().time::unpark);
		}
	}

	@Override
	public String name() {
		return this.start.name();
	}

	@Override
	public long execution() {
		return this.number;
	}

	@Override
	public int failures() {
		return this.failures;
	}

	@Override
	public @Nullable Throwable lastFailure() {
		return this.lastFailure;
	}

	@Override
	public boolean isStopping() {
		return isOver() || this.start.isStopping() || this.start.leadershipLost() != null;
	}

	@Override
	public @Nullable StopReason stopReason() {
		if (isOver()) {
			return this.reason;
		}
		StopReason reason = this.start.stopReason();
		return (reason != null) ? reason : this.start.leadershipLost();
	}

	@Override
	public boolean sleep(Duration duration) throws InterruptedException {
		long nanos = Durations.saturatedNanos(duration);
		if (this.start.isCurrent()) {
			return sleep(this.start, nanos, this::isStopping);
		}
		Set<Thread> sleepers = sleepers();
		sleepers.add(Thread.currentThread());
		try {
			return park(nanos, this::isStopping, this.start);
		}
		finally {
			sleepers.remove(Thread.currentThread());
		}
	}

	/**
	 * Sleep on a member's own thread.
	 * @return false if a stop cut it short
	 */
	static boolean sleep(MemberStart start, long nanos, BooleanSupplier stopped) throws InterruptedException {
		start.pausing = true;
		try {
			return park(nanos, stopped, start);
		}
		finally {
			start.pausing = false;
		}
	}

	private static boolean park(long nanos, BooleanSupplier stopped, MemberStart start) throws InterruptedException {
		Time time = start.group().time;
		long until = Durations.after(time.nanoTime(), nanos);
		while (true) {
			// A stop usually comes with an interrupt of the same thread: then the flag
			// stays set, and the stop is the answer
			if (stopped.getAsBoolean()) {
				return false;
			}
			if (Thread.currentThread().isInterrupted()) {
				if (stopped.getAsBoolean()) {
					return false;
				}
				Thread.interrupted();
				throw new InterruptedException("sleep interrupted");
			}
			long left = until - time.nanoTime();
			if (left <= 0) {
				return true;
			}
			time.park(start, left);
		}
	}

	private boolean isOver() {
		return this.number > 0 && !this.start.isExecuting(this.number);
	}

	private Set<Thread> sleepers() {
		Set<Thread> sleepers = this.sleepers;
		// Not under this object's monitor: a body may hold that
		return (sleepers != null) ? sleepers : this.start.group().roster.locked(() -> {
			Set<Thread> created = this.sleepers;
			if (created == null) {
				created = ConcurrentHashMap.newKeySet();
				this.sleepers = created;
			}
			return created;
		});
	}

	/**
	 * Perhaps on a thread of the body's own: what the listeners call is inside the group,
	 * too.
	 */
	@Override
	public void ready() {
		Group group = this.start.group();
		Readiness readiness = (isStopping()) ? null : Readiness.begin(this.start, this.number);
		if (readiness == null) {
			return;
		}
		String warning = readiness.takeWarning();
		if (warning != null) {
			group.listeners.report(warning, null);
		}
		MemberThread before = CurrentMember.set(this.start.slot.start());
		try {
			group.listeners.memberReady(name());
		}
		finally {
			CurrentMember.set(before);
			this.start.unready = false;
			readiness.told(this.start);
			group.supervisor.signal();
		}
	}

	@Override
	public void heartbeat() {
		if (!isOver()) {
			this.start.progress(this.start.group().time.nanoTime());
		}
	}

	@Override
	public String toString() {
		return this.start.describe(this.number);
	}

}
