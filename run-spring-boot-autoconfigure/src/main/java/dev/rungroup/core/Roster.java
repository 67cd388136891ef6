package dev.rungroup.core;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

/**
 * Who is in a group, and how far members, stages and group have come. It alone changes
 * their life, always under its lock, and never calls foreign code: its methods decide,
 * and return who is to be launched or interrupted.
 */
final class Roster {

	final Group group;

	private final boolean keepStopped;

	/** Whether the group goes on without members until it is stopped: a loop does. */
	private final boolean endless;

	private final boolean awaitFirst;

	/** Guards all fields and stages. */
	private final BriefLock lock = new BriefLock();

	private final Slots slots;

	final Stages stages = new Stages(this);

	/** What has not ended of the members of all stages. */
	private int busy;

	/** Starts that are to be interrupted alone, and those with limits to look after. */
	private final Deque<MemberThread> toInterrupt = new ArrayDeque<>();

	private final Deque<MemberThread> toLimit = new ArrayDeque<>();

	/** Terms that have begun, or may have ended. */
	private final Deque<MemberLeadership> toLookAt = new ArrayDeque<>();

	/** Null if each member is restarted alone. */
	final @Nullable CommonRestart restart;

	private volatile GroupState state = GroupState.NEW;

	private volatile @Nullable StopReason stopReason;

	private long stopAt;

	Roster(Group group, Group.Builder builder) {
		this.group = group;
		this.slots = new Slots(group.name);
		this.keepStopped = builder.keepStopped;
		this.restart = (builder.strategy != RestartStrategy.ONE) ? new CommonRestart(this, builder.strategy) : null;
		this.endless = builder.endless;
		this.awaitFirst = builder.awaitFirst;
	}

	GroupState state() {
		return this.state;
	}

	@Nullable StopReason stopReason() {
		return this.stopReason;
	}

	<T extends @Nullable Object> T locked(Supplier<T> work) {
		return this.lock.locked(work);
	}

	// ---- Members

	/**
	 * @return whom to launch, null if its stage has not begun
	 */
	@Nullable MemberThread add(Member member) {
		return locked(() -> {
			refuseAfterTheEnd("Member '" + member.name + "' came too late");
			Stages.Stage stage = this.stages.of(member.settings.stage);
			MemberSlot slot = new MemberSlot(this.group, member, stage);
			this.slots.add(slot);
			stage.slots.add(slot);
			return isStartable(slot) ? beginStart(slot, this.group.time.nanoTime()) : null;
		});
	}

	String unusedName() {
		return locked(this.slots::unusedName);
	}

	/**
	 * @return whom to launch, null if nothing is to be done now
	 */
	@Nullable MemberThread startMember(String name) {
		return locked(() -> {
			MemberSlot slot = this.slots.get(name);
			refuseAfterTheEnd("Member '" + name + "' cannot be started");
			long now = this.group.time.nanoTime();
			MemberThread start = slot.start();
			if (start == null) {
				slot.hold(false, now);
				return isStartable(slot) ? beginStart(slot, now) : null;
			}
			if (slot.part != null && !slot.part.isStarted()) {
				return null;
			}
			if (slot.pending == 0) {
				return beginStart(slot, now);
			}
			slot.startAgain = start.isEnded() || start.stop() != null;
			return null;
		});
	}

	void stopMember(String name, StopReason reason) {
		locked(() -> {
			MemberSlot slot = this.slots.get(name);
			MemberThread start = slot.start();
			long now = this.group.time.nanoTime();
			slot.startAgain = false;
			if (this.restart != null) {
				this.restart.leave(slot);
			}
			if (start == null) {
				slot.hold(true, now);
			}
			else if (!start.isEnded() && !slot.interrupted && this.state != GroupState.STOPPED) {
				stopAlone(slot, start, new ExecutionGate.Stop(reason, now));
			}
			return null;
		});
	}

