package dev.rungroup.autoconfigure;

import dev.rungroup.annotation.Actor;
import dev.rungroup.context.InvalidActorException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link InvalidActorFailureAnalyzer}.
 */
@ExtendWith(OutputCaptureExtension.class)
class InvalidActorFailureAnalyzerTests {

	private final InvalidActorFailureAnalyzer analyzer = new InvalidActorFailureAnalyzer();

	@Test
	void foreignExceptionIsNotAnalyzed() {
		assertThat(this.analyzer.analyze(new IllegalStateException("something else"))).isNull();
	}

	@Test
	void descriptionAndActionAreThoseOfTheException() {
		InvalidActorException cause = new InvalidActorException("Bean 'jobs' is wrong.", "Make it right.");
		FailureAnalysis analysis = this.analyzer.analyze(new IllegalStateException("wrapped", cause));
		assertThat(analysis).isNotNull();
		assertThat(analysis.getDescription()).isEqualTo("Bean 'jobs' is wrong.");
		assertThat(analysis.getAction()).isEqualTo("Make it right.");
		assertThat(analysis.getCause()).isSameAs(cause);
	}

	@Test
	void applicationThatCannotStartPrintsBothAndNoStackTrace(CapturedOutput output) {
		SpringApplication application = new SpringApplication(WrongConfiguration.class);
		application.setWebApplicationType(WebApplicationType.NONE);
		assertThatExceptionOfType(InvalidActorException.class).isThrownBy(application::run);
		assertThat(output).contains("APPLICATION FAILED TO START")
			.contains("'delay' of @Actor is \"soon\"")
			.contains("WrongConfiguration.worker()")
			.contains("Write it like 500ms, 5s, 10m or PT1H30M.")
			.doesNotContain("\tat ");
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration(RunAutoConfiguration.class)
	static class WrongConfiguration {

		@Bean
		@Actor(delay = "soon")
		Runnable worker() {
			return () -> {
			};
		}

	}

}
