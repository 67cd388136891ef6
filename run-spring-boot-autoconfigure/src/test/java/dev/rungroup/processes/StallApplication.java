package dev.rungroup.processes;

import java.util.concurrent.CountDownLatch;

import dev.rungroup.annotation.Execute;
import dev.rungroup.annotation.LoopActor;
import dev.rungroup.context.ActorStalledEvent;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.event.EventListener;

/**
 * A loop, found as a component of this configuration, that prints how it goes on, and is
 * wedged from the start if {@code app.wedged} is set.
 */
@SpringBootConfiguration
@EnableAutoConfiguration
class StallApplication {

	public static void main(String[] args) {
		SpringApplication.run(StallApplication.class, args);
	}

	@EventListener
	void stalled(ActorStalledEvent event) {
		ExitApplication.print("STALLED " + event.actor());
	}

	@LoopActor(name = "loop", delay = "20ms")
	static class Loop {

		private long turn;

		@Execute
		void run() throws InterruptedException {
			this.turn++;
			if (this.turn % 50 == 0) {
				ExitApplication.print("TURN " + this.turn);
			}
			if (Boolean.getBoolean("app.wedged")) {
				new CountDownLatch(1).await();
			}
			Thread.sleep(20);
		}

	}

}
