package dev.rungroup.context;

import java.util.Set;

import dev.rungroup.core.MemberState;
import dev.rungroup.core.StopReason;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Exhaustion}.
 */
class ExhaustionTests {

	private final Exhaustion exhaustion = new Exhaustion(Set.of("restarting"));

	@Test
	void memberThatFailsForGoodThoughItIsToBeRestartedIsExhausted() {
		this.exhaustion.memberStarted("restarting");
		assertThat(this.exhaustion.members()).isEmpty();
		this.exhaustion.memberEnded("restarting", MemberState.FAILED);
		assertThat(this.exhaustion.members()).containsExactly("restarting");
	}

	@Test
	void memberThatEndsTheGroupByItIsExhaustedThoughItWasAskedToEndThen() {
		this.exhaustion.memberStarted("restarting");
		this.exhaustion.groupStopping(new StopReason(StopReason.Kind.RESTARTS_EXHAUSTED, "restarting", null));
		this.exhaustion.memberStopped("restarting", 1);
		this.exhaustion.memberEnded("restarting", MemberState.FAILED);
		assertThat(this.exhaustion.members()).containsExactly("restarting");
	}

	@Test
	void memberThatEndsTheGroupByAnythingElseIsNotExhausted() {
		for (StopReason.Kind kind : StopReason.Kind.values()) {
			if (kind != StopReason.Kind.RESTARTS_EXHAUSTED) {
				this.exhaustion.groupStopping(new StopReason(kind, "restarting", null));
			}
		}
		assertThat(this.exhaustion.members()).isEmpty();
	}

	@Test
	void memberThatIsStartedAgainIsExhaustedNoMore() {
		this.exhaustion.memberEnded("restarting", MemberState.FAILED);
		this.exhaustion.memberStarted("restarting");
		assertThat(this.exhaustion.members()).isEmpty();
	}

	@Test
	void memberThatIsNeverRestartedIsNotExhausted() {
		this.exhaustion.memberEnded("other", MemberState.FAILED);
		assertThat(this.exhaustion.members()).isEmpty();
	}

	@Test
	void memberThatWasAskedToEndIsNotExhaustedUntilItFailsAfterItsNextStart() {
		this.exhaustion.memberStopped("restarting", 1);
		this.exhaustion.memberEnded("restarting", MemberState.FAILED);
		assertThat(this.exhaustion.members()).isEmpty();
		this.exhaustion.memberStarted("restarting");
		this.exhaustion.memberEnded("restarting", MemberState.FAILED);
		assertThat(this.exhaustion.members()).containsExactly("restarting");
	}

	@Test
	void memberThatHasNotFailedIsNotExhausted() {
		this.exhaustion.memberEnded("restarting", MemberState.COMPLETED);
		this.exhaustion.memberEnded("restarting", MemberState.STOPPED);
		assertThat(this.exhaustion.members()).isEmpty();
	}

}
