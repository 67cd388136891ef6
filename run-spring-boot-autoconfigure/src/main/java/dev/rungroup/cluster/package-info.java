/**
 * Actors that run on one node of a cluster: who of several applications may execute them
 * is decided by a lock that all share, and kept by renewing its lease.
 */
@NullMarked
package dev.rungroup.cluster;

import org.jspecify.annotations.NullMarked;
