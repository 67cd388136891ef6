package dev.rungroup.core;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

import org.jspecify.annotations.Nullable;

/**
 * Members that live and die together: the Group of oklog/run and vslpsl/run. All are
 * started; the first one whose outcome calls for it ends the group; every started member
 * is interrupted, once, the one that ended too; {@link #run()} returns when all have
 * ended.
 * <p>
 * Each member has a thread of its own, named after it. The thread inside {@link #run()},
 * or one that {@link #start()} makes, only watches: it starts the stages, keeps the
 * timeouts and interrupts. Every interrupter runs on a thread of its own, from JDK 24 on
 * a virtual one if the member's thread is. All methods may be called from any thread, and
 * none calls user code under a lock.
 * <p>
 * A group runs once.
 *
 * @since 0.1.0
 */
public final class Group implements AutoCloseable {

	private static final Duration DEFAULT_GRACE_PERIOD = Duration.ofSeconds(10);

	private static final long NEVER = Long.MAX_VALUE;

	private static final int SPINS = 100;

	private static final long MEMORY_PAUSE = TimeUnit.MILLISECONDS.toNanos(10);

	/** How long an interrupter waits for a carrier thread. */
	private static final long CARRIER_PATIENCE = TimeUnit.MILLISECONDS.toNanos(50);

	private static final long CLOCK_TOLERANCE = TimeUnit.MILLISECONDS.toNanos(10);

	private final String name;

	private final ThreadFactory threadFactory;

	private final long gracePeriod;

	/** Nanoseconds; 0 means: wait for ever. */
	private final long shutdownTimeout;

	private final boolean keepStopped;

	/** Whether it goes on without members until it is stopped: a loop does. */
	private final boolean endless;

	final Listeners listeners;

	final Time time;

	private final CountDownLatch terminated = new CountDownLatch(1);

	/** Whether the listeners know that the group ends. */
	private final CountDownLatch announced = new CountDownLatch(1);

	/**
	 * Guards what follows up to the next comment. Held for a few field accesses at a
	 * time, never while user code runs. After a change that the watching thread waits for
	 * it is signalled.
	 */
	private final ReentrantLock lock = new ReentrantLock();

	private final Map<String, MemberThread> members = new LinkedHashMap<>();

	private final TreeMap<Integer, Stage> stages = new TreeMap<>();

	/** Threads that have not ended, of all stages. */
	private int busy;

	private int unnamed;

	private volatile GroupState state = GroupState.NEW;

	private volatile @Nullable StopReason stopReason;

	/** What run() throws, the same instance. */
	private @Nullable Throwable failure;

	/** What made members fail after the group's end had begun. */
	private final List<Throwable> laterFailures = new ArrayList<>();

	private long stopAt;

	/** The highest stage that is still to be stopped or being stopped. */
	private @Nullable Stage stopping;

	private long clockOffset;

	/** Whether every stage has been begun, so that a new one need not wait. */
	private boolean allBegun;

	/** Members with a limit of time. */
	private final List<MemberThread> timed = new ArrayList<>();

	/** Members that stopMember has asked to end. */
	private final Deque<MemberThread> toInterrupt = new ArrayDeque<>();

	// Written by the watching thread alone

	private volatile @Nullable Thread watcher;

	/** The stage that is being started. */
	private @Nullable Stage starting;

	/** Executions that take too long and have no interrupt yet. */
	private final ArrayList<MemberThread.Overdue> overdue = new ArrayList<>();

	/** Whether it waits for the members of one stage before it starts the next. */
	private volatile boolean awaitingStage;

	/** The member inside whose call the group was run or started. */
	private volatile @Nullable MemberThread outer;

	/** When the watching thread looks around at the latest, in nanoseconds. */
	private volatile long watcherDue;

	/** Whether something changed since the watching thread last began to look around. */
	private volatile boolean signalled;

	/** Whether the thread inside run() was interrupted. */
	private boolean interrupted;

	/** What to do later, the next first. */
	private final PriorityQueue<Duty> duties = new PriorityQueue<>();

	private @Nullable UnstoppedMembersException unstopped;

	/** Counts how often the watching thread has looked around. */
	private volatile int tick;

	/** Members whose clock is the tick. */
	private final AtomicInteger ticking = new AtomicInteger();

	/**
	 * Make a group with the defaults: no listener, a grace period of ten seconds, no
	 * shutdown timeout, platform threads.
	 */
	public Group() {
		this(builder());
	}

	Group(Builder builder) {
		this.name = builder.name;
		this.threadFactory = builder.threadFactory;
		this.gracePeriod = Durations.saturatedNanos(builder.gracePeriod);
		this.shutdownTimeout = (builder.shutdownTimeout != null) ? Durations.saturatedNanos(builder.shutdownTimeout)
				: 0;
		this.keepStopped = builder.keepStopped;
		this.endless = builder.endless;
		this.listeners = new Listeners(builder.name, builder.listeners);
		this.time = builder.time;
	}

	/**
	 * Begin to describe a group.
	 * @return a builder
	 */
	public static Builder builder() {
		return new Builder();
	}

