package dev.rungroup.context;

import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;

import dev.rungroup.annotation.Actor;
import dev.rungroup.annotation.Execute;
import dev.rungroup.annotation.FailureHandler;
import dev.rungroup.annotation.Interrupt;
import dev.rungroup.core.Body;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.StopReason;
import dev.rungroup.core.Task;
import org.jspecify.annotations.Nullable;

import org.springframework.context.annotation.Bean;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.Ordered;
import org.springframework.core.ResolvableType;
import org.springframework.core.annotation.MergedAnnotation;
import org.springframework.core.annotation.MergedAnnotations;
import org.springframework.core.annotation.MergedAnnotations.SearchStrategy;
import org.springframework.core.annotation.Order;
import org.springframework.scheduling.annotation.Async;
import org.springframework.util.ClassUtils;

/**
 * The annotated methods of one bean: which actors they make, and which of them belongs to
 * which actor.
 */
final class ActorMethods {

	/** What a body can be if it has no {@link Execute} method, with its method. */
	private static final Map<Class<?>, String> BODIES = Map.of(Body.class, "run", Task.class, "run", Callable.class,
			"call", Runnable.class, "run");

	/**
	 * Types that stand for work that goes on after the method has returned them. Names,
	 * since most need not be there.
	 */
	private static final Set<String> UNENDED = Set.of("java.util.concurrent.Future",
			"java.util.concurrent.CompletionStage", "java.util.concurrent.Flow$Publisher",
			"org.reactivestreams.Publisher", "io.reactivex.rxjava3.core.CompletableSource",
			"io.reactivex.rxjava3.core.MaybeSource", "io.reactivex.rxjava3.core.ObservableSource",
			"io.reactivex.rxjava3.core.SingleSource", "io.smallrye.mutiny.Uni", "kotlinx.coroutines.Job",
			"kotlinx.coroutines.flow.Flow");

	private static final ClassValue<Boolean> IS_UNENDED = new ClassValue<>() {

		@Override
		protected Boolean computeValue(Class<?> type) {
			Class<?> parent = type.getSuperclass();
			boolean unended = UNENDED.contains(type.getName()) || (parent != null && get(parent));
			for (Class<?> each : type.getInterfaces()) {
				unended |= get(each);
			}
			return unended;
		}

	};

	private final String beanName;

	private final Class<?> type;

	/** Where a reader finds the bean: its class may be a lambda's. */
	private final String origin;

	/** Whether a type is one of those that a body can be, and nothing else. */
	static boolean isBody(Class<?> type) {
		return BODIES.containsKey(type);
	}

	ActorMethods(String beanName, Class<?> type, @Nullable Method factoryMethod) {
		this.beanName = beanName;
		this.type = type;
		this.origin = (factoryMethod != null) ? describe(factoryMethod) : type.getName();
	}

	Class<?> type() {
		return this.type;
	}

	/**
	 * Put the actors of the bean together.
	 * @param actor the annotation of the class or factory method, missing if there is
	 * none
	 * @param declared what is known of the bean's type, for its type arguments
	 * @throws InvalidActorException if they cannot work
	 */
	List<Candidate> candidates(MergedAnnotation<Actor> actor, List<Annotated> methods, ResolvableType declared) {
		List<Method> executes = new ArrayList<>();
		List<Candidate> candidates = new ArrayList<>();
		for (Annotated method : methods) {
			checkSignature(method);
			if (method.execute().isPresent()) {
				executes.add(method.method());
			}
			if (method.actor().isPresent()) {
				candidates.add(new Candidate(method.actor(), method.method(), false));
			}
		}
		if (actor.isPresent()) {
			candidates.add(0, new Candidate(actor, body(executes, declared), true));
		}
		else if (!executes.isEmpty()) {
			throw new InvalidActorException(
					place(executes.get(0)) + " is annotated with @Execute, but the bean is no actor.",
					"Annotate the class or its @Bean method with @Actor or @LoopActor.");
		}
		for (Annotated method : methods) {
			if (method.interrupt().isPresent()) {
				Candidate owner = owner(candidates, method.method(), "@Interrupt", method.interrupt());
				if (owner.interrupt != null) {
					throw new InvalidActorException(
							place(method.method()) + " is the second @Interrupt of the same actor, after "
									+ describe(owner.interrupt) + ".",
							"Keep one of them. In a bean with several actor methods, name the method each belongs"
									+ " to: @Interrupt(\"purge\").");
				}
				owner.interrupt = method.method();
			}
			else if (method.failureHandler().isPresent()) {
				owner(candidates, method.method(), "@FailureHandler", method.failureHandler()).failureHandlers
					.add(method.method());
			}
		}
		return candidates;
	}

