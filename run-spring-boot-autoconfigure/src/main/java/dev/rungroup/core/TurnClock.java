package dev.rungroup.core;

/**
 * The clock of one member's turns. Reading the time costs more than everything else that
 * a group does for a turn, so after a brief turn it is read more rarely: the next turn is
 * taken to begin where that one ended. Where nobody is told how long a turn took, a turn
 * among very many brief ones only looks whether the group's watching thread has noticed
 * time going on, which is at most {@link #TICK} late.
 * <p>
 * Used by the member's thread alone.
 */
final class TurnClock {

	/** How old the time of a brief turn may be, in nanoseconds. */
	static final long TICK = 10_000_000;

	/** From one turn's end to the next, in nanoseconds: longer ones are measured. */
	private static final long BRIEF = 20_000;

	/** So many brief turns in a row are worth a tick of the watching thread. */
	private static final int MANY = 1_000;

	private final Group group;

	/** Whether every turn is measured. */
	private final boolean exact;

	/**
	 * Whether a turn may take so long and no longer: what others did since the turn
	 * before, a listener, say, does not count.
	 */
	private final boolean limited;

	private long startedAt;

	private long endedAt;

	/** Brief turns in a row, or since the time was last read. */
	private long briefTurns;

	private boolean ticking;

	private int tick;

	/**
	 * @param startedAt when the first turn began
	 */
	TurnClock(Group group, Member member, long startedAt) {
		this.group = group;
		this.startedAt = startedAt;
		// No turn ended before it, so how brief it is tells how long it took itself
		this.endedAt = startedAt;
		this.limited = member.settings.timeout > 0 || member.settings.readyTimeout > 0;
		this.exact = !group.listeners.isEmpty() || this.limited;
	}

	/**
	 * A turn begins.
	 * @return when
	 */
	long begin() {
		this.startedAt = (this.briefTurns > 0 && !this.limited) ? this.endedAt : this.group.time.nanoTime();
		return this.startedAt;
	}

	/**
	 * A turn ends.
	 * @return when
	 */
	long end() {
		if (this.ticking) {
			int tick = this.group.tick();
			if (tick == this.tick) {
				this.briefTurns++;
				return this.endedAt;
			}
			this.tick = tick;
		}
		long now = this.group.time.nanoTime();
		long turns = (this.ticking) ? this.briefTurns : 1;
		if ((now - this.endedAt) / turns >= BRIEF) {
			reset();
		}
		else if (this.ticking) {
			this.briefTurns = 1;
		}
		else if (++this.briefTurns > MANY && !this.exact) {
			this.briefTurns = 1;
			this.ticking = true;
			this.tick = this.group.startTicking();
		}
		this.endedAt = now;
		return now;
	}

	/**
	 * When the last turn ended.
	 */
	long lastEnd() {
		return (this.ticking) ? this.group.time.nanoTime() : this.endedAt;
	}

	/**
	 * How long the turn took that ended last, in nanoseconds.
	 */
	long took() {
		return this.endedAt - this.startedAt;
	}

	/**
	 * From here on the time is read again: the turn failed, a pause follows, or no turn
	 * does.
	 */
	void reset() {
		this.briefTurns = 0;
		if (this.ticking) {
			this.ticking = false;
			this.group.stopTicking();
		}
	}

}
