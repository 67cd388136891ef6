package dev.rungroup.context;

import dev.rungroup.core.StopReason;

/**
 * The group begins to end: its members are interrupted as soon as the listeners have
 * heard it. So a listener must not wait for them, close the context or exit the JVM: the
 * application ends by itself, as {@code run.on-shutdown} says. Published by the group's
 * group's thread.
 *
 * @param reason who ended it, how and why
 * @since 0.1.0
 */
public record GroupStoppingEvent(StopReason reason) {
}
