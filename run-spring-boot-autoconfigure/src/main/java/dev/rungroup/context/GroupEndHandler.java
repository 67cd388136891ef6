package dev.rungroup.context;

import dev.rungroup.core.StopReason;
import org.jspecify.annotations.Nullable;

/**
 * Told by {@link GroupLifecycle} when a group ends by its own doing: because a member
 * asked for it, or because all members have ended; never because the context closes or
 * {@code stop()} was called. What happens to the application then is decided here.
 *
 * @since 0.1.0
 */
public interface GroupEndHandler {

	/**
	 * The group begins to end, or ends, by its own doing. Called once per start of the
	 * lifecycle, on a thread of the group, before its members are interrupted; must not
	 * block and must not close the context on the calling thread. If it throws, for want
	 * of a thread for example, it is called again when all members have ended.
	 * @param reason who ended it; {@code null} if all members have ended by themselves
	 */
	void groupEnding(@Nullable StopReason reason);

}
