package dev.rungroup.cluster;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.springframework.core.annotation.AliasFor;

/**
 * Lets an actor run on exactly one of the nodes that share a lock engine. It moves to
 * another when this node stops, dies or loses touch with the engine. Stands beside
 * {@code @Actor} or {@code @LoopActor}, on the class or method that carries it, or on an
 * annotation that is made of it. The property {@code run.actors.<name>.cluster-singleton}
 * overrides it, both ways.
 * <p>
 * A body that writes should look at {@link dev.rungroup.core.MemberContext#isStopping()
 * isStopping()} before each write: it says by the clock whether this node still leads.
 *
 * @since 0.1.0
 * @see ClusterLocks
 */
@Target({ ElementType.TYPE, ElementType.METHOD })
@Retention(RetentionPolicy.RUNTIME)
@Documented
public @interface ClusterSingleton {

	/**
	 * Alias for {@link #name()}.
	 * @return the lock's name
	 */
	@AliasFor("name")
	String value() default "";

	/**
	 * Name of the lock, without the prefix of {@code run.cluster.prefix}. Placeholders
	 * are resolved.
	 * @return the lock's name; default: the actor's name
	 */
	@AliasFor("value")
	String name() default "";

}
