package dev.rungroup.core;

import org.jspecify.annotations.Nullable;

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
	 * The body ended because it was asked to. Whatever it threw then counts as no
	 * failure: a socket that its interrupter closed is no incident.
	 *
	 * @param thrown what it threw, {@code null} if it returned
	 */
	record Interrupted(@Nullable Throwable thrown) implements Outcome {

		/**
		 * The body returned when it was asked to end.
		 */
		public Interrupted() {
			this(null);
		}

		/**
		 * Return whether the body was cut short by an interrupt of its thread: what it
		 * threw is one, or is caused by one. Handlers of failures do not hear that.
		 * @return whether it did not end in its own way
		 */
		public boolean isCutShort() {
			return this.thrown != null && Interrupters.isInterrupt(this.thrown);
		}

	}

}
