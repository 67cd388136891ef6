package dev.rungroup.sample;

import java.util.List;

import org.springframework.context.annotation.Profile;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/**
 * The same table in PostgreSQL, for several nodes.
 */
@Component
@Profile("postgres")
class PostgresMeasurementStore extends MeasurementStore {

	PostgresMeasurementStore(JdbcClient jdbc) {
		super(jdbc);
	}

	/**
	 * What is committed is on disk. Two calls with the same line at once may be a
	 * DuplicateKeyException for one of them, which is to try again.
	 */
	@Override
	void save(List<Line> lines) {
		merge(lines, "NUMERIC");
	}

}
