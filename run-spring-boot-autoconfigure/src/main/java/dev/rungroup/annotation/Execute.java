package dev.rungroup.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.springframework.aot.hint.annotation.Reflective;

/**
 * Marks the one method of an {@link Actor} class that is its body. Takes nothing or a
 * {@link dev.rungroup.core.MemberContext}, may have any visibility, may be inherited and
 * may throw anything. Behind an AOP proxy it must be neither private nor final.
 *
 * @since 0.1.0
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Reflective
public @interface Execute {

}
