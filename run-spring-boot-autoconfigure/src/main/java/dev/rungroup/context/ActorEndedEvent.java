package dev.rungroup.context;

import dev.rungroup.core.MemberState;

/**
 * An actor is over: once per start of the actor.
 *
 * @param actor the actor's name
 * @param state its final state: completed, failed or stopped
 * @since 0.1.0
 */
public record ActorEndedEvent(String actor, MemberState state) {
}
