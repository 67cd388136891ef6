package dev.rungroup.context;

/**
 * An actor was started: once per start of the actor, not per execution.
 *
 * @param actor the actor's name
 * @since 0.1.0
 */
public record ActorStartedEvent(String actor) {
}
