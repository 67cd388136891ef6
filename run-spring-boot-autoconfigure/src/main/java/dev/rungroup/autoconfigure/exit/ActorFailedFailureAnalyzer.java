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
		return new FailureAnalysis(String.valueOf(cause.getMessage()), cause.getAdvice(), cause);
	}

}
