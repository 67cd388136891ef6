package dev.rungroup.context;

import java.lang.reflect.Method;

import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopProxyUtils;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;

/**
 * Recognizes the mocks of a test. Mockito is only asked if it has made some: to begin
 * with, it attaches an agent to the JVM.
 */
final class Mocks {

	/** What Mockito puts into the boot class path before its first mock. */
	private static final String DISPATCHER = "org.mockito.internal.creation.bytebuddy.inject.MockMethodDispatcher";

	private Mocks() {
	}

	/** Whether a bean is a mock, which does nothing. A spy does what its class does. */
	static boolean isMock(String beanName, ConfigurableListableBeanFactory beanFactory) {
		Object bean = (beanFactory.containsSingleton(beanName)) ? beanFactory.getSingleton(beanName) : null;
		while (bean != null && AopUtils.isAopProxy(bean)) {
			bean = AopProxyUtils.getSingletonTarget(bean);
		}
		return bean != null && (bean.getClass().getName().contains("$MockitoMock$") || isMockitoAtWork())
				&& isMock(bean, beanFactory.getBeanClassLoader());
	}

	private static boolean isMockitoAtWork() {
		try {
			Class.forName(DISPATCHER, false, null);
			return true;
		}
		catch (ClassNotFoundException ex) {
			return false;
		}
	}

	private static boolean isMock(Object bean, @Nullable ClassLoader classLoader) {
		try {
			Class<?> mockito = ClassUtils.forName("org.mockito.Mockito", classLoader);
			Object details = mockito.getMethod("mockingDetails", Object.class).invoke(null, bean);
			return is("isMock", details) && !is("isSpy", details);
		}
		catch (ReflectiveOperationException | LinkageError ex) {
			return false;
		}
	}

	private static boolean is(String question, @Nullable Object details) throws ReflectiveOperationException {
		if (details == null) {
			return false;
		}
		Method method = details.getClass().getMethod(question);
		ReflectionUtils.makeAccessible(method);
		return Boolean.TRUE.equals(method.invoke(details));
	}

}
