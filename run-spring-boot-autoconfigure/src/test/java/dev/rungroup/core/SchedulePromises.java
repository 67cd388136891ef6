package dev.rungroup.core;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeoutException;

import dev.rungroup.core.Schedule.Actor;
import dev.rungroup.core.Schedule.Interrupting;
import dev.rungroup.core.Schedule.Order;
import dev.rungroup.core.Schedule.Step;
import dev.rungroup.core.Schedule.Turn;
import dev.rungroup.core.SchedulePlay.Answer;
import dev.rungroup.core.SchedulePlay.End;
import dev.rungroup.core.SchedulePlay.Event;
import dev.rungroup.core.SchedulePlay.Kind;
import dev.rungroup.core.SchedulePlay.Sight;
import org.jspecify.annotations.Nullable;

/**
 * Holds what was noted of a play against what the group promises. Moments are compared
 * exactly: no virtual time passes while anybody runs.
 */
final class SchedulePromises {

	private static final long NEVER = VirtualTime.FOREVER;

	private final Schedule schedule;

	private final List<Event> events;

	private final Map<String, List<Event>> byMember = new HashMap<>();

	private final GroupSnapshot last;

	private final @Nullable StopReason reason;

	private final @Nullable Throwable thrown;

	private final Set<String> givenUp;

	/** When the group began to stop, or never. */
	private final long stoppedAt;

	private final Event returned;

	private final int callbacksAtTheEnd;

	/** Whether all members are of one stage: a stop reaches them all at once. */
	private final boolean oneStage;

	/** Whether members are restarted along with others. */
	private final boolean together;

	private final List<String> broken = new ArrayList<>();

	private SchedulePromises(SchedulePlay play, List<Event> events) {
		this.schedule = play.schedule;
		this.events = events;
		events.forEach(
				(event) -> this.byMember.computeIfAbsent(String.valueOf(event.member()), (key) -> new ArrayList<>())
					.add(event));
		this.last = play.group.snapshot();
		this.reason = play.group.stopReason();
		this.thrown = play.thrown;
		this.givenUp = givenUp(play.thrown, this.reason);
		this.together = play.schedule.strategy() != RestartStrategy.ONE;
		this.stoppedAt = all(Kind.GROUP_STOPPING).stream().mapToLong(Event::at).findFirst().orElse(NEVER);
		this.returned = all(Kind.RETURNED).get(0);
		this.callbacksAtTheEnd = play.callbacksAtTheEnd;
		this.oneStage = play.schedule.actors().stream().allMatch((actor) -> actor.stage() == 0);
	}

	/**
	 * @return what was not kept
	 */
	static List<String> broken(SchedulePlay play, List<Event> events) {
		if (play.hung() != null) {
			return List.of("it hangs: " + play.hung());
		}
		SchedulePromises promises = new SchedulePromises(play, events);
		promises.check();
		return promises.broken;
	}

	private void check() {
		checkEnd();
		checkThrown();
		checkCalls();
		checkSnapshots();
		checkStages();
		if (this.together) {
			this.broken.addAll(StrategyPromises.broken(this.schedule, this.events, this.stoppedAt));
		}
		for (Actor actor : this.schedule.actors()) {
			List<Event> own = of(actor.name());
			new Walk(actor, own).walk();
			if (actor.extras().nest() == 0) {
				checkInterrupts(actor, own);
				checkStalls(actor, own);
			}
			checkNothingAfterTheEnd(actor, own);
		}
	}

	private static Set<String> givenUp(@Nullable Throwable thrown, @Nullable StopReason reason) {
		List<Throwable> candidates = new ArrayList<>();
		if (thrown != null) {
			if (reason == null || reason.cause() != thrown) {
				candidates.add(thrown);
			}
			candidates.addAll(Arrays.asList(thrown.getSuppressed()));
		}
		for (Throwable candidate : candidates) {
			if (candidate instanceof UnstoppedMembersException unstopped) {
				return Set.copyOf(unstopped.members().stream().map((member) -> member.name()).toList());
			}
		}
		return Set.of();
	}

	// ---- The group

