package dev.rungroup.core;

import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * Restarts members along with one that has failed: takes them down, highest stage first,
 * waits for the longest back-off, and starts them again, lowest stage first. Failures
 * that come meanwhile join in: there is one at a time. A group that restarts each member
 * alone has none.
 * <p>
 * Used under the roster's lock. It decides, in {@link #step}; the supervisor acts.
 */
final class CommonRestart {

	private static final long NEVER = Long.MAX_VALUE;

	private final Roster roster;

	private final RestartStrategy strategy;

	/** Whether all are down and start again. */
	private boolean up;

	/** Read without the lock. */
	private volatile boolean active;

	CommonRestart(Roster roster, RestartStrategy strategy) {
		this.roster = roster;
		this.strategy = strategy;
	}

	boolean isActive() {
		return this.active;
	}

	// ---- Any thread

	/**
	 * A member has failed and is to be executed again: others are restarted with it,
	 * unless each is restarted alone.
	 */
	static void failed(MemberThread start, Throwable failure) {
		Roster roster = start.group().roster;
		CommonRestart restart = roster.restart;
		if (restart != null) {
			roster.locked(() -> {
				restart.begin(start, failure);
				return null;
			});
		}
	}

	/**
	 * The handlers of a member that failed have heard it: its back-off has begun.
	 */
	static void pauses(MemberThread start, long until) {
		start.group().roster.locked(() -> {
			Part part = start.slot.part;
			if (part != null) {
				part.pauses = true;
				part.due = until;
				start.group().supervisor.signal();
			}
			return null;
		});
	}

	/**
	 * A member that waits for the others no longer leads: it is standby.
	 */
	static void standsBy(MemberThread start) {
		Roster roster = start.group().roster;
		CommonRestart restart = roster.restart;
		if (restart != null && start.restartsTogether) {
			roster.locked(() -> {
				restart.leave(start.slot);
				return null;
			});
		}
	}

	/**
	 * What the supervisor is to do now, null if nothing is.
	 */
	static @Nullable Step next(Roster roster, long now) {
		CommonRestart restart = roster.restart;
		return (restart != null && restart.active) ? roster.locked(() -> restart.step(now)) : null;
	}

	// ---- Under the lock

	/**
	 * From here on the failed member waits for the others.
	 */
	private void begin(MemberThread start, Throwable failure) {
		MemberSlot slot = start.slot;
		boolean taken = slot.part != null && slot.part.takenDown;
		if (this.roster.state() != GroupState.RUNNING || (start.stop() != null && !taken)) {
			return;
		}
		StopReason reason = new StopReason(StopReason.Kind.RESTARTED_WITH, start.name(), failure);
		if (this.up) {
			this.up = false;
			this.roster.stages.eachSlot((other) -> downAgain(other, reason));
		}
		this.roster.stages.along(slot, this.strategy).forEach((other) -> join(other, reason));
		Part part = (slot.part != null) ? slot.part : new Part(reason);
		slot.part = part;
		part.failed = true;
		part.failedIn = start.executions;
		start.restartsTogether = true;
		this.active = true;
		this.roster.group.supervisor.signal();
	}

	private static void join(MemberSlot slot, StopReason reason) {
		MemberThread start = slot.start();
		boolean goesOn = start != null && !start.isEnded() && start.state != MemberState.STANDBY
				&& (start.stop() == null || slot.startAgain);
		if (goesOn && slot.part == null) {
			slot.part = new Part(reason);
		}
	}

	/**
	 * One that has been started again comes down once more, others stay down.
	 */
	private static void downAgain(MemberSlot slot, StopReason reason) {
		Part part = slot.part;
		MemberThread start = slot.start();
		if (part != null && part.started && start != null) {
			slot.part = new Part(reason);
			slot.part.failedIn = part.failedIn;
		}
	}

	/**
	 * A member is stopped alone: it stays so, and is not waited for.
	 */
	void leave(MemberSlot slot) {
		MemberThread start = slot.start();
		if (slot.part != null && start != null) {
			forget(slot);
			start.restartsTogether = false;
			this.roster.group.supervisor.signal();
		}
	}

	/**
	 * The group ends: nobody is started again. Who failed waits for its stage's stop.
	 */
	void cancel() {
		this.up = false;
		this.active = false;
		this.roster.stages.eachSlot((slot) -> {
			if (slot.part != null) {
				forget(slot);
			}
		});
	}

	/**
	 * Find out what is to be done now.
	 */
	private Step step(long now) {
		Step step = new Step();
		if (!this.active) {
			return step;
		}
		this.roster.stages.eachSlot(CommonRestart::forgetEnded);
		if (!this.up) {
			if (!takeDown(now, step) || !isDue(now, step)) {
				return step;
			}
			this.up = true;
		}
		if (startAgain(now, step)) {
			cancel();
			// Somebody may wait for just that
			this.roster.group.supervisor.signal();
		}
		return step;
	}

