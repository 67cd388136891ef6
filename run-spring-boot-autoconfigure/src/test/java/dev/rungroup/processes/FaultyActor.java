package dev.rungroup.processes;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;

import dev.rungroup.annotation.Actor;
import dev.rungroup.annotation.Execute;
import dev.rungroup.annotation.FailureHandler;
import dev.rungroup.annotation.Interrupt;
import dev.rungroup.core.StopReason;

import org.springframework.context.ConfigurableApplicationContext;

/**
 * An actor of {@link ExitApplication} that is in an awkward place when the application
 * ends, or ends it in an awkward way. It says so in a line that begins with IN.
 */
@Actor("faulty")
final class FaultyActor {

	/** Long enough for a signal that is sent when the line is read. */
	private static final long HOLD_MILLIS = 400;

	/** Kept until the JVM ends. */
	private static final List<byte[]> hoard = new ArrayList<>();

	private final Fault fault;

	private final ConfigurableApplicationContext context;

	private final CountDownLatch stop = new CountDownLatch(1);

	FaultyActor(Fault fault, ConfigurableApplicationContext context) {
		this.fault = fault;
		this.context = context;
	}

	@Execute
	void run() throws Exception {
		ExitApplication.print("STARTED faulty");
		switch (this.fault) {
			case SLOW_INTERRUPTER, STUCK_INTERRUPTER -> this.stop.await();
			case EXIT_WHEN_INTERRUPTED -> {
				this.stop.await();
				// when the stop has been waiting for long
				Thread.sleep(250);
				System.exit(7);
			}
			default -> {
				ExitApplication.moment("ready").await();
				// neither of them is to suffer from what happens here before it has begun
				ExitApplication.moment("trigger").await();
				ExitApplication.moment("bystander").await();
				act();
			}
		}
	}

	private void act() throws InterruptedException {
		switch (this.fault) {
			case EXIT -> {
				ExitApplication.print("IN EXIT");
				System.exit(7);
			}
			case CLOSE -> {
				ExitApplication.print("IN CLOSE");
				this.context.close();
			}
			case INITIALIZER, INITIALIZER_IN_INTERRUPTER -> StuckInitializer.touch();
			case MEMORY -> {
				ExitApplication.moment("returned").await();
				fill(new ArrayList<>());
			}
			case MEMORY_FOR_GOOD -> fill(hoard);
			case THREADS -> useThreadsUp();
			default -> throw new IllegalStateException("boom");
		}
	}

	@SuppressWarnings("InfiniteLoopStatement")
	private static void fill(List<byte[]> list) {
		ExitApplication.print("IN MEMORY at " + System.currentTimeMillis());
		while (true) {
			list.add(new byte[100_000]);
		}
	}

	@SuppressWarnings("InfiniteLoopStatement")
	private void useThreadsUp() {
		ExitApplication.print("IN THREADS");
		while (true) {
			Thread thread = new Thread(() -> {
				try {
					this.stop.await();
				}
				catch (InterruptedException ex) {
					Thread.currentThread().interrupt();
				}
			});
			thread.setDaemon(true);
			thread.start();
		}
	}

	@Interrupt
	void interrupt(StopReason reason) throws InterruptedException {
		if (this.fault == Fault.CLOSE || this.fault == Fault.EXIT) {
			// late, as on a busy machine: the JVM is not to end before
			Thread.sleep(100);
		}
		ExitApplication.print("INTERRUPT faulty " + reason.kind());
		this.stop.countDown();
		switch (this.fault) {
			case SLOW_INTERRUPTER -> {
				ExitApplication.print("IN INTERRUPTER");
				Thread.sleep(HOLD_MILLIS);
			}
			case STUCK_INTERRUPTER -> {
				ExitApplication.print("IN INTERRUPTER");
				new CountDownLatch(1).await();
			}
			case INITIALIZER_IN_INTERRUPTER -> StuckInitializer.touch();
			default -> {
			}
		}
	}

	@FailureHandler
	void failed(IllegalStateException failure) throws InterruptedException {
		ExitApplication.print("IN HANDLER");
		if (this.fault == Fault.HANDLER) {
			Thread.sleep(HOLD_MILLIS);
		}
	}

	enum Fault {

		/** Its interrupter takes its time. */
		SLOW_INTERRUPTER,

		/** Its interrupter never returns. */
		STUCK_INTERRUPTER,

		/** Fails, and its failure handler takes its time. */
		HANDLER,

		/** Fails, and pauses if it is to be restarted. */
		FAIL,

		/** Calls {@code System.exit}. */
		EXIT,

		/** Calls {@code System.exit} some time after its interrupt. */
		EXIT_WHEN_INTERRUPTED,

		/** Calls {@code context.close()}. */
		CLOSE,

		/** Its body is in a class initializer that never ends. */
		INITIALIZER,

		/** The same, and its interrupter waits for that class. */
		INITIALIZER_IN_INTERRUPTER,

		/** Fills the heap, and lets go of it when it is full. */
		MEMORY,

		/** Fills the heap for good. */
		MEMORY_FOR_GOOD,

		/** Starts threads until there are no more; its interrupter ends them. */
		THREADS

	}

	private static final class StuckInitializer {

		static {
			ExitApplication.print("IN INITIALIZER");
			doesNotEnd();
		}

		private static void doesNotEnd() {
			while (true) {
				LockSupport.park();
				Thread.interrupted();
			}
		}

		static void touch() {
			// the class is needed for this
		}

	}

}
