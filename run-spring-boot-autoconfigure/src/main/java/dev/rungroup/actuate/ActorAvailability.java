package dev.rungroup.actuate;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

import dev.rungroup.context.GroupLifecycle;
import dev.rungroup.core.GroupListener;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.Outcome;
import dev.rungroup.core.StopReason;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.AvailabilityState;
import org.springframework.boot.availability.LivenessState;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;

/**
 * Lets required actors take part in the availability of the application. Traffic is
 * accepted when everybody else says so, Spring Boot at the end of the start above all,
 * and all required actors are up; the application is alive as long as everybody else says
 * so, and nothing is broken that only a new process can mend. What others publish is
 * remembered and never overruled by something better. Public for wiring only.
 * <p>
 * Events of the group, of the availability and a thread that looks five times a second
 * (where there are required actors) all end in {@link #publishChanges()}. Only one thread
 * at a time publishes; what happens meanwhile makes it look again, so that what was
 * published last is also what is true.
 *
 * @since 0.1.0
 */
public final class ActorAvailability implements GroupListener, SmartLifecycle {

	private static final Log logger = LogFactory.getLog(ActorAvailability.class);

	/** The end of a pause, and a stall, come without an event. */
	private static final Duration INTERVAL = Duration.ofMillis(200);

	/** Somebody may answer each event of ours with one that says the opposite. */
	private static final int MAX_ROUNDS = 100;

	private final ApplicationAvailability availability;

	private final ConfigurableApplicationContext context;

	private final Supplier<@Nullable GroupLifecycle> group;

	private final boolean groupIsMissed;

	private final Part<ReadinessState> readiness = new Part<>(ReadinessState.class, ReadinessState.REFUSING_TRAFFIC);

	private final Part<LivenessState> liveness = new Part<>(LivenessState.class, LivenessState.BROKEN);

	private final LastListener lastListener = new LastListener();

	/** Calls that somebody still has to look for: not 0 while somebody publishes. */
	private final AtomicInteger calls = new AtomicInteger();

	private volatile boolean failing;

	private volatile boolean running;

	private volatile @Nullable Thread watcher;

	/**
	 * Create the part of the actors in the availability.
	 * @param availability what the application was told last
	 * @param context where changes are published, and heard
	 * @param group the group, {@code null} while there is none; called by any thread
	 * @param groupIsMissed whether the application goes on when its group has ended by a
	 * failure, and is then not alive
	 */
	public ActorAvailability(ApplicationAvailability availability, ConfigurableApplicationContext context,
			Supplier<@Nullable GroupLifecycle> group, boolean groupIsMissed) {
		this.availability = availability;
		this.context = context;
		this.group = group;
		this.groupIsMissed = groupIsMissed;
	}

	/**
	 * Tell the application what is not what it was told last. If another thread, or a
	 * caller of this one, is at it already, that one does it when it is done; nobody
	 * waits. Throws nothing.
	 */
	private void publishChanges() {
		if (this.calls.getAndIncrement() > 0) {
			return;
		}
		try {
			for (int round = 0; round < MAX_ROUNDS; round++) {
				int seen = this.calls.get();
				publishOnce();
				if (this.calls.compareAndSet(seen, 0)) {
					return;
				}
			}
		}
		catch (Throwable ex) {
			// No memory left even to say so
		}
		// The next call begins anew
		this.calls.set(0);
	}

	private void publishOnce() {
		try {
			if (!this.readiness.isKnown() && !this.liveness.isKnown()) {
				return;
			}
			GroupLifecycle lifecycle = this.group.get();
			if (lifecycle != null && (this.groupIsMissed || !lifecycle.requiredActors().isEmpty())) {
				GroupCondition condition = GroupCondition.of(lifecycle);
				this.readiness.publish(condition.refusesTraffic());
				this.liveness.publish(condition.isBroken(this.groupIsMissed));
			}
			this.failing = false;
		}
		catch (RuntimeException ex) {
			// A listener of somebody else, or a context that has just been closed
			logger.debug("The availability of the actors could not be published; it will be again", ex);
		}
		catch (Throwable ex) {
			// Out of memory, say. Once: the next look may be only a moment away
			if (!this.failing) {
				this.failing = true;
				logger.warn("The availability of the actors could not be published; it will be again", ex);
			}
		}
	}

	// ---- Lifecycle: runs from before the group's start until after its end

