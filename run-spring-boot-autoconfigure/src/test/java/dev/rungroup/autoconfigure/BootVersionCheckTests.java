package dev.rungroup.autoconfigure;

import dev.rungroup.context.InvalidActorException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

/**
 * Tests for {@link BootVersionCheck}; how a start ends is in {@code OldBootProcessTests}.
 */
class BootVersionCheckTests {

	@ParameterizedTest
	@ValueSource(strings = { "3.5.8", "3.0.0-M1", "2.7.18", "1.0.0.RELEASE" })
	void oldVersionIsRefusedWithWhatIsNeeded(String version) {
		assertThatExceptionOfType(InvalidActorException.class).isThrownBy(() -> BootVersionCheck.check(version))
			.withMessageContaining("needs Spring Boot 4.0 or later, but this application uses Spring Boot " + version);
	}

	@ParameterizedTest
	@NullSource
	@ValueSource(strings = { "4.0.0", "4.0.9", "4.1.2", "4.2.0-M1", "5.0.0", "10.1.0", "30.0.0" })
	void otherVersionsAreNot(@Nullable String version) {
		assertThatNoException().isThrownBy(() -> BootVersionCheck.check(version));
	}

}
