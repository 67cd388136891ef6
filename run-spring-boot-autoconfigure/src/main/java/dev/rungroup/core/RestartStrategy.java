package dev.rungroup.core;

/**
 * Who is restarted along with a member that has failed and whose policy is
 * {@link Policy#RESTART}.
 *
 * @since 0.1.0
 */
public enum RestartStrategy {

	/**
	 * The member alone.
	 */
	ONE,

	/**
	 * Every running or pausing member of the group, whatever its policies.
	 */
	ALL,

	/**
	 * The member, those of its stage that were added after it, and all of higher stages.
	 */
	REST

}
