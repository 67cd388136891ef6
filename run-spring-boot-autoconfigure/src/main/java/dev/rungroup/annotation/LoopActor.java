package dev.rungroup.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import dev.rungroup.core.Policy;
import org.springframework.core.annotation.AliasFor;

@Target({ ElementType.TYPE, ElementType.METHOD })
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Actor(onDone = Policy.RESTART, onError = Policy.RESTART)
public @interface LoopActor {

	@AliasFor(annotation = Actor.class, attribute = "value")
	String value() default "";

	@AliasFor(annotation = Actor.class, attribute = "name")
	String name() default "";

	@AliasFor(annotation = Actor.class)
	String delay() default "";

	@AliasFor(annotation = Actor.class)
	String initialDelay() default "";

	@AliasFor(annotation = Actor.class)
	String timeout() default "";

	@AliasFor(annotation = Actor.class)
	String readyTimeout() default "";

	@AliasFor(annotation = Actor.class)
	String maxRestarts() default "";

	@AliasFor(annotation = Actor.class)
	String within() default "";

	@AliasFor(annotation = Actor.class)
	Policy onExhausted() default Policy.SHUTDOWN;

	@AliasFor(annotation = Actor.class)
	Class<? extends Throwable>[] fatal() default Error.class;

	@AliasFor(annotation = Actor.class)
	String concurrency() default "";

	@AliasFor(annotation = Actor.class)
	int stage() default 0;

}
