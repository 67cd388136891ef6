package dev.rungroup.core;

import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;

/**
 * What the wall clock shows at a moment of a {@link Time}.
 */
final class WallClock {

	private static final long TOLERANCE = TimeUnit.MILLISECONDS.toNanos(10);

	private final Time time;

	private final InstantSource clock;

	/** Written by whoever asks. */
	private volatile long offset;

	WallClock(Time time) {
		this.time = time;
		this.clock = (time instanceof InstantSource clock) ? clock : InstantSource.system();
	}

	/**
	 * What to add to our times for nanoseconds since the epoch. The same each time, so
	 * that nothing seems to change between two snapshots, unless somebody has set the
	 * clock or it was adjusted in the course of days. Who stood still between the two
	 * clocks has learned nothing from them.
	 */
	long offset() {
		long before = this.time.nanoTime();
		Instant now = this.clock.instant();
		long taken = this.time.nanoTime() - before;
		long offset = TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano() - before;
		if (Math.abs(offset - this.offset) > TOLERANCE && (taken < TOLERANCE / 2 || this.offset == 0)) {
			this.offset = offset;
		}
		return this.offset;
	}

}
