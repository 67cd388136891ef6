package dev.rungroup.autoconfigure.exit;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.SpringApplication.AbandonedRunException;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * How far the start of an application has come, and what its thread does when an actor
 * ends the application meanwhile. A context must not be closed by another thread while it
 * is being refreshed (an unsuspecting bean would be interrupted and the start would go
 * on), and no runner may begin on a closed context. So the launching thread passes
 * checkpoints here, at each of which it learns of an ending, and the ending thread waits
 * for the next one.
 * <p>
 * The launching thread calls {@link #refreshed()}, {@link #runnersBegin()},
 * {@link #runnersEnd()}, {@link #announcing()}, {@link #ready()} and {@link #failed()};
 * {@link #closed()} comes from whoever closes the context; {@link #takeOver} and
 * {@link #awaitFailedStart} from the ending thread.
 */
final class Launch {

	private static final String BEAN_NAME = Launch.class.getName();

	private final ConfigurableApplicationContext context;

	private final @Nullable Thread thread;

	private final boolean container;

	/** Made on the launching thread, so this is about who launches. */
	private final boolean byTestFramework = TestRun.startsContext();

	private Stage stage = Stage.REFRESHING;

	private boolean runnersReached;

	/** Whether the ending thread closes the context. */
	private boolean takenOver;

	private @Nullable Ending ending;

	private Launch(ConfigurableApplicationContext context, @Nullable Thread thread, boolean container) {
		this.context = context;
		this.thread = thread;
		this.container = container;
	}

	/**
	 * A start by {@code SpringApplication.run} on the calling thread.
	 * @param container whether the JVM belongs to somebody else, who called that
	 */
	static Launch bySpringApplication(ConfigurableApplicationContext context, boolean container) {
		return register(new Launch(context, Thread.currentThread(), container));
	}

	/**
	 * Find the start of a context. If it was not {@code SpringApplication.run}, it is a
	 * bare {@code refresh()}: there are no runners, and nobody knows whose JVM this is.
	 */
	static Launch of(ConfigurableApplicationContext context) {
		// of this context alone: a child that is refreshed by hand has its own
		Object launch = context.getBeanFactory().getSingleton(BEAN_NAME);
		return (launch != null) ? (Launch) launch : register(new Launch(context, null, false));
	}

	private static Launch register(Launch launch) {
		launch.context.getBeanFactory().registerSingleton(BEAN_NAME, launch);
		return launch;
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

	/**
	 * The context is about to be fully refreshed, and its refresh can still fail: a
	 * failed actor makes it. A normal end has to wait, as there is no good exception for
	 * it.
	 */
	void refreshed() {
		Stage next = (this.thread != null) ? Stage.STARTED : Stage.READY;
		Ending ending = advance(next);
		if (ending == null) {
			return;
		}
		if (ending.isFailure()) {
			move(Stage.FAILING);
			throw failure(ending);
		}
		move(next);
	}

	/**
	 * All runners exist, none has begun.
	 */
	void runnersBegin() {
		Ending ending = advance(Stage.RUNNERS);
		if (ending == null) {
			return;
		}
		if (ending.endsJvm()) {
			hold(ending);
			throw new AbandonedRunException(this.context);
		}
		if (ending.isFailure()) {
			// closed here, and not by Spring Boot after it has looked for an exit code
			move(Stage.FAILING);
			this.context.close();
			throw failure(ending);
		}
		// the context closes, nothing else: the start must not fail, so it is finished
		// first
		move(Stage.LAST_RUNNERS);
	}

	/**
	 * The last runner has returned, or only some of those that have no order: Spring Boot
	 * calls these in any. So they are taken to be at work still.
	 */
	void runnersEnd() {
		Ending ending = ending();
		if (ending != null) {
			stayOut(ending);
		}
	}

	/**
	 * The application is about to be called ready. Not called if its context is closed
	 * already.
	 */
	void announcing() {
		Ending ending = advance(Stage.ANNOUNCING);
		if (ending != null && !stayOut(ending)) {
			move(Stage.ANNOUNCING);
		}
	}

	/**
	 * Let the ending go first, unless it waits for the launching thread itself.
	 */
	private boolean stayOut(Ending ending) {
		if (ending.endsJvm()) {
			hold(ending);
			return true;
		}
		if (isTakenOver()) {
			// Spring Boot does not call a closed application ready
			joinUninterruptibly(ending.thread());
			return true;
		}
		return false;
	}

	/**
	 * The application is ready.
	 */
	void ready() {
		move(Stage.READY);
	}

	/**
	 * {@code SpringApplication.run} fails. If that is because the context was closed
	 * under it, its report would bury the real reason.
	 */
	void failed() {
		Ending ending;
		synchronized (this) {
			this.stage = Stage.FAILED;
			notifyAll();
			ending = this.takenOver ? this.ending : null;
		}
		if (ending != null && ending.endsJvm()) {
			joinUninterruptibly(ending.thread());
		}
	}

	/**
	 * The context is closed, or its refresh was cancelled.
	 */
	void closed() {
		move(Stage.CLOSED);
	}

	/**
	 * Announce the ending and wait until the context may be closed: not while it is being
	 * started, but also not longer than the grace period. A start that is failing already
	 * closes the context itself, and takes the time that this takes.
	 * @return whether there is something to close; {@code false} if the start has failed
	 * or the context is closed already
	 */
	synchronized boolean takeOver(Ending ending, Duration grace) {
		this.ending = ending;
		// Neither the conversion nor the sum may overflow
		long deadline = System.nanoTime() + Math.min(TimeUnit.NANOSECONDS.convert(grace), Long.MAX_VALUE / 2);
		while (!this.stage.settled) {
			long millis = (deadline - System.nanoTime()) / 1_000_000;
			if (millis <= 0 && this.stage != Stage.FAILING) {
				break;
			}
			try {
				wait(Math.max(millis, 0));
			}
			catch (InterruptedException ex) {
				// nobody has a reason to; an ending is not given up half-way
			}
		}
		this.takenOver = this.stage != Stage.FAILED && this.stage != Stage.CLOSED;
		return this.takenOver;
	}

	/**
	 * If the start has failed by itself or because of us, give Spring Boot the time to
	 * report that and to end its thread.
	 */
	void awaitFailedStart(Duration limit) {
		Thread thread;
		synchronized (this) {
			boolean failed = this.stage == Stage.FAILED || (this.stage == Stage.CLOSED && !this.runnersReached);
			thread = (failed && !this.takenOver) ? this.thread : null;
		}
		if (thread != null) {
			try {
				thread.join(limit.toMillis());
			}
			catch (InterruptedException ex) {
				// as above
			}
		}
	}

	/**
	 * Whether the start has failed, and not because we have closed its context.
	 */
	synchronized boolean hasFailedByItself() {
		return this.stage == Stage.FAILED && !this.takenOver;
	}

	private synchronized @Nullable Ending ending() {
		return this.ending;
	}

	/**
	 * Go on to a stage unless there is an ending, in one step: either the ending thread
	 * sees the stage, or the launching thread sees the ending.
	 */
	private synchronized @Nullable Ending advance(Stage stage) {
		if (this.ending == null) {
			move(stage);
		}
		return this.ending;
	}

	private synchronized void move(Stage stage) {
		if (this.stage != Stage.FAILED && this.stage != Stage.CLOSED) {
			this.stage = stage;
			this.runnersReached |= stage == Stage.RUNNERS || stage == Stage.LAST_RUNNERS || stage == Stage.READY;
			notifyAll();
		}
	}

	private synchronized boolean isTakenOver() {
		return this.takenOver;
	}

	private static ActorFailedException failure(Ending ending) {
		return new ActorFailedException(ending.reason().member(), ending.code(), ending.remedy(),
				ending.reason().cause());
	}

	/**
	 * Keep the launching thread out of the way while the JVM is ended.
	 */
	private void hold(Ending ending) {
		move(Stage.HELD);
		joinUninterruptibly(ending.thread());
	}

	private static void joinUninterruptibly(Thread thread) {
		boolean interrupted = false;
		while (thread.isAlive()) {
			try {
				thread.join();
			}
			catch (InterruptedException ex) {
				interrupted = true;
			}
		}
		if (interrupted) {
			Thread.currentThread().interrupt();
		}
	}

	/**
	 * What the launching thread is doing. In a settled stage it does nothing that the
	 * closing of the context could get mixed up with.
	 */
	private enum Stage {

		REFRESHING(false), FAILING(false), STARTED(false), RUNNERS(true), LAST_RUNNERS(false), ANNOUNCING(false),
		READY(true), HELD(true), FAILED(true), CLOSED(true);

		private final boolean settled;

		Stage(boolean settled) {
			this.settled = settled;
		}

	}

}
