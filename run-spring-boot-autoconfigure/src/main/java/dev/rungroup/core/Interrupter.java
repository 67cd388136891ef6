package dev.rungroup.core;

/**
 * Makes a member's body return: closes its socket, cancels its call, sets its flag. The
 * <em>interrupt</em> of oklog/run and vslpsl/run.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface Interrupter {

	/**
	 * Make the body return soon. Called on a thread of its own, at the same time as the
	 * interrupters of the other members of the stage and while the body may still be
	 * running; also for a member whose body has ended already. What it throws is reported
	 * and changes nothing else.
	 * @param reason why the member is to end
	 * @throws Exception if interrupting went wrong
	 */
	void interrupt(StopReason reason) throws Exception;

}
