package dev.rungroup.autoconfigure;

import java.util.Collection;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

import org.jspecify.annotations.Nullable;

/**
 * Names of actors and beans as property sources spell them: case, dashes and underscores
 * make no difference, because an environment variable has no others. Public for wiring
 * only.
 *
 * @since 0.1.0
 */
public final class RelaxedNames {

	private static final Pattern PLAIN_NAME = Pattern.compile("[A-Za-z0-9_-]+");

	private RelaxedNames() {
	}

	/**
	 * Return whether property sources cannot tell two names apart.
	 */
	public static boolean same(String one, String other) {
		return canonical(one).equals(canonical(other));
	}

	private static String canonical(String name) {
		return name.replace("-", "").replace("_", "").toLowerCase(Locale.ROOT);
	}

	/**
	 * Return the property that belongs to a name, as it has to be written: without
	 * brackets, Spring Boot reads a dot as the end of the name, and leaves out most other
	 * characters.
	 */
	public static String property(String prefix, String name) {
		return (PLAIN_NAME.matcher(name).matches()) ? prefix + "." + name : prefix + "[" + name + "]";
	}

	/**
	 * The name that was meant, if one is near: at most two characters differ, and at most
	 * a third of its own. Names that differ only in digits are two of a series, and
	 * neither is a misspelt form of the other.
	 */
	static @Nullable String meant(String name, Collection<String> known) {
		String nearest = null;
		int limit = 2;
		for (String each : known) {
			String candidate = canonical(each);
			int distance = distance(canonical(name), candidate);
			if (distance <= limit && 3 * distance <= candidate.length()
					&& !letters(canonical(name)).equals(letters(candidate))) {
				nearest = each;
				limit = distance - 1;
			}
		}
		return nearest;
	}

	private static String letters(String name) {
		return name.replaceAll("[0-9]", "");
	}

	/**
	 * How many characters have to be changed, added, removed or swapped with their
	 * neighbour to make one of the other.
	 */
	private static int distance(String from, String to) {
		int[] beforeLast = new int[0];
		int[] last = IntStream.rangeClosed(0, to.length()).toArray();
		for (int i = 1; i <= from.length(); i++) {
			int[] row = new int[to.length() + 1];
			row[0] = i;
			for (int j = 1; j <= to.length(); j++) {
				int changed = last[j - 1] + ((from.charAt(i - 1) != to.charAt(j - 1)) ? 1 : 0);
				row[j] = Math.min(changed, Math.min(last[j], row[j - 1]) + 1);
				if (i > 1 && j > 1 && from.charAt(i - 1) == to.charAt(j - 2)
						&& from.charAt(i - 2) == to.charAt(j - 1)) {
					row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
				}
			}
			beforeLast = last;
			last = row;
		}
		return last[to.length()];
	}

}
