package dev.rungroup.context;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;

import dev.rungroup.core.Body;
import dev.rungroup.core.Interrupter;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.StopReason;
import dev.rungroup.core.Task;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopProxyUtils;
import org.springframework.aop.support.AopUtils;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;

/**
 * The methods that a definition names, ready to be called on the bean as it is now:
 * through its AOP proxy if it has one. They throw what the methods throw, without the
 * reflection around it.
 *
 * @param body what the actor does
 * @param interrupter what makes the body return, {@code null} to interrupt its thread
 * @param failureHandlers hear its failures
 */
record ActorInvocation(Body body, @Nullable Interrupter interrupter, List<Consumer<Throwable>> failureHandlers) {

	/**
	 * Find out how to call the actor's methods on a bean.
	 * @throws InvalidActorException if a method cannot be called through the bean's proxy
	 */
	static ActorInvocation of(ActorDefinition definition, Object bean) {
		Method execute = definition.execute();
		Method interrupt = definition.interrupt();
		Class<?> type = AopProxyUtils.ultimateTargetClass(bean);
		List<Consumer<Throwable>> failureHandlers = new ArrayList<>();
		for (Method method : definition.failureHandlers()) {
			failureHandlers.add(failureHandler(besideProxy(definition, method, bean), type));
		}
		return new ActorInvocation(
				(execute != null) ? body(definition, throughProxy(definition, execute, bean))
						: functionalBody(definition, bean),
				(interrupt != null) ? interrupter(besideProxy(definition, interrupt, bean), type) : null,
				failureHandlers);
	}

	private static Body functionalBody(ActorDefinition definition, Object bean) {
		if (bean instanceof Body body) {
			checkProxy(definition, Body.class, "run", bean, MemberContext.class);
			return body;
		}
		if (bean instanceof Task task) {
			checkProxy(definition, Task.class, "run", bean);
			return (context) -> task.run();
		}
		if (bean instanceof Callable<?> callable) {
			checkProxy(definition, Callable.class, "call", bean);
			return (context) -> checkReturned(definition, callable.call());
		}
		if (bean instanceof Runnable runnable) {
			checkProxy(definition, Runnable.class, "run", bean);
			return (context) -> runnable.run();
		}
		throw new InvalidActorException(
				definition.place() + " has nothing to execute: the bean is a " + bean.getClass().getName() + ".",
				"Give it a method with @Execute, or let it implement Runnable, Callable, Task or Body.");
	}

	/**
	 * Check that the bean's implementation of an interface can be called through its
	 * proxy.
	 */
	private static void checkProxy(ActorDefinition definition, Class<?> type, String name, Object bean,
			Class<?>... parameterTypes) {
		if (AopUtils.isAopProxy(bean)) {
			throughProxy(definition, ClassUtils.getMostSpecificMethod(ClassUtils.getMethod(type, name, parameterTypes),
					AopProxyUtils.ultimateTargetClass(bean)), bean);
		}
	}

	private static Body body(ActorDefinition definition, Call call) {
		return (call.method().getParameterCount() == 0) ? (context) -> checkReturned(definition, call.invoke())
				: (context) -> checkReturned(definition, call.invoke(context));
	}

	/** Only now is it known what a method returns that is declared to return anything. */
	private static void checkReturned(ActorDefinition definition, @Nullable Object returned) {
		InvalidActorException unended = (returned != null)
				? ActorMethods.unended(definition.place(), returned.getClass()) : null;
		if (unended != null) {
			throw new IllegalStateException(unended.getMessage());
		}
	}

	private static Interrupter interrupter(Call call, Class<?> type) {
		if (call.method().getParameterCount() == 0) {
			return (reason) -> call.invoke();
		}
		Class<?> parameter = ActorMethods.parameterType(call.method(), type);
		if (parameter == StopReason.class) {
			return call::invoke;
		}
		if (parameter == MemberContext.class) {
			return (reason) -> call.invoke(MemberContext.current());
		}
		return (reason) -> call.invoke(reason.cause());
	}

