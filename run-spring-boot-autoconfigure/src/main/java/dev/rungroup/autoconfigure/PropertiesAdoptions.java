package dev.rungroup.autoconfigure;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

import dev.rungroup.context.Adoption;
import dev.rungroup.context.GroupLifecycle;
import dev.rungroup.context.InvalidActorException;
import dev.rungroup.core.MemberSettings;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.Lifecycle;

/**
 * Finds what {@code run.adopt} names: a {@link Lifecycle} bean, or else the container of
 * a listener with that id; by the exact name, or else by one that differs only in case,
 * dashes and underscores.
 */
final class PropertiesAdoptions {

	private PropertiesAdoptions() {
	}

	/**
	 * One for each target. More than one entry is there if property sources spell its
	 * name differently: Spring Boot gives each of them the values of all, so that any
	 * will do.
	 */
	static List<Adoption> of(RunProperties properties, ConfigurableListableBeanFactory beanFactory) {
		Map<String, Target> targets = targets(beanFactory);
		Map<Target, Adoption> adoptions = new LinkedHashMap<>();
		properties.getAdopt().forEach((key, adopt) -> {
			Target target = find(key, targets);
			if (target == null) {
				throw unknown(key, targets, beanFactory);
			}
			adoptions.putIfAbsent(target, adoption(target, adopt, properties.getRetry(), beanFactory));
		});
		return List.copyOf(adoptions.values());
	}

	private static Adoption adoption(Target target, RunProperties.Adopt adopt, RunProperties.Retry retry,
			ConfigurableListableBeanFactory beanFactory) {
		MemberSettings.Builder settings = MemberSettings.builder()
			.backoff(PropertiesActorCustomizer.backoff(retry, adopt.getRetry()));
		PropertiesActorCustomizer.apply(adopt, settings);
		Lifecycle container = target.container;
		return new Adoption(target.name, target.place(), target.beanName,
				(container != null) ? () -> container : () -> beanFactory.getBean(target.beanName, Lifecycle.class),
				!Boolean.FALSE.equals(adopt.getEnabled()), Boolean.TRUE.equals(adopt.getRequired()), settings.build());
	}

	/**
	 * What can be adopted, by name. A bean takes precedence over a listener of its name.
	 */
	private static Map<String, Target> targets(ConfigurableListableBeanFactory beanFactory) {
		Map<String, Target> targets = new LinkedHashMap<>();
		for (String name : beanFactory.getBeanNamesForType(Lifecycle.class, false, false)) {
			if (!beanFactory.isTypeMatch(name, GroupLifecycle.class)) {
				targets.put(name, new Target(name, name, null));
			}
		}
		ListenerContainers.visit(beanFactory, (registry, id, container) -> {
			if (container != null) {
				targets.putIfAbsent(id, new Target(id, registry, container));
			}
		});
		return targets;
	}

	private static @Nullable Target find(String key, Map<String, Target> targets) {
		Target exact = targets.get(key);
		return (exact != null) ? exact
				: targets.values()
					.stream()
					.filter((target) -> RelaxedNames.same(target.name, key))
					.findFirst()
					.orElse(null);
	}

	private static InvalidActorException unknown(String key, Map<String, Target> targets,
			ConfigurableListableBeanFactory beanFactory) {
		String property = "Property '" + RelaxedNames.property("run.adopt", key) + "' is set, but ";
		String beanName = beanName(key, beanFactory);
		if (beanName != null) {
			return new InvalidActorException(
					property + "bean '" + beanName + "' " + whyNot(beanName, beanFactory) + ".",
					"Name a singleton bean that implements org.springframework.context.Lifecycle, such as a listener"
							+ " container, or a listener by its id; or remove the property.");
		}
		String meant = RelaxedNames.meant(key, targets.keySet());
		return new InvalidActorException(
				property + "there is neither a Lifecycle bean '" + key
						+ "' nor a listener with that id. What can be adopted: "
						+ String.join(", ", new TreeSet<>(targets.keySet())) + ".",
				((meant != null) ? "Did you mean '" + RelaxedNames.property("run.adopt", meant) + "'? Correct"
						: "Correct")
						+ " or remove the property. A name with dots is written in brackets: 'run.adopt[a.b.c]'.");
	}

	private static @Nullable String beanName(String key, ConfigurableListableBeanFactory beanFactory) {
		if (beanFactory.containsLocalBean(key)) {
			return key;
		}
		for (Iterator<String> names = beanFactory.getBeanNamesIterator(); names.hasNext();) {
			String name = names.next();
			if (RelaxedNames.same(name, key)) {
				return name;
			}
		}
		return null;
	}

	private static String whyNot(String beanName, ConfigurableListableBeanFactory beanFactory) {
		Class<?> type = beanFactory.getType(beanName, false);
		if (type == null) {
			return "is of unknown type";
		}
		if (GroupLifecycle.class.isAssignableFrom(type)) {
			return "is the group of actors itself";
		}
		return Lifecycle.class.isAssignableFrom(type) ? "is no singleton"
				: "is a " + type.getName() + " and no Lifecycle";
	}

	/**
	 * What can be adopted.
	 *
	 * @param name bean name or listener id
	 * @param beanName the bean, or the registry of listeners
	 * @param container of the listener, {@code null} for a bean
	 */
	private record Target(String name, String beanName, @Nullable Lifecycle container) {

		private String place() {
			return ((this.container != null) ? "listener container '" : "bean '") + this.name + "'";
		}

	}

}
