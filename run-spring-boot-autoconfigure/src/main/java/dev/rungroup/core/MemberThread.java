package dev.rungroup.core;

import java.io.InterruptedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.channels.ClosedByInterruptException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

import dev.rungroup.core.MemberSettings.Decision;
import org.jspecify.annotations.Nullable;

/**
 * A member in its group: the thread that executes it, again and again as its rules say,
 * and what is known about it.
 * <p>
 * Who writes what: the fields in the first block belong to the group and are written
 * under its lock only; those in the second block are written by the member's own thread
 * while it lives (and by whoever starts it, before it does), others only read them. The
 * one thing both sides fight for is {@link #turn}, by compare-and-set.
 */
final class MemberThread implements Runnable {

	private static final Outcome COMPLETED = new Outcome.Completed();

	private static final Outcome INTERRUPTED = new Outcome.Interrupted();

	/** How far a chain of causes is followed: some libraries build circles. */
	private static final int MAX_CAUSES = 32;

	// A turn is the number of an execution and, in its lowest bits, how it stands.

	private static final int TURN_BITS = 2;

	private static final long IDLE = 0;

	private static final long EXECUTING = 1;

	/** Somebody is interrupting the body this moment; the body's end waits for that. */
	private static final long CLAIMED = 2;

	private static final VarHandle TURN;

	private static final VarHandle ANNOUNCING;

	private static final VarHandle EXECUTIONS;

	private static final VarHandle LAST_PROGRESS_AT;

	private static final VarHandle EXECUTION;

