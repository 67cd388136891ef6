/**
 * Counts and times what a group does, with Micrometer: one listener, all meters.
 */
@NullMarked
package dev.rungroup.metrics;

import org.jspecify.annotations.NullMarked;