	private void checkEnd() {
		List<Event> stopping = all(Kind.GROUP_STOPPING);
		List<Event> stopped = all(Kind.GROUP_STOPPED);
		require(stopping.size() == ((this.reason != null) ? 1 : 0), "groupStopping once, or never without a reason");
		require(stopped.size() == 1, "groupStopped once");
		require(stopped.stream().allMatch((event) -> event.what() == this.reason), "groupStopped with the reason");
		require(stopping.stream().allMatch((event) -> event.what() == this.reason), "groupStopping with the reason");
		require(this.last.state() == GroupState.STOPPED, "the last state is STOPPED");
		require(this.last.stopReason() == this.reason, "the last snapshot has the reason");
		long end = Math.max(lastAt(Kind.ENDED), lastAt(Kind.INTERRUPTER_ENDED));
		long begin = all(Kind.RUN).get(0).at();
		if (this.reason != null) {
			end = Math.max(end, this.stoppedAt);
			if (this.schedule.shutdownTimeout() > 0) {
				require(this.returned.at() - this.stoppedAt <= this.schedule.shutdownTimeout(),
						"run() returns within the shutdown timeout");
			}
			require(this.returned.at() - this.stoppedAt <= longestStop(), "no pause outlives the stop: it took "
					+ Schedule.text(this.returned.at() - this.stoppedAt) + " of " + Schedule.text(longestStop()));
		}
		if (this.givenUp.isEmpty()) {
			require(this.callbacksAtTheEnd == 0, "no handler or listener is at work when run() returns");
			require(stopped.stream()
				.allMatch((event) -> this.events.subList(event.index() + 1, this.returned.index())
					.stream()
					.allMatch((later) -> later.kind() == Kind.CALL || later.kind() == Kind.CALLED
							|| later.kind() == Kind.SNAPSHOT)),
					"groupStopped is the last that is heard");
			require(this.returned.at() == Math.max(begin, end) || isKeptStopped(),
					"run() returns when the last member has ended, at " + Schedule.text(end));
		}
		else {
			require(this.returned.at() - this.stoppedAt == this.schedule.shutdownTimeout(),
					"members are given up at the shutdown timeout");
		}
	}

	/**
	 * A stopped member kept the group up, until it was started again or the group ended.
	 */
	private boolean isKeptStopped() {
		return this.schedule.keepStopped() && this.reason == null;
	}

	private long longestStop() {
		Map<Integer, Long> stages = new HashMap<>();
		this.schedule.actors().forEach((actor) -> stages.merge(actor.stage(), longestStop(actor), Math::max));
		return sum(stages.values());
	}

	/**
	 * How long a member may take to end.
	 */
	private long longestStop(Actor actor) {
		long longest = 0;
		for (Turn turn : actor.turns()) {
			for (Step step : turn.steps()) {
				longest = Math.max(longest, switch (step.act()) {
					case BUSY, DAWDLE -> step.nanos();
					case STUBBORN -> NEVER;
					case HANG -> (actor.extras().nest() == 0
							&& (actor.interrupting() == Interrupting.NOTHING || mayFinish(actor)))
									? this.schedule.gracePeriod() : 0;
					default -> 0;
				});
			}
		}
		// The one that a timeout called, and the one that the stop called
		long interrupter = (actor.interrupting() == Interrupting.RELEASE_LATE && actor.extras().nest() == 0)
				? 2 * Actor.LATE : 0;
		return Math.min(NEVER, longest + interrupter);
	}

	private static boolean mayFinish(Actor actor) {
		return actor.interrupting() == Interrupting.THREAD && actor.extras().onStop() == OnStop.FINISH;
	}

	private static long sum(Iterable<Long> values) {
		long sum = 0;
		for (long value : values) {
			sum = Math.min(NEVER, sum + value);
		}
		return sum;
	}

	private void checkThrown() {
		Throwable thrown = this.thrown;
		boolean failed = this.reason != null && (this.reason.kind() == StopReason.Kind.MEMBER_FAILED
				|| this.reason.kind() == StopReason.Kind.RESTARTS_EXHAUSTED
				|| this.reason.kind() == StopReason.Kind.STALLED);
		if (!failed) {
			boolean interrupted = thrown instanceof InterruptedException
					&& all(Kind.CALL).stream().anyMatch((call) -> call.what() == Order.INTERRUPT_RUN);
			require(thrown == null || interrupted || thrown instanceof UnstoppedMembersException,
					"a group that ended without a failure throws none, but " + thrown);
			return;
		}
		require(thrown != null && thrown == this.reason.cause(), "run() throws the first failure, but " + thrown);
		if (thrown == null) {
			return;
		}
		Set<Throwable> failures = Collections.newSetFromMap(new IdentityHashMap<>());
		for (Event event : this.events) {
			if (event.what() instanceof Outcome.Failed outcome) {
				failures.add(outcome.failure());
			}
			if (event.what() instanceof End end && end.thrown() != null) {
				failures.add(end.thrown());
			}
		}
		if (this.givenUp.isEmpty() && this.reason.kind() != StopReason.Kind.STALLED
				&& !(thrown instanceof UnstoppedMembersException)) {
			require(failures.contains(thrown), "what run() throws was heard by the listeners");
		}
		List<Throwable> suppressed = Arrays.asList(thrown.getSuppressed());
		for (Throwable failure : suppressed) {
			require(failures.contains(failure) || failure instanceof UnstoppedMembersException,
					failure + " is suppressed, but was a failure");
			require(suppressed.stream().filter((other) -> other == failure).count() == 1, failure + " suppressed once");
		}
		lastFailuresAfterTheStop()
			.forEach((member, failure) -> require(failure == thrown || suppressed.contains(failure),
					"the failure of " + member + " is suppressed: " + failure));
	}

