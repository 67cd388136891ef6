package dev.rungroup.core;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

/**
 * The settings that members share, and those they do not.
 */
class MemberSettingsTests {

	@Test
	void membersThatWereToldNothingShareTheirSettings() {
		assertThat(settings((builder) -> {
		})).isSameAs(settings((builder) -> {
		}));
	}

	@ParameterizedTest
	@MethodSource("settings")
	void oneSettingIsEnoughForSettingsOfItsOwn(Consumer<Member.Builder> setting, Function<MemberSettings, Object> read,
			Object expected) {
		assertThat(settings(setting)).extracting(read).isEqualTo(expected);
	}

	static Stream<Arguments> settings() {
		Duration second = Duration.ofSeconds(1);
		long nanos = second.toNanos();
		Backoff backoff = Backoff.fixed(second);
		return Stream.of(
				setting("onDone", (builder) -> builder.onDone(Policy.RESTART), MemberSettings::onDone, Policy.RESTART),
				setting("onError", (builder) -> builder.onError(Policy.RESTART), MemberSettings::onError,
						Policy.RESTART),
				setting("initialDelay", (builder) -> builder.initialDelay(second), (settings) -> settings.initialDelay,
						nanos),
				setting("delay", (builder) -> builder.delay(second), (settings) -> settings.delay, nanos),
				setting("backoff", (builder) -> builder.backoff(backoff), MemberSettings::backoff, backoff),
				setting("maxRestarts", (builder) -> builder.maxRestarts(0), MemberSettings::maxRestarts, 0),
				setting("within", (builder) -> builder.maxRestarts(1).within(second), (settings) -> settings.within,
						nanos),
				setting("onExhausted", (builder) -> builder.onExhausted(Policy.DO_NOTHING),
						(settings) -> settings.onExhausted, Policy.DO_NOTHING),
				setting("fatal", Member.Builder::fatal, (settings) -> settings.fatal, List.of()),
				setting("timeout", (builder) -> builder.timeout(second), (settings) -> settings.timeout, nanos),
				setting("readyTimeout", (builder) -> builder.readyTimeout(second), (settings) -> settings.readyTimeout,
						nanos));
	}

	private static Arguments setting(String name, Consumer<Member.Builder> setting,
			Function<MemberSettings, Object> read, Object expected) {
		return argumentSet(name, setting, read, expected);
	}

	private static MemberSettings settings(Consumer<Member.Builder> setting) {
		Member.Builder builder = Member.named("x").execute(() -> {
		});
		setting.accept(builder);
		return builder.build().settings;
	}

}
