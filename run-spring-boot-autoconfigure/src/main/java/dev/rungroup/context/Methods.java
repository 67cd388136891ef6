package dev.rungroup.context;

import java.lang.reflect.Method;
import java.util.StringJoiner;

import org.springframework.core.ResolvableType;

/**
 * What there is to know about methods.
 */
final class Methods {

	private Methods() {
	}

	/**
	 * The type of a method's only parameter in a class that may say more about it than
	 * the generic class that declares the method.
	 */
	static Class<?> parameterType(Method method, Class<?> type) {
		return ResolvableType.forMethodParameter(method, 0, type).toClass();
	}

	/**
	 * The method as messages name it, such as {@code com.acme.Jobs.purge(StopReason)}.
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