	/**
	 * With one stage, all that fails after the stop fails for the last time.
	 */
	private Map<String, Throwable> lastFailuresAfterTheStop() {
		Map<String, Throwable> found = new HashMap<>();
		if (!this.oneStage) {
			return found;
		}
		boolean stopping = false;
		// One that ended at the moment of the stop may have been before it, and be told
		// later
		Set<@Nullable String> endedAfter = new HashSet<>();
		for (Event event : this.events.subList(0, this.returned.index())) {
			stopping |= event.kind() == Kind.GROUP_STOPPING;
			if (event.kind() == Kind.BODY_ENDED && stopping) {
				endedAfter.add(event.member());
			}
			if (event.kind() == Kind.EXECUTED) {
				found.remove(event.member());
				Throwable thrown = (event.what() instanceof Outcome.Failed failed) ? failed.failure()
						: incident(event.what());
				if (endedAfter.contains(event.member()) && thrown != null && !this.givenUp.contains(event.member())) {
					found.put(String.valueOf(event.member()), thrown);
				}
			}
		}
		return found;
	}

	/**
	 * What a body threw when it was asked to end, unless it is how an interrupt looks.
	 */
	private static @Nullable Throwable incident(@Nullable Object outcome) {
		return (outcome instanceof Outcome.Interrupted interrupted && interrupted.thrown() != null
				&& !Interrupters.isInterrupt(interrupted.thrown())) ? interrupted.thrown() : null;
	}

	private void checkCalls() {
		for (Event event : all(Kind.CALLED)) {
			if (event.what() instanceof Answer answer && answer.refused() != null) {
				require(answer.mayRefuse() || answer.refused() instanceof java.util.NoSuchElementException,
						"a reason to refuse " + answer);
			}
		}
		long begin = all(Kind.RUN).get(0).at();
		for (Event call : all(Kind.CALL)) {
			boolean stops = call.what() == Order.STOP || call.what() == Order.CLOSE
					|| call.what() == Order.INTERRUPT_RUN;
			if (stops) {
				long at = Math.max(begin, call.at());
				require(this.stoppedAt <= at || this.returned.at() <= at, "the group stops at once after " + call);
			}
			if (call.what() == Order.START_MEMBER) {
				checkStart(call);
			}
			if (call.what() == Order.STOP_MEMBER) {
				checkStop(call);
			}
		}
	}

	/**
	 * A start that was accepted is followed by one, whenever the member can start.
	 */
	private void checkStart(Event call) {
		boolean accepted = false;
		long sinceOpen = 0;
		boolean wasStopped = false;
		for (Event event : this.events) {
			boolean own = String.valueOf(call.member()).equals(event.member());
			if (event.index() < call.index()) {
				sinceOpen += (own && event.kind() == Kind.STARTED) ? 1 : 0;
				sinceOpen -= (own && event.kind() == Kind.ENDED) ? 1 : 0;
				if (own && event.kind() == Kind.STARTED) {
					wasStopped = false;
				}
				wasStopped |= own && event.what() instanceof Answer answer && answer.order() == Order.STOP_MEMBER;
				continue;
			}
			if (event.kind() == Kind.CALLED && event.number() == call.index()) {
				accepted = event.what() instanceof Answer answer && answer.refused() == null;
			}
			// A stop that was called before, and is answered after it, may be the later
			// one
			boolean stop = event.what() == Order.STOP_MEMBER
					|| (event.what() instanceof Answer answer && answer.order() == Order.STOP_MEMBER);
			if ((own && (event.kind() == Kind.STARTED || stop)) || event.kind() == Kind.GROUP_STOPPING) {
				return;
			}
		}
		boolean wasOver = sinceOpen == 0 && this.events.stream()
			.anyMatch((event) -> event.index() < call.index() && event.kind() == Kind.ENDED
					&& String.valueOf(call.member()).equals(event.member()));
		boolean isStopping = sinceOpen == 1 && wasStopped;
		require(!accepted || !(wasOver || isStopping), "the member starts after " + call);
	}

	/**
	 * A member that is running ends as soon as it can.
	 */
	private void checkStop(Event call) {
		Actor actor = actor(String.valueOf(call.member()));
		if (actor == null || this.givenUp.contains(actor.name())) {
			return;
		}
		boolean open = false;
		for (Event event : this.events) {
			if (!actor.name().equals(event.member())) {
				continue;
			}
			if (event.index() < call.index()) {
				open = (event.kind() == Kind.STARTED) || (open && event.kind() != Kind.ENDED);
			}
			else if (event.kind() == Kind.ENDED) {
				require(!open || event.at() - call.at() <= longestStop(actor),
						"the member ends at once after " + call + ", not at " + Schedule.text(event.at()));
				return;
			}
		}
		require(!open, "the member ends after " + call);
	}

