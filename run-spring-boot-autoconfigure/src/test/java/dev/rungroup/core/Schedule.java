package dev.rungroup.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

/**
 * What happens to a group and in it, as data: made at random of a seed, printed, and made
 * smaller for as long as it fails. All times are nanoseconds of a {@link VirtualTime}.
 *
 * @param origin what the clock shows first
 * @param end when the group is stopped at the latest
 */
record Schedule(long seed, long origin, long gracePeriod, long shutdownTimeout, boolean keepStopped,
		RestartStrategy strategy, Hearing hearing, long end, List<Actor> actors, List<Command> commands) {

	private static final long SECOND = 1_000_000_000;

	private static final long HOUR = 3_600 * SECOND;

	/** Everything else, too, where the JDK has them: five times as many in a minute. */
	static final boolean ALL_VIRTUAL = VirtualThreads.AVAILABLE
			&& (Boolean.getBoolean("run.schedules.virtual") || Boolean.getBoolean("run.everything"));

	/** What one thing of a body does. */
	enum Act {

		/** Sleep as a body should. */
		SLEEP,

		/** Wait for the interrupter or the interrupt of the thread. */
		HANG,

		/** Work for some time, whatever happens. */
		BUSY,

		/** Wait for a stop, and then take some time. */
		DAWDLE,

		/** Never end at all. */
		STUBBORN,

		READY, HEARTBEAT, STOP, CLOSE, STOP_MEMBER, START_MEMBER, SNAPSHOT;

		boolean isTimed() {
			return this == SLEEP || this == BUSY || this == DAWDLE;
		}

	}

	/** How one execution ends. */
	enum Ending {

		RETURN, CHECKED, UNCHECKED, ERROR, THROWABLE, SHARED, INTERRUPTED

	}

	/** What the interrupter of a member does. */
	enum Interrupting {

		/** There is none: the thread is interrupted. */
		THREAD,

		/** Lets a body that hangs go. */
		RELEASE,

		RELEASE_LATE, RELEASE_AND_THROW, NOTHING

	}

	/** What a handler or listener does apart from hearing. */
	enum Hearing {

		ONLY, THROW, STOP, CLOSE, STOP_MEMBER, START_MEMBER

	}

	/** What somebody else does to the group. */
	enum Order {

		ADD, STOP, CLOSE, STOP_MEMBER, START_MEMBER, SNAPSHOT, INTERRUPT_RUN

	}

	/**
	 * One thing that a body does.
	 */
	record Step(Act act, long nanos, @Nullable String target) {

		@Override
		public String toString() {
			return this.act + ((this.nanos > 0) ? " " + text(this.nanos) : "")
					+ ((this.target != null) ? " " + this.target : "");
		}

	}

	/**
	 * One execution.
	 */
	record Turn(List<Step> steps, Ending ending) {

		@Override
		public String toString() {
			return "turn(" + this.steps + " -> " + this.ending + ")";
		}

	}

	/**
	 * What few members have. Zero means: not set.
	 *
	 * @param nest in how many groups inside the group the body runs
	 */
	record Extras(OnStop onStop, long stallAfter, OnStall onStall, int nest) {

		static final Extras NONE = new Extras(OnStop.INTERRUPT, 0, OnStall.REPORT, 0);

	}

	/**
	 * One member. Zero means: not set.
	 *
	 * @param late whether it is added by a command only
	 * @param fatal whether to keep the default
	 * @param turns what it does, again and again from the first
	 */
	record Actor(String name, boolean late, int stage, Policy onDone, Policy onError, Policy onExhausted,
			int maxRestarts, long within, boolean fatal, long timeout, long readyTimeout, long initialDelay, long delay,
			Backoff backoff, Interrupting interrupting, Hearing handler, Extras extras, List<Turn> turns) {

		/** How long an interrupter takes that takes long. */
		static final long LATE = 3 * SECOND;

		Actor withTurns(List<Turn> turns) {
			return new Actor(this.name, this.late, this.stage, this.onDone, this.onError, this.onExhausted,
					this.maxRestarts, this.within, this.fatal, this.timeout, this.readyTimeout, this.initialDelay,
					this.delay, this.backoff, this.interrupting, this.handler, this.extras, turns);
		}

		Stream<Actor> smaller() {
			Stream<Actor> plainer = Stream.of(
					new Actor(this.name, false, 0, this.onDone, this.onError, Policy.SHUTDOWN, -1, 0, true, 0, 0, 0, 0,
							Backoff.fixed(Duration.ofSeconds(1)), Interrupting.THREAD, Hearing.ONLY, Extras.NONE,
							this.turns),
					new Actor(this.name, this.late, 0, this.onDone, this.onError, this.onExhausted, this.maxRestarts,
							this.within, this.fatal, this.timeout, this.readyTimeout, this.initialDelay, this.delay,
							this.backoff, this.interrupting, this.handler, this.extras, this.turns),
					new Actor(this.name, this.late, this.stage, this.onDone, this.onError, Policy.SHUTDOWN, -1, 0, true,
							this.timeout, this.readyTimeout, this.initialDelay, this.delay, this.backoff,
							this.interrupting, this.handler, this.extras, this.turns),
					new Actor(this.name, this.late, this.stage, this.onDone, this.onError, this.onExhausted,
							this.maxRestarts, this.within, this.fatal, 0, this.readyTimeout, this.initialDelay,
							this.delay, this.backoff, this.interrupting, this.handler, this.extras, this.turns),
					new Actor(this.name, this.late, this.stage, this.onDone, this.onError, this.onExhausted,
							this.maxRestarts, this.within, this.fatal, this.timeout, 0, this.initialDelay, this.delay,
							this.backoff, this.interrupting, this.handler, this.extras, this.turns),
					new Actor(this.name, this.late, this.stage, this.onDone, this.onError, this.onExhausted,
							this.maxRestarts, this.within, this.fatal, this.timeout, this.readyTimeout, 0, 0,
							Backoff.fixed(Duration.ofSeconds(1)), this.interrupting, this.handler, this.extras,
							this.turns),
					new Actor(this.name, this.late, this.stage, this.onDone, this.onError, this.onExhausted,
							this.maxRestarts, this.within, this.fatal, this.timeout, this.readyTimeout,
							this.initialDelay, this.delay, this.backoff, Interrupting.THREAD, Hearing.ONLY, this.extras,
							this.turns),
					new Actor(this.name, this.late, this.stage, this.onDone, this.onError, this.onExhausted,
							this.maxRestarts, this.within, this.fatal, this.timeout, this.readyTimeout,
							this.initialDelay, this.delay, this.backoff, this.interrupting, this.handler, Extras.NONE,
							this.turns));
			List<Actor> shorter = new ArrayList<>();
			if (this.turns.size() > 1) {
				without(this.turns).forEach((turns) -> shorter.add(withTurns(turns)));
			}
			for (int i = 0; i < this.turns.size(); i++) {
				int at = i;
				Turn turn = this.turns.get(i);
				without(turn.steps)
					.forEach((steps) -> shorter.add(withTurns(with(this.turns, at, new Turn(steps, turn.ending)))));
				if (turn.ending != Ending.RETURN) {
					shorter.add(withTurns(with(this.turns, at, new Turn(turn.steps, Ending.RETURN))));
				}
			}
			return Stream.concat(shorter.stream(), plainer).filter((actor) -> !actor.equals(this));
		}

		@Override
		public String toString() {
			StringBuilder text = new StringBuilder("member ").append(this.name).append((this.late) ? ", late" : "");
			add(text, "stage", this.stage);
			text.append(" onDone ").append(this.onDone).append(" onError ").append(this.onError);
			if (this.maxRestarts >= 0) {
				text.append(" maxRestarts ").append(this.maxRestarts).append(" onExhausted ").append(this.onExhausted);
			}
			text.append((this.fatal) ? "" : " fatal()");
			addTime(text, "within", this.within);
			addTime(text, "timeout", this.timeout);
			addTime(text, "readyTimeout", this.readyTimeout);
			addTime(text, "initialDelay", this.initialDelay);
			addTime(text, "delay", this.delay);
			text.append(" ").append(this.backoff).append(" interrupter ").append(this.interrupting);
			if (this.handler != Hearing.ONLY) {
				text.append(" handler ").append(this.handler);
			}
			text.append((this.extras.equals(Extras.NONE)) ? "" : " " + this.extras);
			this.turns.forEach((turn) -> text.append("\n    ").append(turn));
			return text.toString();
		}

	}

	/**
	 * One thing that somebody does to the group.
	 */
	record Command(long at, Order order, @Nullable String target) {

		@Override
		public String toString() {
			return "at " + text(this.at) + ": " + this.order + ((this.target != null) ? " " + this.target : "");
		}

	}

	static Schedule of(long seed) {
		return new Generator(seed).schedule();
	}

	/**
	 * Whether the members run on virtual threads, where the JDK has them.
	 */
	boolean isVirtual() {
		return VirtualThreads.AVAILABLE && (ALL_VIRTUAL || this.seed % 4 == 0);
	}

	Schedule with(List<Actor> actors, List<Command> commands) {
		return new Schedule(this.seed, this.origin, this.gracePeriod, this.shutdownTimeout, this.keepStopped,
				this.strategy, this.hearing, this.end, actors, commands);
	}

	/**
	 * The same with a little less, most promising first.
	 */
	Stream<Schedule> smaller() {
		Stream<Schedule> fewerActors = this.actors.stream().map(this::without);
		Stream<Schedule> fewerCommands = without(this.commands).map((commands) -> with(this.actors, commands));
		Stream<Schedule> plainer = Stream
			.of(new Schedule(this.seed, 0, this.gracePeriod, this.shutdownTimeout, this.keepStopped, this.strategy,
					this.hearing, this.end, this.actors, this.commands),
					new Schedule(this.seed, this.origin, this.gracePeriod, this.shutdownTimeout, false, this.strategy,
							this.hearing, this.end, this.actors, this.commands),
					new Schedule(this.seed, this.origin, this.gracePeriod, this.shutdownTimeout, this.keepStopped,
							RestartStrategy.ONE, this.hearing, this.end, this.actors, this.commands),
					new Schedule(this.seed, this.origin, this.gracePeriod, this.shutdownTimeout, this.keepStopped,
							this.strategy, Hearing.ONLY, this.end, this.actors, this.commands))
			.filter((other) -> !other.equals(this));
		List<Schedule> smallerActors = new ArrayList<>();
		for (int i = 0; i < this.actors.size(); i++) {
			int at = i;
			this.actors.get(i)
				.smaller()
				.forEach((actor) -> smallerActors.add(with(with(this.actors, at, actor), this.commands)));
		}
		return Stream.of(fewerActors, fewerCommands, plainer, smallerActors.stream()).flatMap((part) -> part);
	}

	private Schedule without(Actor actor) {
		return with(this.actors.stream()
			.filter((other) -> other != actor)
			.map((other) -> other.withTurns(other.turns.stream()
				.map((turn) -> new Turn(turn.steps.stream().filter((step) -> !actor.name.equals(step.target)).toList(),
						turn.ending))
				.toList()))
			.toList(), this.commands.stream().filter((command) -> !actor.name.equals(command.target)).toList());
	}

	private static <T> Stream<List<T>> without(List<T> list) {
		return Stream.iterate(0, (i) -> i < list.size(), (i) -> i + 1).map((i) -> {
			List<T> rest = new ArrayList<>(list);
			rest.remove((int) i);
			return rest;
		});
	}

	private static <T> List<T> with(List<T> list, int index, T value) {
		List<T> changed = new ArrayList<>(list);
		changed.set(index, value);
		return changed;
	}

	private static void add(StringBuilder text, String name, long value) {
		if (value != 0) {
			text.append(" ").append(name).append(" ").append(value);
		}
	}

	private static void addTime(StringBuilder text, String name, long nanos) {
		if (nanos != 0) {
			text.append(" ").append(name).append(" ").append(text(nanos));
		}
	}

	static String text(long nanos) {
		return Duration.ofNanos(nanos).toString().substring(2);
	}

	@Override
	public String toString() {
		StringBuilder text = new StringBuilder("group");
		add(text, "origin", this.origin);
		addTime(text, "gracePeriod", this.gracePeriod);
		addTime(text, "shutdownTimeout", this.shutdownTimeout);
		text.append((this.keepStopped) ? " keepStopped" : "");
		text.append((this.strategy != RestartStrategy.ONE) ? " strategy " + this.strategy : "");
		text.append((this.hearing != Hearing.ONLY) ? " listener " + this.hearing : "");
		text.append(isVirtual() ? ", on virtual threads" : "");
		this.actors.forEach((actor) -> text.append("\n  ").append(actor));
		this.commands.forEach((command) -> text.append("\n  ").append(command));
		return text.append("\n  at ").append(text(this.end)).append(": STOP").toString();
	}

	/**
	 * Makes a schedule of random numbers. Half of them use whole seconds, so that much
	 * falls due at the same moment, and threads race.
	 */
	private static final class Generator {

		private static final int[] SECONDS = { 1, 2, 3, 5, 10, 60, 600, 3_600 };

		private final long seed;

		private final Random random;

		/** For what was added later, so that seeds of old still make what they made. */
		private final Random extra;

		private final boolean nested;

		private final boolean wholeSeconds;

		private final boolean oneStage;

		private final boolean bounded;

		private List<String> names = List.of();

		Generator(long seed) {
			this.seed = seed;
			// Neighbouring seeds begin alike otherwise
			this.random = new Random(seed * 0x9E3779B97F4A7C15L);
			this.extra = new Random(seed * 0x9E3779B97F4A7C15L + 1);
			this.nested = this.extra.nextInt(4) == 0;
			this.wholeSeconds = this.random.nextBoolean();
			this.oneStage = oneIn(2);
			this.bounded = oneIn(4);
		}

		Schedule schedule() {
			int size = this.random.nextInt(6);
			this.names = Stream.iterate(1, (i) -> i + 1).limit(size).map((i) -> "m" + i).toList();
			List<Actor> actors = this.names.stream().map(this::actor).toList();
			List<Command> commands = new ArrayList<>();
			int orders = this.random.nextInt(7);
			for (int i = 0; i < orders; i++) {
				commands.add(command());
			}
			for (Actor actor : actors) {
				if (actor.late) {
					commands.add(new Command(moment(), Order.ADD, actor.name));
				}
			}
			commands.sort((one, other) -> Long.compare(one.at, other.at));
			long origin = oneOf(0L, 1L, -HOUR, Long.MAX_VALUE - HOUR - 7, this.random.nextLong());
			return new Schedule(this.seed, origin, oneIn(8) ? 0 : time(), this.bounded ? time() : 0, oneIn(8),
					strategy(), oneIn(2) ? Hearing.ONLY : oneOf(Hearing.values()), HOUR * 2, actors, commands);
		}

		private Actor actor(String name) {
			int maxRestarts = oneIn(2) ? -1 : this.random.nextInt(4);
			List<Turn> turns = new ArrayList<>();
			int count = 1 + this.random.nextInt(3);
			for (int i = 0; i < count; i++) {
				turns.add(turn());
			}
			return new Actor(name, oneIn(6), this.oneStage ? 0 : this.random.nextInt(3), policy(), policy(),
					oneIn(2) ? Policy.SHUTDOWN : Policy.DO_NOTHING, maxRestarts,
					(maxRestarts >= 0 && oneIn(2)) ? time() : 0, !oneIn(3), oneIn(4) ? time() : 0,
					oneIn(6) ? time() : 0, oneIn(4) ? time() : 0, oneIn(4) ? time() : 0, backoff(),
					oneIn(3) ? Interrupting.THREAD : oneOf(Interrupting.values()),
					oneIn(2) ? Hearing.ONLY : oneOf(Hearing.values()), extras(), turns);
		}

		private Extras extras() {
			return new Extras(oneIn(2) ? OnStop.INTERRUPT : OnStop.FINISH, oneIn(6) ? time() : 0,
					oneOf(OnStall.values()), this.nested ? this.extra.nextInt(3) : 0);
		}

		private RestartStrategy strategy() {
			int strategy = this.extra.nextInt(6);
			return (strategy < 3) ? RestartStrategy.values()[strategy] : RestartStrategy.ONE;
		}

		/**
		 * Fewer that end the group, so that more happens before its end.
		 */
		private Policy policy() {
			return oneOf(Policy.SHUTDOWN, Policy.DO_NOTHING, Policy.DO_NOTHING, Policy.RESTART, Policy.RESTART,
					Policy.RESTART);
		}

		private Backoff backoff() {
			Backoff backoff = switch (this.random.nextInt(4)) {
				case 0 -> Backoff.none();
				case 1 -> Backoff.fixed(duration());
				default -> Backoff.exponential(duration(), 1 + this.random.nextInt(3), duration());
			};
			if (oneIn(4)) {
				backoff = backoff.withJitter(duration());
			}
			return oneIn(3) ? backoff.withResetAfter(duration()) : backoff;
		}

		private Turn turn() {
			List<Step> steps = new ArrayList<>();
			int count = this.random.nextInt(4);
			for (int i = 0; i < count; i++) {
				steps.add(step());
			}
			return new Turn(steps, oneIn(3) ? Ending.RETURN : oneOf(Ending.values()));
		}

		private Step step() {
			Act act = oneOf(Act.values());
			if (oneIn(3)) {
				act = Act.SLEEP;
			}
			if ((act == Act.STUBBORN && !this.bounded)
					|| ((act == Act.STOP || act == Act.CLOSE || act == Act.STOP_MEMBER) && !oneIn(3))) {
				act = Act.HANG;
			}
			boolean targeted = act == Act.STOP_MEMBER || act == Act.START_MEMBER;
			return new Step(act, act.isTimed() ? time() : 0, targeted ? name() : null);
		}

		private Command command() {
			Order order = oneOf(Order.SNAPSHOT, Order.STOP_MEMBER, Order.STOP_MEMBER, Order.START_MEMBER,
					Order.START_MEMBER, Order.ADD, Order.STOP, Order.CLOSE, Order.INTERRUPT_RUN);
			if (this.names.isEmpty() && order != Order.STOP && order != Order.CLOSE) {
				order = Order.SNAPSHOT;
			}
			boolean targeted = order == Order.STOP_MEMBER || order == Order.START_MEMBER || order == Order.ADD;
			return new Command(moment(), order, targeted ? name() : null);
		}

		private String name() {
			return this.names.get(this.random.nextInt(this.names.size()));
		}

		private long moment() {
			return oneIn(6) ? 0 : time();
		}

		private Duration duration() {
			return Duration.ofNanos(time());
		}

		private long time() {
			long time = SECONDS[this.random.nextInt(SECONDS.length)] * SECOND;
			return this.wholeSeconds ? time : 1 + (long) (this.random.nextDouble() * time);
		}

		private boolean oneIn(int number) {
			return this.random.nextInt(number) == 0;
		}

		@SafeVarargs
		private <T> T oneOf(T... values) {
			return values[this.random.nextInt(values.length)];
		}

	}

}
