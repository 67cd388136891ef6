package dev.rungroup.processes;

import java.util.List;

import dev.rungroup.processes.ForkedJvm.Ended;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Stalls in JVMs of their own: one that is paused as a whole, and one that ends by a
 * stall.
 */
class StallProcessTests {

	@Test
	@Tag("long")
	void jvmThatStoodStillForThreeTimesTheLimitReportsNothing() throws Exception {
		try (ForkedJvm jvm = ForkedJvm.start(List.of(), StallApplication.class,
				List.of("--spring.main.web-application-type=none", "--run.actors.loop.stall-after=2s",
						"--run.actors.loop.on-stall=shutdown"))) {
			jvm.awaitLine("TURN 50");
			for (int i = 0; i < 2; i++) {
				jvm.signal("STOP");
				assertThat(jvm.staysUpFor(6000)).isTrue();
				jvm.signal("CONT");
			}
			jvm.awaitLine("TURN 300");
			jvm.signal("TERM");
			Ended ended = jvm.awaitEnd();
			assertThat(ended.code()).as(ended.toString()).isEqualTo(143);
			assertThat(ended.count("STALLED")).as(ended.toString()).isZero();
			assertThat(ended.containing("stalled")).isEmpty();
		}
	}

	@Test
	void stalledActorThatShutsDownEndsTheJvmWithOne() throws Exception {
		try (ForkedJvm jvm = ForkedJvm.start(List.of("-Dapp.wedged=true"), StallApplication.class,
				List.of("--spring.main.web-application-type=none", "--run.actors.loop.stall-after=2s",
						"--run.actors.loop.on-stall=shutdown", "--run.shutdown.grace-period=100ms"))) {
			Ended ended = jvm.awaitEnd();
			assertThat(ended.code()).as(ended.toString()).isEqualTo(1);
			assertThat(ended.containing("WARN", "Actor 'loop' is stalled")).as(ended.toString()).hasSize(1);
			assertThat(ended.containing("dev.rungroup.processes.StallApplication$Loop.run(")).as(ended.toString())
				.hasSize(1);
			assertThat(ended.containing("Actor 'loop' ends the group of actors")).as(ended.toString()).hasSize(1);
		}
	}

}
