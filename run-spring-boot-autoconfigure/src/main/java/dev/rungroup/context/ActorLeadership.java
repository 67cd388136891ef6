package dev.rungroup.context;

import java.time.Instant;

import org.jspecify.annotations.Nullable;

/**
 * How an actor, or a group, that runs on one node of a cluster stands here.
 *
 * @param lock name of its lock
 * @param leader whether this node leads: the actor may be executed here
 * @param since since when that is so
 * @param leaseUntil when the lease of the lock runs out unless it is renewed,
 * {@code null} if this node has none
 * @since 0.1.0
 */
public record ActorLeadership(String lock, boolean leader, Instant since, @Nullable Instant leaseUntil) {
}