	private void checkSnapshots() {
		Map<String, MemberSnapshot> before = new HashMap<>();
		GroupState state = GroupState.NEW;
		int known = -1;
		for (Event event : all(Kind.SNAPSHOT)) {
			if (!(event.what() instanceof GroupSnapshot snapshot)) {
				continue;
			}
			// Only those that were not made at the same time have an order
			boolean ordered = event.number() > known;
			known = event.index();
			require(!ordered || snapshot.state().compareTo(state) >= 0, "the state goes forward: " + snapshot);
			state = snapshot.state();
			for (MemberSnapshot member : snapshot.members()) {
				MemberSnapshot earlier = before.put(member.name(), member);
				require(isConsistent(member), "consistent: " + member);
				require(!ordered || earlier == null || (member.executions() >= earlier.executions()
						&& member.failures() >= earlier.failures() && member.restarts() >= earlier.restarts()),
						"counts grow: " + earlier + " " + member);
				long ended = countBefore((int) event.number(), member.name(), Kind.BODY_ENDED);
				long begun = countBefore(event.index(), member.name(), Kind.BODY);
				require(member.executions() >= ended && member.executions() <= begun + 1,
						"between " + ended + " and " + begun + " executions: " + member);
			}
		}
	}

	private static boolean isConsistent(MemberSnapshot member) {
		return member.failures() <= member.executions() && member.restarts() <= member.failures()
				&& member.failuresInARow() <= member.failures() + 1
				&& (member.lastFailure() != null) == (member.lastFailureAt() != null)
				&& (member.state() == MemberState.WAITING) == (member.nextExecution() != null)
				&& (member.state() == MemberState.NEW) == (member.stateSince() == null)
				&& (member.state() != MemberState.RUNNING || member.executions() > 0)
				&& !(member.ready() && member.state().isEnded());
	}

	private List<Event> of(String member) {
		return this.byMember.getOrDefault(member, List.of());
	}

	private long countBefore(int index, String member, Kind kind) {
		return of(member).stream().filter((event) -> event.index() < index && event.kind() == kind).count();
	}

	private void checkStages() {
		for (Event event : this.events) {
			Actor actor = actor(String.valueOf(event.member()));
			if (actor == null) {
				continue;
			}
			if (event.kind() == Kind.STARTED && !actor.late()) {
				checkStageStart(event, actor);
			}
			if (event.kind() == Kind.INTERRUPTER && event.what() == this.reason
					&& this.schedule.shutdownTimeout() == 0) {
				for (Actor higher : this.schedule.actors()) {
					require(higher.stage() <= actor.stage() || isOver(higher.name(), event.index()),
							higher.name() + " has ended before " + event);
				}
			}
		}
	}

	private void checkStageStart(Event event, Actor actor) {
		for (Actor lower : this.schedule.actors()) {
			if (lower.late() || lower.stage() >= actor.stage()
					|| countBefore(event.index(), actor.name(), Kind.STARTED) > 0
					|| wasStoppedBefore(event.index(), lower.name())) {
				continue;
			}
			boolean up = countBefore(event.index(), lower.name(), Kind.STARTED) > 0;
			if (lower.readyTimeout() > 0) {
				up &= countBefore(event.index(), lower.name(), Kind.READY) > 0
						|| countBefore(event.index(), lower.name(), Kind.ENDED) > 0;
			}
			require(up, lower.name() + " is up before " + event);
		}
	}

	private boolean wasStoppedBefore(int index, String member) {
		return of(member).stream().anyMatch((event) -> event.index() < index && event.what() == Order.STOP_MEMBER);
	}

	private boolean isOver(String member, int index) {
		return countBefore(index, member, Kind.STARTED) == countBefore(index, member, Kind.ENDED)
				&& countBefore(index, member, Kind.INTERRUPTER) == countBefore(index, member, Kind.INTERRUPTER_ENDED);
	}

	// ---- One member

	private void checkInterrupts(Actor actor, List<Event> own) {
		if (actor.interrupting() == Interrupting.THREAD) {
			return;
		}
		long starts = count(own, Kind.STARTED);
		long timeouts = 0;
		long stops = 0;
		boolean called = false;
		for (Event event : own) {
			called |= event.kind() == Kind.CALL || event.kind() == Kind.STALLED;
			if (event.kind() == Kind.INTERRUPTER && event.what() instanceof StopReason why) {
				boolean timeout = why.kind() == StopReason.Kind.EXECUTION_TIMED_OUT;
				timeouts += timeout ? 1 : 0;
				stops += timeout ? 0 : 1;
			}
		}
		require(stops <= starts, actor.name() + " is interrupted once per start, not " + stops + " times in " + starts);
		require(timeouts <= count(own, Kind.BODY), actor.name() + " is interrupted once per timeout");
		if (this.reason != null && starts > 0) {
			require(stops + timeouts > 0, actor.name() + " is interrupted");
			require(timeouts > 0 || called || stops == 1 || this.together, actor.name() + " is interrupted once");
		}
		if (this.reason == null && !called && !this.together) {
			require(stops == 0, actor.name() + " is not interrupted");
		}
		for (Event event : own) {
			if (event.kind() == Kind.INTERRUPTER && event.what() instanceof StopReason why
					&& why.kind() != StopReason.Kind.EXECUTION_TIMED_OUT && why != this.reason
					&& why.kind() != StopReason.Kind.RESTARTED_WITH) {
				require(own.stream()
					.anyMatch((call) -> (call.what() == Order.STOP_MEMBER || isRestartOfStalled(actor, call))
							&& call.at() == event.at() && call.index() < event.index()),
						"interrupted at the moment somebody asked for it: " + event);
			}
		}
	}

