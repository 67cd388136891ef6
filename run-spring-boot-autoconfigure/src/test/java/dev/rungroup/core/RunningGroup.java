package dev.rungroup.core;

import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A thread inside {@link Group#run()}, and how that ended.
 */
final class RunningGroup {

	private final Thread thread;

	private final CountDownLatch entered = new CountDownLatch(1);

	private volatile @Nullable Throwable thrown;

	private volatile boolean interruptedAfterwards;

	private RunningGroup(Task run) {
		this.thread = new Thread(() -> {
			this.entered.countDown();
			try {
				run.run();
			}
			catch (Throwable ex) {
				this.thrown = ex;
			}
			this.interruptedAfterwards = Thread.currentThread().isInterrupted();
		}, "group-run");
		this.thread.setDaemon(true);
	}

	static RunningGroup of(Group group) {
		return of(group::run);
	}

	static RunningGroup of(Task run) {
		RunningGroup result = new RunningGroup(run);
		result.thread.start();
		Waits.await(result.entered);
		return result;
	}

	Thread thread() {
		return this.thread;
	}

	boolean isOver() {
		return !this.thread.isAlive();
	}

	boolean interruptedAfterwards() {
		return this.interruptedAfterwards;
	}

	/**
	 * Wait for the end.
	 * @return what {@code run()} threw, {@code null} if it returned
	 */
	@Nullable Throwable thrown() {
		try {
			this.thread.join(TimeUnit.MILLISECONDS.convert(Waits.LIMIT));
		}
		catch (InterruptedException ex) {
			throw new AssertionError("The test was interrupted", ex);
		}
		assertThat(this.thread.isAlive()).as(() -> "run() goes on; threads:\n" + threads()).isFalse();
		return this.thrown;
	}

	/**
	 * Wait for the end, which is one without failure.
	 */
	void returned() {
		assertThat(thrown()).as("what run() threw").isNull();
	}

	static String threads() {
		return Thread.getAllStackTraces()
			.entrySet()
			.stream()
			.filter((entry) -> !entry.getKey().isDaemon() || entry.getKey().getName().contains("group"))
			.map(Map.Entry::toString)
			.map((text) -> Arrays.stream(text.split(", ")).limit(8).collect(Collectors.joining("\n\t")))
			.collect(Collectors.joining("\n"));
	}

}
