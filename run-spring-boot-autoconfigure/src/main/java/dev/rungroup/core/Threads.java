package dev.rungroup.core;

/**
 * Threads that are not the user's to choose.
 */
final class Threads {

	private Threads() {
	}

	/**
	 * Members' threads unless the group has a thread factory: daemons, so that a member
	 * that was given up does not keep the JVM from ending.
	 */
	static Thread forMember(Runnable work) {
		Thread thread = new Thread(work);
		thread.setDaemon(true);
		return thread;
	}

	/**
	 * A short-lived thread for an interrupter. Never a virtual one: bodies that compute
	 * may occupy all carriers, and only an interrupter could end them.
	 */
	static Thread forInterrupter(String member, Runnable work) {
		Thread thread = forMember(work);
		thread.setName(member + "-interrupt");
		return thread;
	}

}
