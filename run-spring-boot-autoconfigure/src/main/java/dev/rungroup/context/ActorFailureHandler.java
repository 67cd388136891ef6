package dev.rungroup.context;

/**
 * Beans of this type hear every failure of every actor: the place for a counter or an
 * error tracker.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface ActorFailureHandler {

	/**
	 * An execution failed. Called on the actor's thread before any pause, so it should
	 * not block; calls for different actors overlap. What it throws is logged and changes
	 * nothing else.
	 * @param actor the actor's name
	 * @param failure what its execution threw
	 */
	void onFailure(String actor, Throwable failure);

}
