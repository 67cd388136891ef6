package dev.rungroup.core;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.logging.Logger;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Groups of members that misbehave at random, while other threads stop, start and add
 * members, in real time, on virtual threads too: what {@link VirtualSchedulesTests} does
 * on a clock of its own. What a schedule does follows from its seed alone; how its
 * threads interleave does not. A failure names the seed:
 * {@code -Drun.schedules.real.seed=<seed>} plays this one schedule,
 * {@code -Drun.schedules.real.count=<n>} more or fewer of them (played again and again
 * where a seed is given).
 */
@Timeout(300)
@Tag("long")
class RandomSchedulesTests {

	private static final int SCHEDULES = 500;

	private static final long FIRST_SEED = 20_260_101;

	private final Logger logger = Logger.getLogger("dev.rungroup");

	private @Nullable Level level;

	@BeforeEach
	void silenceWhatThrowingInterruptersAreReportedWith() {
		this.level = this.logger.getLevel();
		this.logger.setLevel(Level.OFF);
	}

	@AfterEach
	void restoreTheLogLevel() {
		this.logger.setLevel(this.level);
	}

	@Test
	void whateverMembersDoTheGroupKeepsItsPromises() {
		Long seed = Long.getLong("run.schedules.real.seed");
		int count = Integer.getInteger("run.schedules.real.count", (seed != null) ? 1 : SCHEDULES);
		List<Schedule> played = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			Schedule schedule = new Schedule((seed != null) ? seed : FIRST_SEED + i);
			schedule.play();
			schedule.forget();
			played.add(schedule);
		}
		for (Schedule schedule : played) {
			schedule.assertNothingCameAfterTheEnd();
		}
	}

	@Test
	void theSchedulesContainWhatTheyAreMeantToContain() {
		Set<String> expected = Set.of("no reason", "MEMBER_FAILED", "MEMBER_DONE", "RESTARTS_EXHAUSTED",
				"STOP_REQUESTED", "suppressed", "restarted", "started again", "timed out", "several stages", "an Error",
				"run interrupted");
		Set<String> seen = ConcurrentHashMap.newKeySet();
		// most within a hundred; what depends on the interleaving may take far longer
		for (int i = 0; i < 20 * SCHEDULES && !seen.containsAll(expected); i++) {
			Schedule schedule = new Schedule(FIRST_SEED + i);
			schedule.play();
			schedule.describe(seen);
		}
		assertThat(seen).containsAll(expected);
	}

	/**
	 * What the body of a member does in one execution.
	 */
	private enum Act {

		RETURN, FAIL, SLEEP_IN_CONTEXT, SLEEP_IN_THREAD, WAIT_FOR_INTERRUPTER, IGNORE_INTERRUPT, STOP_GROUP, STOP_ITSELF

	}

	/**
	 * One group, and all that is seen of it.
	 */
	private static final class Schedule {

		private final long seed;

		private final Random random;

		private final Group group;

		private final boolean oneStage;

		private final boolean virtual;

		private final List<Actor> actors = new CopyOnWriteArrayList<>();

		private final Queue<Thread> threads = new ConcurrentLinkedQueue<>();

		private final Queue<String> violations = new ConcurrentLinkedQueue<>();

		private final Queue<Event> events = new ConcurrentLinkedQueue<>();

		private final AtomicInteger late = new AtomicInteger();

		private final AtomicInteger activeCallbacks = new AtomicInteger();

		private final Set<String> startedByHand = ConcurrentHashMap.newKeySet();

		private final Set<String> stoppedByHand = ConcurrentHashMap.newKeySet();

		private final RuntimeException shared = new IllegalStateException("thrown by several members");

		/** Those of executions that had timed out are heard as timeouts. */
		private final Queue<Throwable> thrownByBodies = new ConcurrentLinkedQueue<>();

		private volatile boolean stopReturned;

		private volatile boolean over;

		private volatile boolean runInterrupted;

		private @Nullable Throwable thrown;

		private Schedule(long seed) {
			this.seed = seed;
			this.random = new Random(seed);
			this.random.nextInt();
			this.oneStage = this.random.nextInt(10) < 6;
			this.virtual = this.random.nextInt(4) == 0 && VirtualThreads.AVAILABLE;
			Group.Builder builder = Group.builder().name("schedule").threadFactory((runnable) -> {
				Thread thread = this.virtual ? VirtualThreads.unstarted(runnable) : platformThread(runnable);
				this.threads.add(thread);
				return thread;
			}).keepStopped(this.random.nextInt(10) == 0).gracePeriod(Duration.ofMinutes(5));
			if (this.random.nextInt(4) == 0) {
				builder.listener(new ThrowingListener(this.random.nextLong()));
			}
			this.group = builder.listener(new Recorder()).build();
			int members = this.random.nextInt(6);
			for (int i = 1; i <= members; i++) {
				this.actors.add(new Actor("m" + i, this.random));
			}
		}

		private static Thread platformThread(Runnable runnable) {
			Thread thread = new Thread(runnable);
			thread.setDaemon(true);
			return thread;
		}

		private void play() {
			this.actors.forEach((actor) -> this.group.add(actor.member));
			if (this.random.nextInt(10) == 0) {
				act(this.random);
			}
			Thread second = secondThread();
			RunningGroup run = RunningGroup.of(() -> {
				try {
					this.group.run();
				}
				finally {
					this.over = true;
					atTheEnd();
				}
			});
			int actions = this.random.nextInt(7);
			for (int i = 0; i < actions; i++) {
				spin(this.random);
				act(this.random);
				if (this.random.nextInt(40) == 0) {
					this.runInterrupted = true;
					run.thread().interrupt();
				}
			}
			spin(this.random);
			this.group.stop();
			this.stopReturned = true;
			try {
				this.thrown = run.thrown();
				join(second);
				check();
			}
			catch (AssertionError | RuntimeException ex) {
				throw new AssertionError("Schedule " + this.seed + ": " + ex.getMessage() + "\n" + this, ex);
			}
		}

		/**
		 * Somebody else who starts, stops and adds members at the same time.
		 */
		private Thread secondThread() {
			Random random = new Random(this.random.nextLong());
			int actions = (this.random.nextInt(3) == 0) ? random.nextInt(10) : 0;
			Thread thread = platformThread(() -> {
				try {
					for (int i = 0; i < actions; i++) {
						spin(random);
						act(random);
					}
				}
				catch (RuntimeException | AssertionError ex) {
					violation("the second thread got " + ex);
				}
			});
			thread.start();
			return thread;
		}

		private void spin(Random random) {
			long end = System.nanoTime() + random.nextInt((random.nextInt(5) == 0) ? 2_000_000 : 400_000);
			while (System.nanoTime() < end) {
				Thread.onSpinWait();
			}
		}

		private void act(Random random) {
			try {
				switch (random.nextInt(8)) {
					case 0 -> {
						this.group.stop();
						this.stopReturned = true;
					}
					case 1, 2 -> {
						Actor actor = any(random);
						if (actor != null) {
							this.stoppedByHand.add(actor.name);
							this.group.stopMember(actor.name);
						}
					}
					case 3, 4 -> {
						Actor actor = any(random);
						if (actor != null) {
							this.startedByHand.add(actor.name);
							this.group.startMember(actor.name);
						}
					}
					case 5 -> {
						Actor actor = new Actor("late" + this.late.incrementAndGet(), random);
						this.group.add(actor.member);
						this.actors.add(actor);
					}
					case 6 -> this.group.snapshot();
					default -> Thread.yield();
				}
			}
			catch (IllegalStateException ex) {
				// the group is over: then nothing may be added or started
				if (this.group.stopReason() == null && this.group.snapshot().state() != GroupState.STOPPED) {
					throw ex;
				}
			}
		}

		private @Nullable Actor any(Random random) {
			Object[] actors = this.actors.toArray();
			return (actors.length == 0) ? null : (Actor) actors[random.nextInt(actors.length)];
		}

		/**
		 * On the thread that called run(), at the moment it came back.
		 */
		private void atTheEnd() {
			for (Actor actor : this.actors) {
				if (actor.active.get() != 0) {
					violation("run() came back while the body of " + actor.name + " is active");
				}
			}
			if (this.activeCallbacks.get() != 0) {
				violation("run() came back while an interrupter, a handler or a listener is active");
			}
		}

		private void check() {
			StopReason reason = this.group.stopReason();
			assertThat(this.violations).isEmpty();
			checkThrown(reason);
			checkGroupEvents(reason);
			GroupSnapshot snapshot = this.group.snapshot();
			assertThat(snapshot.state()).isEqualTo(GroupState.STOPPED);
			assertThat(snapshot.stopReason()).isSameAs(reason);
			assertThat(snapshot.members()).hasSize(this.actors.size());
			for (Actor actor : this.actors) {
				checkActor(actor, reason, snapshot);
			}
			for (Thread thread : this.threads) {
				join(thread);
			}
		}

		private void checkThrown(@Nullable StopReason reason) {
			if (this.thrown instanceof InterruptedException && this.runInterrupted) {
				return;
			}
			if (reason == null || reason.kind() == StopReason.Kind.MEMBER_DONE
					|| reason.kind() == StopReason.Kind.STOP_REQUESTED) {
				assertThat(this.thrown).as("thrown, though the group ended without a failure: %s", reason).isNull();
				return;
			}
			assertThat(reason.cause()).isNotNull();
			assertThat(this.thrown).as("thrown").isSameAs(reason.cause());
			Set<Throwable> failures = Collections.newSetFromMap(new IdentityHashMap<>());
			boolean stopping = false;
			Map<String, Throwable> lastAfterTheStop = new java.util.HashMap<>();
			for (Event event : this.events) {
				stopping |= event.kind.equals("stopping");
				if (event.kind.equals("execution")) {
					lastAfterTheStop.remove(event.member);
					if (event.outcome instanceof Outcome.Failed failed) {
						failures.add(failed.failure());
						if (stopping && !this.stoppedByHand.contains(event.member)) {
							lastAfterTheStop.put(event.member, failed.failure());
						}
					}
				}
			}
			List<Throwable> suppressed = Arrays.asList(this.thrown.getSuppressed());
			assertThat(failures).as("all failures").contains(this.thrown);
			for (Throwable failure : suppressed) {
				assertThat(failure).isNotInstanceOf(InterruptedException.class);
				assertThat(failures.contains(failure) || this.thrownByBodies.contains(failure))
					.as("%s was a failure", failure)
					.isTrue();
				assertThat(Collections.frequency(suppressed, failure)).isOne();
			}
			if (this.oneStage) {
				for (Throwable failure : lastAfterTheStop.values()) {
					if (failure != this.thrown) {
						assertThat(suppressed).as("suppressed").contains(failure);
					}
				}
			}
		}

		private void checkGroupEvents(@Nullable StopReason reason) {
			List<Event> heard = List.copyOf(this.events);
			assertThat(heard).filteredOn((event) -> event.kind.equals("stopping")).hasSize((reason != null) ? 1 : 0);
			assertThat(heard).filteredOn((event) -> event.kind.equals("stopped")).hasSize(1);
			assertThat(heard.get(heard.size() - 1).kind).as("the last event").isEqualTo("stopped");
		}

		private void checkActor(Actor actor, @Nullable StopReason reason, GroupSnapshot snapshot) {
			List<String> kinds = new ArrayList<>();
			int starts = 0;
			int executions = 0;
			int failures = 0;
			int restarts = 0;
			for (Event event : this.events) {
				if (actor.name.equals(event.member)) {
					kinds.add(event.kind);
					starts += event.kind.equals("started") ? 1 : 0;
					executions += event.kind.equals("execution") ? 1 : 0;
					failures += (event.outcome instanceof Outcome.Failed) ? 1 : 0;
					restarts += event.kind.equals("restart") ? 1 : 0;
				}
			}
			boolean started = false;
			for (String kind : kinds) {
				assertThat(started).as("'%s' comes between start and end in %s of %s", kind, kinds, actor.name)
					.isEqualTo(!kind.equals("started"));
				started = !kind.equals("ended");
			}
			assertThat(started).as("%s of %s lack the last end", kinds, actor.name).isFalse();
			assertThat(actor.entries.get()).as("executions of %s", actor.name).isEqualTo(executions);
			MemberSnapshot last = snapshot.members()
				.stream()
				.filter((member) -> member.name().equals(actor.name))
				.findFirst()
				.orElseThrow();
			if (starts > 0 || last.state() != MemberState.NEW) {
				assertThat(last.state().isEnded()).as("%s has ended, its state is %s", actor.name, last.state())
					.isTrue();
			}
			assertThat(last.executions()).isEqualTo(executions);
			assertThat(last.failures()).isEqualTo(failures);
			assertThat(last.restarts()).isLessThanOrEqualTo(restarts);
			checkInterrupts(actor, reason, starts, executions);
		}

		private void checkInterrupts(Actor actor, @Nullable StopReason reason, int starts, int executions) {
			int stops = actor.stopInterrupts.get();
			int timeouts = actor.timeoutInterrupts.get();
			if (actor.defaultInterrupter) {
				return;
			}
			if (starts == 0) {
				assertThat(stops + timeouts).as("interrupts of %s, which never started", actor.name).isZero();
				return;
			}
			assertThat(stops).as("interrupts of %s, started %s times", actor.name, starts).isLessThanOrEqualTo(starts);
			assertThat(timeouts).as("timeouts of %s", actor.name).isLessThanOrEqualTo(executions);
			if (reason != null) {
				assertThat(stops + timeouts).as("interrupts of %s", actor.name).isPositive();
				if (!this.startedByHand.contains(actor.name) && timeouts == 0) {
					assertThat(stops).as("interrupts of %s", actor.name).isOne();
				}
			}
		}

		private void join(Thread thread) {
			try {
				thread.join(Waits.LIMIT.toMillis());
			}
			catch (InterruptedException ex) {
				throw new AssertionError("The test was interrupted", ex);
			}
			assertThat(thread.isAlive()).as("thread %s is left", thread).isFalse();
		}

		/**
		 * Thousands of schedules are kept until the last has been played.
		 */
		private void forget() {
			this.events.clear();
			this.threads.clear();
			this.thrownByBodies.clear();
		}

		private void assertNothingCameAfterTheEnd() {
			assertThat(this.violations).as("schedule %s", this.seed).isEmpty();
		}

		private void violation(String what) {
			this.violations.add(what);
		}

		private void describe(Set<String> seen) {
			StopReason reason = this.group.stopReason();
			seen.add((reason != null) ? reason.kind().name() : "no reason");
			if (!this.oneStage) {
				seen.add("several stages");
			}
			if (this.thrown != null && this.thrown.getSuppressed().length > 0) {
				seen.add("suppressed");
			}
			if (this.thrown instanceof Error) {
				seen.add("an Error");
			}
			if (this.thrown instanceof InterruptedException) {
				seen.add("run interrupted");
			}
			for (Actor actor : this.actors) {
				if (actor.timeoutInterrupts.get() > 0) {
					seen.add("timed out");
				}
				long starts = this.events.stream()
					.filter((event) -> event.kind.equals("started") && actor.name.equals(event.member))
					.count();
				if (starts > 1) {
					seen.add("started again");
				}
			}
			if (this.events.stream().anyMatch((event) -> event.kind.equals("restart"))) {
				seen.add("restarted");
			}
		}

		@Override
		public String toString() {
			StringBuilder text = new StringBuilder("play it again: -Drun.schedules.real.seed=" + this.seed + "\n");
			text.append("reason: ").append(this.group.stopReason()).append(", thrown: ").append(this.thrown);
			text.append("\nactors: ");
			this.actors.forEach((actor) -> text.append("\n  ").append(actor));
			text.append("\nevents: ");
			this.events.stream().limit(200).forEach((event) -> text.append("\n  ").append(event));
			text.append("\n").append(this.group.snapshot());
			return text.toString();
		}

		/**
		 * One member and what it is up to.
		 */
		private final class Actor {

			private final String name;

			private final Random random;

			private final Member member;

			private final Policy onDone;

			private final Policy onError;

			private final int stage;

			private final boolean defaultInterrupter;

			private final boolean interrupterThrows;

			private final List<Act> script = new ArrayList<>();

			private final AtomicInteger active = new AtomicInteger();

			private final AtomicInteger entries = new AtomicInteger();

			private final AtomicInteger entriesAfterStop = new AtomicInteger();

			private final AtomicInteger stopInterrupts = new AtomicInteger();

			private final AtomicInteger timeoutInterrupts = new AtomicInteger();

			private volatile boolean stoppedGroup;

			private volatile boolean released;

			private Actor(String name, Random seeds) {
				this.name = name;
				this.random = new Random(seeds.nextLong());
				this.onDone = policy();
				this.onError = policy();
				this.stage = Schedule.this.oneStage ? 0 : this.random.nextInt(3);
				this.defaultInterrupter = this.random.nextInt(4) == 0;
				this.interrupterThrows = this.random.nextInt(4) == 0;
				int acts = 1 + this.random.nextInt(4);
				for (int i = 0; i < acts; i++) {
					this.script.add(Act.values()[this.random.nextInt(Act.values().length)]);
				}
				this.member = describe().build();
			}

			/**
			 * Fewer that end the group, so that more happens before its end.
			 */
			private Policy policy() {
				return switch (this.random.nextInt(6)) {
					case 0 -> Policy.SHUTDOWN;
					case 1, 2 -> Policy.DO_NOTHING;
					default -> Policy.RESTART;
				};
			}

			@SuppressWarnings("unchecked")
			private Member.Builder describe() {
				Member.Builder builder = Member.named(this.name)
					.execute(this::body)
					.onDone(this.onDone)
					.onError(this.onError)
					.backoff((this.random.nextInt(4) == 0) ? Backoff.fixed(Duration.ofNanos(200_000)) : Backoff.none())
					.stage(this.stage);
				if (this.random.nextBoolean()) {
					builder.maxRestarts(this.random.nextInt(4));
					if (this.random.nextInt(3) == 0) {
						builder.within(Duration.ofHours(1));
					}
				}
				if (this.random.nextBoolean()) {
					builder.onExhausted(this.random.nextBoolean() ? Policy.SHUTDOWN : Policy.DO_NOTHING);
				}
				if (this.random.nextInt(3) == 0) {
					builder.fatal();
				}
				if (this.random.nextInt(5) == 0) {
					builder.delay(this.random.nextBoolean() ? Duration.ofMinutes(10) : Duration.ofNanos(100_000));
				}
				if (this.random.nextInt(8) == 0) {
					builder
						.initialDelay(this.random.nextBoolean() ? Duration.ofMinutes(10) : Duration.ofNanos(100_000));
				}
				if (this.random.nextInt(6) == 0) {
					builder.timeout(Duration.ofNanos(1 + this.random.nextInt(1_000_000)));
				}
				if (this.random.nextInt(10) == 0) {
					builder.readyTimeout(Duration.ofMillis(1 + this.random.nextInt(3)));
				}
				if (!this.defaultInterrupter) {
					builder.interrupt(this::interrupt);
				}
				boolean throwing = this.random.nextInt(4) == 0;
				builder.failureHandler((failure) -> {
					Schedule.this.activeCallbacks.incrementAndGet();
					try {
						if (throwing) {
							throw new IllegalArgumentException("a handler that throws");
						}
					}
					finally {
						Schedule.this.activeCallbacks.decrementAndGet();
					}
				});
				return builder;
			}

			private void body(MemberContext context) throws Exception {
				boolean groupStopReturned = Schedule.this.stopReturned;
				boolean interrupted = this.stopInterrupts.get() > 0;
				int entry = this.entries.incrementAndGet();
				if (this.active.incrementAndGet() > 1) {
					violation("two executions of " + this.name + " overlap");
				}
				try {
					checkEntry(context, groupStopReturned, interrupted);
					if (this.random.nextInt(3) == 0) {
						context.ready();
					}
					perform(this.script.get((entry - 1) % this.script.size()), context);
				}
				finally {
					this.active.decrementAndGet();
				}
			}

			/**
			 * A thread that had decided to call the body when the stop came may still do
			 * so: once, and then the body sees that it is to stop.
			 */
			private void checkEntry(MemberContext context, boolean groupStopReturned, boolean interrupted) {
				if (Schedule.this.over) {
					violation("the body of " + this.name + " was called after run() had come back");
				}
				if (this.stoppedGroup && Schedule.this.oneStage) {
					violation("the body of " + this.name + " was called after it had stopped the group itself");
				}
				boolean mustStop = (groupStopReturned && Schedule.this.oneStage)
						|| (interrupted && !Schedule.this.startedByHand.contains(this.name));
				if (mustStop) {
					if (!context.isStopping()) {
						violation("the body of " + this.name + " was called after the stop and is not told so");
					}
					if (this.entriesAfterStop.incrementAndGet() > 1) {
						violation("the body of " + this.name + " was called twice after the stop");
					}
				}
				if (Thread.currentThread().isInterrupted() && !context.isStopping()) {
					violation("the body of " + this.name + " began with an interrupt flag");
				}
			}

			private void perform(Act act, MemberContext context) throws Exception {
				switch (act) {
					case RETURN -> Thread.yield();
					case FAIL -> fail();
					case SLEEP_IN_CONTEXT -> {
						context.sleep(Duration.ofMinutes(10));
						sometimesFail();
					}
					case SLEEP_IN_THREAD -> {
						if (this.defaultInterrupter) {
							Thread.sleep(600_000);
						}
						else {
							context.sleep(Duration.ofMinutes(10));
						}
					}
					case WAIT_FOR_INTERRUPTER -> {
						while (!this.released && !context.isStopping()) {
							if (!context.sleep(Duration.ofMillis(1))) {
								break;
							}
						}
						sometimesFail();
					}
					case IGNORE_INTERRUPT -> ignore(context);
					case STOP_GROUP -> {
						Schedule.this.group.stop();
						this.stoppedGroup = true;
						sometimesFail();
					}
					case STOP_ITSELF -> {
						Schedule.this.stoppedByHand.add(this.name);
						Schedule.this.group.stopMember(this.name);
						sometimesFail();
					}
				}
			}

			/**
			 * Swallow every interrupt, and end some time after the stop.
			 */
			private void ignore(MemberContext context) {
				long end = System.nanoTime() + 5_000_000_000L;
				while (!context.isStopping() && System.nanoTime() < end) {
					doze();
				}
				doze();
				doze();
				sometimesFail();
			}

			private void doze() {
				try {
					Thread.sleep(1);
				}
				catch (InterruptedException ex) {
					// swallowed
				}
			}

			private void sometimesFail() {
				if (this.random.nextInt(3) == 0) {
					fail();
				}
			}

			private void fail() {
				Throwable failure = switch (this.random.nextInt(10)) {
					case 0, 1 -> new IOException("checked, of " + this.name);
					case 2, 3 -> new IllegalStateException("unchecked, of " + this.name);
					case 4 -> new StackOverflowError("an Error, of " + this.name);
					case 5 -> new Throwable("neither, of " + this.name);
					case 6 -> Schedule.this.shared;
					default -> new Exception("an exception of " + this.name);
				};
				Schedule.this.thrownByBodies.add(failure);
				FakeMember.<RuntimeException>sneakyThrow(failure);
			}

			private void interrupt(StopReason reason) {
				Schedule.this.activeCallbacks.incrementAndGet();
				try {
					if (Schedule.this.over) {
						violation("the interrupter of " + this.name + " was called after run() had come back");
					}
					if (reason.kind() == StopReason.Kind.EXECUTION_TIMED_OUT && this.name.equals(reason.member())
							&& Schedule.this.group.stopReason() != reason) {
						this.timeoutInterrupts.incrementAndGet();
					}
					else {
						this.stopInterrupts.incrementAndGet();
					}
					if (this.random.nextInt(4) == 0) {
						doze();
					}
					this.released = true;
					if (this.interrupterThrows) {
						throw new IllegalArgumentException("an interrupter that throws");
					}
				}
				finally {
					Schedule.this.activeCallbacks.decrementAndGet();
				}
			}

			@Override
			public String toString() {
				return this.name + " stage " + this.stage + " onDone " + this.onDone + " onError " + this.onError + " "
						+ this.script + (this.defaultInterrupter ? " default interrupter" : "") + " entries "
						+ this.entries + " interrupts " + this.stopInterrupts + "+" + this.timeoutInterrupts;
			}

		}

		/**
		 * Hears everything, after the one that throws.
		 */
		private final class Recorder implements GroupListener {

			@Override
			public void memberStarted(String member) {
				record(new Event("started", member, null));
			}

			@Override
			public void memberReady(String member) {
				record(new Event("ready", member, null));
			}

			@Override
			public void executionEnded(String member, Outcome outcome, long nanos) {
				record(new Event("execution", member, outcome));
			}

			@Override
			public void restartScheduled(String member, Duration pause) {
				record(new Event("restart", member, null));
			}

			@Override
			public void memberEnded(String member, MemberState state) {
				record(new Event("ended", member, null));
			}

			@Override
			public void groupStopping(StopReason reason) {
				record(new Event("stopping", null, null));
			}

			@Override
			public void groupStopped(@Nullable StopReason reason) {
				record(new Event("stopped", null, null));
			}

			private void record(Event event) {
				Schedule.this.activeCallbacks.incrementAndGet();
				if (Schedule.this.over) {
					violation(event + " was heard after run() had come back");
				}
				Schedule.this.events.add(event);
				Schedule.this.activeCallbacks.decrementAndGet();
			}

		}

	}

	private record Event(String kind, @Nullable String member, @Nullable Outcome outcome) {

	}

	private static final class ThrowingListener implements GroupListener {

		private final Random random;

		ThrowingListener(long seed) {
			this.random = new Random(seed);
		}

		@Override
		public void memberStarted(String member) {
			sometimesThrow();
		}

		@Override
		public void memberReady(String member) {
			sometimesThrow();
		}

		@Override
		public void executionEnded(String member, Outcome outcome, long nanos) {
			sometimesThrow();
		}

		@Override
		public void restartScheduled(String member, Duration pause) {
			sometimesThrow();
		}

		@Override
		public void memberEnded(String member, MemberState state) {
			sometimesThrow();
		}

		@Override
		public void groupStopping(StopReason reason) {
			sometimesThrow();
		}

		@Override
		public void groupStopped(@Nullable StopReason reason) {
			sometimesThrow();
		}

		private void sometimesThrow() {
			switch (this.random.nextInt(3)) {
				case 0 -> throw new IllegalArgumentException("a listener that throws");
				case 1 -> throw new AssertionError("a listener that throws an Error");
				default -> {
					// this time not
				}
			}
		}

	}

}
