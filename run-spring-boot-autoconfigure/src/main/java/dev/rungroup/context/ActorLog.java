package dev.rungroup.context;

import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import dev.rungroup.core.GroupListener;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.Outcome;
import dev.rungroup.core.StopReason;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.format.annotation.DurationFormat;
import org.springframework.format.datetime.standard.DurationFormatterUtils;

/**
 * Writes what happens in the group: one line per restart and per end, and a failure's
 * stack trace once for as long as the same failure comes again.
 */
final class ActorLog implements GroupListener {

	private static final Log logger = LogFactory.getLog(GroupLifecycle.class);

	/**
	 * The last failure of each actor that has failed: as many as there are actors. Kept
	 * after the actor's end, since the end of the group may be told after it.
	 */
	private final Map<String, Failure> failures = new ConcurrentHashMap<>();

	/** Actors that were asked to end by hand. */
	private final Set<String> asked = ConcurrentHashMap.newKeySet();

	/** What actors threw that were asked to end. */
	private final Map<String, Throwable> farewells = new ConcurrentHashMap<>();

	/** Whether all are asked to end. */
	private volatile boolean stopping;

	/**
	 * From now on an actor that throws most likely does so because it is to end: its
	 * socket was closed.
	 */
	void stopping() {
		this.stopping = true;
	}

	/**
	 * The same for one actor.
	 */
	void stopping(String member) {
		this.asked.add(member);
	}

	/**
	 * There is no such actor.
	 */
	void forget(String member) {
		this.asked.remove(member);
	}

	@Override
	public void memberStarted(String member) {
		this.asked.remove(member);
	}

	@Override
	public void executionEnded(String member, Outcome outcome, long nanos) {
		if (outcome instanceof Outcome.Failed failed) {
			if (this.stopping || this.asked.contains(member)) {
				this.farewells.put(member, failed.failure());
				return;
			}
			this.failures.compute(member, (name, last) -> (last != null && last.isSame(failed.failure())) ? last.again()
					: new Failure(failed.failure()));
		}
	}

	@Override
	public void restartScheduled(String member, Duration pause) {
		Failure failure = this.failures.get(member);
		warn("Actor '" + member + "' failed" + describe(failure) + "; next execution in " + print(pause), failure);
	}

	@Override
	public void memberEnded(String member, MemberState state) {
		Failure failure = this.failures.get(member);
		Throwable farewell = this.farewells.remove(member);
		if (farewell != null) {
			logger.info("Actor '" + member + "' ended: stopped, with " + farewell);
			logger.debug("Where actor '" + member + "' was stopped", farewell);
		}
		else if (state == MemberState.FAILED) {
			warn("Actor '" + member + "' ended: failed" + describe(failure), failure);
		}
		else {
			logger
				.info("Actor '" + member + "' ended: " + ((state == MemberState.COMPLETED) ? "completed" : "stopped"));
		}
	}

	@Override
	public void groupStopping(StopReason reason) {
		stopping();
		Throwable cause = reason.cause();
		String who = (reason.member() != null) ? "Actor '" + reason.member() + "'" : null;
		if (cause != null) {
			Failure failure = (reason.member() != null) ? this.failures.get(reason.member()) : null;
			String message = ((who != null) ? who : "A failure") + " ends the group of actors"
					+ ((reason.kind() == StopReason.Kind.RESTARTS_EXHAUSTED) ? ", its restarts are used up" : "") + ": "
					+ cause;
			logger.error(message, (failure == null || failure.print()) ? cause : null);
		}
		else if (who != null) {
			logger.info(who + " is done and ends the group of actors");
		}
		else {
			logger.info("Stopping the actors" + switch (reason.kind()) {
				case CONTEXT_CLOSED -> " with the application context";
				case LEADERSHIP_LOST -> ": leadership was lost";
				default -> "";
			});
		}
	}

	@Override
	public void groupStopped(@Nullable StopReason reason) {
		logger.debug("All actors have ended");
		this.failures.clear();
	}

	private static void warn(String message, @Nullable Failure failure) {
		logger.warn(message, (failure != null && failure.print()) ? failure.throwable : null);
	}

	private static String describe(@Nullable Failure failure) {
		if (failure == null) {
			return "";
		}
		return ((failure.count > 1) ? " again, " + failure.count + " times the same" : "") + ": " + failure.throwable;
	}

	private static String print(Duration pause) {
		return DurationFormatterUtils.print(Duration.ofMillis(pause.toMillis()), DurationFormat.Style.COMPOSITE);
	}

	/**
	 * A failure of an actor and how often it has come in a row. Used by the actor's
	 * thread, and by whoever announces the end of the group.
	 */
	private static final class Failure {

		private final Throwable throwable;

		private volatile long count = 1;

		private boolean printed;

		private Failure(Throwable throwable) {
			this.throwable = throwable;
		}

		private boolean isSame(Throwable other) {
			return this.throwable.getClass() == other.getClass()
					&& Objects.equals(this.throwable.getMessage(), other.getMessage());
		}

		private synchronized Failure again() {
			this.count++;
			return this;
		}

		/**
		 * Whether the stack trace is still to be printed; the first who asks prints it.
		 */
		private synchronized boolean print() {
			boolean print = !this.printed;
			this.printed = true;
			return print;
		}

	}

}
