package dev.rungroup.context;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import dev.rungroup.core.GroupSnapshot;
import dev.rungroup.core.GroupState;
import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.MemberState;

/**
 * What the core shows of the groups, with what only the registry knows of them.
 */
final class Snapshots {

	private Snapshots() {
	}

	/** A group that was not started yet. */
	static GroupSnapshot notStarted(String group, Collection<String> members) {
		return new GroupSnapshot(group, GroupState.NEW, null, members.stream()
			.map((name) -> new MemberSnapshot(name, MemberState.NEW, false, 0, 0, 0, 0, null, null, null, null, null))
			.toList());
	}

	/**
	 * With the groups inside that were not made yet. The members of adopted beans that do
	 * not run, which only watch them, are not ready.
	 */
	static GroupSnapshot complete(GroupSnapshot snapshot, ActorRegistry actors) {
		List<MemberSnapshot> members = snapshot.members();
		Set<String> down = actors.notRunning();
		if (!down.isEmpty()) {
			members = members.stream()
				.map((member) -> (member.ready() && down.contains(member.name())) ? notReady(member) : member)
				.toList();
		}
		Map<String, GroupSnapshot> groups = new LinkedHashMap<>(snapshot.groups());
		for (String group : actors.groupNames()) {
			groups.computeIfAbsent(group, (name) -> notStarted(name, actors.memberNames(name)));
		}
		return new GroupSnapshot(snapshot.name(), snapshot.state(), snapshot.stopReason(), members, groups);
	}

	/** The members of all groups, each group's after the group. */
	static List<MemberSnapshot> all(GroupSnapshot snapshot, ActorRegistry actors) {
		List<MemberSnapshot> all = new ArrayList<>();
		for (MemberSnapshot member : snapshot.members()) {
			all.add(member);
			GroupSnapshot group = (actors.groupNamed(member.name()) != null) ? snapshot.groups().get(member.name())
					: null;
			if (group != null) {
				all.addAll(group.members());
			}
		}
		return all;
	}

	private static MemberSnapshot notReady(MemberSnapshot member) {
		return new MemberSnapshot(member.name(), member.state(), false, member.executions(), member.failures(),
				member.restarts(), member.failuresInARow(), member.lastFailure(), member.lastFailureAt(),
				member.stateSince(), member.nextExecution(), member.lastProgress());
	}

}
