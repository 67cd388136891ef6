package dev.rungroup.core;

import java.util.concurrent.ThreadFactory;

import org.jspecify.annotations.Nullable;

/**
 * Gives starts of members their threads, and hears when these and the interrupters have
 * done their work. Used by any thread.
 */
final class Launcher {

	private final Group group;

	private final ThreadFactory threads;

	Launcher(Group group, ThreadFactory threads) {
		this.group = group;
		this.threads = threads;
	}

	/**
	 * Give a supervisor its thread.
	 */
	void launch(Supervisor supervisor) {
		Thread thread = new MemberThreads().newThread(() -> {
			// What the caller is inside of, listeners called on this thread are too
			CurrentMember.set(supervisor.outer());
			try {
				supervisor.run();
				UnstoppedMembersException unstopped = supervisor.ending.unstopped;
				if (unstopped != null) {
					this.group.listeners.report(String.valueOf(unstopped.getMessage()), null);
				}
			}
			finally {
				CurrentMember.set(null);
			}
		});
		thread.setName(this.group.name);
		thread.setDaemon(false);
		supervisor.begin(thread);
		try {
			this.group.time.start(thread, Integer.MAX_VALUE);
		}
		catch (Throwable ex) {
			supervisor.notStarted();
			throw ex;
		}
	}

	/**
	 * Give a start its thread.
	 */
	void launch(@Nullable MemberThread start) {
		if (start == null) {
			return;
		}
		try {
			Thread thread = this.threads.newThread(start);
			if (thread == null) {
				throw new IllegalStateException(
						"The thread factory returned no thread for member '" + start.name() + "'");
			}
			start.thread = thread;
			thread.setName(start.name());
			this.group.time.start(thread, start.slot.order);
		}
		catch (Throwable ex) {
			start.thread = null;
			this.group.roster.locked(() -> start.slot.interrupted = true);
			failedToStart(start, ex);
		}
	}

	/**
	 * The member has failed without having begun.
	 */
	private void failedToStart(MemberThread start, Throwable failure) {
		MemberThread before = CurrentMember.set(start);
		try {
			start.slot.historyOfFailures().failedOutside(failure, this.group.time.nanoTime());
			Listeners listeners = this.group.listeners;
			listeners.memberStarted(start.name());
			listeners.executionEnded(start.name(), new Outcome.Failed(failure), 0);
			this.group.roster.requestStop(new StopReason(StopReason.Kind.MEMBER_FAILED, start.name(), failure),
					failure);
			listeners.failed(start.slot.member, failure);
			this.group.supervisor.awaitEndingTold();
			ended(start, MemberState.FAILED, this.group.time.nanoTime(), failure);
		}
		finally {
			CurrentMember.set(before);
		}
	}

	/**
	 * A member's last execution is behind it. In one step where nobody listens: when a
	 * group ends, all its members want the lock.
	 * @param thrown what that threw, null if it returned
	 */
	void ended(MemberThread start, MemberState state, long now, @Nullable Throwable thrown) {
		Roster roster = this.group.roster;
		if (this.group.listeners.isEmpty()) {
			over(start, roster.locked(() -> {
				roster.ended(start, state, now, thrown);
				return roster.endHeard(start);
			}));
			return;
		}
		long nanos = roster.locked(() -> roster.ended(start, state, now, thrown));
		if (nanos >= 0) {
			this.group.listeners.memberStopped(start.name(), nanos);
		}
		this.group.listeners.memberEnded(start.name(), state);
		over(start, roster.locked(() -> roster.endHeard(start)));
	}

	/**
	 * A member's interrupter has ended.
	 */
	void interrupterEnded(MemberThread start) {
		over(start, this.group.roster.locked(() -> this.group.roster.done(start.slot)));
	}

	private void over(MemberThread start, @Nullable MemberThread next) {
		launch(next);
		start.slot.endLeadershipIfOver();
	}

}
