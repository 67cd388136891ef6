package dev.rungroup.context;

import java.lang.reflect.Method;
import java.util.concurrent.ThreadFactory;

import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * Threads for members: daemon or virtual ones, so that a member that cannot be stopped
 * does not keep the JVM. They take over nothing from the thread that starts the member,
 * which may be a request's: no inheritable thread-locals, no priority. Core gives each
 * the name of its member before it starts.
 */
final class ActorThreadFactory implements ThreadFactory {

	private static final int FIRST_VERSION_WITH_VIRTUAL_THREADS = 21;

	private final ThreadFactory threads;

	private final @Nullable ClassLoader classLoader;

	ActorThreadFactory(boolean virtual, @Nullable ClassLoader classLoader) {
		this.threads = (virtual && Runtime.version().feature() >= FIRST_VERSION_WITH_VIRTUAL_THREADS) ? virtualThreads()
				: ActorThreadFactory::platformThread;
		this.classLoader = classLoader;
	}

	/**
	 * {@code Thread.ofVirtual().inheritInheritableThreadLocals(false).factory()}, which a
	 * Java 17 compiler does not know.
	 */
	private static ThreadFactory virtualThreads() {
		try {
			Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
			Class<?> type = Class.forName("java.lang.Thread$Builder");
			Method inherit = type.getMethod("inheritInheritableThreadLocals", boolean.class);
			Object factory = type.getMethod("factory").invoke(inherit.invoke(builder, false));
			Assert.state(factory instanceof ThreadFactory, "No thread factory");
			return (ThreadFactory) factory;
		}
		catch (ReflectiveOperationException ex) {
			throw new IllegalStateException("This JVM should have virtual threads", ex);
		}
	}

	private static Thread platformThread(Runnable task) {
		Thread thread = new Thread(null, task, "actor", 0, false);
		thread.setDaemon(true);
		thread.setPriority(Thread.NORM_PRIORITY);
		return thread;
	}

	@Override
	public Thread newThread(Runnable task) {
		Thread thread = this.threads.newThread(() -> {
			ActorMdc.put(Thread.currentThread().getName());
			task.run();
		});
		if (this.classLoader != null) {
			thread.setContextClassLoader(this.classLoader);
		}
		return thread;
	}

}
