package dev.rungroup.context;

import java.time.Duration;

import dev.rungroup.core.GroupListener;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.Outcome;

/**
 * Tells a listener of the application's group what happens to the members of a group
 * inside. Of that group itself it hears as of a member.
 */
class MembersOnly implements GroupListener {

	private final GroupListener listener;

	MembersOnly(GroupListener listener) {
		this.listener = listener;
	}

	@Override
	public void memberStarted(String member) {
		this.listener.memberStarted(member);
	}

	@Override
	public void memberReady(String member) {
		this.listener.memberReady(member);
	}

	@Override
	public void executionEnded(String member, Outcome outcome, long nanos) {
		this.listener.executionEnded(member, outcome, nanos);
	}

	@Override
	public void restartScheduled(String member, Duration pause) {
		this.listener.restartScheduled(member, pause);
	}

	@Override
	public void memberRestarted(String member) {
		this.listener.memberRestarted(member);
	}

	@Override
	public void memberStalled(String member, Duration silence) {
		this.listener.memberStalled(member, silence);
	}

	@Override
	public void graceExpired(String member) {
		this.listener.graceExpired(member);
	}

	@Override
	public void memberStopped(String member, long nanos) {
		this.listener.memberStopped(member, nanos);
	}

	@Override
	public void memberEnded(String member, MemberState state) {
		this.listener.memberEnded(member, state);
	}

}
