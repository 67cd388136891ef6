package dev.rungroup.core;

import java.util.List;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

/**
 * A group as a member of another: each execution makes one and runs it on the member's
 * thread. The one that was made last is in the member's slot, where the interrupter and
 * snapshots find it.
 */
final class InnerGroup implements Body, Interrupter {

	private final String member;

	private final Supplier<Group> groups;

	InnerGroup(String member, Supplier<Group> groups) {
		this.member = member;
		this.groups = groups;
	}

	@Override
	public void run(MemberContext context) throws Exception {
		MemberThread start = CurrentMember.get();
		MemberThread own = (start != null && start.isCurrent() && start.slot.member.inner == this) ? start : null;
		if (own != null) {
			refuseBesideTheLast(own.slot.group());
		}
		Group group = this.groups.get();
		if (group == null) {
			throw new IllegalStateException(
					"Member '" + this.member + "' has no group to run: its supplier returned null");
		}
		begin(group);
		if (own != null) {
			own.slot.group(group);
			// Only now look for a stop: an interrupter that comes later finds the group
			StopReason reason = own.stopReason();
			if (reason != null) {
				group.stop(reason);
			}
		}
		boolean leads = isLed(start);
		try {
			group.supervisor.runAndRethrow();
		}
		finally {
			if (leads) {
				awaitIdle(group);
			}
		}
	}

	/**
	 * What runs on of the last group must not meet itself in the next.
	 */
	private static void refuseBesideTheLast(@Nullable Group last) {
		List<MemberSlot> left = (last != null) ? last.roster.abandon() : List.of();
		if (last != null && !left.isEmpty()) {
			throw UnstoppedMembersException.of(last.name, left);
		}
	}

	private static boolean isLed(@Nullable MemberThread start) {
		for (MemberThread outer = start; outer != null; outer = outer.group().supervisor.outer()) {
			if (outer.slot.leadership != null) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Leadership is given away when this member ends: not while anything inside runs on
	 * that its group has given up waiting for.
	 */
	private static void awaitIdle(Group group) {
		boolean interrupted = false;
		while (!group.roster.locked(group.roster::isIdle)) {
			group.time.park(group, Long.MAX_VALUE);
			interrupted |= Thread.interrupted();
		}
		if (interrupted) {
			Thread.currentThread().interrupt();
		}
	}

	private void begin(Group group) {
		try {
			group.supervisor.begin(Thread.currentThread());
		}
		catch (IllegalStateException ex) {
			throw new IllegalStateException(
					"Member '" + this.member + "' needs a new group for each execution, but got '" + group.name
							+ "', which has been run already: use Member.group(name, supplier) with a supplier that"
							+ " makes one each time",
					ex);
		}
	}

	@Override
	public void interrupt(StopReason reason) {
		MemberThread start = CurrentMember.get();
		Group group = (start != null) ? start.slot.group() : null;
		if (group != null) {
			group.stop(reason);
		}
	}

}
