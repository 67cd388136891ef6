package dev.rungroup.autoconfigure.exit;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * A short report in place of a stack trace through the start of the application, where
 * nothing is wrong. The actor's own stack trace is in the log already.
 */
final class ActorFailedFailureAnalyzer extends AbstractFailureAnalyzer<ActorFailedException> {

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, ActorFailedException cause) {
		String actor = (cause.getActor() != null) ? cause.getActor() : "<name>";
		return new FailureAnalysis(String.valueOf(cause.getMessage()),
				"Remove the cause of the failure; its stack trace is in the log. If the application should go on without "
						+ "this actor, set 'run.actors." + actor + ".on-error' to 'restart' or 'do-nothing', or "
						+ "'run.on-shutdown' to 'none'.",
				cause);
	}

}
