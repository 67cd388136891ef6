package dev.rungroup.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import dev.rungroup.core.OnStop;
import dev.rungroup.core.Policy;

import org.springframework.core.annotation.AliasFor;

/**
 * An {@link Actor} that is executed again and again until it is stopped: after a normal
 * return when {@link #delay()} has passed, after a failure with the back-off of
 * {@code run.retry}.
 *
 * @since 0.1.0
 */
@Target({ ElementType.TYPE, ElementType.METHOD })
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Actor(onDone = Policy.RESTART, onError = Policy.RESTART, onStop = OnStop.FINISH)
public @interface LoopActor {

	/**
	 * The same as {@link #name()}.
	 * @return the actor's name
	 */
	@AliasFor(annotation = Actor.class, attribute = "value")
	String value() default "";

	/**
	 * The actor's name.
	 * @return the actor's name
	 * @see Actor#name()
	 */
	@AliasFor(annotation = Actor.class, attribute = "name")
	String name() default "";

	/**
	 * Pause between a normal return and the next execution.
	 * @return a duration
	 * @see Actor#delay()
	 */
	@AliasFor(annotation = Actor.class)
	String delay() default "";

	/**
	 * Pause before the first execution.
	 * @return a duration
	 * @see Actor#initialDelay()
	 */
	@AliasFor(annotation = Actor.class)
	String initialDelay() default "";

	/**
	 * Limit for one execution.
	 * @return a duration longer than zero
	 * @see Actor#timeout()
	 */
	@AliasFor(annotation = Actor.class)
	String timeout() default "";

	/**
	 * Time in which the body says that it is ready.
	 * @return a duration longer than zero
	 * @see Actor#readyTimeout()
	 */
	@AliasFor(annotation = Actor.class)
	String readyTimeout() default "";

	/**
	 * How many restarts after failures are allowed.
	 * @return a whole number
	 * @see Actor#maxRestarts()
	 */
	@AliasFor(annotation = Actor.class)
	String maxRestarts() default "";

	/**
	 * Window of time in which failures count against {@link #maxRestarts()}.
	 * @return a duration longer than zero
	 * @see Actor#within()
	 */
	@AliasFor(annotation = Actor.class)
	String within() default "";

	/**
	 * What happens when {@link #maxRestarts()} is spent.
	 * @return the policy
	 * @see Actor#onExhausted()
	 */
	@AliasFor(annotation = Actor.class)
	Policy onExhausted() default Policy.SHUTDOWN;

	/**
	 * Failures that shut the group down.
	 * @return the types
	 * @see Actor#fatal()
	 */
	@AliasFor(annotation = Actor.class)
	Class<? extends Throwable>[] fatal() default Error.class;

	/**
	 * How many members run at the same time.
	 * @return a whole number
	 * @see Actor#concurrency()
	 */
	@AliasFor(annotation = Actor.class)
	String concurrency() default "";

	/**
	 * The stage: a lower one starts earlier and stops later.
	 * @return the stage
	 * @see Actor#stage()
	 */
	@AliasFor(annotation = Actor.class)
	int stage() default 0;

	/**
	 * What a stop means without an {@link Interrupt} method. By default an execution may
	 * finish: {@link dev.rungroup.core.MemberContext#isStopping()} is true, its sleep
	 * ends, and the thread is interrupted after the grace period, or at once if the
	 * execution outlives its {@link #timeout()}.
	 * @return what it gets
	 * @see Actor#onStop()
	 */
	@AliasFor(annotation = Actor.class)
	OnStop onStop() default OnStop.FINISH;

	/**
	 * The group that the actor belongs to.
	 * @return the name of a group
	 * @see Actor#group()
	 */
	@AliasFor(annotation = Actor.class)
	String group() default "";

	/**
	 * Whether the application can do its work only while this actor does.
	 * @return whether it is required
	 * @see Actor#required()
	 */
	@AliasFor(annotation = Actor.class)
	boolean required() default false;

}
