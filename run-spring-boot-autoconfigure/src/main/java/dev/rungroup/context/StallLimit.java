package dev.rungroup.context;

import java.time.Duration;

import dev.rungroup.core.OnStall;

/**
 * How long a member may run without progress.
 *
 * @param member the member's name
 * @param stallAfter the time
 * @param onStall what happens then
 */
record StallLimit(String member, Duration stallAfter, OnStall onStall) {

}
