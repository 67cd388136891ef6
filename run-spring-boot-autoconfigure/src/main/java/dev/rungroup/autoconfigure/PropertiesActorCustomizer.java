package dev.rungroup.autoconfigure;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;

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
import org.springframework.core.Ordered;

/**
 * Applies {@link RunProperties} to what annotations declare: each property that is set
 * changes one value. Says which beans they adopt, too.
 */
final class PropertiesActorCustomizer implements ActorDefinitionCustomizer, AdoptionSource, Ordered {

	private static final Log logger = LogFactory.getLog(PropertiesActorCustomizer.class);

	private static final Pattern PLAIN_NAME = Pattern.compile("[A-Za-z0-9_-]+");

	private final RunProperties properties;

	PropertiesActorCustomizer(RunProperties properties) {
		this.properties = properties;
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
		String canonicalName = canonical(name);
		for (Map.Entry<String, RunProperties.Actor> entry : this.properties.getActors().entrySet()) {
			if (canonical(entry.getKey()).equals(canonicalName)) {
				settings.add(entry.getValue());
			}
		}
		Collections.reverse(settings);
		return settings;
	}

	private static void apply(RunProperties.Actor actor, ActorDefinition.Builder builder) {
		MemberSettings.Builder settings = builder.settings();
		ifSet(actor.getEnabled(), builder::enabled);
		ifSet(actor.getConcurrency(), builder::concurrency);
		ifSet(actor.getRequired(), builder::required);
		ifSet(actor.getOnDone(), settings::onDone);
		ifSet(actor.getOnError(), settings::onError);
		ifSet(actor.getInitialDelay(), settings::initialDelay);
		ifSet(actor.getDelay(), settings::delay);
		ifSet(actor.getTimeout(), settings::timeout);
		ifSet(actor.getReadyTimeout(), settings::readyTimeout);
		ifSet(actor.getMaxRestarts(), settings::maxRestarts);
		ifSet(actor.getWithin(), settings::within);
		ifSet(actor.getOnExhausted(), settings::onExhausted);
		ifSet(actor.getStage(), settings::stage);
		ifSet(actor.getStallAfter(), settings::stallAfter);
		ifSet(actor.getOnStall(), settings::onStall);
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
		if (retry.getMaxDelay() == null && !defaults.isMaxDelaySet() && delay.compareTo(maxDelay) > 0) {
			// Nobody has asked for that limit
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
		return PropertiesAdoptions.of(this.properties, beanFactory);
	}

	@Override
	public void customized(Set<String> names) {
		for (Map.Entry<String, RunProperties.Actor> entry : this.properties.getActors().entrySet()) {
			String key = entry.getKey();
			if (names.stream().noneMatch((name) -> canonical(name).equals(canonical(key)))) {
				unknown(key, names);
			}
		}
	}

	private void unknown(String key, Set<String> names) {
		String known = (names.isEmpty()) ? "There are no actors." : "Known are: " + String.join(", ", names) + ".";
		String description = "Property '" + property("run.actors", key) + "' is set, but no actor has the name '" + key
				+ "'. " + known;
		if (this.properties.isIgnoreUnknownActors()) {
			logger.warn(description);
			return;
		}
		String nearest = nearest(key, names);
		throw new InvalidActorException(description,
				((nearest != null) ? "Did you mean '" + property("run.actors", nearest) + "'? Correct" : "Correct")
						+ " or remove the property, or set 'run.ignore-unknown-actors=true'.");
	}

	/**
	 * The property that belongs to a name, as it has to be written: without brackets,
	 * Spring Boot reads a dot as the end of the name, and leaves out most other
	 * characters.
	 */
	static String property(String prefix, String name) {
		return (PLAIN_NAME.matcher(name).matches()) ? prefix + "." + name : prefix + "[" + name + "]";
	}

	static @Nullable String nearest(String key, Set<String> names) {
		String nearest = null;
		int distance = Integer.MAX_VALUE;
		for (String name : names) {
			int candidate = distance(canonical(key), canonical(name));
			if (candidate < distance) {
				nearest = name;
				distance = candidate;
			}
		}
		return nearest;
	}

	/**
	 * How many characters have to be changed, added or removed to make one of the other.
	 */
	private static int distance(String from, String to) {
		int[] row = new int[to.length() + 1];
		for (int j = 0; j <= to.length(); j++) {
			row[j] = j;
		}
		for (int i = 1; i <= from.length(); i++) {
			int diagonal = row[0];
			row[0] = i;
			for (int j = 1; j <= to.length(); j++) {
				int substituted = diagonal + ((from.charAt(i - 1) != to.charAt(j - 1)) ? 1 : 0);
				diagonal = row[j];
				row[j] = Math.min(substituted, Math.min(row[j], row[j - 1]) + 1);
			}
		}
		return row[to.length()];
	}

	/**
	 * Names are the same if only case, dashes and underscores differ: an environment
	 * variable has no others.
	 */
	static String canonical(String name) {
		return name.replace("-", "").replace("_", "").toLowerCase(Locale.ROOT);
	}

}
