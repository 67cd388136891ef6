package dev.rungroup.context;

import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.stream.Collectors;

import dev.rungroup.annotation.Actor;
import dev.rungroup.annotation.Execute;
import dev.rungroup.annotation.FailureHandler;
import dev.rungroup.annotation.Interrupt;
import dev.rungroup.core.Body;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.OnStall;
import dev.rungroup.core.Policy;
import dev.rungroup.core.StopReason;
import dev.rungroup.core.Task;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopProxyUtils;
import org.springframework.aop.scope.ScopedProxyUtils;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.FactoryBean;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.context.annotation.Bean;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.annotation.AnnotationConfigurationException;
import org.springframework.core.annotation.AnnotationUtils;
import org.springframework.core.annotation.MergedAnnotation;
import org.springframework.core.annotation.MergedAnnotations;
import org.springframework.core.annotation.MergedAnnotations.SearchStrategy;
import org.springframework.core.annotation.Order;
import org.springframework.core.Ordered;
import org.springframework.format.datetime.standard.DurationFormatterUtils;
import org.springframework.scheduling.annotation.Async;
import org.springframework.util.ClassUtils;

/**
 * Finds the actors of a bean factory by the types of its beans: lazy ones are found and
 * not created. Reads their annotations, once and completely; whatever is wrong with them
 * is noticed here.
 */
final class ActorScanner {

	private static final Log logger = LogFactory.getLog(ActorScanner.class);

	private static final List<Class<?>> BODIES = List.of(Body.class, Task.class, Callable.class, Runnable.class);

	private final ConfigurableListableBeanFactory beanFactory;

	/** Whether a class itself declares a method with one of our annotations. */
	private final Map<Class<?>, Boolean> declaring = new HashMap<>();

	/** Whether an annotation is one of ours, or is annotated with one. */
	private final Map<Class<?>, Boolean> ours = new HashMap<>(
			Map.of(Actor.class, true, Execute.class, true, Interrupt.class, true, FailureHandler.class, true));

	private final Map<Class<?>, List<AnnotatedMethod>> annotatedMethods = new HashMap<>();

	ActorScanner(ConfigurableListableBeanFactory beanFactory) {
		this.beanFactory = beanFactory;
	}

	/**
	 * Find all actors.
	 * @return what they declare, in the order of their beans
	 * @throws InvalidActorException if a declaration cannot work
	 */
	List<ActorDefinition> scan() {
		List<ActorDefinition> definitions = new ArrayList<>();
		for (Iterator<String> names = this.beanFactory.getBeanNamesIterator(); names.hasNext();) {
			String beanName = names.next();
			if (!ScopedProxyUtils.isScopedTarget(beanName)) {
				definitions.addAll(scan(beanName));
			}
		}
		return definitions;
	}

	private List<ActorDefinition> scan(String beanName) {
		String target = ScopedProxyUtils.getTargetBeanName(beanName);
		boolean scopedProxy = this.beanFactory.containsBeanDefinition(target);
		RootBeanDefinition definition = definition((scopedProxy) ? target : beanName);
		if (definition != null && definition.isAbstract()) {
			return List.of();
		}
		Class<?> type = type((scopedProxy) ? target : beanName);
		refuseFactory(beanName);
		Method factoryMethod = (definition != null) ? definition.getResolvedFactoryMethod() : null;
		if (type == null) {
			if (factoryMethod != null && actor(factoryMethod, factoryMethod.getReturnType()).isPresent()) {
				throw new InvalidActorException("Bean '" + beanName + "' (" + Methods.describe(factoryMethod)
						+ ") is an actor, but is null, or made by a FactoryBean that does not say of which type.",
						"Return an object and declare its class. To leave an actor out, put a condition on the @Bean"
								+ " method, or set 'run.actors.<name>.enabled=false'.");
			}
			return List.of();
		}
		try {
			MergedAnnotation<Actor> actor = actor(factoryMethod, type);
			List<AnnotatedMethod> annotated = (hasAnnotatedMethods(type))
					? this.annotatedMethods.computeIfAbsent(type, ActorScanner::annotatedMethods) : List.of();
			if (!actor.isPresent() && annotated.isEmpty()) {
				return List.of();
			}
			BeanScan scan = new BeanScan(beanName, type, origin(factoryMethod, type));
			if (definition != null && !definition.isSingleton()) {
				throw scan.scoped(definition.getScope());
			}
			return scan.definitions(actor, annotated);
		}
		catch (AnnotationConfigurationException ex) {
			throw new InvalidActorException("Bean '" + beanName + "' (" + type.getName()
					+ ") is annotated with a contradiction: " + ex.getMessage(), "Set 'value' or 'name', not both.",
					ex);
		}
	}

