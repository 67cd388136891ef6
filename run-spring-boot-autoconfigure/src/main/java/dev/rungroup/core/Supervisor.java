package dev.rungroup.core;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

import org.jspecify.annotations.Nullable;

/**
 * Runs a group, on the thread inside {@link Group#run()} or one that
 * {@link Group#start()} makes: starts the stages, keeps the limits, interrupts. It
 * carries out what the {@link Roster} decides. Only that thread writes its fields, but
 * for {@link #signalled}, which says that somebody has changed what it waits for.
 */
final class Supervisor {

	private static final long NEVER = Long.MAX_VALUE;

	/** A thread that has done its work is gone in less, on a busy machine, too. */
	private static final long MIN_JOIN = TimeUnit.SECONDS.toNanos(1);

	private final Group group;

	private final Agenda agenda = new Agenda();

	private final Interrupters interrupters;

	private final CountDownLatch terminated = new CountDownLatch(1);

	/** Whether the listeners know that the group ends. */
	private final CountDownLatch endingTold = new CountDownLatch(1);

	/** Written under the roster's lock, once. */
	private volatile @Nullable Thread thread;

	/** The member inside whose call the group was run or started; written with it. */
	private volatile @Nullable MemberThread outer;

	private volatile boolean signalled;

	/** What kept a member's thread from telling that it ends; written by that thread. */
	private volatile @Nullable Throwable lost;

	/** Whether it waits for the members of one stage before it starts the next. */
	private volatile boolean awaitingStage;

	/** When a common restart goes on. */
	private long restartDue = NEVER;

	final Ending ending;

	Supervisor(Group group, Group.Builder builder) {
		this.group = group;
		this.ending = new Ending(group);
		this.interrupters = new Interrupters(group, this.agenda, builder.interrupterThreads);
	}

	// ---- Any thread

	/**
	 * Let a thread be the supervisor's.
	 */
	void begin(Thread thread) {
		this.group.roster.begin(() -> {
			this.outer = CurrentMember.get();
			this.thread = thread;
		});
	}

	boolean isBegun() {
		return this.thread != null;
	}

	boolean isCurrent() {
		return Thread.currentThread() == this.thread;
	}

	@Nullable MemberThread outer() {
		return this.outer;
	}

	CountDownLatch terminated() {
		return this.terminated;
	}

	/**
	 * Something changed that the supervisor may wait for.
	 */
	void signal() {
		this.signalled = true;
		Thread thread = this.thread;
		if (thread != null) {
			this.group.time.unpark(thread);
		}
	}

	/**
	 * A member's thread ends and cannot even say so: the group must not wait for it.
	 */
	void lost(Throwable failure) {
		this.lost = failure;
		signal();
	}

	/**
	 * The supervisor's thread could not be started.
	 */
	void notStarted() {
		this.group.roster.finish();
		close();
	}

	private void close() {
		// A row of groups, each started inside the one before, is not to be kept
		this.outer = null;
		this.endingTold.countDown();
		this.terminated.countDown();
	}

	/**
	 * A member's first execution begins.
	 */
	void memberBegun() {
		if (this.awaitingStage || this.group.roster.isRestarting()) {
			signal();
		}
	}

	/**
	 * If the group ends, wait until the listeners know: what members do because of it
	 * they hear after it.
	 */
	void awaitEndingTold() {
		if (this.group.roster.stopReason() == null || this.group.listeners.isEmpty() || isCurrent()) {
			return;
		}
		boolean interrupted = Ending.await(this.endingTold);
		MemberThread member = CurrentMember.get();
		if (interrupted && (member == null || !member.isCurrent())) {
			// Meant for the caller of add(), whose member got no thread. For a member's
			// own thread it is the end of the grace period: there is nothing to interrupt
			Thread.currentThread().interrupt();
		}
	}

	// ---- The supervisor's thread

	void runAndRethrow() throws Exception {
		run();
		this.ending.rethrow();
	}

	void run() {
		try {
			startStages();
			StopReason reason = awaitEnding();
			if (reason != null) {
				end(reason);
			}
			finish(reason);
		}
		catch (Throwable ex) {
			collapse(ex);
			throw ex;
		}
		finally {
			close();
		}
	}

