package dev.rungroup.context;

/**
 * An execution of an actor failed.
 *
 * @param actor the actor's name
 * @param failure what it threw
 * @since 0.1.0
 */
public record ActorFailedEvent(String actor, Throwable failure) {
}
