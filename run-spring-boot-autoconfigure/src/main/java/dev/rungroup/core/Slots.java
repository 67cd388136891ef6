package dev.rungroup.core;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;

/**
 * The members of a group by name, in the order they were added. Used under the roster's
 * lock.
 */
final class Slots {

	private final Map<String, MemberSlot> slots = new LinkedHashMap<>();

	private final String group;

	private int unnamed;

	Slots(String group) {
		this.group = group;
	}

	void add(MemberSlot slot) {
		slot.order = this.slots.size();
		if (this.slots.putIfAbsent(slot.name(), slot) != null) {
			throw new IllegalArgumentException(
					"Group '" + this.group + "' has a member named '" + slot.name() + "' already");
		}
	}

	MemberSlot get(String name) {
		MemberSlot slot = this.slots.get(name);
		if (slot == null) {
			throw new NoSuchElementException("Group '" + this.group + "' has no member named '" + name + "'; it has "
					+ String.join(", ", this.slots.keySet()));
		}
		return slot;
	}

	String unusedName() {
		String name;
		do {
			name = "member-" + ++this.unnamed;
		}
		while (this.slots.containsKey(name));
		return name;
	}

	boolean isEmpty() {
		return this.slots.isEmpty();
	}

	boolean isAnyStopped() {
		for (MemberSlot slot : this.slots.values()) {
			MemberThread start = slot.start();
			if ((start != null) ? start.state == MemberState.STOPPED : slot.held) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Those of which something has not ended.
	 */
	List<MemberSlot> busy() {
		List<MemberSlot> busy = new ArrayList<>();
		for (MemberSlot slot : this.slots.values()) {
			if (slot.pending > 0) {
				busy.add(slot);
			}
		}
		return busy;
	}

	List<MemberLeadership> leaderships() {
		List<MemberLeadership> leaderships = new ArrayList<>();
		for (MemberSlot slot : this.slots.values()) {
			if (slot.leadership != null) {
				leaderships.add(slot.leadership);
			}
		}
		return leaderships;
	}

	/**
	 * The last starts of those of which all has ended.
	 */
	List<MemberThread> ended() {
		List<MemberThread> ended = new ArrayList<>(this.slots.size());
		for (MemberSlot slot : this.slots.values()) {
			MemberThread start = slot.start();
			if (start != null && slot.pending == 0) {
				ended.add(start);
			}
		}
		return ended;
	}

	Map<String, Group> groups() {
		Map<String, Group> groups = Map.of();
		for (MemberSlot slot : this.slots.values()) {
			Group group = slot.group();
			if (group != null) {
				groups = (groups.isEmpty()) ? new LinkedHashMap<>() : groups;
				groups.put(slot.name(), group);
			}
		}
		return groups;
	}

	List<MemberSnapshot> snapshots(long clockOffset) {
		List<MemberSnapshot> snapshots = new ArrayList<>(this.slots.size());
		for (MemberSlot slot : this.slots.values()) {
			snapshots.add(slot.snapshot(clockOffset));
		}
		return snapshots;
	}

}
