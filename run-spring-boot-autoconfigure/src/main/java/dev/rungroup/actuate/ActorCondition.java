package dev.rungroup.actuate;

import java.time.Duration;
import java.time.Instant;

import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.MemberState;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.health.contributor.Status;

/**
 * One actor as far as health and availability care for it. Decides, and does nothing
 * else.
 *
 * @param actor how it is, {@code null} if it is switched off
 * @param required whether the application can do its work only while it does
 * @param stalled whether it makes no progress
 * @param exhausted whether its restart limit is reached
 * @param lost whether only a new process can bring it back: it is exhausted, or a group
 * that has failed for good, or in one
 * @param group how its group is, which speaks for it while it does not run; {@code null}
 * for the application's
 */
record ActorCondition(@Nullable MemberSnapshot actor, boolean required, boolean stalled, boolean exhausted,
		boolean lost, @Nullable MemberSnapshot group) {

	/** The group that it waits for, null if it is on its own. */
	private @Nullable MemberSnapshot awaited() {
		MemberSnapshot group = this.group;
		return (group == null || group.state() == MemberState.RUNNING || group.state() == MemberState.STOPPING) ? null
				: group;
	}

	/** What it does to the application's health. */
	Status status() {
		if (awaited() == null && ((this.actor != null && this.actor.state() == MemberState.FAILED)
				|| (this.required && this.stalled))) {
			return Status.DOWN;
		}
		return (this.required && !isUp()) ? Status.OUT_OF_SERVICE : Status.UP;
	}

	/** Whether traffic has to be kept away from the application on its account. */
	boolean refusesTraffic() {
		return this.required && status() != Status.UP;
	}

	/** Whether only a new process can help. */
	boolean isBroken() {
		return this.required && (this.lost || this.stalled);
	}

	/** The name of its state. */
	String state() {
		return (this.actor != null) ? this.actor.state().name() : ActorsEndpoint.DISABLED;
	}

	boolean ready() {
		return this.actor != null && this.actor.ready();
	}

	/**
	 * What is wrong with it, in words.
	 * @param now the time that it is compared with
	 * @return null if all is well, or if it is switched off
	 */
	@Nullable String reason(Instant now) {
		MemberSnapshot actor = this.actor;
		if (actor == null) {
			return null;
		}
		MemberSnapshot group = awaited();
		if (group != null) {
			String reason = new ActorCondition(group, false, false, false, false, null).reason(now);
			return (reason != null) ? "its group: " + reason : null;
		}
		if (this.stalled) {
			Instant since = actor.lastProgress();
			return "stalled" + ((since != null) ? " for " + seconds(Duration.between(since, now)) : "");
		}
		return switch (actor.state()) {
			case NEW -> "not started";
			case COMPLETED, STANDBY -> null;
			case STOPPED -> "stopped";
			case STOPPING -> "stopping";
			case FAILED -> "failed" + ((this.exhausted) ? ", its restart limit is reached" : "") + ": "
					+ ActorsEndpoint.shorten(String.valueOf(actor.lastFailure()));
			case RUNNING, WAITING -> illness(actor);
		};
	}

	private static @Nullable String illness(MemberSnapshot actor) {
		int failures = actor.failuresInARow();
		if (failures == 0) {
			return (actor.ready()) ? null : "not ready";
		}
		return failures + ((failures == 1) ? " failure" : " failures") + " in a row" + ((actor.nextExecution() != null)
				? ", next execution at " + actor.nextExecution() : ", executed again");
	}

	private static String seconds(Duration duration) {
		return Math.max(0, duration.toSeconds()) + " s";
	}

	/** Whether it does what it is there for. One that has done its work has. */
	private boolean isUp() {
		if (this.actor == null) {
			return true;
		}
		MemberSnapshot group = awaited();
		if (group != null) {
			return new ActorCondition(group, true, false, false, false, null).isUp();
		}
		return switch (this.actor.state()) {
			case COMPLETED, STANDBY -> true;
			case RUNNING -> this.actor.ready();
			case WAITING -> this.actor.ready() && this.actor.failuresInARow() == 0;
			case NEW, STOPPING, FAILED, STOPPED -> false;
		};
	}

}
