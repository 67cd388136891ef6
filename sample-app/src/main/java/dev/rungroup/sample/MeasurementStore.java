package dev.rungroup.sample;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * The table of measurements.
 */
@Component
class MeasurementStore {

	private final JdbcClient jdbc;

	private final TransactionTemplate transaction;

	MeasurementStore(JdbcClient jdbc, TransactionTemplate transaction) {
		this.jdbc = jdbc;
		this.transaction = transaction;
	}

	/**
	 * Store all of these lines or none. May be called again with the same lines when
	 * nobody knows whether the last call got through: a line that is there already is
	 * left alone.
	 */
	void save(List<Line> lines) {
		this.transaction.executeWithoutResult((status) -> lines.forEach(this::insertOnce));
		// H2 writes committed changes up to half a second later; what is answered 'ok'
		// must
		// survive a kill -9, and a power failure
		this.jdbc.sql("CHECKPOINT SYNC").update();
	}

	private void insertOnce(Line line) {
		this.jdbc.sql("""
				MERGE INTO measurement USING (VALUES (CAST(:id AS VARCHAR))) line(id) ON measurement.id = line.id
				WHEN NOT MATCHED THEN INSERT (id, name, amount, unit, received_at)
				VALUES (:id, :name, :amount, :unit, :receivedAt)
				""")
			.param("id", line.id())
			.param("name", line.measurement().name())
			.param("amount", line.measurement().value())
			.param("unit", line.measurement().unit())
			.param("receivedAt", line.receivedAt().atOffset(ZoneOffset.UTC))
			.update();
	}

	List<Stored> latest(String name, int limit) {
		return this.jdbc
			.sql("SELECT name, amount, unit, received_at FROM measurement WHERE name = :name"
					+ " ORDER BY received_at DESC LIMIT :limit")
			.param("name", name)
			.param("limit", limit)
			.query((row, number) -> new Stored(row.getString("name"), plain(row.getBigDecimal("amount")),
					row.getString("unit"), row.getObject("received_at", OffsetDateTime.class).toInstant()))
			.list();
	}

	int deleteReceivedBefore(Instant time) {
		return this.jdbc.sql("DELETE FROM measurement WHERE received_at < :time")
			.param("time", time.atOffset(ZoneOffset.UTC))
			.update();
	}

	/**
	 * H2 makes {@code 1E+1} of 10.
	 */
	private static BigDecimal plain(BigDecimal value) {
		return (value.scale() < 0) ? value.setScale(0) : value;
	}

	/**
	 * A measurement as it is in the database.
	 */
	record Stored(String name, BigDecimal value, @Nullable String unit, Instant receivedAt) {

	}

}
