package dev.rungroup.context;

import java.lang.reflect.Method;
import java.util.Locale;

/**
 * The names of actors that declare none.
 */
final class ActorNames {

	private ActorNames() {
	}

	/**
	 * The default name of an actor: {@code orderServer} becomes {@code order-server}, and
	 * of a qualified name only the last part counts.
	 */
	static String kebabCase(String name) {
		String simple = name.substring(Math.max(name.lastIndexOf('.'), name.lastIndexOf('$')) + 1);
		StringBuilder kebab = new StringBuilder();
		for (int i = 0; i < simple.length(); i++) {
			char character = simple.charAt(i);
			if (!Character.isLetterOrDigit(character)) {
				separate(kebab);
				continue;
			}
			if (Character.isUpperCase(character) && i > 0) {
				boolean wordBegins = !Character.isUpperCase(simple.charAt(i - 1));
				boolean acronymEnds = i + 1 < simple.length() && Character.isLowerCase(simple.charAt(i + 1));
				if (wordBegins || acronymEnds) {
					separate(kebab);
				}
			}
			kebab.append(Character.toLowerCase(character));
		}
		while (!kebab.isEmpty() && kebab.charAt(kebab.length() - 1) == '-') {
			kebab.setLength(kebab.length() - 1);
		}
		return (!kebab.isEmpty()) ? kebab.toString() : name;
	}

	private static void separate(StringBuilder kebab) {
		if (!kebab.isEmpty() && kebab.charAt(kebab.length() - 1) != '-') {
			kebab.append('-');
		}
	}

	/**
	 * What property sources see of a name: case, dashes and underscores make no
	 * difference.
	 */
	static String canonical(String name) {
		return name.replace("-", "").replace("_", "").toLowerCase(Locale.ROOT);
	}

	/**
	 * The name of a method as its author wrote it: Kotlin's compiler appends the module
	 * to that of an {@code internal} function, {@code poll$orders_app}.
	 */
	static String ofMethod(Method method) {
		String name = method.getName();
		int suffix = name.indexOf('$', 1);
		return (suffix > 0) ? name.substring(0, suffix) : name;
	}

}
