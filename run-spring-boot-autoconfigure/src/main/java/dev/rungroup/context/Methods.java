package dev.rungroup.context;

import java.lang.reflect.Method;
import java.util.StringJoiner;

/**
 * Methods as messages name them.
 */
final class Methods {

	private Methods() {
	}

	/**
	 * Such as {@code com.acme.Jobs.purge(StopReason)}.
	 */
	static String describe(Method method) {
		StringJoiner description = new StringJoiner(", ",
				method.getDeclaringClass().getName() + "." + method.getName() + "(", ")");
		for (Class<?> type : method.getParameterTypes()) {
			description.add(type.getSimpleName());
		}
		return description.toString();
	}

}
