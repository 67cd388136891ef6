package dev.rungroup.core;

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * A group at one moment.
 *
 * @param name the group's name
 * @param state where it is in its life
 * @param stopReason who ended it, {@code null} while nobody has
 * @param members its members in the order they were added
 * @since 0.1.0
 */
public record GroupSnapshot(String name, GroupState state, @Nullable StopReason stopReason,
		List<MemberSnapshot> members) {

	/**
	 * Copy the members.
	 */
	public GroupSnapshot {
		members = List.copyOf(members);
	}

}
