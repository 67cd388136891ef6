package dev.rungroup.cluster;

import java.time.Duration;

import dev.rungroup.cluster.KeptLease.Demand;
import dev.rungroup.cluster.KeptLease.Renewal;
import dev.rungroup.cluster.KeptLease.Step;
import dev.rungroup.test.TestTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Which call is due: a lease of 30 s, renewed every 10 s, asked for every 5 s.
 */
class KeptLeaseTests {

	private final TestTime time = new TestTime();

	private final KeptLease lease = new KeptLease(
			new ClusterSettings("", Duration.ofSeconds(30), Duration.ofSeconds(10), Duration.ofSeconds(5)), this.time,
			0);

	private Step next(Demand demand) {
		return this.lease.next(this.time.nanoTime(), demand);
	}

	@ParameterizedTest
	@CsvSource({ "WAITING, 4, NONE", "WAITING, 5, ACQUIRE", "SATISFIED, 9, NONE", "NONE, 9, NONE",
			"ABANDONED, 9, NONE" })
	void afterAnotherNodeHasGotIt(Demand demand, int seconds, Step step) {
		assertThat(this.lease.begin(this.time.nanoTime(), Demand.WAITING)).isEqualTo(Step.ACQUIRE);
		this.lease.acquired(this.time.nanoTime(), null);
		this.time.advance(Duration.ofSeconds(seconds));
		assertThat(next(demand)).isEqualTo(step);
	}

	@ParameterizedTest
	@CsvSource({ "WAITING, 1, NONE", "WAITING, 10, RENEW", "SATISFIED, 1, NONE", "SATISFIED, 10, RENEW",
			"SATISFIED, 30, FORGET", "NONE, 1, RELEASE", "NONE, 30, FORGET", "ABANDONED, 29, NONE",
			"ABANDONED, 30, FORGET" })
	void whileItIsHere(Demand demand, int seconds, Step step) {
		this.lease.acquired(this.time.nanoTime(), new Lease());
		this.time.advance(Duration.ofSeconds(seconds));
		assertThat(next(demand)).isEqualTo(step);
	}

	@Test
	void aRenewalProlongsTheTermAndBeginsAnotherIfItIsOver() {
		long asked = this.time.nanoTime();
		this.lease.acquired(asked, new Lease());
		KeptLease.KeptTerm first = this.lease.term();
		assertThat(first).isNotNull();
		assertThat(first.validUntil()).isEqualTo(asked + Duration.ofSeconds(20).toNanos());
		this.time.advance(Duration.ofSeconds(19));
		assertThat(this.lease.renewed(asked + 1, true)).isEqualTo(Renewal.KEPT);
		assertThat(this.lease.term()).isSameAs(first);
		this.time.advance(Duration.ofSeconds(2));
		assertThat(this.lease.term()).isNull();
		assertThat(this.lease.renewed(this.time.nanoTime(), true)).isEqualTo(Renewal.NEW_TERM);
		assertThat(this.lease.term()).isNotNull().isNotSameAs(first);
	}

	@Test
	void aRenewalThatFailedIsTriedAgainAndOneThatComesTooLateIsNone() {
		this.lease.acquired(this.time.nanoTime(), new Lease());
		this.time.advance(Duration.ofSeconds(10));
		assertThat(this.lease.renewed(this.time.nanoTime(), null)).isEqualTo(Renewal.KEPT);
		this.time.advance(Duration.ofSeconds(4));
		assertThat(next(Demand.SATISFIED)).isEqualTo(Step.NONE);
		this.time.advance(Duration.ofSeconds(1));
		assertThat(next(Demand.SATISFIED)).isEqualTo(Step.RENEW);
		long asked = this.time.nanoTime();
		this.time.advance(Duration.ofSeconds(15));
		assertThat(this.lease.renewed(asked, true)).isEqualTo(Renewal.LOST);
		assertThat(this.lease.renewed(asked, false)).isEqualTo(Renewal.LOST);
	}

	private static final class Lease implements ClusterLocks.Lease {

		@Override
		public boolean renew(Duration lease) {
			return true;
		}

		@Override
		public void release() {
		}

	}

}
