package dev.rungroup.core;

import java.io.IOException;
import java.time.Duration;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The limits themselves, which no clock that runs would hit.
 */
class FailureHistoryTests {

	private static final long SECOND = Duration.ofSeconds(1).toNanos();

	private final IOException failure = new IOException("broken");

	@Test
	void anExecutionThatLastedExactlyResetAfterStartsTheRowAnew() {
		FailureHistory history = new FailureHistory(
				member().backoff(Backoff.none().withResetAfter(Duration.ofSeconds(1))).build().settings);
		history.failed(this.failure, 0, SECOND - 1);
		history.failed(this.failure, 0, SECOND - 1);
		assertThat(history.consecutive()).isEqualTo(2);
		history.failed(this.failure, 0, SECOND);
		assertThat(history.consecutive()).isOne();
	}

	@Test
	void aFailureThatIsAsOldAsTheWindowStillCounts() {
		FailureHistory history = new FailureHistory(
				member().maxRestarts(1).within(Duration.ofSeconds(1)).build().settings);
		history.failed(this.failure, 5, 0);
		assertThat(history.isExhaustedBy(5 + SECOND, 0)).isTrue();
	}

	@Test
	void aFailureThatIsOlderThanTheWindowDoesNotCount() {
		FailureHistory history = new FailureHistory(
				member().maxRestarts(1).within(Duration.ofSeconds(1)).build().settings);
		history.failed(this.failure, 5, 0);
		assertThat(history.isExhaustedBy(6 + SECOND, 0)).isFalse();
		history.failed(this.failure, 6 + SECOND, 0);
		assertThat(history.isExhaustedBy(7 + SECOND, 0)).isTrue();
	}

	@Test
	void oneFailureMoreThanThereAreRestartsReachesTheLimit() {
		FailureHistory history = new FailureHistory(member().maxRestarts(2).build().settings);
		history.failed(this.failure, 0, 0);
		assertThat(history.isExhaustedBy(0, 0)).isFalse();
		history.failed(this.failure, 0, 0);
		assertThat(history.isExhaustedBy(0, 0)).isTrue();
	}

	@Test
	void noFailureExhaustsAMemberWithoutALimit() {
		FailureHistory history = new FailureHistory(member().build().settings);
		history.failed(this.failure, 0, 0);
		assertThat(history.isExhaustedBy(0, 0)).isFalse();
	}

	@Test
	void aFailureAfterAHealthyTimeWouldStartTheRowAnew() {
		FailureHistory history = new FailureHistory(
				member().maxRestarts(1).backoff(Backoff.none().withResetAfter(Duration.ofSeconds(1))).build().settings);
		history.failed(this.failure, 0, 0);
		assertThat(history.isExhaustedBy(0, SECOND)).isFalse();
		assertThat(history.isExhaustedBy(0, SECOND - 1)).isTrue();
	}

	@Test
	void oneFailureMoreCountsThoseInTheWindowAlone() {
		FailureHistory history = new FailureHistory(
				member().maxRestarts(1).within(Duration.ofSeconds(1)).build().settings);
		assertThat(history.isExhaustedBy(5, 0)).isFalse();
		history.failed(this.failure, 5, 0);
		assertThat(history.isExhaustedBy(5 + SECOND, SECOND)).isTrue();
		assertThat(history.isExhaustedBy(6 + SECOND, 0)).isFalse();
	}

	private static Member.Builder member() {
		return Member.named("member").execute(() -> {
		}).onError(Policy.RESTART);
	}

}
