package dev.rungroup.context;

import java.util.concurrent.atomic.AtomicReference;

import dev.rungroup.core.Group;
import dev.rungroup.core.GroupListener;
import dev.rungroup.core.StopReason;
import dev.rungroup.core.Time;
import dev.rungroup.core.UnstoppedMembersException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.context.ConfigurableApplicationContext;

/**
 * The thread that runs the group of one start, and whose doing its end is: of an end that
 * nobody asked for it tells the {@link GroupEndHandler}, which decides about the
 * application.
 */
final class GroupThread implements GroupListener {

	private static final Log logger = LogFactory.getLog(GroupLifecycle.class);

	private final ConfigurableApplicationContext context;

	private final GroupEnd end;

	/** Written once, by the first thread that asks for the end, or by the group's. */
	private final AtomicReference<Ending> ending = new AtomicReference<>(Ending.NONE);

	/** Written by the thread that starts the lifecycle, before the group is started. */
	private volatile @Nullable GroupEndHandler handler;

	GroupThread(ConfigurableApplicationContext context, GroupEnd end) {
		this.context = context;
		this.end = end;
	}

	void tell(@Nullable GroupEndHandler handler) {
		this.handler = handler;
	}

	/** From now on the end of the group is what we wanted. */
	void askForEnd() {
		this.ending.compareAndSet(Ending.NONE, Ending.ASKED_FOR);
	}

	boolean isEndAskedFor() {
		return this.ending.get() == Ending.ASKED_FOR;
	}

	/** Let the group run, on a thread that keeps the JVM up until the group is over. */
	void start(GroupTree groups, Time time) {
		Thread thread = new Thread(null, () -> run(groups), "run-group", 0, false);
		thread.setDaemon(false);
		thread.setContextClassLoader(this.context.getClassLoader());
		this.end.comesOn(thread);
		try {
			time.start(thread, Integer.MAX_VALUE);
		}
		catch (Throwable ex) {
			this.end.over();
			throw ex;
		}
	}

	private void run(GroupTree groups) {
		Group group = groups.root();
		try {
			group.run();
		}
		catch (Throwable ex) {
			report(ex, groups);
		}
		finally {
			this.end.over();
		}
		GroupEndHandler handler = this.handler;
		if (handler != null && this.ending.get() == Ending.BY_ITSELF) {
			try {
				handler.groupEnded(group.stopReason());
			}
			catch (Throwable ex) {
				logger.warn(handler.getClass().getName() + " threw when it was told that the group has ended", ex);
			}
		}
	}

	/**
	 * The failure that ended the group is in the log; members that were abandoned are
	 * not.
	 */
	private static void report(Throwable failure, GroupTree groups) {
		StopReason reason = groups.root().stopReason();
		if (failure instanceof UnstoppedMembersException abandoned) {
			logger.warn(abandoned.getMessage() + groups.insideOf(abandoned));
			return;
		}
		if (reason == null || reason.cause() != failure) {
			logger.warn("The group of actors ended with a failure of its own", failure);
		}
		for (Throwable suppressed : failure.getSuppressed()) {
			if (suppressed instanceof UnstoppedMembersException abandoned) {
				logger.warn(abandoned.getMessage() + groups.insideOf(abandoned));
			}
		}
	}

	@Override
	public void groupStopping(StopReason reason) {
		groupEnding(reason);
	}

	@Override
	public void groupStopped(@Nullable StopReason reason) {
		groupEnding(reason);
	}

	private void groupEnding(@Nullable StopReason reason) {
		// What the closing of the context brings about is no doing of the group's
		Ending how = this.context.isClosed() ? Ending.ASKED_FOR : Ending.BY_ITSELF;
		GroupEndHandler handler = this.handler;
		if (this.ending.compareAndSet(Ending.NONE, how) && how == Ending.BY_ITSELF && handler != null) {
			handler.groupEnding(reason);
		}
	}

	/** How the group came to end. */
	private enum Ending {

		NONE, ASKED_FOR, BY_ITSELF

	}

}
