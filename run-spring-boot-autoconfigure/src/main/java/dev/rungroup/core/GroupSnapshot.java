package dev.rungroup.core;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * A group at one moment.
 *
 * @param name the group's name
 * @param state where it is in its life
 * @param stopReason what ended it, {@code null} while nothing has
 * @param members its members in the order they were added
 * @param groups the groups among the members by their members' names, each the latest
 * that was made, also after its end
 * @since 0.1.0
 */
public record GroupSnapshot(String name, GroupState state, @Nullable StopReason stopReason,
		List<MemberSnapshot> members, Map<String, GroupSnapshot> groups) {

	/**
	 * Copy members and groups.
	 */
	public GroupSnapshot {
		members = List.copyOf(members);
		groups = Collections.unmodifiableMap(new LinkedHashMap<>(groups));
	}

	/**
	 * A group without inner groups.
	 * @param name the group's name
	 * @param state where it is in its life
	 * @param stopReason what ended it, {@code null} while nothing has
	 * @param members its members in the order they were added
	 */
	public GroupSnapshot(String name, GroupState state, @Nullable StopReason stopReason, List<MemberSnapshot> members) {
		this(name, state, stopReason, members, Map.of());
	}

	GroupSnapshot with(Map<String, Group> inner) {
		if (inner.isEmpty()) {
			return this;
		}
		Map<String, GroupSnapshot> groups = new LinkedHashMap<>();
		inner.forEach((member, group) -> groups.put(member, group.snapshot()));
		return new GroupSnapshot(this.name, this.state, this.stopReason, this.members, groups);
	}

}
