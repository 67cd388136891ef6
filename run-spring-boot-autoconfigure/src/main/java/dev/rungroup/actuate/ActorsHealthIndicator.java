package dev.rungroup.actuate;

import dev.rungroup.context.GroupLifecycle;

import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/**
 * Health of a group, with the state of each of its actors: DOWN if one has failed or a
 * required one is stalled, OUT_OF_SERVICE while a required one is not up. Public for
 * wiring only.
 *
 * @since 0.1.0
 */
public final class ActorsHealthIndicator extends AbstractHealthIndicator {

	private final GroupLifecycle lifecycle;

	/**
	 * Create the indicator.
	 * @param lifecycle whose actors to look at
	 */
	public ActorsHealthIndicator(GroupLifecycle lifecycle) {
		super("Cannot tell the health of the actors");
		this.lifecycle = lifecycle;
	}

	@Override
	protected void doHealthCheck(Health.Builder builder) {
		GroupCondition group = GroupCondition.of(this.lifecycle);
		builder.status(group.status());
		group.actors().forEach((name, actor) -> builder.withDetail(name, actor.description()));
	}

}
