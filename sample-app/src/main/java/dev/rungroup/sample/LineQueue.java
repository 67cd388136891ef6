package dev.rungroup.sample;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

import jakarta.annotation.PreDestroy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.stereotype.Component;

/**
 * Lines that wait to be stored; never more than the configured number. The one meeting
 * point of those who receive lines and those who store them.
 */
@Component
final class LineQueue {

	private static final Logger log = LoggerFactory.getLogger(LineQueue.class);

	private final ReentrantLock lock = new ReentrantLock();

	private final Condition notFull = this.lock.newCondition();

	private final Condition notEmpty = this.lock.newCondition();

	private final Deque<Line> lines = new ArrayDeque<>();

	private final int capacity;

	LineQueue(SampleProperties properties) {
		this.capacity = properties.queueCapacity();
	}

	/**
	 * Add a line, waiting for a place.
	 * @return {@code false} if there was none in time
	 */
	boolean offer(Line line, Duration timeout) throws InterruptedException {
		long nanos = timeout.toNanos();
		this.lock.lockInterruptibly();
		try {
			while (this.lines.size() >= this.capacity) {
				if (nanos <= 0) {
					return false;
				}
				nanos = this.notFull.awaitNanos(nanos);
			}
			this.lines.addLast(line);
			this.notEmpty.signal();
			return true;
		}
		finally {
			this.lock.unlock();
		}
	}

	/**
	 * Take the next lines, waiting until there is one.
	 * @param max how many at most
	 * @param giveUp asked before waiting, and again after {@link #wake()}
	 * @return the lines; none if there was nothing and {@code giveUp} said so
	 */
	List<Line> take(int max, BooleanSupplier giveUp) throws InterruptedException {
		this.lock.lockInterruptibly();
		try {
			while (this.lines.isEmpty() && !giveUp.getAsBoolean()) {
				this.notEmpty.await();
			}
			List<Line> batch = new ArrayList<>();
			while (batch.size() < max && !this.lines.isEmpty()) {
				batch.add(this.lines.removeFirst());
			}
			this.notFull.signalAll();
			return batch;
		}
		finally {
			this.lock.unlock();
		}
	}

	/**
	 * Give lines back that could not be stored: they are the next to be taken again, even
	 * if the queue is full.
	 */
	void putBack(List<Line> batch) {
		this.lock.lock();
		try {
			for (int i = batch.size() - 1; i >= 0; i--) {
				this.lines.addFirst(batch.get(i));
			}
			this.notEmpty.signalAll();
		}
		finally {
			this.lock.unlock();
		}
	}

	void wake() {
		this.lock.lock();
		try {
			this.notEmpty.signalAll();
		}
		finally {
			this.lock.unlock();
		}
	}

	int size() {
		this.lock.lock();
		try {
			return this.lines.size();
		}
		finally {
			this.lock.unlock();
		}
	}

	@PreDestroy
	void reportLeftovers() {
		if (size() > 0) {
			log.warn("{} received lines are not stored, and nobody was told that they are", size());
		}
	}

}
