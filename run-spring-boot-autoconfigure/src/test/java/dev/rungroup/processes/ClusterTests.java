package dev.rungroup.processes;

import java.time.Duration;
import java.util.List;

import dev.rungroup.annotation.Actor;
import dev.rungroup.autoconfigure.RunAutoConfiguration;
import dev.rungroup.autoconfigure.RunClusterAutoConfiguration;
import dev.rungroup.autoconfigure.exit.RunExitAutoConfiguration;
import dev.rungroup.processes.ForkedJvm.Ended;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.context.annotation.Bean;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A singleton on two nodes, real JVMs, that are stopped, killed and paused.
 */
@Timeout(600)
class ClusterTests {

	/** For a machine that has more to do than this test. */
	private static final long BUSY = 6000;

	private static final Duration LIMIT = Duration.ofSeconds(60);

	private static final long RETRY = Cluster.RETRY.toMillis();

	private static final long LEASE = Cluster.LEASE.toMillis();

	@Test
	void aSingletonMovesAndNeverRunsTwiceWhateverHappensToItsNode() throws Exception {
		play("jdbc");
	}

	@ParameterizedTest
	@ValueSource(strings = { "redis", "shedlock" })
	@Tag("faults")
	void theSameWithOtherEngines(String engine) throws Exception {
		play(engine);
	}

	@Test
	void withoutASingletonNoClassOfThePackageIsLoaded() throws Exception {
		try (ForkedJvm jvm = ForkedJvm.start(List.of("-Xlog:class+load:stdout"), PlainApplication.class,
				List.of("--spring.main.web-application-type=none"))) {
			Ended ended = jvm.awaitEnd();
			assertThat(ended.containing("dev.rungroup.context.GroupLifecycle ")).isNotEmpty();
			assertThat(ended.containing("dev.rungroup.cluster.")).isEmpty();
		}
	}

	private static void play(String engine) throws Exception {
		try (Cluster cluster = new Cluster(engine)) {
			String begin = cluster.now();
			cluster.start();
			cluster.awaitLeader(begin, "");
			startStandby(cluster);
			// Deleted under the leader
			String deleted = cluster.now();
			cluster.deleteLocks();
			Thread.sleep(LEASE);
			Awaitility.await()
				.atMost(LIMIT)
				.until(() -> !cluster.query("SELECT session FROM event WHERE kind = 'begin' AND at > '" + deleted + "'")
					.isEmpty());
			// The leader hears of it at its next renewal, another node may before
			cluster.execute("DELETE FROM event");
			if (Scenarios.EVERYTHING) {
				freeze(cluster);
			}
			String leader = cluster.awaitLeader(cluster.now(), "");
			// Paused for longer than its lease
			String paused = cluster.now();
			cluster.node(leader).signal("STOP");
			String next = cluster.awaitLeader(paused, leader);
			long pause = cluster.takenOverAfter(paused, leader);
			String resumed = cluster.now();
			cluster.node(leader).signal("CONT");
			Thread.sleep(1000);
			// It had looked before it stood still, and writes when it goes on
			String late = " FROM event WHERE node = '" + leader + "' AND at > '" + resumed + "'";
			assertThat(cluster.query("SELECT at" + late)).hasSizeLessThanOrEqualTo(1);
			cluster.execute("DELETE" + late);
			List<String> leading = List.of(next);
			Awaitility.await()
				.atMost(LIMIT)
				.until(() -> cluster
					.query("SELECT DISTINCT node FROM event WHERE at > clock_timestamp() - interval '500 ms'")
					.equals(leading));
			// An orderly stop
			leader = next;
			String terminated = cluster.now();
			cluster.node(leader).signal("TERM");
			next = cluster.awaitLeader(terminated, leader);
			long term = cluster.takenOverAfter(terminated, leader);
			assertThat(cluster.node(leader).awaitEnd().code()).isEqualTo(143);
			startStandby(cluster);
			// A crash
			leader = next;
			String killed = cluster.now();
			cluster.node(leader).signal("KILL");
			next = cluster.awaitLeader(killed, leader);
			long kill = cluster.takenOverAfter(killed, leader);
			System.out.println(engine + ": taken over " + pause + " ms after SIGSTOP, " + term + " ms after SIGTERM, "
					+ kill + " ms after SIGKILL");
			assertThat(List.of(pause, kill))
				.allSatisfy((millis) -> assertThat(millis).isLessThanOrEqualTo(LEASE + RETRY + BUSY));
			assertThat(term).isLessThanOrEqualTo(RETRY + BUSY);
			// The engine is away for a while
			cluster.locks().stop();
			Thread.sleep(1000);
			cluster.locks().restart();
			cluster.awaitLeader(cluster.now(), "");
			assertThat(cluster.overlaps()).isEmpty();
		}
	}

	/**
	 * A node takes over as promised once its first call to the engine has returned. On a
	 * busy machine the first one to Redis takes seconds.
	 */
	private static void startStandby(Cluster cluster) throws Exception {
		cluster.start();
		Thread.sleep(LEASE / 2);
	}

	/**
	 * An engine that answers nothing for longer than a lease.
	 */
	private static void freeze(Cluster cluster) throws Exception {
		// whoever writes has done so before
		cluster.awaitLeader(cluster.now(), "");
		String frozen = cluster.now();
		cluster.locks().freeze();
		Thread.sleep(LEASE + 1000);
		if (cluster.locks() != cluster.database) {
			assertThat(
					cluster.query("SELECT DISTINCT node FROM event WHERE at > clock_timestamp() - interval '500 ms'"))
				.isEmpty();
		}
		long thawed = System.nanoTime();
		cluster.locks().thaw();
		cluster.awaitLeader(cluster.now(), "");
		if (cluster.locks() == cluster.database) {
			// A statement on its way when the server stood still is carried out when it
			// goes on, and dated then, whatever has become of who sent it
			cluster
				.execute("DELETE FROM event WHERE session IN (SELECT session FROM event WHERE at < '" + frozen + "')");
		}
		System.out.println("led again " + (System.nanoTime() - thawed) / 1000_000 + " ms after SIGCONT of the engine");
	}

	@SpringBootConfiguration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ RunAutoConfiguration.class, RunClusterAutoConfiguration.class,
			RunExitAutoConfiguration.class })
	static class PlainApplication {

		public static void main(String[] args) {
			SpringApplication.run(PlainApplication.class, args);
		}

		@Bean
		@Actor("once")
		Runnable once() {
			return () -> {
			};
		}

	}

}