	private void checkSignature(Annotated annotated) {
		Method method = annotated.method();
		int parameters = method.getParameterCount();
		Class<?> parameter = (parameters == 1) ? parameterType(method, this.type) : null;
		if (annotated.roles() > 1) {
			throw new InvalidActorException(
					place(method) + " has more than one of @Actor, @Execute, @Interrupt and @FailureHandler.",
					"Give each role a method of its own.");
		}
		if (Modifier.isStatic(method.getModifiers())) {
			throw new InvalidActorException(place(method) + " is static.", "Make it a method of the bean.");
		}
		checkNotSuspending(method);
		if (annotated.actor().isPresent() || annotated.execute().isPresent()) {
			checkSeenToEnd(method);
			if (parameters > 1 || (parameter != null && parameter != MemberContext.class)) {
				throw signature(annotated, "nothing or a MemberContext");
			}
		}
		else if (annotated.interrupt().isPresent()) {
			if (parameters > 1 || (parameter != null && parameter != StopReason.class && parameter != Throwable.class
					&& parameter != MemberContext.class)) {
				throw signature(annotated, "nothing, a StopReason, a Throwable or a MemberContext");
			}
		}
		else if (parameters > 1 || (parameter != null && !Throwable.class.isAssignableFrom(parameter))) {
			throw signature(annotated, "nothing or one type of Throwable");
		}
	}

	/**
	 * Work that goes on after the method has returned: an actor that has completed at
	 * once, and failures that nobody hears of.
	 */
	private void checkSeenToEnd(Method method) {
		checkReturned(place(method), method.getReturnType());
		if (annotations(method).isPresent(Async.class) || annotations(this.type).isPresent(Async.class)) {
			throw new InvalidActorException(
					place(method) + " is @Async: it would return before its work is done, and its end cannot be seen.",
					"Remove @Async, an actor has a thread of its own.");
		}
	}

	private void checkNotSuspending(Method method) {
		for (Class<?> parameter : method.getParameterTypes()) {
			if (parameter.getName().equals("kotlin.coroutines.Continuation")) {
				throw new InvalidActorException(
						place(method) + " is a suspend function, it takes a Continuation: it would return before its"
								+ " work is done, and its end cannot be seen.",
						"Make it an ordinary function, and call what suspends inside runBlocking { }.");
			}
		}
	}

	private static void checkReturned(String place, Class<?> returned) {
		InvalidActorException unended = unended(place, returned);
		if (unended != null) {
			throw unended;
		}
	}

	/**
	 * What is wrong with a method that returns a type.
	 * @return {@code null} if its work is over when it has returned
	 */
	static @Nullable InvalidActorException unended(String place, Class<?> returned) {
		return (!IS_UNENDED.get(returned)) ? null
				: new InvalidActorException(
						place + " returns a " + ClassUtils.getShortName(returned)
								+ ": its work goes on after that, and its end cannot be seen.",
						"Wait for the result inside the method, by join() or block() for example.");
	}

	private InvalidActorException signature(Annotated annotated, String parameters) {
		String annotation = (annotated.actor().isPresent()) ? name(annotated.actor())
				: (annotated.execute().isPresent()) ? "@Execute"
						: (annotated.interrupt().isPresent()) ? "@Interrupt" : "@FailureHandler";
		return new InvalidActorException(
				place(annotated.method()) + " has parameters that " + annotation + " cannot fill.",
				"Let it take " + parameters + ".");
	}

