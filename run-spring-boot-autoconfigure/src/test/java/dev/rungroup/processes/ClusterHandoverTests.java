package dev.rungroup.processes;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A singleton that moves a thousand times, or {@code -Drun.cluster.handovers=50}: its
 * leader is stopped, terminated and killed at random moments, or only
 * {@code -Drun.cluster.how=TERM}. Profile {@code cluster}.
 */
@Tag("cluster")
class ClusterHandoverTests {

	private static final int HANDOVERS = Integer.getInteger("run.cluster.handovers", 1000);

	private static final List<String> HOW = List.of(System.getProperty("run.cluster.how", "stop,TERM,KILL").split(","));

	private final Map<String, List<Long>> times = new TreeMap<>();

	@Test
	void aSingletonThatMovesAThousandTimesNeverRunsTwice() throws Exception {
		Random random = new Random(15);
		try (Cluster cluster = new Cluster(System.getProperty("run.cluster.engine", "jdbc"))) {
			String begin = cluster.now();
			cluster.start();
			cluster.start();
			String leader = cluster.awaitLeader(begin, "");
			for (int i = 0; i < HANDOVERS; i++) {
				// The other node may have just come up: the time of its first call to the
				// engine, seconds with Redis on a busy machine, is in the histogram
				Thread.sleep(random.nextInt(1000));
				String how = HOW.get(random.nextInt(HOW.size()));
				String asked = cluster.now();
				if (how.equals("stop")) {
					Files.createFile(cluster.stopFile(leader));
				}
				else {
					cluster.node(leader).signal(how);
				}
				String next = cluster.awaitLeader(asked, leader);
				this.times.computeIfAbsent(how, (key) -> new ArrayList<>()).add(cluster.takenOverAfter(asked, leader));
				if (how.equals("stop")) {
					Thread.sleep(1700);
				}
				else {
					cluster.node(leader).awaitEnd();
					cluster.nodes.remove(leader);
					cluster.start();
				}
				leader = next;
			}
			assertThat(cluster.overlaps()).isEmpty();
		}
		finally {
			this.times.forEach((how, millis) -> {
				Collections.sort(millis);
				System.out.println(how + ": " + millis.size() + " hand-overs, minimum " + millis.get(0) + " ms, median "
						+ millis.get(millis.size() / 2) + " ms, 99 % " + millis.get((millis.size() * 99 - 1) / 100)
						+ " ms, maximum " + millis.get(millis.size() - 1) + " ms");
			});
		}
	}

}
