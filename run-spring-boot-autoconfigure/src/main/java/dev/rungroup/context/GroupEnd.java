package dev.rungroup.context;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;

import dev.rungroup.core.MemberContext;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * The end of a {@link GroupRun}, for those who wait for it: from outside, from inside one
 * of its members, and from a listener that its own thread calls.
 */
final class GroupEnd {

	private static final Log logger = LogFactory.getLog(GroupLifecycle.class);

	/** How much longer than the group itself we wait for the group. */
	private static final Duration MARGIN = Duration.ofSeconds(1);

	/** How often a wait looks whether all that is left waits for it, in nanoseconds. */
	private static final long LOOK = TimeUnit.MILLISECONDS.toNanos(100);

	/** The same for a member's wait, where this is sure to come. */
	private static final long LOOK_INSIDE = TimeUnit.MILLISECONDS.toNanos(10);

	private final Duration limit;

	private final Supplier<@Nullable GroupTree> groups;

	/** Listeners of the group's end are called on it, too. Written before it starts. */
	private volatile @Nullable Thread runner;

	/** Written under the monitor of this, where its change is waited for. */
	private volatile boolean over;

	/**
	 * @param shutdownTimeout how long members have to end, which the group sees to itself
	 * @param groups the groups, {@code null} while they have no members yet
	 */
	GroupEnd(Duration shutdownTimeout, Supplier<@Nullable GroupTree> groups) {
		this.limit = (shutdownTimeout.compareTo(Duration.ofDays(1)) < 0) ? shutdownTimeout.plus(MARGIN)
				: shutdownTimeout;
		this.groups = groups;
	}

	void comesOn(Thread runner) {
		this.runner = runner;
	}

	boolean isOver() {
		return this.over;
	}

	synchronized void over() {
		this.over = true;
		notifyAll();
	}

	/**
	 * Wait for the end. Bounded by the group itself; if even that does not hold, by us.
	 * The member that calls this is not waited for, and neither is one that exits the
	 * JVM: they go on only after us. Every interrupter is, as the JVM may end next, and
	 * one that is late would not be called.
	 */
	void await() {
		if (Thread.currentThread() == this.runner) {
			// A listener of the group's end closes the context: the group goes on when
			// that listener returns
			return;
		}
		long deadline = System.nanoTime() + Math.min(TimeUnit.NANOSECONDS.convert(this.limit), Long.MAX_VALUE / 2);
		MemberContext caller = MemberContext.current();
		// It does not hurry because of an interrupt: that is the one this very stop has
		// sent. Kept, it would cut the rest of the shutdown short; isStopping() still
		// tells it. A member of another group needs its interrupt
		boolean ours = caller != null && unended().contains(caller.name());
		boolean interrupted = false;
		while (true) {
			try {
				await(deadline, (caller != null) ? LOOK_INSIDE : LOOK);
				interrupted |= Thread.interrupted();
				break;
			}
			catch (InterruptedException ex) {
				interrupted = true;
				if (caller == null) {
					break;
				}
			}
		}
		if (interrupted && !ours) {
			Thread.currentThread().interrupt();
		}
		if (!this.over && deadline - System.nanoTime() <= 0) {
			logger.warn("The actors have not ended within " + this.limit + " and are abandoned: "
					+ String.join(", ", unended()));
			over();
		}
	}

	private synchronized void await(long deadline, long look) throws InterruptedException {
		GroupTree groups = this.groups.get();
		for (long left = deadline - System.nanoTime(); left > 0; left = deadline - System.nanoTime()) {
			if (this.over || (groups != null && groups.root().isLeftTo(GroupEnd::isInExit))) {
				return;
			}
			// With a limit: Spring interrupts a closing thread that waits without one
			TimeUnit.NANOSECONDS.timedWait(this, Math.min(left, look));
		}
	}

	/**
	 * Whether a thread is inside {@code System.exit}, which waits for the context to be
	 * closed.
	 */
	private static boolean isInExit(Thread thread) {
		return Stream.of(thread.getStackTrace()).anyMatch((frame) -> frame.getClassName().equals("java.lang.Shutdown"));
	}

	/** The members that have begun and not ended. */
	private Set<String> unended() {
		GroupTree groups = this.groups.get();
		return (groups != null) ? groups.unended() : Set.of();
	}

	/** Call back exactly once, at the end. */
	void whenOver(Runnable callback) {
		if (this.over) {
			callback.run();
			return;
		}
		if (MemberContext.current() != null || Thread.currentThread() == this.runner) {
			// An actor closes the context: its interrupt would wake it from every wait of
			// the context's, so it waits here, until all others have ended
			await();
			callback.run();
			return;
		}
		Thread waiter = new Thread(null, () -> {
			try {
				await();
			}
			finally {
				callback.run();
			}
		}, "run-stop", 0, false);
		waiter.setDaemon(true);
		try {
			waiter.start();
		}
		catch (Throwable ex) {
			// Out of threads: waiting here is worse than there, and better than nothing
			waiter.run();
		}
	}

}