	private @Nullable Method body(List<Method> executes, ResolvableType declared) {
		if (executes.size() == 1) {
			return executes.get(0);
		}
		if (executes.size() > 1) {
			throw new InvalidActorException(
					place() + " has " + executes.size() + " @Execute methods: "
							+ executes.stream().map(ActorMethods::describe).collect(Collectors.joining(", ")) + ".",
					"Keep one, or make each an actor of its own: put @Actor on the methods and not on the class.");
		}
		List<Class<?>> bodies = new ArrayList<>(BODIES.keySet());
		bodies.removeIf((body) -> !body.isAssignableFrom(this.type));
		if (bodies.isEmpty()) {
			throw new InvalidActorException(
					place() + " is an actor with nothing to execute: it has no @Execute method and is no Runnable,"
							+ " Callable, Task or Body.",
					"Annotate one of its methods with @Execute; a @Bean method declares the concrete class as its"
							+ " return type.");
		}
		if (bodies.size() > 1) {
			throw new InvalidActorException(place() + " is an actor with more than one thing to execute: "
					+ bodies.stream().map(Class::getSimpleName).sorted().collect(Collectors.joining(", ")) + ".",
					"Annotate the method that is meant with @Execute.");
		}
		checkFunction(bodies.get(0), declared);
		return null;
	}

	private void checkFunction(Class<?> body, ResolvableType declared) {
		for (ResolvableType known : List.of(declared, ResolvableType.forClass(this.type))) {
			checkReturned(place(), known.as(Callable.class).getGeneric().resolve(Object.class));
		}
		for (Method method : this.type.getMethods()) {
			if (method.getName().equals(BODIES.get(body)) && !method.isBridge()
					&& method.getParameterCount() == ((body == Body.class) ? 1 : 0)) {
				checkSeenToEnd(method);
			}
		}
	}

	private Candidate owner(List<Candidate> candidates, Method method, String annotation,
			MergedAnnotation<?> attributes) {
		String value = attributes.getString(MergedAnnotation.VALUE);
		if (candidates.isEmpty()) {
			throw new InvalidActorException(
					place(method) + " is annotated with " + annotation + ", but the bean is no actor.",
					"Annotate the class, its @Bean method or another of its methods with @Actor or @LoopActor.");
		}
		if (value.isEmpty()) {
			if (candidates.size() == 1 || candidates.get(0).ofClass) {
				return candidates.get(0);
			}
			throw new InvalidActorException(
					place(method) + " is annotated with " + annotation + ", but the bean has several actors: "
							+ names(candidates) + ".",
					"Name the method it belongs to: " + annotation + "(\"" + candidates.get(0).methodName() + "\").");
		}
		List<Candidate> named = candidates.stream()
			.filter((candidate) -> value.equals(candidate.methodName()))
			.toList();
		if (named.size() != 1) {
			throw new InvalidActorException(
					place(method) + " is annotated with " + annotation + "(\"" + value + "\"), but the bean has "
							+ ((named.isEmpty()) ? "no actor method" : named.size() + " actor methods")
							+ " of that name, only " + names(candidates) + ".",
					"Use the name of the method, not the name of the actor, and let no two actor methods share it.");
		}
		return named.get(0);
	}

	private static String names(List<Candidate> candidates) {
		return candidates.stream()
			.map((candidate) -> (candidate.execute != null) ? candidate.methodName() : "the bean itself")
			.collect(Collectors.joining(", "));
	}

	String place() {
		return "Bean '" + this.beanName + "' (" + this.origin + ")";
	}

	String place(Method method) {
		return "Bean '" + this.beanName + "': method " + describe(method);
	}

