package dev.rungroup.context;

import java.util.List;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/**
 * Says which {@link org.springframework.context.Lifecycle} beans are members of the
 * group. Beans of this type are asked once, when all singletons exist.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface AdoptionSource {

	/**
	 * Say which beans to adopt.
	 * @param beanFactory the beans there are
	 * @return the adoptions, none twice
	 * @throws InvalidActorException if a bean that is meant does not exist
	 */
	List<Adoption> adoptions(ConfigurableListableBeanFactory beanFactory);

}
