package dev.rungroup.cluster;

import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import dev.rungroup.context.ActorLeadership;
import dev.rungroup.context.LeadershipListener.Change;
import dev.rungroup.core.Leadership;
import dev.rungroup.core.Time;
import org.jspecify.annotations.Nullable;

/**
 * The lock of one actor: who wants it, whether this node has it, and what its thread is
 * to do next. Decides under its own lock, and acts without it.
 */
final class SingletonLock implements Leadership {

	private static final long NEVER = Long.MAX_VALUE;

	/** By how much calls for leases that are here go before those that ask for one. */
	private static final long AHEAD = Long.MAX_VALUE / 4;

	/** How long the end of an actor waits until its lock is given back. */
	private static final long RELEASE_PATIENCE = TimeUnit.SECONDS.toNanos(2);

	/** Spreads first renewals evenly, however many locks there are. */
	private static final double GOLDEN_RATIO = 0.618033988749895;

	private final ClusterKeeper keeper;

	private final Time time;

	private final String actor;

	private final String name;

	private final int index;

	private final long leaseNanos;

	// All below is guarded by this; the calls that a step makes are not

	private @Nullable KeeperThread thread;

	/** Members that have been started and have neither ended nor been abandoned. */
	private final Set<Candidate> candidates = new LinkedHashSet<>();

	/** Members that were abandoned and live on: meanwhile the lock is not asked for. */
	private int abandoned;

	private ClusterLocks.@Nullable Lease lease;

	/** Whether the engine is asked for the lock now. Written by the lock's thread. */
	private boolean acquiring;

	private long leaseEnd;

	/** When the lease is to be renewed, or released if nobody wants it any more. */
	private long nextRenewal;

	private long nextAttempt;

	/** In which bodies may run; over a third of a lease earlier than that. */
	private @Nullable KeptTerm term;

	/** Since when the node leads, or does not. */
	private Instant since;

	/** The term that listeners have heard of, and not of its end. */
	private @Nullable KeptTerm announced;

	/** Whether a member tells the listeners of a term now. */
	private boolean announcing;

	/** Threads that wait for the release. */
	private final Set<Thread> releaseWaiters = new LinkedHashSet<>();

	SingletonLock(ClusterKeeper keeper, String actor, String name, int index) {
		this.keeper = keeper;
		this.time = keeper.time;
		this.actor = actor;
		this.name = name;
		this.index = index;
		this.leaseNanos = keeper.settings.lease().toNanos();
		this.nextAttempt = this.time.nanoTime();
		this.since = wall(this.nextAttempt);
	}

	String name() {
		return this.name;
	}

	int index() {
		return this.index;
	}

	synchronized ActorLeadership current() {
		long now = this.time.nanoTime();
		KeptTerm term = this.term;
		if (term == null) {
			return new ActorLeadership(this.name, false, this.since, null);
		}
		if (term.isOver(now)) {
			return new ActorLeadership(this.name, false, wall(term.until), null);
		}
		return new ActorLeadership(this.name, true, this.since, wall(this.leaseEnd));
	}

	private Instant wall(long nanos) {
		Instant now = (this.time instanceof InstantSource source) ? source.instant() : Instant.now();
		return now.plusNanos(nanos - this.time.nanoTime());
	}

	// ---- Members

	@Override
	public Candidacy candidate(String member, Runnable changed) {
		Candidate candidate = new Candidate(changed);
		boolean first;
		synchronized (this) {
			this.candidates.add(candidate);
			first = this.thread == null;
		}
		if (first) {
			KeeperThread caller = this.keeper.callerFor(this);
			synchronized (this) {
				this.thread = (this.thread != null) ? this.thread : caller;
			}
		}
		return candidate;
	}

	/**
	 * Something has changed that the thread may have to do something about.
	 */
	private void wakeThread() {
		KeeperThread thread;
		synchronized (this) {
			thread = this.thread;
		}
		if (thread != null) {
			thread.wake();
		}
	}

	private @Nullable KeptTerm valid() {
		KeptTerm term = this.term;
		return (term != null && !term.isOver(this.time.nanoTime())) ? term : null;
	}

	/**
	 * Whether the listeners are to hear that the announced term is over, now that a
	 * member is out of it.
	 * @return what has happened, null if nothing is to be told
	 */
	private @Nullable Change endAnnounced() {
		if (this.announced == null || this.abandoned > 0 || this.candidates.stream().anyMatch((each) -> each.inTerm)) {
			return null;
		}
		boolean valid = valid() == this.announced;
		if (valid && !this.candidates.isEmpty()) {
			return null;
		}
		this.announced = null;
		return (valid) ? Change.RELEASED : Change.LOST;
	}

	private void tell(@Nullable Change change) {
		if (change != null) {
			this.keeper.changed(this.actor, this.name, change);
		}
	}

	/**
	 * Let members look at what has changed.
	 */
	private void tellCandidates() {
		List<Candidate> all;
		synchronized (this) {
			all = new ArrayList<>(this.candidates);
		}
		all.forEach((candidate) -> candidate.changed.run());
	}

