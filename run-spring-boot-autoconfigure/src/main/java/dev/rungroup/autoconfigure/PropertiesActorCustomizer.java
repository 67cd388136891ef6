package dev.rungroup.autoconfigure;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

import dev.rungroup.context.ActorDefinition;
import dev.rungroup.context.ActorDefinitionCustomizer;
import dev.rungroup.context.Adoption;
import dev.rungroup.context.AdoptionSource;
import dev.rungroup.context.GroupDefinition;
import dev.rungroup.context.InvalidActorException;
import dev.rungroup.core.Backoff;
import dev.rungroup.core.MemberSettings;
import dev.rungroup.core.RestartStrategy;
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
		for (RunProperties.Actor actor : settings(this.properties.getActors(), definition.name())) {
			apply(actor, builder);
			apply(actor.getRetry(), retry);
		}
		builder.settings().backoff(backoff(this.properties.getRetry(), retry));
		return builder.build();
	}

	@Override
	public GroupDefinition customizeGroup(GroupDefinition definition) {
		RestartStrategy strategy = definition.strategy();
		boolean enabled = definition.enabled();
		boolean required = definition.required();
		boolean singleton = definition.clusterSingleton();
		MemberSettings.Builder settings = definition.settings().toBuilder();
		RunProperties.ActorRetry retry = new RunProperties.ActorRetry();
		for (RunProperties.Group group : settings(this.properties.getGroups(), definition.name())) {
			strategy = either(group.getStrategy(), strategy);
			enabled = either(group.getEnabled(), enabled);
			required = either(group.getRequired(), required);
			singleton = either(group.getClusterSingleton(), singleton);
			apply(group, settings);
			ifSet(group.getOnDone(), settings::onDone);
			ifSet(group.getDelay(), settings::delay);
			apply(group.getRetry(), retry);
		}
		settings.backoff(backoff(this.properties.getRetry(), retry));
		return new GroupDefinition(definition.name(), strategy, enabled, required, singleton, settings.build());
	}

	/**
	 * All settings that are meant for an actor or a group, the strongest last. More than
	 * one are there if property sources spell its name differently.
	 */
	private static <T> List<T> settings(Map<String, T> all, String name) {
		List<T> settings = new ArrayList<>();
		for (Map.Entry<String, T> entry : all.entrySet()) {
			if (RelaxedNames.same(entry.getKey(), name)) {
				settings.add(entry.getValue());
			}
		}
		Collections.reverse(settings);
		return settings;
	}

	private static void apply(RunProperties.Actor actor, ActorDefinition.Builder builder) {
		ifSet(actor.getGroup(), builder::group);
		ifSet(actor.getEnabled(), builder::enabled);
		ifSet(actor.getConcurrency(), builder::concurrency);
		ifSet(actor.getRequired(), builder::required);
		ifSet(actor.getClusterSingleton(), builder::clusterSingleton);
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
	public void customized(Set<String> actors, Set<String> groups) {
		Hierarchy hierarchy = Hierarchy.of(this.context);
		hierarchy.actors.addAll(actors);
		hierarchy.groups.addAll(groups);
		List<String> unknown = new ArrayList<>();
		unknown("actor", this.properties.getActors(), hierarchy.actors, actors, groups).ifPresent(unknown::add);
		unknown("group", this.properties.getGroups(), hierarchy.groups, groups, actors).ifPresent(unknown::add);
		if (!unknown.isEmpty() && !hierarchy.warned) {
			hierarchy.warned = true;
			logger.warn("Settings without effect, since " + String.join(" And ", unknown));
		}
	}

	/**
	 * @param what "actor" or "group"
	 * @param inHierarchy the names that any context has
	 */
	private Optional<String> unknown(String what, Map<String, ?> settings, Set<String> inHierarchy, Set<String> names,
			Set<String> others) {
		List<String> unknown = new ArrayList<>();
		for (String key : settings.keySet()) {
			if (inHierarchy.stream().noneMatch((name) -> RelaxedNames.same(name, key))) {
				refuseUnlessIgnored(what, key, names, others);
				unknown.add(RelaxedNames.property("run." + what + "s", key));
			}
		}
		return (unknown.isEmpty()) ? Optional.empty()
				: Optional
					.of(((what.equals("actor")) ? "no actor here has the name: " : "no actor here is in the group: ")
							+ String.join(", ", unknown) + ". " + known(what, names));
	}

	/**
	 * @param what "actor" or "group"
	 * @param names of all actors, or of all groups
	 * @param others the others
	 */
	private void refuseUnlessIgnored(String what, String key, Set<String> names, Set<String> others) {
		if (this.properties.isIgnoreUnknownActors()) {
			return;
		}
		String property = RelaxedNames.property("run." + what + "s", key);
		String other = (what.equals("actor")) ? "group" : "actor";
		for (String name : others) {
			if (RelaxedNames.same(name, key)) {
				String right = RelaxedNames.property("run." + other + "s", name);
				throw new InvalidActorException(
						"Property '" + property + "' is set, but '" + name + "' is "
								+ ((other.equals("group")) ? "a group." : "an actor."),
						"Move the settings to '" + right + "'.");
			}
		}
		String meant = RelaxedNames.meant(key, names);
		if (meant != null) {
			throw new InvalidActorException(
					"Property '" + property + "' is set, but no actor "
							+ ((what.equals("actor")) ? "has the name '" + key + "'"
									: "belongs to a group '" + key + "'")
							+ ". " + known(what, names),
					"Did you mean '" + RelaxedNames.property("run." + what + "s", meant)
							+ "'? Correct or remove the property, or set 'run.ignore-unknown-actors=true'.");
		}
	}

	private static String known(String what, Set<String> names) {
		return (names.isEmpty()) ? "There are no " + what + "s."
				: ((what.equals("actor")) ? "Known are: " : "Groups are: ") + String.join(", ", names) + ".";
	}

	/**
	 * What the contexts of a hierarchy know of each other: settings that they have in
	 * common are meant for actors of one of them. Written by the threads that start
	 * contexts.
	 */
	private static final class Hierarchy {

		private static final String BEAN_NAME = Hierarchy.class.getName();

		private final Set<String> actors = ConcurrentHashMap.newKeySet();

		private final Set<String> groups = ConcurrentHashMap.newKeySet();

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
