package dev.rungroup.context;

import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

import dev.rungroup.core.GroupSnapshot;
import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.MemberState;

/**
 * Notices members that run and make no progress. Looks at the group again and again; if
 * it comes late itself, the whole JVM has been standing still, and that time counts for
 * nobody.
 * <p>
 * {@link #check} is called by one thread alone, the rest by any.
 */
final class StallMonitor {

	private static final Duration MIN_INTERVAL = Duration.ofMillis(5);

	private static final Duration MAX_INTERVAL = Duration.ofSeconds(1);

	/** How often a limit is looked at until it is reached. */
	private static final int CHECKS_PER_LIMIT = 10;

	private final Map<String, Watch> watches = new LinkedHashMap<>();

	private final Set<String> stalled = ConcurrentHashMap.newKeySet();

	private final Duration interval;

	private final InstantSource clock;

	private final Consumer<Stall> onStall;

	/**
	 * @param limits for whom to look; at least one
	 * @param clock the time of snapshots
	 * @param onStall told once per stall, by whoever calls {@link #check}; again by the
	 * next check if it throws
	 */
	StallMonitor(List<StallLimit> limits, InstantSource clock, Consumer<Stall> onStall) {
		limits.forEach((limit) -> this.watches.put(limit.member(), new Watch(limit)));
		this.interval = interval(limits);
		this.clock = clock;
		this.onStall = onStall;
	}

	private static Duration interval(List<StallLimit> limits) {
		Duration interval = MAX_INTERVAL;
		for (StallLimit limit : limits) {
			Duration wanted = limit.stallAfter().dividedBy(CHECKS_PER_LIMIT);
			interval = (wanted.compareTo(interval) < 0) ? wanted : interval;
		}
		return (interval.compareTo(MIN_INTERVAL) < 0) ? MIN_INTERVAL : interval;
	}

	/**
	 * How long to wait between two checks.
	 */
	Duration interval() {
		return this.interval;
	}

	/**
	 * Look at all members once.
	 * @param group how they are now
	 * @param elapsed time since the last check
	 */
	void check(GroupSnapshot group, Duration elapsed) {
		// A little late is a busy machine; more is a machine or a JVM that stood still
		Duration counted = (elapsed.compareTo(this.interval.multipliedBy(2)) > 0) ? this.interval : elapsed;
		for (MemberSnapshot member : group.members()) {
			Watch watch = this.watches.get(member.name());
			if (watch != null) {
				watch.check(member, counted);
			}
		}
	}

	/**
	 * The members that are stalled now: until they make progress or have ended.
	 */
	Set<String> stalled() {
		return Set.copyOf(this.stalled);
	}

	/**
	 * Take back that a member is stalled: if the next check finds it so, it is told anew.
	 */
	void forget(String member) {
		this.stalled.remove(member);
	}

	/**
	 * A member without progress.
	 *
	 * @param limit its limit
	 * @param member how it was when that was noticed
	 * @param silence the time since its last progress
	 */
	record Stall(StallLimit limit, MemberSnapshot member, Duration silence) {

	}

	/**
	 * One member.
	 */
	private final class Watch {

		private final StallLimit limit;

		private Duration silence = Duration.ZERO;

		/** Whether the current stall, if there is one, was told of. */
		private boolean told;

		private Watch(StallLimit limit) {
			this.limit = limit;
		}

		private void check(MemberSnapshot member, Duration counted) {
			if (member.state() == MemberState.STOPPING) {
				// It was asked to end: if it was stalled it still is, and if not that is
				// what the grace period is for
				return;
			}
			if (member.state() != MemberState.RUNNING || member.lastProgress() == null) {
				this.silence = Duration.ZERO;
				StallMonitor.this.stalled.remove(member.name());
				return;
			}
			Duration age = Duration.between(member.lastProgress(), StallMonitor.this.clock.instant());
			Duration grown = this.silence.plus(counted);
			this.silence = (age.isNegative()) ? Duration.ZERO : (age.compareTo(grown) < 0) ? age : grown;
			if (this.silence.compareTo(this.limit.stallAfter()) < 0) {
				StallMonitor.this.stalled.remove(member.name());
			}
			else {
				if (StallMonitor.this.stalled.add(member.name())) {
					this.told = false;
				}
				if (!this.told) {
					StallMonitor.this.onStall.accept(new Stall(this.limit, member, age));
					this.told = true;
				}
			}
		}

	}

}
