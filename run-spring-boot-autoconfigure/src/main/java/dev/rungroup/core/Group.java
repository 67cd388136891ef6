package dev.rungroup.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

import org.jspecify.annotations.Nullable;

/**
 * Members that live and die together: the Group of oklog/run and vslpsl/run. All are
 * started; the first one whose outcome calls for it ends the group; every started member
 * is interrupted, once, the one that ended too; {@link #run()} returns when all have
 * ended.
 * <p>
 * Each member has a thread of its own, named after it. The thread inside {@link #run()},
 * or one that {@link #start()} makes, only supervises: it starts the stages, keeps the
 * limits and interrupts. Every interrupter runs on a thread of its own, from JDK 24 on a
 * virtual one if the member's thread is. All methods may be called from any thread, and
 * none calls user code under a lock.
 * <p>
 * A group runs once.
 *
 * @since 0.1.0
 */
public final class Group implements AutoCloseable {

	final String name;

	/** Nanoseconds. */
	final long gracePeriod;

	/** Nanoseconds; 0 means: wait for ever. */
	final long shutdownTimeout;

	final Listeners listeners;

	final Time time;

	final Roster roster;

	final Supervisor supervisor;

	final Launcher launcher;

	final ExecutionClock.Ticks ticks;

	private final WallClock clock;

	/**
	 * Make a group with the defaults: no listener, a grace period of ten seconds, no
	 * shutdown timeout, platform threads.
	 */
	public Group() {
		this(builder());
	}

	Group(Builder builder) {
		this.name = builder.name;
		this.gracePeriod = Durations.saturatedNanos(builder.gracePeriod);
		this.shutdownTimeout = (builder.shutdownTimeout != null) ? Durations.saturatedNanos(builder.shutdownTimeout)
				: 0;
		this.listeners = new Listeners(builder.name, builder.listeners);
		this.time = builder.time;
		this.clock = new WallClock(builder.time);
		this.roster = new Roster(this, builder);
		this.supervisor = new Supervisor(this, builder);
		this.launcher = new Launcher(this,
				(builder.threadFactory != null) ? builder.threadFactory : new MemberThreads());
		this.ticks = new ExecutionClock.Ticks(this.supervisor);
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
		this.launcher.launch(this.roster.add(Objects.requireNonNull(member, "member")));
	}

	/**
	 * Add a member as oklog/run does. It is named {@code member-1}, {@code member-2} and
	 * so on.
	 * @param execute the work
	 * @param interrupter what makes it return
	 */
	public void add(Task execute, Interrupter interrupter) {
		add(Member.named(this.roster.unusedName()).execute(execute).interrupt(interrupter).build());
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
		this.supervisor.begin(Thread.currentThread());
		this.supervisor.runAndRethrow();
	}

	/**
	 * Do what {@link #run()} does on a new thread, which keeps the JVM up until the group
	 * is over. How it ended is in {@link #stopReason()}; members that did not end are
	 * logged.
	 * @throws IllegalStateException if the group has been run or started before
	 */
	public void start() {
		this.launcher.launch(this.supervisor);
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
		this.roster.requestStop(Objects.requireNonNull(reason, "reason"), null);
	}

	/**
	 * Wait until the group is over.
	 * @param timeout how long to wait
	 * @return whether it is over
	 * @throws InterruptedException if the calling thread was interrupted
	 */
	public boolean awaitTermination(Duration timeout) throws InterruptedException {
		return this.supervisor.terminated().await(Durations.saturatedNanos(timeout), TimeUnit.NANOSECONDS);
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
		if (this.roster.state() == GroupState.NEW || CurrentMember.isInside(this)) {
			return;
		}
		if (Ending.await(this.supervisor.terminated())) {
			Thread.currentThread().interrupt();
		}
	}

	/**
	 * Return whether the group ends, and all that has not ended of it, and of the groups
	 * inside, waits for that itself: the body, handler or interrupter that asks, and
	 * those on some other threads. They hold up no stage below them.
	 * @param waiting whether a thread waits for the end of the group
	 * @return whether nothing else is left; not whether the group is over
	 */
	public boolean isLeftTo(Predicate<Thread> waiting) {
		return this.roster.stages.isLeftTo(waiting);
	}

