package dev.rungroup.core;

/**
 * Work that may throw anything: the <em>execute</em> of oklog/run and vslpsl/run.
 *
 * @since 0.1.0
 * @see Body
 */
@FunctionalInterface
public interface Task {

	/**
	 * Do the work. Returning normally is the outcome <em>completed</em>, throwing is
	 * <em>failed</em>. Called on the member's own thread, never twice at the same time
	 * for one member.
	 * @throws Exception whatever made the work fail
	 */
	void run() throws Exception;

}
