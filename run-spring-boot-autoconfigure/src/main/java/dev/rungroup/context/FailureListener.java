package dev.rungroup.context;

import dev.rungroup.core.GroupListener;
import dev.rungroup.core.Outcome;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Tells a bean of failures, and of what bodies threw when they were asked to stop.
 */
final class FailureListener implements GroupListener {

	private static final Log logger = LogFactory.getLog(GroupLifecycle.class);

	private final ActorFailureHandler handler;

	FailureListener(ActorFailureHandler handler) {
		this.handler = handler;
	}

	@Override
	public void executionEnded(String member, Outcome outcome, long nanos) {
		Throwable thrown = (outcome instanceof Outcome.Failed failed) ? failed.failure()
				: (outcome instanceof Outcome.Interrupted interrupted && !interrupted.isCutShort())
						? interrupted.thrown() : null;
		if (thrown != null) {
			try {
				this.handler.onFailure(member, thrown);
			}
			catch (Throwable ex) {
				logger.warn(this.handler.getClass().getName() + " threw when it was told of a failure of actor '"
						+ member + "'; everything else goes on", ex);
			}
		}
	}

}
