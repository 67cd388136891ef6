package dev.rungroup.context;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

import dev.rungroup.context.ActorTrouble.Failure;
import dev.rungroup.core.GroupListener;
import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.Outcome;
import dev.rungroup.core.StopReason;
import dev.rungroup.core.Time;
import dev.rungroup.core.UnstoppedMembersException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.format.annotation.DurationFormat;
import org.springframework.format.datetime.standard.DurationFormatterUtils;
import org.springframework.util.StringUtils;

/**
 * Writes what happens in the group: one line per restart, per recovery and per end, and a
 * failure's stack trace once for as long as the same failure comes again. When the whole
 * group stops, one line for all who end as they were asked to.
 */
final class ActorLog implements GroupListener {

	private static final Log logger = LogFactory.getLog(GroupLifecycle.class);

	private final Time time;

	private final Supplier<@Nullable StopReason> stopReason;

	private final Consumer<Object> events;

	private final ActorRegistry actors;

	private final Function<String, MemberSnapshot> snapshots;

	/** Actors that were started: the first start is in the line about the group's. */
	private final Set<String> started = ConcurrentHashMap.newKeySet();

	/**
	 * Actors that have failed or were interrupted. Kept after the actor's end, since the
	 * end of the group may be told after it.
	 */
	private final Map<String, ActorTrouble> troubles = new ConcurrentHashMap<>();

	/** Actors that have started and not ended. */
	private final AtomicInteger running = new AtomicInteger();

	/** Actors that have ended as asked since the group's end began. */
	private final AtomicInteger stopped = new AtomicInteger();

	/** Those of them whose execution was cut short. */
	private final AtomicInteger cutShort = new AtomicInteger();

	/** When the group's end began; written before {@link #stopping}. */
	private long stoppingSince;

	/** Whether the group's end has begun; written by the group's thread. */
	private volatile boolean stopping;

	/** Groups inside, by their names, each the latest. Written by who makes them. */
	private final Map<String, Inside> inside = new ConcurrentHashMap<>();

	/** When they were restarted, as far as it counts; written by the groups' threads. */
	private final Map<String, Deque<Instant>> restarts = new ConcurrentHashMap<>();

	/**
	 * @param time how long a recovery took
	 * @param stopReason why the group ends, known before an actor that ends it has ended
	 * @param events where to publish that an actor has recovered
	 * @param actors knows what is a group, and who is in it
	 * @param snapshots shows a group as a member
	 */
	ActorLog(Time time, Supplier<@Nullable StopReason> stopReason, Consumer<Object> events, ActorRegistry actors,
			Function<String, MemberSnapshot> snapshots) {
		this.time = time;
		this.stopReason = stopReason;
		this.events = events;
		this.actors = actors;
		this.snapshots = snapshots;
	}

	/**
	 * Begin to hear a group inside, which is one of the members.
	 * @param stopReason why that group ends
	 */
	GroupListener inside(String group, Supplier<@Nullable StopReason> stopReason) {
		Inside inside = new Inside(stopReason);
		this.inside.put(group, inside);
		return inside;
	}

	@Override
	public void memberStarted(String member) {
		started(member, this.started);
	}

	private void started(String member, Set<String> started) {
		if (!isGroup(member)) {
			this.running.incrementAndGet();
		}
		this.inside.remove(member);
		this.restarts.remove(member);
		if (!started.add(member)) {
			logger.info(who(member) + " was started again");
		}
	}

	private boolean isGroup(String member) {
		return this.actors.groupNamed(member) != null;
	}

	private String who(String member) {
		return StringUtils.capitalize(this.actors.describe(member));
	}

	@Override
	public void memberReady(String member) {
		recovered(member);
	}

	@Override
	public void executionEnded(String member, Outcome outcome, long nanos) {
		if (outcome instanceof Outcome.Completed) {
			recovered(member);
			return;
		}
		this.troubles.computeIfAbsent(member, (name) -> new ActorTrouble(this.time)).ended(outcome);
	}

	private void recovered(String member) {
		// Brief executions come here millions of times
		ActorTrouble trouble = (this.troubles.isEmpty()) ? null : this.troubles.get(member);
		ActorRecoveredEvent event = (trouble != null) ? trouble.recovered(member) : null;
		if (event != null) {
			logger.info(who(member) + " works again after " + event.failures()
					+ ((event.failures() == 1) ? " failure in " : " failures in ") + print(event.since()));
			this.events.accept(event);
		}
	}