	@Override
	public void start() {
		// Not heard twice after a pause: the context keeps its listeners in a set
		this.context.addApplicationListener(this.lastListener);
		this.running = true;
		GroupLifecycle lifecycle = this.group.get();
		if (lifecycle != null && !lifecycle.requiredActors().isEmpty()) {
			Thread thread = new Thread(null, this::watch, "run-availability", 0, false);
			thread.setDaemon(true);
			this.watcher = thread;
			thread.start();
		}
	}

	private void watch() {
		while (Thread.currentThread() == this.watcher) {
			publishChanges();
			LockSupport.parkNanos(this, INTERVAL.toNanos());
		}
	}

	@Override
	public void stop() {
		Thread watcher = this.watcher;
		this.watcher = null;
		LockSupport.unpark(watcher);
		this.running = false;
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	@Override
	public int getPhase() {
		return Integer.MIN_VALUE;
	}

	// ---- The group

	@Override
	public void memberStarted(String member) {
		look();
		if (this.liveness.isOverruled()) {
			// The group had ended by a failure, and somebody has started it again
			publishChanges();
		}
	}

	@Override
	public void memberReady(String member) {
		look();
	}

	@Override
	public void executionEnded(String member, Outcome outcome, long nanos) {
		if (outcome instanceof Outcome.Failed) {
			look();
		}
	}

	@Override
	public void memberEnded(String member, MemberState state) {
		look();
	}

	@Override
	public void groupStopped(@Nullable StopReason reason) {
		publishChanges();
	}

	private void look() {
		LockSupport.unpark(this.watcher);
	}

	/**
	 * Hears what others publish when all other listeners have: what we publish in answer
	 * is then the last thing that they hear. It has no order, as most listeners do, and
	 * comes after those because it is added after the singletons with their
	 * {@code @EventListener} methods have been, lazy ones included.
	 */
	private final class LastListener implements ApplicationListener<AvailabilityChangeEvent<?>> {

		@Override
		public void onApplicationEvent(AvailabilityChangeEvent<?> event) {
			if (event.getSource() == ActorAvailability.this) {
				return;
			}
			AvailabilityState state = event.getState();
			if (state instanceof ReadinessState readiness) {
				ActorAvailability.this.readiness.heard(readiness, event.getTimestamp());
				publishChanges();
			}
			else if (state instanceof LivenessState liveness) {
				ActorAvailability.this.liveness.heard(liveness, event.getTimestamp());
				publishChanges();
			}
		}

	}

	/**
	 * Readiness or liveness.
	 */
	private final class Part<S extends AvailabilityState> {

		private final Class<S> type;

		private final S bad;

		/** What others say, null until somebody has said something. */
		private volatile @Nullable S others;

		/** Whether listeners may have heard us and somebody else in any order. */
		private volatile boolean mixed;

		/** Until when we have published, in milliseconds since the epoch. */
		private volatile long publishedAt = Long.MIN_VALUE;

		private Part(Class<S> type, S bad) {
			this.type = type;
			this.bad = bad;
		}

		/**
		 * All listeners have heard somebody else.
		 * @param state what was said
		 * @param since when that began, in milliseconds since the epoch
		 */
		private void heard(S state, long since) {
			this.others = state;
			if (since <= this.publishedAt) {
				this.mixed = true;
			}
		}

		private boolean isKnown() {
			return this.others != null || ActorAvailability.this.availability.getLastChangeEvent(this.type) != null;
		}

		/**
		 * Whether the application was told something else than what others say.
		 */
		private boolean isOverruled() {
			return this.others != null && ActorAvailability.this.availability.getState(this.type) != this.others;
		}

		/**
		 * Tell the application if it was told something else. By one thread at a time.
		 */
		private void publish(boolean isBad) {
			AvailabilityChangeEvent<S> last = ActorAvailability.this.availability.getLastChangeEvent(this.type);
			if (last != null && last.getSource() != ActorAvailability.this) {
				// Perhaps not all listeners have heard it yet, but it is said
				this.others = last.getState();
			}
			S others = this.others;
			if (last == null || others == null) {
				return;
			}
			S state = (isBad) ? this.bad : others;
			if (last.getState() != state || this.mixed) {
				this.mixed = false;
				this.publishedAt = Long.MAX_VALUE;
				try {
					AvailabilityChangeEvent.publish(ActorAvailability.this.context, ActorAvailability.this, state);
				}
				finally {
					this.publishedAt = System.currentTimeMillis();
				}
			}
		}

	}

}
