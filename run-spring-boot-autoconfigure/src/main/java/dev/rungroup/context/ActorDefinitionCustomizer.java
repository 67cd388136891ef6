package dev.rungroup.context;

import java.util.Set;

/**
 * Changes what annotations declare, before the group is made. Beans of this type are
 * asked in their order, once, when all singletons of the context exist; that is how
 * {@code run.actors.*} takes effect, at order 0.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface ActorDefinitionCustomizer {

	/**
	 * Change one actor.
	 * @param definition what is declared so far
	 * @return the same or a changed definition
	 */
	ActorDefinition customize(ActorDefinition definition);

	/**
	 * Change one group: asked after all actors, whose definitions say which groups there
	 * are.
	 * @param definition the defaults, or what is set so far
	 * @return the same or a changed definition, of the same name
	 */
	default GroupDefinition customizeGroup(GroupDefinition definition) {
		return definition;
	}

	/**
	 * All actors have been asked for: the moment to complain about names that nobody has.
	 * @param actors names of all actors of the context, the disabled ones too
	 * @param groups names of the groups that they belong to
	 */
	default void customized(Set<String> actors, Set<String> groups) {
	}

}
