package dev.rungroup.actuate;

import java.time.Duration;
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
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.ApplicationListener;
import org.springframework.context.SmartLifecycle;

/**
 * Lets required actors take part in the availability of the application. Traffic is
 * accepted when everybody else says so, Spring Boot at the end of the start above all,
 * and all required actors are up; the application is alive as long as everybody else says
 * so, and nothing is broken that only a new process can mend. What others publish is
 * remembered and never overruled by something better. Public for wiring only.
 * <p>
 * Events of the group, of the availability and a thread that looks five times a second
 * (where there are required actors) all end in {@link #publishChanges()}, which may
 * overlap with itself: it compares with what the application was told last, so that a
 * state that got lost between two threads is told again.
 *
 * @since 0.1.0
 */
public final class ActorAvailability
		implements GroupListener, ApplicationListener<AvailabilityChangeEvent<?>>, SmartLifecycle {

	private static final Log logger = LogFactory.getLog(ActorAvailability.class);

	/** The end of a pause, and a stall, come without an event. */
	private static final Duration INTERVAL = Duration.ofMillis(200);

	private final ApplicationAvailability availability;

	private final ApplicationEventPublisher publisher;

	private final Supplier<@Nullable GroupLifecycle> group;

	private final boolean groupIsMissed;

	/** What others say, {@code null} until somebody has said something. */
	private volatile @Nullable ReadinessState othersReadiness;

	private volatile @Nullable LivenessState othersLiveness;

	private volatile boolean running;

	private volatile @Nullable Thread watcher;

	/**
	 * Create the part of the actors in the availability.
	 * @param availability what the application was told last; it has to hear events
	 * before this object does
	 * @param publisher where changes are published
	 * @param group the group, {@code null} while there is none; called by any thread
	 * @param groupIsMissed whether the application goes on when its group has ended by a
	 * failure, and is then not alive
	 */
	public ActorAvailability(ApplicationAvailability availability, ApplicationEventPublisher publisher,
			Supplier<@Nullable GroupLifecycle> group, boolean groupIsMissed) {
		this.availability = availability;
		this.publisher = publisher;
		this.group = group;
		this.groupIsMissed = groupIsMissed;
	}

	@Override
	public void onApplicationEvent(AvailabilityChangeEvent<?> event) {
		if (event.getSource() == this) {
			return;
		}
		AvailabilityState state = event.getState();
		if (state instanceof ReadinessState readiness) {
			this.othersReadiness = readiness;
			publishChanges();
		}
		else if (state instanceof LivenessState liveness) {
			this.othersLiveness = liveness;
			publishChanges();
		}
	}

	private void publishChanges() {
		if (this.othersReadiness == null && this.othersLiveness == null) {
			return;
		}
		try {
			GroupLifecycle lifecycle = this.group.get();
			if (lifecycle != null && (this.groupIsMissed || !lifecycle.requiredActors().isEmpty())) {
				publishChanges(GroupCondition.of(lifecycle));
			}
		}
		catch (RuntimeException ex) {
			// A listener of somebody else, or a context that has just been closed
			logger.debug("The availability of the actors could not be published; it will be again", ex);
		}
	}

	private void publishChanges(GroupCondition condition) {
		ReadinessState othersReadiness = this.othersReadiness;
		if (othersReadiness != null) {
			ReadinessState readiness = (condition.refusesTraffic()) ? ReadinessState.REFUSING_TRAFFIC : othersReadiness;
			if (this.availability.getReadinessState() != readiness) {
				AvailabilityChangeEvent.publish(this.publisher, this, readiness);
			}
		}
		LivenessState othersLiveness = this.othersLiveness;
		if (othersLiveness != null) {
			LivenessState liveness = (condition.isBroken(this.groupIsMissed)) ? LivenessState.BROKEN : othersLiveness;
			if (this.availability.getLivenessState() != liveness) {
				AvailabilityChangeEvent.publish(this.publisher, this, liveness);
			}
		}
	}

	// ---- Lifecycle: runs from before the group's start until after its end

	@Override
	public void start() {
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
		if (this.availability.getLivenessState() != this.othersLiveness) {
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

}
