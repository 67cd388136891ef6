package dev.rungroup.autoconfigure.exit;

import dev.rungroup.core.StopReason;
import dev.rungroup.core.StopReason.Kind;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.boot.ExitCodeExceptionMapper;
import org.springframework.boot.ExitCodeGenerator;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.Ordered;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ExitCodes}.
 */
@ExtendWith(OutputCaptureExtension.class)
class ExitCodesTests {

	private final GenericApplicationContext context = new GenericApplicationContext();

	@BeforeEach
	void refresh() {
		this.context.refresh();
	}

	@AfterEach
	void close() {
		this.context.close();
	}

	@ParameterizedTest
	@EnumSource(names = { "MEMBER_DONE", "STOP_REQUESTED", "CONTEXT_CLOSED" })
	void whatIsNoFailureIsZero(Kind kind) {
		assertThat(code(kind, null)).isZero();
	}

	@ParameterizedTest
	@EnumSource(names = { "MEMBER_DONE", "STOP_REQUESTED", "CONTEXT_CLOSED" }, mode = EnumSource.Mode.EXCLUDE)
	void aFailureIsOne(Kind kind) {
		assertThat(code(kind, new IllegalStateException())).isEqualTo(1);
		assertThat(code(kind, null)).isEqualTo(1);
	}

	@Test
	void theFailureOrOneOfItsCausesKnowsTheCode() {
		assertThat(code(new CodedException(42))).isEqualTo(42);
		assertThat(code(new IllegalStateException(new RuntimeException(new CodedException(42))))).isEqualTo(42);
	}

	@Test
	void aGeneratorThatSaysZeroDoesNotMakeAFailureASuccess() {
		assertThat(code(new CodedException(0))).isEqualTo(1);
	}

	@Test
	void aMapperIsAskedFirstAndForTheFailureItself() {
		mapper((failure) -> (failure instanceof CodedException) ? 7 : 0);
		assertThat(code(new CodedException(42))).isEqualTo(7);
		assertThat(code(new IllegalStateException(new CodedException(42)))).isEqualTo(42);
	}

	@Test
	void aMapperThatThrowsIsNoReasonForAnotherCode() {
		mapper((failure) -> {
			throw new IllegalArgumentException("mapper");
		});
		assertThat(code(new CodedException(42))).isEqualTo(42);
	}

	@Test
	void anErrorOfAMapperIsNoReasonForAnotherCode() {
		mapper((failure) -> {
			throw new NoClassDefFoundError("mapper");
		});
		assertThat(code(new CodedException(42))).isEqualTo(42);
	}

	@Test
	void aFailureThatCannotSayItsCodeIsOneAndTheLogSaysWhy(CapturedOutput output) {
		assertThat(code(new IllegalStateException(new SilentException()))).isEqualTo(1);
		assertThat(output).contains("SilentException").contains("I have no code");
	}

	@ParameterizedTest
	@EnumSource(names = { "MEMBER_DONE", "STOP_REQUESTED" })
	void theBeansOfTheApplicationSayHowItHasEndedWithoutAFailure(Kind kind) {
		generator("first", () -> 0);
		generator("second", () -> 7);
		generator("third", () -> 8);
		assertThat(code(kind, null)).isEqualTo(7);
	}

	@Test
	void theBeansOfTheApplicationAreAskedAfterAFailureThatSaysNothing() {
		generator("generator", () -> 7);
		assertThat(code(new IllegalStateException())).isEqualTo(7);
		assertThat(code(new CodedException(0))).isEqualTo(7);
		assertThat(code(new CodedException(42))).isEqualTo(42);
	}

	@Test
	void beansThatSayNothingDoNotMakeAFailureASuccess() {
		generator("generator", () -> 0);
		assertThat(code(new IllegalStateException())).isEqualTo(1);
	}

	@Test
	void theOrderOfTheBeansCounts() {
		generator("last", new LastGenerator());
		generator("unordered", () -> 7);
		generator("first", new FirstGenerator());
		assertThat(code(Kind.MEMBER_DONE, null)).isEqualTo(1);
	}

	@Test
	void aBeanThatThrowsIsOneUnlessAnotherKnowsBetter(CapturedOutput output) {
		generator("broken", () -> {
			throw new IllegalStateException("I cannot count");
		});
		assertThat(code(Kind.MEMBER_DONE, null)).isEqualTo(1);
		generator("other", () -> 7);
		assertThat(code(Kind.MEMBER_DONE, null)).isEqualTo(7);
		assertThat(output).contains("I cannot count");
	}

	@Test
	void causesThatGoInCirclesEnd() {
		IllegalStateException first = new IllegalStateException();
		first.initCause(new RuntimeException(first));
		assertThat(code(first)).isEqualTo(1);
	}

	@Test
	void aClosedContextHasNoMappersToAsk() {
		this.context.close();
		assertThat(code(new CodedException(42))).isEqualTo(42);
	}

	private void generator(String name, ExitCodeGenerator generator) {
		this.context.getBeanFactory().registerSingleton(name, generator);
	}

	private void mapper(ExitCodeExceptionMapper mapper) {
		this.context.getBeanFactory().registerSingleton("mapper", mapper);
	}

	private int code(Throwable failure) {
		return code(Kind.MEMBER_FAILED, failure);
	}

	private int code(Kind kind, @Nullable Throwable failure) {
		return ExitCodes.codeFor(new StopReason(kind, "poller", failure), this.context);
	}

	private static final class FirstGenerator implements ExitCodeGenerator, Ordered {

		@Override
		public int getExitCode() {
			return 1;
		}

		@Override
		public int getOrder() {
			return 0;
		}

	}

	private static final class LastGenerator implements ExitCodeGenerator {

		@Override
		public int getExitCode() {
			return 2;
		}

	}

	private static final class SilentException extends RuntimeException implements ExitCodeGenerator {

		private static final long serialVersionUID = 1L;

		@Override
		public int getExitCode() {
			throw new NoClassDefFoundError("I have no code");
		}

	}

	private static final class CodedException extends RuntimeException implements ExitCodeGenerator {

		private static final long serialVersionUID = 1L;

		private final int code;

		private CodedException(int code) {
			this.code = code;
		}

		@Override
		public int getExitCode() {
			return this.code;
		}

	}

}