	/**
	 * Stop a member and start it again in one step, so that it is never over in between.
	 * @return whom to launch, null if nothing is to be done now
	 */
	@Nullable MemberThread restartMember(String name, StopReason reason) {
		return locked(() -> {
			MemberSlot slot = this.slots.get(name);
			refuseAfterTheEnd("Member '" + name + "' cannot be restarted");
			stopMember(name, reason);
			return startMember(name);
		});
	}

	void stopAlone(MemberSlot slot, MemberThread start, ExecutionGate.Stop stop) {
		start.ownStop = stop;
		expectInterrupt(slot);
		this.toInterrupt.add(start);
		this.group.supervisor.signal();
	}

	/**
	 * Once per start; an interrupter has to have ended before the start is over. Inside
	 * {@link #locked}.
	 */
	void expectInterrupt(MemberSlot slot) {
		slot.interrupted = true;
		if (slot.member.interrupter != null) {
			addBusy(slot);
		}
	}

	MemberSlot slot(String name) {
		return locked(() -> this.slots.get(name));
	}

	private void refuseAfterTheEnd(String what) {
		if (this.state == GroupState.STOPPING || this.state == GroupState.STOPPED) {
			throw new IllegalStateException(
					what + ": group '" + this.group.name + "' is " + this.state.name().toLowerCase(Locale.ROOT));
		}
	}

	private boolean isStartable(MemberSlot slot) {
		return this.state == GroupState.RUNNING && this.stages.isBegun(slot.stage);
	}

	/**
	 * Inside {@link #locked}.
	 */
	MemberThread beginStart(MemberSlot slot, long now) {
		return beginStart(slot.startAnew(now));
	}

	MemberThread beginStart(MemberThread start) {
		MemberSlot slot = start.slot;
		addBusy(slot);
		if (slot.member.settings.isLimited()) {
			this.toLimit.add(start);
			this.group.supervisor.signal();
		}
		if (slot.leadership != null) {
			// It may still lead: nothing has looked at that term since its last end
			lookAt(slot.leadership);
		}
		return start;
	}

	/**
	 * A member leads, or something about that has changed.
	 */
	void lookAt(MemberLeadership leadership) {
		locked(() -> this.toLookAt.add(leadership));
		this.group.supervisor.signal();
	}

	private void addBusy(MemberSlot slot) {
		slot.pending++;
		slot.stage.busy++;
		this.busy++;
	}

	/**
	 * A member's last execution is behind it. This method and the next two are called
	 * inside {@link #locked}.
	 * @param thrown what that threw, null if it returned
	 * @return how long it took since it was asked to end, in nanoseconds, or -1
	 */
	long ended(MemberThread start, MemberState state, long now, @Nullable Throwable thrown) {
		start.enter(state, now);
		if (thrown instanceof UnstoppedMembersException && start.slot.part != null) {
			// What runs on of an inner group must not meet its next making
			beginStop(new StopReason(StopReason.Kind.MEMBER_FAILED, start.name(), thrown), thrown);
		}
		else if (thrown != null && this.stopReason != null) {
			this.group.supervisor.ending.later.add(thrown);
		}
		ExecutionGate.Stop stop = (state == MemberState.STOPPED) ? start.stop() : null;
		return (stop != null) ? now - stop.at() : -1;
	}

	/**
	 * The listeners know that a start has ended.
	 * @return whom to launch: the member, if it is to start again
	 */
	@Nullable MemberThread endHeard(MemberThread start) {
		start.slot.endHeard = true;
		this.group.supervisor.memberBegun();
		return done(start.slot);
	}

	/**
	 * A member's thread or its interrupter has done all its work.
	 * @return whom to launch: the member, if it is to start again
	 */
	@Nullable MemberThread done(MemberSlot slot) {
		slot.pending--;
		slot.stage.busy--;
		this.busy--;
		if (this.busy == 0 || slot.stage.busy == 0 || (slot.pending == 0 && slot.part != null)) {
			this.group.supervisor.signal();
		}
		boolean again = slot.pending == 0 && slot.startAgain && this.state == GroupState.RUNNING;
		return (again) ? beginStart(slot, this.group.time.nanoTime()) : null;
	}

