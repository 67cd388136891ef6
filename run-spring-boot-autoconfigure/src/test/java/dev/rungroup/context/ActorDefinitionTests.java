package dev.rungroup.context;

import java.time.Duration;
import java.util.List;

import dev.rungroup.core.Backoff;
import dev.rungroup.core.OnStall;
import dev.rungroup.core.Policy;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ActorDefinition}.
 */
class ActorDefinitionTests {

	private static final ActorDefinition ORIGIN = new ActorDefinition("worker", "workerBean", null, null, List.of(),
			true, 1, Policy.SHUTDOWN, Policy.SHUTDOWN, Duration.ZERO, Duration.ZERO, ActorDefinition.DEFAULT_BACKOFF,
			-1, null, Policy.SHUTDOWN, List.of(Error.class), null, null, 0, false, null, OnStall.REPORT);

	@Test
	void aCopyWithoutChangesIsEqual() {
		assertThat(ORIGIN.mutate().build()).isEqualTo(ORIGIN);
	}

	@Test
	void eachValueCanBeChanged() {
		ActorDefinition changed = ORIGIN.mutate()
			.enabled(false)
			.concurrency(2)
			.onDone(Policy.RESTART)
			.onError(Policy.DO_NOTHING)
			.initialDelay(Duration.ofSeconds(1))
			.delay(Duration.ofSeconds(2))
			.backoff(Backoff.none())
			.maxRestarts(3)
			.within(Duration.ofSeconds(4))
			.onExhausted(Policy.DO_NOTHING)
			.fatal(List.of(IllegalStateException.class))
			.timeout(Duration.ofSeconds(5))
			.readyTimeout(Duration.ofSeconds(6))
			.stage(7)
			.required(true)
			.stallAfter(Duration.ofSeconds(8))
			.onStall(OnStall.RESTART)
			.build();
		assertThat(changed).isEqualTo(new ActorDefinition("worker", "workerBean", null, null, List.of(), false, 2,
				Policy.RESTART, Policy.DO_NOTHING, Duration.ofSeconds(1), Duration.ofSeconds(2), Backoff.none(), 3,
				Duration.ofSeconds(4), Policy.DO_NOTHING, List.of(IllegalStateException.class), Duration.ofSeconds(5),
				Duration.ofSeconds(6), 7, true, Duration.ofSeconds(8), OnStall.RESTART));
	}

	@Test
	void membersOfAnActorThatBecomesSeveralAreNumbered() {
		assertThat(ORIGIN.memberNames()).containsExactly("worker");
		assertThat(ORIGIN.mutate().concurrency(3).build().memberNames()).containsExactly("worker-1", "worker-2",
				"worker-3");
	}

}