	/**
	 * One that ended by itself before it was its turn stays so.
	 */
	private static void forgetEnded(MemberSlot slot) {
		MemberThread start = slot.start();
		if (slot.part != null && !slot.part.takenDown && !slot.part.started && start != null
				&& (start.isEnded() || start.state == MemberState.STANDBY)) {
			forget(slot);
		}
	}

	/**
	 * A member has no part in it any more: if it has ended, it leads no longer.
	 */
	private static void forget(MemberSlot slot) {
		slot.part = null;
		if (slot.leadership != null) {
			slot.group.roster.lookAt(slot.leadership);
		}
	}

	/**
	 * Take the highest stage down that is not, unless it is about to be.
	 * @return whether all are down
	 */
	private boolean takeDown(long now, Step step) {
		for (Stages.Stage stage : this.roster.stages.highestFirst()) {
			boolean down = true;
			for (MemberSlot slot : stage.slots) {
				Part part = slot.part;
				MemberThread start = slot.start();
				if (part != null && start != null && !part.isDown(slot, start)) {
					down = false;
					if (!part.takenDown) {
						take(slot, start, part, now);
					}
					step.expect(slot, part, now, this.roster.group.shutdownTimeout);
				}
			}
			if (!down) {
				return false;
			}
		}
		return true;
	}

	private void take(MemberSlot slot, MemberThread start, Part part, long now) {
		part.takenDown = true;
		part.takenAt = now;
		slot.startAgain = false;
		if (start.stop() == null) {
			this.roster.stopAlone(slot, start, new ExecutionGate.Stop(part.reason, now));
		}
	}

	/**
	 * Whether every back-off is over.
	 */
	private boolean isDue(long now, Step step) {
		long wait = 0;
		for (Stages.Stage stage : this.roster.stages.highestFirst()) {
			for (MemberSlot slot : stage.slots) {
				Part part = slot.part;
				if (part != null && part.failed) {
					wait = Math.max(wait, (part.pauses) ? part.due - now : NEVER);
				}
			}
		}
		step.wait = wait;
		return wait == 0;
	}

	/**
	 * When one that waits is executed again, as far as that is known.
	 */
	static long due(MemberSlot waiting, long atLeast) {
		long[] due = { atLeast };
		waiting.group.roster.stages.eachSlot((slot) -> {
			Part part = slot.part;
			if (part != null && part.pauses && part.due - due[0] > 0) {
				due[0] = part.due;
			}
		});
		return due[0];
	}

	/**
	 * Start the stages again up to the first that is not up.
	 * @return whether all are up
	 */
	private boolean startAgain(long now, Step step) {
		for (Stages.Stage stage : this.roster.stages.lowestFirst()) {
			boolean allUp = true;
			for (MemberSlot slot : stage.slots) {
				Part part = slot.part;
				MemberThread start = slot.start();
				if (part != null && start != null) {
					if (!part.started) {
						part.started = true;
						start(slot, start, part, now, step);
					}
					allUp &= slot.isUp();
				}
			}
			if (!allUp) {
				return false;
			}
		}
		return true;
	}

	private void start(MemberSlot slot, MemberThread start, Part part, long now, Step step) {
		if (part.takenDown) {
			step.launch.add(this.roster.beginStart(slot.startAlong(now, start.executions == part.failedIn)));
		}
		else {
			start.restartsTogether = false;
			start.unparkThread();
		}
	}

	/**
	 * A member that is restarted together with others.
	 */
	static final class Part {

		/** What it is told when it is taken down. */
		private final StopReason reason;

		/** Whether it failed itself: then the others wait for its back-off. */
		private boolean failed;

		/** The execution in which it failed, -1 if it did not. */
		private long failedIn = -1;

		/** Whether its back-off has begun, and when that is over. */
		private boolean pauses;

		private long due;

		/** Whether its start is to end; another one follows. */
		private boolean takenDown;

		private long takenAt;

		private boolean started;

		Part(StopReason reason) {
			this.reason = reason;
		}

		boolean isStarted() {
			return this.started;
		}

		/**
		 * Whether its body and its interrupter have ended.
		 */
		private boolean isDown(MemberSlot slot, MemberThread start) {
			return (this.takenDown) ? slot.pending == 0 && start.isEnded() : start.restartsTogether;
		}

	}

	/**
	 * What the supervisor is to do.
	 */
	static final class Step {

		final List<MemberThread> launch = new ArrayList<>();

		/** Whoever was taken down and has not ended in time. */
		final List<MemberSlot> unstopped = new ArrayList<>();

		/** Nanoseconds until something is due. */
		long wait = NEVER;

		private void expect(MemberSlot slot, Part part, long now, long timeout) {
			if (timeout > 0) {
				long left = Durations.after(part.takenAt, timeout) - now;
				if (left <= 0) {
					this.unstopped.add(slot);
				}
				else {
					this.wait = Math.min(this.wait, left);
				}
			}
		}

		@Nullable StopReason failure(String group) {
			if (this.unstopped.isEmpty()) {
				return null;
			}
			return new StopReason(StopReason.Kind.MEMBER_FAILED, this.unstopped.get(0).name(),
					UnstoppedMembersException.of(group, this.unstopped));
		}

	}

}
