/**
 * Finds the actors of an application context, makes them one group and runs it with the
 * context. Depends on Spring Framework, not on Spring Boot.
 */
@NullMarked
package dev.rungroup.context;

import org.jspecify.annotations.NullMarked;