	/**
	 * Add a member; in a running group it is started at once.
	 * @param member the member
	 * @throws IllegalArgumentException if the group has a member of this name
	 * @throws IllegalStateException if the group is stopping or over
	 */
	public void add(Member member) {
		Objects.requireNonNull(member, "member");
		MemberThread added = locked(() -> {
			if (this.state == GroupState.STOPPING || this.state == GroupState.STOPPED) {
				throw new IllegalStateException("Member '" + member.name + "' came too late: group '" + this.name
						+ "' is " + this.state.name().toLowerCase(Locale.ROOT));
			}
			if (this.members.containsKey(member.name)) {
				throw new IllegalArgumentException(
						"Group '" + this.name + "' has a member named '" + member.name + "' already");
			}
			Stage stage = this.stages.computeIfAbsent(member.settings.stage, (number) -> new Stage());
			MemberThread thread = new MemberThread(this, member, stage);
			this.members.put(member.name, thread);
			stage.members.add(thread);
			if ((member.settings.timeout > 0 || member.settings.readyTimeout > 0)) {
				this.timed.add(thread);
			}
			return isStartable(thread) ? beginStart(thread) : null;
		});
		launch(added);
	}

	/**
	 * Add a member as oklog/run does. It is named {@code member-1}, {@code member-2} and
	 * so on.
	 * @param execute the work
	 * @param interrupter what makes it return
	 */
	public void add(Task execute, Interrupter interrupter) {
		add(execute, interrupter, UnaryOperator.identity());
	}

	void add(Task execute, Interrupter interrupter, UnaryOperator<Member> change) {
		String memberName = locked(() -> {
			String candidate;
			do {
				candidate = "member-" + ++this.unnamed;
			}
			while (this.members.containsKey(candidate));
			return candidate;
		});
		add(change.apply(Member.named(memberName).execute(execute).interrupt(interrupter).build()));
	}

	/**
	 * Run all members, and return when the group is over: every member has ended, its
	 * interrupter too.
	 * <p>
	 * Interrupting the calling thread stops the group.
	 * @throws Exception the failure that ended the group, the same instance; later ones
	 * are its suppressed exceptions
	 * @throws UnstoppedMembersException if members had not ended at the shutdown timeout
	 * and no failure ended the group; otherwise it is suppressed under that failure
	 * @throws InterruptedException if the calling thread was interrupted and no failure
	 * ended the group
	 * @throws IllegalStateException if the group has been run or started before
	 */
	public void run() throws Exception {
		begin(Thread.currentThread());
		supervise();
		Throwable failure = this.failure;
		if (this.interrupted && (failure != null || this.unstopped != null)) {
			Thread.currentThread().interrupt();
		}
		if (failure != null) {
			sneakyThrow(failure);
		}
		if (this.unstopped != null) {
			throw this.unstopped;
		}
		if (this.interrupted) {
			throw new InterruptedException("Interrupted while running group '" + this.name + "'");
		}
	}

	/**
	 * Do what {@link #run()} does on a new thread, which keeps the JVM up until the group
	 * is over. How it ended is in {@link #stopReason()}; members that did not end are
	 * logged.
	 * @throws IllegalStateException if the group has been run or started before
	 */
	public void start() {
		Thread thread = new Thread(() -> {
			// What the caller is inside of, listeners called on this thread are too
			Current.set(this.outer);
			try {
				supervise();
				if (this.unstopped != null) {
					this.listeners.report(String.valueOf(this.unstopped.getMessage()), null);
				}
			}
			finally {
				Current.set(null);
			}
		}, this.name);
		thread.setDaemon(false);
		begin(thread);
		try {
			thread.start();
		}
		catch (Throwable ex) {
			locked(() -> this.state = GroupState.STOPPED);
			this.terminated.countDown();
			throw ex;
		}
	}

	/**
	 * Ask all members to end, and return at once. Works at any time, before
	 * {@link #run()} too; only the first request counts.
	 */
	public void stop() {
		stop(new StopReason(StopReason.Kind.STOP_REQUESTED, null, null));
	}

	/**
	 * Ask all members to end, for a reason of the caller's, and return at once.
	 * @param reason what the interrupters are told; its cause is not thrown by
	 * {@link #run()}
	 */
	public void stop(StopReason reason) {
		requestStop(Objects.requireNonNull(reason, "reason"), null);
	}

	/**
	 * Wait until the group is over.
	 * @param timeout how long to wait
	 * @return whether it is over
	 * @throws InterruptedException if the calling thread was interrupted
	 */
	public boolean awaitTermination(Duration timeout) throws InterruptedException {
		return this.terminated.await(Durations.saturatedNanos(timeout), TimeUnit.NANOSECONDS);
	}

	/**
	 * Stop the group and wait until it is over. Called from inside, that is by a body, a
	 * handler, a listener or an interrupter of the group or of one that runs inside it,
	 * it does not wait. An interrupt of the calling thread does not cut the wait short;
	 * the flag is set again.
	 */
	@Override
	public void close() {
		stop();
		if (this.state == GroupState.NEW || isCalledFromInside()) {
			return;
		}
		boolean wasInterrupted = false;
		while (this.terminated.getCount() > 0) {
			try {
				this.terminated.await();
			}
			catch (InterruptedException ex) {
				wasInterrupted = true;
			}
		}
		if (wasInterrupted) {
			Thread.currentThread().interrupt();
		}
	}

