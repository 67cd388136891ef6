package dev.rungroup.sample;

import java.time.Duration;
import java.time.Instant;

import dev.rungroup.annotation.LoopActor;
import dev.rungroup.cluster.ClusterSingleton;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.stereotype.Component;

/**
 * A plain component with a method that is an actor: {@code housekeeping-delete-old}. If
 * the database is gone the method fails, which is logged and counted, and is called again
 * after the back-off of {@code run.retry.*}.
 * <p>
 * Of several nodes with one database, one is enough: with the profile {@code postgres} it
 * runs on the node that has its lock. Otherwise {@code run.cluster.enabled} is false, and
 * it runs wherever the application does.
 */
@Component
class Housekeeping {

	private static final Logger log = LoggerFactory.getLogger(Housekeeping.class);

	private final MeasurementStore store;

	private final Duration keepFor;

	Housekeeping(MeasurementStore store, SampleProperties properties) {
		this.store = store;
		this.keepFor = properties.keepFor();
	}

	@LoopActor(delay = "${sample.housekeeping-delay}")
	@ClusterSingleton
	void deleteOld() {
		int deleted = this.store.deleteReceivedBefore(Instant.now().minus(this.keepFor));
		if (deleted > 0) {
			log.info("Deleted {} measurements older than {}", deleted, this.keepFor);
		}
	}

}
