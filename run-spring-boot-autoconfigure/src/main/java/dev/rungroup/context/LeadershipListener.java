package dev.rungroup.context;

/**
 * Hears of the leadership of actors and groups that run on one node of a cluster, before
 * the application's listeners of {@link ActorLeadershipEvent}. Called on threads of
 * members and on the one that makes them. What it throws is logged.
 *
 * @since 0.1.0
 */
public interface LeadershipListener {

	/**
	 * There is such an actor: called before its first start.
	 * @param actor its name
	 */
	void leadershipExpected(String actor);

	/**
	 * Leadership has changed.
	 * @param actor the actor
	 * @param change what has happened
	 */
	void leadershipChanged(String actor, Change change);

	/** What happens to leadership. */
	enum Change {

		/** This node leads: before the first execution. */
		GRANTED,

		/** The lease has run out or was lost, and the body has ended. */
		LOST,

		/** The actor has ended, and gives the lock back. */
		RELEASED

	}

}
