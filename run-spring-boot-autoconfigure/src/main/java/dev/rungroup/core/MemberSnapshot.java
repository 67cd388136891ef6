package dev.rungroup.core;

import java.time.Instant;

import org.jspecify.annotations.Nullable;

/**
 * A member at one moment. Counters are totals since the member was added, over all its
 * starts.
 *
 * @param name the member's name
 * @param state where it is in its life
 * @param ready whether it is up: it said so where that is expected, started where none is
 * @param executions how many executions have begun
 * @param failures how many of them failed
 * @param restarts how many of them followed a failure
 * @param failuresInARow failures since the last execution that returned or lasted long
 * enough
 * @param lastFailure what the last failed execution threw
 * @param lastFailureAt when that was
 * @param stateSince when the member entered its state, {@code null} for a new one
 * @param nextExecution when the pause ends, {@code null} when it is not pausing
 * @param lastProgress when an execution last began or ended or sent a heartbeat; may be
 * about ten milliseconds old for a loop whose executions take less than 20 microseconds
 * @since 0.1.0
 */
public record MemberSnapshot(String name, MemberState state, boolean ready, long executions, long failures,
		long restarts, int failuresInARow, @Nullable Throwable lastFailure, @Nullable Instant lastFailureAt,
		@Nullable Instant stateSince, @Nullable Instant nextExecution, @Nullable Instant lastProgress) {

}
