package dev.rungroup.context;

import java.io.IOException;
import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import dev.rungroup.annotation.Actor;
import dev.rungroup.annotation.Execute;
import dev.rungroup.annotation.FailureHandler;
import dev.rungroup.annotation.Interrupt;
import dev.rungroup.core.MemberSettings;
import dev.rungroup.core.OnStop;
import dev.rungroup.core.Policy;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopProxyUtils;
import org.springframework.aop.scope.ScopedProxyUtils;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.FactoryBean;
import org.springframework.beans.factory.annotation.AnnotatedBeanDefinition;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.context.annotation.Bean;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.ResolvableType;
import org.springframework.core.annotation.AnnotationConfigurationException;
import org.springframework.core.annotation.MergedAnnotation;
import org.springframework.core.annotation.MergedAnnotations;
import org.springframework.core.type.AnnotationMetadata;
import org.springframework.core.type.MethodMetadata;
import org.springframework.core.type.classreading.MetadataReaderFactory;
import org.springframework.util.ClassUtils;

/**
 * Finds the actors of a bean factory by the types of its beans: lazy ones are found and
 * not created. Reads their annotations, once and completely; whatever is wrong with them
 * is noticed here. What carries our annotations and is no actor all the same is named.
 */
final class ActorScanner {

	private static final Log logger = LogFactory.getLog(ActorScanner.class);

	private static final Method[] NONE = {};

	private static final String CLUSTER_SINGLETON = "dev.rungroup.cluster.ClusterSingleton";

	private final ConfigurableListableBeanFactory beanFactory;

	/** Whether a class itself, or one of its methods, has one of our annotations. */
	private final Map<Class<?>, Boolean> declaring = new HashMap<>();

