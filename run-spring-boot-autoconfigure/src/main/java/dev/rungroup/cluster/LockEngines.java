package dev.rungroup.cluster;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import dev.rungroup.context.InvalidActorException;
import net.javacrumbs.shedlock.core.ExtensibleLockProvider;
import net.javacrumbs.shedlock.core.LockProvider;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.BeanFactoryUtils;
import org.springframework.beans.factory.NoUniqueBeanDefinitionException;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.integration.support.locks.RenewableLockRegistry;
import org.springframework.util.ClassUtils;

/**
 * Finds where the locks of an application are. Public for wiring only.
 *
 * @since 0.1.0
 */
public final class LockEngines {

	private static final Log logger = LogFactory.getLog(ClusterKeeper.class);

	private static final String REGISTRY = "org.springframework.integration.support.locks.RenewableLockRegistry";

	private static final String REPOSITORY = "org.springframework.integration.jdbc.lock.DefaultLockRepository";

	private static final String PROVIDER = "net.javacrumbs.shedlock.core.ExtensibleLockProvider";

	private final ConfigurableListableBeanFactory beanFactory;

	private final String actor;

	private LockEngines(ConfigurableListableBeanFactory beanFactory, String actor) {
		this.beanFactory = beanFactory;
		this.actor = actor;
	}

	/**
	 * Find the locks: the application's own, else those of Spring Integration, else those
	 * of ShedLock.
	 * @param beanFactory where to look
	 * @param actor the actor that needs them
	 * @return the locks
	 * @throws InvalidActorException if there are none, or there is more than one engine
	 */
	public static ClusterLocks find(ConfigurableListableBeanFactory beanFactory, String actor) {
		return new LockEngines(beanFactory, actor).find();
	}

	private ClusterLocks find() {
		ClusterLocks locks = one(ClusterLocks.class);
		if (locks == null && isPresent(REGISTRY)) {
			locks = SpringIntegration.find(this);
		}
		if (locks == null && isPresent(PROVIDER)) {
			locks = ShedLock.find(this);
		}
		if (locks == null) {
			throw new InvalidActorException(
					"Cluster singleton '" + this.actor
							+ "' is to run on one node of a cluster, but there is no bean to keep its lock.",
					"Add spring-integration-jdbc and a JdbcLockRegistry bean, or spring-integration-redis and a"
							+ " RedisLockRegistry bean, or a shedlock-provider-... and its LockProvider bean, or a bean of"
							+ " your own of type " + ClusterLocks.class.getName()
							+ ". To run it on every node, for development say, set 'run.cluster.enabled=false'.");
		}
		return locks;
	}

	private boolean isPresent(String type) {
		return ClassUtils.isPresent(type, this.beanFactory.getBeanClassLoader());
	}

	/**
	 * The one bean of a type.
	 * @return null if there is none
	 */
	private <T> @Nullable T one(Class<T> type) {
		String[] names = BeanFactoryUtils.beanNamesForTypeIncludingAncestors(this.beanFactory, type);
		if (names.length == 0) {
			return null;
		}
		T bean;
		try {
			bean = this.beanFactory.getBeanProvider(type).getIfUnique();
		}
		catch (NoUniqueBeanDefinitionException ex) {
			bean = null;
		}
		if (bean == null) {
			throw several(type, Arrays.asList(names));
		}
		return bean;
	}

	private InvalidActorException several(Class<?> type, List<String> names) {
		return new InvalidActorException(
				"Cluster singleton '" + this.actor
						+ "' is to run on one node of a cluster, but there are several beans of type " + type.getName()
						+ " that could keep its lock: " + String.join(", ", names) + ".",
				"Mark one of them as @Primary.");
	}

	/**
	 * Loaded only where Spring Integration is.
	 */
	private static final class SpringIntegration {

		static @Nullable ClusterLocks find(LockEngines engines) {
			RenewableLockRegistry<?> registry = engines.one(RenewableLockRegistry.class);
			if (registry == null) {
				return null;
			}
			if (engines.isPresent(REPOSITORY)) {
				warnOfClose(engines.beanFactory);
			}
			return new SpringIntegrationLocks(registry);
		}

		/**
		 * Closed, a repository deletes what its node has: the lock of an actor that was
		 * abandoned, too.
		 */
		private static void warnOfClose(ConfigurableListableBeanFactory beanFactory) {
			Class<?> repository = ClassUtils.resolveClassName(REPOSITORY, beanFactory.getBeanClassLoader());
			for (String name : beanFactory.getBeanNamesForType(repository, false, false)) {
				if (beanFactory.containsBeanDefinition(name)
						&& beanFactory.getMergedBeanDefinition(name) instanceof AbstractBeanDefinition definition) {
					String method = definition.getDestroyMethodName();
					if (method == null || method.equals(AbstractBeanDefinition.INFER_METHOD)
							|| method.equals("close")) {
						logger.warn("Bean '" + name + "' deletes the locks of this node when it is closed, even that of"
								+ " an actor that has not ended in time and may still run: declare it with"
								+ " @Bean(destroyMethod = \"\").");
					}
				}
			}
		}

	}

	/**
	 * Loaded only where ShedLock is.
	 */
	private static final class ShedLock {

		static @Nullable ClusterLocks find(LockEngines engines) {
			List<String> names = new ArrayList<>();
			ExtensibleLockProvider found = null;
			for (String name : BeanFactoryUtils.beanNamesForTypeIncludingAncestors(engines.beanFactory,
					LockProvider.class)) {
				// It may be declared as a LockProvider
				if (engines.beanFactory.getBean(name) instanceof ExtensibleLockProvider provider) {
					names.add(name);
					found = provider;
				}
			}
			if (names.size() > 1) {
				LockProvider primary = engines.one(LockProvider.class);
				if (!(primary instanceof ExtensibleLockProvider provider)) {
					throw engines.several(ExtensibleLockProvider.class, names);
				}
				found = provider;
			}
			return (found != null) ? new ShedLockLocks(found) : null;
		}

	}

}
