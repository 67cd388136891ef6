package dev.rungroup.actuate;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

import dev.rungroup.context.GroupLifecycle;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/**
 * Health of a group, with each of its actors and what is wrong with it: DOWN if one has
 * failed or a required one is stalled, OUT_OF_SERVICE while a required one is not up.
 * Public for wiring only.
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
		Instant now = this.lifecycle.clock().instant();
		group.actors().forEach((name, actor) -> builder.withDetail(name, details(actor, now)));
	}

	private static Map<String, @Nullable Object> details(ActorCondition actor, Instant now) {
		Map<String, @Nullable Object> details = new LinkedHashMap<>();
		details.put("state", actor.state());
		details.put("ready", actor.ready());
		details.put("required", actor.required());
		details.put("reason", actor.reason(now));
		return details;
	}

}
