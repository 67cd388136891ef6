package dev.rungroup.test;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.junit.jupiter.api.parallel.ResourceLock;

import org.springframework.boot.test.context.PropertyMapping;
import org.springframework.context.annotation.Import;

/**
 * On a test class with {@code @SpringBootTest}, or a slice of an application: no actor
 * starts by itself, the actors' time stands still, and a bean {@link TestActors} starts
 * the actors and moves their time. After each test method all actors are stopped, and are
 * as new. What ends the group of actors does not close the context.
 * <p>
 * Test methods of classes with this annotation do not run in parallel.
 *
 * @since 0.1.0
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
@Import({ TestActorsConfiguration.class, ActorsImportSelector.class })
@ResourceLock("dev.rungroup.test.TestActors")
public @interface AutoConfigureTestActors {

	/**
	 * Whether the actors start with the context, and before each test method if they do
	 * not run.
	 * @return true for a start without {@link TestActors#start}
	 */
	@PropertyMapping("run.auto-startup")
	boolean autoStartup() default false;

	/**
	 * Whether the actors' time stands still until {@link TestActors#advance} moves it.
	 * @return false for the time of the machine
	 */
	@PropertyMapping("run.test.virtual-time")
	boolean virtualTime() default true;

}
