package dev.rungroup.context;

/**
 * An actor, or a group, that runs on one node of a cluster has become the leader here, or
 * is no longer: true comes before its first execution, false when its body has ended.
 *
 * @param actor name of the actor or group
 * @param lock name of its lock
 * @param leader whether it leads here from now on
 * @since 0.1.0
 */
public record ActorLeadershipEvent(String actor, String lock, boolean leader) {
}
