package dev.rungroup.core;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

import org.jspecify.annotations.Nullable;

/**
 * The member whose body, handler, listener or interrupter runs on a thread. A map for
 * all: as a thread-local variable this would cost each of very many virtual threads a map
 * of its own. Each entry is written by its thread alone.
 */
final class CurrentMember {

	private static final Map<Thread, MemberThread> MEMBERS = new ConcurrentHashMap<>();

	private CurrentMember() {
	}

	/**
	 * The member that the calling thread works for.
	 */
	static @Nullable MemberThread get() {
		return MEMBERS.get(Thread.currentThread());
	}

	/**
	 * Whether the calling thread does something for a group, or for one that runs inside
	 * it.
	 */
	static boolean isInside(Group group) {
		return isInsideAny((start) -> start.group() == group) || group.supervisor.isCurrent();
	}

	/**
	 * The same for one start of a member.
	 */
	static boolean isInside(MemberThread start) {
		return isInsideAny((at) -> at == start);
	}

	private static boolean isInsideAny(Predicate<MemberThread> wanted) {
		for (MemberThread at = get(); at != null; at = at.group().supervisor.outer()) {
			if (wanted.test(at)) {
				return true;
			}
		}
		return false;
	}

	/**
	 * From here on the calling thread works for this member.
	 * @param member null for none
	 * @return the member that it worked for so far, to be set again
	 */
	static @Nullable MemberThread set(@Nullable MemberThread member) {
		Thread thread = Thread.currentThread();
		return (member != null) ? MEMBERS.put(thread, member) : MEMBERS.remove(thread);
	}

}
