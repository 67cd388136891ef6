package dev.rungroup.autoconfigure;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;

import dev.rungroup.context.ActorDefinition;
import dev.rungroup.context.ActorDefinitionCustomizer;
import dev.rungroup.context.Adoption;
import dev.rungroup.context.AdoptionSource;
import dev.rungroup.context.InvalidActorException;
import dev.rungroup.core.Backoff;
import dev.rungroup.core.MemberSettings;
import dev.rungroup.core.OnStall;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.Ordered;

/**
 * Applies {@link RunProperties} to what annotations declare: each property that is set
 * changes one value. Says which beans they adopt, too.
 */
final class PropertiesActorCustomizer implements ActorDefinitionCustomizer, AdoptionSource, Ordered {

	private static final Log logger = LogFactory.getLog(PropertiesActorCustomizer.class);

	private final RunProperties properties;

	private final ApplicationContext context;

	PropertiesActorCustomizer(RunProperties properties, ApplicationContext context) {
		this.properties = properties;
		this.context = context;
	}

	@Override
	public int getOrder() {
		return 0;
	}

	@Override
	public ActorDefinition customize(ActorDefinition definition) {
		ActorDefinition.Builder builder = definition.mutate();
		RunProperties.ActorRetry retry = new RunProperties.ActorRetry();
		for (RunProperties.Actor actor : settings(definition.name())) {
			apply(actor, builder);
			apply(actor.getRetry(), retry);
		}
		builder.settings().backoff(backoff(this.properties.getRetry(), retry));
		return builder.build();
	}

	/**
	 * All settings that are meant for an actor, the strongest last. More than one are
	 * there if property sources spell its name differently.
	 */
	private List<RunProperties.Actor> settings(String name) {
		List<RunProperties.Actor> settings = new ArrayList<>();
		for (Map.Entry<String, RunProperties.Actor> entry : this.properties.getActors().entrySet()) {
			if (RelaxedNames.same(entry.getKey(), name)) {
				settings.add(entry.getValue());
			}
		}
		Collections.reverse(settings);
		return settings;
	}

	private static void apply(RunProperties.Actor actor, ActorDefinition.Builder builder) {
		ifSet(actor.getEnabled(), builder::enabled);
		ifSet(actor.getConcurrency(), builder::concurrency);
		ifSet(actor.getRequired(), builder::required);
		MemberSettings.Builder settings = builder.settings();
		apply(actor, settings);
		ifSet(actor.getOnDone(), settings::onDone);
		ifSet(actor.getOnStop(), settings::onStop);
		ifSet(actor.getDelay(), settings::delay);
		ifSet(actor.getTimeout(), settings::timeout);
		ifSet(actor.getStallAfter(), settings::stallAfter);
		ifSet(actor.getOnStall(), settings::onStall);
	}

	static void apply(RunProperties.Adopt adopt, MemberSettings.Builder settings) {
		ifSet(adopt.getOnError(), settings::onError);
		ifSet(adopt.getInitialDelay(), settings::initialDelay);
		ifSet(adopt.getReadyTimeout(), settings::readyTimeout);
		ifSet(adopt.getMaxRestarts(), settings::maxRestarts);
		ifSet(adopt.getWithin(), settings::within);
		ifSet(adopt.getOnExhausted(), settings::onExhausted);
		ifSet(adopt.getStage(), settings::stage);
	}

	private static void apply(RunProperties.ActorRetry from, RunProperties.ActorRetry to) {
		ifSet(from.getDelay(), to::setDelay);
		ifSet(from.getMultiplier(), to::setMultiplier);
		ifSet(from.getMaxDelay(), to::setMaxDelay);
		ifSet(from.getJitter(), to::setJitter);
		ifSet(from.getResetAfter(), to::setResetAfter);
	}

	private static <T> void ifSet(@Nullable T value, Consumer<? super T> setter) {
		if (value != null) {
			setter.accept(value);
		}
	}

	/**
	 * The back-off that {@code run.retry} describes.
	 */
	static Backoff backoff(RunProperties.Retry defaults) {
		return backoff(defaults, new RunProperties.ActorRetry());
	}

	static Backoff backoff(RunProperties.Retry defaults, RunProperties.ActorRetry retry) {
		Duration delay = either(retry.getDelay(), defaults.getDelay());
		Duration maxDelay = either(retry.getMaxDelay(), defaults.getMaxDelay());
		if (retry.getMaxDelay() == null && (retry.getDelay() != null || !defaults.isMaxDelaySet())
				&& delay.compareTo(maxDelay) > 0) {
			// That limit is not meant for this delay
			maxDelay = delay;
		}
		return new Backoff(delay, either(retry.getMultiplier(), defaults.getMultiplier()), maxDelay,
				either(retry.getJitter(), defaults.getJitter()),
				either(retry.getResetAfter(), defaults.getResetAfter()));
	}

	private static <T> T either(@Nullable T value, T defaultValue) {
		return (value != null) ? value : defaultValue;
	}

	@Override
	public List<Adoption> adoptions(ConfigurableListableBeanFactory beanFactory) {
		return (this.properties.getAdopt().isEmpty()) ? List.of()
				: PropertiesAdoptions.of(this.properties, beanFactory);
	}

	@Override
	public void customized(Set<String> names) {
		Hierarchy hierarchy = Hierarchy.of(this.context);
		hierarchy.names.addAll(names);
		List<String> unknown = this.properties.getActors()
			.keySet()
			.stream()
			.filter((key) -> !RelaxedNames.contains(hierarchy.names, key))
			.toList();
		if (!this.properties.isIgnoreUnknownActors()) {
			for (String key : unknown) {
				String meant = RelaxedNames.meant(key, names);
				if (meant != null) {
					throw new InvalidActorException(
							"Property '" + RelaxedNames.property("run.actors", key)
									+ "' is set, but no actor has the name '" + key + "'. " + known(names),
							"Did you mean '" + RelaxedNames.property("run.actors", meant)
									+ "'? Correct or remove the property, or set 'run.ignore-unknown-actors=true'.");
				}
			}
		}
		if (!unknown.isEmpty() && !hierarchy.warned) {
			hierarchy.warned = true;
			logger.warn("Settings without effect, since no actor here has the name: " + unknown.stream()
				.map((key) -> RelaxedNames.property("run.actors", key))
				.collect(Collectors.joining(", ")) + ". " + known(names));
		}
	}

	private static String known(Set<String> names) {
		return (names.isEmpty()) ? "There are no actors." : "Known are: " + String.join(", ", names) + ".";
	}

	/**
	 * What the contexts of a hierarchy know of each other: settings that they have in
	 * common are meant for actors of one of them. Written by the threads that start
	 * contexts.
	 */
	private static final class Hierarchy {

		private static final String BEAN_NAME = Hierarchy.class.getName();

		private final Set<String> names = ConcurrentHashMap.newKeySet();

		private volatile boolean warned;

		private static Hierarchy of(ApplicationContext context) {
			ApplicationContext root = context;
			while (root.getParent() != null) {
				root = root.getParent();
			}
			ConfigurableListableBeanFactory beanFactory = ((ConfigurableApplicationContext) root).getBeanFactory();
			if (!beanFactory.containsSingleton(BEAN_NAME)) {
				beanFactory.registerSingleton(BEAN_NAME, new Hierarchy());
			}
			return beanFactory.getBean(BEAN_NAME, Hierarchy.class);
		}

	}

}
