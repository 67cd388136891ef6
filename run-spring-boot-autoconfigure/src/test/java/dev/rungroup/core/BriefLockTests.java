package dev.rungroup.core;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(60)
class BriefLockTests {

	/**
	 * When the JVM ends, Spring asks a thread that closes a context for its state. One
	 * that waits without a limit it interrupts, and does not wait for it if it goes on
	 * waiting.
	 */
	@Test
	void whoWaitsForItIsNotTakenForStuckAndKeepsItsInterrupt() throws Exception {
		BriefLock lock = new BriefLock();
		CountDownLatch locked = new CountDownLatch(1);
		CountDownLatch release = new CountDownLatch(1);
		Thread holder = new Thread(() -> lock.locked(() -> {
			locked.countDown();
			Waits.await(release);
			return null;
		}));
		CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
		Thread closing = new Thread(
				() -> interrupted.complete(lock.locked(() -> Thread.currentThread().isInterrupted())));
		holder.start();
		Waits.await(locked);
		closing.start();
		Waits.until(() -> closing.getState() == Thread.State.TIMED_WAITING);
		closing.interrupt();
		Waits.until(() -> !closing.isInterrupted() && closing.getState() == Thread.State.TIMED_WAITING);
		release.countDown();
		assertThat(interrupted.get(Waits.LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
		holder.join(Waits.LIMIT.toMillis());
	}

}