	/**
	 * Add what the body of a timed-out execution threw to its failure. Not once the group
	 * is over: somebody may be reading that failure, and a member that was abandoned
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

	// ---- The supervisor

	/**
	 * @param supervise called once, under the lock
	 */
	void begin(Runnable supervise) {
		locked(() -> {
			if (this.state != GroupState.NEW || this.group.supervisor.isBegun()) {
				throw new IllegalStateException(
						"Group '" + this.group.name + "' has been run already: a group runs once, make a new one");
			}
			supervise.run();
			this.state = (this.stopReason != null) ? GroupState.STOPPING : GroupState.RUNNING;
			return null;
		});
	}

	/**
	 * End the group for this reason unless it is ending already.
	 * @param failure what run() is to throw
	 */
	void requestStop(StopReason reason, @Nullable Throwable failure) {
		locked(() -> {
			beginStop(reason, failure);
			return null;
		});
	}

	void beginStop(StopReason reason, @Nullable Throwable failure) {
		if (this.stopReason != null || this.state == GroupState.STOPPED) {
			return;
		}
		this.stopReason = reason;
		this.group.supervisor.ending.failure = failure;
		this.stopAt = this.group.time.nanoTime();
		if (this.restart != null) {
			this.restart.cancel();
		}
		if (this.state == GroupState.RUNNING) {
			this.state = GroupState.STOPPING;
			this.stages.stopHighest(reason);
		}
		this.group.supervisor.signal();
	}

	/**
	 * Whether members are restarted along with another.
	 */
	boolean isRestarting() {
		return this.restart != null && this.restart.isActive();
	}

	@Nullable MemberThread nextToInterrupt() {
		return locked(this.toInterrupt::poll);
	}

	@Nullable MemberThread nextToLimit() {
		return locked(this.toLimit::poll);
	}

	/**
	 * Those that may have to be given away.
	 */
	List<MemberLeadership> leaderships() {
		return locked(this.slots::leaderships);
	}

	@Nullable MemberLeadership nextToLookAt() {
		return locked(this.toLookAt::poll);
	}

	/**
	 * Whether nothing is left to wait for. Under the lock.
	 */
	boolean isOver() {
		if (this.busy > 0 || this.endless || isRestarting() || (this.awaitFirst && this.slots.isEmpty())
				|| (this.keepStopped && this.slots.isAnyStopped())) {
			return false;
		}
		// Shut the door: from here on nothing is added or started
		this.state = GroupState.STOPPED;
		return true;
	}

	boolean isIdle() {
		return this.busy == 0;
	}

	long stopAt() {
		return locked(() -> this.stopAt);
	}

	/**
	 * Nothing changes any more.
	 * @return whom to wait for no longer, in the order they were added
	 */
	List<MemberSlot> abandon() {
		return locked(() -> {
			this.state = GroupState.STOPPED;
			return this.slots.busy();
		});
	}

	/**
	 * The supervisor itself has failed: let everybody end.
	 * @return whose threads are to be interrupted
	 */
	List<MemberSlot> collapse(Throwable failure) {
		StopReason reason = new StopReason(StopReason.Kind.MEMBER_FAILED, null, failure);
		return locked(() -> {
			beginStop(reason, failure);
			while (this.stages.stopHighest(reason) != null) {
				// the next
			}
			this.state = GroupState.STOPPED;
			return this.slots.busy();
		});
	}

	/**
	 * The group is over.
	 * @return the starts that have ended
	 */
	List<MemberThread> finish() {
		return locked(() -> {
			this.state = GroupState.STOPPED;
			return this.slots.ended();
		});
	}

	/**
	 * The groups among the members by the members' names, each the latest one.
	 */
	Map<String, Group> groups() {
		return locked(this.slots::groups);
	}

	GroupSnapshot snapshot(long clockOffset) {
		return locked(() -> new GroupSnapshot(this.group.name, this.state, this.stopReason,
				this.slots.snapshots(clockOffset)));
	}

}
