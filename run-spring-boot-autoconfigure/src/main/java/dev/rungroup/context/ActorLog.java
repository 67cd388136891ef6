package dev.rungroup.context;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

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

	private final Supplier<@Nullable StopReason> stopReason;

	/** Actors that were started: the first start is in the line about the group's. */
	private final Set<String> started = ConcurrentHashMap.newKeySet();

	/** What the last execution of an actor threw, until it is clear what follows. */
	private final Map<String, Throwable> latest = new ConcurrentHashMap<>();

	/**
	 * @param stopReason why the group ends, known before an actor that ends it has ended
	 */
	ActorLog(Supplier<@Nullable StopReason> stopReason) {
		this.stopReason = stopReason;
	}

	@Override
	public void memberStarted(String member) {
		if (!this.started.add(member)) {
			logger.info("Actor '" + member + "' was started again");
		}
	}

	@Override
	public void executionEnded(String member, Outcome outcome, long nanos) {
		if (outcome instanceof Outcome.Failed failed) {
			this.latest.put(member, failed.failure());
		}
	}

	@Override
	public void restartScheduled(String member, Duration pause) {
		Failure failure = failureOf(member);
		warn("Actor '" + member + "' failed" + describe(failure) + "; next execution in " + print(pause), failure);
	}

	@Override
	public void memberEnded(String member, MemberState state) {
		switch (state) {
			case FAILED -> {
				StopReason reason = this.stopReason.get();
				if (reason != null && member.equals(reason.member())) {
					// The line about the group's end says why
					logger.info("Actor '" + member + "' ended: failed");
					return;
				}
				Failure failure = failureOf(member);
				warn("Actor '" + member + "' ended: failed" + describe(failure), failure);
			}
			case STOPPED -> {
				// Code whose socket is closed to make it end throws; that is no news
				Throwable farewell = this.latest.remove(member);
				logger.info("Actor '" + member + "' ended: stopped" + ((farewell != null) ? ", with " + farewell : ""));
				if (farewell != null) {
					logger.debug("Where actor '" + member + "' was stopped", farewell);
				}
			}
			default -> logger.info("Actor '" + member + "' ended: completed");
		}
	}

	private @Nullable Failure failureOf(String member) {
		Throwable latest = this.latest.remove(member);
		if (latest == null) {
			return this.failures.get(member);
		}
		return this.failures.compute(member,
				(name, last) -> (last != null && last.isSame(latest)) ? last.again() : new Failure(latest));
	}

	@Override
	public void groupStopping(StopReason reason) {
		// What members throw because of this is heard after it: these failed before.
		// Their
		// handlers may have ended the application, and never return to say more
		for (String member : List.copyOf(this.latest.keySet())) {
			if (!member.equals(reason.member())) {
				Failure earlier = failureOf(member);
				warn("Actor '" + member + "' failed" + describe(earlier), earlier);
			}
		}
		Throwable cause = reason.cause();
		String who = (reason.member() != null) ? "Actor '" + reason.member() + "'" : null;
		if (cause != null) {
			Failure failure = (reason.member() != null) ? failureOf(reason.member()) : null;
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
