package dev.rungroup.context;

import java.time.Duration;

/**
 * An actor that had failed works again: an execution has returned, or has called
 * {@code ready()}.
 *
 * @param actor the actor's name
 * @param failures how many executions have failed since it last worked
 * @param since time since the first of these failures
 * @since 0.1.0
 */
public record ActorRecoveredEvent(String actor, long failures, Duration since) {
}
