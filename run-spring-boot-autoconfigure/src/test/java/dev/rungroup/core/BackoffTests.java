package dev.rungroup.core;

import java.time.Duration;
import java.util.LongSummaryStatistics;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

@Timeout(60)
class BackoffTests {

	@Test
	void noneNeverPauses() {
		assertThat(Backoff.none().delayFor(1)).isZero();
		assertThat(Backoff.none().delayFor(Integer.MAX_VALUE)).isZero();
	}

	@Test
	void fixedIsTheSameEveryTime() {
		Backoff backoff = Backoff.fixed(Duration.ofSeconds(3));
		assertThat(IntStream.of(1, 2, 100, Integer.MAX_VALUE).mapToObj(backoff::delayFor))
			.containsOnly(Duration.ofSeconds(3));
	}

	@Test
	void exponentialGrowsUpToItsLimit() {
		Backoff backoff = Backoff.exponential(Duration.ofSeconds(1), 2, Duration.ofSeconds(30));
		assertThat(IntStream.rangeClosed(1, 7).mapToObj(backoff::delayFor).map(Duration::toSeconds)).containsExactly(1L,
				2L, 4L, 8L, 16L, 30L, 30L);
	}

	@Test
	void noFailureCountOverflows() {
		Backoff backoff = Backoff.exponential(Duration.ofSeconds(1), 2, Duration.ofSeconds(30));
		assertThat(backoff.delayFor(Integer.MAX_VALUE)).isEqualTo(Duration.ofSeconds(30));
		assertThat(backoff.delayFor(64)).isEqualTo(Duration.ofSeconds(30));
		assertThat(Backoff.exponential(Duration.ofDays(1), 1e300, Duration.ofDays(100_000_000))
			.delayFor(Integer.MAX_VALUE)).isPositive();
	}

	@Test
	void noDurationOverflows() {
		Duration longest = Duration.ofSeconds(Long.MAX_VALUE, 999_999_999);
		Backoff backoff = new Backoff(longest, 10, longest, longest, longest);
		for (int i = 0; i < 100; i++) {
			assertThat(backoff.delayFor(Integer.MAX_VALUE)).isBetween(Duration.ZERO, longest);
		}
	}

	@Test
	void zeroOrLessFailuresAreTakenAsTheFirst() {
		Backoff backoff = Backoff.exponential(Duration.ofSeconds(1), 2, Duration.ofSeconds(30));
		assertThat(backoff.delayFor(0)).isBetween(Duration.ZERO, Duration.ofSeconds(1));
		assertThat(backoff.delayFor(Integer.MIN_VALUE)).isBetween(Duration.ZERO, Duration.ofSeconds(1));
	}

	@Test
	void jitterIsSymmetricalAroundThePause() {
		Backoff backoff = Backoff.fixed(Duration.ofMillis(1_000)).withJitter(Duration.ofMillis(200));
		LongSummaryStatistics pauses = LongStream.generate(() -> backoff.delayFor(1).toMillis())
			.limit(20_000)
			.summaryStatistics();
		assertThat(pauses.getMin()).isBetween(800L, 850L);
		// fixed has no maxDelay that would cut the upper half
		assertThat(pauses.getMax()).isBetween(1_150L, 1_200L);
		assertThat(pauses.getAverage()).isBetween(990.0, 1_010.0);
	}

	@Test
	void jitterReachesBothItsEnds() {
		Backoff backoff = Backoff.fixed(Duration.ofNanos(10)).withJitter(Duration.ofNanos(1));
		assertThat(LongStream.generate(() -> backoff.delayFor(1).toNanos()).limit(1_000).boxed()).containsOnly(9L, 10L,
				11L);
	}

	@Test
	void jitterNeverExceedsMaxDelay() {
		Backoff backoff = Backoff.exponential(Duration.ofSeconds(1), 2, Duration.ofSeconds(4))
			.withJitter(Duration.ofSeconds(3));
		for (int i = 0; i < 5_000; i++) {
			assertThat(backoff.delayFor(1 + i % 10)).isBetween(Duration.ZERO, Duration.ofSeconds(4));
		}
	}

	@Test
	void jitterNeverMakesAPauseNegative() {
		Backoff backoff = Backoff.fixed(Duration.ofMillis(1)).withJitter(Duration.ofSeconds(10));
		for (int i = 0; i < 5_000; i++) {
			assertThat(backoff.delayFor(1)).isGreaterThanOrEqualTo(Duration.ZERO);
		}
	}

	@Test
	void maxDelayLimitsTheFirstPauseToo() {
		assertThat(Backoff.exponential(Duration.ofSeconds(10), 2, Duration.ofSeconds(4)).delayFor(1))
			.isEqualTo(Duration.ofSeconds(4));
	}

	@Test
	void changingOneValueLeavesTheOthersAlone() {
		Backoff backoff = Backoff.exponential(Duration.ofSeconds(1), 2, Duration.ofSeconds(30));
		Backoff changed = backoff.withJitter(Duration.ofMillis(5)).withResetAfter(Duration.ofSeconds(9));
		assertThat(changed).isEqualTo(new Backoff(Duration.ofSeconds(1), 2, Duration.ofSeconds(30),
				Duration.ofMillis(5), Duration.ofSeconds(9)));
		assertThat(backoff.jitter()).isZero();
	}

	@Test
	void valuesThatMakeNoSenseAreRefused() {
		Duration second = Duration.ofSeconds(1);
		Duration negative = Duration.ofMillis(-1);
		assertThatIllegalArgumentException().isThrownBy(() -> Backoff.fixed(negative)).withMessageContaining("delay");
		assertThatIllegalArgumentException().isThrownBy(() -> Backoff.exponential(second, 2, negative))
			.withMessageContaining("maxDelay");
		assertThatIllegalArgumentException().isThrownBy(() -> Backoff.fixed(second).withJitter(negative))
			.withMessageContaining("jitter");
		assertThatIllegalArgumentException().isThrownBy(() -> Backoff.fixed(second).withResetAfter(negative))
			.withMessageContaining("resetAfter");
		for (double multiplier : new double[] { 0, 0.99, -2, Double.NaN, Double.POSITIVE_INFINITY }) {
			assertThatIllegalArgumentException().isThrownBy(() -> Backoff.exponential(second, multiplier, second))
				.withMessageContaining("multiplier");
		}
	}

}
