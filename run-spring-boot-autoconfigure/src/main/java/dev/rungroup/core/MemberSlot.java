package dev.rungroup.core;

import java.time.Instant;
import java.util.List;
import java.util.function.Predicate;

import org.jspecify.annotations.Nullable;

/**
 * A member's place in its group: what outlives its starts. Written by the {@link Roster},
 * under its lock, but for the history, which the thread of the current start writes.
 */
final class MemberSlot {

	final Group group;

	final Member member;

	final Stages.Stage stage;

	/** Null if the member does not need it. */
	final @Nullable MemberLeadership leadership;

	/** The current start, or else the last; null before the first. */
	private volatile @Nullable MemberThread start;

	private volatile @Nullable FailureHistory history;

	/** If this member is a group: the one that was made last. Written by its thread. */
	private volatile @Nullable Group inner;

	/** How many members were added before. Written by who adds it. */
	int order;

	/** When {@code stopMember} came before the member was ever started. */
	private volatile long heldAt;

	/** Whether that was so: then the member is not started with its stage. */
	volatile boolean held;

	/** Whether the start has had its interrupt, or is having it. */
	boolean interrupted;

	/** Whether to start again as soon as this start is over. */
	boolean startAgain;

	/**
	 * Whether the listeners have heard of the end: what waits for it comes after them.
	 */
	volatile boolean endHeard;

	/** Its part in a common restart, null while there is none. */
	CommonRestart.@Nullable Part part;

	/**
	 * The end of the grace period of the last start that was stopped alone. Used by the
	 * supervisor alone.
	 */
	Agenda.@Nullable Entry grace;

	/** What has not ended of the start: its thread, its interrupter. */
	int pending;

	MemberSlot(Group group, Member member, Stages.Stage stage) {
		this.group = group;
		this.member = member;
		this.stage = stage;
		this.leadership = (member.leadership != null) ? new MemberLeadership(this, member.leadership) : null;
	}

	String name() {
		return this.member.name;
	}

	@Nullable MemberThread start() {
		return this.start;
	}

	@Nullable Group group() {
		return this.inner;
	}

	void group(Group group) {
		this.inner = group;
	}

	/**
	 * Begin anew, when nothing of an earlier start is left.
	 */
	MemberThread startAnew(long now) {
		FailureHistory history = this.history;
		if (history != null) {
			history.startAnew();
		}
		return nextStart(now);
	}

	/**
	 * Begin again along with others: what is known of failures stays.
	 * @param afterFailure whether one of its own has led to it
	 */
	MemberThread startAlong(long now, boolean afterFailure) {
		MemberThread last = this.start;
		MemberThread next = nextStart(now);
		next.beginAlong(now, afterFailure);
		next.unready |= last != null && last.unready && (afterFailure || this.member.settings.isLoop());
		return next;
	}

	private MemberThread nextStart(long now) {
		MemberThread last = this.start;
		this.interrupted = false;
		this.startAgain = false;
		this.endHeard = false;
		MemberThread next = (last != null) ? new MemberThread(this, now, last.executions, last.lastProgressAt)
				: new MemberThread(this, now, 0, 0);
		this.start = next;
		return next;
	}

	/**
	 * Whether its interrupter is still to be called because its stage stops. Under the
	 * roster's lock.
	 */
	boolean isToBeInterrupted() {
		return this.member.interrupter != null && !this.interrupted && this.stage.stop != null && !this.stage.swept;
	}

	void endLeadershipIfOver() {
		if (this.leadership != null) {
			this.leadership.endIfOver();
		}
	}

	void hold(boolean held, long now) {
		this.heldAt = now;
		this.held = held;
	}

	@Nullable FailureHistory history() {
		return this.history;
	}

	/**
	 * The same for who has a failure to note.
	 */
	FailureHistory historyOfFailures() {
		FailureHistory history = this.history;
		if (history == null) {
			history = new FailureHistory(this.member.settings);
			this.history = history;
		}
		return history;
	}

	int consecutiveFailures() {
		FailureHistory history = this.history;
		return (history != null) ? history.consecutive() : 0;
	}

