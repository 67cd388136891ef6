package dev.rungroup.core;

import java.time.Duration;
import java.util.concurrent.TimeoutException;

import org.jspecify.annotations.Nullable;

/**
 * What one start of a member has said by {@link MemberContext#ready()} since its last
 * failure. Only members that are expected to say it, or do so all the same, have one.
 */
final class Readiness {

	private final MemberSettings settings;

	/**
	 * Whether it was said. Written under the roster's lock, and at a failure by the
	 * member's thread.
	 */
	private volatile boolean said;

	/** The execution of which the listeners hear it now; written by who tells them. */
	private volatile long telling;

	/**
	 * When the execution began from which on it is expected: the first, and the first
	 * after a failure. Written by the member's thread.
	 */
	private volatile long expectedSince;

	/** Whether it was said that nothing waits for it. Written under the roster's lock. */
	private boolean warned;

	private @Nullable String warning;

	Readiness(MemberSettings settings) {
		this.settings = settings;
	}

	/**
	 * A body says that its member is ready.
	 * @return what is to be told, null if nothing is
	 */
	static @Nullable Readiness begin(MemberStart start, long number) {
		Roster roster = start.group().roster;
		return roster.locked(() -> {
			Readiness readiness = start.makeReadiness();
			if (!readiness.isBegunBy(start, number)) {
				return null;
			}
			if (start.slot.member.inner == null) {
				readiness.warn(start.name(), roster.stages.above(start.settings().stage));
			}
			return readiness;
		});
	}

	/**
	 * Begin to say it, once between two failures. Under the roster's lock.
	 * @param number of the execution that says so; ignored if that is over
	 * @return whether to tell the listeners
	 */
	private boolean isBegunBy(ExecutionGate gate, long number) {
		if (this.said || this.telling != 0) {
			return false;
		}
		this.telling = number;
		// Either its end sees from here on that somebody is at it, or we see its end
		this.said = gate.isExecuting(number);
		if (!this.said) {
			told(gate);
		}
		return this.said;
	}

	/**
	 * The listeners have heard it.
	 */
	void told(ExecutionGate gate) {
		this.telling = 0;
		gate.unparkThread();
	}

	/**
	 * Whether the listeners hear now that this execution is ready: they hear of its end
	 * after that.
	 */
	boolean isTelling(long number) {
		return this.telling == number;
	}

	/**
	 * From an execution on that begins now, it is expected.
	 */
	void expect(long now) {
		this.expectedSince = now;
	}

	/**
	 * A failure takes it back.
	 */
	void takeBack() {
		this.said = false;
	}

	/**
	 * Whether it has not been said in time.
	 */
	boolean isLate(long now) {
		return isExpected() && now - due() >= 0;
	}

	/**
	 * How long there is until it has to be said, in nanoseconds.
	 */
	long left(long now) {
		return due() - now;
	}

	/**
	 * Whether it has to be said, and was not.
	 */
	boolean isExpected() {
		return this.settings.readyTimeout > 0 && !this.said;
	}

	/**
	 * An execution that returns without having said it does not give more time for it.
	 */
	private long due() {
		return Durations.after(this.expectedSince, this.settings.readyTimeout);
	}

	/**
	 * What an execution fails with that has returned and after which no other can say it
	 * in time: the next one would have failed before it had begun, or what waits for this
	 * member would wait for the end of a pause, however long that is.
	 */
	@Nullable TimeoutException failureAfter(MemberThread start, long now) {
		if (!isExpected() || !this.settings.isLoop() || Durations.after(now, this.settings.delay) - due() < 0) {
			return null;
		}
		return isLate(now) ? failure(start, start.executions) : new TimeoutException(start.describe(start.executions)
				+ " returned and was not ready; the next one, after a delay of " + Duration.ofNanos(this.settings.delay)
				+ ", would come later than its readyTimeout of " + Duration.ofNanos(this.settings.readyTimeout));
	}

	TimeoutException failure(MemberThread start, long number) {
		return new TimeoutException(start.describe(number) + " was not ready within its readyTimeout of "
				+ Duration.ofNanos(this.settings.readyTimeout));
	}

	/**
	 * A higher stage may be thought to wait for it. Under the roster's lock.
	 */
	void warn(String member, @Nullable Integer higher) {
		if (higher != null && !this.warned && this.settings.readyTimeout == 0) {
			this.warned = true;
			this.warning = "Member '" + member + "' says that it is ready, but stage " + higher
					+ " does not wait for that: it has no readyTimeout. Set one to let the next stage wait.";
		}
	}

	/**
	 * What to warn of, once. For who tells the listeners.
	 */
	@Nullable String takeWarning() {
		String warning = this.warning;
		this.warning = null;
		return warning;
	}

}
