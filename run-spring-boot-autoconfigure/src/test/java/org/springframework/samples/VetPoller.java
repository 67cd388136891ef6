package org.springframework.samples;

import dev.rungroup.annotation.LoopActor;

/**
 * An actor of an application whose package begins as Spring's own do.
 */
public class VetPoller {

	@LoopActor
	void poll() {
	}

}
