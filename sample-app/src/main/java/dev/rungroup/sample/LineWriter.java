package dev.rungroup.sample;

import java.util.List;

import dev.rungroup.annotation.Execute;
import dev.rungroup.annotation.Interrupt;
import dev.rungroup.annotation.LoopActor;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.Retry;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.core.NestedExceptionUtils;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.dao.DuplicateKeyException;

/**
 * Stores lines. A {@code @LoopActor} is executed again and again: one execution stores
 * one batch. With a concurrency of two there are {@code line-writer-1} and
 * {@code line-writer-2}, two threads in this one bean.
 * <p>
 * While the database is gone the injected {@link Retry} goes on trying, with the pauses
 * of {@code run.retry.*}, and the queue fills up. Nobody knows whether a commit that
 * failed has reached the database, but storing is idempotent: the same lines are stored
 * again until that has succeeded once, and only then answered.
 */
@LoopActor(concurrency = "2")
class LineWriter {

	private static final Logger log = LoggerFactory.getLogger(LineWriter.class);

	private final LineQueue queue;

	private final MeasurementStore store;

	private final Retry retry;

	private final int batchSize;

	LineWriter(LineQueue queue, MeasurementStore store, Retry retry, SampleProperties properties) {
		this.queue = queue;
		this.store = store;
		this.retry = retry;
		this.batchSize = properties.batchSize();
	}

	@Execute
	void storeNextBatch(MemberContext context) throws Exception {
		List<Line> batch = this.queue.take(this.batchSize, context::isStopping);
		while (!batch.isEmpty()) {
			store(batch);
			// after a stop there is no next execution: this one empties the queue
			batch = context.isStopping() ? this.queue.take(this.batchSize, context::isStopping) : List.of();
		}
	}

	private void store(List<Line> batch) throws Exception {
		try {
			try {
				saveUntilStored(batch);
				batch.forEach(Line::stored);
			}
			catch (DataIntegrityViolationException ex) {
				for (Line line : batch) {
					storeOrReject(line);
				}
			}
		}
		finally {
			// whatever went wrong, the next execution finds these lines
			this.queue.putBack(batch.stream().filter(Line::isOpen).toList());
		}
	}

	private void storeOrReject(Line line) throws Exception {
		try {
			saveUntilStored(List.of(line));
			line.stored();
		}
		catch (DataIntegrityViolationException ex) {
			log.warn("The database refuses {}: {}", line.measurement(), ex.getMostSpecificCause().getMessage());
			line.rejected(new RejectedLineException("refused by the database"));
		}
	}

	private void saveUntilStored(List<Line> lines) throws Exception {
		this.retry.run((attempt) -> {
			try {
				this.store.save(lines);
				if (attempt.lastFailure() != null) {
					log.info("Stored {} line(s) in attempt {}", lines.size(), attempt.iteration());
				}
			}
			catch (DataAccessException ex) {
				if (ex instanceof DataIntegrityViolationException && !(ex instanceof DuplicateKeyException)) {
					attempt.stop(); // trying again will not help these lines
				}
				else {
					log.warn("Attempt {} to store {} line(s) failed: {}", attempt.iteration(), lines.size(),
							NestedExceptionUtils.getMostSpecificCause(ex).getMessage());
				}
				throw ex;
			}
		});
	}

	/**
	 * Wake the thread that waits for lines. The default, {@code Thread.interrupt()},
	 * could hit it inside the JDBC driver, where it does more harm than good.
	 */
	@Interrupt
	void wake() {
		this.queue.wake();
	}

}
