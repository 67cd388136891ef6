package dev.rungroup.context;

/**
 * An actor said that it is ready.
 *
 * @param actor the actor's name
 * @since 0.1.0
 */
public record ActorReadyEvent(String actor) {
}