	/** Whether an annotation is one of ours, or is annotated with one. */
	private final Map<Class<?>, Boolean> ours = new HashMap<>(
			Map.of(Actor.class, true, Execute.class, true, Interrupt.class, true, FailureHandler.class, true));

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
			// The target of a scoped proxy is looked at under the name of the proxy
			if (!ScopedProxyUtils.isScopedTarget(beanName)) {
				scan(beanName, definitions);
			}
		}
		return definitions;
	}

	private void scan(String beanName, List<ActorDefinition> definitions) {
		String target = ScopedProxyUtils.getTargetBeanName(beanName);
		String source = (this.beanFactory.containsBeanDefinition(target)) ? target : beanName;
		RootBeanDefinition definition = definition(source);
		try {
			Class<?> type = type(source);
			Method factoryMethod = (definition != null) ? definition.getResolvedFactoryMethod() : null;
			if (type == null) {
				refuseUntyped(beanName, factoryMethod);
				return;
			}
			if ((factoryMethod != null && carriesOurs(factoryMethod)) || declaresOurs(type)) {
				MergedAnnotation<Actor> actor = actor(factoryMethod, type);
				List<ActorMethods.Annotated> annotated = ActorMethods.find(type);
				ActorMethods methods = new ActorMethods(beanName, type, factoryMethod);
				if (!actor.isPresent() && annotated.isEmpty()) {
					refuseMisplacedSingleton(methods, factoryMethod, List.of());
				}
				else if (isRun(methods, definition)) {
					ResolvableType declared = (definition != null) ? definition.getResolvableType()
							: ResolvableType.NONE;
					List<ActorMethods.Candidate> candidates = methods.candidates(actor, annotated, declared);
					for (ActorMethods.Candidate candidate : candidates) {
						definitions.add(definition(beanName, candidate, methods));
					}
					refuseMisplacedSingleton(methods, factoryMethod, candidates);
				}
			}
			else if (this.beanFactory.isFactoryBean(source)) {
				refuseFactory(beanName, type(BeanFactory.FACTORY_BEAN_PREFIX + source));
			}
			else if (ActorMethods.isBody(type)) {
				// No object is there yet to look at
				logger.info("Bean '" + beanName + "' is declared as " + type.getName()
						+ " and made only when it is asked for, so annotations of its class cannot be seen. If it is"
						+ " an actor, declare its class as the type of the bean.");
			}
		}
		catch (InvalidActorException ex) {
			throw ex;
		}
		catch (AnnotationConfigurationException ex) {
			throw new InvalidActorException(
					"Bean '" + beanName + "' is annotated with a contradiction: " + ex.getMessage(),
					"Set 'value' or 'name', not both.", ex);
		}
		catch (Throwable ex) {
			unreadable(source, definition, ex);
		}
	}

	/** Whether there will be one instance of an actor's bean. */
	private static boolean isRun(ActorMethods methods, @Nullable RootBeanDefinition definition) {
		if (definition != null && definition.isAbstract()) {
			logger
				.info(methods.place() + " is an actor by its annotations, but is not run: its definition is abstract.");
			return false;
		}
		if (definition != null && !definition.isSingleton()) {
			throw new InvalidActorException(
					methods.place() + " is an actor, but has scope '" + definition.getScope()
							+ "': there is no one instance that could start and stop with the application.",
					"Make it a singleton, and let it get scoped beans through an ObjectProvider.");
		}
		return true;
	}

	/**
	 * An actor that runs on every node although one was asked for does its work twice.
	 */
	private static void refuseMisplacedSingleton(ActorMethods methods, @Nullable Method factoryMethod,
			List<ActorMethods.Candidate> actors) {
		Set<Object> places = new LinkedHashSet<>();
		if (factoryMethod != null) {
			places.add(factoryMethod);
		}
		places.add(methods.type());
		places.addAll(MethodIntrospector.selectMethods(methods.type(),
				(Method method) -> ActorMethods.annotations(method).isPresent(CLUSTER_SINGLETON)
						&& !ActorMethods.annotations(method).isPresent(Bean.class)));
		for (ActorMethods.Candidate actor : actors) {
			places.remove(actor.annotation.getSource());
			if (actor.ofClass) {
				places.remove(methods.type());
			}
		}
		for (Object place : places) {
			if (ActorMethods.annotations((AnnotatedElement) place).isPresent(CLUSTER_SINGLETON)) {
				throw new InvalidActorException(
						((place instanceof Method method) ? methods.place(method) : methods.place())
								+ " has @ClusterSingleton, but no @Actor or @LoopActor beside it.",
						"Put it where @Actor or @LoopActor is.");
			}
		}
	}

	private static void refuseUntyped(String beanName, @Nullable Method factoryMethod) {
		if (factoryMethod != null && actor(factoryMethod, factoryMethod.getReturnType()).isPresent()) {
			throw new InvalidActorException(
					"Bean '" + beanName + "' (" + ActorMethods.describe(factoryMethod)
							+ ") is an actor, but is null, or made by a FactoryBean that does not say of which type.",
					"Return an object and declare its class. To leave an actor out, put a condition on the @Bean"
							+ " method, or set 'run.actors.<name>.enabled=false'.");
		}
	}

	private void refuseFactory(String beanName, @Nullable Class<?> factory) {
		if (factory != null && declaresOurs(factory)) {
			throw new InvalidActorException(
					"Bean '" + beanName + "' (" + factory.getName()
							+ ") is an actor, but also a FactoryBean: the bean is what it makes, not the actor.",
					"Make the actor a class of its own.");
		}
	}

	/**
	 * A class of the bean's type is missing. Nobody need hear of it unless the bean is an
	 * actor: that is looked up without loading anything.
	 */
	private void unreadable(String beanName, @Nullable RootBeanDefinition definition, Throwable cause) {
		if (isDeclaredActor(beanName, definition)) {
			throw new InvalidActorException(
					"Bean '" + beanName + "' is an actor, but its class cannot be read: " + cause + ".",
					"Add what is missing to the class path, or put a condition on the bean.", cause);
		}
		if (logger.isDebugEnabled()) {
			logger.debug("Cannot read the type of bean '" + beanName + "': it is not looked at", cause);
		}
	}

	private boolean isDeclaredActor(String beanName, @Nullable RootBeanDefinition definition) {
		if (definition == null) {
			return false;
		}
		MethodMetadata factoryMethod = (this.beanFactory
			.getBeanDefinition(beanName) instanceof AnnotatedBeanDefinition annotated)
					? annotated.getFactoryMethodMetadata() : null;
		if (factoryMethod != null) {
			return factoryMethod.isAnnotated(Actor.class.getName()) || carriesActor(factoryMethod.getReturnTypeName());
		}
		return definition.getBeanClassName() != null && carriesActor(definition.getBeanClassName());
	}

	/** Whether a class or one above it carries the annotation, by its bytecode. */
	private boolean carriesActor(String className) {
		MetadataReaderFactory readers = MetadataReaderFactory.create(this.beanFactory.getBeanClassLoader());
		try {
			for (String name = className; name != null;) {
				AnnotationMetadata metadata = readers.getMetadataReader(name).getAnnotationMetadata();
				if (metadata.isAnnotated(Actor.class.getName())
						|| metadata.hasAnnotatedMethods(Actor.class.getName())) {
					return true;
				}
				name = metadata.getSuperClassName();
			}
		}
		catch (IOException ex) {
			// not to be read either
		}
		return false;
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
		Class<?> type = this.beanFactory.getType(beanName, false);
		Object singleton = (this.beanFactory.containsSingleton(beanName)) ? this.beanFactory.getSingleton(beanName)
				: null;
		if (singleton != null && singleton.equals(null)) {
			// What Spring has in place of null
			return null;
		}
		if (singleton != null && !(singleton instanceof FactoryBean)) {
			type = AopProxyUtils.ultimateTargetClass(singleton);
		}
		return (type != null) ? ClassUtils.getUserClass(type) : null;
	}

	private static MergedAnnotation<Actor> actor(@Nullable Method factoryMethod, Class<?> type) {
		MergedAnnotation<Actor> actor = (factoryMethod != null) ? MergedAnnotations.from(factoryMethod).get(Actor.class)
				: MergedAnnotation.missing();
		return (actor.isPresent()) ? actor : ActorMethods.annotations(type).get(Actor.class);
	}

	/**
	 * A quick look that most types do not survive: reading annotations with all that
	 * Spring knows about them costs a hundred times as much.
	 */
	private boolean declaresOurs(@Nullable Class<?> type) {
		if (type == null || type.getName().startsWith("java.")) {
			return false;
		}
		Boolean known = this.declaring.get(type);
		if (known != null) {
			return known;
		}
		boolean declares = carriesOurs(type) || declaresOurs(type.getSuperclass());
		for (Class<?> each : type.getInterfaces()) {
			declares |= declaresOurs(each);
		}
		for (Method method : (declares) ? NONE : type.getDeclaredMethods()) {
			declares |= carriesOurs(method);
		}
		this.declaring.put(type, declares);
		return declares;
	}

	private boolean carriesOurs(AnnotatedElement element) {
		for (Annotation annotation : element.getDeclaredAnnotations()) {
			if (isOurs(annotation.annotationType())) {
				return true;
			}
		}
		return false;
	}

	private boolean isOurs(Class<? extends Annotation> annotationType) {
		Boolean known = this.ours.get(annotationType);
		if (known == null) {
			// It may be annotated with itself
			boolean singleton = annotationType.getName().equals(CLUSTER_SINGLETON);
			this.ours.put(annotationType, singleton);
			known = singleton || carriesOurs(annotationType);
			this.ours.put(annotationType, known);
		}
		return known;
	}

	private ActorDefinition definition(String beanName, ActorMethods.Candidate candidate, ActorMethods methods) {
		MergedAnnotation<Actor> annotation = candidate.annotation;
		String place = (candidate.ofClass || candidate.execute == null) ? methods.place()
				: methods.place(candidate.execute);
		if (annotation.getSource() instanceof AnnotatedElement element
				&& MergedAnnotations.from(element).stream(Actor.class).count() > 1) {
			throw new InvalidActorException(
					place + " has more than one of @Actor, @LoopActor and annotations made of them.", "Keep one.");
		}
		ActorAttributes attributes = new ActorAttributes(this.beanFactory, annotation, place);
		String name = attributes.text("name");
		if (name.isEmpty()) {
			name = ActorNames.kebabCase(beanName);
			if (!candidate.ofClass) {
				name += "-" + ActorNames.kebabCase(candidate.methodName());
			}
		}
		MemberSettings settings = MemberSettings.builder()
			.onDone(annotation.getEnum("onDone", Policy.class))
			.onError(annotation.getEnum("onError", Policy.class))
			.initialDelay(attributes.duration("initialDelay", Duration.ZERO))
			.delay(attributes.duration("delay", Duration.ZERO))
			.backoff(ActorDefinition.DEFAULT_BACKOFF)
			.maxRestarts(attributes.number("maxRestarts", -1, -1, Integer.MAX_VALUE))
			.within(attributes.positiveDuration("within"))
			.onExhausted(annotation.getEnum("onExhausted", Policy.class))
			.fatal(attributes.fatal())
			.timeout(attributes.positiveDuration("timeout"))
			.readyTimeout(attributes.positiveDuration("readyTimeout"))
			.onStop(annotation.getEnum("onStop", OnStop.class))
			.stage(annotation.getInt("stage"))
			.build();
		String group = attributes.text("group");
		return new ActorDefinition(name, beanName, candidate.execute, candidate.interrupt, candidate.failureHandlers,
				(group.isEmpty()) ? null : group, true,
				attributes.number("concurrency", 1, 1, ActorDefinition.MAX_CONCURRENCY),
				annotation.getBoolean("required"), lock(candidate, methods, name, place), settings);
	}

	/**
	 * The name of the actor's lock if it is to run on one node of a cluster. The
	 * annotation's class is not loaded for those that do not have it.
	 */
	private @Nullable String lock(ActorMethods.Candidate candidate, ActorMethods methods, String actor, String place) {
		MergedAnnotation<Annotation> singleton = MergedAnnotation.missing();
		if (candidate.annotation.getSource() instanceof AnnotatedElement element) {
			singleton = ActorMethods.annotations(element).get(CLUSTER_SINGLETON);
		}
		if (candidate.ofClass && !singleton.isPresent()) {
			singleton = ActorMethods.annotations(methods.type()).get(CLUSTER_SINGLETON);
		}
		if (!singleton.isPresent()) {
			return null;
		}
		String name = new ActorAttributes(this.beanFactory, singleton, place).text("name");
		return (name.isEmpty()) ? actor : name;
	}

}
