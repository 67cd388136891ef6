package dev.rungroup.actuate;

import java.util.LinkedHashMap;
import java.util.Map;

import dev.rungroup.core.MemberState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.health.contributor.Status;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The rules of health and availability, one row each.
 */
class ActorConditionTests {

	@ParameterizedTest(name = "{0} ready={1} failing={2} required={3} stalled={4} exhausted={5} -> {6}")
	@CsvSource(nullValues = "DISABLED", delimiter = '|', textBlock = """
			# state   | ready | failing | required | stalled | exhausted | status         | refuses | broken | shown
			NEW       | false | false   | false    | false   | false     | UP             | false   | false  | NEW
			NEW       | false | false   | true     | false   | false     | OUT_OF_SERVICE | true    | false  | NEW
			RUNNING   | true  | false   | false    | false   | false     | UP             | false   | false  | RUNNING
			RUNNING   | true  | false   | true     | false   | false     | UP             | false   | false  | RUNNING
			RUNNING   | true  | true    | true     | false   | false     | UP             | false   | false  | RUNNING
			RUNNING   | false | false   | false    | false   | false     | UP             | false   | false  | RUNNING
			RUNNING   | false | false   | true     | false   | false     | OUT_OF_SERVICE | true    | false  | RUNNING
			RUNNING   | true  | false   | false    | true    | false     | UP             | false   | false  | STALLED
			RUNNING   | true  | false   | true     | true    | false     | DOWN           | true    | true   | STALLED
			WAITING   | true  | false   | false    | false   | false     | UP             | false   | false  | WAITING
			WAITING   | true  | false   | true     | false   | false     | UP             | false   | false  | WAITING
			WAITING   | true  | true    | false    | false   | false     | UP             | false   | false  | WAITING
			WAITING   | true  | true    | true     | false   | false     | OUT_OF_SERVICE | true    | false  | WAITING
			WAITING   | false | false   | false    | false   | false     | UP             | false   | false  | WAITING
			WAITING   | false | false   | true     | false   | false     | OUT_OF_SERVICE | true    | false  | WAITING
			STOPPING  | true  | false   | false    | false   | false     | UP             | false   | false  | STOPPING
			STOPPING  | true  | false   | true     | false   | false     | OUT_OF_SERVICE | true    | false  | STOPPING
			STOPPING  | true  | false   | false    | true    | false     | UP             | false   | false  | STALLED
			STOPPING  | true  | false   | true     | true    | false     | DOWN           | true    | true   | STALLED
			COMPLETED | false | false   | false    | false   | false     | UP             | false   | false  | COMPLETED
			COMPLETED | false | false   | true     | false   | false     | UP             | false   | false  | COMPLETED
			STOPPED   | false | false   | false    | false   | false     | UP             | false   | false  | STOPPED
			STOPPED   | false | false   | true     | false   | false     | OUT_OF_SERVICE | true    | false  | STOPPED
			FAILED    | false | true    | false    | false   | false     | DOWN           | false   | false  | FAILED
			FAILED    | false | true    | false    | false   | true      | DOWN           | false   | false  | FAILED
			FAILED    | false | true    | true     | false   | false     | DOWN           | true    | false  | FAILED
			FAILED    | false | true    | true     | false   | true      | DOWN           | true    | true   | FAILED
			DISABLED  | false | false   | false    | false   | false     | UP             | false   | false  | DISABLED
			DISABLED  | false | false   | true     | false   | false     | UP             | false   | false  | DISABLED
			""")
	void actorDecidesAboutHealthAndAvailability(MemberState state, boolean ready, boolean failing, boolean required,
			boolean stalled, boolean exhausted, String status, boolean refuses, boolean broken, String shown) {
		ActorCondition actor = new ActorCondition(state, ready, failing, required, stalled, exhausted);
		assertThat(actor.status()).isEqualTo(new Status(status));
		assertThat(actor.refusesTraffic()).isEqualTo(refuses);
		assertThat(actor.isBroken()).isEqualTo(broken);
		assertThat(actor.description()).isEqualTo((shown != null) ? shown : "DISABLED");
	}

	@ParameterizedTest
	@CsvSource({ "UP,UP,UP", "UP,OUT_OF_SERVICE,OUT_OF_SERVICE", "OUT_OF_SERVICE,UP,OUT_OF_SERVICE",
			"OUT_OF_SERVICE,DOWN,DOWN", "DOWN,OUT_OF_SERVICE,DOWN" })
	void groupIsAsGoodAsItsWorstActor(String one, String other, String group) {
		Map<String, ActorCondition> actors = new LinkedHashMap<>();
		actors.put("one", actor(one));
		actors.put("other", actor(other));
		assertThat(new GroupCondition(actors, false).status()).isEqualTo(new Status(group));
	}

	@Test
	void groupThatEndedByAFailureIsMissedOnlyIfTheApplicationGoesOn() {
		GroupCondition group = new GroupCondition(Map.of("one", actor("UP")), true);
		assertThat(group.status()).isEqualTo(Status.DOWN);
		assertThat(group.isBroken(true)).isTrue();
		assertThat(group.isBroken(false)).isFalse();
		assertThat(group.refusesTraffic()).isFalse();
		assertThat(new GroupCondition(Map.of(), false).isBroken(true)).isFalse();
		assertThat(new GroupCondition(Map.of(), false).status()).isEqualTo(Status.UP);
	}

	private static ActorCondition actor(String status) {
		return switch (status) {
			case "UP" -> new ActorCondition(MemberState.RUNNING, true, false, true, false, false);
			case "OUT_OF_SERVICE" -> new ActorCondition(MemberState.WAITING, true, true, true, false, false);
			default -> new ActorCondition(MemberState.FAILED, false, true, true, false, false);
		};
	}

}
