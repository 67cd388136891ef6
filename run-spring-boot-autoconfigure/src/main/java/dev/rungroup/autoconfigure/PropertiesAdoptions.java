package dev.rungroup.autoconfigure;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import dev.rungroup.context.Adoption;
import dev.rungroup.context.InvalidActorException;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.Lifecycle;

/**
 * Makes adoptions of {@link RunProperties}. A bean is found by its exact name, or else by
 * one that differs only in case, dashes and underscores.
 */
final class PropertiesAdoptions {

	private PropertiesAdoptions() {
	}

	/**
	 * One for each bean. More than one entry is there if property sources spell its name
	 * differently: Spring Boot gives each of them the values of all, so that any will do.
	 */
	static List<Adoption> of(RunProperties properties, ConfigurableListableBeanFactory beanFactory) {
		Map<String, Adoption> adoptions = new LinkedHashMap<>();
		for (Map.Entry<String, RunProperties.Adopt> entry : properties.getAdopt().entrySet()) {
			RunProperties.Adopt adopt = entry.getValue();
			String beanName = beanName(entry.getKey(), beanFactory);
			adoptions.putIfAbsent(beanName,
					new Adoption(beanName, adopt.getOnError(),
							PropertiesActorCustomizer.backoff(properties.getRetry(), adopt.getRetry()),
							adopt.getMaxRestarts(), adopt.getWithin(), adopt.getOnExhausted(), adopt.isRequired()));
		}
		return List.copyOf(adoptions.values());
	}

	private static String beanName(String key, ConfigurableListableBeanFactory beanFactory) {
		if (beanFactory.containsLocalBean(key)) {
			return key;
		}
		Set<String> names = new LinkedHashSet<>(List.of(beanFactory.getBeanNamesForType(Lifecycle.class, true, false)));
		return names.stream()
			.filter((name) -> PropertiesActorCustomizer.canonical(name)
				.equals(PropertiesActorCustomizer.canonical(key)))
			.findFirst()
			.orElseThrow(() -> unknown(key, names));
	}

	private static InvalidActorException unknown(String key, Set<String> names) {
		String nearest = PropertiesActorCustomizer.nearest(key, names);
		return new InvalidActorException(
				"Property '" + PropertiesActorCustomizer.property("run.adopt", key) + "' is set, but there is no bean '"
						+ key + "'. Lifecycle beans are: " + String.join(", ", names) + ".",
				((nearest != null)
						? "Did you mean '" + PropertiesActorCustomizer.property("run.adopt", nearest) + "'? Correct"
						: "Correct")
						+ " or remove the property. A name with dots is written in brackets: 'run.adopt[a.b.c]'.");
	}

}
