package dev.rungroup.core;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Members had not ended at the group's shutdown timeout and were abandoned. The message
 * shows the name and the stack of each.
 *
 * @since 0.1.0
 */
public class UnstoppedMembersException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	/** Who did not end. */
	private final ArrayList<Unstopped> members;

	UnstoppedMembersException(String group, List<Unstopped> members) {
		super(message(group, members));
		this.members = new ArrayList<>(members);
	}

	static UnstoppedMembersException of(String group, List<MemberSlot> slots) {
		return new UnstoppedMembersException(group,
				slots.stream().map((slot) -> new Unstopped(slot.name(), slot.stack())).toList());
	}

	private static String message(String group, List<Unstopped> members) {
		String names = members.stream().map((member) -> "'" + member.name() + "'").collect(Collectors.joining(", "));
		String stacks = members.stream().map(Unstopped::toString).collect(Collectors.joining("\n"));
		return "Group '" + group + "' gave up waiting for " + names
				+ ": still running at the shutdown timeout, although interrupted\n" + stacks;
	}

	/**
	 * Return who did not end.
	 * @return the members in the order they were added
	 */
	public List<Unstopped> members() {
		return List.copyOf(this.members);
	}

	/**
	 * A member that did not end, and where its thread was.
	 *
	 * @param name the member's name
	 * @param stack the stack of its thread, or of its interrupter's if that is what hangs
	 */
	public record Unstopped(String name, List<StackTraceElement> stack) implements Serializable {

		/**
		 * Copy the stack.
		 */
		public Unstopped {
			stack = List.copyOf(stack);
		}

		@Override
		public String toString() {
			String frames = this.stack.stream().map((frame) -> "\n\tat " + frame).collect(Collectors.joining());
			return "'" + this.name + "' is at" + (frames.isEmpty() ? " an unknown place" : frames);
		}

	}

}
