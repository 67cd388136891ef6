package dev.rungroup.cluster;

import java.time.Instant;
import java.time.InstantSource;

import dev.rungroup.context.ActorLeadership;
import dev.rungroup.core.Leadership.Term;
import dev.rungroup.core.Time;
import org.jspecify.annotations.Nullable;

/**
 * What this node has of one lock: its lease, the term in which bodies may run, and which
 * call is due next. Decides, and calls nothing. Written by the lock's thread alone, under
 * the monitor of its {@link SingletonLock}, which all that read it hold.
 */
final class KeptLease {

	/** By how much calls for leases that are here go before those that ask for one. */
	private static final long AHEAD = Long.MAX_VALUE / 4;

	/** Spreads first renewals evenly, however many locks there are. */
	private static final double GOLDEN_RATIO = 0.618033988749895;

	private final Time time;

	private final long leaseNanos;

	private final long renewNanos;

	private final long retryNanos;

	/** From getting the lease to its first renewal. */
	private final long firstRenewalNanos;

	private ClusterLocks.@Nullable Lease lease;

	/** Whether the engine is asked for the lock now. */
	private boolean acquiring;

	private long end;

	private long nextRenewal;

	private long nextAttempt;

	/** A third of a lease shorter than the lease. */
	private @Nullable KeptTerm term;

	/** Since when the node leads, or does not. */
	private Instant since;

	KeptLease(ClusterSettings settings, Time time, int index) {
		this.time = time;
		this.leaseNanos = settings.lease().toNanos();
		this.renewNanos = settings.renewInterval().toNanos();
		this.retryNanos = settings.retryInterval().toNanos();
		this.firstRenewalNanos = (long) (this.renewNanos * (((index + 1) * GOLDEN_RATIO) % 1));
		this.nextAttempt = time.nanoTime();
		this.since = wall(this.nextAttempt);
	}

	/**
	 * How long there is nothing to do, in nanoseconds. Not above zero if there is
	 * something: the lower, the more urgent.
	 */
	long untilDue(long now, Demand demand) {
		if (this.lease == null) {
			return (demand == Demand.WAITING) ? this.nextAttempt - now : Long.MAX_VALUE;
		}
		long until = switch (demand) {
			case ABANDONED -> this.end - now;
			case NONE -> Math.min(this.end - now, 0);
			default -> Math.min(this.end - now, this.nextRenewal - now);
		};
		return (until > 0) ? until : until - AHEAD;
	}

	/**
	 * The call that is due.
	 */
	Step next(long now, Demand demand) {
		if (untilDue(now, demand) > 0) {
			return Step.NONE;
		}
		if (this.lease == null) {
			return Step.ACQUIRE;
		}
		if (now - this.end >= 0) {
			return Step.FORGET;
		}
		return (demand == Demand.NONE) ? Step.RELEASE : Step.RENEW;
	}

	/**
	 * The call begins that is due.
	 */
	Step begin(long now, Demand demand) {
		Step step = next(now, demand);
		this.acquiring = step == Step.ACQUIRE;
		if (step == Step.RELEASE) {
			// Another node may begin before the call returns
			endTerm(now);
		}
		return step;
	}

	/**
	 * The engine has been asked for the lock.
	 * @param asked when: what the lease counts from
	 * @param got null if it gave none
	 */
	void acquired(long asked, ClusterLocks.@Nullable Lease got) {
		long now = this.time.nanoTime();
		this.acquiring = false;
		this.nextAttempt = now + retryNanos();
		if (got != null) {
			this.lease = got;
			this.nextRenewal = now + this.firstRenewalNanos;
			prolong(asked, now);
		}
	}

	/**
	 * The engine has been asked to renew the lease.
	 * @param asked when
	 * @param renewed what it has answered, null if it has thrown
	 */
	Renewal renewed(long asked, @Nullable Boolean renewed) {
		long now = this.time.nanoTime();
		if (renewed == null) {
			this.nextRenewal = now + Math.min(retryNanos(), this.renewNanos);
			return Renewal.KEPT;
		}
		if (!renewed || now - this.end >= 0) {
			// What comes too late is not about a lease of ours
			return Renewal.LOST;
		}
		this.nextRenewal = asked + this.renewNanos;
		return (prolong(asked, now)) ? Renewal.NEW_TERM : Renewal.KEPT;
	}

	/**
	 * The lease was given back, has run out or is lost.
	 */
	void gone() {
		long now = this.time.nanoTime();
		this.lease = null;
		this.nextAttempt = now;
		endTerm(now);
	}

	/**
	 * Let bodies run until a third of the lease is left.
	 * @return whether a new term begins
	 */
	private boolean prolong(long asked, long now) {
		this.end = asked + this.leaseNanos;
		long until = asked + this.leaseNanos / 3 * 2;
		KeptTerm term = this.term;
		if (term != null && !term.isOver(now)) {
			term.until = until;
			return false;
		}
		this.term = new KeptTerm(until);
		this.since = wall(now);
		return true;
	}

	private void endTerm(long now) {
		KeptTerm term = this.term;
		if (term != null) {
			term.until = (term.isOver(now)) ? term.until : now;
			this.since = wall(term.until);
			this.term = null;
		}
	}

	private long retryNanos() {
		return this.retryNanos - Math.abs(this.time.jitter(Math.max(1, this.retryNanos / 5)));
	}

	private Instant wall(long nanos) {
		Instant now = (this.time instanceof InstantSource source) ? source.instant() : Instant.now();
		return now.plusNanos(nanos - this.time.nanoTime());
	}

	ClusterLocks.@Nullable Lease lease() {
		return this.lease;
	}

	/**
	 * Whether there is none here, nor on its way.
	 */
	boolean isFree() {
		return this.lease == null && !this.acquiring;
	}

	/**
	 * The term in which bodies may run now.
	 */
	@Nullable KeptTerm term() {
		KeptTerm term = this.term;
		return (term != null && !term.isOver(this.time.nanoTime())) ? term : null;
	}

	ActorLeadership describe(String lock) {
		boolean leader = term() != null;
		Instant since = (this.term == null || leader) ? this.since : wall(this.term.until);
		return new ActorLeadership(lock, leader, since, (leader) ? wall(this.end) : null);
	}

	/**
	 * A time in which bodies may run here.
	 */
	static final class KeptTerm implements Term {

		/** Never later once it has passed. */
		private volatile long until;

		private KeptTerm(long until) {
			this.until = until;
		}

		private boolean isOver(long now) {
			return now - this.until >= 0;
		}

		@Override
		public long validUntil() {
			return this.until;
		}

	}

	/**
	 * What members want of a lock.
	 */
	enum Demand {

		/** There are none: it is given back. */
		NONE,

		/** One that was abandoned lives on: the lease runs out, and is not asked for. */
		ABANDONED,

		/** None waits for a term. */
		SATISFIED,

		/** At least one waits for a term. */
		WAITING

	}

	/**
	 * What is to be done.
	 */
	enum Step {

		NONE, ACQUIRE, RENEW, RELEASE, FORGET

	}

	/**
	 * What an attempt to renew has come to.
	 */
	enum Renewal {

		LOST, KEPT, NEW_TERM

	}

}
