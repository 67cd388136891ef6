/**
 * Auto-configuration for Spring Boot: the one place that reads {@code run.*} properties.
 * Nobody imports this package.
 */
@NullMarked
package dev.rungroup.autoconfigure;

import org.jspecify.annotations.NullMarked;
