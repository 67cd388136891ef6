package dev.rungroup.autoconfigure;

import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

import dev.rungroup.context.InvalidActorException;

import org.springframework.boot.context.properties.bind.BindContext;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.boot.context.properties.source.UnboundElementsSourceFilter;
import org.springframework.core.env.Environment;

/**
 * Refuses properties that nothing reads. Spring Boot passes over them, so that a limit
 * with a misspelt name would be no limit, and nobody would hear of it.
 */
final class UnknownProperties {

	/** Not all of {@code run}: what else is there may belong to the application. */
	private static final Map<ConfigurationPropertyName, Bindable<?>> OURS = Map.of(
			ConfigurationPropertyName.of("run.actors"), Bindable.mapOf(String.class, RunProperties.Actor.class),
			ConfigurationPropertyName.of("run.adopt"), Bindable.mapOf(String.class, RunProperties.Adopt.class),
			ConfigurationPropertyName.of("run.observations"), Bindable.of(RunProperties.Observations.class),
			ConfigurationPropertyName.of("run.retry"), Bindable.of(RunProperties.Retry.class),
			ConfigurationPropertyName.of("run.shutdown"), Bindable.of(RunProperties.Shutdown.class));

	private UnknownProperties() {
	}

	/**
	 * Look for them in files and arguments. The system's environment is not ours alone.
	 * @throws InvalidActorException if there is one
	 */
	static void refuse(Environment environment) {
		Binder binder = Binder.get(environment);
		OURS.forEach((prefix, target) -> {
			Set<ConfigurationPropertyName> set = names(environment, prefix);
			if (!set.isEmpty()) {
				Set<ConfigurationPropertyName> read = new HashSet<>();
				binder.bind(prefix, target, new BindHandler() {
					@Override
					public <T> Bindable<T> onStart(ConfigurationPropertyName name, Bindable<T> target,
							BindContext context) {
						read.add(name);
						return target;
					}
				});
				set.stream().filter((name) -> !read.contains(name)).findFirst().ifPresent((name) -> {
					throw unknown(name, read);
				});
			}
		});
	}

	private static Set<ConfigurationPropertyName> names(Environment environment, ConfigurationPropertyName prefix) {
		UnboundElementsSourceFilter filter = new UnboundElementsSourceFilter();
		Set<ConfigurationPropertyName> names = new LinkedHashSet<>();
		for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
			if (source instanceof IterableConfigurationPropertySource iterable && filter.apply(source)) {
				iterable.stream().filter(prefix::isAncestorOf).forEach(names::add);
			}
		}
		return names;
	}

	private static InvalidActorException unknown(ConfigurationPropertyName name, Set<ConfigurationPropertyName> read) {
		ConfigurationPropertyName parent = name.getParent();
		Set<String> siblings = read.stream()
			.filter((each) -> parent.isParentOf(each))
			.map((each) -> each.getLastElement(Form.DASHED))
			.collect(Collectors.toCollection(LinkedHashSet::new));
		String nearest = PropertiesActorCustomizer.nearest(name.getLastElement(Form.DASHED), siblings);
		return new InvalidActorException("Property '" + name + "' is set, but there is no such property.",
				((nearest != null) ? "Did you mean '" + parent.append(nearest) + "'? Correct" : "Correct")
						+ " or remove the property.");
	}

}
