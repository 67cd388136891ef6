package dev.rungroup.context;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;

import dev.rungroup.core.MemberState;
import dev.rungroup.core.Outcome;
import dev.rungroup.core.StopReason;
import dev.rungroup.core.Time;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ActorLog}.
 */
@ExtendWith(OutputCaptureExtension.class)
class ActorLogTests {

	private static final IOException BROKEN = new IOException("broken");

	private @Nullable StopReason reason;

	private final List<Object> events = new ArrayList<>();

	private final ActorLog log = new ActorLog(Time.system(), () -> this.reason, this.events::add,
			new ActorRegistry(new DefaultListableBeanFactory()), (member) -> {
				throw new NoSuchElementException(member);
			});

	@Test
	void endOfTheGroupSaysWhoWantedIt(CapturedOutput output) {
		this.log.groupStopping(new StopReason(StopReason.Kind.CONTEXT_CLOSED, null, null));
		assertThat(output).contains("Stopping the actors with the application context");
		this.log.groupStopping(new StopReason(StopReason.Kind.LEADERSHIP_LOST, null, null));
		assertThat(output).contains("Stopping the actors: leadership was lost");
		this.log.groupStopping(new StopReason(StopReason.Kind.STOP_REQUESTED, null, null));
		assertThat(output).containsPattern("Stopping the actors\\R");
		this.log.groupStopping(new StopReason(StopReason.Kind.MEMBER_DONE, "a", null));
		assertThat(output).contains("Actor 'a' is done and ends the group of actors").doesNotContain("ERROR");
	}

	@Test
	void failureThatEndsTheGroupIsAnErrorWithItsStack(CapturedOutput output) {
		fail("a", BROKEN);
		this.log.groupStopping(new StopReason(StopReason.Kind.MEMBER_FAILED, "a", BROKEN));
		assertThat(output).contains("ERROR")
			.contains("Actor 'a' ends the group of actors: java.io.IOException: broken")
			.contains("\tat " + ActorLogTests.class.getName())
			.doesNotContain("used up");
	}

	@Test
	void failureThatWasPrintedBeforeEndsTheGroupWithoutItsStack(CapturedOutput output) {
		fail("a", BROKEN);
		this.log.restartScheduled("a", Duration.ofSeconds(90));
		assertThat(output).contains("Actor 'a' failed: java.io.IOException: broken; next execution in 1m30s")
			.contains("\tat ");
		int before = output.getAll().length();
		fail("a", BROKEN);
		this.log.groupStopping(new StopReason(StopReason.Kind.RESTARTS_EXHAUSTED, "a", BROKEN));
		assertThat(output.getAll().substring(before))
			.contains("Actor 'a' ends the group of actors, its restarts are used up: java.io.IOException: broken")
			.doesNotContain("\tat ");
	}

	@Test
	void failureOfNobodyEndsTheGroupWithItsStack(CapturedOutput output) {
		this.log.groupStopping(new StopReason(StopReason.Kind.STOP_REQUESTED, null, BROKEN));
		assertThat(output).contains("A failure ends the group of actors: java.io.IOException: broken")
			.contains("\tat ");
	}

	@Test
	void whoFailedBeforeTheEndIsNamedWithIt(CapturedOutput output) {
		fail("b", BROKEN);
		this.log.groupStopping(new StopReason(StopReason.Kind.CONTEXT_CLOSED, null, null));
		assertThat(output).containsSubsequence("Actor 'b' failed: java.io.IOException: broken",
				"Stopping the actors with the application context");
		this.log.memberEnded("b", MemberState.FAILED);
		assertThat(output).contains("Actor 'b' ended: failed: java.io.IOException: broken");
	}

	@Test
	void whoFailedAndIsStoppedBeforeItsPauseHasBegunIsNamed(CapturedOutput output) {
		this.log.groupStopping(new StopReason(StopReason.Kind.CONTEXT_CLOSED, null, null));
		fail("b", BROKEN);
		this.log.memberEnded("b", MemberState.STOPPED);
		assertThat(output).contains("WARN").contains("Actor 'b' failed: java.io.IOException: broken").contains("\tat ");
	}

	@Test
	void sameFailureAgainIsCountedAndAnotherOneIsPrinted(CapturedOutput output) {
		for (int i = 0; i < 3; i++) {
			fail("a", new IOException("broken"));
			this.log.restartScheduled("a", Duration.ZERO);
		}
		assertThat(output)
			.contains("Actor 'a' failed again, 2 times the same: java.io.IOException: broken",
					"Actor 'a' failed again, 3 times the same: java.io.IOException: broken")
			.containsOnlyOnce("java.io.IOException: broken" + System.lineSeparator() + "\tat ");
		fail("a", new IOException("other"));
		this.log.restartScheduled("a", Duration.ZERO);
		fail("a", new IllegalStateException("other"));
		this.log.restartScheduled("a", Duration.ZERO);
		assertThat(output).contains("Actor 'a' failed: java.io.IOException: other")
			.contains("Actor 'a' failed: java.lang.IllegalStateException: other")
			.containsOnlyOnce("java.io.IOException: other" + System.lineSeparator() + "\tat ")
			.containsOnlyOnce("java.lang.IllegalStateException: other" + System.lineSeparator() + "\tat ");
	}