	private static boolean isRestartOfStalled(Actor actor, Event event) {
		return event.kind() == Kind.STALLED && actor.extras().onStall() == OnStall.RESTART;
	}

	/**
	 * A stall is told at the moment its limit is reached, once until there is progress,
	 * and none is overlooked.
	 */
	private void checkStalls(Actor actor, List<Event> own) {
		long limit = actor.extras().stallAfter();
		long progress = NEVER;
		// Told on a thread of its own: perhaps only when the execution ends at that
		// moment
		long before = NEVER;
		long ended = NEVER;
		boolean told = false;
		boolean excused = false;
		for (Event event : own) {
			if (event.kind() == Kind.CALL || event.kind() == Kind.INTERRUPTER || event.at() >= this.stoppedAt) {
				// What is asked to end is not looked at any more
				excused = true;
			}
			if (event.kind() == Kind.STALLED) {
				long silent = (event.at() == ended) ? before : progress;
				require(limit > 0 && silent != NEVER && !told, "a stall of one that executes, once: " + event);
				require(event.at() - silent == limit && event.number() == limit,
						"a stall at its limit, after " + Schedule.text(silent) + ": " + event);
				told = silent == progress;
			}
			else if (event.kind() == Kind.BODY || event.kind() == Kind.BEAT || event.kind() == Kind.BODY_ENDED) {
				boolean overlooked = !this.together && limit > 0 && progress != NEVER && !told && !excused
						&& event.at() - progress > limit && actor.timeout() == 0 && actor.readyTimeout() == 0;
				require(!overlooked, "no stall is overlooked before " + event);
				if (event.kind() == Kind.BODY_ENDED || (event.kind() == Kind.BEAT && event.at() > progress)) {
					// Several may end at one moment: told is what was before it
					before = (event.at() == ended) ? before : progress;
					ended = event.at();
				}
				progress = (event.kind() == Kind.BODY_ENDED) ? NEVER : event.at();
				told = false;
				excused &= event.kind() != Kind.BODY;
			}
		}
	}

	private void checkNothingAfterTheEnd(Actor actor, List<Event> own) {
		MemberSnapshot snapshot = this.last.members()
			.stream()
			.filter((member) -> member.name().equals(actor.name()))
			.findFirst()
			.orElse(null);
		if (snapshot == null) {
			require(own.stream()
				.noneMatch((event) -> event.kind() == Kind.STARTED || (event.what() instanceof Answer answer
						&& answer.order() == Order.ADD && answer.refused() == null)),
					actor.name() + " was not added");
			return;
		}
		for (Event event : own) {
			// One that ends at the moment in which it is given up may be heard a little
			// later
			boolean mayBe = event.kind() == Kind.CALL || event.kind() == Kind.CALLED
					|| (this.givenUp.contains(actor.name())
							&& (event.kind() == Kind.BODY_ENDED || event.kind() == Kind.INTERRUPTER_ENDED
									|| event.kind() == Kind.HANDLER || event.at() == this.returned.at()));
			require(event.index() < this.returned.index() || mayBe, "nothing after the end, but " + event);
		}
		if (this.givenUp.contains(actor.name())) {
			return;
		}
		require(count(own, Kind.STARTED) == count(own, Kind.ENDED), actor.name() + " ended as often as it started");
		require(count(own, Kind.INTERRUPTER) == count(own, Kind.INTERRUPTER_ENDED),
				"the interrupters of " + actor.name() + " have returned");
		require(snapshot.executions() == count(own, Kind.BODY), "executions are counted: " + snapshot);
		require(snapshot.restarts() == restarts(own), "restarts are counted: " + snapshot);
		require(snapshot.failures() == own.stream().filter((event) -> event.what() instanceof Outcome.Failed).count(),
				"failures are counted: " + snapshot);
		require(count(own, Kind.STARTED) == 0 || snapshot.state().isEnded(), "the last state is final: " + snapshot);
		require(isConsistent(snapshot), "consistent: " + snapshot);
	}

	/**
	 * How often a body was called after it; who hears of a restart may stop it.
	 */
	private static long restarts(List<Event> own) {
		long restarts = 0;
		boolean restarting = false;
		for (Event event : own) {
			if (event.kind() == Kind.RESTARTED || event.kind() == Kind.ENDED) {
				restarting = event.kind() == Kind.RESTARTED;
			}
			else if (event.kind() == Kind.BODY && restarting) {
				restarting = false;
				restarts++;
			}
		}
		return restarts;
	}

