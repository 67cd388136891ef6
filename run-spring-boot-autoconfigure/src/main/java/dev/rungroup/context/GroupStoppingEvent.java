package dev.rungroup.context;

import dev.rungroup.core.StopReason;

/**
 * The group begins to end: its members are interrupted.
 *
 * @param reason who ended it, how and why
 * @since 0.1.0
 */
public record GroupStoppingEvent(StopReason reason) {
}
