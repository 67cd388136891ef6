package dev.rungroup.context;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.stream.Collectors;

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
		return Arrays.stream(method.getParameterTypes())
			.map(Class::getSimpleName)
			.collect(
					Collectors.joining(", ", method.getDeclaringClass().getName() + "." + method.getName() + "(", ")"));
	}

}