	private @Nullable Actor actor(String name) {
		return this.schedule.actors().stream().filter((actor) -> actor.name().equals(name)).findFirst().orElse(null);
	}

	private List<Event> all(Kind kind) {
		return this.events.stream().filter((event) -> event.kind() == kind).toList();
	}

	private long lastAt(Kind kind) {
		return all(kind).stream().mapToLong(Event::at).max().orElse(0);
	}

	private static long count(List<Event> events, Kind kind) {
		return events.stream().filter((event) -> event.kind() == kind).count();
	}

	private void require(boolean kept, String promise) {
		if (!kept) {
			this.broken.add(promise);
		}
	}

	/**
	 * Follows one member from event to event, and knows what has to come next.
	 */
	private final class Walk {

		private static final Set<Kind> FOLLOWED = Set.of(Kind.STARTED, Kind.BODY, Kind.READY, Kind.BODY_ENDED,
				Kind.EXECUTED, Kind.HANDLER, Kind.SCHEDULED, Kind.RESTARTED, Kind.STOPPED, Kind.ENDED);

		private final Actor actor;

		private final List<Event> own;

		private final List<Event> followed;

		private int next;

		private long executions;

		private @Nullable Throwable lastFailure;

		// Since the member was last started

		/** When the body is called next. */
		private long due;

		private int row;

		private final List<Long> failedAt = new ArrayList<>();

		private boolean announced;

		/** When the first execution began, or the first after a failure. */
		private long unreadySince = NEVER;

		private boolean restarts;

		/** Whether it is known when the body is called next. */
		private boolean exact = true;

		/** Whether a start may have been one along with others or not. */
		private boolean unsure;

		private int starts;

		private int afterStop;

		Walk(Actor actor, List<Event> own) {
			this.actor = actor;
			this.own = own;
			this.followed = own.stream()
				.filter((event) -> FOLLOWED.contains(event.kind())
						&& event.index() < SchedulePromises.this.returned.index() && isHeard(event))
				.toList();
		}

		/**
		 * Whether it is certain that the listeners hear of it: one that ends at the
		 * moment in which it is given up may be too late.
		 */
		private boolean isHeard(Event event) {
			return event.at() < SchedulePromises.this.returned.at()
					|| !SchedulePromises.this.givenUp.contains(this.actor.name());
		}

		void walk() {
			try {
				while (this.next < this.followed.size()) {
					Event started = take(Kind.STARTED);
					boolean along = SchedulePromises.this.together && this.starts++ > 0;
					this.unsure |= along && mayBeStartedAlone(started);
					this.due = started.at() + ((along) ? 0 : this.actor.initialDelay());
					this.exact = !along || !this.unsure;
					this.announced = false;
					this.unreadySince = NEVER;
					if (!along) {
						this.row = 0;
						this.failedAt.clear();
						this.restarts = false;
					}
					boolean goesOn = true;
					while (goesOn) {
						goesOn = turn();
					}
				}
			}
			catch (IndexOutOfBoundsException ex) {
				expect(SchedulePromises.this.givenUp.contains(this.actor.name()), "the end");
			}
			catch (IllegalStateException ex) {
				// noted already
			}
		}

		private boolean turn() {
			if (peek().kind() == Kind.STOPPED || peek().kind() == Kind.ENDED) {
				expect(peek().at() <= this.due || !this.exact, "the end no later than the next execution");
				endStopped(peek().at());
				return false;
			}
			if (this.unsure ? peek().kind() == Kind.RESTARTED : this.restarts) {
				take(Kind.RESTARTED);
				if (peek().kind() == Kind.STOPPED || peek().kind() == Kind.ENDED) {
					// Who hears of a restart may stop it
					endStopped(peek().at());
					return false;
				}
			}
			Event body = take(Kind.BODY);
			Sight sight = (Sight) body.what();
			this.unreadySince = Math.min(this.unreadySince, body.at());
			this.restarts = false;
			expect(this.exact ? body.at() == this.due : body.at() >= this.due,
					"the body at " + Schedule.text(this.due));
			if (this.unsure && sight.failures() == 0) {
				this.row = 0;
			}
			expect(body.number() == ++this.executions, "execution " + this.executions);
			expect(sight.failures() == this.row, this.row + " failures in a row");
			expect(sight.lastFailure() == this.lastFailure, "the last failure " + this.lastFailure);
			expect(sight.stopping() || !sight.interruptFlag(), "a clear interrupt flag");
			expect(body.at() <= SchedulePromises.this.stoppedAt || hasStagesAbove(), "no body after the stop");
			expect(!sight.stopping() || body.at() >= SchedulePromises.this.stoppedAt || wasAsked(body.at(), body.at()),
					"to be told of a stop only when there is one");
			if ((sight.afterStop() && SchedulePromises.this.oneStage) || sight.afterInterrupter()) {
				expect(sight.stopping(), "to be told of the stop that came before");
				expect(!sight.afterStop() || ++this.afterStop == 1, "no second body after the stop");
			}
			long readyAt = NEVER;
			if (peek().kind() == Kind.READY) {
				readyAt = take(Kind.READY).at();
				expect(!this.announced, "to be ready once");
			}
			Event ended = take(Kind.BODY_ENDED);
			Event executed = take(Kind.EXECUTED);
			End end = (End) ended.what();
			boolean asked = isAsked(end);
			boolean mayBeAsked = asked || wasAsked(ended.at(), executed.at());
			expect(executed.number() == executed.at() - body.at(), "the time it took");
			checkOutcome(body, readyAt, ended, executed, mayBeAsked);
			this.announced |= readyAt < NEVER;
			Outcome outcome = (Outcome) executed.what();
			Throwable incident = incident(outcome);
			if (incident != null) {
				expect(take(Kind.HANDLER).what() == incident, "the handler to be told of it");
			}
			if (outcome instanceof Outcome.Failed failed) {
				expect(take(Kind.HANDLER).what() == failed.failure(), "the handler to be told of it");
				this.lastFailure = failed.failure();
				boolean healthy = executed.at() - body.at() >= this.actor.backoff().resetAfter().toNanos();
				this.row = healthy ? 1 : this.row + 1;
				this.failedAt.add(executed.at());
			}
			else if (outcome instanceof Outcome.Completed) {
				this.row = 0;
			}
			return decide(outcome, executed, asked, mayBeAsked);
		}

