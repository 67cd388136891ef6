package dev.rungroup.cluster;

import dev.rungroup.context.LeadershipListener.Change;
import dev.rungroup.core.Leadership;
import org.jspecify.annotations.Nullable;

/**
 * One start of a member that wants to be executed, or is: lets the {@link SingletonLock}
 * decide, and tells listeners and other members of it. Called on threads of the member,
 * and on the supervisor's when it is abandoned.
 */
final class Candidate implements Leadership.Candidacy {

	private final SingletonLock lock;

	final Runnable changed;

	/** Whether it waits for a term. Written by the lock, under its monitor. */
	boolean waiting;

	/**
	 * Whether it is in the announced term, or its body is still ending. Written by the
	 * lock, under its monitor, on the member's thread.
	 */
	boolean inTerm;

	Candidate(SingletonLock lock, Runnable changed) {
		this.lock = lock;
		this.changed = changed;
	}

	@Override
	public Leadership.@Nullable Term lead() {
		this.lock.tell(this.lock.left(this));
		KeptLease.KeptTerm term = this.lock.enter(this);
		if (term == null) {
			this.lock.wakeThread();
		}
		else if (!this.inTerm) {
			try {
				this.lock.tell(Change.GRANTED);
			}
			finally {
				this.lock.announced(this, term);
				this.lock.tellCandidates();
			}
		}
		return term;
	}

	@Override
	public void abandoned() {
		this.lock.abandoned(this);
		this.lock.wakeThread();
	}

	@Override
	public void ended() {
		// Before another node can begin
		this.lock.tell(this.lock.ended(this));
		this.lock.wakeThread();
		if (this.lock.isUnused()) {
			this.lock.forgetTrouble();
			this.lock.awaitRelease();
		}
		else {
			this.lock.tellCandidates();
		}
	}

}
