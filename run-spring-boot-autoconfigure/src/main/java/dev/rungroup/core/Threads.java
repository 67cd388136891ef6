package dev.rungroup.core;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

import org.jspecify.annotations.Nullable;

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
	 * Run an interrupter on a short-lived platform thread.
	 */
	static void runInterrupter(String member, Runnable work) {
		try {
			Thread thread = forMember(work);
			thread.setName(interrupterName(member));
			thread.start();
		}
		catch (Throwable ex) {
			// No memory for a thread: one interrupter after another is better than none
			work.run();
		}
	}

	/**
	 * Whether this is a virtual thread, of a JDK on which they can be relied on.
	 */
	static boolean isVirtual(@Nullable Thread thread) {
		try {
			return thread != null && Virtual.isVirtual(thread);
		}
		catch (Throwable ex) {
			return false;
		}
	}

	/**
	 * Run an interrupter on a virtual thread, which costs far less. Whoever calls this
	 * has to see to it that the interrupter is called although bodies that compute occupy
	 * all carriers.
	 * @return false if it is to run on a platform thread
	 */
	static boolean runVirtualInterrupter(String member, Runnable work) {
		try {
			Virtual.start(() -> {
				Thread.currentThread().setName(interrupterName(member));
				work.run();
			});
			return true;
		}
		catch (Throwable ex) {
			return false;
		}
	}

	private static String interrupterName(String member) {
		return member + "-interrupt";
	}

	/**
	 * Virtual threads of a JDK where they give their carrier back whenever they block,
	 * inside {@code synchronized}, too. Others could keep the members from ending that
	 * their interrupters wait for.
	 */
	private static final class Virtual {

		private static final int FIRST_GOOD_JDK = 24;

		private static final @Nullable MethodHandle IS_VIRTUAL;

		private static final @Nullable MethodHandle START;

		static {
			MethodHandle isVirtual = null;
			MethodHandle start = null;
			if (Runtime.version().feature() >= FIRST_GOOD_JDK) {
				try {
					MethodHandles.Lookup lookup = MethodHandles.publicLookup();
					isVirtual = lookup.findVirtual(Thread.class, "isVirtual", MethodType.methodType(boolean.class));
					start = lookup.findStatic(Thread.class, "startVirtualThread",
							MethodType.methodType(Thread.class, Runnable.class));
				}
				catch (ReflectiveOperationException ex) {
					throw new ExceptionInInitializerError(ex);
				}
			}
			IS_VIRTUAL = isVirtual;
			START = start;
		}

		static boolean isVirtual(Thread thread) throws Throwable {
			return IS_VIRTUAL != null && (boolean) IS_VIRTUAL.invokeExact(thread);
		}

		static void start(Runnable work) throws Throwable {
			if (START != null) {
				Thread ignored = (Thread) START.invokeExact(work);
			}
		}

	}

}
