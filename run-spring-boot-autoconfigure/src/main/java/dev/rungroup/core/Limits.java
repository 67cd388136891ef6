package dev.rungroup.core;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import org.jspecify.annotations.Nullable;

/**
 * Looks after the limits of one start: its timeout, the time until it is ready, the time
 * without progress. One deadline each, which looks when it is due at what is going on
 * then, and is set anew: executions tell nobody that they begin. Used by the supervisor's
 * thread alone.
 */
final class Limits {

	/** How often a stall limit is looked at until it is reached. */
	private static final int LOOKS_PER_STALL = 10;

	private static final long MIN_LOOK = TimeUnit.MILLISECONDS.toNanos(5);

	private final Interrupters interrupters;

	private final MemberThread start;

	private final MemberSettings settings;

	// Of the stall limit

	private final long look;

	private long lastLook;

	/** Time without progress; a time in which the whole JVM stood still is left out. */
	private long silence;

	/** The progress after which the last stall was told. */
	private long toldAt;

	private boolean told;

	private Limits(Interrupters interrupters, MemberThread start, long now) {
		this.interrupters = interrupters;
		this.start = start;
		this.settings = start.settings();
		this.look = Math.max(this.settings.stallAfter / LOOKS_PER_STALL, Math.min(MIN_LOOK, this.settings.stallAfter));
		this.lastLook = now;
	}

	static void set(Interrupters interrupters, MemberThread start, Agenda agenda, long now) {
		Limits limits = new Limits(interrupters, start, now);
		if (limits.settings.timeout > 0) {
			agenda.add(now, limits::timeoutReached);
		}
		if (limits.settings.readyTimeout > 0) {
			agenda.add(now, limits::readyTimeoutReached);
		}
		if (limits.settings.stallAfter > 0) {
			agenda.add(Durations.after(now, limits.look), limits::lookForStall);
		}
	}

	private long timeoutReached(long now) {
		boolean finishing = this.start.stop() != null;
		if (this.start.isEnded() || (finishing && !mayFinish())) {
			return Agenda.DONE;
		}
		long number = this.start.current();
		if (this.start.executionStop != null || !this.start.isExecuting(number)) {
			return untilExecution(now) + this.settings.timeout;
		}
		long left = Durations.after(this.start.startedAt, this.settings.timeout) - now;
		if (left > 0) {
			return left;
		}
		if (finishing) {
			this.start.interruptBody(number);
			return Agenda.DONE;
		}
		timeOut(number, now, new TimeoutException(this.start.describe(number) + " took longer than its timeout of "
				+ Duration.ofNanos(this.settings.timeout)));
		return this.settings.timeout;
	}

	/**
	 * Whether a stop leaves it to the body when to end.
	 */
	private boolean mayFinish() {
		return this.start.slot.member.interrupter == null && this.settings.onStop == OnStop.FINISH;
	}

	private long readyTimeoutReached(long now) {
		Readiness readiness = this.start.readiness();
		if (this.start.isEnded() || this.start.stop() != null || readiness == null) {
			return Agenda.DONE;
		}
		if (!readiness.isExpected() || this.start.executionStop != null) {
			// What is expected later has its whole time from then on
			return untilExecution(now) + this.settings.readyTimeout;
		}
		long number = this.start.current();
		if (!this.start.isExecuting(number)) {
			boolean waits = this.start.state == MemberState.STANDBY || this.start.restartsTogether;
			return untilExecution(now)
					+ ((waits) ? this.settings.readyTimeout : Math.min(MIN_LOOK, this.settings.readyTimeout));
		}
		long left = readiness.left(now);
		if (left > 0) {
			return left;
		}
		timeOut(number, now, readiness.failure(this.start, number));
		return this.settings.readyTimeout;
	}

	/**
	 * How long no execution can begin, in nanoseconds.
	 */
	private long untilExecution(long now) {
		return (this.start.state == MemberState.WAITING) ? Math.max(0, this.start.nextExecutionAt - now) : 0;
	}

