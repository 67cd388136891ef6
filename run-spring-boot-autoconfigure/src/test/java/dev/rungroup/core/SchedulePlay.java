package dev.rungroup.core;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import dev.rungroup.core.Schedule.Actor;
import dev.rungroup.core.Schedule.Command;
import dev.rungroup.core.Schedule.Hearing;
import dev.rungroup.core.Schedule.Order;
import dev.rungroup.core.Schedule.Step;
import dev.rungroup.core.Schedule.Turn;
import org.jspecify.annotations.Nullable;

/**
 * Plays a schedule once, and notes all that happens, in order.
 */
final class SchedulePlay {

	/** A member that was executed so often ends the play: it might go on for hours. */
	private static final int MAX_EXECUTIONS = 40;

	/** Members that start each other again would never come to an end. */
	private static final int MAX_STARTS = 10;

	private static final int SECONDS_UNTIL_IT_HANGS = 10;

	private static final String DONE = "done";

	final Schedule schedule;

	final Group group;

	private final VirtualTime time;

	private final List<Event> events = new ArrayList<>();

	private final Map<String, Player> players = new HashMap<>();

	private final Queue<Thread> threads = new ConcurrentLinkedQueue<>();

	private final AtomicInteger starts = new AtomicInteger();

	private final RuntimeException shared = new IllegalStateException("thrown by several members");

	private final AtomicInteger callbacks = new AtomicInteger();

	private volatile boolean over;

	/** Whether a call of stop() has come back. */
	private volatile boolean stopped;

	private volatile @Nullable Thread watcher;

	/** How many handlers and listeners were at work when run() returned. */
	volatile int callbacksAtTheEnd;

	/** What run() threw. */
	volatile @Nullable Throwable thrown;

	private @Nullable String hung;

	SchedulePlay(Schedule schedule) {
		this.schedule = schedule;
		this.time = new VirtualTime(schedule.origin());
		Group.Builder builder = Group.builder()
			.name("schedule")
			.time(this.time)
			.threadFactory(this::memberThread)
			.interrupterThreads(this::thread)
			.keepStopped(schedule.keepStopped())
			.strategy(schedule.strategy())
			.gracePeriod(Duration.ofNanos(schedule.gracePeriod()))
			.listener(new Recorder());
		if (schedule.shutdownTimeout() > 0) {
			builder.shutdownTimeout(Duration.ofNanos(schedule.shutdownTimeout()));
		}
		this.group = builder.build();
		schedule.actors().forEach((actor) -> this.players.put(actor.name(), new Player(actor)));
	}

	private Thread thread(Runnable work) {
		return thread(work, Schedule.ALL_VIRTUAL);
	}

	private Thread memberThread(Runnable work) {
		return thread(work, this.schedule.isVirtual());
	}

	private Thread thread(Runnable work, boolean virtual) {
		Thread thread = this.time.thread(work, virtual);
		this.threads.add(thread);
		return thread;
	}

	/**
	 * @return what was noted
	 */
	List<Event> play() {
		for (Actor actor : this.schedule.actors()) {
			if (!actor.late()) {
				this.group.add(player(actor.name()).member());
			}
		}
		List<Thread> players = new ArrayList<>();
		Thread runs = thread(this::run);
		this.watcher = runs;
		players.add(runs);
		// Two of them, so that they get into each other's way
		players.add(thread(() -> command(0)));
		players.add(thread(() -> command(1)));
		this.time.hold();
		players.forEach((player) -> this.time.start(player, 0));
		this.time.release();
		awaitAll(players.size());
		if (this.hung == null) {
			this.over = true;
			this.threads.forEach(this::joined);
		}
		synchronized (this.events) {
			return List.copyOf(this.events);
		}
	}

	/**
	 * What kept it from ending, null if it has ended.
	 */
	@Nullable String hung() {
		return this.hung;
	}

