package dev.rungroup.actuate;

import dev.rungroup.core.MemberState;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.health.contributor.Status;

/**
 * One actor as far as health and availability care for it. Decides, and does nothing
 * else.
 *
 * @param state its state, {@code null} if it is switched off
 * @param ready whether it is up
 * @param failing whether its last execution has failed
 * @param required whether the application can do its work only while it does
 * @param stalled whether it makes no progress
 * @param exhausted whether its restarts are used up
 */
record ActorCondition(@Nullable MemberState state, boolean ready, boolean failing, boolean required, boolean stalled,
		boolean exhausted) {

	/**
	 * What it does to the application's health.
	 */
	Status status() {
		if (this.state == MemberState.FAILED || (this.required && this.stalled)) {
			return Status.DOWN;
		}
		return (this.required && !isUp()) ? Status.OUT_OF_SERVICE : Status.UP;
	}

	/**
	 * Whether traffic has to be kept away from the application on its account.
	 */
	boolean refusesTraffic() {
		return this.required && status() != Status.UP;
	}

	/**
	 * Whether only a new process can help.
	 */
	boolean isBroken() {
		return this.required && (this.exhausted || this.stalled);
	}

	/**
	 * What an operator is shown.
	 */
	String description() {
		return (this.state == null) ? ActorsEndpoint.DISABLED : (this.stalled) ? "STALLED" : this.state.name();
	}

	/**
	 * Whether it does what it is there for. One that has done its work has.
	 */
	private boolean isUp() {
		if (this.state == null) {
			return true;
		}
		return switch (this.state) {
			case COMPLETED -> true;
			case RUNNING -> this.ready;
			case WAITING -> this.ready && !this.failing;
			case NEW, STOPPING, FAILED, STOPPED -> false;
		};
	}

}
