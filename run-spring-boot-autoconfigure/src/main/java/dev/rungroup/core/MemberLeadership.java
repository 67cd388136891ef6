package dev.rungroup.core;

import org.jspecify.annotations.Nullable;

/**
 * How one member stands to its {@link Leadership}: its candidacy, and the term in which
 * it leads. Outlives its starts, as the candidacy does.
 */
final class MemberLeadership {

	/** How soon to look again at an execution that something else is at work on. */
	private static final long LOOK_AGAIN = 1_000_000;

	private final MemberSlot slot;

	private final Leadership leadership;

	/**
	 * Null between a member's end and its next start. Written by the member's thread, and
	 * taken away under the roster's lock when that has ended.
	 */
	private volatile Leadership.@Nullable Candidacy candidacy;

	/** The term in which it leads or led last. Written by the member's thread. */
	private volatile Leadership.@Nullable Term term;

	// Used by the supervisor alone

	/** The thread that gives leadership away in its place, or did. */
	@Nullable Thread aside;

	/** When it looks at the term again. */
	private Agenda.@Nullable Entry nextLook;

	MemberLeadership(MemberSlot slot, Leadership leadership) {
		this.slot = slot;
		this.leadership = leadership;
	}

	// ---- The member's thread

	/**
	 * Try to lead.
	 * @return whether a term has begun, or goes on
	 */
	boolean lead() {
		Leadership.Candidacy candidacy = this.candidacy;
		if (candidacy == null) {
			candidacy = this.leadership.candidate(this.slot.name(), this::changed);
			this.candidacy = candidacy;
		}
		this.term = candidacy.lead();
		if (isLost()) {
			return false;
		}
		this.slot.group.roster.lookAt(this);
		return true;
	}

	/**
	 * The execution that was interrupted because the term was over has ended.
	 */
	void termEnded() {
		this.term = null;
	}

	// ---- Any thread

	/**
	 * Whether no term goes on, as the clock says: nothing need have been told.
	 */
	boolean isLost() {
		Leadership.Term term = this.term;
		return term == null || isOver(term, this.slot.group.time.nanoTime());
	}

	private static boolean isOver(Leadership.Term term, long now) {
		return now - term.validUntil() >= 0;
	}

	private void changed() {
		MemberThread start = this.slot.start();
		if (start != null) {
			start.wake();
		}
		this.slot.group.roster.lookAt(this);
	}

	StopReason lost() {
		return new StopReason(StopReason.Kind.LEADERSHIP_LOST, this.slot.name(), null);
	}

	/**
	 * A thread of the member has done its last work: perhaps all is over.
	 */
	void endIfOver() {
		tell(takeIfOver());
	}

	private Leadership.@Nullable Candidacy takeIfOver() {
		return this.slot.group.roster.locked(() -> {
			boolean over = this.slot.pending == 0 && (this.slot.group.roster.state() == GroupState.STOPPED
					|| (this.slot.part == null && !this.slot.isToBeInterrupted()));
			Leadership.Candidacy candidacy = (over) ? this.candidacy : null;
			if (candidacy != null) {
				this.candidacy = null;
				// Not later: the next start may begin its own term
				this.term = null;
			}
			return candidacy;
		});
	}

	private void tell(Leadership.@Nullable Candidacy ended) {
		if (ended != null) {
			this.slot.group.listeners.guarded(ended::ended, "Leadership", this.slot.name());
		}
	}

	// ---- The supervisor's thread

	/**
	 * If all is over, give leadership away on a thread of its own: that takes time.
	 */
	void endIfOver(Interrupters interrupters) {
		MemberThread start = this.slot.start();
		Leadership.Candidacy ended = takeIfOver();
		if (ended != null && start != null) {
			this.aside = interrupters.aside(start, "-leadership", () -> tell(ended));
		}
	}

	void abandoned() {
		Leadership.Candidacy candidacy = this.candidacy;
		if (candidacy != null) {
			this.slot.group.listeners.guarded(candidacy::abandoned, "Leadership", this.slot.name());
		}
	}

	/**
	 * Look at the term now, and again when it may be over.
	 */
	void look(Interrupters interrupters, Agenda agenda, long now) {
		if (this.nextLook != null) {
			agenda.remove(this.nextLook);
		}
		long left = interruptIfLost(interrupters, now);
		this.nextLook = (left > 0) ? agenda.add(Durations.after(now, left), (then) -> {
			this.nextLook = null;
			look(interrupters, agenda, then);
			return Agenda.DONE;
		}) : null;
	}

	/**
	 * @return how long the term goes on, in nanoseconds; not more than zero if nothing is
	 * to be looked at
	 */
	private long interruptIfLost(Interrupters interrupters, long now) {
		MemberThread start = this.slot.start();
		Leadership.Term term = this.term;
		if (start != null && start.isEnded()) {
			// It was to be restarted along with others, and is not
			endIfOver(interrupters);
			return 0;
		}
		if (start == null || term == null) {
			return 0;
		}
		long left = term.validUntil() - now;
		if (left > 0) {
			return left;
		}
		long number = start.current();
		if (start.stop() != null) {
			// It was told; a body that may finish has no time left for that
			start.interruptBody(number);
			return 0;
		}
		if (start.executionStop != null || !start.isExecuting(number)) {
			start.wake();
			return 0;
		}
		if (!start.claim(number)) {
			return LOOK_AGAIN;
		}
		try {
			if (this.term != term) {
				return LOOK_AGAIN;
			}
			start.executionStop = lost();
			start.interrupterRuns = this.slot.member.interrupter != null;
		}
		finally {
			start.release(number);
		}
		interrupters.interruptExecution(start, number, start.executionStop, null);
		return 0;
	}

}
