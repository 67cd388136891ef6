package dev.rungroup.core;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

/**
 * What a body can know and say while it is executed. Safe to use from any thread. Each
 * execution has its own: one that is kept longer says that it is stopping, and neither
 * sleeps nor says anything any more.
 *
 * @since 0.1.0
 */
public interface MemberContext {

	/**
	 * Return the context of the member whose body, handler, listener or interrupter runs
	 * on the calling thread: for code far below a body that is not handed the context.
	 * @return the context, {@code null} on any other thread
	 */
	static @Nullable MemberContext current() {
		MemberThread start = CurrentMember.get();
		return (start != null) ? Execution.of(start) : null;
	}

	/**
	 * Return the member's name.
	 * @return the name
	 */
	String name();

	/**
	 * Return the number of this execution.
	 * @return 1 for the first
	 */
	long execution();

	/**
	 * Return how many executions have failed in a row before this one.
	 * @return the number of failures
	 */
	int failures();

	/**
	 * Return what the last failed execution threw.
	 * @return the failure, {@code null} if none has failed
	 */
	@Nullable Throwable lastFailure();

	/**
	 * Return whether this execution has been asked to end: by the group, by
	 * {@code stopMember}, by its timeout, or because leadership is lost, of the member or
	 * of one around its group. That is so from the moment a {@link Leadership.Term} is
	 * over by the clock, even if nobody has been told.
	 * @return whether to return soon
	 */
	boolean isStopping();

	/**
	 * Return why this execution has been asked to end, as {@link #isStopping()} does.
	 * @return the reason, {@code null} while it was not asked
	 */
	@Nullable StopReason stopReason();

	/**
	 * Pause, unless and until this execution is asked to end.
	 * @param duration how long
	 * @return {@code true} if it slept all of it, {@code false} if a stop cut it short
	 * @throws InterruptedException if the calling thread was interrupted from elsewhere
	 */
	boolean sleep(Duration duration) throws InterruptedException;

	/**
	 * Say that the member is ready. Only the first call of an execution counts.
	 */
	void ready();

	/**
	 * Say that there is progress, for stall detection.
	 */
	void heartbeat();

}
