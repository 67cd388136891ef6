package dev.rungroup.autoconfigure;

import dev.rungroup.context.InvalidActorException;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.annotation.Order;

/**
 * Prints what an {@link InvalidActorException} has to say. Comes before Spring Boot's
 * analyzer of what it wraps such an exception in.
 */
@Order(0)
final class InvalidActorFailureAnalyzer extends AbstractFailureAnalyzer<InvalidActorException> {

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, InvalidActorException cause) {
		return new FailureAnalysis(cause.getDescription(), cause.getAction(), cause);
	}

}
