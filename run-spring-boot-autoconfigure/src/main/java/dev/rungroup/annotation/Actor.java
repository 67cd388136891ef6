package dev.rungroup.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import dev.rungroup.core.Policy;
import org.springframework.aot.hint.annotation.Reflective;
import org.springframework.core.annotation.AliasFor;
import org.springframework.stereotype.Component;

@Target({ ElementType.TYPE, ElementType.METHOD })
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Component
@Reflective
public @interface Actor {

	@AliasFor("name")
	String value() default "";

	@AliasFor("value")
	String name() default "";

	Policy onDone() default Policy.SHUTDOWN;

	Policy onError() default Policy.SHUTDOWN;

	String delay() default "";

	String initialDelay() default "";

	String timeout() default "";

	String readyTimeout() default "";

	String maxRestarts() default "";

	String within() default "";

	Policy onExhausted() default Policy.SHUTDOWN;

	Class<? extends Throwable>[] fatal() default Error.class;

	String concurrency() default "";

	int stage() default 0;

}
