package dev.rungroup.actuate;

import java.io.IOException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.MemberState;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.health.contributor.Status;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The rules of health and availability, one row each.
 */
class ActorConditionTests {

	private static final Instant NOW = Instant.parse("2026-11-21T07:14:38Z");

	@ParameterizedTest(name = "{0} ready={1} failing={2} required={3} stalled={4} exhausted={5} -> {6}")
	@CsvSource(nullValues = "DISABLED", delimiter = '|', textBlock = """
			# state   | ready | failing | required | stalled | exhausted | status         | refuses | broken
			NEW       | false | false   | false    | false   | false     | UP             | false   | false
			NEW       | false | false   | true     | false   | false     | OUT_OF_SERVICE | true    | false
			RUNNING   | true  | false   | false    | false   | false     | UP             | false   | false
			RUNNING   | true  | false   | true     | false   | false     | UP             | false   | false
			RUNNING   | true  | true    | true     | false   | false     | UP             | false   | false
			RUNNING   | false | false   | false    | false   | false     | UP             | false   | false
			RUNNING   | false | false   | true     | false   | false     | OUT_OF_SERVICE | true    | false
			RUNNING   | true  | false   | false    | true    | false     | UP             | false   | false
			RUNNING   | true  | false   | true     | true    | false     | DOWN           | true    | true
			WAITING   | true  | false   | false    | false   | false     | UP             | false   | false
			WAITING   | true  | false   | true     | false   | false     | UP             | false   | false
			WAITING   | true  | true    | false    | false   | false     | UP             | false   | false
			WAITING   | true  | true    | true     | false   | false     | OUT_OF_SERVICE | true    | false
			WAITING   | false | false   | false    | false   | false     | UP             | false   | false
			WAITING   | false | false   | true     | false   | false     | OUT_OF_SERVICE | true    | false
			STOPPING  | true  | false   | false    | false   | false     | UP             | false   | false
			STOPPING  | true  | false   | true     | false   | false     | OUT_OF_SERVICE | true    | false
			STOPPING  | true  | false   | false    | true    | false     | UP             | false   | false
			STOPPING  | true  | false   | true     | true    | false     | DOWN           | true    | true
			COMPLETED | false | false   | false    | false   | false     | UP             | false   | false
			COMPLETED | false | false   | true     | false   | false     | UP             | false   | false
			STOPPED   | false | false   | false    | false   | false     | UP             | false   | false
			STOPPED   | false | false   | true     | false   | false     | OUT_OF_SERVICE | true    | false
			FAILED    | false | true    | false    | false   | false     | DOWN           | false   | false
			FAILED    | false | true    | false    | false   | true      | DOWN           | false   | false
			FAILED    | false | true    | true     | false   | false     | DOWN           | true    | false
			FAILED    | false | true    | true     | false   | true      | DOWN           | true    | true
			DISABLED  | false | false   | false    | false   | false     | UP             | false   | false
			DISABLED  | false | false   | true     | false   | false     | UP             | false   | false
			""")
	void actorDecidesAboutHealthAndAvailability(MemberState state, boolean ready, boolean failing, boolean required,
			boolean stalled, boolean exhausted, String status, boolean refuses, boolean broken) {
		MemberSnapshot member = (state != null) ? member(state, ready, (failing) ? 1 : 0, null) : null;
		ActorCondition actor = new ActorCondition(member, required, stalled, exhausted, exhausted, null);
		assertThat(actor.status()).isEqualTo(new Status(status));
		assertThat(actor.refusesTraffic()).isEqualTo(refuses);
		assertThat(actor.isBroken()).isEqualTo(broken);
		assertThat(actor.state()).isEqualTo((state != null) ? state.name() : "DISABLED");
	}

	@ParameterizedTest(name = "{0} ready={1} failures={2} stalled={3} exhausted={4} -> {5}")
	@CsvSource(nullValues = "-", delimiter = '|',
			textBlock = """
					# state   | ready | failures | stalled | exhausted | reason
					NEW       | false | 0        | false   | false     | not started
					RUNNING   | true  | 0        | false   | false     | -
					RUNNING   | false | 0        | false   | false     | not ready
					RUNNING   | false | 2        | false   | false     | 2 failures in a row, executed again
					RUNNING   | true  | 0        | true    | false     | stalled for 35 s
					WAITING   | true  | 0        | false   | false     | -
					WAITING   | false | 1        | false   | false     | 1 failure in a row, next execution at 2026-11-21T08:14:38Z
					WAITING   | false | 9        | false   | false     | 9 failures in a row, next execution at 2026-11-21T08:14:38Z
					STOPPING  | true  | 0        | false   | false     | stopping
					STOPPED   | false | 1        | false   | false     | stopped
					COMPLETED | false | 0        | false   | false     | -
					FAILED    | false | 1        | false   | false     | failed: java.io.IOException: broken
					FAILED    | false | 3        | false   | true      | failed, its restart limit is reached: java.io.IOException: broken
					-         | false | 0        | false   | false     | -
					""")
	void reasonSaysWhatIsWrong(@Nullable MemberState state, boolean ready, int failures, boolean stalled,
			boolean exhausted, @Nullable String reason) {
		Instant next = (state == MemberState.WAITING) ? NOW.plusSeconds(3600) : null;
		MemberSnapshot member = (state != null) ? member(state, ready, failures, next) : null;
		assertThat(new ActorCondition(member, true, stalled, exhausted, exhausted, null).reason(NOW)).isEqualTo(reason);
	}

	@ParameterizedTest
	@CsvSource({ "UP,UP,UP", "UP,OUT_OF_SERVICE,OUT_OF_SERVICE", "OUT_OF_SERVICE,UP,OUT_OF_SERVICE",
			"OUT_OF_SERVICE,DOWN,DOWN", "DOWN,OUT_OF_SERVICE,DOWN" })
	void groupIsAsGoodAsItsWorstActor(String one, String other, String group) {
		Map<String, ActorCondition> actors = new LinkedHashMap<>();
		actors.put("one", actor(one));
		actors.put("other", actor(other));
		assertThat(new GroupCondition(actors, false, false).status()).isEqualTo(new Status(group));
	}

	@Test
	void groupThatEndedByAFailureIsMissedOnlyIfTheApplicationGoesOn() {
		GroupCondition group = new GroupCondition(Map.of("one", actor("UP")), true, true);
		assertThat(group.status()).isEqualTo(Status.DOWN);
		assertThat(group.isBroken(true)).isTrue();
		assertThat(group.isBroken(false)).isFalse();
		assertThat(group.refusesTraffic(true)).isFalse();
		assertThat(group.refusesTraffic(false)).isTrue();
		assertThat(new GroupCondition(Map.of(), false, false).isBroken(true)).isFalse();
		assertThat(new GroupCondition(Map.of(), false, false).status()).isEqualTo(Status.UP);
	}

	private static ActorCondition actor(String status) {
		return switch (status) {
			case "UP" ->
				new ActorCondition(member(MemberState.RUNNING, true, 0, null), true, false, false, false, null);
			case "OUT_OF_SERVICE" ->
				new ActorCondition(member(MemberState.WAITING, true, 1, null), true, false, false, false, null);
			default -> new ActorCondition(member(MemberState.FAILED, false, 1, null), true, false, false, false, null);
		};
	}

	private static MemberSnapshot member(MemberState state, boolean ready, int failures,
			@Nullable Instant nextExecution) {
		return new MemberSnapshot("one", state, ready, failures, failures, failures, failures,
				(failures > 0) ? new IOException("broken") : null, null, null, nextExecution, NOW.minusSeconds(35));
	}

}
