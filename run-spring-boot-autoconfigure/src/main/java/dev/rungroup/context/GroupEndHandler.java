package dev.rungroup.context;

import dev.rungroup.core.StopReason;
import org.jspecify.annotations.Nullable;

/**
 * Told by {@link GroupLifecycle} when a group ends by its own doing: because a member
 * asked for it, or because all members have ended; never because the context closes or
 * {@code stop()} was called. What happens to the application then is decided here. Both
 * methods are called on the group's own thread, which is no daemon; what they throw is
 * logged and changes nothing else.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface GroupEndHandler {

	/**
	 * The group begins to end, or ends, by its own doing. Called once per start of the
	 * lifecycle, before the members are interrupted; must not block and must not close
	 * the context.
	 * @param reason who ended it; {@code null} if all members have ended by themselves
	 */
	void groupEnding(@Nullable StopReason reason);

	/**
	 * The group is over: its members have ended or were abandoned, and the lifecycle is
	 * not running any more. May block, close the context and end the JVM.
	 * @param reason the same as before
	 */
	default void groupEnded(@Nullable StopReason reason) {
	}

}