	/**
	 * The bean is what a FactoryBean makes: the factory's own methods would never be
	 * called, and nobody would hear of it.
	 */
	private void refuseFactory(String beanName) {
		Class<?> factory = type(BeanFactory.FACTORY_BEAN_PREFIX + beanName);
		if (factory == null || !FactoryBean.class.isAssignableFrom(factory)) {
			return;
		}
		if (actor(null, factory).isPresent()
				|| (hasAnnotatedMethods(factory) && !annotatedMethods(factory).isEmpty())) {
			throw new InvalidActorException(
					"Bean '" + beanName + "' (" + factory.getName()
							+ ") is an actor, but also a FactoryBean: the bean is what it makes, not the actor.",
					"Make the actor a class of its own. If what it makes is to be the actor, annotate the class of that,"
							+ " or the @Bean method.");
		}
	}

	private @Nullable RootBeanDefinition definition(String beanName) {
		if (!this.beanFactory.containsBeanDefinition(beanName)) {
			return null;
		}
		BeanDefinition definition = this.beanFactory.getMergedBeanDefinition(beanName);
		return (definition instanceof RootBeanDefinition root) ? root : null;
	}

	/**
	 * The class that has the annotations: of the object where there is one, behind all
	 * proxies; else the one that is declared. Asking for the type also makes the
	 * definition know its factory method.
	 */
	private @Nullable Class<?> type(String beanName) {
		Class<?> type = null;
		try {
			type = this.beanFactory.getType(beanName, false);
			Object singleton = (this.beanFactory.containsSingleton(beanName)) ? this.beanFactory.getSingleton(beanName)
					: null;
			if (singleton != null && singleton.equals(null)) {
				// What Spring has in place of null
				return null;
			}
			if (singleton != null && !(singleton instanceof FactoryBean)) {
				type = AopProxyUtils.ultimateTargetClass(singleton);
			}
		}
		catch (Throwable ex) {
			// An unloadable class of a bean that nobody asked us about
			if (logger.isDebugEnabled()) {
				logger.debug("Cannot tell the type of bean '" + beanName + "': it is not looked at", ex);
			}
		}
		return (type != null) ? ClassUtils.getUserClass(type) : null;
	}

	private static MergedAnnotation<Actor> actor(@Nullable Method factoryMethod, Class<?> type) {
		if (factoryMethod != null && isCandidate(factoryMethod.getDeclaringClass())) {
			MergedAnnotation<Actor> actor = MergedAnnotations.from(factoryMethod).get(Actor.class);
			if (actor.isPresent()) {
				return actor;
			}
		}
		return isCandidate(type) ? annotations(type).get(Actor.class) : MergedAnnotation.missing();
	}

	/**
	 * Where a reader finds the bean: its class may be a lambda's.
	 */
	private static String origin(@Nullable Method factoryMethod, Class<?> type) {
		return (factoryMethod != null) ? Methods.describe(factoryMethod) : type.getName();
	}

	private static boolean isCandidate(Class<?> type) {
		return AnnotationUtils.isCandidateClass(type, Actor.class)
				&& !type.getName().startsWith("org.springframework.");
	}

	/**
	 * A quick look that most types do not survive: reading annotations with all that
	 * Spring knows about them costs a hundred times as much.
	 */
	private boolean hasAnnotatedMethods(Class<?> type) {
		for (Class<?> each = type; each != null && isCandidate(each); each = each.getSuperclass()) {
			if (declaresAnnotatedMethods(each)) {
				return true;
			}
		}
		for (Class<?> each : ClassUtils.getAllInterfacesForClassAsSet(type)) {
			if (isCandidate(each) && declaresAnnotatedMethods(each)) {
				return true;
			}
		}
		return false;
	}

	private boolean declaresAnnotatedMethods(Class<?> type) {
		Boolean declares = this.declaring.get(type);
		if (declares == null) {
			declares = readMethods(type);
			this.declaring.put(type, declares);
		}
		return declares;
	}

