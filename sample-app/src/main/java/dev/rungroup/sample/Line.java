package dev.rungroup.sample;

import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * A measurement on its way into the database.
 *
 * @param id given once, when the line is received: however often the line is stored, the
 * database keeps one
 * @param measurement what to store
 * @param receivedAt when it was received
 * @param outcome completed when the line is stored for good, or with a
 * {@link RejectedLineException} when it never will be
 */
record Line(String id, Measurement measurement, Instant receivedAt, CompletableFuture<Void> outcome) {

	Line(String id, Measurement measurement) {
		this(id, measurement, Instant.now(), new CompletableFuture<>());
	}

	void stored() {
		this.outcome.complete(null);
	}

	void rejected(RejectedLineException why) {
		this.outcome.completeExceptionally(why);
	}

	boolean isOpen() {
		return !this.outcome.isDone();
	}

	/**
	 * Wait until the fate of this line is known, for as long as it takes.
	 * @throws RejectedLineException if the line will never be stored
	 */
	void awaitStored() throws RejectedLineException, InterruptedException {
		try {
			this.outcome.get();
		}
		catch (ExecutionException ex) {
			if (ex.getCause() instanceof RejectedLineException rejected) {
				throw rejected;
			}
			throw new IllegalStateException(ex.getCause());
		}
	}

}
