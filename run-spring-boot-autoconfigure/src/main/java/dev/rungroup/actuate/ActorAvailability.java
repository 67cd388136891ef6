package dev.rungroup.actuate;

import java.util.function.Supplier;

import dev.rungroup.context.GroupLifecycle;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.ApplicationAvailabilityBean;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.AvailabilityState;
import org.springframework.boot.availability.LivenessState;
import org.springframework.boot.availability.ReadinessState;

/**
 * The {@link ApplicationAvailability} of an application with actors. Traffic is accepted
 * when all others say so, Spring Boot at the end of the start above all, all required
 * actors are up, and the application is not about to end with its group. The application
 * is alive as long as all others say so, and nothing is broken that only a new process
 * can mend. That is found out when it is asked for: it publishes no events, and is never
 * better than what others have published. Public for wiring only.
 *
 * @since 0.1.0
 */
public final class ActorAvailability extends ApplicationAvailabilityBean {

	private final Supplier<@Nullable GroupLifecycle> group;

	private final boolean outlivesGroup;

	/**
	 * Create the availability.
	 * @param group the group, {@code null} while there is none; called by any thread
	 * @param outlivesGroup whether the application goes on when its group has ended, and
	 * is then not alive if that was by a failure
	 */
	public ActorAvailability(Supplier<@Nullable GroupLifecycle> group, boolean outlivesGroup) {
		this.group = group;
		this.outlivesGroup = outlivesGroup;
	}

	/**
	 * Return what others have published last, or something worse if the actors are worse
	 * at this moment.
	 */
	@Override
	public <S extends AvailabilityState> @Nullable AvailabilityChangeEvent<S> getLastChangeEvent(Class<S> stateType) {
		AvailabilityChangeEvent<S> last = super.getLastChangeEvent(stateType);
		GroupLifecycle lifecycle = (last != null) ? this.group.get() : null;
		if (last == null || lifecycle == null) {
			return last;
		}
		AvailabilityState worse = null;
		if (last.getState() == ReadinessState.ACCEPTING_TRAFFIC
				&& GroupCondition.of(lifecycle).refusesTraffic(this.outlivesGroup)) {
			worse = ReadinessState.REFUSING_TRAFFIC;
		}
		else if (last.getState() == LivenessState.CORRECT
				&& GroupCondition.of(lifecycle).isBroken(this.outlivesGroup)) {
			worse = LivenessState.BROKEN;
		}
		return (worse != null) ? new AvailabilityChangeEvent<>(this, stateType.cast(worse)) : last;
	}

}