	@Override
	public void restartScheduled(String member, Duration pause) {
		Failure failure = failureOf(member);
		GroupDefinition group = this.actors.groupNamed(member);
		warn((group != null)
				? who(member) + " restarts in " + print(pause) + restartOf(group) + because(member, failure)
				: who(member) + " failed" + describe(failure) + "; next execution in " + print(pause), failure);
	}

	/** What part of its restart limit a group has used. */
	private String restartOf(GroupDefinition group) {
		int max = group.settings().maxRestarts();
		Duration within = group.settings().within();
		if (max < 0) {
			return "";
		}
		MemberSnapshot member = this.snapshots.apply(group.name());
		Instant now = member.lastFailureAt();
		if (within == null || now == null) {
			return " (" + member.failuresInARow() + " of " + max + " in a row)";
		}
		Deque<Instant> restarts = this.restarts.computeIfAbsent(group.name(), (name) -> new ArrayDeque<>());
		restarts.addLast(now);
		restarts.removeIf((at) -> at.plus(within).isBefore(now));
		return " (" + restarts.size() + " of " + max + " within " + print(within) + ")";
	}

	@Override
	public void memberRestarted(String member) {
		// What it says next is not about the group that has failed
		this.inside.remove(member);
	}

	/** Which actor it was that made its group fail. */
	private String because(String group, @Nullable Failure failure) {
		String actor = culprit(group, (failure != null) ? failure.throwable() : null);
		return ((actor != null) ? ": actor '" + actor + "' failed" : "") + describe(failure);
	}

	private @Nullable String culprit(@Nullable String group, @Nullable Throwable cause) {
		Inside inside = (group != null) ? this.inside.get(group) : null;
		StopReason reason = (inside != null) ? inside.stopReason.get() : null;
		// The group may have failed by itself, by its own timeout, say
		return (reason != null && (reason.cause() == null) == (cause == null)
				&& !Objects.equals(group, reason.member())) ? reason.member() : null;
	}

	@Override
	public void graceExpired(String member) {
		logger.warn(who(member) + " has not ended within the grace period after it was asked to: its thread was"
				+ " interrupted");
	}

	@Override
	public void memberEnded(String member, MemberState state) {
		ended(member, state, this.stopReason.get(), this.stopping);
	}

	private void ended(String member, MemberState state, @Nullable StopReason reason, boolean stopping) {
		if (!isGroup(member)) {
			this.running.decrementAndGet();
		}
		switch (state) {
			case FAILED -> {
				if (reason != null && member.equals(reason.member())) {
					// The line about the group's end says why
					if (this.actors.groupOf(member) == null) {
						logger.info(who(member) + " ended: failed");
					}
					return;
				}
				Failure failure = failureOf(member);
				warn(who(member) + " ended: failed"
						+ ((isGroup(member)) ? because(member, failure) : describe(failure)), failure);
			}
			case STOPPED -> stopped(member, stopping);
			default -> logger.info(who(member) + " ended: completed");
		}
	}

	/** Code whose socket is closed to make it end throws; that is no news. */
	private void stopped(String member, boolean stopping) {
		ActorTrouble trouble = this.troubles.get(member);
		if (trouble != null && trouble.isUntold()) {
			// It had failed before it was stopped, and would have gone on after that
			Failure failure = trouble.failure();
			warn(who(member) + " failed" + describe(failure), failure);
		}
		Outcome outcome = (trouble != null) ? trouble.take() : null;
		Throwable thrown = thrown(outcome);
		if (thrown instanceof UnstoppedMembersException) {
			// Says who hangs inside the group, and where
			logger.warn(thrown.getMessage());
		}
		String line = who(member) + " ended: stopped" + ((isGroup(member)) ? "" : farewell(outcome));
		if (!stopping) {
			logger.info(line);
		}
		else {
			logger.debug(line);
		}
		if (this.stopping && !isGroup(member)) {
			this.stopped.incrementAndGet();
			if (outcome instanceof Outcome.Interrupted interrupted && interrupted.isCutShort()) {
				this.cutShort.incrementAndGet();
			}
		}
		if (thrown != null) {
			logger.debug("Where " + this.actors.describe(member) + " was stopped", thrown);
		}
	}

