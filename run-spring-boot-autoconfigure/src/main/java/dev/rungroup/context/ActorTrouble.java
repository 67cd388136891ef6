package dev.rungroup.context;

import java.time.Duration;
import java.util.Objects;

import dev.rungroup.core.Outcome;
import dev.rungroup.core.Time;
import org.jspecify.annotations.Nullable;

/**
 * What the log knows of an actor that does not simply run. Written by the actor's thread,
 * and by the group's when it ends, each under this object's lock.
 */
final class ActorTrouble {

	private final Time time;

	/** How the last execution ended, until it is clear what follows. */
	private @Nullable Outcome latest;

	private @Nullable Throwable failure;

	private long count;

	private boolean printed;

	/** Failures since it last worked, and when the first of them was. */
	private volatile long failures;

	private long failingSince;

	ActorTrouble(Time time) {
		this.time = time;
	}

	synchronized void ended(Outcome outcome) {
		this.latest = outcome;
		if (outcome instanceof Outcome.Failed && this.failures++ == 0) {
			this.failingSince = this.time.nanoTime();
		}
	}

	@Nullable ActorRecoveredEvent recovered(String member) {
		if (this.failures == 0) {
			return null;
		}
		synchronized (this) {
			long failures = this.failures;
			this.failures = 0;
			this.latest = null;
			return new ActorRecoveredEvent(member, failures,
					Duration.ofNanos(this.time.nanoTime() - this.failingSince));
		}
	}

	synchronized boolean isUntold() {
		return this.latest instanceof Outcome.Failed;
	}

	synchronized @Nullable Outcome take() {
		Outcome latest = this.latest;
		this.latest = null;
		return latest;
	}

	/**
	 * The last failure, counted if it has not been told of yet. Whoever asks prints it.
	 */
	synchronized @Nullable Failure failure() {
		if (take() instanceof Outcome.Failed failed) {
			boolean same = this.failure != null && isSame(this.failure, failed.failure());
			this.count = (same) ? this.count + 1 : 1;
			this.printed &= same;
			this.failure = (same) ? this.failure : failed.failure();
		}
		if (this.failure == null) {
			return null;
		}
		Failure told = new Failure(this.failure, this.count, !this.printed);
		this.printed = true;
		return told;
	}

	private static boolean isSame(Throwable one, Throwable other) {
		return one.getClass() == other.getClass() && Objects.equals(one.getMessage(), other.getMessage());
	}

	/**
	 * A failure of an actor.
	 *
	 * @param throwable what was thrown
	 * @param count how often the same has come in a row
	 * @param isNew whether its stack trace has not been printed yet
	 */
	record Failure(Throwable throwable, long count, boolean isNew) {

	}

}
