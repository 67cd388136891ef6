package dev.rungroup.context;

import java.util.List;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/**
 * Says what is adopted: which {@link org.springframework.context.Lifecycle} beans, and
 * which listener containers, are members of the group. Beans of this type are asked once,
 * when all singletons exist.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface AdoptionSource {

	/**
	 * Say what to adopt.
	 * @param beanFactory the beans there are
	 * @return the adoptions, none twice
	 * @throws InvalidActorException if what is meant does not exist or cannot be adopted
	 */
	List<Adoption> adoptions(ConfigurableListableBeanFactory beanFactory);

}
