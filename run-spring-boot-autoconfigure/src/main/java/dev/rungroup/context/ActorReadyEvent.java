package dev.rungroup.context;

/**
 * An actor announced that it is up.
 *
 * @param actor the actor's name
 * @since 0.1.0
 */
public record ActorReadyEvent(String actor) {
}
