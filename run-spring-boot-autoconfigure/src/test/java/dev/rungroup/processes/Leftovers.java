package dev.rungroup.processes;

import java.lang.ref.WeakReference;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * What a JVM has at a moment besides objects: threads, shutdown hooks, signal handlers.
 * Needs {@value #OPEN}.
 *
 * @param threads all platform threads but the JVM's own
 * @param hooks the shutdown hooks
 * @param signals the handlers of signals
 */
record Leftovers(Set<Thread> threads, Set<Thread> hooks, Map<String, String> signals) {

	static final String OPEN = "--add-opens=java.base/java.lang=ALL-UNNAMED";

	/** What carries virtual threads, and wakes them: made once, as they are needed. */
	private static final Set<String> OF_THE_JDK = Set.of("jdk.internal.misc.CarrierThread",
			"java.util.concurrent.DelayScheduler");

	static Leftovers now() {
		return new Leftovers(threadsNow(), hooksNow(), signalsNow());
	}

	/**
	 * Wait, within a limit, until nothing is there that was not there then.
	 * @param seconds the limit
	 * @return what is there all the same
	 */
	List<String> awaitNothingNew(int seconds) {
		return within(seconds, () -> {
			List<String> left = new ArrayList<>();
			newOnes(this.threads, threadsNow()).forEach((thread) -> left.add("thread " + thread.getName()));
			newOnes(this.hooks, hooksNow()).forEach((hook) -> left.add("shutdown hook " + hook.getName()));
			signalsNow().forEach((signal, handler) -> {
				if (!handler.equals(this.signals.get(signal))) {
					left.add("handler of SIG" + signal);
				}
			});
			return left;
		});
	}

	/**
	 * Wait, within a limit, until all of these have been garbage.
	 * @param references to what should be
	 * @param seconds the limit
	 * @return what nobody has let go of
	 */
	static List<String> awaitGarbage(Collection<? extends WeakReference<?>> references, int seconds) {
		return within(seconds, () -> {
			System.gc();
			return references.stream()
				.map(WeakReference::get)
				.flatMap(Stream::ofNullable)
				.map((object) -> "object of " + object.getClass().getName())
				.toList();
		});
	}

	private static List<String> within(int seconds, Supplier<List<String>> look) {
		long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
		List<String> left = look.get();
		while (!left.isEmpty() && System.nanoTime() - deadline < 0) {
			try {
				Thread.sleep(20);
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
			left = look.get();
		}
		return left;
	}

	private static List<Thread> newOnes(Set<Thread> before, Set<Thread> now) {
		return now.stream().filter((thread) -> !before.contains(thread)).toList();
	}

	private static Set<Thread> threadsNow() {
		return Set.copyOf(Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.getThreadGroup() != null && !thread.getThreadGroup().getName().equals("system")
					&& !thread.getThreadGroup().getName().equals("InnocuousThreadGroup"))
			.filter((thread) -> !OF_THE_JDK.contains(thread.getClass().getName()))
			.toList());
	}

	private static Set<Thread> hooksNow() {
		try {
			Class<?> type = Class.forName("java.lang.ApplicationShutdownHooks");
			Field hooks = type.getDeclaredField("hooks");
			hooks.setAccessible(true);
			synchronized (type) {
				return Set.copyOf(((Map<?, ?>) hooks.get(null)).keySet().stream().map(Thread.class::cast).toList());
			}
		}
		catch (ReflectiveOperationException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * There is no getter: what a setter returns is put back. Not asked by ignoring the
	 * signal for a moment: the JVM keeps ignoring it.
	 */
	private static Map<String, String> signalsNow() {
		try {
			Class<?> type = Class.forName("sun.misc.Signal");
			Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
			Method handle = type.getMethod("handle", type, handlerType);
			Object probe = Proxy.newProxyInstance(handlerType.getClassLoader(), new Class<?>[] { handlerType },
					(proxy, called, arguments) -> null);
			Map<String, String> handlers = new TreeMap<>();
			for (String name : List.of("INT", "TERM", "HUP")) {
				Object signal = type.getConstructor(String.class).newInstance(name);
				Object handler = handle.invoke(null, signal, probe);
				handle.invoke(null, signal, handler);
				// what the JVM has itself comes in a new wrapper each time
				handlers.put(name, String.valueOf(handler));
			}
			return handlers;
		}
		catch (ReflectiveOperationException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
