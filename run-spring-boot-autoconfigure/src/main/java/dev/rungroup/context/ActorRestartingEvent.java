package dev.rungroup.context;

import java.time.Duration;

/**
 * An actor failed and will be executed again.
 *
 * @param actor the actor's name
 * @param pause time until the next execution
 * @since 0.1.0
 */
public record ActorRestartingEvent(String actor, Duration pause) {
}
