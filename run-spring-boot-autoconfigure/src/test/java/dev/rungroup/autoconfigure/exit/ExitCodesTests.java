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

	private void mapper(ExitCodeExceptionMapper mapper) {
		this.context.getBeanFactory().registerSingleton("mapper", mapper);
	}

	private int code(Throwable failure) {
		return code(Kind.MEMBER_FAILED, failure);
	}

	private int code(Kind kind, @Nullable Throwable failure) {
		return ExitCodes.codeFor(new StopReason(kind, "poller", failure), this.context);
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
