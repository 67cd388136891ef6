package dev.rungroup.core;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.ThreadFactory;

import org.jspecify.annotations.Nullable;

/**
 * Threads that are not the user's to choose.
 */
final class Threads {

	/** Makes virtual threads where the JVM has them (21 and later), null elsewhere. */
	private static final @Nullable ThreadFactory VIRTUAL = virtual();

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
	 * A short-lived thread for an interrupter.
	 */
	static Thread forInterrupter(String member, Runnable work) {
		Thread thread = (VIRTUAL != null) ? VIRTUAL.newThread(work) : forMember(work);
		thread.setName(member + "-interrupt");
		return thread;
	}

	private static @Nullable ThreadFactory virtual() {
		try {
			Class<?> builder = Class.forName("java.lang.Thread$Builder");
			MethodHandles.Lookup lookup = MethodHandles.publicLookup();
			MethodHandle ofVirtual = lookup.findStatic(Thread.class, "ofVirtual",
					MethodType.methodType(Class.forName("java.lang.Thread$Builder$OfVirtual")));
			MethodHandle factory = lookup.findVirtual(builder, "factory", MethodType.methodType(ThreadFactory.class));
			return (ThreadFactory) factory.invoke(ofVirtual.invoke());
		}
		catch (Throwable ex) {
			// Older than 21, or a preview that was not enabled
			return null;
		}
	}

}
