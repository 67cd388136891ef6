package dev.rungroup.cluster;

import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.concurrent.TimeUnit;

import dev.rungroup.cluster.KeptLease.Demand;
import dev.rungroup.cluster.KeptLease.KeptTerm;
import dev.rungroup.cluster.KeptLease.Renewal;
import dev.rungroup.cluster.KeptLease.Step;
import dev.rungroup.context.ActorLeadership;
import dev.rungroup.context.LeadershipListener.Change;
import dev.rungroup.core.Leadership;
import dev.rungroup.core.Time;
import org.jspecify.annotations.Nullable;

/**
 * The lock of one actor: who wants it, whether this node has it, and in which term bodies
 * may run. Decides under its monitor, and never calls the engine: {@link KeeperThread}
 * does, and a {@link Candidate} acts for a member.
 */
final class SingletonLock implements Leadership {

	/** How long the end of an actor waits until its lock is given back. */
	private static final long RELEASE_PATIENCE = TimeUnit.SECONDS.toNanos(2);

	private final ClusterKeeper keeper;

	private final Time time;

	private final String actor;

	private final String name;

	private final int index;

	/** Makes the calls. Written by the first members, which all find the same. */
	private volatile @Nullable KeeperThread thread;

	/** Threads that wait for the release, added by themselves. */
	private final Set<Thread> releaseWaiters = new CopyOnWriteArraySet<>();

	// All below is guarded by this

	/** Written by the lock's thread; all else by the members'. */
	private final KeptLease lease;

	/** Members that have been started and have neither ended nor been abandoned. */
	private final Set<Candidate> candidates = new CopyOnWriteArraySet<>();

	/** Members that were abandoned and live on. */
	private final Set<Candidate> abandoned = new HashSet<>();

	/** The term that listeners have heard of, and not of its end. */
	private @Nullable KeptTerm announced;

	/** Whether a member tells the listeners of a term now. */
	private boolean announcing;

	SingletonLock(ClusterKeeper keeper, String actor, String name, int index) {
		this.keeper = keeper;
		this.time = keeper.time;
		this.actor = actor;
		this.name = name;
		this.index = index;
		this.lease = new KeptLease(keeper.settings, this.time, index);
	}

	String name() {
		return this.name;
	}

	synchronized ActorLeadership current() {
		return this.lease.describe(this.name);
	}

	// ---- Members

	@Override
	public Candidacy candidate(String member, Runnable changed) {
		Candidate candidate = new Candidate(this, changed);
		synchronized (this) {
			this.candidates.add(candidate);
		}
		if (this.thread == null) {
			this.thread = this.keeper.callerFor(this, this.index);
		}
		return candidate;
	}

	/**
	 * A member is in no term, or its body has ended.
	 * @return what is to be told, null for nothing
	 */
	synchronized @Nullable Change left(Candidate candidate) {
		candidate.inTerm = false;
		return endAnnounced();
	}

	/**
	 * A member wants to be executed.
	 * @return the term in which it is now, or which it is to announce first; null to wait
	 */
	synchronized @Nullable KeptTerm enter(Candidate candidate) {
		KeptTerm term = (this.abandoned.isEmpty()) ? this.lease.term() : null;
		candidate.inTerm = term != null && this.announced == term;
		candidate.waiting = !candidate.inTerm;
		if (candidate.inTerm) {
			return term;
		}
		if (term == null || this.announcing || this.announced != null) {
			return null;
		}
		this.announcing = true;
		return term;
	}

	/**
	 * A member has announced a term, and is in it.
	 */
	synchronized void announced(Candidate candidate, KeptTerm term) {
		this.announcing = false;
		this.announced = term;
		candidate.waiting = false;
		candidate.inTerm = true;
	}

	synchronized void abandoned(Candidate candidate) {
		// It may have ended at the same moment
		if (this.candidates.remove(candidate)) {
			this.abandoned.add(candidate);
		}
	}

