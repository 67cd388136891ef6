package dev.rungroup.sample;

import dev.rungroup.annotation.Execute;
import dev.rungroup.annotation.FailureHandler;
import dev.rungroup.annotation.LoopActor;
import dev.rungroup.core.Policy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fails every time, to show what that looks like: it backs off, longer each time, and
 * after three restarts it gives up. It is switched off in {@code application.yml}; start
 * the application with {@code --run.actors.flaky.enabled=true} to see it, and with
 * {@code --run.actors.flaky.on-exhausted=shutdown} to see it take the application down.
 */
@LoopActor(maxRestarts = "3", onExhausted = Policy.DO_NOTHING)
class Flaky {

	private static final Logger log = LoggerFactory.getLogger(Flaky.class);

	@Execute
	void fail() {
		throw new IllegalStateException("fails every time");
	}

	/**
	 * Told about each failure of this type, before the pause.
	 */
	@FailureHandler
	void onFailure(IllegalStateException failure) {
		log.info("The failure handler was told: {}", failure.getMessage());
	}

}
