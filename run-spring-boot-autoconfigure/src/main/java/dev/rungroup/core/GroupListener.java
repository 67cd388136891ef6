package dev.rungroup.core;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

/**
 * Hears what happens in a group: the one way out of the core for logs, meters and events.
 * <p>
 * Calls for one member come one after another, on that member's thread or the group's;
 * calls for different members overlap. Three come while the body runs:
 * {@link #memberReady} on the thread that says so, {@link #memberStalled} and
 * {@link #graceExpired} on threads of their own, so these two may also overlap others of
 * the same member. No lock is held, a listener may call the group. {@link Group#close()}
 * called from here does not wait. A listener should not block: it runs where the member
 * would go on. What it throws is reported and changes nothing else.
 *
 * @since 0.1.0
 */
public interface GroupListener {

	/**
	 * A member was started: once per start of the member, not per execution.
	 * @param member the member's name
	 */
	default void memberStarted(String member) {
	}

	/**
	 * A member said that it is ready.
	 * @param member the member's name
	 */
	default void memberReady(String member) {
	}

	/**
	 * One execution ended.
	 * @param member the member's name
	 * @param outcome how it ended
	 * @param nanos how long it took, in nanoseconds; where the last execution of a loop
	 * took less than 20 microseconds in all, the next one counts from its end
	 */
	default void executionEnded(String member, Outcome outcome, long nanos) {
	}

	/**
	 * A member failed and will be executed again. Not heard for the next execution of a
	 * loop.
	 * @param member the member's name
	 * @param pause time until the next execution
	 */
	default void restartScheduled(String member, Duration pause) {
	}

	/**
	 * An execution is about to begin that follows a failure: the restart that was
	 * scheduled. If a stop comes while a listener hears of it, the body is not called.
	 * @param member the member's name
	 */
	default void memberRestarted(String member) {
	}

	/**
	 * A member makes no progress for longer than its limit. Once until it makes progress
	 * again; on a thread of its own, before anything is done about it.
	 * @param member the member's name
	 * @param silence the time since its last progress
	 */
	default void memberStalled(String member, Duration silence) {
	}

	/**
	 * A member that was asked to end has not ended within the grace period: its thread
	 * was interrupted. On a thread of its own.
	 * @param member the member's name
	 */
	default void graceExpired(String member) {
	}

	/**
	 * A member that was asked to end has ended. Comes right before
	 * {@link #memberEnded(String, MemberState)}; not heard for one that ended by itself.
	 * @param member the member's name
	 * @param nanos time from the request to the end, in nanoseconds
	 */
	default void memberStopped(String member, long nanos) {
	}

	/**
	 * A member is over: once per start of the member.
	 * @param member the member's name
	 * @param state its final state: completed, failed or stopped
	 */
	default void memberEnded(String member, MemberState state) {
	}

	/**
	 * The group begins to end: when all listeners have returned members are interrupted.
	 * So what waits for the members here, {@link System#exit(int)} for example, which
	 * waits for those who stop the group at the JVM's end, holds up the end.
	 * @param reason who ended it, how and why
	 */
	default void groupStopping(StopReason reason) {
	}

	/**
	 * The group is over: nothing is heard of it any more, unless an abandoned member ends
	 * at this very moment.
	 * @param reason who ended it, {@code null} if all members ended by themselves
	 */
	default void groupStopped(@Nullable StopReason reason) {
	}

}
