package dev.rungroup.core;

/**
 * How one execution ended: these three cases and no other.
 *
 * @since 0.1.0
 */
public sealed interface Outcome {

	/**
	 * The body returned by itself.
	 */
	record Completed() implements Outcome {

	}

	/**
	 * The body threw, or took longer than it may.
	 *
	 * @param failure what it threw, or the {@link java.util.concurrent.TimeoutException}
	 */
	record Failed(Throwable failure) implements Outcome {

	}

	/**
	 * The body ended because it was asked to.
	 */
	record Interrupted() implements Outcome {

	}

}
