package dev.rungroup.core;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/**
 * Members that many groups need.
 *
 * @since 0.1.0
 */
public final class Members {

	private Members() {
	}

	/**
	 * A member that waits for a signal and fails with a {@link SignalException} on the
	 * first, so that Ctrl-C ends the group in order: the SignalHandler of oklog/run. It
	 * is named {@code signals}. When it ends it puts back the handlers that were there
	 * before. Not for Spring applications, which have a shutdown hook for this.
	 * @param names signals without {@code SIG}; default: {@code INT} and {@code TERM}
	 * @return the member
	 * @throws IllegalArgumentException if this JVM or system has no such signal
	 */
	public static Member signals(String... names) {
		String[] signals = (names.length > 0) ? names.clone() : new String[] { "INT", "TERM" };
		for (String name : signals) {
			Signals.signal(name);
		}
		return Member.named("signals").execute(() -> {
			BlockingQueue<String> received = new LinkedBlockingQueue<>();
			Deque<Runnable> restore = new ArrayDeque<>();
			try {
				for (String name : signals) {
					restore.push(Signals.handle(name, received::add));
				}
				throw new SignalException(received.take());
			}
			finally {
				restore.forEach(Runnable::run);
			}
		}).build();
	}

	/**
	 * A member that ends as a stage ends: it returns when the stage completes, and fails
	 * with the stage's failure. The ContextHandler of oklog/run. Interrupting it does not
	 * cancel the stage.
	 * @param name the member's name
	 * @param stage what to wait for
	 * @return the member
	 */
	public static Member completion(String name, CompletionStage<?> stage) {
		Objects.requireNonNull(stage, "stage");
		return Member.named(name).execute(() -> {
			CountDownLatch done = new CountDownLatch(1);
			AtomicReference<Throwable> failure = new AtomicReference<>();
			stage.whenComplete((value, thrown) -> {
				failure.set(thrown);
				done.countDown();
			});
			done.await();
			Throwable thrown = failure.get();
			if (thrown != null) {
				throwIt((thrown instanceof CompletionException && thrown.getCause() != null) ? thrown.getCause()
						: thrown);
			}
		}).build();
	}

	/**
	 * A member that works on a resource, such as a listener or a connection, which its
	 * interrupt closes. What the work throws after that is no failure.
	 * @param name the member's name
	 * @param execute the work
	 * @param resource closed to make the work return
	 * @return the member
	 */
	public static Member closing(String name, Task execute, AutoCloseable resource) {
		Objects.requireNonNull(execute, "execute");
		Objects.requireNonNull(resource, "resource");
		AtomicBoolean closed = new AtomicBoolean();
		return Member.named(name).execute((context) -> {
			try {
				execute.run();
			}
			catch (Throwable ex) {
				// Started again by hand it finds the resource closed: that is a failure
				if (!closed.get() || !context.isStopping()) {
					throw ex;
				}
			}
		}).interrupt((reason) -> {
			closed.set(true);
			resource.close();
		}).build();
	}

	@SuppressWarnings("unchecked")
	private static <E extends Throwable> void throwIt(Throwable failure) throws E {
		throw (E) failure;
	}

	/**
	 * The JDK's signals, which live outside {@code java.*}: reached by reflection, so
	 * that a JVM without them can load this class.
	 */
	private static final class Signals {

		static Object signal(String name) {
			try {
				return type().getConstructor(String.class).newInstance(name);
			}
			catch (InvocationTargetException ex) {
				throw new IllegalArgumentException(
						"There is no signal '" + name + "' to be handled here: use names such as INT, TERM, HUP",
						ex.getCause());
			}
			catch (ReflectiveOperationException ex) {
				throw new IllegalArgumentException("This JVM cannot handle signals: it lacks sun.misc.Signal", ex);
			}
		}

		/**
		 * @return puts the handler back that was there before
		 */
		static Runnable handle(String name, Consumer<String> handler) {
			try {
				Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
				InvocationHandler invocations = (proxy, method, arguments) -> switch (method.getName()) {
					case "handle" -> {
						handler.accept(name);
						yield null;
					}
					case "hashCode" -> System.identityHashCode(proxy);
					case "equals" -> proxy == arguments[0];
					default -> "signals member, SIG" + name;
				};
				Object proxy = Proxy.newProxyInstance(Members.class.getClassLoader(), new Class<?>[] { handlerType },
						invocations);
				Object before = set(name, handlerType, proxy);
				return () -> set(name, handlerType, before);
			}
			catch (ClassNotFoundException ex) {
				throw new IllegalStateException("This JVM cannot handle signals", ex);
			}
		}

		private static Object set(String name, Class<?> handlerType, Object handler) {
			try {
				return type().getMethod("handle", type(), handlerType).invoke(null, signal(name), handler);
			}
			catch (InvocationTargetException ex) {
				throw new IllegalArgumentException(
						"Signal '" + name + "' cannot be handled here: the JVM or the" + " system keeps it for itself",
						ex.getCause());
			}
			catch (ReflectiveOperationException ex) {
				throw new IllegalStateException("This JVM cannot handle signals", ex);
			}
		}

		private static Class<?> type() throws ClassNotFoundException {
			return Class.forName("sun.misc.Signal");
		}

	}

}
