package dev.rungroup.context;

import java.time.Duration;
import java.util.Objects;

import dev.rungroup.core.Backoff;
import dev.rungroup.core.Policy;
import org.jspecify.annotations.Nullable;

/**
 * That a {@link org.springframework.context.Lifecycle} bean is a member of the group:
 * when it stops running outside a stop of its context it has failed.
 *
 * @param beanName name of the bean, and of the member
 * @param onError what happens when it has failed
 * @param backoff pause between a failure and the next start
 * @param maxRestarts how many restarts are allowed, -1 for no limit
 * @param within window in which failures count against {@code maxRestarts}, {@code null}
 * to count failures in a row
 * @param onExhausted what happens when {@code maxRestarts} is spent
 * @param required whether the application can do its work only while this bean runs
 * @since 0.1.0
 */
public record Adoption(String beanName, Policy onError, Backoff backoff, int maxRestarts, @Nullable Duration within,
		Policy onExhausted, boolean required) {

	/**
	 * Check that nothing is missing.
	 */
	public Adoption {
		Objects.requireNonNull(beanName, "beanName");
		Objects.requireNonNull(onError, "onError");
		Objects.requireNonNull(backoff, "backoff");
		Objects.requireNonNull(onExhausted, "onExhausted");
	}

}
