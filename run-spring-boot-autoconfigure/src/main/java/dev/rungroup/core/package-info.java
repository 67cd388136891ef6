/**
 * Groups, loops and retries in plain Java: what {@code run} does, without Spring. Depends
 * on {@code java.*} and JSpecify only.
 */
@NullMarked
package dev.rungroup.core;

import org.jspecify.annotations.NullMarked;
