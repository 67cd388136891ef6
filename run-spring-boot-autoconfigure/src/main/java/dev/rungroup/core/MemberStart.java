package dev.rungroup.core;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

import org.jspecify.annotations.Nullable;

/**
 * How far one start of a member has come, as others see it. Written by the member's
 * thread, but for what names another.
 */
abstract class MemberStart extends ExecutionGate {

	private static final VarHandle EXECUTIONS;

	private static final VarHandle LAST_PROGRESS_AT;

	static {
		try {
			EXECUTIONS = MethodHandles.lookup().findVarHandle(MemberStart.class, "executions", long.class);
			LAST_PROGRESS_AT = MethodHandles.lookup().findVarHandle(MemberStart.class, "lastProgressAt", long.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	/** The last one is written by the roster. */
	volatile MemberState state = MemberState.WAITING;

	/** Published by {@link #state}. */
	long stateSince;

	/** When the pause ends; published by {@link #state} as WAITING. */
	long nextExecutionAt;

	/** When the execution began: the first, and every one of a limited member. */
	volatile long startedAt;

	/** A heartbeat may come on a helper thread. */
	volatile long lastProgressAt;

	/** Of all starts. */
	volatile long executions;

	/** Whether the thread pauses and has to be woken. */
	volatile boolean pausing;

	/**
	 * Whether it has failed and waits for others that are restarted along. Written under
	 * the roster's lock.
	 */
	volatile boolean restartsTogether;

	/** Whether the first execution, or the pause before it, has begun. */
	private volatile boolean begun;

	/**
	 * Whether it is not ready: it was expected to say so and has not, or it failed and
	 * has not shown that it works again. Cleared by a helper thread that says so, too.
	 */
	volatile boolean unready;

	/** Made under the roster's lock when it is needed first. */
	private volatile @Nullable Readiness readiness;

	/** The last execution that anybody wanted to see; null before the first. */
	volatile @Nullable Execution execution;

	/**
	 * @param executions of earlier starts
	 * @param lastProgressAt of the last of them
	 */
	MemberStart(MemberSlot slot, long now, long executions, long lastProgressAt) {
		super(slot);
		this.executions = executions;
		this.lastProgressAt = lastProgressAt;
		this.stateSince = now;
		this.nextExecutionAt = Durations.after(now, settings().initialDelay);
		if (saysWhenReady()) {
			this.unready = true;
			this.readiness = new Readiness(settings());
		}
	}

	// ---- Written by the member's thread

	final void begun() {
		if (!this.begun) {
			this.begun = true;
			group().supervisor.memberBegun();
		}
	}

	/**
	 * It does not lead: what waits for it need not, even if it had begun and was not
	 * ready.
	 */
	final void standsBy(long now) {
		enter(MemberState.STANDBY, now);
		this.begun = true;
		group().supervisor.memberBegun();
	}

	/**
	 * It is restarted along with others: from here on it is up when it executes again.
	 */
	final void toBeginAgain() {
		this.begun = false;
	}

	/**
	 * The last state is entered under the roster's lock.
	 */
	final void enter(MemberState state, long now) {
		if (this.state != state) {
			this.stateSince = now;
			this.state = state;
		}
	}

	final void count(long executions) {
		EXECUTIONS.setRelease(this, executions);
	}

	/**
	 * Progress was made. Never moves back: a heartbeat may be later than what the clock
	 * of brief executions says.
	 */
	final void progress(long now) {
		if (now - this.lastProgressAt > 0 || this.executions == 0) {
			LAST_PROGRESS_AT.setRelease(this, now);
		}
	}

	/**
	 * An execution failed: it is not ready until it has shown that it works again.
	 * @return whether that was one failure more than the restart limit allows
	 */
	final boolean noteFailure(Throwable failure, long now, long took) {
		FailureHistory history = this.slot.historyOfFailures();
		boolean exhausted = history.isExhaustedBy(now, took);
		history.failed(failure, now, took);
		this.unready = true;
		takeBackReady();
		return exhausted;
	}

	final void noteReturn() {
		FailureHistory history = this.slot.history();
		if (history != null && history.consecutive() > 0) {
			history.returned();
		}
		if (this.unready && settings().readyTimeout == 0) {
			this.unready = false;
		}
	}

	/**
	 * What was is forgotten, as at a new start.
	 */
	final void startAnew() {
		FailureHistory history = this.slot.history();
		if (history != null) {
			history.startAnew();
		}
		this.unready = saysWhenReady();
		takeBackReady();
	}

	private void takeBackReady() {
		Readiness readiness = this.readiness;
		if (readiness != null) {
			readiness.takeBack();
		}
	}

	// ---- Any thread

	final boolean isEnded() {
		return this.state.isEnded();
	}

	/**
	 * Whether the next stage need not wait for this member.
	 */
	final boolean isUp() {
		return (saysWhenReady() && this.state != MemberState.STANDBY) ? !this.unready : this.begun;
	}

	/**
	 * Whether it is up when it says so. A group does when its stages are up.
	 */
	final boolean saysWhenReady() {
		return settings().readyTimeout > 0 || this.slot.member.inner != null;
	}

	final boolean isReady() {
		return this.begun && (!this.unready || this.state == MemberState.STANDBY);
	}

	@Override
	final @Nullable Readiness readiness() {
		return this.readiness;
	}

	/**
	 * The same, made if there is none. Under the roster's lock.
	 */
	final Readiness makeReadiness() {
		Readiness readiness = this.readiness;
		if (readiness == null) {
			readiness = new Readiness(settings());
			this.readiness = readiness;
		}
		return readiness;
	}

	/**
	 * Whether leadership is lost, of this member or of one around its group, as the clock
	 * says.
	 */
	final @Nullable StopReason leadershipLost() {
		MemberLeadership leadership = this.slot.leadership;
		if (leadership != null && leadership.isLost()) {
			return leadership.lost();
		}
		MemberThread outer = group().supervisor.outer();
		return (outer != null && outer.isExecuting(outer.current())) ? outer.leadershipLost() : null;
	}

	/**
	 * Wake who sleeps, after a stop.
	 */
	final void wake() {
		if (this.pausing) {
			unparkThread();
		}
		Execution execution = this.execution;
		if (execution != null) {
			execution.wake();
		}
	}

	/**
	 * The thread that keeps this start from being over.
	 */
	final @Nullable Thread busyThread() {
		return (this.slot.endHeard || this.interrupterRuns) ? this.interrupterThread : this.thread;
	}

	final String describe(long number) {
		return "Member '" + name() + "': execution " + number;
	}

	final Group group() {
		return this.slot.group;
	}

	final MemberSettings settings() {
		return this.slot.member.settings;
	}

	final String name() {
		return this.slot.member.name;
	}

	@Override
	public String toString() {
		return this.slot.toString();
	}

}
