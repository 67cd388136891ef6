package dev.rungroup.core;

import java.util.Arrays;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link StopReason}.
 */
class StopReasonTests {

	@Test
	void onlyWishesAndNormalEndsAreNoFailures() {
		assertThat(
				Arrays.stream(StopReason.Kind.values()).filter((kind) -> !new StopReason(kind, null, null).isFailure()))
			.containsExactlyInAnyOrder(StopReason.Kind.MEMBER_DONE, StopReason.Kind.STOP_REQUESTED,
					StopReason.Kind.CONTEXT_CLOSED);
	}

}