	private boolean readMethods(Class<?> type) {
		try {
			for (Method method : type.getDeclaredMethods()) {
				for (Annotation annotation : method.getDeclaredAnnotations()) {
					if (isOurs(annotation.annotationType())) {
						return true;
					}
				}
			}
		}
		catch (Throwable ex) {
			// A method with a parameter whose class is not there
			if (logger.isDebugEnabled()) {
				logger.debug("Cannot read the methods of " + type + ": it is not looked at", ex);
			}
		}
		return false;
	}

	private boolean isOurs(Class<? extends Annotation> annotationType) {
		Boolean ours = this.ours.get(annotationType);
		if (ours == null) {
			ours = MergedAnnotations.from(annotationType).isPresent(Actor.class);
			this.ours.put(annotationType, ours);
		}
		return ours;
	}

	private static MergedAnnotations annotations(AnnotatedElement element) {
		return MergedAnnotations.from(element, SearchStrategy.TYPE_HIERARCHY);
	}

	/**
	 * Methods with one of our annotations, inherited ones too; the same order each time,
	 * which reflection does not promise.
	 */
	private static List<AnnotatedMethod> annotatedMethods(Class<?> type) {
		Map<Method, AnnotatedMethod> methods = MethodIntrospector.selectMethods(type,
				(MethodIntrospector.MetadataLookup<AnnotatedMethod>) AnnotatedMethod::of);
		List<AnnotatedMethod> sorted = new ArrayList<>();
		for (Map.Entry<Method, AnnotatedMethod> entry : methods.entrySet()) {
			sorted.add(entry.getValue().as(entry.getKey()));
		}
		Collections.sort(sorted);
		return sorted;
	}

	private static int order(Method method) {
		MergedAnnotation<Order> order = annotations(method).get(Order.class);
		return (order.isPresent()) ? order.getInt(MergedAnnotation.VALUE) : Ordered.LOWEST_PRECEDENCE;
	}

	/**
	 * The default name of an actor: {@code orderServer} becomes {@code order-server}, and
	 * of a qualified name only the last part counts.
	 */
	static String kebabCase(String name) {
		String simple = name.substring(Math.max(name.lastIndexOf('.'), name.lastIndexOf('$')) + 1);
		StringBuilder kebab = new StringBuilder();
		for (int i = 0; i < simple.length(); i++) {
			char character = simple.charAt(i);
			if (!Character.isLetterOrDigit(character)) {
				separate(kebab);
				continue;
			}
			if (Character.isUpperCase(character) && i > 0) {
				boolean wordBegins = !Character.isUpperCase(simple.charAt(i - 1));
				boolean acronymEnds = i + 1 < simple.length() && Character.isLowerCase(simple.charAt(i + 1));
				if (wordBegins || acronymEnds) {
					separate(kebab);
				}
			}
			kebab.append(Character.toLowerCase(character));
		}
		while (!kebab.isEmpty() && kebab.charAt(kebab.length() - 1) == '-') {
			kebab.setLength(kebab.length() - 1);
		}
		return (!kebab.isEmpty()) ? kebab.toString() : name;
	}

