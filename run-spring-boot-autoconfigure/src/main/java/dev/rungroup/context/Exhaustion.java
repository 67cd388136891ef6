package dev.rungroup.context;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import dev.rungroup.core.GroupListener;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.StopReason;

/**
 * Remembers which members failed for good although their policy is to be restarted: their
 * budget is spent. One that failed because it was asked to end is none of them.
 */
final class Exhaustion implements GroupListener {

	private final Set<String> restarting;

	private final Set<String> stopped = ConcurrentHashMap.newKeySet();

	private final Set<String> exhausted = ConcurrentHashMap.newKeySet();

	/**
	 * @param restarting the members whose policy is to be restarted after a failure
	 */
	Exhaustion(Set<String> restarting) {
		this.restarting = restarting;
	}

	Set<String> members() {
		return Set.copyOf(this.exhausted);
	}

	@Override
	public void memberStarted(String member) {
		this.stopped.remove(member);
		this.exhausted.remove(member);
	}

	/**
	 * The member that ends the group because of it is asked to end then, as all are.
	 */
	@Override
	public void groupStopping(StopReason reason) {
		if (reason.kind() == StopReason.Kind.RESTARTS_EXHAUSTED && reason.member() != null) {
			this.exhausted.add(reason.member());
		}
	}

	@Override
	public void memberStopped(String member, long nanos) {
		this.stopped.add(member);
	}

	@Override
	public void memberEnded(String member, MemberState state) {
		if (state == MemberState.FAILED && !this.stopped.contains(member) && this.restarting.contains(member)) {
			this.exhausted.add(member);
		}
	}

}