	private static String farewell(@Nullable Outcome outcome) {
		if (outcome == null) {
			return " between two executions";
		}
		if (outcome instanceof Outcome.Interrupted interrupted && interrupted.isCutShort()) {
			return ", its execution was cut short by an interrupt";
		}
		Throwable thrown = thrown(outcome);
		return (thrown != null) ? ", its execution ended with " + thrown : ", its execution ended in its own way";
	}

	private static @Nullable Throwable thrown(@Nullable Outcome outcome) {
		if (outcome instanceof Outcome.Interrupted interrupted) {
			return interrupted.thrown();
		}
		return (outcome instanceof Outcome.Failed failed) ? failed.failure() : null;
	}

	private @Nullable Failure failureOf(String member) {
		ActorTrouble trouble = this.troubles.get(member);
		return (trouble != null) ? trouble.failure() : null;
	}

	@Override
	public void groupStopping(StopReason reason) {
		this.stoppingSince = System.nanoTime();
		this.stopping = true;
		// What members throw because of this is heard after it: these failed before, and
		// their handlers may have ended the application and never return to say more
		for (Map.Entry<String, ActorTrouble> entry : this.troubles.entrySet()) {
			if (!entry.getKey().equals(reason.member()) && entry.getValue().isUntold()) {
				Failure earlier = entry.getValue().failure();
				warn(who(entry.getKey()) + " failed" + describe(earlier), earlier);
			}
		}
		Throwable cause = reason.cause();
		String culprit = culprit(reason.member(), cause);
		String who = (culprit != null) ? who(culprit) : (reason.member() != null) ? who(reason.member()) : null;
		if (cause != null) {
			Failure failure = (reason.member() != null) ? failureOf(reason.member()) : null;
			String message = ((who != null) ? who : "A failure") + " ends the group of actors"
					+ ((reason.kind() == StopReason.Kind.RESTARTS_EXHAUSTED) ? ((culprit != null)
							? ", the restarts of its group are used up" : ", its restarts are used up") : "")
					+ ": " + cause;
			logger.error(message, (failure == null || failure.isNew()) ? cause : null);
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
		int stopped = this.stopped.get();
		int left = this.running.get();
		if (stopped > 0) {
			logger.info(stopped + ((stopped == 1) ? " actor" : " actors") + " ended as asked in "
					+ print(Duration.ofNanos(System.nanoTime() - this.stoppingSince))
					+ ((this.cutShort.get() > 0) ? " (" + this.cutShort + " cut short by an interrupt)" : "")
					+ ((left > 0) ? ", " + left + " did not end" : ""));
		}
		this.troubles.clear();
	}

	private static void warn(String message, @Nullable Failure failure) {
		logger.warn(message, (failure != null && failure.isNew()) ? failure.throwable() : null);
	}

	private static String describe(@Nullable Failure failure) {
		if (failure == null) {
			return "";
		}
		return ((failure.count() > 1) ? " again, " + failure.count() + " times the same" : "") + ": "
				+ failure.throwable();
	}

	private static String print(Duration duration) {
		return DurationFormatterUtils.print(Duration.ofMillis(duration.toMillis()), DurationFormat.Style.COMPOSITE);
	}

	/**
	 * Hears one group inside, from its start to its end. Its failure is told when it is
	 * clear what follows for the group.
	 */
	private final class Inside extends MembersOnly {

		private final Supplier<@Nullable StopReason> stopReason;

		private final Set<String> started = ConcurrentHashMap.newKeySet();

		/** Written by the group's thread. */
		private volatile boolean stopping;

		private Inside(Supplier<@Nullable StopReason> stopReason) {
			super(ActorLog.this);
			this.stopReason = stopReason;
		}

		@Override
		public void memberStarted(String member) {
			started(member, this.started);
		}

		@Override
		public void memberEnded(String member, MemberState state) {
			ended(member, state, this.stopReason.get(), this.stopping);
		}

		@Override
		public void groupStopping(StopReason reason) {
			this.stopping = true;
			String member = reason.member();
			if (ActorLog.this.stopping || member == null || !this.started.contains(member)) {
				// The group around it, or a call from outside, ends it
				return;
			}
			Throwable cause = reason.cause();
			if (cause != null) {
				ActorTrouble trouble = ActorLog.this.troubles.get(member);
				if (trouble != null) {
					trouble.take();
				}
				logger.info(who(member) + " failed and ends its group: " + cause);
			}
			else {
				logger.info(who(member) + " is done and ends its group");
			}
		}

	}

}
