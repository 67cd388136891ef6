package dev.rungroup.context;

import java.util.LinkedHashMap;
import java.util.Map;

import dev.rungroup.core.Leadership;
import dev.rungroup.core.Member;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.BeanFactory;

/**
 * The actors and groups of a context that run on one node of a cluster. Asks for what
 * keeps their locks only if there are any. Filled by one thread, then immutable.
 */
final class Singletons {

	private final BeanFactory beanFactory;

	private @Nullable ActorLeaderships leaderships;

	/** By the names of actors and groups. */
	private final Map<String, Leadership> leadershipOf = new LinkedHashMap<>();

	/** Places by the names of locks. */
	private final Map<String, String> places = new LinkedHashMap<>();

	Singletons(BeanFactory beanFactory) {
		this.beanFactory = beanFactory;
	}

	/**
	 * Add an actor or a group.
	 * @param lock name of its lock, null if it runs on every node
	 * @param place where it is declared
	 */
	void add(String name, @Nullable String lock, String place) {
		if (lock == null) {
			return;
		}
		String other = this.places.putIfAbsent(lock, place);
		if (other != null) {
			throw new InvalidActorException(
					"The cluster lock '" + lock + "' is given twice: to " + other + " and to " + place + ".",
					"Give each a lock of its own, by the 'name' of @ClusterSingleton.");
		}
		ActorLeaderships leaderships = this.leaderships;
		if (leaderships == null) {
			leaderships = this.beanFactory.getBeanProvider(ActorLeaderships.class).getIfAvailable();
			if (leaderships == null) {
				throw new InvalidActorException(
						place + " is to run on one node of a cluster, but there is no bean of type "
								+ ActorLeaderships.class.getName() + ".",
						"Use Spring Boot's auto-configuration, or declare such a bean.");
			}
			this.leaderships = leaderships;
		}
		Leadership leadership = leaderships.leadership(name, lock);
		if (leadership != null) {
			this.leadershipOf.put(name, leadership);
		}
	}

	/** Let a member be executed only while its actor or group leads. */
	void lead(Member.Builder member, String name) {
		Leadership leadership = this.leadershipOf.get(name);
		if (leadership != null) {
			member.leadership(leadership);
		}
	}

	/** How an actor or a group stands, null if it runs on every node. */
	@Nullable ActorLeadership current(@Nullable String name) {
		return (this.leaderships != null && name != null && this.leadershipOf.containsKey(name))
				? this.leaderships.current(name) : null;
	}

}