	private static void separate(StringBuilder kebab) {
		if (!kebab.isEmpty() && kebab.charAt(kebab.length() - 1) != '-') {
			kebab.append('-');
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
	private record AnnotatedMethod(Method method, MergedAnnotation<Actor> actor, MergedAnnotation<Execute> execute,
			MergedAnnotation<Interrupt> interrupt,
			MergedAnnotation<FailureHandler> failureHandler) implements Comparable<AnnotatedMethod> {

		static @Nullable AnnotatedMethod of(Method method) {
			MergedAnnotations annotations = annotations(method);
			// The annotation of a factory method is about its product
			MergedAnnotation<Actor> actor = (annotations.isPresent(Bean.class)) ? MergedAnnotation.missing()
					: annotations.get(Actor.class);
			AnnotatedMethod annotated = new AnnotatedMethod(method, actor, annotations.get(Execute.class),
					annotations.get(Interrupt.class), annotations.get(FailureHandler.class));
			return (annotated.roles() > 0) ? annotated : null;
		}

		AnnotatedMethod as(Method method) {
			return new AnnotatedMethod(method, this.actor, this.execute, this.interrupt, this.failureHandler);
		}

		int roles() {
			return (this.actor.isPresent() ? 1 : 0) + (this.execute.isPresent() ? 1 : 0)
					+ (this.interrupt.isPresent() ? 1 : 0) + (this.failureHandler.isPresent() ? 1 : 0);
		}

		@Override
		public int compareTo(AnnotatedMethod other) {
			int result = Integer.compare(order(this.method), order(other.method));
			if (result == 0) {
				result = this.method.getName().compareTo(other.method.getName());
			}
			return (result != 0) ? result : Methods.describe(this.method).compareTo(Methods.describe(other.method));
		}

	}

	/**
	 * One actor of a bean, while its methods are put together.
	 */
	private static final class Candidate {

		private final MergedAnnotation<Actor> annotation;

		private final @Nullable Method execute;

		private final boolean ofClass;

		private @Nullable Method interrupt;

		private final List<Method> failureHandlers = new ArrayList<>();

		private Candidate(MergedAnnotation<Actor> annotation, @Nullable Method execute, boolean ofClass) {
			this.annotation = annotation;
			this.execute = execute;
			this.ofClass = ofClass;
		}

	}

	/**
	 * Reads one annotated bean.
	 */
	private final class BeanScan {

		private final String beanName;

		private final Class<?> type;

		private final String origin;

		private BeanScan(String beanName, Class<?> type, String origin) {
			this.beanName = beanName;
			this.type = type;
			this.origin = origin;
		}

		private List<ActorDefinition> definitions(MergedAnnotation<Actor> actor, List<AnnotatedMethod> methods) {
			List<Method> executes = new ArrayList<>();
			List<Candidate> candidates = new ArrayList<>();
			for (AnnotatedMethod method : methods) {
				checkSignature(method);
				if (method.execute().isPresent()) {
					executes.add(method.method());
				}
				if (method.actor().isPresent()) {
					candidates.add(new Candidate(method.actor(), method.method(), false));
				}
			}
			if (actor.isPresent()) {
				candidates.add(0, new Candidate(actor, body(executes), true));
			}
			else if (!executes.isEmpty()) {
				throw new InvalidActorException(
						place(executes.get(0)) + " is annotated with @Execute, but the bean is no actor.",
						"Annotate the class or its @Bean method with @Actor or @LoopActor.");
			}
			for (AnnotatedMethod method : methods) {
				if (method.interrupt().isPresent()) {
					Candidate owner = owner(candidates, method.method(), "@Interrupt", method.interrupt());
					if (owner.interrupt != null) {
						throw new InvalidActorException(
								place(method.method()) + " is the second @Interrupt of the same actor, after "
										+ Methods.describe(owner.interrupt) + ".",
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
			List<ActorDefinition> definitions = new ArrayList<>();
			for (Candidate candidate : candidates) {
				definitions.add(definition(candidate));
			}
			return definitions;
		}

		private void checkSignature(AnnotatedMethod annotated) {
			Method method = annotated.method();
			int parameters = method.getParameterCount();
			Class<?> parameter = (parameters == 1) ? Methods.parameterType(method, this.type) : null;
			if (annotated.roles() > 1) {
				throw new InvalidActorException(
						place(method) + " has more than one of @Actor, @Execute, @Interrupt and @FailureHandler.",
						"Give each role a method of its own.");
			}
			if (Modifier.isStatic(method.getModifiers())) {
				throw new InvalidActorException(place(method) + " is static.", "Make it a method of the bean.");
			}
			if (annotated.actor().isPresent() || annotated.execute().isPresent()) {
				if (parameters > 1 || (parameter != null && parameter != MemberContext.class)) {
					throw signature(annotated, "nothing or a MemberContext");
				}
				checkThread(method);
			}
			else if (annotated.interrupt().isPresent()) {
				if (parameters > 1
						|| (parameter != null && parameter != StopReason.class && parameter != Throwable.class)) {
					throw signature(annotated, "nothing, a StopReason or a Throwable");
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
		private void checkThread(Method method) {
			if (Future.class.isAssignableFrom(method.getReturnType())
					|| CompletionStage.class.isAssignableFrom(method.getReturnType())) {
				throw new InvalidActorException(place(method) + " returns a " + method.getReturnType().getSimpleName()
						+ ", which nobody would wait for.", "Wait for it inside the method.");
			}
			if (annotations(method).isPresent(Async.class) || annotations(this.type).isPresent(Async.class)) {
				throw new InvalidActorException(place(method) + " is @Async: it would return before its work is done.",
						"Remove @Async, an actor has a thread of its own.");
			}
		}

		private InvalidActorException signature(AnnotatedMethod annotated, String parameters) {
			String annotation = (annotated.actor().isPresent()) ? name(annotated.actor())
					: (annotated.execute().isPresent()) ? "@Execute"
							: (annotated.interrupt().isPresent()) ? "@Interrupt" : "@FailureHandler";
			return new InvalidActorException(
					place(annotated.method()) + " has parameters that " + annotation + " cannot fill.",
					"Let it take " + parameters + ".");
		}

		private @Nullable Method body(List<Method> executes) {
			if (executes.size() == 1) {
				return executes.get(0);
			}
			if (executes.size() > 1) {
				throw new InvalidActorException(
						place() + " has " + executes.size() + " @Execute methods: "
								+ executes.stream().map(Methods::describe).collect(Collectors.joining(", ")) + ".",
						"Keep one, or make each an actor of its own: put @Actor on the methods and not on the class.");
			}
			List<Class<?>> bodies = new ArrayList<>(BODIES);
			bodies.removeIf((body) -> !body.isAssignableFrom(this.type));
			if (bodies.isEmpty()) {
				throw new InvalidActorException(
						place() + " is an actor with nothing to execute: it has no @Execute method and is no Runnable,"
								+ " Callable, Task or Body.",
						"Annotate one of its methods with @Execute; a @Bean method declares the concrete class as its"
								+ " return type.");
			}
			if (bodies.size() > 1) {
				throw new InvalidActorException(
						place() + " is an actor with more than one thing to execute: "
								+ bodies.stream().map(Class::getSimpleName).collect(Collectors.joining(", ")) + ".",
						"Annotate the method that is meant with @Execute.");
			}
			return null;
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
								+ methodNames(candidates) + ".",
						"Name the method it belongs to: " + annotation + "(\"" + methodName(candidates.get(0))
								+ "\").");
			}
			List<Candidate> named = candidates.stream()
				.filter((candidate) -> value.equals(methodName(candidate)))
				.toList();
			if (named.size() != 1) {
				throw new InvalidActorException(
						place(method) + " is annotated with " + annotation + "(\"" + value + "\"), but the bean has "
								+ ((named.isEmpty()) ? "no actor method" : named.size() + " actor methods")
								+ " of that name, only " + methodNames(candidates) + ".",
						"Use the name of the method, not the name of the actor, and let no two actor methods share it.");
			}
			return named.get(0);
		}

		private static String methodName(Candidate candidate) {
			return (candidate.execute != null) ? candidate.execute.getName() : "";
		}

		private static String methodNames(List<Candidate> candidates) {
			return candidates.stream()
				.map((candidate) -> (candidate.execute != null) ? candidate.execute.getName() : "the bean itself")
				.collect(Collectors.joining(", "));
		}

		private ActorDefinition definition(Candidate candidate) {
			MergedAnnotation<Actor> annotation = candidate.annotation;
			Attributes attributes = new Attributes(annotation,
					(candidate.ofClass || candidate.execute == null) ? place() : place(candidate.execute));
			if (annotation.getSource() instanceof AnnotatedElement element
					&& MergedAnnotations.from(element).stream(Actor.class).count() > 1) {
				throw new InvalidActorException(
						attributes.place + " has more than one of @Actor, @LoopActor and annotations made of them.",
						"Keep one.");
			}
			String name = attributes.text("name");
			if (name.isEmpty()) {
				name = kebabCase(this.beanName);
				if (!candidate.ofClass && candidate.execute != null) {
					name += "-" + kebabCase(candidate.execute.getName());
				}
			}
			return new ActorDefinition(name, this.beanName, candidate.execute, candidate.interrupt,
					candidate.failureHandlers, true,
					attributes.number("concurrency", 1, 1, ActorDefinition.MAX_CONCURRENCY),
					annotation.getEnum("onDone", Policy.class), annotation.getEnum("onError", Policy.class),
					attributes.duration("initialDelay", Duration.ZERO), attributes.duration("delay", Duration.ZERO),
					ActorDefinition.DEFAULT_BACKOFF, attributes.number("maxRestarts", -1, -1, Integer.MAX_VALUE),
					attributes.positiveDuration("within"), annotation.getEnum("onExhausted", Policy.class),
					attributes.fatal(), attributes.positiveDuration("timeout"),
					attributes.positiveDuration("readyTimeout"), annotation.getInt("stage"), false, null,
					OnStall.REPORT);
		}

		private InvalidActorException scoped(@Nullable String scope) {
			return new InvalidActorException(
					place() + " is an actor, but has scope '" + scope
							+ "': there is no one instance that could start and stop with the application.",
					"Make it a singleton, and let it get scoped beans through an ObjectProvider.");
		}

		private String place() {
			return "Bean '" + this.beanName + "' (" + this.origin + ")";
		}

		private String place(Method method) {
			return "Bean '" + this.beanName + "': method " + Methods.describe(method);
		}

		private static String name(MergedAnnotation<?> annotation) {
			return "@" + annotation.getRoot().getType().getSimpleName();
		}

	}

	/**
	 * The attributes of an annotation that are text, as values.
	 */
	private final class Attributes {

		private final MergedAnnotation<Actor> annotation;

		private final String place;

		private Attributes(MergedAnnotation<Actor> annotation, String place) {
			this.annotation = annotation;
			this.place = place;
		}

		String text(String attribute) {
			String text = this.annotation.getString(attribute);
			if (text.isEmpty()) {
				return text;
			}
			try {
				String resolved = ActorScanner.this.beanFactory.resolveEmbeddedValue(text);
				if (resolved == null || !resolved.contains("${")) {
					return (resolved != null) ? resolved.strip() : "";
				}
			}
			catch (IllegalArgumentException ex) {
				throw unresolvable(attribute, text, ex);
			}
			// Outside Boot what cannot be resolved is left as it is
			throw unresolvable(attribute, text, null);
		}

		Duration duration(String attribute, Duration defaultValue) {
			String text = text(attribute);
			if (text.isEmpty()) {
				return defaultValue;
			}
			try {
				Duration duration = DurationFormatterUtils.detectAndParse(text);
				if (!duration.isNegative()) {
					return duration;
				}
			}
			catch (IllegalArgumentException | ArithmeticException ex) {
				throw invalid(attribute, text, "is no duration", "Write it like 500ms, 5s, 10m or PT5S.", ex);
			}
			throw invalid(attribute, text, "is negative", "Use zero or more.", null);
		}

		@Nullable Duration positiveDuration(String attribute) {
			if (text(attribute).isEmpty()) {
				return null;
			}
			Duration duration = duration(attribute, Duration.ZERO);
			if (duration.isZero()) {
				throw invalid(attribute, text(attribute), "is zero",
						"Use a duration longer than zero, or leave the attribute out.", null);
			}
			return duration;
		}

		int number(String attribute, int defaultValue, int min, int max) {
			String text = text(attribute);
			if (text.isEmpty()) {
				return defaultValue;
			}
			String range = (max == Integer.MAX_VALUE) ? "Use a whole number of at least " + min + "."
					: "Use a whole number from " + min + " to " + max + ".";
			try {
				int number = Integer.parseInt(text);
				if (number >= min && number <= max) {
					return number;
				}
			}
			catch (NumberFormatException ex) {
				throw invalid(attribute, text, "is no whole number", range, ex);
			}
			throw invalid(attribute, text, "is out of range", range, null);
		}

		List<Class<? extends Throwable>> fatal() {
			List<Class<? extends Throwable>> types = new ArrayList<>();
			for (Class<?> type : this.annotation.getClassArray("fatal")) {
				types.add(type.asSubclass(Throwable.class));
			}
			return types;
		}

		private InvalidActorException unresolvable(String attribute, String text, @Nullable Throwable cause) {
			return invalid(attribute, text, "has a placeholder that cannot be resolved",
					"Define the property, or give a default: ${property:default}.", cause);
		}

		private InvalidActorException invalid(String attribute, String value, String problem, String action,
				@Nullable Throwable cause) {
			return new InvalidActorException(this.place + ": attribute '" + attribute + "' of "
					+ BeanScan.name(this.annotation) + " is \"" + value + "\", which " + problem + ".", action, cause);
		}

	}

}