	static {
		try {
			TURN = MethodHandles.lookup().findVarHandle(MemberThread.class, "turn", long.class);
			ANNOUNCING = MethodHandles.lookup().findVarHandle(MemberThread.class, "announcing", long.class);
			EXECUTIONS = MethodHandles.lookup().findVarHandle(MemberThread.class, "executions", long.class);
			LAST_PROGRESS_AT = MethodHandles.lookup().findVarHandle(MemberThread.class, "lastProgressAt", long.class);
			EXECUTION = MethodHandles.lookup().findVarHandle(MemberThread.class, "execution", Execution.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	final Group group;

	final Member member;

	final Group.Stage stage;

	// What the watching thread, which alone writes it, does when a grace period is over

	/** After the interrupt of the last execution that took too long. */
	Group.@Nullable Duty turnGrace;

	/** After the last stop of this member alone. */
	Group.@Nullable Duty stopGrace;

	// Written under the group's lock

	/** Whether this start has come as far as asking for a thread. */
	boolean started;

	/** Whether {@code stopMember} came before the member was ever started. */
	boolean held;

	/** Threads of this start that have not ended: its own, and its interrupter's. */
	int pending;

	/** Whether this start has had its interrupt, or is having it. */
	boolean interrupted;

	/** Whether to start again as soon as this start is over. */
	boolean startAgain;

	/** Whether the thread that executes the member has ended its work. */
	boolean ended;

	/** Whether the listeners have heard that, too: what waits for it comes after them. */
	boolean endHeard;

	/** Which start this is, so that what was meant for an earlier one is recognised. */
	int start;

	private volatile @Nullable Stop stop;

	// Written by the thread that interrupts

	volatile @Nullable Thread interrupterThread;

	/** Why this turn alone is to end: it takes too long. */
	private volatile @Nullable StopReason turnStop;

	/** Whether the interrupter that was called for this turn alone is still at it. */
	private volatile boolean turnInterrupterRuns;

	// Written by the member's own thread

	volatile @Nullable Thread thread;

	private volatile long turn;

	private volatile long turnStartedAt;

	private volatile MemberState state = MemberState.NEW;

	/** Published by {@link #state}. */
	private long stateSince;

	/** Whether the first execution, or the pause before it, has begun. */
	private volatile boolean begun;

	/** In which execution ready() was called last. */
	private volatile long announcing;

	/** The same, once the listeners have heard it: what waits for it comes after them. */
	private volatile long announced;

	/** The execution from which on a call of ready() counts: it lasts until a failure. */
	private volatile long readySince = 1;

	/** When that execution began: from there on it has the time of its readyTimeout. */
	private volatile long unreadySince;

	/** When the pause ends; published by {@link #state} as WAITING. */
	private long nextExecutionAt;

	private volatile long lastProgressAt;

	private volatile long executions;

	private volatile @Nullable FailureHistory history;

	/** Since the end of the first execution: most members have only that. */
	private @Nullable TurnClock clock;

	/** Whether a stop came before the end of the last execution. */
	private boolean askedBefore;

	/** What the body threw, until all that follows from it is done. */
	private @Nullable Throwable unhandled;

	/** What the last execution threw, once there will be no other. */
	private @Nullable Throwable finalFailure;

	/** Whether the member's own thread pauses and has to be woken. */
	private volatile boolean pausing;

	/** The last execution that anybody wanted to see; null before the first. */
	private volatile @Nullable Execution execution;

	MemberThread(Group group, Member member, Group.Stage stage) {
		this.group = group;
		this.member = member;
		this.stage = stage;
	}

	// ---- The member's own thread

	@Override
	public void run() {
		MemberThread before = null;
		try {
			MemberState end;
			try {
				before = Current.set(this);
				this.group.listeners.memberStarted(name());
				end = nextTurn(this.member.settings.initialDelay);
				while (end == null) {
					Throwable thrown = null;
					// Here and not in a method of its own, which would be one more frame
					// on the stack of each idle member and in the traces of its failures
					try {
						if (this.member.task != null) {
							this.member.task.run();
						}
						else if (this.member.body != null) {
							this.member.body.run(ownContext());
						}
					}
					catch (Throwable ex) {
						thrown = ex;
						this.unhandled = ex;
					}
					end = afterTurn(thrown);
				}
			}
			catch (Throwable ex) {
				end = fail(ex);
			}
			end(end);
		}
		finally {
			Current.set(before);
		}
	}

	/**
	 * The last line: whatever goes wrong outside the body, such as no memory being left
	 * to handle a failure with, must not end this thread without the group knowing.
	 */
	private MemberState fail(Throwable outside) {
		Throwable unhandled = this.unhandled;
		Throwable failure = (unhandled != null) ? unhandled : outside;
		this.finalFailure = failure;
		while (true) {
			try {
				long turn = this.turn;
				if ((turn & (EXECUTING | CLAIMED)) != 0) {
					// Needs memory only when it is called for the first time
					closeTurn(turn >>> TURN_BITS);
				}
				this.group.requestStop(new StopReason(StopReason.Kind.MEMBER_FAILED, name(), failure), failure);
				if (history().last() != failure) {
					history().failedOutside(failure, this.group.time.nanoTime());
				}
				if (failure != outside) {
					this.group.suppress(failure, outside);
				}
				return MemberState.FAILED;
			}
			catch (VirtualMachineError | LinkageError ex) {
				this.group.awaitMemory();
			}
		}
	}

	/**
	 * Wait, and begin an execution.
	 * @return the member's last state, null if its body is to be called
	 */
	private @Nullable MemberState nextTurn(long pause) {
		return (pause(pause) && beginTurn()) ? null : MemberState.STOPPED;
	}

	/**
	 * Do what the rules or a stop say.
	 * @param thrown what the body threw
	 * @return the member's last state, null if its body is to be called again
	 */
	private @Nullable MemberState afterTurn(@Nullable Throwable thrown) {
		Outcome outcome = endTurn(thrown);
		if (outcome == INTERRUPTED) {
			return MemberState.STOPPED;
		}
		Throwable failure = (outcome instanceof Outcome.Failed failed) ? failed.failure() : null;
		if (failure != null && this.askedBefore) {
			// It was asked to end and did, if not gracefully
			this.finalFailure = failure;
			this.group.listeners.failed(this.member, failure);
			return MemberState.STOPPED;
		}
		Decision decision = this.member.settings.decide(outcome, failure != null && history().budgetSpent());
		if (decision.stop != null) {
			this.group.requestStop(new StopReason(decision.stop, name(), failure), failure);
		}
		if (failure != null) {
			this.group.listeners.failed(this.member, failure);
		}
		if (decision.end != null) {
			this.finalFailure = failure;
			return decision.end;
		}
		long pause = (decision == Decision.RESTART) ? prepareRestart() : this.member.settings.delay;
		if (this.turnStop != null) {
			this.turnStop = null;
		}
		if (failure != null) {
			this.unhandled = null;
		}
		return nextTurn(pause);
	}

	private long prepareRestart() {
		long pause = this.member.settings.backoff.nanosFor(failuresInARow());
		this.readySince = this.executions + 1;
		if (this.stop == null) {
			this.group.listeners.restartScheduled(name(), Duration.ofNanos(pause));
		}
		return pause;
	}

	/**
	 * Wait before an execution.
	 * @return whether to execute: false after a stop
	 */
	private boolean pause(long nanos) {
		if (nanos == 0) {
			return this.stop == null;
		}
		TurnClock clock = this.clock;
		if (clock != null) {
			clock.reset();
		}
		long now = this.group.time.nanoTime();
		long until = Durations.after(now, nanos);
		this.nextExecutionAt = until;
		enter(MemberState.WAITING, now);
		begun();
		this.pausing = true;
		try {
			while (this.stop == null) {
				long left = until - this.group.time.nanoTime();
				if (left <= 0) {
					return true;
				}
				this.group.time.park(this, left);
				// Nobody has a reason to interrupt a pause: we are woken by a stop. A
				// flag left set would keep the next park from waiting.
				Thread.interrupted();
			}
			return false;
		}
		finally {
			this.pausing = false;
		}
	}

	/**
	 * Begin an execution.
	 * @return false if a stop came first: then the body is not to be called
	 */
	private boolean beginTurn() {
		if (failuresInARow() > 0 && this.stop == null) {
			// Before the turn: an interrupt for the body must not hit a listener
			this.group.listeners.memberRestarted(name());
		}
		long number = this.executions + 1;
		TurnClock clock = this.clock;
		long startedAt = (clock != null) ? clock.begin() : this.group.time.nanoTime();
		boolean limited = this.member.settings.timeout > 0 || expectsAnnouncement();
		if (limited || clock == null) {
			this.turnStartedAt = startedAt;
		}
		if (number == this.readySince) {
			this.unreadySince = startedAt;
		}
		Thread.interrupted();
		this.turn = (number << TURN_BITS) | EXECUTING;
		// Only now look for a stop: whoever asks for one sees this turn from here on, and
		// interrupts it
		if (this.stop != null) {
			closeTurn(number);
			return false;
		}
		progress(startedAt);
		EXECUTIONS.setRelease(this, number);
		enter(MemberState.RUNNING, startedAt);
		if (limited) {
			this.group.deadlineSet(dueAt(startedAt));
		}
		if (failuresInARow() > 0) {
			history().restarted();
		}
		begun();
		return true;
	}

	/**
	 * End an execution.
	 * @param thrown what the body threw
	 * @return how it ended
	 */
	private Outcome endTurn(@Nullable Throwable thrown) {
		TurnClock clock = this.clock;
		if (clock == null) {
			clock = new TurnClock(this.group, this.member, this.turnStartedAt);
			this.clock = clock;
		}
		if (thrown != null) {
			// While it still shows what was before this failure
			ownContext();
			clock.reset();
		}
		long number = this.executions;
		closeTurn(number);
		Execution execution = this.execution;
		if (execution != null && execution.number() == number) {
			execution.end(stopReason());
		}
		long endedAt = clock.end();
		progress(endedAt);
		// Before anybody hears of the outcome: a handler may answer a failure with a stop
		this.askedBefore = this.stop != null;
		Outcome outcome = outcome(thrown, endedAt);
		if (outcome instanceof Outcome.Failed failed) {
			history().failed(failed.failure(), endedAt, clock.took());
		}
		else if (outcome == COMPLETED && failuresInARow() > 0) {
			history().returned();
		}
		if (this.askedBefore) {
			this.group.awaitAnnouncement();
		}
		this.group.listeners.executionEnded(name(), outcome, clock.took());
		return outcome;
	}

	/**
	 * From here on no interrupt meant for this turn can arrive any more.
	 */
	private void closeTurn(long number) {
		long executing = (number << TURN_BITS) | EXECUTING;
		while (!TURN.compareAndSet(this, executing, (number << TURN_BITS) | IDLE)) {
			Thread.yield();
		}
		while (this.turnInterrupterRuns || isAnnouncing(number)) {
			this.group.time.park(this, Long.MAX_VALUE);
			Thread.interrupted();
		}
		Thread.interrupted();
	}

	private Outcome outcome(@Nullable Throwable thrown, long endedAt) {
		StopReason timedOut = this.turnStop;
		if (timedOut != null && timedOut.cause() != null) {
			if (thrown != null && thrown != timedOut.cause() && !isInterrupt(thrown)) {
				this.group.suppress(timedOut.cause(), thrown);
			}
			return new Outcome.Failed(timedOut.cause());
		}
		if (thrown == null) {
			if (this.askedBefore) {
				return INTERRUPTED;
			}
			return isUnreadyForGood(endedAt) ? new Outcome.Failed(unreadyForGood(endedAt)) : COMPLETED;
		}
		return (this.askedBefore && isInterrupt(thrown)) ? INTERRUPTED : new Outcome.Failed(thrown);
	}

	/**
	 * Whether no later execution can announce that the member is ready in time. The next
	 * one would have failed before it had begun, or what waits for this member would wait
	 * for the end of a pause, however long that is.
	 */
	private boolean isUnreadyForGood(long endedAt) {
		return expectsAnnouncement() && this.member.settings.decide(COMPLETED, false) == Decision.NEXT_EXECUTION
				&& Durations.after(endedAt, this.member.settings.delay) - readyDue() >= 0;
	}

	private TimeoutException unreadyForGood(long endedAt) {
		String what = (endedAt - readyDue() >= 0) ? unready()
				: " returned and was not ready; the next one, after a delay of "
						+ Duration.ofNanos(this.member.settings.delay) + ", would come later than its readyTimeout of "
						+ Duration.ofNanos(this.member.settings.readyTimeout);
		return new TimeoutException("Member '" + name() + "': execution " + this.executions + what);
	}

	private String unready() {
		return " was not ready within its readyTimeout of " + Duration.ofNanos(this.member.settings.readyTimeout);
	}

	/**
	 * Whether this is how code ends that was interrupted.
	 */
	static boolean isInterrupt(Throwable thrown) {
		Throwable cause = thrown;
		for (int i = 0; cause != null && i < MAX_CAUSES; i++) {
			if (cause instanceof InterruptedException || cause instanceof ClosedByInterruptException
					|| cause instanceof InterruptedIOException || cause instanceof CancellationException) {
				return true;
			}
			cause = causeOf(cause);
		}
		return false;
	}

	private static @Nullable Throwable causeOf(Throwable thrown) {
		try {
			return thrown.getCause();
		}
		catch (RuntimeException ex) {
			// The user's class, and the user's mistake: the failure counts all the same
			return null;
		}
	}

	private void begun() {
		if (!this.begun) {
			this.begun = true;
			this.group.memberBegun();
		}
	}

	private void enter(MemberState state, long now) {
		if (this.state != state) {
			this.stateSince = now;
			this.state = state;
		}
	}

	/**
	 * Progress was made. Never moves back: a heartbeat may be later than what the clock
	 * of brief turns says.
	 */
	private void progress(long now) {
		if (now - this.lastProgressAt > 0 || this.executions == 0) {
			LAST_PROGRESS_AT.setRelease(this, now);
		}
	}

	private void end(MemberState end) {
		TurnClock clock = this.clock;
		long now;
		if (clock == null) {
			now = this.group.time.nanoTime();
		}
		else {
			// If it did not pause, and nobody is told how long its stop took, the end of
			// its last turn is near enough
			boolean near = this.state == MemberState.RUNNING && this.group.listeners.isEmpty();
			now = (near) ? clock.lastEnd() : this.group.time.nanoTime();
			clock.reset();
		}
		this.group.awaitAnnouncement();
		this.group.end(this, end, now, this.finalFailure);
	}

	// ---- The group

	/**
	 * Be new again. Under the group's lock, when nothing of an earlier start is left.
	 */
	void prepareStart(long now) {
		this.started = true;
		if (this.start++ > 0) {
			forgetEarlierStart();
		}
		this.nextExecutionAt = Durations.after(now, this.member.settings.initialDelay);
		enter(MemberState.WAITING, now);
	}

	private void forgetEarlierStart() {
		this.interrupted = false;
		this.startAgain = false;
		this.ended = false;
		this.endHeard = false;
		this.stop = null;
		this.turnStop = null;
		this.interrupterThread = null;
		this.finalFailure = null;
		this.begun = false;
		this.unhandled = null;
		this.readySince = this.executions + 1;
		FailureHistory history = this.history;
		if (history != null) {
			history.startAnew();
		}
	}

	/**
	 * Nothing is executed any more. Under the group's lock.
	 */
	void ended(MemberState state, long now) {
		enter(state, now);
		this.ended = true;
	}

	/**
	 * The thread factory gave no thread: the member has failed without having begun.
	 */
	void failedToStart(Throwable failure) {
		this.finalFailure = failure;
		MemberThread before = null;
		try {
			try {
				before = Current.set(this);
				tellOfFailedStart(failure);
			}
			catch (VirtualMachineError | LinkageError ex) {
				fail(failure);
			}
			end(MemberState.FAILED);
		}
		finally {
			Current.set(before);
		}
	}

	private void tellOfFailedStart(Throwable failure) {
		history().failedOutside(failure, this.group.time.nanoTime());
		Listeners listeners = this.group.listeners;
		listeners.memberStarted(name());
		listeners.executionEnded(name(), new Outcome.Failed(failure), 0);
		this.group.requestStop(new StopReason(StopReason.Kind.MEMBER_FAILED, name(), failure), failure);
		listeners.failed(this.member, failure);
	}

	/**
	 * Not to be started at all. Under the group's lock, before the member ever was.
	 */
	void hold(boolean held) {
		this.held = held;
		enter((held) ? MemberState.STOPPED : MemberState.NEW, this.group.time.nanoTime());
	}

	/**
	 * Remember that this start is to end, and wake whoever sleeps. Under the group's
	 * lock.
	 */
	void markStopping(Stop stop) {
		if (this.stop == null) {
			this.stop = stop;
		}
		wake();
	}

	private void wake() {
		if (this.pausing) {
			this.group.time.unpark(this.thread);
		}
		Execution execution = this.execution;
		if (execution != null) {
			execution.wake();
		}
	}

	/**
	 * Interrupt the thread, but only inside the body: neither a handler nor the next
	 * execution is hit.
	 */
	void interruptBody() {
		interruptTurn(this.turn >>> TURN_BITS);
	}

	/**
	 * The same if it is this execution.
	 * @return whether it is
	 */
	boolean interruptTurn(long number) {
		long executing = (number << TURN_BITS) | EXECUTING;
		if (!TURN.compareAndSet(this, executing, (number << TURN_BITS) | CLAIMED)) {
			return false;
		}
		try {
			interruptThread();
		}
		finally {
			this.turn = executing;
		}
		return true;
	}

	/**
	 * Interrupt the thread wherever it is.
	 */
	void interruptThread() {
		Thread thread = this.thread;
		if (thread != null) {
			this.group.listeners.interrupt(thread, name());
		}
	}

	/**
	 * When the group has to look at this member again because of its timeouts.
	 * @return a time in nanoseconds, or {@code Long.MAX_VALUE} from now
	 */
	long dueAt(long now) {
		long due = Durations.after(now, Long.MAX_VALUE);
		if ((this.turn & EXECUTING) == 0 || this.stop != null || this.turnStop != null) {
			return due;
		}
		if (this.member.settings.timeout > 0) {
			due = timeoutDue();
		}
		if (expectsAnnouncement()) {
			long readyDue = readyDue();
			due = (readyDue - due < 0) ? readyDue : due;
		}
		return due;
	}

	/**
	 * If the current execution has taken too long, claim it: it has failed from here on,
	 * whatever the body still does. Called by the group's thread, which then interrupts.
	 * @return null if it has not or somebody else was faster
	 */
	@Nullable Overdue claimOverdue(long now) {
		long executing = this.turn;
		if ((executing & EXECUTING) == 0 || now - dueAt(now) < 0) {
			return null;
		}
		boolean unready = expectsAnnouncement() && now - readyDue() >= 0;
		if (!unready && !isTooLong(now)) {
			// It has just become ready
			return null;
		}
		long claimed = (executing & ~EXECUTING) | CLAIMED;
		if (!TURN.compareAndSet(this, executing, claimed)) {
			return null;
		}
		try {
			long number = executing >>> TURN_BITS;
			String what = (unready) ? unready()
					: " took longer than its timeout of " + Duration.ofNanos(this.member.settings.timeout);
			Throwable failure = new TimeoutException("Member '" + name() + "': execution " + number + what);
			StopReason reason = new StopReason(StopReason.Kind.EXECUTION_TIMED_OUT, name(), failure);
			Decision decision = this.member.settings.decide(new Outcome.Failed(failure), isLastAttempt(now));
			Overdue overdue = new Overdue(this, number, reason, decision.stop);
			this.turnStop = reason;
			if (this.member.interrupter != null) {
				this.turnInterrupterRuns = true;
			}
			return overdue;
		}
		finally {
			this.turn = executing;
		}
	}

	private boolean isTooLong(long now) {
		return this.member.settings.timeout > 0 && now - timeoutDue() >= 0;
	}

	private long timeoutDue() {
		return Durations.after(this.turnStartedAt, this.member.settings.timeout);
	}

	/**
	 * Whether there will be no restart if this execution fails now.
	 */
	private boolean isLastAttempt(long now) {
		FailureHistory history = this.history;
		return ((history != null) ? history : new FailureHistory(this.member.settings)).isSpentByOneMore(now,
				now - this.turnStartedAt);
	}

	void turnInterrupterEnded() {
		this.turnInterrupterRuns = false;
		this.group.time.unpark(this.thread);
	}

	void wakeSleepers() {
		this.group.time.unpark(this.thread);
		wake();
	}

	/**
	 * Whether an execution is going on.
	 */
	boolean isExecuting(long number) {
		long turn = this.turn;
		return turn >>> TURN_BITS == number && (turn & (EXECUTING | CLAIMED)) != 0;
	}

	boolean isTurnStopped() {
		return this.turnStop != null;
	}

	/**
	 * Whether this execution, which was interrupted alone, keeps the member from going
	 * on: its body has not returned, or its interrupter has not. Not of a member that is
	 * to end anyway.
	 */
	boolean isHungIn(long number) {
		return this.stop == null
				&& (isExecuting(number) || (this.turnInterrupterRuns && this.turn >>> TURN_BITS == number));
	}

	/**
	 * Whether the next stage need not wait for this member.
	 */
	boolean isUp() {
		boolean up = (this.member.settings.readyTimeout > 0) ? isReady() : this.begun;
		return up || this.held || this.endHeard;
	}

	@Nullable Stop stop() {
		return this.stop;
	}

	MemberState state() {
		return this.state;
	}

	/**
	 * Where the thread that keeps this member from being over is.
	 */
	List<StackTraceElement> stack() {
		Thread thread = (this.ended) ? this.interrupterThread : this.thread;
		if (this.turnInterrupterRuns) {
			thread = this.interrupterThread;
		}
		return (thread != null) ? List.of(thread.getStackTrace()) : List.of();
	}

	/**
	 * @param clockOffset what to add to our times for nanoseconds since the epoch
	 */
	MemberSnapshot snapshot(long clockOffset) {
		MemberState state = this.state;
		long since = this.stateSince;
		if (!state.isEnded() && state != MemberState.NEW && isStopping()) {
			Stop stop = this.stop;
			state = MemberState.STOPPING;
			since = (stop != null) ? stop.at() : since;
		}
		FailureHistory history = this.history;
		int inARow = (history != null) ? history.inARow() : 0;
		boolean backsOff = state == MemberState.WAITING && inARow > 0;
		boolean up = isReady() || (this.member.settings.readyTimeout == 0 && this.begun && !backsOff);
		// In the opposite order of their changes: never more failures than executions,
		// and none without the last
		long restarts = (history != null) ? history.restarts() : 0;
		long failures = (history != null) ? history.failures() : 0;
		Throwable lastFailure = (history != null) ? history.last() : null;
		long executions = this.executions;
		return new MemberSnapshot(name(), state, up && !state.isEnded(), executions, failures, restarts, inARow,
				lastFailure, (history != null && lastFailure != null) ? instant(history.lastAt(), clockOffset) : null,
				(state != MemberState.NEW) ? instant(since, clockOffset) : null,
				(state == MemberState.WAITING) ? instant(this.nextExecutionAt, clockOffset) : null,
				(executions > 0) ? instant(this.lastProgressAt, clockOffset) : null);
	}

	private static Instant instant(long nanos, long clockOffset) {
		return Instant.EPOCH.plusNanos(nanos + clockOffset);
	}

	private boolean expectsAnnouncement() {
		return this.member.settings.readyTimeout > 0 && this.announcing < this.readySince;
	}

	/**
	 * An execution that returns without an announcement does not give more time for it.
	 */
	private long readyDue() {
		return Durations.after(this.unreadySince, this.member.settings.readyTimeout);
	}

	private boolean isReady() {
		return this.announced >= this.readySince;
	}

	/**
	 * Whether another thread than the member's own tells the listeners that this
	 * execution is ready: they hear of its end after that.
	 */
	private boolean isAnnouncing(long number) {
		return this.announcing == number && this.announced != number;
	}

	// ---- For the body

	String name() {
		return this.member.name;
	}

	/**
	 * What code that belongs to this member can know of it, on whatever thread: the
	 * current execution, or else the last one.
	 */
	MemberContext context() {
		if (isCurrent()) {
			return ownContext();
		}
		Execution execution = this.execution;
		long number = this.executions;
		return (execution != null && execution.number() == number) ? execution
				: new Execution(this, number, failuresInARow(), lastFailure());
	}

	/**
	 * The same for the member's own thread. Made when somebody wants it.
	 */
	private Execution ownContext() {
		Execution execution = this.execution;
		if (execution == null || execution.number() != this.executions) {
			execution = new Execution(this, this.executions, failuresInARow(), lastFailure());
			EXECUTION.setRelease(this, execution);
		}
		return execution;
	}

	private FailureHistory history() {
		FailureHistory history = this.history;
		if (history == null) {
			history = new FailureHistory(this.member.settings);
			this.history = history;
		}
		return history;
	}

	private int failuresInARow() {
		FailureHistory history = this.history;
		return (history != null) ? history.inARow() : 0;
	}

	private @Nullable Throwable lastFailure() {
		FailureHistory history = this.history;
		return (history != null) ? history.last() : null;
	}

	boolean isStopping() {
		return this.stop != null || this.turnStop != null;
	}

	/**
	 * Whether what is called now is not to wait any more. A handler of an execution that
	 * took too long may.
	 */
	boolean isWaitOver() {
		return this.stop != null || (this.turnStop != null && (this.turn & (EXECUTING | CLAIMED)) != 0);
	}

	@Nullable StopReason stopReason() {
		Stop stop = this.stop;
		return (stop != null) ? stop.reason() : this.turnStop;
	}

	/**
	 * Whether the calling thread is the member's own.
	 */
	boolean isCurrent() {
		return Thread.currentThread() == this.thread;
	}

	/**
	 * Sleep on the member's own thread.
	 * @return false if a stop cut it short
	 */
	boolean sleep(long nanos, BooleanSupplier stopped) throws InterruptedException {
		this.pausing = true;
		try {
			return park(nanos, stopped);
		}
		finally {
			this.pausing = false;
		}
	}

	/**
	 * Sleep on any thread that is unparked by a stop.
	 * @return false if a stop cut it short
	 */
	boolean park(long nanos, BooleanSupplier stopped) throws InterruptedException {
		long until = Durations.after(this.group.time.nanoTime(), nanos);
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
			long left = until - this.group.time.nanoTime();
			if (left <= 0) {
				return true;
			}
			this.group.time.park(this, left);
		}
	}

	/**
	 * Say, once between two failures, that the member is ready.
	 * @param number of the execution that says so; ignored if that is over
	 */
	void announce(long number) {
		long before;
		do {
			before = this.announcing;
			while (before >= this.readySince && before != number && this.announced < before) {
				// Somebody of an execution that is over is about to notice that
				Thread.yield();
				before = this.announcing;
			}
			if (before >= this.readySince || number < this.readySince) {
				return;
			}
		}
		while (!ANNOUNCING.compareAndSet(this, before, number));
		// Either its end sees from here on that somebody is at it, or we see its end
		if (!isExecuting(number)) {
			this.announcing = before;
			this.group.time.unpark(this.thread);
			return;
		}
		try {
			tellReady();
		}
		finally {
			this.announced = number;
			this.group.time.unpark(this.thread);
			this.group.signal();
		}
	}

	/**
	 * Perhaps on a thread of the body's own: what it calls is inside the group, too.
	 */
	private void tellReady() {
		MemberThread before = Current.set(this);
		try {
			this.group.listeners.memberReady(name());
		}
		finally {
			Current.set(before);
		}
	}

	void heartbeat() {
		progress(this.group.time.nanoTime());
	}

	@Override
	public String toString() {
		return this.member.toString();
	}

	/**
	 * That a start is to end: why, and when it was asked to, in nanoseconds.
	 */
	record Stop(StopReason reason, long at) {

	}

	/**
	 * An execution that takes too long.
	 *
	 * @param ending why the group ends because of it, null if it does not
	 */
	record Overdue(MemberThread member, long turn, StopReason reason, StopReason.@Nullable Kind ending) {

	}

}
