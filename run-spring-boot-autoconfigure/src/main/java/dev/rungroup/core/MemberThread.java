package dev.rungroup.core;

import java.time.Duration;
import java.util.concurrent.TimeoutException;

import org.jspecify.annotations.Nullable;

/**
 * The thread that executes a member, again and again as its settings say, from one start
 * to its end. Only this thread uses the fields here.
 */
final class MemberThread extends MemberStart implements Runnable {

	private static final Outcome COMPLETED = new Outcome.Completed();

	/**
	 * How long to wait, again and again, for the stop of a group that must not execute
	 * any more; the stop wakes.
	 */
	private static final long OUTER_STOP = 1_000_000_000;

	private static final Outcome INTERRUPTED = new Outcome.Interrupted();

	/** Since the end of the first execution: most members have only that. */
	private @Nullable ExecutionClock clock;

	/** Whether the last failure was one more than the restart limit allows. */
	private boolean exhausted;

	/** Whether a stop came before the end of the last execution. */
	private boolean stoppedBefore;

	/** Whether the next execution follows a failure. */
	private boolean restarting;

	/** Whether the next execution is the first one, or the first as the leader. */
	private boolean first = true;

	/** Whether it begins along with others: then its initial delay is behind it. */
	private boolean along;

	/** What the last execution threw, until all that follows from it is done. */
	private @Nullable Throwable lastThrown;

	// How the thread was at its beginning: so each execution finds it

	private byte priority;

	private @Nullable ClassLoader classLoader;

	/**
	 * @param executions of earlier starts
	 * @param lastProgressAt of the last of them
	 */
	MemberThread(MemberSlot slot, long now, long executions, long lastProgressAt) {
		super(slot, now, executions, lastProgressAt);
	}

	/**
	 * It is to begin along with others. Called before it has a thread.
	 * @param afterFailure whether it failed itself
	 */
	void beginAlong(long now, boolean afterFailure) {
		this.along = true;
		this.restarting = afterFailure;
		this.nextExecutionAt = now;
	}

	@Override
	public void run() {
		MemberThread before = CurrentMember.set(this);
		try {
			MemberState end;
			try {
				Thread thread = Thread.currentThread();
				this.priority = (byte) thread.getPriority();
				this.classLoader = thread.getContextClassLoader();
				group().listeners.memberStarted(name());
				end = nextExecution((this.along) ? 0 : settings().initialDelay);
				while (end == null) {
					Throwable thrown = null;
					// Here and not in a method of its own, which would be one more frame
					// on the stack of each idle member and in the traces of its failures
					try {
						if (this.slot.member.task != null) {
							this.slot.member.task.run();
						}
						else if (this.slot.member.body != null) {
							this.slot.member.body.run(Execution.ofOwnThread(this));
						}
					}
					catch (Throwable ex) {
						thrown = ex;
						this.lastThrown = ex;
					}
					end = afterExecution(thrown);
				}
			}
			catch (Throwable ex) {
				end = failOutside(ex);
			}
			end(end);
		}
		catch (Throwable ex) {
			group().supervisor.lost(ex);
		}
		finally {
			CurrentMember.set(before);
		}
	}

	/**
	 * Something went wrong outside of the body, where no code but ours runs unguarded:
	 * the group must know that this thread ends. What the body threw before comes first.
	 */
	private MemberState failOutside(Throwable outside) {
		long number = current();
		if (isExecuting(number)) {
			close(number);
		}
		Throwable failure = (this.lastThrown != null) ? this.lastThrown : outside;
		this.lastThrown = failure;
		group().roster.requestStop(new StopReason(StopReason.Kind.MEMBER_FAILED, name(), failure), failure);
		if (this.slot.lastFailure() != failure) {
			this.slot.historyOfFailures().failedOutside(failure, group().time.nanoTime());
		}
		if (failure != outside) {
			group().roster.suppress(failure, outside);
		}
		return MemberState.FAILED;
	}

	/**
	 * Wait, and begin an execution.
	 * @return the member's last state, null if its body is to be called
	 */
	private @Nullable MemberState nextExecution(long pause) {
		MemberLeadership leadership = this.slot.leadership;
		long nanos = pause;
		do {
			if (leadership != null && leadership.isLost()) {
				awaitLeadership(leadership);
				nanos = settings().initialDelay;
			}
			if (pause(nanos) && beginExecution()) {
				return null;
			}
			// Or the stop of a group inside a member that lost leadership is on its way
			nanos = OUTER_STOP;
		}
		while (stop() == null);
		return MemberState.STOPPED;
	}

