package dev.rungroup.context;

import java.time.Duration;

import dev.rungroup.core.GroupListener;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.Outcome;
import dev.rungroup.core.StopReason;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.context.ApplicationEventPublisher;

/**
 * Publishes what happens in the group as application events. A listener of an event that
 * throws changes nothing.
 */
final class GroupEvents implements GroupListener {

	private static final Log logger = LogFactory.getLog(GroupLifecycle.class);

	private final ApplicationEventPublisher publisher;

	GroupEvents(ApplicationEventPublisher publisher) {
		this.publisher = publisher;
	}

	@Override
	public void memberStarted(String member) {
		publish(new ActorStartedEvent(member));
	}

	@Override
	public void memberReady(String member) {
		publish(new ActorReadyEvent(member));
	}

	@Override
	public void executionEnded(String member, Outcome outcome, long nanos) {
		if (outcome instanceof Outcome.Failed failed) {
			publish(new ActorFailedEvent(member, failed.failure()));
		}
	}

	@Override
	public void restartScheduled(String member, Duration pause) {
		publish(new ActorRestartingEvent(member, pause));
	}

	@Override
	public void memberStalled(String member, Duration silence) {
		publish(new ActorStalledEvent(member, silence));
	}

	@Override
	public void memberEnded(String member, MemberState state) {
		publish(new ActorEndedEvent(member, state));
	}

	@Override
	public void groupStopping(StopReason reason) {
		publish(new GroupStoppingEvent(reason));
	}

	@Override
	public void groupStopped(@Nullable StopReason reason) {
		publish(new GroupStoppedEvent(reason));
	}

	void publish(Object event) {
		try {
			this.publisher.publishEvent(event);
		}
		catch (Throwable ex) {
			logger.warn("A listener of " + event.getClass().getSimpleName() + " threw; everything else goes on", ex);
		}
	}

}
