package dev.rungroup.context;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The names of the actors, groups and members of one context, and where each is declared:
 * no two are the same, or alike for property sources. Filled by the thread that fills the
 * {@link ActorRegistry}, then immutable.
 */
final class TakenNames {

	/** In the order in which they were taken. */
	private final Map<String, String> places = new LinkedHashMap<>();

	/** By what property sources see of them. */
	private final Map<String, String> alike = new HashMap<>();

	/**
	 * Take a name.
	 * @param place what has it, and where that is declared
	 * @throws InvalidActorException if another has it, or one like it
	 */
	void take(String name, String place) {
		if (name.indexOf('/') >= 0) {
			throw new InvalidActorException(
					"The name '" + name + "' of " + place + " contains a slash: the actuator endpoint cannot reach it.",
					"Choose a name without one.");
		}
		String other = this.places.putIfAbsent(name, place);
		if (other != null) {
			throw new InvalidActorException(
					"The name '" + name + "' is given twice: to " + other + " and to " + place + ".",
					"Give one of them another name, by the 'name' of its annotation.");
		}
		String alike = this.alike.putIfAbsent(ActorNames.canonical(name), name);
		if (alike != null) {
			throw new InvalidActorException(
					"The names '" + alike + "' of " + this.places.get(alike) + " and '" + name + "' of " + place
							+ " differ only in case, dashes or underscores, which properties cannot tell apart.",
					"Give one of them another name, by the 'name' or the 'group' of its annotation.");
		}
	}

	/** The names, those of what is switched off too. */
	Set<String> all() {
		return this.places.keySet();
	}

}
