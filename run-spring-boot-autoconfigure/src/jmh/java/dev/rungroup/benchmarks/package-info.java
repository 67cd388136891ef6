/**
 * What the groups cost, against the same work by hand and against the peers: see
 * {@code src/jmh/RESULTS.md}.
 */
@NullMarked
package dev.rungroup.benchmarks;

import org.jspecify.annotations.NullMarked;
