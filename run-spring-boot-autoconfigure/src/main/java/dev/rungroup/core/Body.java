package dev.rungroup.core;

/**
 * Work that wants to know about its member: which execution this is, whether it is asked
 * to stop, how to pause.
 *
 * @since 0.1.0
 * @see Task
 */
@FunctionalInterface
public interface Body {

	/**
	 * Do the work. Returning normally is the outcome <em>completed</em>, throwing is
	 * <em>failed</em>. Called on the member's own thread, never twice at the same time
	 * for one member.
	 * @param context the member's side of the group; may be handed to helper threads
	 * @throws Exception whatever made the work fail
	 */
	void run(MemberContext context) throws Exception;

}
