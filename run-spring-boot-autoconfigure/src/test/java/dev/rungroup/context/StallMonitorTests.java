package dev.rungroup.context;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

import dev.rungroup.core.GroupSnapshot;
import dev.rungroup.core.GroupState;
import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.OnStall;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * When a member counts as stalled, with a clock that only moves when told to.
 */
class StallMonitorTests {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	private final List<String> reports = new ArrayList<>();

	private Instant now = Instant.parse("2026-01-01T00:00:00Z");

	private Instant progress = this.now;

	private MemberState state = MemberState.RUNNING;

	private final StallMonitor monitor = new StallMonitor(List.of(new StallLimit("loop", LIMIT, OnStall.REPORT)),
			() -> this.now, this::report);

	@Test
	void looksTenTimesPerLimitAndAtLeastEverySecond() {
		assertThat(interval(Duration.ofSeconds(10))).isEqualTo(Duration.ofSeconds(1));
		assertThat(interval(Duration.ofSeconds(2))).isEqualTo(Duration.ofMillis(200));
		assertThat(interval(Duration.ofHours(1))).isEqualTo(Duration.ofSeconds(1));
		assertThat(interval(Duration.ofMillis(1))).isEqualTo(Duration.ofMillis(5));
	}

	@Test
	void memberWithoutProgressIsReportedOnceWhenItsLimitIsReached() {
		pass(9);
		assertThat(this.reports).isEmpty();
		assertThat(this.monitor.stalled()).isEmpty();
		pass(1);
		assertThat(this.reports).containsExactly("loop 10s");
		assertThat(this.monitor.stalled()).containsExactly("loop");
		pass(100);
		assertThat(this.reports).hasSize(1);
	}

	@Test
	void progressEndsAStallAndTheNextIsReportedAgain() {
		pass(12);
		this.progress = this.now;
		pass(1);
		assertThat(this.monitor.stalled()).isEmpty();
		pass(8);
		assertThat(this.reports).hasSize(1);
		pass(1);
		assertThat(this.reports).containsExactly("loop 10s", "loop 10s");
	}

	@Test
	void memberThatMakesProgressInTimeIsNeverReported() {
		for (int i = 0; i < 20; i++) {
			pass(9);
			this.progress = this.now;
		}
		assertThat(this.reports).isEmpty();
	}

	@Test
	void pauseOfTheWholeJvmCountsForNobody() {
		pass(5);
		pause(Duration.ofHours(3));
		assertThat(this.reports).isEmpty();
		this.progress = this.now;
		pass(9);
		assertThat(this.reports).isEmpty();
		pass(1);
		assertThat(this.reports).hasSize(1);
	}

	@Test
	void memberThatDoesNotWakeFromAPauseIsFound() {
		pass(5);
		pause(Duration.ofSeconds(30));
		assertThat(this.reports).isEmpty();
		pass(4);
		assertThat(this.reports).containsExactly("loop 39s");
	}

	@Test
	void onlyRunningMembersCanStall() {
		for (MemberState other : List.of(MemberState.NEW, MemberState.WAITING, MemberState.STOPPING,
				MemberState.STOPPED, MemberState.FAILED, MemberState.COMPLETED)) {
			this.state = other;
			pass(60);
		}
		assertThat(this.reports).isEmpty();
		this.state = MemberState.RUNNING;
		this.progress = this.now;
		pass(10);
		assertThat(this.reports).hasSize(1);
	}

	@Test
	void memberThatCannotBeStoppedStaysStalledUntilItHasEnded() {
		pass(10);
		this.state = MemberState.STOPPING;
		pass(60);
		assertThat(this.monitor.stalled()).containsExactly("loop");
		assertThat(this.reports).hasSize(1);
		this.state = MemberState.STOPPED;
		pass(1);
		assertThat(this.monitor.stalled()).isEmpty();
	}

	@Test
	void memberThatIsForgottenAndStillStalledIsReportedAgain() {
		pass(10);
		this.monitor.forget("loop");
		assertThat(this.monitor.stalled()).isEmpty();
		pass(1);
		assertThat(this.reports).containsExactly("loop 10s", "loop 11s");
		assertThat(this.monitor.stalled()).containsExactly("loop");
	}

	@Test
	void clockThatIsSetForwardIsNoStall() {
		pass(3);
		this.now = this.now.plus(Duration.ofHours(1));
		pass(1);
		assertThat(this.reports).isEmpty();
	}

	private static Duration interval(Duration limit) {
		return new StallMonitor(List.of(new StallLimit("loop", limit, OnStall.REPORT)), Instant::now, (stall) -> {
		}).interval();
	}

	private void report(StallMonitor.Stall stall) {
		assertThat(stall.member().name()).isEqualTo(stall.limit().member());
		this.reports.add(stall.limit().member() + " " + stall.silence().toSeconds() + "s");
	}

	private void pass(int seconds) {
		for (int i = 0; i < seconds; i++) {
			pause(Duration.ofSeconds(1));
		}
	}

	private void pause(Duration elapsed) {
		this.now = this.now.plus(elapsed);
		MemberSnapshot member = new MemberSnapshot("loop", this.state, true, 1, 0, 0, 0, null, null, this.progress,
				null, this.progress);
		this.monitor.check(new GroupSnapshot("actors", GroupState.RUNNING, null, List.of(member)), elapsed);
	}

}
