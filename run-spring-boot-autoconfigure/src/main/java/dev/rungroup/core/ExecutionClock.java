package dev.rungroup.core;

import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The clock of one member's executions. Reading the time costs more than everything else
 * that a group does for an execution, so after a brief one it is read more rarely: the
 * next execution is taken to begin where that one ended. Where nobody is told how long an
 * execution took, one among very many brief ones only looks whether the supervisor has
 * noticed time going on, which is at most {@link #TICK} late.
 * <p>
 * Used by the member's thread alone.
 */
final class ExecutionClock {

	/** How old the time of a brief execution may be, in nanoseconds. */
	static final long TICK = 10_000_000;

	/** From one execution's end to the next, in nanoseconds: longer ones are measured. */
	private static final long BRIEF = 20_000;

	/** So many brief executions in a row are worth a tick of the supervisor. */
	private static final int MANY = 1_000;

	private final Time time;

	private final Ticks ticks;

	/** Whether every execution is measured. */
	private final boolean exact;

	/**
	 * Whether an execution may take so long and no longer: what others did since the one
	 * before, a listener, say, does not count.
	 */
	private final boolean limited;

	private long startedAt;

	private long endedAt;

	/** Brief executions in a row, or since the time was last read. */
	private long brief;

	private boolean ticking;

	private int tick;

	/**
	 * @param startedAt when the first execution began
	 */
	ExecutionClock(Group group, MemberSettings settings, long startedAt) {
		this.time = group.time;
		this.ticks = group.ticks;
		this.startedAt = startedAt;
		// None ended before it, so how brief it is tells how long it took itself
		this.endedAt = startedAt;
		this.limited = settings.isLimited();
		// What has a calendar of its own may stand still, and would tick for ever
		this.exact = !group.listeners.isEmpty() || this.limited || this.time instanceof InstantSource;
	}

	/**
	 * An execution begins.
	 * @return when
	 */
	long begin() {
		this.startedAt = (this.brief > 0 && !this.limited) ? this.endedAt : this.time.nanoTime();
		return this.startedAt;
	}

	/**
	 * An execution ends.
	 * @return when
	 */
	long end() {
		if (this.ticking) {
			int tick = this.ticks.now;
			if (tick == this.tick) {
				this.brief++;
				return this.endedAt;
			}
			this.tick = tick;
		}
		long now = this.time.nanoTime();
		long executions = (this.ticking) ? this.brief : 1;
		if ((now - this.endedAt) / executions >= BRIEF) {
			reset();
		}
		else if (this.ticking) {
			this.brief = 1;
		}
		else if (++this.brief > MANY && !this.exact) {
			this.brief = 1;
			this.ticking = true;
			this.tick = this.ticks.now;
			this.ticks.begin();
		}
		this.endedAt = now;
		return now;
	}

	/**
	 * When the last execution ended.
	 */
	long lastEnd() {
		return (this.ticking) ? this.time.nanoTime() : this.endedAt;
	}

	/**
	 * How long the execution took that ended last, in nanoseconds.
	 */
	long took() {
		return this.endedAt - this.startedAt;
	}

	/**
	 * From here on the time is read again: the execution failed, a pause follows, or no
	 * execution does.
	 */
	void reset() {
		this.brief = 0;
		if (this.ticking) {
			this.ticking = false;
			this.ticks.users.decrementAndGet();
		}
	}

	/**
	 * How often the supervisor has looked around: at least once in a {@link #TICK} while
	 * somebody uses it. Counted by the supervisor alone.
	 */
	static final class Ticks {

		private final AtomicInteger users = new AtomicInteger();

		private final Supervisor supervisor;

		private volatile int now;

		Ticks(Supervisor supervisor) {
			this.supervisor = supervisor;
		}

		@SuppressWarnings("NonAtomicVolatileUpdate")
		void next() {
			this.now++;
		}

		boolean areUsed() {
			return this.users.get() > 0;
		}

		private void begin() {
			if (this.users.incrementAndGet() == 1) {
				this.supervisor.signal();
			}
		}

	}

}