	/**
	 * Wait until this member leads, or is stopped. What follows is as after a start.
	 */
	private void awaitLeadership(MemberLeadership leadership) {
		this.exhausted = false;
		this.restarting = false;
		this.first = true;
		startAnew();
		if (this.clock != null) {
			this.clock.reset();
		}
		CommonRestart.standsBy(this);
		Time time = group().time;
		this.pausing = true;
		try {
			while (stop() == null && !leadership.lead()) {
				standsBy(time.nanoTime());
				time.park(this, Long.MAX_VALUE);
				Thread.interrupted();
			}
		}
		finally {
			this.pausing = false;
		}
	}

	/**
	 * Do what the settings or a stop say.
	 * @param thrown what the body threw
	 * @return the member's last state, null if its body is to be called again
	 */
	private @Nullable MemberState afterExecution(@Nullable Throwable thrown) {
		Outcome outcome = endExecution(thrown);
		if (outcome instanceof Outcome.Interrupted) {
			if (thrown != null && Interrupters.isInterrupt(thrown)) {
				this.lastThrown = null;
			}
			else if (thrown != null) {
				group().listeners.failed(this.slot.member, thrown);
			}
			MemberLeadership leadership = this.slot.leadership;
			if (this.stoppedBefore || leadership == null) {
				return MemberState.STOPPED;
			}
			leadership.termEnded();
			this.executionStop = null;
			this.lastThrown = null;
			return nextExecution(0);
		}
		Throwable failure = (outcome instanceof Outcome.Failed failed) ? failed.failure() : null;
		if (failure != null) {
			this.lastThrown = failure;
		}
		if (failure != null && this.stoppedBefore) {
			// It had taken too long before it was asked to end
			group().listeners.failed(this.slot.member, failure);
			return MemberState.STOPPED;
		}
		Decision decision = Decision.after(failure, settings(), this.exhausted);
		if (decision.stop != null) {
			group().roster.requestStop(new StopReason(decision.stop, name(), failure), failure);
			group().supervisor.awaitEndingTold();
		}
		else if (failure != null && decision == Decision.RESTART) {
			CommonRestart.failed(this, failure);
		}
		if (failure != null) {
			group().listeners.failed(this.slot.member, failure);
		}
		if (decision.end != null) {
			return decision.end;
		}
		long pause = (decision == Decision.RESTART) ? prepareRestart() : settings().delay;
		if (this.executionStop != null) {
			this.executionStop = null;
		}
		if (failure != null) {
			this.lastThrown = null;
		}
		return nextExecution(pause);
	}

	private long prepareRestart() {
		long pause = settings().backoff.nanosFor(this.slot.consecutiveFailures(), group().time);
		this.restarting = true;
		if (stop() == null || this.restartsTogether) {
			group().listeners.restartScheduled(name(), Duration.ofNanos(pause));
		}
		return pause;
	}

