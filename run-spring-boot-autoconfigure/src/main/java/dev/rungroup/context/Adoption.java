package dev.rungroup.context;

import java.util.Objects;
import java.util.function.Supplier;

import dev.rungroup.core.MemberSettings;

import org.springframework.context.Lifecycle;

/**
 * That something with a {@link Lifecycle} is a member of the group: when it stops running
 * outside a stop of its context it has failed.
 *
 * @param name name of the member
 * @param place what it is, for messages: {@code bean 'orderContainer'}
 * @param beanName the bean that the context starts and stops: the adopted one, or the
 * registry that looks after it
 * @param target gives what is adopted, always the same
 * @param enabled whether it is adopted at all
 * @param required whether the application can do its work only while it runs
 * @param settings the member's settings
 * @since 0.1.0
 */
public record Adoption(String name, String place, String beanName, Supplier<? extends Lifecycle> target,
		boolean enabled, boolean required, MemberSettings settings) {

	/**
	 * Check that nothing is missing.
	 */
	public Adoption {
		Objects.requireNonNull(name, "name");
		Objects.requireNonNull(place, "place");
		Objects.requireNonNull(beanName, "beanName");
		Objects.requireNonNull(target, "target");
		Objects.requireNonNull(settings, "settings");
	}

}
