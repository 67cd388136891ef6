package dev.rungroup.core;

/**
 * Virtual threads for tests that are compiled for a JDK without them.
 */
final class VirtualThreads {

	static final boolean AVAILABLE = Runtime.version().feature() >= 21;

	private VirtualThreads() {
	}

	static Thread unstarted(Runnable runnable) {
		try {
			Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
			return (Thread) Class.forName("java.lang.Thread$Builder")
				.getMethod("unstarted", Runnable.class)
				.invoke(builder, runnable);
		}
		catch (ReflectiveOperationException ex) {
			throw new AssertionError("No virtual threads in " + Runtime.version(), ex);
		}
	}

}
