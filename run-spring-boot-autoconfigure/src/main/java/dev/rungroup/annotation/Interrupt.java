package dev.rungroup.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.springframework.aot.hint.annotation.Reflective;

/**
 * Marks the method that makes an actor's body return, by closing its socket for example.
 * Without one the actor's thread is interrupted. Takes nothing, a
 * {@link dev.rungroup.core.StopReason}, a nullable {@link Throwable}, which is the
 * reason's cause, or a {@link dev.rungroup.core.MemberContext}, whose name says which of
 * several members it is for; any visibility.
 * <p>
 * Called once per stop, on another thread than the body, while the body may be anywhere,
 * or not yet begun, or over; with {@code concurrency} once for each member. It may block:
 * that delays no other. What it throws is reported and changes nothing.
 *
 * @since 0.1.0
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Reflective
public @interface Interrupt {

	/**
	 * In a bean with several actors: the name of the actor method it belongs to.
	 * @return name of a method of the same bean, not of an actor; empty in a bean with
	 * one actor
	 */
	String value() default "";

}