		private void checkOutcome(Event body, long readyAt, Event ended, Event executed, boolean mayBeAsked) {
			End end = (End) ended.what();
			long limit = (this.actor.timeout() > 0) ? body.at() + this.actor.timeout() : NEVER;
			long readyLimit = (this.actor.readyTimeout() > 0 && !this.announced)
					? this.unreadySince + this.actor.readyTimeout() : NEVER;
			// Who says so at the last moment may have been too late or not
			long strict = (readyAt > readyLimit) ? Math.min(limit, readyLimit) : limit;
			boolean tooLate = readyAt == NEVER && this.actor.onDone() == Policy.RESTART
					&& executed.at() + this.actor.delay() >= readyLimit;
			if (tooLate && end.thrown() == null && end.reason() == null
					&& executed.what() instanceof Outcome.Failed failed
					&& failed.failure() instanceof TimeoutException late
					&& String.valueOf(late.getMessage()).contains("was not ready")) {
				return;
			}
			if (executed.what() instanceof Outcome.Failed failed
					&& failed.failure() instanceof TimeoutException timeout) {
				boolean unready = String.valueOf(timeout.getMessage()).contains("was not ready");
				expect(!unready || readyAt >= readyLimit, "no complaint about one that was ready");
				long at = (unready) ? readyLimit : limit;
				expect(at <= strict, "a timeout at " + Schedule.text(strict));
				expect(ended.at() >= at, "no timeout before " + Schedule.text(at));
				expect(ended.at() - at <= longestStop(this.actor), "an end at once after the timeout");
				expect(this.actor.interrupting() == Interrupting.THREAD || this.actor.extras().nest() > 0
						|| this.own.stream()
							.anyMatch((event) -> event.kind() == Kind.INTERRUPTER && event.at() == at
									&& event.what() instanceof StopReason why && why.cause() == failed.failure()),
						"the interrupter at " + Schedule.text(at));
				return;
			}
			expect(ended.at() <= strict || mayBeAsked, "a timeout at " + Schedule.text(strict));
			Throwable thrown = end.thrown();
			boolean asked = isAsked(end);
			if (executed.what() instanceof Outcome.Completed) {
				expect(thrown == null && !asked, "completed only if it returned unasked");
				expect(!tooLate, "failed if no later execution can be ready in time");
			}
			else if (executed.what() instanceof Outcome.Interrupted interrupted) {
				expect(mayBeAsked, "interrupted only if it was asked to end");
				expect(interrupted.thrown() == thrown, "what it threw: " + thrown);
			}
			else if (executed.what() instanceof Outcome.Failed failed) {
				expect(failed.failure() == thrown, "the failure " + thrown);
				expect(!asked, "no failure after a stop");
			}
		}

