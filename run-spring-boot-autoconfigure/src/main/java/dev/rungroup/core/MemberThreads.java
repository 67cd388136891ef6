package dev.rungroup.core;

import java.util.concurrent.ThreadFactory;

import org.jspecify.annotations.Nullable;

/**
 * Makes the threads of members unless the group has a factory: daemons, so that an
 * abandoned member does not keep the JVM up. What the thread that starts a member has at
 * that moment, a user's identity, say, does not reach it: no inherited thread-local, and
 * the context class loader of the thread that made the group.
 */
final class MemberThreads implements ThreadFactory {

	private final @Nullable ClassLoader classLoader = Thread.currentThread().getContextClassLoader();

	@Override
	public Thread newThread(Runnable work) {
		Thread thread = new Thread(null, work, "member", 0, false);
		thread.setDaemon(true);
		thread.setPriority(Thread.NORM_PRIORITY);
		thread.setContextClassLoader(this.classLoader);
		return thread;
	}

}
