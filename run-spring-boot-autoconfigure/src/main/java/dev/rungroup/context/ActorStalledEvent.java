package dev.rungroup.context;

import java.time.Duration;

/**
 * An actor made no progress for too long.
 *
 * @param actor the actor's name
 * @param silence time since its last progress
 * @since 0.1.0
 */
public record ActorStalledEvent(String actor, Duration silence) {
}