	/**
	 * Find the methods with one of our annotations, inherited ones too; in the same order
	 * each time, which reflection does not promise.
	 */
	static List<Annotated> find(Class<?> type) {
		Map<Method, Annotated> methods = MethodIntrospector.selectMethods(type,
				(MethodIntrospector.MetadataLookup<Annotated>) Annotated::of);
		List<Annotated> sorted = new ArrayList<>();
		for (Map.Entry<Method, Annotated> entry : methods.entrySet()) {
			sorted.add(entry.getValue().as(entry.getKey()));
		}
		Collections.sort(sorted);
		return sorted;
	}

	static MergedAnnotations annotations(AnnotatedElement element) {
		return MergedAnnotations.from(element, SearchStrategy.TYPE_HIERARCHY);
	}

	/** The annotation as its user wrote it. */
	static String name(MergedAnnotation<?> annotation) {
		return "@" + annotation.getRoot().getType().getSimpleName();
	}

	/**
	 * The type of a method's only parameter in a class that may say more about it than
	 * the generic class that declares the method.
	 */
	static Class<?> parameterType(Method method, Class<?> type) {
		return ResolvableType.forMethodParameter(method, 0, type).toClass();
	}

	/**
	 * The method as messages name it, such as {@code com.acme.Jobs.purge(StopReason)}.
	 */
	static String describe(Method method) {
		StringJoiner description = new StringJoiner(", ",
				method.getDeclaringClass().getName() + "." + method.getName() + "(", ")");
		for (Class<?> type : method.getParameterTypes()) {
			description.add(type.getSimpleName());
		}
		return description.toString();
	}

	/** One actor of a bean, while its methods are put together. */
	static final class Candidate {

		final MergedAnnotation<Actor> annotation;

		final @Nullable Method execute;

		/** Whether the annotation is that of the class or its factory method. */
		final boolean ofClass;

		@Nullable Method interrupt;

		final List<Method> failureHandlers = new ArrayList<>();

		private Candidate(MergedAnnotation<Actor> annotation, @Nullable Method execute, boolean ofClass) {
			this.annotation = annotation;
			this.execute = execute;
			this.ofClass = ofClass;
		}

		String methodName() {
			return (this.execute != null) ? ActorNames.ofMethod(this.execute) : "";
		}

	}

	/**
	 * A method with at least one of our annotations.
	 *
	 * @param method the method
	 * @param actor present on an actor method
	 * @param execute present on the body of an actor class
	 * @param interrupt present on an interrupt
	 * @param failureHandler present on a failure handler
	 */
	record Annotated(Method method, MergedAnnotation<Actor> actor, MergedAnnotation<Execute> execute,
			MergedAnnotation<Interrupt> interrupt,
			MergedAnnotation<FailureHandler> failureHandler) implements Comparable<Annotated> {

		static @Nullable Annotated of(Method method) {
			MergedAnnotations annotations = annotations(method);
			// The annotation of a factory method is about its product
			MergedAnnotation<Actor> actor = (annotations.isPresent(Bean.class)) ? MergedAnnotation.missing()
					: annotations.get(Actor.class);
			Annotated annotated = new Annotated(method, actor, annotations.get(Execute.class),
					annotations.get(Interrupt.class), annotations.get(FailureHandler.class));
			return (annotated.roles() > 0) ? annotated : null;
		}

		Annotated as(Method method) {
			return new Annotated(method, this.actor, this.execute, this.interrupt, this.failureHandler);
		}

		int roles() {
			return (this.actor.isPresent() ? 1 : 0) + (this.execute.isPresent() ? 1 : 0)
					+ (this.interrupt.isPresent() ? 1 : 0) + (this.failureHandler.isPresent() ? 1 : 0);
		}

		private int order() {
			MergedAnnotation<Order> order = annotations(this.method).get(Order.class);
			return (order.isPresent()) ? order.getInt(MergedAnnotation.VALUE) : Ordered.LOWEST_PRECEDENCE;
		}

		@Override
		public int compareTo(Annotated other) {
			int result = Integer.compare(order(), other.order());
			if (result == 0) {
				result = this.method.getName().compareTo(other.method.getName());
			}
			return (result != 0) ? result : describe(this.method).compareTo(describe(other.method));
		}

	}

}
