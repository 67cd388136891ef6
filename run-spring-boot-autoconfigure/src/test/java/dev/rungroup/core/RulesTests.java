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
 * The rules that members share, and those they do not.
 */
class RulesTests {

	@Test
	void membersThatWereToldNothingShareTheirRules() {
		assertThat(rules((builder) -> {
		})).isSameAs(rules((builder) -> builder.stage(1)));
	}

	@ParameterizedTest
	@MethodSource("settings")
	void oneSettingIsEnoughForRulesOfItsOwn(Consumer<Member.Builder> setting, Function<Rules, Object> read,
			Object expected) {
		assertThat(rules(setting)).extracting(read).isEqualTo(expected);
	}

	static Stream<Arguments> settings() {
		Duration second = Duration.ofSeconds(1);
		long nanos = second.toNanos();
		Backoff backoff = Backoff.fixed(second);
		return Stream.of(setting("onDone", (builder) -> builder.onDone(Policy.RESTART), Rules::onDone, Policy.RESTART),
				setting("onError", (builder) -> builder.onError(Policy.RESTART), Rules::onError, Policy.RESTART),
				setting("initialDelay", (builder) -> builder.initialDelay(second), Rules::initialDelay, nanos),
				setting("delay", (builder) -> builder.delay(second), Rules::delay, nanos),
				setting("backoff", (builder) -> builder.backoff(backoff), Rules::backoff, backoff),
				setting("maxRestarts", (builder) -> builder.maxRestarts(0), Rules::maxRestarts, 0),
				setting("within", (builder) -> builder.maxRestarts(1).within(second), Rules::within, nanos),
				setting("onExhausted", (builder) -> builder.onExhausted(Policy.DO_NOTHING), Rules::onExhausted,
						Policy.DO_NOTHING),
				setting("fatal", Member.Builder::fatal, Rules::fatal, List.of()),
				setting("timeout", (builder) -> builder.timeout(second), Rules::timeout, nanos),
				setting("readyTimeout", (builder) -> builder.readyTimeout(second), Rules::readyTimeout, nanos));
	}

	private static Arguments setting(String name, Consumer<Member.Builder> setting, Function<Rules, Object> read,
			Object expected) {
		return argumentSet(name, setting, read, expected);
	}

	private static Rules rules(Consumer<Member.Builder> setting) {
		Member.Builder builder = Member.named("x").execute(() -> {
		});
		setting.accept(builder);
		return builder.build().rules;
	}

}