	private boolean isCalledFromInside() {
		if (Thread.currentThread() == this.watcher) {
			return true;
		}
		for (MemberThread at = Current.member(); at != null; at = at.group.outer) {
			if (at.group == this) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Return why the group ends or ended.
	 * @return the reason; {@code null} if nobody has ended it, or all members ended by
	 * themselves
	 */
	public @Nullable StopReason stopReason() {
		return this.stopReason;
	}

	/**
	 * Return the group at this moment.
	 * @return the group and its members, in the order they were added
	 */
	public GroupSnapshot snapshot() {
		long offset = clockOffset();
		return locked(() -> new GroupSnapshot(this.name, this.state, this.stopReason,
				this.members.values().stream().map((member) -> member.snapshot(offset)).toList()));
	}

	/**
	 * What to add to our times for nanoseconds since the epoch. The same each time, so
	 * that nothing seems to change between two snapshots, unless somebody has set the
	 * clock or it was adjusted in the course of days.
	 */
	private long clockOffset() {
		Instant now = Instant.now();
		long offset = TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano() - this.time.nanoTime();
		return locked(() -> {
			if (Math.abs(offset - this.clockOffset) > CLOCK_TOLERANCE) {
				this.clockOffset = offset;
			}
			return this.clockOffset;
		});
	}

	/**
	 * Interrupt one member alone: its policies do not apply, the group goes on. The Kill
	 * of rutina. A member that was not started yet will not be; one that is over stays
	 * so. The request is remembered however early it comes.
	 * @param name the member's name
	 * @throws NoSuchElementException if the group has no such member
	 */
	public void stopMember(String name) {
		stopMember(name, new StopReason(StopReason.Kind.STOP_REQUESTED, name, null));
	}

	/**
	 * Interrupt one member alone, for a reason of the caller's.
	 * @param name the member's name
	 * @param reason what its interrupter is told
	 * @throws NoSuchElementException if the group has no such member
	 * @see #stopMember(String)
	 */
	public void stopMember(String name, StopReason reason) {
		Objects.requireNonNull(reason, "reason");
		locked(() -> {
			MemberThread member = member(name);
			member.startAgain = false;
			if (!member.started) {
				member.hold(true);
			}
			else if (!member.ended && !member.interrupted && this.state != GroupState.STOPPED) {
				markStopping(member, new MemberThread.Stop(reason, this.time.nanoTime()));
				this.toInterrupt.add(member);
			}
			return null;
		});
		signal();
	}

	/**
	 * Run a stopped, completed or failed member again, with a new row of failures and a
	 * new budget. On a running member it changes nothing; for one that is still stopping
	 * it is remembered.
	 * @param name the member's name
	 * @throws NoSuchElementException if the group has no such member
	 * @throws IllegalStateException if the group is stopping or over
	 */
	public void startMember(String name) {
		MemberThread started = locked(() -> {
			MemberThread member = member(name);
			if (this.state == GroupState.STOPPING || this.state == GroupState.STOPPED) {
				throw new IllegalStateException("Member '" + name + "' cannot be started: group '" + this.name + "' is "
						+ this.state.name().toLowerCase(Locale.ROOT));
			}
			if (!member.started) {
				member.hold(false);
				return isStartable(member) ? beginStart(member) : null;
			}
			if (member.pending == 0) {
				return beginStart(member);
			}
			member.startAgain = member.ended || member.stop() != null;
			return null;
		});
		launch(started);
	}

	/**
	 * Return where a member's thread is, or its interrupter's if only that is still at
	 * work. For finding out what hangs; it takes the JVM some time.
	 * @param name the member's name
	 * @return the stack, innermost call first; empty if no thread of the member runs
	 * @throws NoSuchElementException if the group has no such member
	 */
	public List<StackTraceElement> stackOf(String name) {
		return locked(() -> member(name)).stack();
	}

	private MemberThread member(String name) {
		MemberThread member = this.members.get(name);
		if (member == null) {
			throw new NoSuchElementException("Group '" + this.name + "' has no member named '" + name + "'; it has "
					+ String.join(", ", this.members.keySet()));
		}
		return member;
	}

	/**
	 * Return this group as a member of a larger one: its failure is the member's failure,
	 * the member's interrupt stops it. As a group runs once, the member cannot be
	 * restarted.
	 * @param name the member's name
	 * @return a new member
	 */
	public Member asMember(String name) {
		return Member.named(name).execute(this::run).interrupt(this::stop).build();
	}

	// ---- The watching thread

	private void begin(Thread watcher) {
		locked(() -> {
			if (this.watcher != null) {
				throw new IllegalStateException(
						"Group '" + this.name + "' has been run already: a group runs once, make a new one");
			}
			this.watcher = watcher;
			this.outer = Current.member();
			return this.state = (this.stopReason != null) ? GroupState.STOPPING : GroupState.RUNNING;
		});
	}

	/**
	 * Must not end before everybody has: whatever there was no memory for is taken up
	 * again where it was left.
	 */
	private void supervise() {
		while (this.terminated.getCount() > 0) {
			try {
				startStages();
				await(() -> this.state != GroupState.RUNNING || isOver(), NEVER);
				StopReason reason = this.stopReason;
				if (reason != null) {
					if (this.announced.getCount() > 0) {
						this.listeners.groupStopping(reason);
						this.announced.countDown();
					}
					stopStages(reason);
				}
				finish(reason);
			}
			catch (VirtualMachineError | LinkageError ex) {
				awaitMemory();
			}
		}
	}

	/**
	 * Others may give back what they hold.
	 */
	void awaitMemory() {
		this.time.park(this, MEMORY_PAUSE);
		if (Thread.currentThread() != this.watcher) {
			Thread.interrupted();
		}
	}

	/**
	 * Start the members, lowest stage first; the next stage when all have begun, and
	 * everybody who wanted to announce that it is up has done so.
	 */
	private void startStages() {
		noteInterrupt();
		for (Stage stage = stageToStart(); stage != null; stage = stageToStart()) {
			Stage current = stage;
			while (current.launched < current.toStart.size()) {
				launch(current.toStart.get(current.launched++));
			}
			if (!locked(() -> this.stages.values().stream().allMatch((other) -> other.begun))) {
				this.awaitingStage = true;
				await(() -> this.state != GroupState.RUNNING || current.isUp(), NEVER);
				this.awaitingStage = false;
			}
			this.starting = null;
		}
	}

	private @Nullable Stage stageToStart() {
		return (this.starting != null) ? this.starting : beginNextStage();
	}

	/**
	 * Begin all members of the lowest stage that was not begun, in one step: a member
	 * that fails at once still finds the others started, and they are interrupted, though
	 * their bodies may never be called.
	 */
	private @Nullable Stage beginNextStage() {
		return locked(() -> {
			if (this.state != GroupState.RUNNING) {
				return null;
			}
			long now = this.time.nanoTime();
			for (Stage stage : this.stages.values()) {
				if (!stage.begun) {
					stage.toStart.ensureCapacity(stage.members.size());
					stage.begun = true;
					this.starting = stage;
					for (MemberThread member : stage.members) {
						if (!member.started && !member.held) {
							stage.toStart.add(beginStart(member, now));
						}
					}
					return stage;
				}
			}
			this.allBegun = true;
			return null;
		});
	}

	/**
	 * Interrupt the members, highest stage first; the next stage when this one has ended
	 * or has used up its share of the time.
	 */
	private void stopStages(StopReason reason) {
		long deadline = (this.shutdownTimeout > 0) ? Durations.after(this.stopAt, this.shutdownTimeout) : NEVER;
		Stage first = locked(() -> this.stopping);
		for (Stage stage = (first != null) ? first : markNextStage(reason); stage != null; stage = markNextStage(
				reason)) {
			Stage current = stage;
			current.done.ensureCapacity(current.toEnd.size());
			for (; current.reached < current.toEnd.size(); current.reached++) {
				MemberThread member = current.toEnd.get(current.reached);
				if (interrupt(member, reason)) {
					current.done.add(member);
				}
			}
			// In one go: at this moment all the members want the lock, too
			locked(() -> {
				for (MemberThread member : current.done) {
					released(member);
				}
				current.done.clear();
				return null;
			});
			graceFor(null, () -> locked(() -> current.toEnd.stream().filter((member) -> !member.ended).toList())
				.forEach(MemberThread::interruptThread));
			await(() -> current.busy == 0, share(deadline, stage));
		}
		if (!await(() -> this.busy == 0, deadline)) {
			giveUp();
		}
	}

	/**
	 * When the stage has to have ended: it has an equal share of the time that is left
	 * for it and those below.
	 */
	private long share(long deadline, Stage stage) {
		if (deadline == NEVER) {
			return NEVER;
		}
		long now = this.time.nanoTime();
		int left = locked(() -> 1 + (int) this.stages.values().stream().filter(Stage::isToBeStopped).count());
		return now + Math.max(0, deadline - now) / left;
	}

	/**
	 * Let the highest stage that was not yet asked to end know that it is to. From here
	 * on none of its bodies is called any more.
	 */
	private @Nullable Stage markNextStage(StopReason reason) {
		return locked(() -> {
			for (Stage stage : this.stages.descendingMap().values()) {
				if (stage.isToBeStopped()) {
					MemberThread.Stop stop = new MemberThread.Stop(reason, this.time.nanoTime());
					stage.toEnd.ensureCapacity(stage.members.size());
					for (; stage.marked < stage.members.size(); stage.marked++) {
						MemberThread member = stage.members.get(stage.marked);
						if (member.started && !member.interrupted) {
							stage.toEnd.add(member);
							markStopping(member, stop);
						}
					}
					stage.asked = true;
					this.stopping = stage;
					return stage;
				}
			}
			this.stopping = null;
			return null;
		});
	}

	private void giveUp() {
		List<MemberThread> left = locked(() -> {
			this.state = GroupState.STOPPED;
			return this.members.values().stream().filter((member) -> member.pending > 0).toList();
		});
		// The last one may have ended at the last moment
		if (!left.isEmpty()) {
			this.unstopped = new UnstoppedMembersException(this.name,
					left.stream()
						.map((member) -> new UnstoppedMembersException.Unstopped(member.name(), member.stack()))
						.toList());
		}
	}

	private void finish(@Nullable StopReason reason) {
		List<MemberThread> over = new ArrayList<>(this.members.size());
		locked(() -> {
			this.state = GroupState.STOPPED;
			for (MemberThread member : this.members.values()) {
				if (member.pending == 0) {
					over.add(member);
				}
			}
			return null;
		});
		for (MemberThread member : over) {
			// Its work is done; wait for the threads to be gone as well
			join(member.thread);
			join(member.interrupterThread);
		}
		addSuppressed();
		noteInterrupt();
		this.listeners.groupStopped(reason);
		// A row of groups, each started inside the one before, is not to be kept
		this.outer = null;
		this.terminated.countDown();
	}

	private void join(@Nullable Thread thread) {
		// An interrupter that got no thread was called on this one
		while (thread != null && thread != Thread.currentThread() && thread.isAlive()) {
			try {
				thread.join();
			}
			catch (InterruptedException ex) {
				this.interrupted = true;
			}
		}
	}

	private void addSuppressed() {
		Throwable failure = this.failure;
		if (failure == null) {
			return;
		}
		// Several members may have thrown the same instance
		Set<Throwable> known = Collections.newSetFromMap(new IdentityHashMap<>());
		known.add(failure);
		Collections.addAll(known, failure.getSuppressed());
		for (Throwable later : locked(() -> List.copyOf(this.laterFailures))) {
			if (known.add(later)) {
				failure.addSuppressed(later);
			}
		}
		if (this.unstopped != null) {
			failure.addSuppressed(this.unstopped);
		}
	}

	/**
	 * Wait on the watching thread, and meanwhile do what falls due.
	 * @param until what to wait for; asked under the lock
	 * @param deadline when to stop waiting, in nanoseconds
	 * @return whether it came true in time
	 */
	private boolean await(BooleanSupplier until, long deadline) {
		while (true) {
			this.signalled = false;
			nextTick();
			noteInterrupt();
			if (locked(until::getAsBoolean)) {
				return true;
			}
			long now = this.time.nanoTime();
			if (deadline != NEVER && now - deadline >= 0) {
				return false;
			}
			interruptDue(now);
			// Whoever sets a deadline while we look for the next one has to wake us
			this.watcherDue = Durations.after(now, Long.MAX_VALUE);
			long due = nextDue(now);
			if (deadline != NEVER) {
				due = earlier(due, deadline);
			}
			this.watcherDue = due;
			// Not only the thread's permit: a lock may have used that up
			if (!this.signalled && due - now > 0) {
				this.time.park(this, due - now);
			}
		}
	}

	@SuppressWarnings("NonAtomicVolatileUpdate")
	private void nextTick() {
		this.tick++;
	}

	private void noteInterrupt() {
		if (Thread.interrupted()) {
			this.interrupted = true;
			stop();
		}
	}

	/**
	 * Interrupt whoever stopMember wants to end, whose execution takes too long, and
	 * whose grace period is over.
	 */
	private void interruptDue(long now) {
		locked(() -> {
			this.overdue.ensureCapacity(this.overdue.size() + this.timed.size());
			for (MemberThread member : this.timed) {
				MemberThread.Overdue claimed = member.claimOverdue(now);
				if (claimed != null) {
					this.overdue.add(claimed);
				}
			}
			return null;
		});
		Supplier<MemberThread> done = this.toInterrupt::remove;
		for (MemberThread member = requested(); member != null; member = requested()) {
			interruptAlone(member);
			// Must not need memory: it would be interrupted again
			locked(done);
		}
		while (!this.overdue.isEmpty()) {
			interruptTurn(this.overdue.get(0));
			this.overdue.remove(0);
		}
		for (Duty duty = this.duties.peek(); duty != null && now - duty.due >= 0; duty = this.duties.peek()) {
			duty.then.run();
			this.duties.remove(duty);
		}
	}

	private @Nullable MemberThread requested() {
		return locked(this.toInterrupt::peek);
	}

	private void interruptAlone(MemberThread member) {
		int start = member.start;
		Thread thread = member.thread;
		member.stopGrace = graceFor(member.stopGrace, () -> {
			// The next start has another thread, perhaps since a moment ago
			if (thread != null && locked(() -> member.start == start && !member.ended)) {
				this.listeners.interrupt(thread, member.name());
			}
		});
		if (interrupt(member, Objects.requireNonNull(member.stop()).reason())) {
			release(member);
		}
	}

	private long nextDue(long now) {
		long due = locked(() -> {
			long earliest = Durations.after(now, Long.MAX_VALUE);
			for (MemberThread member : this.timed) {
				earliest = earlier(earliest, member.dueAt(now));
			}
			return earliest;
		});
		if (this.ticking.get() > 0) {
			due = earlier(due, now + TurnClock.TICK);
		}
		Duty duty = this.duties.peek();
		return (duty != null) ? earlier(due, duty.due) : due;
	}

	private static long earlier(long one, long other) {
		return (one - other < 0) ? one : other;
	}

	/**
	 * Interrupt a member that has been marked.
	 * @return whether that is done, so that the member is to be released
	 */
	private boolean interrupt(MemberThread member, StopReason reason) {
		Interrupter interrupter = member.member.interrupter;
		if (member.isTurnStopped()) {
			// This execution has had its interrupt when it took too long
			return true;
		}
		if (interrupter == null) {
			member.interruptBody();
			return true;
		}
		call(interrupter, member, reason, () -> release(member));
		return false;
	}

	/**
	 * Interrupt one execution; the next must not begin before that is done.
	 */
	private void interruptTurn(MemberThread.Overdue overdue) {
		MemberThread member = overdue.member();
		StopReason reason = overdue.reason();
		// Who sleeps may wake and be in its next turn before the interrupt
		member.wakeSleepers();
		member.turnGrace = graceFor(member.turnGrace, () -> {
			member.interruptTurn(overdue.turn());
			StopReason.Kind ending = overdue.ending();
			if (ending != null && member.isHungIn(overdue.turn())) {
				// It has failed, and may never come to say so
				requestStop(new StopReason(ending, member.name(), reason.cause()), reason.cause());
			}
		});
		Interrupter interrupter = member.member.interrupter;
		if (interrupter == null) {
			member.interruptTurn(overdue.turn());
		}
		else {
			call(interrupter, member, reason, member::turnInterrupterEnded);
		}
	}

	/**
	 * @param before what this takes the place of: with a long grace period very many
	 * could come together
	 */
	private Duty graceFor(@Nullable Duty before, Runnable then) {
		if (before != null) {
			this.duties.remove(before);
		}
		return later(this.gracePeriod, then);
	}

	private Duty later(long nanos, Runnable then) {
		Duty duty = new Duty(Durations.after(this.time.nanoTime(), nanos), then);
		this.duties.add(duty);
		return duty;
	}

	/**
	 * Once it has begun, this calls the interrupter once, whatever there is no memory
	 * for: if it throws, nothing has happened yet.
	 */
	private void call(Interrupter interrupter, MemberThread member, StopReason reason, Runnable afterwards) {
		AtomicBoolean begun = new AtomicBoolean();
		Task task = () -> interrupt(interrupter, member, reason);
		String what = "Interrupter";
		Runnable work = () -> {
			if (begun.compareAndSet(false, true)) {
				member.interrupterThread = Thread.currentThread();
				try {
					this.listeners.guarded(task, what, member.name());
				}
				finally {
					afterwards.run();
				}
			}
		};
		if (Threads.isVirtual(member.thread)) {
			// Perhaps only this interrupter can end the bodies that keep it from its turn
			later(CARRIER_PATIENCE, () -> {
				if (!begun.get()) {
					Threads.runInterrupter(member.name(), work);
				}
			});
			if (Threads.runVirtualInterrupter(member.name(), work)) {
				return;
			}
		}
		Threads.runInterrupter(member.name(), work);
	}

	private static void interrupt(Interrupter interrupter, MemberThread member, StopReason reason) throws Exception {
		MemberThread before = null;
		try {
			before = Current.set(member);
		}
		catch (VirtualMachineError | LinkageError ex) {
			// Rather called by nobody in particular than not at all
		}
		try {
			interrupter.interrupt(reason);
		}
		finally {
			Current.set(before);
		}
	}

	// ---- Called by members

	/**
	 * End the group for this reason unless it is ending already.
	 * @param failure what run() is to throw
	 */
	void requestStop(StopReason reason, @Nullable Throwable failure) {
		try {
			locked(() -> {
				if (this.stopReason == null && this.state != GroupState.STOPPED) {
					this.stopReason = reason;
					this.failure = failure;
					this.stopAt = this.time.nanoTime();
					if (this.state == GroupState.RUNNING) {
						this.state = GroupState.STOPPING;
						markNextStage(reason);
					}
				}
				return null;
			});
		}
		finally {
			signal();
		}
	}

	/**
	 * Add what the body of a timed-out execution threw to its failure. Not once the group
	 * is over: somebody may be reading that failure, and a member that was given up
	 * changes nothing any more.
	 */
	void suppress(Throwable failure, Throwable thrown) {
		locked(() -> {
			if (this.state != GroupState.STOPPED) {
				failure.addSuppressed(thrown);
			}
			return null;
		});
	}

	/**
	 * If the group ends, wait until the listeners know: what members do because of it
	 * they hear after it.
	 */
	void awaitAnnouncement() {
		if (this.stopReason == null || this.listeners.isEmpty() || Thread.currentThread() == this.watcher) {
			return;
		}
		boolean interrupted = false;
		while (this.announced.getCount() > 0) {
			try {
				this.announced.await();
			}
			catch (InterruptedException ex) {
				interrupted = true;
			}
			catch (VirtualMachineError | LinkageError ex) {
				// Not even for a place in the queue
				awaitMemory();
			}
		}
		MemberThread member = Current.member();
		if (interrupted && (member == null || !member.isCurrent())) {
			// Meant for the caller of add(), whose member got no thread. For a member's
			// own thread it is the end of the grace period: there is nothing to interrupt
			Thread.currentThread().interrupt();
		}
	}

	/**
	 * A member's last execution is behind it.
	 * @param failure what that threw, if it failed
	 */
	void end(MemberThread member, MemberState state, long now, @Nullable Throwable failure) {
		boolean unheard = this.listeners.isEmpty();
		MemberThread again = null;
		MemberThread.Stop stop = null;
		lock();
		try {
			stop = ended(member, state, now, failure);
			if (unheard) {
				// In one step: when a group ends, all its members want the lock
				member.endHeard = true;
				again = released(member);
			}
		}
		finally {
			this.lock.unlock();
		}
		if (!unheard) {
			tellOfEnd(member, state, (stop != null) ? now - stop.at() : -1);
			lock();
			try {
				member.endHeard = true;
				again = released(member);
			}
			finally {
				this.lock.unlock();
			}
		}
		launch(again);
	}

	private void tellOfEnd(MemberThread member, MemberState state, long nanos) {
		try {
			if (nanos >= 0) {
				this.listeners.memberStopped(member.name(), nanos);
			}
			this.listeners.memberEnded(member.name(), state);
		}
		catch (VirtualMachineError | LinkageError ex) {
			// No memory to call them at all
		}
	}

	/**
	 * A member's thread or its interrupter has done all its work.
	 */
	void release(MemberThread member) {
		MemberThread again;
		lock();
		try {
			again = released(member);
		}
		finally {
			this.lock.unlock();
		}
		launch(again);
	}

	/**
	 * A member's first execution begins.
	 */
	void memberBegun() {
		if (this.awaitingStage) {
			signal();
		}
	}

	/**
	 * Some time limit begins to run.
	 */
	void deadlineSet(long due) {
		if (due - this.watcherDue < 0) {
			signal();
		}
	}

	/**
	 * How often the watching thread has looked around.
	 */
	int tick() {
		return this.tick;
	}

	/**
	 * Look around at least once in a {@link TurnClock#TICK}.
	 * @return the tick now
	 */
	int startTicking() {
		int tick = this.tick;
		if (this.ticking.incrementAndGet() == 1) {
			signal();
		}
		return tick;
	}

	void stopTicking() {
		this.ticking.decrementAndGet();
	}

	void signal() {
		this.signalled = true;
		this.time.unpark(this.watcher);
	}

	<T extends @Nullable Object> T locked(Supplier<T> work) {
		lock();
		try {
			return work.get();
		}
		finally {
			this.lock.unlock();
		}
	}

	/**
	 * Held for so short a time that trying again is cheaper than to be parked. Needs no
	 * memory.
	 */
	private void lock() {
		for (int i = 0; !this.lock.tryLock(); i++) {
			if (i < SPINS) {
				Thread.onSpinWait();
				continue;
			}
			try {
				this.lock.lock();
				return;
			}
			catch (VirtualMachineError | LinkageError ex) {
				// Not even for a place in the queue
				Thread.yield();
			}
		}
	}

	// ---- Under the lock

	private boolean isOver() {
		if (this.busy > 0 || this.endless || (this.keepStopped && isAnyStopped())) {
			return false;
		}
		// Shut the door: from here on nothing is added or started
		this.state = GroupState.STOPPED;
		return true;
	}

	private boolean isAnyStopped() {
		return this.members.values().stream().anyMatch((member) -> member.state() == MemberState.STOPPED);
	}

	private boolean isStartable(MemberThread member) {
		if (this.state == GroupState.RUNNING && this.allBegun) {
			member.stage.begun = true;
		}
		return this.state == GroupState.RUNNING && member.stage.begun;
	}

	private MemberThread beginStart(MemberThread member) {
		return beginStart(member, this.time.nanoTime());
	}

	private MemberThread beginStart(MemberThread member, long now) {
		member.prepareStart(now);
		addPending(member);
		return member;
	}

	private void markStopping(MemberThread member, MemberThread.Stop stop) {
		member.interrupted = true;
		addPending(member);
		member.markStopping(stop);
	}

	/**
	 * @return the stop that the member ended because of, null if it ended by itself
	 */
	private MemberThread.@Nullable Stop ended(MemberThread member, MemberState state, long now,
			@Nullable Throwable failure) {
		member.ended(state, now);
		try {
			if (failure != null && this.stopReason != null) {
				this.laterFailures.add(failure);
			}
		}
		catch (VirtualMachineError | LinkageError ex) {
			// Its handlers have heard of it
		}
		return (state == MemberState.STOPPED) ? member.stop() : null;
	}

	/**
	 * @return the member, if it is to be launched again
	 */
	private @Nullable MemberThread released(MemberThread member) {
		member.pending--;
		member.stage.busy--;
		this.busy--;
		if (this.busy == 0 || member.stage.busy == 0 || this.awaitingStage) {
			signal();
		}
		boolean again = member.pending == 0 && member.startAgain && this.state == GroupState.RUNNING;
		return (again) ? beginStart(member) : null;
	}

	private void addPending(MemberThread member) {
		member.pending++;
		member.stage.busy++;
		this.busy++;
	}

	// ---- Not under the lock

	/**
	 * Give a member that has been prepared its thread.
	 */
	private void launch(@Nullable MemberThread member) {
		if (member == null) {
			return;
		}
		try {
			Thread thread = this.threadFactory.newThread(member);
			if (thread == null) {
				throw new IllegalStateException(
						"The thread factory returned no thread for member '" + member.name() + "'");
			}
			member.thread = thread;
			thread.setName(member.name());
			thread.start();
		}
		catch (Throwable ex) {
			member.thread = null;
			lock();
			member.interrupted = true;
			this.lock.unlock();
			member.failedToStart(ex);
		}
	}

	@SuppressWarnings("unchecked")
	private static <E extends Throwable> void sneakyThrow(Throwable failure) throws E {
		throw (E) failure;
	}

	/**
	 * Members that start and stop together. Written under the lock.
	 */
	static final class Stage {

		final List<MemberThread> members = new ArrayList<>();

		boolean begun;

		/**
		 * Who was started when its turn to begin came; not changed any more after that.
		 */
		final ArrayList<MemberThread> toStart = new ArrayList<>();

		/** How many of them the watching thread has given their threads. */
		int launched;

		/** How many of the members know that they are to end. */
		int marked;

		/** Whether its turn to end has come. */
		boolean asked;

		/** Who is interrupted in that turn; not changed any more once it has come. */
		final ArrayList<MemberThread> toEnd = new ArrayList<>();

		/** How many of them the watching thread has interrupted. */
		int reached;

		/** Those of them whose interrupt is done and who are to be released. */
		final ArrayList<MemberThread> done = new ArrayList<>();

		/** Threads of its members that have not ended. */
		int busy;

		/**
		 * How many of them were up, from the first on, when the watching thread last
		 * looked.
		 */
		private int up;

		/**
		 * Whether the next stage need not wait. Goes on where it was the last time: in a
		 * large stage there are many reasons to look.
		 */
		boolean isUp() {
			if (!areOthersUp()) {
				return false;
			}
			// One that was up may have failed since
			this.up = 0;
			return areOthersUp();
		}

		private boolean areOthersUp() {
			while (this.up < this.toStart.size() && this.toStart.get(this.up).isUp()) {
				this.up++;
			}
			return this.up == this.toStart.size();
		}

		boolean isToBeStopped() {
			return this.begun && !this.asked;
		}

	}

	/**
	 * What the watching thread has to do at some time.
	 */
	record Duty(long due, Runnable then) implements Comparable<Duty> {

		@Override
		public int compareTo(Duty other) {
			return Long.signum(this.due - other.due);
		}

	}

	/**
	 * Describes a {@link Group}. Not safe for use by several threads at once.
	 */
	public static final class Builder {

		private String name = "group";

		private ThreadFactory threadFactory = Threads::forMember;

		private final List<GroupListener> listeners = new ArrayList<>();

		private Duration gracePeriod = DEFAULT_GRACE_PERIOD;

		private @Nullable Duration shutdownTimeout;

		private boolean keepStopped;

		private boolean endless;

		private Time time = Time.SYSTEM;

		private Builder() {
		}

		/**
		 * Set the group's name, for messages and snapshots.
		 * @param name default: {@code group}
		 * @return this builder
		 */
		public Builder name(String name) {
			this.name = Objects.requireNonNull(name, "name");
			return this;
		}

		/**
		 * Set what makes the members' threads. The threads must not have been started;
		 * they are named after their members. A factory that throws or returns null ends
		 * the group.
		 * @param factory default: platform threads that do not keep the JVM up
		 * @return this builder
		 */
		public Builder threadFactory(ThreadFactory factory) {
			this.threadFactory = Objects.requireNonNull(factory, "factory");
			return this;
		}

		/**
		 * Add a listener, called after those added before.
		 * @param listener hears what happens
		 * @return this builder
		 */
		public Builder listener(GroupListener listener) {
			this.listeners.add(Objects.requireNonNull(listener, "listener"));
			return this;
		}

		/**
		 * Set how long after its interrupt a member that has not ended gets
		 * {@link Thread#interrupt()} as well.
		 * @param gracePeriod default: ten seconds
		 * @return this builder
		 */
		public Builder gracePeriod(Duration gracePeriod) {
			this.gracePeriod = Durations.notNegative(gracePeriod, "gracePeriod");
			return this;
		}

		/**
		 * Set how long after a stop members that have not ended are given up.
		 * @param timeout longer than zero; default: wait for ever, as oklog/run does
		 * @return this builder
		 */
		public Builder shutdownTimeout(Duration timeout) {
			this.shutdownTimeout = Durations.positive(timeout, "shutdownTimeout");
			return this;
		}

		/**
		 * Set whether a member that {@link Group#stopMember(String)} has stopped keeps
		 * the group running even if no other is left, so that
		 * {@link Group#startMember(String)} can start it again.
		 * @param keep default: false
		 * @return this builder
		 */
		public Builder keepStopped(boolean keep) {
			this.keepStopped = keep;
			return this;
		}

		Builder endless() {
			this.endless = true;
			return this;
		}

		Builder time(Time time) {
			this.time = time;
			return this;
		}

		/**
		 * Make the group.
		 * @return a new group
		 */
		public Group build() {
			return new Group(this);
		}

	}

}