	/**
	 * A member has ended.
	 * @return what is to be told, null for nothing
	 */
	synchronized @Nullable Change ended(Candidate candidate) {
		this.candidates.remove(candidate);
		this.abandoned.remove(candidate);
		return endAnnounced();
	}

	/**
	 * Whether listeners are to hear that the announced term is over, now that a member is
	 * out of it.
	 */
	private @Nullable Change endAnnounced() {
		if (this.announced == null || !this.abandoned.isEmpty()
				|| this.candidates.stream().anyMatch((each) -> each.inTerm)) {
			return null;
		}
		boolean valid = this.lease.term() == this.announced;
		if (valid && !this.candidates.isEmpty()) {
			return null;
		}
		this.announced = null;
		return (valid) ? Change.RELEASED : Change.LOST;
	}

	boolean isUnused() {
		return this.candidates.isEmpty();
	}

	private Demand demand() {
		if (!this.abandoned.isEmpty()) {
			return Demand.ABANDONED;
		}
		if (this.candidates.isEmpty()) {
			return Demand.NONE;
		}
		return (this.candidates.stream().anyMatch((each) -> each.waiting)) ? Demand.WAITING : Demand.SATISFIED;
	}

	// ---- The lock's thread: what to call, and what the engine has answered

	/**
	 * How long there is nothing to do, see {@link KeptLease#untilDue}.
	 */
	synchronized long untilDue(long now) {
		return this.lease.untilDue(now, demand());
	}

	synchronized boolean isToBeReleased(long now) {
		return this.lease.next(now, demand()) == Step.RELEASE;
	}

	/**
	 * Decide which call is made now.
	 */
	synchronized Step begin(long now) {
		return this.lease.begin(now, demand());
	}

	synchronized ClusterLocks.@Nullable Lease lease() {
		return this.lease.lease();
	}

	void acquired(long asked, ClusterLocks.@Nullable Lease got) {
		synchronized (this) {
			this.lease.acquired(asked, got);
		}
		this.releaseWaiters.forEach(this.time::unpark);
		if (got != null) {
			tellCandidates();
		}
	}

	/**
	 * @return false if the lease is lost
	 */
	boolean renewed(long asked, @Nullable Boolean renewed) {
		Renewal renewal;
		synchronized (this) {
			renewal = this.lease.renewed(asked, renewed);
		}
		if (renewal == Renewal.NEW_TERM) {
			tellCandidates();
		}
		return renewal != Renewal.LOST;
	}

	/**
	 * The lease was given back, has run out or is lost.
	 */
	void gone() {
		synchronized (this) {
			this.lease.gone();
		}
		this.releaseWaiters.forEach(this.time::unpark);
		tellCandidates();
	}

	// ---- Acts, without the monitor

	/**
	 * Something has changed that the thread may have to do something about.
	 */
	void wakeThread() {
		Objects.requireNonNull(this.thread).wake();
	}

	void tell(@Nullable Change change) {
		if (change != null) {
			this.keeper.changed(this.actor, this.name, change);
		}
	}

	/**
	 * Let members look at what has changed.
	 */
	void tellCandidates() {
		this.candidates.forEach((candidate) -> candidate.changed.run());
	}

	/**
	 * No call for this lock goes on, or its last member has ended.
	 */
	void forgetTrouble() {
		if (isUnused()) {
			this.keeper.trouble.forget(this.name);
		}
	}

	void awaitRelease() {
		boolean interrupted = false;
		long until = this.time.nanoTime() + RELEASE_PATIENCE;
		this.releaseWaiters.add(Thread.currentThread());
		try {
			while (true) {
				long left = until - this.time.nanoTime();
				synchronized (this) {
					if (left <= 0 || this.lease.isFree() || demand() != Demand.NONE) {
						return;
					}
				}
				this.time.park(this, left);
				interrupted |= Thread.interrupted();
			}
		}
		finally {
			this.releaseWaiters.remove(Thread.currentThread());
			if (interrupted) {
				Thread.currentThread().interrupt();
			}
		}
	}

}