		private boolean decide(Outcome outcome, Event executed, boolean asked, boolean mayBeAsked) {
			if (outcome instanceof Outcome.Interrupted || asked) {
				endStopped(executed.at());
				return false;
			}
			Throwable failure = (outcome instanceof Outcome.Failed failed) ? failed.failure() : null;
			Policy policy = policy(failure);
			Event event = peek();
			if (event.kind() == Kind.STOPPED && event.at() == executed.at() && mayBeAsked
					&& isEndedAs(MemberState.STOPPED)) {
				endStopped(executed.at());
				return false;
			}
			if (policy != Policy.RESTART) {
				expect(policy != Policy.SHUTDOWN || SchedulePromises.this.stoppedAt <= executed.at(),
						"the group to stop");
				end((failure != null) ? MemberState.FAILED : MemberState.COMPLETED, executed.at());
				return false;
			}
			if (failure == null) {
				this.due = executed.at() + this.actor.delay();
				this.exact = true;
				this.restarts = false;
				return true;
			}
			this.announced = false;
			this.unreadySince = NEVER;
			this.restarts = true;
			if (event.kind() != Kind.SCHEDULED) {
				expect(wasAsked(executed.at(), executed.at()), "a restart");
				endStopped(executed.at());
				return false;
			}
			long pause = take(Kind.SCHEDULED).number();
			Backoff backoff = this.actor.backoff();
			long middle = backoff.withJitter(java.time.Duration.ZERO).delayFor(this.row).toNanos();
			expect(Math.abs(pause - middle) <= backoff.jitter().toNanos()
					&& pause <= Durations.saturatedNanos(backoff.maxDelay()), "a pause of " + Schedule.text(middle));
			this.due = event.at() + pause;
			this.exact = !SchedulePromises.this.together;
			return true;
		}

		/**
		 * What is to happen, as the README says it.
		 */
		private Policy policy(@Nullable Throwable failure) {
			if (failure == null) {
				return this.actor.onDone();
			}
			if (this.actor.fatal() && failure instanceof Error) {
				return Policy.SHUTDOWN;
			}
			if (this.actor.onError() != Policy.RESTART || this.actor.maxRestarts() < 0) {
				return this.actor.onError();
			}
			long now = this.failedAt.get(this.failedAt.size() - 1);
			long used = (this.actor.within() == 0) ? this.row
					: this.failedAt.stream().filter((at) -> now - at <= this.actor.within()).count();
			if (this.unsure) {
				return isEndedAs(MemberState.FAILED) || peek().what() == MemberState.FAILED ? this.actor.onExhausted()
						: Policy.RESTART;
			}
			return (used > this.actor.maxRestarts()) ? this.actor.onExhausted() : Policy.RESTART;
		}

		private void endStopped(long at) {
			expect(wasAsked(0, at), "somebody to have asked for the end");
			end(MemberState.STOPPED, at);
		}

		private void end(MemberState state, long at) {
			if (state == MemberState.STOPPED || peek().kind() == Kind.STOPPED) {
				take(Kind.STOPPED);
			}
			Event ended = take(Kind.ENDED);
			expect(ended.what() == state, "the state " + state);
			expect(ended.at() == at, "the end at " + Schedule.text(at));
		}

		private boolean isEndedAs(MemberState state) {
			return this.next + 1 < this.followed.size() && this.followed.get(this.next + 1).what() == state;
		}

		private boolean isAsked(End end) {
			StopReason reason = end.reason();
			return reason != null && !(reason.kind() == StopReason.Kind.EXECUTION_TIMED_OUT
					&& this.actor.name().equals(reason.member()));
		}

		private boolean hasStagesAbove() {
			return SchedulePromises.this.schedule.actors()
				.stream()
				.anyMatch((other) -> other.stage() > this.actor.stage());
		}

		/**
		 * Whether somebody may have asked the member to end in this time.
		 */
		private boolean wasAsked(long from, long to) {
			if (SchedulePromises.this.stoppedAt <= to
					&& (hasStagesAbove() || SchedulePromises.this.stoppedAt >= from)) {
				return true;
			}
			if (SchedulePromises.this.together && mayBeRestartedWithAnother(to)) {
				return true;
			}
			return this.own.stream()
				.anyMatch((event) -> (event.what() == Order.STOP_MEMBER || isRestartOfStalled(this.actor, event))
						&& event.at() >= from && event.at() <= to);
		}

		/**
		 * Whether another member may have failed before.
		 */
		private boolean mayBeRestartedWithAnother(long at) {
			return SchedulePromises.this.events.stream()
				.anyMatch((event) -> event.kind() == Kind.EXECUTED && event.at() <= at
						&& event.what() instanceof Outcome.Failed && !this.actor.name().equals(event.member()));
		}

		private boolean mayBeStartedAlone(Event started) {
			return this.own.stream()
				.anyMatch((event) -> event.index() < started.index() && (event.what() == Order.START_MEMBER
						|| event.what() == Order.STOP_MEMBER || isRestartOfStalled(this.actor, event)));
		}

		private Event peek() {
			return this.followed.get(this.next);
		}

		private Event take(Kind kind) {
			Event event = peek();
			expect(event.kind() == kind, kind.toString());
			this.next++;
			return event;
		}

		private void expect(boolean kept, String what) {
			if (!kept) {
				String found = (this.next < this.followed.size()) ? this.followed.get(this.next).toString() : "the end";
				SchedulePromises.this.broken.add(this.actor.name() + ": expected " + what + ", near " + found);
				throw new IllegalStateException(what);
			}
		}

	}

}
