package dev.rungroup.context;

import java.util.concurrent.ThreadFactory;

import org.jspecify.annotations.Nullable;

import org.springframework.core.task.VirtualThreadTaskExecutor;

/**
 * Threads for members: daemon or virtual ones, so that a member that cannot be stopped
 * does not keep the JVM. Core gives each the name of its member before it starts.
 */
final class ActorThreadFactory implements ThreadFactory {

	private static final int FIRST_VERSION_WITH_VIRTUAL_THREADS = 21;

	private final ThreadFactory threads;

	private final @Nullable ClassLoader classLoader;

	ActorThreadFactory(boolean virtual, @Nullable ClassLoader classLoader) {
		this.threads = (virtual && Runtime.version().feature() >= FIRST_VERSION_WITH_VIRTUAL_THREADS)
				? new VirtualThreadTaskExecutor().getVirtualThreadFactory() : ActorThreadFactory::platformThread;
		this.classLoader = classLoader;
	}

	private static Thread platformThread(Runnable task) {
		Thread thread = new Thread(null, task, "actor", 0, false);
		thread.setDaemon(true);
		return thread;
	}

	@Override
	public Thread newThread(Runnable task) {
		Thread thread = this.threads.newThread(() -> run(task));
		if (this.classLoader != null) {
			thread.setContextClassLoader(this.classLoader);
		}
		return thread;
	}

	private static void run(Runnable task) {
		try {
			ActorMdc.with(Thread.currentThread().getName(), task::run);
		}
		catch (RuntimeException ex) {
			throw ex;
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

}
