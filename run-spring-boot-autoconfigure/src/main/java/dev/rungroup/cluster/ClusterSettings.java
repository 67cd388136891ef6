package dev.rungroup.cluster;

import java.time.Duration;

/**
 * How the locks of cluster singletons are kept.
 *
 * @param prefix what the names of locks begin with, before a colon; empty for none
 * @param lease how long a node has a lock without renewing it
 * @param renewInterval how often it is renewed
 * @param retryInterval how often a lock is asked for that another node has, and how soon
 * a call is tried again that has failed
 * @since 0.1.0
 */
public record ClusterSettings(String prefix, Duration lease, Duration renewInterval, Duration retryInterval) {

	/**
	 * The name of a lock for the engine.
	 */
	String lockName(String name) {
		return (this.prefix.isEmpty()) ? name : this.prefix + ":" + name;
	}

}
