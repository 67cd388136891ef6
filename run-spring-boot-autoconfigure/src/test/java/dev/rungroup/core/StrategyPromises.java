package dev.rungroup.core;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import dev.rungroup.core.Schedule.Actor;
import dev.rungroup.core.Schedule.Order;
import dev.rungroup.core.SchedulePlay.End;
import dev.rungroup.core.SchedulePlay.Event;
import dev.rungroup.core.SchedulePlay.Kind;
import org.jspecify.annotations.Nullable;

/**
 * Holds what was noted of a play against what a group promises whose members are
 * restarted along with others. Goes through the events once, and knows of each member how
 * far it is.
 */
final class StrategyPromises {

	private final Schedule schedule;

	private final Map<String, Life> lives = new HashMap<>();

	private final List<String> broken = new ArrayList<>();

	private boolean stopping;

	/** When a member failed last. */
	private long failedAt = -1;

	private StrategyPromises(Schedule schedule) {
		this.schedule = schedule;
		schedule.actors().forEach((actor) -> this.lives.put(actor.name(), new Life(actor)));
	}

	/**
	 * @param stoppedAt when the group began to stop
	 */
	static List<String> broken(Schedule schedule, List<Event> events, long stoppedAt) {
		StrategyPromises promises = new StrategyPromises(schedule);
		for (Event event : events) {
			if (event.kind() == Kind.RETURNED) {
				break;
			}
			promises.stopping |= event.at() >= stoppedAt;
			Life life = promises.lives.get(String.valueOf(event.member()));
			if (life != null) {
				promises.follow(life, event);
			}
		}
		promises.atTheEnd();
		return promises.broken;
	}

	private void follow(Life life, Event event) {
		switch (event.kind()) {
			case STARTED -> started(life, event);
			case BODY -> {
				require(!life.inBody, "executed by one thread at a time: " + event);
				require(life.nextBody <= event.at(), "no execution before the back-off is over: " + event);
				checkCompany(life, event);
				life.inBody = true;
				life.nextBody = event.at();
			}
			case BODY_ENDED -> {
				life.inBody = false;
				life.bodies++;
				noteTaken(life, (event.what() instanceof End end) ? end.reason() : null);
			}
			case INTERRUPTER -> {
				life.interrupters++;
				if (event.what() instanceof StopReason reason && reason.kind() != StopReason.Kind.EXECUTION_TIMED_OUT) {
					// The start that it is for may be heard later
					require(++life.interrupts <= life.ends + 1, "interrupted once: " + event);
					if (noteTaken(life, reason)) {
						checkTakenDown(life, event, reason);
					}
				}
			}
			case INTERRUPTER_ENDED -> life.interrupters--;
			case SCHEDULED -> failed(life, event);
			case ENDED -> {
				life.running = false;
				life.ends++;
			}
			case EXECUTED -> {
				if (event.what() instanceof Outcome.Failed) {
					this.failedAt = event.at();
				}
			}
			case CALL, STALLED -> life.byHand |= event.kind() == Kind.STALLED || event.what() == Order.STOP_MEMBER
					|| event.what() == Order.START_MEMBER;
			default -> {
				// says nothing about restarts
			}
		}
	}

	private static boolean noteTaken(Life life, @Nullable StopReason reason) {
		boolean taken = reason != null && reason.kind() == StopReason.Kind.RESTARTED_WITH;
		life.taken |= taken;
		return taken;
	}

	private void started(Life life, Event event) {
		require(!life.running, "started when it has ended: " + event);
		// At that moment all may be on the way down again
		if (life.taken && !life.byHand && !this.stopping && this.failedAt != event.at()) {
			for (Life other : this.lives.values()) {
				boolean down = other.taken && !other.byHand;
				require(!down || (!other.inBody && other.interrupters == 0),
						other.actor.name() + " has ended before " + event);
				require(!down || other.running || other.actor.stage() >= life.actor.stage(),
						other.actor.name() + " of a lower stage is started before " + event);
			}
		}
		if (life.byHand) {
			life.nextBody = 0;
			life.company.clear();
		}
		life.running = true;
		life.taken = false;
		life.byHand = false;
	}

	/**
	 * A member has failed and is to be executed again: those that run then end before.
	 */
	private void failed(Life life, Event event) {
		life.nextBody = event.at() + event.number();
		life.company.clear();
		if (!this.stopping) {
			this.lives.values().forEach((other) -> {
				if (other.inBody && isAlong(life.actor, other.actor)) {
					life.company.put(other, other.bodies);
				}
			});
		}
	}

	private void checkCompany(Life life, Event event) {
		life.company.forEach((other, bodies) -> require(other.byHand || this.stopping || other.bodies > bodies,
				other.actor.name() + " has ended before " + event));
		life.company.clear();
	}

	private boolean isAlong(Actor failed, Actor other) {
		if (this.schedule.strategy() == RestartStrategy.ALL || other.stage() > failed.stage()) {
			return true;
		}
		// Those that are added late come in an order of their own
		return other.stage() == failed.stage() && !other.late() && !failed.late()
				&& this.schedule.actors().indexOf(other) > this.schedule.actors().indexOf(failed);
	}

	/**
	 * Those of higher stages that are told of the same failure have ended.
	 */
	private void checkTakenDown(Life life, Event event, StopReason reason) {
		for (Life other : this.lives.values()) {
			boolean above = other.actor.stage() > life.actor.stage() && other.taken && !other.byHand;
			require(!above || (!other.inBody && other.interrupters == 0 && !other.running),
					other.actor.name() + " of a higher stage has ended before " + event);
		}
	}

	private void atTheEnd() {
		for (Life life : this.lives.values()) {
			require(!life.taken || life.running || life.byHand || this.stopping,
					life.actor.name() + " runs again, or the group ends");
		}
	}

	private void require(boolean kept, String promise) {
		if (!kept) {
			this.broken.add(promise);
		}
	}

	/**
	 * How far a member is.
	 */
	private static final class Life {

		private final Actor actor;

		private boolean running;

		private boolean inBody;

		/** How many executions have ended. */
		private int bodies;

		private int interrupters;

		private int interrupts;

		private int ends;

		/** Whether this start was taken down along with others. */
		private boolean taken;

		/** Whether it was stopped or started by hand since its start. */
		private boolean byHand;

		private long nextBody;

		/** Who was executed when it failed. */
		private final Map<Life, Integer> company = new HashMap<>();

		Life(Actor actor) {
			this.actor = actor;
		}

	}

}