	@Test
	void failureOfTheNextGroupIsPrintedAgain(CapturedOutput output) {
		fail("a", BROKEN);
		this.log.memberEnded("a", MemberState.FAILED);
		this.log.groupStopped(null);
		int before = output.getAll().length();
		fail("a", BROKEN);
		this.log.memberEnded("a", MemberState.FAILED);
		assertThat(output.getAll().substring(before)).contains("Actor 'a' ended: failed: java.io.IOException: broken")
			.contains("\tat ");
	}

	@Test
	void eachEndOfAnActorSaysHow(CapturedOutput output) {
		this.log.memberEnded("a", MemberState.COMPLETED);
		assertThat(output).contains("Actor 'a' ended: completed");
		this.log.executionEnded("b", new Outcome.Completed(), 1);
		this.log.memberEnded("b", MemberState.STOPPED);
		assertThat(output).containsPattern("Actor 'b' ended: stopped between two executions\\R");
		this.log.executionEnded("c", new Outcome.Interrupted(), 1);
		this.log.memberEnded("c", MemberState.STOPPED);
		assertThat(output).containsPattern("Actor 'c' ended: stopped, its execution ended in its own way\\R");
		this.log.executionEnded("c", new Outcome.Interrupted(new InterruptedException()), 1);
		this.log.memberEnded("c", MemberState.STOPPED);
		assertThat(output).containsPattern("Actor 'c' ended: stopped, its execution was cut short by an interrupt\\R");
		this.log.executionEnded("c", new Outcome.Interrupted(BROKEN), 1);
		this.log.memberEnded("c", MemberState.STOPPED);
		assertThat(output).contains("Actor 'c' ended: stopped, its execution ended with java.io.IOException: broken")
			.doesNotContain("WARN");
		fail("d", BROKEN);
		this.log.memberEnded("d", MemberState.FAILED);
		assertThat(output).contains("WARN").contains("Actor 'd' ended: failed: java.io.IOException: broken");
	}

	@Test
	void stopOfAllIsOneLine(CapturedOutput output) {
		for (String actor : List.of("a", "b", "c", "d", "e")) {
			this.log.memberStarted(actor);
		}
		this.log.memberEnded("a", MemberState.STOPPED);
		this.log.groupStopping(new StopReason(StopReason.Kind.CONTEXT_CLOSED, null, null));
		int before = output.getAll().length();
		this.log.memberEnded("b", MemberState.STOPPED);
		this.log.executionEnded("c", new Outcome.Interrupted(BROKEN), 1);
		this.log.memberEnded("c", MemberState.STOPPED);
		this.log.memberEnded("d", MemberState.COMPLETED);
		this.log.groupStopped(null);
		assertThat(output.getAll().substring(before)).doesNotContain("stopped")
			.contains("Actor 'd' ended: completed")
			.containsPattern("INFO.+ 2 actors ended as asked in \\d+\\w+, 1 did not end\\R")
			.doesNotContain("WARN");
	}

	@Test
	void endByItselfSaysNothingOfThoseThatWereStopped(CapturedOutput output) {
		this.log.memberStarted("a");
		this.log.memberEnded("a", MemberState.STOPPED);
		this.log.groupStopped(null);
		assertThat(output).doesNotContain("as asked");
	}

	@Test
	void actorThatReturnsAfterFailuresWorksAgain(CapturedOutput output) {
		this.log.executionEnded("a", new Outcome.Completed(), 1);
		for (int i = 0; i < 9; i++) {
			fail("a", BROKEN);
			this.log.restartScheduled("a", Duration.ZERO);
		}
		assertThat(this.events).isEmpty();
		this.log.executionEnded("a", new Outcome.Completed(), 1);
		this.log.executionEnded("a", new Outcome.Completed(), 1);
		assertThat(output).containsPattern("INFO.+Actor 'a' works again after 9 failures in \\d+\\w+\\R");
		assertThat(this.events).singleElement().isInstanceOfSatisfying(ActorRecoveredEvent.class, (event) -> {
			assertThat(event.actor()).isEqualTo("a");
			assertThat(event.failures()).isEqualTo(9);
			assertThat(event.since()).isGreaterThanOrEqualTo(Duration.ZERO);
		});
	}

	@Test
	void actorThatIsReadyAfterAFailureWorksAgain(CapturedOutput output) {
		this.log.memberReady("a");
		fail("a", BROKEN);
		this.log.restartScheduled("a", Duration.ZERO);
		this.log.memberReady("a");
		this.log.executionEnded("a", new Outcome.Interrupted(), 1);
		assertThat(output).containsOnlyOnce("Actor 'a' works again after 1 failure in ");
		assertThat(this.events).hasSize(1);
	}

	@Test
	void actorThatEndedTheGroupIsNotWarnedOfTwice(CapturedOutput output) {
		this.reason = new StopReason(StopReason.Kind.MEMBER_FAILED, "a", BROKEN);
		this.log.memberEnded("a", MemberState.FAILED);
		assertThat(output).containsPattern("Actor 'a' ended: failed\\R").doesNotContain("WARN");
		fail("b", BROKEN);
		this.log.memberEnded("b", MemberState.FAILED);
		assertThat(output).contains("Actor 'b' ended: failed: java.io.IOException: broken");
	}

	@Test
	void onlyALaterStartIsALineOfItsOwn(CapturedOutput output) {
		this.log.memberStarted("a");
		assertThat(output).doesNotContain("Actor 'a'");
		this.log.memberStarted("a");
		assertThat(output).containsOnlyOnce("Actor 'a' was started again");
	}

	private void fail(String actor, Throwable failure) {
		this.log.executionEnded(actor, new Outcome.Failed(failure), 1);
	}

}