	/**
	 * The execution has failed from here on, whatever the body still does; it is
	 * interrupted alone.
	 */
	private void timeOut(long number, long now, TimeoutException failure) {
		StopReason reason = new StopReason(StopReason.Kind.EXECUTION_TIMED_OUT, this.start.name(), failure);
		if (!this.start.claim(number)) {
			return;
		}
		StopReason.Kind ending;
		try {
			// While it cannot go on: its thread writes the history
			boolean exhausted = this.start.slot.historyOfFailures().isExhaustedBy(now, now - this.start.startedAt);
			ending = Decision.after(failure, this.settings, exhausted).stop;
			this.start.executionStop = reason;
			this.start.interrupterRuns = this.start.slot.member.interrupter != null;
		}
		finally {
			this.start.release(number);
		}
		this.interrupters.interruptExecution(this.start, number, reason, ending);
		this.start.group().time.giveWay();
	}

	private long lookForStall(long now) {
		if (this.start.isEnded() || this.start.stop() != null) {
			return Agenda.DONE;
		}
		long elapsed = now - this.lastLook;
		this.lastLook = now;
		long number = this.start.current();
		if (this.start.executionStop != null || !this.start.isExecuting(number)) {
			this.silence = 0;
			return untilExecution(now) + this.look;
		}
		long progressAt = this.start.lastProgressAt;
		// A little late is a busy machine; more is a machine or a JVM that stood still
		long counted = (elapsed > 2 * this.look) ? this.look : elapsed;
		this.silence = Math.min(Math.max(0, now - progressAt), this.silence + counted);
		if (this.silence < this.settings.stallAfter) {
			return Math.min(this.look, this.settings.stallAfter - this.silence);
		}
		if (!this.told || this.toldAt != progressAt) {
			this.told = true;
			this.toldAt = progressAt;
			stalled(number, progressAt, now - progressAt);
		}
		return this.look;
	}

	/**
	 * Not on the supervisor's thread: listeners may block, or end the whole application.
	 */
	private void stalled(long number, long progressAt, long silence) {
		this.interrupters.aside(this.start, "-stall", () -> {
			Group group = this.start.group();
			group.listeners.memberStalled(this.start.name(), Duration.ofNanos(silence));
			if (this.settings.onStall != OnStall.REPORT) {
				StopReason reason = new StopReason(StopReason.Kind.STALLED, this.start.name(),
						failure(this.start.name(), silence));
				group.roster.locked(() -> stopStalled(group.roster, number, progressAt, reason));
			}
		});
		this.start.group().time.giveWay();
	}

	/**
	 * Do something about a member that makes no progress, unless it has gone on. Under
	 * the roster's lock.
	 * @param number the execution in which it was found
	 * @param progressAt its last progress then
	 * @return whether it is stopped now
	 */
	private boolean stopStalled(Roster roster, long number, long progressAt, StopReason reason) {
		MemberThread start = this.start;
		if (roster.state() != GroupState.RUNNING || start.isStopping() || !start.claim(number)) {
			return false;
		}
		// Claimed, the execution cannot end before its stop is known
		try {
			boolean stalled = start.lastProgressAt == progressAt;
			if (stalled && this.settings.onStall == OnStall.RESTART) {
				roster.stopAlone(start.slot, start, new ExecutionGate.Stop(reason, roster.group.time.nanoTime()));
				start.slot.startAgain = true;
			}
			else if (stalled) {
				roster.beginStop(reason, reason.cause());
			}
			return stalled;
		}
		finally {
			start.release(number);
		}
	}

	/**
	 * What interrupters and exit codes get to see. Its own stack would show the
	 * supervisor.
	 */
	private static TimeoutException failure(String member, long silence) {
		TimeoutException failure = new TimeoutException(
				"Member '" + member + "' made no progress for " + TimeUnit.NANOSECONDS.toMillis(silence) + " ms");
		failure.setStackTrace(new StackTraceElement[0]);
		return failure;
	}

}