	@Nullable Throwable lastFailure() {
		FailureHistory history = this.history;
		return (history != null) ? history.last() : null;
	}

	/**
	 * Whether the next stage need not wait for this member.
	 */
	boolean isUp() {
		MemberThread start = this.start;
		return this.held
				|| ((this.endHeard || (start != null && start.isUp())) && (this.part == null || this.part.isStarted()));
	}

	/**
	 * Where the thread that keeps this member from being over is.
	 */
	List<StackTraceElement> stack() {
		MemberThread start = this.start;
		Thread thread = (start != null) ? start.busyThread() : null;
		return (thread != null) ? List.of(thread.getStackTrace()) : List.of();
	}

	/**
	 * @param clockOffset what to add to our times for nanoseconds since the epoch
	 */
	MemberSnapshot snapshot(long clockOffset) {
		MemberThread start = this.start;
		if (start == null) {
			boolean held = this.held;
			return new MemberSnapshot(name(), (held) ? MemberState.STOPPED : MemberState.NEW, false, 0, 0, 0, 0, null,
					null, (held) ? instant(this.heldAt, clockOffset) : null, null, null);
		}
		MemberState state = start.state;
		long since = start.stateSince;
		MemberThread.Stop stop = start.stop();
		if (!state.isEnded() && (stop != null || start.executionStop != null)) {
			state = MemberState.STOPPING;
			since = (stop != null) ? stop.at() : since;
		}
		boolean restarts = this.part != null && !this.part.isStarted() && state.isEnded();
		if (restarts) {
			state = MemberState.WAITING;
		}
		// In the opposite order of their changes: never more failures than executions,
		// and none without the last
		FailureHistory history = this.history;
		int consecutive = (history != null) ? history.consecutive() : 0;
		boolean backsOff = state == MemberState.WAITING && consecutive > 0;
		boolean ready = start.isReady() && !backsOff && !state.isEnded() && !restarts;
		long restarted = (history != null) ? history.restarts() : 0;
		long failures = (history != null) ? history.failures() : 0;
		// one that is not counted yet is not shown
		Throwable lastFailure = (history != null && failures > 0) ? history.last() : null;
		long executions = start.executions;
		return new MemberSnapshot(name(), state, ready, executions, failures, restarted, consecutive, lastFailure,
				(history != null && lastFailure != null) ? instant(history.lastAt(), clockOffset) : null,
				instant(since, clockOffset),
				(state == MemberState.WAITING)
						? instant((restarts) ? CommonRestart.due(this, since) : start.nextExecutionAt, clockOffset)
						: null,
				(executions > 0) ? instant(start.lastProgressAt, clockOffset) : null);
	}

	private static Instant instant(long nanos, long clockOffset) {
		return Instant.EPOCH.plusNanos(nanos + clockOffset);
	}

	/**
	 * Under the roster's lock.
	 */
	void addRestTo(List<Rest> rests) {
		MemberThread start = this.start;
		if (start != null && this.pending > 0) {
			rests.add(new Rest(start, this.pending > ((this.endHeard) ? 0 : 1)));
		}
	}

	@Override
	public String toString() {
		return this.member.toString();
	}

	/**
	 * What had not ended of a start.
	 *
	 * @param start the start
	 * @param interrupter whether its interrupter had not
	 */
	record Rest(MemberThread start, boolean interrupter) {

		/**
		 * Whether it waits for the end of its group. A body does if its interrupter does.
		 */
		boolean isLeftTo(Predicate<Thread> waiting) {
			if (this.interrupter) {
				Thread thread = this.start.interrupterThread;
				return thread != null && (thread == Thread.currentThread() || waiting.test(thread));
			}
			Group inner = this.start.slot.group();
			if (inner != null && inner.roster.state() != GroupState.STOPPED) {
				return inner.isLeftTo(waiting);
			}
			Thread thread = this.start.thread;
			return CurrentMember.isInside(this.start) || (thread != null && waiting.test(thread));
		}

	}

}