	/**
	 * Start the members, lowest stage first; the next stage when all have begun, and all
	 * that have a readyTimeout are ready.
	 */
	private void startStages() {
		noteInterrupt();
		Roster roster = this.group.roster;
		Stages stages = roster.stages;
		for (List<MemberThread> stage = stages.beginNext(); stage != null; stage = stages.beginNext()) {
			stage.forEach(this.group.launcher::launch);
			if (stages.isAnyToBegin() || isMember()) {
				List<MemberThread> started = stage;
				this.awaitingStage = true;
				await(() -> roster.state() != GroupState.RUNNING || areUp(started), NEVER);
				this.awaitingStage = false;
			}
		}
		MemberThread outer = this.outer;
		if (outer != null && isMember() && roster.state() == GroupState.RUNNING) {
			Execution.ofOwnThread(outer).ready();
		}
	}

	/**
	 * Whether this group is a member that is up when its stages are.
	 */
	private boolean isMember() {
		MemberThread outer = this.outer;
		return outer != null && outer.slot.group() == this.group;
	}

	private static boolean areUp(List<MemberThread> starts) {
		for (MemberThread start : starts) {
			if (!start.slot.isUp()) {
				return false;
			}
		}
		return true;
	}

	private @Nullable StopReason awaitEnding() {
		await(() -> this.group.roster.state() != GroupState.RUNNING || this.group.roster.isOver(), NEVER);
		return this.group.roster.stopReason();
	}

	private void end(StopReason reason) {
		this.group.time.shutdown(true);
		try {
			tellEnding(reason);
			stopStages(reason);
			awaitRest();
		}
		finally {
			this.group.time.shutdown(false);
		}
	}

	private void tellEnding(StopReason reason) {
		// Listeners may wait for somebody who sleeps
		this.group.roster.stages.stopped().forEach(MemberThread::wake);
		this.group.listeners.groupStopping(reason);
		this.endingTold.countDown();
	}

	/**
	 * Interrupt the members, highest stage first; the next stage when this one has ended,
	 * waits for the end itself, or has used up its share of the time.
	 */
	private void stopStages(StopReason reason) {
		List<MemberThread> interrupt = new ArrayList<>();
		Stages stages = this.group.roster.stages;
		for (Stages.Stage stage = stages.stopNext(reason, interrupt); stage != null; stage = stages.stopNext(reason,
				interrupt)) {
			interrupt.forEach(MemberThread::wake);
			for (MemberThread start : interrupt) {
				this.interrupters.interrupt(start, reason);
			}
			this.interrupters.graceEndsFor(List.copyOf(interrupt));
			interrupt.clear();
			Stages.Stage stopped = stage;
			stopped.interrupted = true;
			await(() -> stopped.busy == 0 || stopped.left, share());
		}
	}

	/**
	 * When a stage has to have ended: it has an equal share of the time that is left for
	 * it and those below.
	 */
	private long share() {
		if (this.group.shutdownTimeout == 0) {
			return NEVER;
		}
		long now = this.group.time.nanoTime();
		return now + Math.max(0, deadline() - now) / (1 + this.group.roster.stages.left());
	}

	private long deadline() {
		return (this.group.shutdownTimeout > 0)
				? Durations.after(this.group.roster.stopAt(), this.group.shutdownTimeout) : NEVER;
	}

	private void awaitRest() {
		if (await(this.group.roster::isIdle, deadline())) {
			return;
		}
		List<MemberSlot> abandoned = this.group.roster.abandon();
		for (MemberSlot slot : abandoned) {
			if (slot.leadership != null) {
				slot.leadership.abandoned();
			}
		}
		this.ending.abandoned(abandoned);
	}

