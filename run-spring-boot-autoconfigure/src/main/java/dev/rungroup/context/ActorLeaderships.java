package dev.rungroup.context;

import dev.rungroup.core.Leadership;
import org.jspecify.annotations.Nullable;

/**
 * Decides which actors and groups may be executed on this node of a cluster. A bean of
 * this type is asked for only if there is an actor or a group that is to run on one node.
 *
 * @since 0.1.0
 */
public interface ActorLeaderships {

	/**
	 * Return the leadership of an actor or a group, the same one for each start.
	 * @param actor its name
	 * @param lock name of its lock
	 * @return what its member waits for; {@code null} if it runs on every node all the
	 * same
	 */
	@Nullable Leadership leadership(String actor, String lock);

	/**
	 * Return how an actor or a group stands.
	 * @param actor its name
	 * @return how it stands, {@code null} if it runs on every node
	 */
	@Nullable ActorLeadership current(String actor);

}
