package dev.rungroup.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.springframework.aot.hint.annotation.Reflective;

/**
 * Marks a method that hears the failures of an actor: all if it takes nothing or a
 * {@link Throwable}, else only those of the type it takes. There may be several; all that
 * fit are called, in the order of {@link org.springframework.core.annotation.Order} and
 * then of their names; any visibility.
 * <p>
 * Called on the actor's thread, before its pause. What it throws is reported and changes
 * nothing.
 *
 * @since 0.1.0
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Reflective
public @interface FailureHandler {

	/**
	 * In a bean with several actors: the name of the actor method it belongs to.
	 * @return name of a method of the same bean, not of an actor; empty in a bean with
	 * one actor
	 */
	String value() default "";

}
