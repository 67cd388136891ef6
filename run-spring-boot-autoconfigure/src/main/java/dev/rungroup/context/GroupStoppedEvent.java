package dev.rungroup.context;

import dev.rungroup.core.StopReason;
import org.jspecify.annotations.Nullable;

/**
 * The group is over: its members have ended, or were abandoned.
 *
 * @param reason who ended it, {@code null} if all members ended by themselves
 * @since 0.1.0
 */
public record GroupStoppedEvent(@Nullable StopReason reason) {
}
