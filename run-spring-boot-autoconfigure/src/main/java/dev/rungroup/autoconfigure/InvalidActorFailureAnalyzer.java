package dev.rungroup.autoconfigure;

import dev.rungroup.context.InvalidActorException;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Prints what an {@link InvalidActorException} has to say.
 */
final class InvalidActorFailureAnalyzer extends AbstractFailureAnalyzer<InvalidActorException> {

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, InvalidActorException cause) {
		return new FailureAnalysis(cause.getDescription(), cause.getAction(), cause);
	}

}
