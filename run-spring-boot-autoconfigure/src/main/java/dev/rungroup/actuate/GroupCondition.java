package dev.rungroup.actuate;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

import dev.rungroup.context.GroupLifecycle;
import dev.rungroup.core.GroupSnapshot;
import dev.rungroup.core.GroupState;
import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.StopReason;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.health.contributor.Status;

/**
 * A group as far as health and availability care for it.
 *
 * @param actors its actors by name
 * @param failed whether it has ended by a failure
 * @param ending whether it ends or has ended by the doing of a member
 */
record GroupCondition(Map<String, ActorCondition> actors, boolean failed, boolean ending) {

	static GroupCondition of(GroupLifecycle lifecycle) {
		GroupSnapshot group = lifecycle.flatSnapshot();
		Map<String, GroupSnapshot> inside = lifecycle.snapshot().groups();
		Set<String> required = lifecycle.requiredActors();
		Set<String> stalled = lifecycle.stalledActors();
		Set<String> exhausted = lifecycle.exhaustedActors();
		Map<String, ActorCondition> actors = new LinkedHashMap<>();
		for (MemberSnapshot member : group.members()) {
			String name = member.name();
			String groupName = lifecycle.groupOf(name);
			ActorCondition in = (groupName != null) ? actors.get(groupName) : null;
			boolean lost = exhausted.contains(name) || (in != null && in.lost())
					|| (member.state() == MemberState.FAILED && lifecycle.groupNamed(name) != null);
			actors.put(name, new ActorCondition(member, required.contains(name), stalled.contains(name),
					exhausted.contains(name), lost, (groupName != null) ? group(in, inside.get(groupName)) : null));
		}
		for (String name : lifecycle.disabledActors()) {
			actors.put(name, new ActorCondition(null, false, false, false, false, null));
		}
		StopReason reason = group.stopReason();
		return new GroupCondition(actors, group.state() == GroupState.STOPPED && reason != null && reason.isFailure(),
				reason != null && reason.kind() != StopReason.Kind.CONTEXT_CLOSED);
	}

	/**
	 * How a group is for its actors. One that ends, because an actor has failed, is not
	 * up any more, though its own execution goes on until the last actor has ended.
	 */
	private static @Nullable MemberSnapshot group(@Nullable ActorCondition group, @Nullable GroupSnapshot inside) {
		MemberSnapshot member = (group != null) ? group.actor() : null;
		if (member == null || member.state() != MemberState.RUNNING || inside == null
				|| inside.state() == GroupState.NEW || inside.state() == GroupState.RUNNING) {
			return member;
		}
		return new MemberSnapshot(member.name(), MemberState.WAITING, false, member.executions(), member.failures(),
				member.restarts(), member.failuresInARow(), member.lastFailure(), member.lastFailureAt(),
				member.stateSince(), member.nextExecution(), member.lastProgress());
	}

	Status status() {
		Collection<ActorCondition> actors = this.actors.values();
		if (this.failed || actors.stream().anyMatch((actor) -> actor.status() == Status.DOWN)) {
			return Status.DOWN;
		}
		return (actors.stream().anyMatch((actor) -> actor.status() == Status.OUT_OF_SERVICE)) ? Status.OUT_OF_SERVICE
				: Status.UP;
	}

	/**
	 * Whether traffic has to be kept away from the application.
	 * @param outlivesGroup whether the application goes on when its group has ended
	 */
	boolean refusesTraffic(boolean outlivesGroup) {
		return (this.ending && !outlivesGroup)
				|| this.actors.values().stream().anyMatch(ActorCondition::refusesTraffic);
	}

	/**
	 * Whether only a new process can help.
	 * @param outlivesGroup whether the application goes on when its group has ended
	 */
	boolean isBroken(boolean outlivesGroup) {
		return (this.failed && outlivesGroup) || this.actors.values().stream().anyMatch(ActorCondition::isBroken);
	}

}
