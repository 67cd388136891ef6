package dev.rungroup.autoconfigure.exit;

import org.junit.jupiter.api.Test;

import org.springframework.boot.diagnostics.FailureAnalysis;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ActorFailedFailureAnalyzer}.
 */
class ActorFailedFailureAnalyzerTests {

	private final ActorFailedFailureAnalyzer analyzer = new ActorFailedFailureAnalyzer();

	@Test
	void namesTheActorTheFailureAndTheRemedy() {
		FailureAnalysis analysis = this.analyzer.analyze(new ActorFailedException(
				new FailureAdvice.Culprit("poller", null), 42, "Mend it.", new IllegalStateException("boom")));
		assertThat(analysis).isNotNull();
		assertThat(analysis.getDescription()).contains("'poller'").contains("IllegalStateException: boom");
		assertThat(analysis.getAction()).isEqualTo("Mend it.");
	}

	@Test
	void hasNothingToSayAboutOtherFailures() {
		assertThat(this.analyzer.analyze(new IllegalStateException("boom"))).isNull();
	}

}