	private void finish(@Nullable StopReason reason) {
		long end = Durations.after(System.nanoTime(), Math.max(MIN_JOIN, timeLeft(reason)));
		for (MemberThread start : this.group.roster.finish()) {
			// Its work is done; wait for the threads to be gone as well
			this.ending.join(start.thread, end);
			this.ending.join(start.interrupterThread, end);
		}
		List<MemberLeadership> leaderships = this.group.roster.leaderships();
		leaderships.forEach((leadership) -> leadership.endIfOver(this.interrupters));
		leaderships.forEach((leadership) -> this.ending.join(leadership.aside, end));
		this.group.roster.locked(() -> {
			this.ending.complete();
			return null;
		});
		noteInterrupt();
		this.group.listeners.groupStopped(reason);
	}

	/**
	 * What the shutdown timeout leaves for those who hear of the end.
	 */
	private long timeLeft(@Nullable StopReason reason) {
		if (this.group.shutdownTimeout == 0) {
			return NEVER;
		}
		return (reason != null) ? deadline() - this.group.time.nanoTime() : this.group.shutdownTimeout;
	}

	/**
	 * The last line, for a lack of memory, say: nobody is to go on unsupervised.
	 */
	private void collapse(Throwable failure) {
		for (MemberSlot slot : this.group.roster.collapse(failure)) {
			MemberThread start = slot.start();
			if (start != null) {
				start.wake();
				start.interruptThread();
			}
		}
	}

	/**
	 * Wait, and meanwhile do what falls due.
	 * @param until what to wait for; asked under the roster's lock
	 * @param deadline when to stop waiting, in nanoseconds
	 * @return whether it came true in time
	 */
	private boolean await(BooleanSupplier until, long deadline) {
		while (true) {
			this.signalled = false;
			if (this.lost != null) {
				Ending.sneakyThrow(this.lost);
			}
			this.group.ticks.next();
			noteInterrupt();
			if (this.group.roster.locked(until::getAsBoolean)) {
				return true;
			}
			carryOut(this.group.time.nanoTime());
			// That may have taken long
			long now = this.group.time.nanoTime();
			if (deadline != NEVER && now - deadline >= 0) {
				return this.group.roster.locked(until::getAsBoolean);
			}
			long wait = this.agenda.untilNext(now);
			if (this.restartDue != NEVER) {
				wait = Math.min(wait, this.restartDue - now);
			}
			if (deadline != NEVER) {
				wait = Math.min(wait, deadline - now);
			}
			if (this.group.ticks.areUsed()) {
				wait = Math.min(wait, ExecutionClock.TICK);
			}
			// Not only the thread's permit: a lock may have used that up
			if (!this.signalled && wait > 0) {
				this.group.time.park(this.group, wait);
			}
		}
	}

	private void restart(CommonRestart.Step step, long now) {
		step.launch.forEach(this.group.launcher::launch);
		StopReason failure = step.failure(this.group.name);
		if (failure != null) {
			this.group.roster.requestStop(failure, failure.cause());
		}
		else if (step.wait != NEVER) {
			this.restartDue = Durations.after(now, step.wait);
		}
	}

	private void noteInterrupt() {
		if (Thread.interrupted()) {
			this.ending.interrupted = true;
			MemberThread outer = this.outer;
			StopReason reason = (outer != null && outer.isCurrent()) ? outer.stopReason() : null;
			if (reason != null) {
				// The end of a grace period may come before the interrupter
				this.group.stop(reason);
			}
			else {
				this.group.stop();
			}
		}
	}

	/**
	 * Do what was asked for, and what is due.
	 */
	private void carryOut(long now) {
		Roster roster = this.group.roster;
		this.restartDue = NEVER;
		CommonRestart.Step step = CommonRestart.next(roster, now);
		if (step != null) {
			restart(step, now);
		}
		for (MemberThread start = roster.nextToLimit(); start != null; start = roster.nextToLimit()) {
			Limits.set(this.interrupters, start, this.agenda, now);
		}
		for (MemberThread start = roster.nextToInterrupt(); start != null; start = roster.nextToInterrupt()) {
			ExecutionGate.Stop stop = start.stop();
			if (stop != null) {
				this.interrupters.interrupt(start, stop.reason());
				this.interrupters.graceEndsFor(start);
			}
		}
		for (MemberLeadership next = roster.nextToLookAt(); next != null; next = roster.nextToLookAt()) {
			next.look(this.interrupters, this.agenda, now);
		}
		this.agenda.run(now);
	}

}