	// ---- The thread of the lock

	/**
	 * How long there is nothing to do, in nanoseconds. Not above zero if there is
	 * something: the lower, the more urgent.
	 */
	synchronized long untilDue(long now) {
		if (this.lease == null) {
			return (wanted()) ? this.nextAttempt - now : NEVER;
		}
		long until = this.leaseEnd - now;
		if (this.abandoned == 0) {
			until = Math.min(until, this.nextRenewal - now);
		}
		return (until > 0) ? until : until - AHEAD;
	}

	/**
	 * Decide, and do nothing else.
	 */
	private Step step(long now) {
		if (this.lease == null) {
			return (wanted() && now - this.nextAttempt >= 0) ? Step.ACQUIRE : Step.NONE;
		}
		if (now - this.leaseEnd >= 0) {
			return Step.FORGET;
		}
		if (this.abandoned > 0 || now - this.nextRenewal < 0) {
			return Step.NONE;
		}
		return (this.candidates.isEmpty()) ? Step.RELEASE : Step.RENEW;
	}

	private boolean wanted() {
		return this.abandoned == 0 && this.candidates.stream().anyMatch((candidate) -> candidate.waiting);
	}

	synchronized boolean isToBeReleased(long now) {
		return step(now) == Step.RELEASE;
	}

	/**
	 * No call for this lock goes on, or its last member has ended.
	 */
	void forgetTrouble() {
		synchronized (this) {
			if (!this.candidates.isEmpty()) {
				return;
			}
		}
		this.keeper.trouble.forget(this.name);
	}

	void work(long now) {
		Step step;
		ClusterLocks.Lease lease;
		synchronized (this) {
			step = step(now);
			lease = this.lease;
			this.acquiring = step == Step.ACQUIRE;
			if (step == Step.RELEASE) {
				// Another node may begin before the call returns
				endTerm(now);
			}
		}
		if (step == Step.ACQUIRE) {
			acquire();
		}
		else if (lease != null) {
			switch (step) {
				case RENEW -> renew(lease);
				case RELEASE -> release(lease);
				case FORGET -> forget(lease);
				default -> {
				}
			}
		}
	}

	private void acquire() {
		// The lease counts from before the call
		long asked = this.time.nanoTime();
		ClusterLocks.Lease got = null;
		try {
			got = this.keeper.engine().tryAcquire(this.name, this.keeper.settings.lease());
			this.keeper.trouble.worked(this.name);
		}
		catch (Throwable ex) {
			this.keeper.trouble.failed(this.name, "ask for", ex);
		}
		List<Thread> waiters;
		synchronized (this) {
			long now = this.time.nanoTime();
			this.acquiring = false;
			waiters = new ArrayList<>(this.releaseWaiters);
			this.nextAttempt = now + retryInterval();
			if (got != null) {
				this.lease = got;
				this.leaseEnd = asked + this.leaseNanos;
				double spread = ((this.index + 1) * GOLDEN_RATIO) % 1;
				this.nextRenewal = nextRenewal(now, (long) (this.keeper.settings.renewInterval().toNanos() * spread));
				prolong(asked, now);
			}
		}
		waiters.forEach(this.time::unpark);
		if (got != null) {
			tellCandidates();
		}
	}

	private void renew(ClusterLocks.Lease lease) {
		long asked = this.time.nanoTime();
		boolean renewed = false;
		boolean failed = false;
		try {
			renewed = lease.renew(this.keeper.settings.lease());
			this.keeper.trouble.worked(this.name);
		}
		catch (Throwable ex) {
			failed = true;
			this.keeper.trouble.failed(this.name, "renew", ex);
		}
		boolean begins = false;
		synchronized (this) {
			long now = this.time.nanoTime();
			if (now - this.leaseEnd >= 0) {
				// The answer came too late to be about a lease of ours
				renewed = false;
			}
			if (renewed) {
				this.leaseEnd = asked + this.leaseNanos;
				this.nextRenewal = nextRenewal(asked, this.keeper.settings.renewInterval().toNanos());
				begins = prolong(asked, now);
			}
			else if (failed) {
				this.nextRenewal = nextRenewal(now,
						Math.min(retryInterval(), this.keeper.settings.renewInterval().toNanos()));
			}
		}
		if (!renewed && !failed) {
			forget(lease);
		}
		else if (begins) {
			tellCandidates();
		}
	}

	private long nextRenewal(long now, long interval) {
		return (this.candidates.isEmpty()) ? now : now + interval;
	}

