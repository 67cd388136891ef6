package dev.rungroup.context;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.core.annotation.MergedAnnotation;
import org.springframework.format.annotation.DurationFormat.Style;
import org.springframework.format.datetime.standard.DurationFormatterUtils;

/**
 * The attributes of an annotation that are text, as values.
 */
final class ActorAttributes {

	private final ConfigurableBeanFactory beanFactory;

	private final MergedAnnotation<?> annotation;

	private final String place;

	/**
	 * @param place where the annotation is, for messages
	 */
	ActorAttributes(ConfigurableBeanFactory beanFactory, MergedAnnotation<?> annotation, String place) {
		this.beanFactory = beanFactory;
		this.annotation = annotation;
		this.place = place;
	}

	/** A text without the blanks around it; empty only if the attribute is not set. */
	String text(String attribute) {
		String text = this.annotation.getString(attribute);
		if (text.isEmpty()) {
			return text;
		}
		String resolved;
		try {
			resolved = this.beanFactory.resolveEmbeddedValue(text);
		}
		catch (IllegalArgumentException ex) {
			throw unresolvable(attribute, text, ex);
		}
		if (resolved != null && resolved.contains("${")) {
			// Outside Boot what cannot be resolved is left as it is
			throw unresolvable(attribute, text, null);
		}
		if (resolved == null || resolved.isBlank()) {
			throw invalid(attribute, text, text.isBlank() ? "is blank" : "resolves to a blank value",
					"Give the property a value, or the placeholder a default: ${property:default}.", null);
		}
		return resolved.strip();
	}

	/**
	 * A duration as Spring Boot writes it in properties, which is {@code 5s} or
	 * {@code PT5S}; a bare number is milliseconds.
	 */
	Duration duration(String attribute, Duration defaultValue) {
		String text = text(attribute);
		if (text.isEmpty()) {
			return defaultValue;
		}
		Duration duration;
		try {
			Style style = DurationFormatterUtils.detect(text);
			if (style == Style.COMPOSITE) {
				throw new IllegalArgumentException("More than one number");
			}
			duration = DurationFormatterUtils.parse(text, style);
		}
		catch (IllegalArgumentException | ArithmeticException ex) {
			throw invalid(attribute, text, "is no duration", "Write it like 500ms, 5s, 10m or PT1H30M.", ex);
		}
		if (duration.isNegative()) {
			throw invalid(attribute, text, "is negative", "Use zero or more.", null);
		}
		return duration;
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
				+ ActorMethods.name(this.annotation) + " is \"" + value + "\", which " + problem + ".", action, cause);
	}

}
