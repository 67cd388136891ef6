package dev.rungroup.autoconfigure.exit;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

import dev.rungroup.autoconfigure.exit.GroupExit.GroupEnding;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.SpringApplication.AbandonedRunException;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * How far the start of an application has come, and what the launching thread does when
 * an actor ends the application meanwhile. A context must not be closed by another thread
 * while it is being refreshed (a bean that waits would be interrupted, and the start
 * would go on), and no runner may begin once the closing has begun. So the launching
 * thread passes checkpoints, at each of which it sees an ending that was noted, and the
 * thread that ends the application waits for it to reach one.
 * <p>
 * The launching thread calls {@link #refreshed()}, {@link #runnerBegins()},
 * {@link #runnersEnd()}, {@link #ready()} and {@link #failed()}. The thread of the group
 * calls {@link #note}, and when the group is over {@link #takeOver()},
 * {@link #awaitFailedStart} and {@link #finished()}. {@link #closed()} comes from any
 * thread that closes the context. All state is guarded by the monitor.
 */
final class Startup {

	private static final String BEAN_NAME = Startup.class.getName();

	private final ConfigurableApplicationContext context;

	private final @Nullable Thread thread;

	private final boolean container;

	/** Made on the launching thread, so this is about who launches. */
	private final boolean byTestFramework = TestDetector.isCalledFrom("org.springframework.test.context.");

	private Stage stage = Stage.STARTING;

	private @Nullable GroupEnding ending;

	/** Until when the ending waits for a checkpoint, in nanoseconds. */
	private long deadline;

	/** Whether the closing has begun. */
	private boolean takenOver;

	private boolean finished;

	private Startup(ConfigurableApplicationContext context, @Nullable Thread thread, boolean container) {
		this.context = context;
		this.thread = thread;
		this.container = container;
	}

	/**
	 * A start by {@code SpringApplication.run} on the calling thread.
	 * @param container whether the JVM belongs to a servlet container that called that
	 */
	static Startup bySpringApplication(ConfigurableApplicationContext context, boolean container) {
		return register(new Startup(context, Thread.currentThread(), container));
	}

	/**
	 * Find the start of a context. If it was not {@code SpringApplication.run}, it is a
	 * bare {@code refresh()}: there are no runners, and it is unknown whose JVM this is.
	 */
	static Startup of(ConfigurableApplicationContext context) {
		// of this context alone: a child that is refreshed by hand has its own
		Object startup = context.getBeanFactory().getSingleton(BEAN_NAME);
		return (startup != null) ? (Startup) startup : register(new Startup(context, null, false));
	}

	private static Startup register(Startup startup) {
		startup.context.getBeanFactory().registerSingleton(BEAN_NAME, startup);
		return startup;
	}

	/**
	 * Whether this JVM was started for the application, so that it may be ended with it.
	 */
	boolean ownsJvm() {
		return this.thread != null && !this.container;
	}

	/**
	 * Whether the context was started for the application, so that it may be closed with
	 * its group.
	 */
	boolean ownsContext() {
		return !this.byTestFramework;
	}

	// ---- The launching thread

	/**
	 * The context is about to be fully refreshed, and its refresh can still fail: a
	 * failed actor makes it. A normal end waits for the next checkpoint, as there is no
	 * good exception for it.
	 */
	void refreshed() {
		GroupEnding ending;
		synchronized (this) {
			ending = this.ending;
			if (ending == null || !ending.isFailure()) {
				move((this.thread != null) ? Stage.STARTING : Stage.READY);
				return;
			}
			move(Stage.FAILING);
		}
		throw ending.failure();
	}

	/** A runner is about to begin, and all of them exist. */
	void runnerBegins() {
		GroupEnding ending = awaitEnding(Stage.RUNNER);
		if (ending != null) {
			// An exception with an exit code would end the JVM with it
			throw (ending.isFailure() && !ending.endsJvm()) ? ending.failure()
					: new AbandonedRunException(this.context);
		}
	}

	/** The last runner has returned, and the application is about to be called ready. */
	void runnersEnd() {
		// Spring Boot does not call a closed application ready
		awaitEnding(Stage.STARTING);
	}

	/** The application is ready. */
	synchronized void ready() {
		move(Stage.READY);
	}

	/**
	 * {@code SpringApplication.run} fails. If that is because the context was closed
	 * under it, its report would bury the real reason.
	 */
	void failed() {
		GroupEnding ending;
		synchronized (this) {
			move(Stage.FAILED);
			ending = this.takenOver ? this.ending : null;
		}
		if (ending != null && ending.endsJvm()) {
			awaitFinished();
		}
	}

	/**
	 * Go on to a stage, or let an ending do its work first: either its thread sees the
	 * stage, or this one sees the ending.
	 * @return the ending that has done its work
	 */
	private @Nullable GroupEnding awaitEnding(Stage next) {
		GroupEnding ending;
		synchronized (this) {
			ending = this.ending;
			if (ending == null) {
				move(next);
				return null;
			}
		}
		boolean gentle = isGentle(ending);
		synchronized (this) {
			if (gentle && !this.takenOver) {
				move(Stage.STARTING);
				return null;
			}
			move(Stage.HELD);
		}
		awaitFinished();
		return ending;
	}

	private synchronized void awaitFinished() {
		boolean interrupted = false;
		while (!this.finished) {
			try {
				wait();
			}
			catch (InterruptedException ex) {
				interrupted = true;
			}
		}
		if (interrupted) {
			Thread.currentThread().interrupt();
		}
	}

	// ---- The thread of the group

	/**
	 * Note that the application is to end. Returns at once.
	 * @param grace how long to wait for a checkpoint at most, from now on
	 */
	synchronized void note(GroupEnding ending, Duration grace) {
		// Neither the conversion nor the sum may overflow
		this.deadline = System.nanoTime() + Math.min(TimeUnit.NANOSECONDS.convert(grace), Long.MAX_VALUE / 2);
		this.ending = ending;
	}

	/**
	 * Wait until the context may be closed: not while it is being started, but also not
	 * longer than the grace period. A start that is failing already closes the context
	 * itself, and takes the time that this takes.
	 * @return whether there is something to close; {@code false} if the start has failed
	 * or the context is closed already
	 */
	boolean takeOver(GroupEnding ending) {
		boolean gentle = isGentle(ending);
		synchronized (this) {
			while (!isSettled(gentle)) {
				long millis = (this.deadline - System.nanoTime()) / 1_000_000;
				if (millis <= 0 && this.stage != Stage.FAILING) {
					break;
				}
				try {
					wait(Math.max(millis, 0));
				}
				catch (InterruptedException ex) {
					// An ending is not abandoned half-way
				}
			}
			this.takenOver = this.stage != Stage.FAILED && this.stage != Stage.CLOSED;
			return this.takenOver;
		}
	}

	/**
	 * Whether the start is finished first. It must not fail because of a normal end that
	 * only closes the context.
	 */
	private static boolean isGentle(GroupEnding ending) {
		return !ending.isFailure() && !ending.endsJvm();
	}

	/**
	 * Whether the launching thread does nothing that the closing of the context could get
	 * mixed up with.
	 */
	private boolean isSettled(boolean gentle) {
		return switch (this.stage) {
			case STARTING, FAILING -> false;
			case RUNNER -> !gentle;
			case HELD, READY, FAILED, CLOSED -> true;
		};
	}

	/**
	 * If the start has failed by itself or because of an actor, give Spring Boot the time
	 * to report that and to end its thread.
	 */
	void awaitFailedStart(Duration limit) {
		Thread thread = hasFailedByItself() ? this.thread : null;
		if (thread != null) {
			try {
				thread.join(limit.toMillis());
			}
			catch (InterruptedException ex) {
				// as above
			}
		}
	}

	/** Whether the start has failed, and not because we have closed its context. */
	synchronized boolean hasFailedByItself() {
		return this.stage == Stage.FAILED && !this.takenOver;
	}

	/** The ending has done its work. */
	synchronized void finished() {
		this.finished = true;
		notifyAll();
	}

	// ---- Any thread

	/** The context is closed, or its refresh was cancelled. */
	synchronized void closed() {
		boolean cancelled = this.thread != null && !this.takenOver
				&& (this.stage == Stage.STARTING || this.stage == Stage.FAILING);
		move(cancelled ? Stage.FAILED : Stage.CLOSED);
	}

	private void move(Stage stage) {
		if (this.stage != Stage.FAILED && (this.stage != Stage.CLOSED || stage == Stage.FAILED)) {
			this.stage = stage;
			notifyAll();
		}
	}

	/** What the launching thread is doing. */
	private enum Stage {

		/** What must not be disturbed: the refresh, or the last steps to readiness. */
		STARTING,

		/** It has thrown an actor's failure, and the refresh fails. */
		FAILING,

		/** A runner is at work. */
		RUNNER,

		/** It waits for the end. */
		HELD,

		READY,

		FAILED,

		CLOSED

	}

}
