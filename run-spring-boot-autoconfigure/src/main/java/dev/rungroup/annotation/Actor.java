package dev.rungroup.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import dev.rungroup.core.OnStop;
import dev.rungroup.core.Policy;

import org.springframework.aot.hint.annotation.Reflective;
import org.springframework.core.annotation.AliasFor;
import org.springframework.stereotype.Component;

/**
 * Declares an actor: work that starts and stops with the application context, on a thread
 * of its own. It stands on
 * <ul>
 * <li>a bean class, which is a {@link Component} then, with one {@link Execute} method,
 * or that is a {@link Runnable}, a {@link java.util.concurrent.Callable}, a
 * {@link dev.rungroup.core.Task} or a {@link dev.rungroup.core.Body},</li>
 * <li>a {@code @Bean} method that returns one of these,</li>
 * <li>a method of any bean, which is the body itself and takes nothing or a
 * {@link dev.rungroup.core.MemberContext}.</li>
 * </ul>
 * The bean must be a singleton; it may be lazy, and its AOP proxy is called through.
 * Without an {@link Interrupt} method the actor's thread is interrupted to end it.
 * <p>
 * Attributes of type {@code String} may hold <code>${...}</code> placeholders; empty
 * means not set, but a placeholder that resolves to nothing is an error. Durations are
 * written as in Spring Boot's properties: {@code 500ms}, {@code 5s}, {@code PT1H30M}, and
 * a bare number is milliseconds. What stands under {@code run.actors.<name>} overrides
 * them one by one. A value that cannot be understood fails the start of the application.
 * <p>
 * May be used as a meta-annotation, as {@link LoopActor} does.
 *
 * @since 0.1.0
 */
@Target({ ElementType.TYPE, ElementType.METHOD })
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Component
@Reflective
public @interface Actor {

	/**
	 * The same as {@link #name()}.
	 * @return the actor's name
	 */
	@AliasFor("name")
	String value() default "";

	/**
	 * The actor's name: unique, in thread names, logs, meters and properties. It is not
	 * the bean's name, and contains no slash. Default: the bean's name as
	 * {@code kebab-case}, of a method {@code bean-method}.
	 * @return the actor's name
	 */
	@AliasFor("value")
	String name() default "";

	/**
	 * What happens when an execution returned.
	 * @return the policy
	 */
	Policy onDone() default Policy.SHUTDOWN;

	/**
	 * What happens when an execution failed.
	 * @return the policy
	 */
	Policy onError() default Policy.SHUTDOWN;

	/**
	 * Pause between a normal return and the next execution. Default: none. The pause
	 * after a failure is {@code run.retry}.
	 * @return a duration
	 */
	String delay() default "";

	/**
	 * Pause before the first execution. Default: none.
	 * @return a duration
	 */
	String initialDelay() default "";

	/**
	 * Limit for one execution, which is interrupted and has failed if it takes longer.
	 * Default: none.
	 * @return a duration longer than zero
	 */
	String timeout() default "";

	/**
	 * Time in which the body calls {@link dev.rungroup.core.MemberContext#ready()}, or
	 * has failed; it counts from the first execution, and from the first after a failure.
	 * Default: it is not expected to.
	 * @return a duration longer than zero
	 */
	String readyTimeout() default "";

	/**
	 * How many restarts after failures are allowed: in a row, or {@link #within()} a
	 * window. The first execution does not count. Default: {@code -1}, which is no limit.
	 * @return a whole number
	 */
	String maxRestarts() default "";

	/**
	 * Window of time in which failures count against {@link #maxRestarts()}. Default:
	 * failures in a row count.
	 * @return a duration longer than zero
	 */
	String within() default "";

	/**
	 * What happens when {@link #maxRestarts()} is spent: {@link Policy#SHUTDOWN} or
	 * {@link Policy#DO_NOTHING}.
	 * @return the policy
	 */
	Policy onExhausted() default Policy.SHUTDOWN;

	/**
	 * Failures that shut the group down whatever {@link #onError()} says.
	 * @return the types
	 */
	Class<? extends Throwable>[] fatal() default Error.class;

	/**
	 * How many members of this one bean or method run at the same time. If more than one
	 * they are called {@code name-1} to {@code name-n}. Default: 1. Text, as it may be a
	 * placeholder.
	 * @return a whole number
	 */
	String concurrency() default "";

	/**
	 * The stage: a lower one starts earlier and stops later.
	 * @return the stage
	 */
	int stage() default 0;

	/**
	 * What a stop means for an actor without an {@link Interrupt} method: its thread is
	 * interrupted, or it may finish its execution.
	 * @return what it gets
	 */
	OnStop onStop() default OnStop.INTERRUPT;

	/**
	 * The group that the actor belongs to: a part of the application that starts, fails,
	 * restarts and stops as a whole, with the settings of {@code run.groups.<name>}.
	 * Default: the application's group.
	 * @return the name of a group
	 */
	String group() default "";

	/**
	 * Whether the application can do its work only while this actor does: readiness and
	 * liveness depend on it then.
	 * @return whether it is required
	 */
	boolean required() default false;

}
