package dev.rungroup.cluster;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

import dev.rungroup.context.ActorLeadership;
import dev.rungroup.context.ActorLeadershipEvent;
import dev.rungroup.context.ActorLeaderships;
import dev.rungroup.context.LeadershipListener;
import dev.rungroup.context.LeadershipListener.Change;
import dev.rungroup.core.Leadership;
import dev.rungroup.core.Time;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.context.ApplicationEventPublisher;

/**
 * Keeps the locks of an application's cluster singletons, on at most four threads however
 * many there are. One of them only looks whether calls of the others hang. Public for
 * wiring only.
 *
 * @since 0.1.0
 */
public final class ClusterKeeper implements ActorLeaderships, DisposableBean {

	private static final Log logger = LogFactory.getLog(ClusterKeeper.class);

	/** Of threads that call the engine. */
	private static final int MAX_CALLERS = 3;

	final ClusterSettings settings;

	final Time time;

	private final Function<String, ClusterLocks> engines;

	private final ApplicationEventPublisher events;

	private final Supplier<List<LeadershipListener>> listeners;

	/** Written when the first lock is needed. */
	private volatile @Nullable ClusterLocks engine;

	final EngineTrouble trouble = new EngineTrouble();

	/** By actor. Guarded by this. */
	private final Map<String, SingletonLock> locks = new LinkedHashMap<>();

	/** Guarded by this; empty until a lock is needed first. */
	private final List<KeeperThread> callers = new ArrayList<>();

	private @Nullable KeeperThread watcher;

	/**
	 * Create a keeper, which does nothing until an actor needs a lock.
	 * @param settings how to keep the locks
	 * @param engines finds the locks when the first actor needs one, whose name it gets
	 * @param time where its time comes from
	 * @param events where to publish changes of leadership
	 * @param listeners hear of them, too
	 */
	public ClusterKeeper(ClusterSettings settings, Function<String, ClusterLocks> engines, Time time,
			ApplicationEventPublisher events, Supplier<List<LeadershipListener>> listeners) {
		this.settings = settings;
		this.engines = engines;
		this.time = time;
		this.events = events;
		this.listeners = listeners;
	}

	@Override
	public Leadership leadership(String actor, String lock) {
		if (this.engine == null) {
			this.engine = this.engines.apply(actor);
		}
		tell((listener) -> listener.leadershipExpected(actor));
		synchronized (this) {
			return this.locks.computeIfAbsent(actor,
					(key) -> new SingletonLock(this, actor, this.settings.lockName(lock), this.locks.size()));
		}
	}

	ClusterLocks engine() {
		return Objects.requireNonNull(this.engine);
	}

	/**
	 * Leadership has changed. Called on the thread of a member, without a lock.
	 */
	void changed(String actor, String lock, Change change) {
		logger.info("Cluster singleton '" + actor + "' " + switch (change) {
			case GRANTED -> "runs on this node: it has the cluster lock '" + lock + "'";
			case LOST -> "no longer runs on this node: its cluster lock '" + lock + "' is lost";
			case RELEASED -> "no longer runs on this node: it releases the cluster lock '" + lock + "'";
		});
		tell((listener) -> listener.leadershipChanged(actor, change));
		try {
			this.events.publishEvent(new ActorLeadershipEvent(actor, lock, change == Change.GRANTED));
		}
		catch (Throwable ex) {
			logger.warn("A listener of ActorLeadershipEvent threw; everything else goes on", ex);
		}
	}

	private void tell(Consumer<LeadershipListener> call) {
		for (LeadershipListener listener : this.listeners.get()) {
			try {
				call.accept(listener);
			}
			catch (Throwable ex) {
				logger.warn(listener.getClass().getName() + " threw; everything else goes on", ex);
			}
		}
	}

	@Override
	public synchronized @Nullable ActorLeadership current(String actor) {
		SingletonLock lock = this.locks.get(actor);
		return (lock != null) ? lock.current() : null;
	}

	/**
	 * The thread that makes the calls for a lock.
	 */
	synchronized KeeperThread callerFor(SingletonLock lock, int index) {
		if (this.callers.isEmpty()) {
			int count = Math.min(MAX_CALLERS, this.locks.size());
			for (int i = 1; i <= count; i++) {
				this.callers.add(new KeeperThread(this, "run-cluster-" + i, List.of()));
			}
			this.watcher = new KeeperThread(this, "run-cluster-watch", List.copyOf(this.callers));
			this.callers.forEach(KeeperThread::start);
			this.watcher.start();
		}
		KeeperThread caller = this.callers.get(index % this.callers.size());
		caller.add(lock);
		return caller;
	}

	/**
	 * End the threads. Leases that are left run out.
	 */
	@Override
	public synchronized void destroy() {
		this.callers.forEach(KeeperThread::close);
		if (this.watcher != null) {
			this.watcher.close();
		}
	}

}
