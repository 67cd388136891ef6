package dev.rungroup.autoconfigure;

import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

import dev.rungroup.context.InvalidActorException;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.AbstractBindHandler;
import org.springframework.boot.context.properties.bind.BindContext;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.boot.context.properties.source.UnboundElementsSourceFilter;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.boot.origin.Origin;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.core.convert.ConversionException;
import org.springframework.core.convert.ConverterNotFoundException;

/**
 * Looks on while {@link RunProperties} are bound. Durations may have blanks around them.
 * What Spring Boot passes over is refused: a key that nothing reads, and a placeholder
 * that resolves to nothing. What is refused is reported with its source.
 */
final class RunBindHandler extends AbstractBindHandler {

	private static final ConfigurationPropertyName RUN = ConfigurationPropertyName.of("run");

	/** Not all of {@code run}: what else is there may belong to the application. */
	private static final List<ConfigurationPropertyName> OURS = List
		.of("actors", "adopt", "cluster", "groups", "observations", "retry", "shutdown")
		.stream()
		.map(RUN::append)
		.toList();

	private final Set<ConfigurationPropertyName> read = new HashSet<>();

	RunBindHandler(BindHandler parent) {
		super(parent);
	}

	@Override
	public <T> @Nullable Bindable<T> onStart(ConfigurationPropertyName name, Bindable<T> target, BindContext context) {
		if (RUN.isAncestorOf(name)) {
			this.read.add(name);
		}
		return super.onStart(name, target, context);
	}

	@Override
	public @Nullable Object onFailure(ConfigurationPropertyName name, Bindable<?> target, BindContext context,
			Exception error) throws Exception {
		ConfigurationProperty property = (RUN.isAncestorOf(name) && error instanceof ConversionException)
				? find(name, context) : null;
		if (property == null) {
			return super.onFailure(name, target, context, error);
		}
		Class<?> type = target.getType().resolve(Object.class);
		if (error instanceof ConverterNotFoundException) {
			throw noSettings(property);
		}
		String value = context.getBinder().bind(name, Bindable.of(String.class)).orElse("");
		if (type == Duration.class && !value.equals(value.strip())) {
			try {
				return DurationStyle.detectAndParse(value.strip());
			}
			catch (IllegalArgumentException ex) {
				error = ex;
			}
		}
		throw new InvalidActorException(
				"Property '" + name + "' is '" + value + "'" + source(property)
						+ ((value.isBlank()) ? ", but needs a value."
								: ", which cannot be read: "
										+ NestedExceptionUtils.getMostSpecificCause(error).getMessage() + "."),
				(type.isEnum()) ? "Use one of: " + values(type) + "." : "Correct the value.", error);
	}

	/**
	 * A value in place of settings. Kubernetes tells each container where the services
	 * are: that of a service called run-actors is in RUN_ACTORS_PORT.
	 */
	private static InvalidActorException noSettings(ConfigurationProperty property) {
		ConfigurationPropertyName name = property.getName();
		String service = name.getParent().toString().replace('.', '-');
		return new InvalidActorException("Property '" + name + "' is '" + property
			.getValue() + "'" + source(property) + ", but only settings below that name can have a value.", "Remove it."
					+ ((property.getValue().toString().startsWith("tcp://")) ? " If Kubernetes sets it for a service"
							+ " called '" + service
							+ "', rename the service, or set 'enableServiceLinks: false' in the pod's specification."
							: ""));
	}

	private static String values(Class<?> type) {
		return Arrays.stream(type.getEnumConstants())
			.map((value) -> value.toString().toLowerCase(Locale.ROOT).replace('_', '-'))
			.collect(Collectors.joining(", "));
	}

	@Override
	public void onFinish(ConfigurationPropertyName name, Bindable<?> target, BindContext context,
			@Nullable Object result) throws Exception {
		super.onFinish(name, target, context, result);
		if (RUN.isAncestorOf(name) && result == null) {
			refuseEmptyPlaceholder(name, target, context);
		}
		else if (name.equals(RUN) && target.getType().resolve() == RunProperties.class) {
			refuseUnknown(context);
			if (result != null) {
				validate((RunProperties) result, context);
			}
		}
	}

	private static void validate(RunProperties properties, BindContext context) {
		try {
			properties.validate();
		}
		catch (InvalidConfigurationPropertyValueException ex) {
			ConfigurationProperty property = find(ConfigurationPropertyName.adapt(ex.getName(), '.'), context);
			throw new InvalidActorException(
					"Property '" + ex.getName() + "' is '" + ((property != null) ? property.getValue() : ex.getValue())
							+ "'" + source(property) + ". " + ex.getReason(),
					"Correct the value.", ex);
		}
	}

	/**
	 * An empty value means that nothing is set. A placeholder says that something should
	 * be.
	 */
	private static void refuseEmptyPlaceholder(ConfigurationPropertyName name, Bindable<?> target,
			BindContext context) {
		ConfigurationProperty property = (target.getType().resolve() != String.class) ? find(name, context) : null;
		if (property != null && property.getValue() instanceof CharSequence value && value.toString().contains("${")) {
			throw new InvalidActorException(
					"Property '" + name + "' is '" + value + "'" + source(property) + ", which resolves to nothing.",
					"Give the placeholder a value or a default, or remove the property.");
		}
	}

	/**
	 * Look for keys that nothing reads, in files and arguments: a limit with a misspelt
	 * name would be no limit. The system's environment is not ours alone.
	 */
	private void refuseUnknown(BindContext context) {
		UnboundElementsSourceFilter filter = new UnboundElementsSourceFilter();
		for (ConfigurationPropertySource source : context.getSources()) {
			if (source instanceof IterableConfigurationPropertySource iterable && filter.apply(source)) {
				iterable.stream()
					.filter((name) -> OURS.stream().anyMatch((ours) -> ours.isAncestorOf(name)))
					.filter((name) -> !this.read.contains(name))
					.findFirst()
					.ifPresent((name) -> {
						throw unknown(name, find(name, context));
					});
			}
		}
	}

	private InvalidActorException unknown(ConfigurationPropertyName name, @Nullable ConfigurationProperty property) {
		ConfigurationPropertyName parent = name.getParent();
		Map<String, ConfigurationPropertyName> siblings = this.read.stream()
			.filter(parent::isParentOf)
			.collect(Collectors.toMap((each) -> each.getLastElement(Form.DASHED), (each) -> each));
		String meant = RelaxedNames.meant(name.getLastElement(Form.DASHED), siblings.keySet());
		return new InvalidActorException(
				"Property '" + name + "' is set, but there is no such property" + source(property) + ".",
				((meant != null) ? "Did you mean '" + siblings.get(meant) + "'? Correct" : "Correct")
						+ " or remove the property.");
	}

	private static @Nullable ConfigurationProperty find(ConfigurationPropertyName name, BindContext context) {
		for (ConfigurationPropertySource source : context.getSources()) {
			ConfigurationProperty property = source.getConfigurationProperty(name);
			if (property != null) {
				return property;
			}
		}
		return null;
	}

	/** File and line, environment variable: in parentheses, nothing if it is unknown. */
	private static String source(@Nullable ConfigurationProperty property) {
		Origin origin = (property != null) ? property.getOrigin() : null;
		return (origin != null) ? " (" + origin + ")" : "";
	}

}