	private static Consumer<Throwable> failureHandler(Call call, Class<?> type) {
		if (call.method().getParameterCount() == 0) {
			return (failure) -> call.invokeUnchecked();
		}
		Class<?> handled = ActorMethods.parameterType(call.method(), type);
		return (failure) -> {
			if (handled.isInstance(failure)) {
				call.invokeUnchecked(failure);
			}
		};
	}

	/**
	 * A body is called through the proxy or not at all: without its advice it would do
	 * something else than its author reads, a transaction less for example.
	 */
	private static Call throughProxy(ActorDefinition definition, Method method, Object bean) {
		if (!AopUtils.isAopProxy(bean)) {
			return Call.on(bean, method);
		}
		if (AopUtils.isCglibProxy(bean)) {
			String obstacle = obstacle(method, bean);
			if (obstacle != null) {
				throw new InvalidActorException(
						definition.place() + " has an AOP proxy, which cannot pass on the " + obstacle + " method "
								+ ActorMethods.describe(method) + ".",
						"Make the method public and not final, or move what is advised (@Transactional, @Timed) to"
								+ " another bean.");
			}
		}
		try {
			return Call.on(bean, AopUtils.selectInvocableMethod(method, bean.getClass()));
		}
		catch (IllegalStateException ex) {
			throw new InvalidActorException(
					definition.place() + " has a JDK proxy, which does not have the method "
							+ ActorMethods.describe(method) + ".",
					"Declare the method in an interface of the class, or have the class itself proxied"
							+ " (proxyTargetClass=true, spring.aop.proxy-target-class=true).",
					ex);
		}
	}

	/**
	 * Interrupts and failure handlers may be private, final or missing in the proxy's
	 * interfaces: then they are called on the bean behind it.
	 */
	private static Call besideProxy(ActorDefinition definition, Method method, Object bean) {
		try {
			return throughProxy(definition, method, bean);
		}
		catch (InvalidActorException ex) {
			Object target = AopProxyUtils.getSingletonTarget(bean);
			while (target != null && AopUtils.isAopProxy(target)) {
				target = AopProxyUtils.getSingletonTarget(target);
			}
			if (target == null) {
				throw ex;
			}
			return Call.on(target, method);
		}
	}

	/**
	 * What keeps a subclass that is made at run time from passing the method on: it would
	 * run on the proxy object itself, whose fields are all null.
	 */
	private static @Nullable String obstacle(Method method, Object proxy) {
		int modifiers = method.getModifiers();
		if (Modifier.isPrivate(modifiers)) {
			return "private";
		}
		if (Modifier.isFinal(modifiers)) {
			return "final";
		}
		if (!Modifier.isPublic(modifiers) && !Modifier.isProtected(modifiers)
				&& !method.getDeclaringClass().getPackageName().equals(proxy.getClass().getPackageName())) {
			return "package-private";
		}
		return null;
	}

	/**
	 * A method of an object.
	 *
	 * @param target the object
	 * @param method the method
	 */
	private record Call(Object target, Method method) {

		static Call on(Object target, Method method) {
			ReflectionUtils.makeAccessible(method);
			return new Call(target, method);
		}

		@Nullable Object invoke(@Nullable Object... arguments) throws Exception {
			try {
				return this.method.invoke(this.target, arguments);
			}
			catch (InvocationTargetException ex) {
				ReflectionUtils.rethrowException(ex.getTargetException());
				throw ex;
			}
		}

		void invokeUnchecked(@Nullable Object... arguments) {
			try {
				invoke(arguments);
			}
			catch (Exception ex) {
				sneakyThrow(ex);
			}
		}

		/** A failure handler may throw what it likes: it is reported as it is. */
		@SuppressWarnings("unchecked")
		private static <E extends Throwable> void sneakyThrow(Throwable ex) throws E {
			throw (E) ex;
		}

	}

}