	/**
	 * Let bodies run until a third of the lease is left.
	 * @return whether a new term begins
	 */
	private boolean prolong(long asked, long now) {
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

	private void release(ClusterLocks.Lease lease) {
		try {
			lease.release();
			this.keeper.trouble.worked(this.name);
		}
		catch (Throwable ex) {
			this.keeper.trouble.failedLast(this.name, "release", ex);
		}
		gone();
		tellCandidates();
	}

	/**
	 * The lease has run out, or is lost.
	 */
	private void forget(ClusterLocks.Lease lease) {
		// Bodies first: the engine may take its time
		gone();
		tellCandidates();
		if (lease instanceof LocalLease local) {
			try {
				local.forget();
			}
			catch (Throwable ex) {
				this.keeper.trouble.failedLast(this.name, "clear what is left here of", ex);
			}
		}
	}

	private void gone() {
		List<Thread> waiters;
		synchronized (this) {
			long now = this.time.nanoTime();
			this.lease = null;
			this.nextAttempt = now;
			endTerm(now);
			waiters = new ArrayList<>(this.releaseWaiters);
		}
		waiters.forEach(this.time::unpark);
	}

	private void endTerm(long now) {
		KeptTerm term = this.term;
		if (term != null) {
			this.since = wall((term.isOver(now)) ? term.until : now);
			term.end(now);
			this.term = null;
		}
	}

	private long retryInterval() {
		long retry = this.keeper.settings.retryInterval().toNanos();
		return retry - Math.abs(this.time.jitter(Math.max(1, retry / 5)));
	}

	private void awaitRelease() {
		boolean interrupted = false;
		long until = this.time.nanoTime() + RELEASE_PATIENCE;
		synchronized (this) {
			this.releaseWaiters.add(Thread.currentThread());
		}
		try {
			while (true) {
				long left = until - this.time.nanoTime();
				synchronized (this) {
					boolean free = this.lease == null && !this.acquiring;
					if (left <= 0 || free || !this.candidates.isEmpty() || this.abandoned > 0) {
						return;
					}
				}
				this.time.park(this, left);
				interrupted |= Thread.interrupted();
			}
		}
		finally {
			synchronized (this) {
				this.releaseWaiters.remove(Thread.currentThread());
			}
			if (interrupted) {
				Thread.currentThread().interrupt();
			}
		}
	}

	@Override
	public String toString() {
		return "Cluster lock '" + this.name + "'";
	}

	/**
	 * What is to be done.
	 */
	private enum Step {

		NONE, ACQUIRE, RENEW, RELEASE, FORGET

	}

	/**
	 * A member that wants to be executed, or is.
	 */
	private final class Candidate implements Candidacy {

		private final Runnable changed;

		/** Whether it waits for a term. */
		private boolean waiting;

		/** Whether it is in the announced term, or its body is still ending. */
		private boolean inTerm;

		private boolean abandoned;

		Candidate(Runnable changed) {
			this.changed = changed;
		}

		@Override
		public @Nullable Term lead() {
			SingletonLock lock = SingletonLock.this;
			Change change;
			synchronized (lock) {
				this.inTerm = false;
				change = endAnnounced();
			}
			tell(change);
			KeptTerm term;
			synchronized (lock) {
				term = (lock.abandoned == 0) ? valid() : null;
				if (term != null && lock.announced == term) {
					this.waiting = false;
					this.inTerm = true;
					return term;
				}
				this.waiting = true;
				if (term != null && !lock.announcing && lock.announced == null) {
					lock.announcing = true;
				}
				else {
					term = null;
				}
			}
			if (term == null) {
				wakeThread();
				return null;
			}
			announce(term);
			return term;
		}

		private void announce(KeptTerm term) {
			try {
				tell(Change.GRANTED);
			}
			finally {
				synchronized (SingletonLock.this) {
					SingletonLock.this.announcing = false;
					SingletonLock.this.announced = term;
					this.waiting = false;
					this.inTerm = true;
				}
				tellCandidates();
			}
		}

		@Override
		public void abandoned() {
			synchronized (SingletonLock.this) {
				if (!SingletonLock.this.candidates.remove(this)) {
					// It has ended at the same moment
					return;
				}
				this.abandoned = true;
				this.waiting = false;
				SingletonLock.this.abandoned++;
			}
			wakeThread();
		}

		@Override
		public void ended() {
			Change change;
			boolean last;
			synchronized (SingletonLock.this) {
				this.inTerm = false;
				this.waiting = false;
				SingletonLock.this.candidates.remove(this);
				SingletonLock.this.abandoned -= (this.abandoned) ? 1 : 0;
				change = endAnnounced();
				last = SingletonLock.this.candidates.isEmpty();
				if (last) {
					SingletonLock.this.nextRenewal = SingletonLock.this.time.nanoTime();
				}
			}
			// Before another node can begin
			tell(change);
			wakeThread();
			if (last) {
				forgetTrouble();
				awaitRelease();
			}
			else {
				tellCandidates();
			}
		}

	}

	/**
	 * A time in which bodies may run here.
	 */
	private static final class KeptTerm implements Term {

		/** Never later once it has passed. Written under the lock. */
		private volatile long until;

		KeptTerm(long until) {
			this.until = until;
		}

		boolean isOver(long now) {
			return now - this.until >= 0;
		}

		void end(long now) {
			if (!isOver(now)) {
				this.until = now;
			}
		}

		@Override
		public long validUntil() {
			return this.until;
		}

	}

}
