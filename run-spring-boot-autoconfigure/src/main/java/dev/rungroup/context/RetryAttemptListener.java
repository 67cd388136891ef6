package dev.rungroup.context;

import dev.rungroup.core.Retry;

/**
 * Beans of this type hear what becomes of the attempts of the injected {@link Retry}.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface RetryAttemptListener {

	/**
	 * An attempt ended. Called on the thread that uses the {@link Retry}; calls overlap
	 * when several threads do.
	 * @param outcome what became of it
	 */
	void attemptEnded(Retry.AttemptOutcome outcome);

}
