package dev.rungroup.core;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/**
 * Calls user code that must not change anything else by throwing: listeners, failure
 * handlers, interrupters. Each call stands alone; what it throws is logged by name.
 */
final class Listeners {

	private final String group;

	private final GroupListener[] listeners;

	/**
	 * Set once the group is over: an abandoned member has nobody to tell. Only one that
	 * ends at this very moment may still be heard.
	 */
	private volatile boolean closed;

	Listeners(String group, List<GroupListener> listeners) {
		this.group = group;
		this.listeners = listeners.toArray(GroupListener[]::new);
	}

	boolean isEmpty() {
		return this.listeners.length == 0;
	}

	void memberStarted(String member) {
		each(member, (listener) -> listener.memberStarted(member));
	}

	void memberReady(String member) {
		each(member, (listener) -> listener.memberReady(member));
	}

	/**
	 * The one event that may come millions of times a second: nothing is made for it.
	 */
	void executionEnded(String member, Outcome outcome, long nanos) {
		if (this.closed) {
			return;
		}
		for (GroupListener listener : this.listeners) {
			try {
				listener.executionEnded(member, outcome, nanos);
			}
			catch (Throwable ex) {
				threw(null, listener, member, ex);
			}
		}
	}

	void restartScheduled(String member, Duration pause) {
		each(member, (listener) -> listener.restartScheduled(member, pause));
	}

	void memberStalled(String member, Duration silence) {
		each(member, (listener) -> listener.memberStalled(member, silence));
	}

	void graceExpired(String member) {
		each(member, (listener) -> listener.graceExpired(member));
	}

	void memberRestarted(String member) {
		each(member, (listener) -> listener.memberRestarted(member));
	}

	void memberStopped(String member, long nanos) {
		each(member, (listener) -> listener.memberStopped(member, nanos));
	}

	void memberEnded(String member, MemberState state) {
		each(member, (listener) -> listener.memberEnded(member, state));
	}

	void groupStopping(StopReason reason) {
		each(null, (listener) -> listener.groupStopping(reason));
	}

	void groupStopped(@Nullable StopReason reason) {
		Consumer<GroupListener> call = (listener) -> listener.groupStopped(reason);
		this.closed = true;
		all(null, call);
	}

	private void each(@Nullable String member, Consumer<GroupListener> call) {
		if (!this.closed) {
			all(member, call);
		}
	}

	private void all(@Nullable String member, Consumer<GroupListener> call) {
		for (GroupListener listener : this.listeners) {
			try {
				call.accept(listener);
			}
			catch (Throwable ex) {
				threw(null, listener, member, ex);
			}
		}
	}

	void failed(Member member, Throwable failure) {
		for (Consumer<? super Throwable> handler : member.failureHandlers) {
			guarded(() -> handler.accept(failure), "Failure handler", member.name());
		}
	}

	/**
	 * A class of the user's thread factory may do there what it likes, such as to close a
	 * socket.
	 */
	void interrupt(Thread thread, String member) {
		try {
			thread.interrupt();
		}
		catch (Throwable ex) {
			threw(null, null, member, ex);
		}
	}

	void guarded(Task call, String what, @Nullable String member) {
		try {
			call.run();
		}
		catch (Throwable ex) {
			threw(what, null, member, ex);
		}
	}

	private void threw(@Nullable String what, @Nullable GroupListener listener, @Nullable String member, Throwable ex) {
		String who = (listener != null) ? "Listener " + listener.getClass().getName()
				: (what != null) ? what : "The thread's interrupt()";
		report(who + ((member != null) ? " of member '" + member + "'" : "") + " of group '" + this.group
				+ "' threw; everything else goes on", ex);
	}

	void report(String message, @Nullable Throwable ex) {
		try {
			Log.LOGGER.log(Level.WARNING, message, ex);
		}
		catch (Throwable ignored) {
			// A broken log handler must not keep the others from their interrupts
		}
	}

	/** Loaded with the first message only: a quiet group needs no logging. */
	private static final class Log {

		private static final System.Logger LOGGER = System.getLogger("dev.rungroup.core");

	}

}
