package dev.rungroup.context;

import java.util.List;

import dev.rungroup.core.MemberSettings;
import dev.rungroup.core.Policy;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ActorDefinition}.
 */
class ActorDefinitionTests {

	private static final ActorDefinition ORIGIN = new ActorDefinition("worker", "workerBean", null, null, List.of(),
			null, true, 1, false, null, MemberSettings.builder().stage(3).build());

	@Test
	void aCopyWithoutChangesIsEqual() {
		assertThat(ORIGIN.mutate().build()).usingRecursiveComparison().isEqualTo(ORIGIN);
	}

	@Test
	void eachValueCanBeChanged() {
		ActorDefinition.Builder builder = ORIGIN.mutate().group("imports").enabled(false).concurrency(2).required(true);
		builder.settings().onError(Policy.RESTART);
		assertThat(builder.build()).usingRecursiveComparison()
			.isEqualTo(new ActorDefinition("worker", "workerBean", null, null, List.of(), "imports", false, 2, true,
					null, MemberSettings.builder().stage(3).onError(Policy.RESTART).build()));
		assertThat(ORIGIN.settings().onError()).isEqualTo(Policy.SHUTDOWN);
	}

	@Test
	void membersOfAnActorThatBecomesSeveralAreNumbered() {
		assertThat(ORIGIN.memberNames()).containsExactly("worker");
		assertThat(ORIGIN.mutate().concurrency(3).build().memberNames()).containsExactly("worker-1", "worker-2",
				"worker-3");
	}

}
