package dev.rungroup.core;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;

import org.jspecify.annotations.Nullable;

/**
 * The stages of a group: begun lowest first, stopped highest first. Changed under the
 * roster's lock alone.
 */
final class Stages {

	private final Roster roster;

	private final TreeMap<Integer, Stage> stages = new TreeMap<>();

	/** Whether every stage has been begun, so that a new one need not wait. */
	private boolean allBegun;

	Stages(Roster roster) {
		this.roster = roster;
	}

	// ---- The supervisor

	/**
	 * Begin all members of the lowest stage that was not begun, in one step: a member
	 * that fails at once still finds the others started, and they are interrupted, though
	 * their bodies may never be called.
	 * @return whom to launch, null if there is no such stage, or the group ends
	 */
	@Nullable List<MemberThread> beginNext() {
		return this.roster.locked(() -> {
			Stage stage = (this.roster.state() == GroupState.RUNNING) ? toBegin() : null;
			this.allBegun = stage == null;
			if (stage == null) {
				return null;
			}
			stage.begun = true;
			long now = this.roster.group.time.nanoTime();
			List<MemberThread> begun = new ArrayList<>(stage.slots.size());
			for (MemberSlot slot : stage.slots) {
				if (slot.start() == null && !slot.held) {
					begun.add(this.roster.beginStart(slot, now));
				}
			}
			return begun;
		});
	}

	boolean isAnyToBegin() {
		return this.roster.locked(() -> toBegin() != null);
	}

	/**
	 * The last starts of the members of a stage that is stopped and not swept yet.
	 */
	List<MemberThread> stopped() {
		return this.roster.locked(() -> {
			Stage stage = stoppedButNotSwept();
			List<MemberThread> stopped = new ArrayList<>();
			if (stage != null) {
				for (MemberSlot slot : stage.slots) {
					MemberThread start = slot.start();
					if (start != null) {
						stopped.add(start);
					}
				}
			}
			return stopped;
		});
	}

	/**
	 * Stop the next stage, highest first.
	 * @param interrupt filled with whom to interrupt
	 * @return null if there is none
	 */
	@Nullable Stage stopNext(StopReason reason, List<MemberThread> interrupt) {
		return this.roster.locked(() -> {
			Stage next = stoppedButNotSwept();
			next = (next != null) ? next : stopHighest(reason);
			if (next != null) {
				next.swept = true;
				for (MemberSlot slot : next.slots) {
					MemberThread start = slot.start();
					if (start != null && !slot.interrupted) {
						this.roster.expectInterrupt(slot);
						interrupt.add(start);
					}
				}
			}
			return next;
		});
	}

	/**
	 * How many stages are still to be stopped.
	 */
	int left() {
		return this.roster.locked(() -> {
			int left = 0;
			for (Stage stage : this.stages.values()) {
				left += (stage.goesOn()) ? 1 : 0;
			}
			return left;
		});
	}

	/**
	 * Whether all that has not ended waits for that itself. The stages of which nothing
	 * else is left are not waited for.
	 * @param waiting whether a thread does
	 */
	boolean isLeftTo(Predicate<Thread> waiting) {
		List<MemberSlot.Rest> rests = new ArrayList<>();
		List<Stage> interrupted = this.roster.locked(() -> interrupted(rests));
		for (MemberSlot.Rest rest : rests) {
			if (!rest.isLeftTo(waiting)) {
				return false;
			}
		}
		return !rests.isEmpty() && this.roster.locked(() -> {
			boolean all = true;
			for (Stage stage : this.stages.values()) {
				stage.left |= interrupted.contains(stage);
				all &= stage.left || !stage.begun;
			}
			this.roster.group.supervisor.signal();
			return all;
		});
	}

	private List<Stage> interrupted(List<MemberSlot.Rest> rests) {
		List<Stage> interrupted = new ArrayList<>();
		for (Stage stage : this.stages.values()) {
			if (stage.interrupted) {
				interrupted.add(stage);
				for (MemberSlot slot : stage.slots) {
					slot.addRestTo(rests);
				}
			}
		}
		return interrupted;
	}

	// ---- The roster, under its lock

	Stage of(int number) {
		return this.stages.computeIfAbsent(number, (created) -> new Stage());
	}

	/**
	 * Whether a member that is added to a stage now starts at once.
	 */
	boolean isBegun(Stage stage) {
		stage.begun |= this.allBegun;
		return stage.begun;
	}

	/**
	 * The next stage above one, if there is one.
	 */
	@Nullable Integer above(int number) {
		return this.stages.higherKey(number);
	}

	/**
	 * Stop the highest stage that goes on: from here on none of its bodies is called any
	 * more.
	 * @return null if there is none
	 */
	@Nullable Stage stopHighest(StopReason reason) {
		for (Stage stage : this.stages.descendingMap().values()) {
			if (stage.goesOn()) {
				stage.stop = new ExecutionGate.Stop(reason, this.roster.group.time.nanoTime());
				return stage;
			}
		}
		return null;
	}

	Collection<Stage> lowestFirst() {
		return this.stages.values();
	}

	Collection<Stage> highestFirst() {
		return this.stages.descendingMap().values();
	}

	void eachSlot(Consumer<MemberSlot> work) {
		for (Stage stage : this.stages.values()) {
			stage.slots.forEach(work);
		}
	}

	/**
	 * Whom a strategy restarts along with a member.
	 */
	List<MemberSlot> along(MemberSlot member, RestartStrategy strategy) {
		List<MemberSlot> along = new ArrayList<>();
		boolean reached = strategy == RestartStrategy.ALL;
		for (Stage stage : this.stages.values()) {
			for (MemberSlot slot : stage.slots) {
				if (reached && slot != member) {
					along.add(slot);
				}
				reached |= slot == member;
			}
		}
		return along;
	}

	private @Nullable Stage toBegin() {
		for (Stage stage : this.stages.values()) {
			if (!stage.begun) {
				return stage;
			}
		}
		return null;
	}

	private @Nullable Stage stoppedButNotSwept() {
		for (Stage stage : this.stages.values()) {
			if (stage.stop != null && !stage.swept) {
				return stage;
			}
		}
		return null;
	}

	/**
	 * Members that start and stop together.
	 */
	static final class Stage {

		final List<MemberSlot> slots = new ArrayList<>();

		/** Why all its members are to end: the stop of one alone is its own. */
		volatile ExecutionGate.@Nullable Stop stop;

		boolean begun;

		/** Whether its members have been interrupted, or are being so. */
		boolean swept;

		/**
		 * Whether no interrupt is still to come: a body has its own, an interrupter is
		 * counted. Written by the supervisor.
		 */
		volatile boolean interrupted;

		/** Whether what has not ended of its members waits for the end of the group. */
		boolean left;

		/** What has not ended of its members. */
		int busy;

		private boolean goesOn() {
			return this.begun && this.stop == null;
		}

	}

}