	/**
	 * Wait before an execution.
	 * @return whether to execute: false after a stop
	 */
	private boolean pause(long nanos) {
		if (nanos == 0 && !this.restartsTogether) {
			return stop() == null;
		}
		if (this.clock != null) {
			this.clock.reset();
		}
		Time time = group().time;
		long now = time.nanoTime();
		long until = Durations.after(now, nanos);
		this.nextExecutionAt = until;
		enter(MemberState.WAITING, now);
		if (this.restartsTogether) {
			toBeginAgain();
			CommonRestart.pauses(this, until);
		}
		else {
			begun();
		}
		this.pausing = true;
		try {
			while (stop() == null && (this.slot.leadership == null || !this.slot.leadership.isLost())) {
				long left = (this.restartsTogether) ? Long.MAX_VALUE : until - time.nanoTime();
				if (left <= 0) {
					return true;
				}
				time.park(this, left);
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
	private boolean beginExecution() {
		if (this.restarting && stop() == null && leadershipLost() == null) {
			// Before the gate is open: an interrupt for the body must not hit a listener
			group().listeners.memberRestarted(name());
		}
		long number = this.executions + 1;
		ExecutionClock clock = this.clock;
		long now = (clock != null) ? clock.begin() : group().time.nanoTime();
		if (clock == null || settings().isLimited()) {
			this.startedAt = now;
		}
		if (this.unready) {
			Readiness readiness = readiness();
			if (readiness != null && (this.first || this.restarting)) {
				readiness.expect(now);
			}
		}
		Thread.interrupted();
		open(number);
		// Only now look for a stop: whoever asks for one sees this execution from here
		// on, and interrupts it
		if (stop() != null || leadershipLost() != null) {
			close(number);
			return false;
		}
		this.first = false;
		progress(now);
		count(number);
		enter(MemberState.RUNNING, now);
		if (this.restarting) {
			this.restarting = false;
			this.slot.historyOfFailures().restarted();
			if (!saysWhenReady() && !settings().isLoop()) {
				this.unready = false;
			}
		}
		begun();
		return true;
	}

	/**
	 * End an execution.
	 * @param thrown what the body threw
	 * @return how it ended
	 */
	private Outcome endExecution(@Nullable Throwable thrown) {
		ExecutionClock clock = this.clock;
		if (clock == null) {
			clock = new ExecutionClock(group(), settings(), this.startedAt);
			this.clock = clock;
		}
		if (thrown != null) {
			// While it still shows what was before this failure
			Execution.ofOwnThread(this);
			clock.reset();
		}
		long number = this.executions;
		close(number);
		renewThread();
		StopReason asked = stopReason();
		if (asked == null && this.slot.leadership != null && this.slot.leadership.isLost()) {
			asked = this.slot.leadership.lost();
		}
		Execution.end(this, asked);
		long now = clock.end();
		progress(now);
		// Before anybody hears of the outcome: a handler may answer a failure with a stop
		this.stoppedBefore = stop() != null;
		Outcome outcome = outcome(thrown, asked, now);
		if (outcome instanceof Outcome.Failed failed) {
			this.exhausted = noteFailure(failed.failure(), now, clock.took());
		}
		else if (outcome == COMPLETED) {
			noteReturn();
		}
		if (this.stoppedBefore) {
			group().supervisor.awaitEndingTold();
		}
		group().listeners.executionEnded(name(), outcome, clock.took());
		return outcome;
	}

	/**
	 * What the body did to its thread ends with the execution.
	 */
	private void renewThread() {
		Thread thread = Thread.currentThread();
		if (!thread.getName().equals(name())) {
			thread.setName(name());
		}
		if (thread.getPriority() != this.priority) {
			thread.setPriority(this.priority);
		}
		if (thread.getContextClassLoader() != this.classLoader) {
			thread.setContextClassLoader(this.classLoader);
		}
	}

	/**
	 * @param asked why the execution was to end
	 */
	private Outcome outcome(@Nullable Throwable thrown, @Nullable StopReason asked, long now) {
		StopReason timedOut = this.executionStop;
		if (timedOut != null && timedOut.cause() != null) {
			if (thrown != null && thrown != timedOut.cause() && !Interrupters.isInterrupt(thrown)) {
				group().roster.suppress(timedOut.cause(), thrown);
			}
			return new Outcome.Failed(timedOut.cause());
		}
		if (this.stoppedBefore || asked != null) {
			return (thrown != null) ? new Outcome.Interrupted(thrown) : INTERRUPTED;
		}
		if (thrown != null) {
			return new Outcome.Failed(thrown);
		}
		Readiness readiness = readiness();
		TimeoutException unready = (readiness != null) ? readiness.failureAfter(this, now) : null;
		return (unready != null) ? new Outcome.Failed(unready) : COMPLETED;
	}

	private void end(MemberState end) {
		ExecutionClock clock = this.clock;
		long now;
		if (clock == null) {
			now = group().time.nanoTime();
		}
		else {
			// If it did not pause, and nobody is told how long its stop took, the end of
			// its last execution is near enough
			boolean near = this.state == MemberState.RUNNING && group().listeners.isEmpty();
			now = (near) ? clock.lastEnd() : group().time.nanoTime();
			clock.reset();
		}
		group().supervisor.awaitEndingTold();
		group().launcher.ended(this, end, now, this.lastThrown);
	}

}