	/**
	 * Return why the group ends or ended.
	 * @return the reason; {@code null} if nothing has ended it, or all members ended by
	 * themselves
	 */
	public @Nullable StopReason stopReason() {
		return this.roster.stopReason();
	}

	/**
	 * Return the group at this moment.
	 * @return the group and its members, in the order they were added, with the groups
	 * among them
	 */
	public GroupSnapshot snapshot() {
		return this.roster.snapshot(this.clock.offset()).with(this.roster.groups());
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
		this.roster.stopMember(name, Objects.requireNonNull(reason, "reason"));
		this.roster.slot(name).endLeadershipIfOver();
	}

	/**
	 * Run a stopped, completed or failed member again, with no consecutive failures and a
	 * new restart limit. On a running member it changes nothing; for one that is still
	 * stopping it is remembered.
	 * @param name the member's name
	 * @throws NoSuchElementException if the group has no such member
	 * @throws IllegalStateException if the group is stopping or over
	 */
	public void startMember(String name) {
		this.launcher.launch(this.roster.startMember(name));
	}

	/**
	 * Stop one member and run it again as soon as it has ended, in one step: it keeps its
	 * {@link Leadership} meanwhile.
	 * @param name the member's name
	 * @throws NoSuchElementException if the group has no such member
	 * @throws IllegalStateException if the group is stopping or over
	 */
	public void restartMember(String name) {
		this.launcher
			.launch(this.roster.restartMember(name, new StopReason(StopReason.Kind.STOP_REQUESTED, null, null)));
	}

	/**
	 * Return where a member's thread is, or its interrupter's if only that is still at
	 * work. For finding out what hangs; it takes the JVM some time.
	 * @param name the member's name
	 * @return the stack, innermost call first; empty if no thread of the member runs
	 * @throws NoSuchElementException if the group has no such member
	 */
	public List<StackTraceElement> stackOf(String name) {
		return this.roster.slot(name).stack();
	}

	/**
	 * Return this group as a member of a larger one: its failure is the member's failure,
	 * the member's interrupt stops it. As a group runs once, the member cannot be
	 * restarted.
	 * @param name the member's name
	 * @return a new member
	 * @see Member#group(String, java.util.function.Supplier)
	 */
	public Member asMember(String name) {
		return Member.group(name, () -> this).build();
	}

	/**
	 * Describes a {@link Group}. Not safe for use by several threads at once.
	 */
	public static final class Builder {

		private String name = "group";

		private @Nullable ThreadFactory threadFactory;

		ThreadFactory interrupterThreads = new MemberThreads();

		private final List<GroupListener> listeners = new ArrayList<>();

		private Duration gracePeriod = Duration.ofSeconds(10);

		private @Nullable Duration shutdownTimeout;

		boolean keepStopped;

		RestartStrategy strategy = RestartStrategy.ONE;

		boolean endless;

		boolean awaitFirst;

		private Time time = Time.system();

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
		 * Set how long after a stop members that have not ended are abandoned.
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

		/**
		 * Set who is restarted along with a member that has failed and whose policy is
		 * {@link Policy#RESTART}. The others are interrupted, once, highest stage first;
		 * when all have ended and the back-off is over they start again, lowest stage
		 * first. Their counts, consecutive failures and restart limits stay as they were.
		 * @param strategy default: {@link RestartStrategy#ONE}
		 * @return this builder
		 */
		public Builder strategy(RestartStrategy strategy) {
			this.strategy = Objects.requireNonNull(strategy, "strategy");
			return this;
		}

		/**
		 * Set whether a group that never had a member waits for the first, in place of
		 * being over at once.
		 * @param await default: false
		 * @return this builder
		 */
		public Builder awaitFirst(boolean await) {
			this.awaitFirst = await;
			return this;
		}

		/**
		 * Set where the group's time comes from: every pause, limit and timeout of it.
		 * @param time default: {@link Time#system()}
		 * @return this builder
		 */
		public Builder time(Time time) {
			this.time = Objects.requireNonNull(time, "time");
			return this;
		}

		/**
		 * Threads for interrupters where those of members are not virtual.
		 */
		Builder interrupterThreads(ThreadFactory factory) {
			this.interrupterThreads = factory;
			return this;
		}

		Builder endless() {
			this.endless = true;
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
