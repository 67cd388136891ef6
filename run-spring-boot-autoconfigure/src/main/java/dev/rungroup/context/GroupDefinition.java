package dev.rungroup.context;

import dev.rungroup.core.MemberSettings;
import dev.rungroup.core.RestartStrategy;

/**
 * A group inside the application's group, which is one of its members: it starts, fails,
 * restarts and stops as a whole. Which actors belong to it their definitions say.
 *
 * @param name its name, which no actor has
 * @param strategy who is restarted along with one of its members
 * @param enabled whether it is started at all; if not, neither are its actors
 * @param required whether the application can do its work only while it does
 * @param clusterSingleton whether it runs on one node of a cluster
 * @param settings when it is started, and what follows its end
 * @since 0.1.0
 */
public record GroupDefinition(String name, RestartStrategy strategy, boolean enabled, boolean required,
		boolean clusterSingleton, MemberSettings settings) {

	static GroupDefinition named(String name) {
		return new GroupDefinition(name, RestartStrategy.ONE, true, false, false,
				MemberSettings.builder().backoff(ActorDefinition.DEFAULT_BACKOFF).build());
	}

	/** What it is, for messages. */
	String place() {
		return "Group '" + this.name + "'";
	}

	void check() {
		ActorDefinition.check(this.name, this.settings, place(), "its properties under 'run.groups." + this.name + "'");
	}

}