	private void awaitAll(int count) {
		int left = count;
		long seen = -1;
		while (left > 0 && this.hung == null) {
			Object next = take();
			if (DONE.equals(next)) {
				left--;
			}
			else if (next == null) {
				// On a busy machine hours take longer than that
				if (this.time.elapsed() == seen) {
					hangs("nothing happens");
				}
				seen = this.time.elapsed();
			}
			else if (this.group.snapshot().state() != GroupState.STOPPED) {
				// Members that were given up may wait for ever
				hangs(next.toString());
			}
		}
	}

	private @Nullable Object take() {
		try {
			return this.time.news().poll(SECONDS_UNTIL_IT_HANGS, TimeUnit.SECONDS);
		}
		catch (InterruptedException ex) {
			throw new AssertionError("The test was interrupted", ex);
		}
	}

	private void joined(Thread thread) {
		long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS_UNTIL_IT_HANGS);
		while (thread.isAlive() && this.hung == null) {
			if (System.nanoTime() > end) {
				hangs(thread + " is left");
			}
			// It may wait for another
			this.threads.forEach(this.time::unpark);
			try {
				thread.join(1);
			}
			catch (InterruptedException ex) {
				throw new AssertionError("The test was interrupted", ex);
			}
		}
	}

	private void hangs(String what) {
		StringBuilder text = new StringBuilder(what);
		for (Thread thread : this.threads) {
			if (thread.isAlive()) {
				text.append("\n  ").append(thread.getName()).append(" ").append(thread.getState());
				Arrays.stream(thread.getStackTrace())
					.limit(12)
					.forEach((frame) -> text.append("\n      ").append(frame));
			}
		}
		this.hung = text.toString();
	}

	private void run() {
		note(Kind.RUN, null, 0, null);
		try {
			this.group.run();
		}
		catch (Throwable ex) {
			this.thrown = ex;
		}
		this.callbacksAtTheEnd = this.callbacks.get();
		note(Kind.RETURNED, null, 0, this.thrown);
		this.time.news().add(DONE);
	}

	private void command(int which) {
		List<Command> commands = this.schedule.commands();
		for (int i = which; i < commands.size(); i += 2) {
			sleepUntil(commands.get(i).at());
			spin();
			order(commands.get(i).order(), commands.get(i).target());
		}
		if (which == 0) {
			sleepUntil(this.schedule.end());
			order(Order.STOP, null);
		}
		this.time.news().add(DONE);
	}

	private void sleepUntil(long at) {
		this.time.sleepThroughAll(at - this.time.elapsed());
	}

	/**
	 * No time passes, but what happens at this moment is now here and now there.
	 */
	private static void spin() {
		ThreadLocalRandom random = ThreadLocalRandom.current();
		long end = System.nanoTime() + (random.nextBoolean() ? random.nextInt(200_000) : 0);
		while (System.nanoTime() < end) {
			Thread.onSpinWait();
		}
	}

	/**
	 * Do something to the group from outside.
	 */
	private void order(Order order, @Nullable String target) {
		if (order == Order.CLOSE) {
			note(Kind.CALL, null, 0, order);
			// The time must not pass before the stop, and has to while it waits
			this.group.stop();
			this.time.elsewhere(this.group::close);
			return;
		}
		call(order, target);
	}

	/**
	 * Do something to the group from anywhere.
	 */
	private void call(Order order, @Nullable String target) {
		int call = note(Kind.CALL, target, 0, order);
		Throwable refused = null;
		boolean mayRefuse = false;
		try {
			switch (order) {
				case ADD -> this.group.add(player(target).member());
				case STOP -> {
					this.group.stop();
					this.stopped = true;
				}
				case CLOSE -> this.group.close();
				case STOP_MEMBER -> this.group.stopMember(String.valueOf(target));
				case START_MEMBER -> {
					if (this.starts.incrementAndGet() > MAX_STARTS) {
						refused = new NoSuchElementException("enough");
					}
					else {
						this.group.startMember(String.valueOf(target));
					}
				}
				case SNAPSHOT -> note(Kind.SNAPSHOT, null, call, this.group.snapshot());
				case INTERRUPT_RUN -> {
					Thread watcher = this.watcher;
					if (watcher != null) {
						watcher.interrupt();
					}
				}
			}
		}
		catch (IllegalStateException ex) {
			refused = ex;
			mayRefuse = this.group.stopReason() != null || this.group.snapshot().state() == GroupState.STOPPED;
		}
		catch (IllegalArgumentException | NoSuchElementException ex) {
			refused = ex;
			mayRefuse = true;
		}
		note(Kind.CALLED, target, call, new Answer(order, refused, mayRefuse));
	}

	private void answer(Hearing hearing, String member) {
		this.callbacks.incrementAndGet();
		try {
			perform(hearing, member);
		}
		finally {
			this.callbacks.decrementAndGet();
		}
	}

	private void perform(Hearing hearing, String member) {
		switch (hearing) {
			case ONLY -> {
				// and nothing else
			}
			case THROW -> throw new IllegalArgumentException("one that throws");
			case STOP -> call(Order.STOP, null);
			case CLOSE -> call(Order.CLOSE, null);
			case STOP_MEMBER -> call(Order.STOP_MEMBER, member);
			case START_MEMBER -> call(Order.START_MEMBER, member);
		}
	}

	private Player player(@Nullable String name) {
		Player player = this.players.get(String.valueOf(name));
		if (player == null) {
			throw new NoSuchElementException(name);
		}
		return player;
	}

	private int note(Kind kind, @Nullable String member, long number, @Nullable Object what) {
		synchronized (this.events) {
			this.events.add(new Event(this.events.size(), this.time.elapsed(), kind, member, number, what));
			return this.events.size() - 1;
		}
	}

	/** What can be noted. */
	enum Kind {

		RUN, RETURNED, CALL, CALLED, SNAPSHOT,

		BODY, BODY_ENDED, INTERRUPTER, INTERRUPTER_ENDED, HANDLER,

		STARTED, READY, EXECUTED, SCHEDULED, RESTARTED, BEAT, STALLED, STOPPED, ENDED, GROUP_STOPPING, GROUP_STOPPED

	}

	/**
	 * What was noted.
	 *
	 * @param index its number
	 * @param at virtual time since the beginning, in nanoseconds
	 */
	record Event(int index, long at, Kind kind, @Nullable String member, long number, @Nullable Object what) {

		@Override
		public String toString() {
			return Schedule.text(this.at) + " " + this.kind + ((this.member != null) ? " " + this.member : "")
					+ ((this.number != 0) ? " " + this.number : "") + ((this.what != null) ? ": " + this.what : "");
		}

	}

	/**
	 * What a body sees when it is called.
	 *
	 * @param afterStop whether a call of stop() had come back before
	 * @param afterInterrupter whether the interrupter had been told of the member's end
	 */
	record Sight(int failures, @Nullable Throwable lastFailure, boolean stopping, boolean interruptFlag,
			boolean afterStop, boolean afterInterrupter) {

	}

	/**
	 * How a body ended.
	 *
	 * @param reason why it was asked to end, as it saw it then
	 */
	record End(@Nullable Throwable thrown, @Nullable StopReason reason) {

	}

	/**
	 * What came of a call.
	 *
	 * @param mayRefuse whether the group had a reason to refuse
	 */
	record Answer(Order order, @Nullable Throwable refused, boolean mayRefuse) {

	}

	/**
	 * Plays the part of one member.
	 */
	private final class Player {

		private final Actor actor;

		private final AtomicInteger entries = new AtomicInteger();

		private volatile boolean released;

		/** Since its start. */
		private volatile boolean interrupted;

		private volatile @Nullable Thread thread;

		Player(Actor actor) {
			this.actor = actor;
		}

		Member member() {
			Actor actor = this.actor;
			boolean nested = actor.extras().nest() > 0;
			Member.Builder builder = (nested) ? Member.group(actor.name(), this::group)
					: Member.named(actor.name()).execute(this::body);
			builder.stage(actor.stage())
				.onDone(actor.onDone())
				.onError(actor.onError())
				.onExhausted(actor.onExhausted())
				.maxRestarts(actor.maxRestarts())
				.initialDelay(Duration.ofNanos(actor.initialDelay()))
				.delay(Duration.ofNanos(actor.delay()))
				.backoff(actor.backoff())
				.failureHandler(this::handle);
			ifSet(actor.within(), builder::within);
			ifSet(actor.timeout(), builder::timeout);
			ifSet(actor.readyTimeout(), builder::readyTimeout);
			ifSet(actor.extras().stallAfter(), builder::stallAfter);
			builder.onStop(actor.extras().onStop()).onStall(actor.extras().onStall());
			if (!actor.fatal()) {
				builder.fatal();
			}
			if (!nested && actor.interrupting() != Schedule.Interrupting.THREAD) {
				builder.interrupt(this::interrupt);
			}
			return builder.build().withBody((body) -> (context) -> noted(body, context));
		}

		private static void ifSet(long nanos, Consumer<Duration> setter) {
			if (nanos > 0) {
				setter.accept(Duration.ofNanos(nanos));
			}
		}

		/**
		 * A group that does what the body would do.
		 */
		private Group group() {
			Group group = innerGroup();
			group.add(Member.named(this.actor.name())
				.execute(this::body)
				.onDone(Policy.DO_NOTHING)
				.onStop(this.actor.extras().onStop())
				.interrupt((reason) -> release())
				.build());
			for (int i = 1; i < this.actor.extras().nest(); i++) {
				Group around = innerGroup();
				around.add(group.asMember("inside"));
				group = around;
			}
			return group;
		}

		private Group innerGroup() {
			return Group.builder()
				.name(this.actor.name())
				.time(SchedulePlay.this.time)
				.threadFactory(SchedulePlay.this::memberThread)
				.interrupterThreads(SchedulePlay.this::thread)
				.gracePeriod(Duration.ofNanos(SchedulePlay.this.schedule.gracePeriod()))
				.build();
		}

		private void noted(Body body, MemberContext context) throws Exception {
			boolean afterStop = SchedulePlay.this.stopped;
			boolean afterInterrupter = this.interrupted;
			// The flag first: a stop that comes meanwhile is seen before the interrupt it
			// brings
			boolean interruptFlag = Thread.currentThread().isInterrupted();
			note(Kind.BODY, this.actor.name(), context.execution(), new Sight(context.failures(), context.lastFailure(),
					context.isStopping(), interruptFlag, afterStop, afterInterrupter));
			Throwable thrown = null;
			try {
				body.run(context);
			}
			catch (Throwable ex) {
				thrown = ex;
				throw ex;
			}
			finally {
				note(Kind.BODY_ENDED, this.actor.name(), context.execution(), new End(thrown, context.stopReason()));
			}
		}

		private void body(MemberContext context) throws Exception {
			this.thread = Thread.currentThread();
			this.released = false;
			perform(this.entries.getAndIncrement(), context);
		}

		private void perform(int entry, MemberContext context) throws Exception {
			if (entry > MAX_EXECUTIONS) {
				call(Order.STOP, null);
				context.sleep(Duration.ofNanos(VirtualTime.FOREVER));
				return;
			}
			Turn turn = this.actor.turns().get(entry % this.actor.turns().size());
			for (Step step : turn.steps()) {
				perform(step, context);
				if (context.isStopping()) {
					break;
				}
			}
			end(turn.ending());
		}

		private void perform(Step step, MemberContext context) throws Exception {
			VirtualTime time = SchedulePlay.this.time;
			switch (step.act()) {
				case SLEEP -> context.sleep(Duration.ofNanos(step.nanos()));
				case HANG -> hang(context);
				case BUSY -> time.sleepThroughAll(step.nanos());
				case DAWDLE -> {
					context.sleep(Duration.ofNanos(VirtualTime.FOREVER));
					time.sleepThroughAll(step.nanos());
				}
				case STUBBORN -> {
					while (!SchedulePlay.this.over) {
						time.park(this, VirtualTime.FOREVER);
						Thread.interrupted();
					}
				}
				case READY -> context.ready();
				case HEARTBEAT -> {
					note(Kind.BEAT, this.actor.name(), 0, null);
					context.heartbeat();
				}
				default -> call(Order.valueOf(step.act().name()), step.target());
			}
		}

		private void hang(MemberContext context) throws InterruptedException {
			if (context.isStopping()) {
				// The interrupter may have been called before this body began
				return;
			}
			while (!this.released && !SchedulePlay.this.over) {
				if (Thread.interrupted()) {
					throw new InterruptedException("while it hung");
				}
				SchedulePlay.this.time.park(this, VirtualTime.FOREVER);
			}
		}

		private void end(Schedule.Ending ending) {
			Throwable failure = switch (ending) {
				case RETURN -> null;
				case CHECKED -> new IOException("checked, of " + this.actor.name());
				case UNCHECKED -> new IllegalStateException("unchecked, of " + this.actor.name());
				case ERROR -> new StackOverflowError("an Error, of " + this.actor.name());
				case THROWABLE -> new Throwable("neither, of " + this.actor.name());
				case SHARED -> SchedulePlay.this.shared;
				case INTERRUPTED -> new InterruptedException("nobody interrupted " + this.actor.name());
			};
			if (failure != null) {
				FakeMember.<RuntimeException>sneakyThrow(failure);
			}
		}

		private void interrupt(StopReason reason) {
			note(Kind.INTERRUPTER, this.actor.name(), 0, reason);
			this.interrupted |= reason.kind() != StopReason.Kind.EXECUTION_TIMED_OUT;
			try {
				switch (this.actor.interrupting()) {
					case RELEASE -> release();
					case RELEASE_LATE -> {
						SchedulePlay.this.time.sleepThroughAll(Actor.LATE);
						release();
					}
					case RELEASE_AND_THROW -> {
						release();
						throw new IllegalArgumentException("an interrupter that throws");
					}
					default -> {
						// leaves it to the grace period
					}
				}
			}
			finally {
				note(Kind.INTERRUPTER_ENDED, this.actor.name(), 0, reason);
			}
		}

		private void release() {
			this.released = true;
			SchedulePlay.this.time.unpark(this.thread);
		}

		private void handle(Throwable failure) {
			note(Kind.HANDLER, this.actor.name(), 0, failure);
			answer(this.actor.handler(), this.actor.name());
		}

	}

	/**
	 * Hears everything, and answers some of it.
	 */
	private final class Recorder implements GroupListener {

		@Override
		public void memberStarted(String member) {
			player(member).interrupted = false;
			heard(Kind.STARTED, member, 0, null);
		}

		@Override
		public void memberReady(String member) {
			heard(Kind.READY, member, 0, null);
		}

		@Override
		public void executionEnded(String member, Outcome outcome, long nanos) {
			heard(Kind.EXECUTED, member, nanos, outcome);
		}

		@Override
		public void restartScheduled(String member, Duration pause) {
			heard(Kind.SCHEDULED, member, pause.toNanos(), null);
		}

		@Override
		public void memberStalled(String member, Duration silence) {
			note(Kind.STALLED, member, silence.toNanos(), null);
		}

		@Override
		public void memberRestarted(String member) {
			heard(Kind.RESTARTED, member, 0, null);
		}

		@Override
		public void memberStopped(String member, long nanos) {
			heard(Kind.STOPPED, member, nanos, null);
		}

		@Override
		public void memberEnded(String member, MemberState state) {
			heard(Kind.ENDED, member, 0, state);
		}

		@Override
		public void groupStopping(StopReason reason) {
			note(Kind.GROUP_STOPPING, null, 0, reason);
		}

		@Override
		public void groupStopped(@Nullable StopReason reason) {
			note(Kind.GROUP_STOPPED, null, 0, reason);
		}

		private void heard(Kind kind, String member, long number, @Nullable Object what) {
			int index = note(kind, member, number, what);
			// The other half of the time it only listens, so that something happens at
			// all
			if (index % 2 == 0) {
				answer(SchedulePlay.this.schedule.hearing(), member);
			}
		}

	}

}
