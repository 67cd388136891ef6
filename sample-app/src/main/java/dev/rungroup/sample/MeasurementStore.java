package dev.rungroup.sample;

import java.math.BigDecimal;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import org.springframework.context.annotation.Profile;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/**
 * The table of measurements, in H2.
 */
@Component
@Profile("!postgres")
class MeasurementStore {

	private static final String ROW = "(CAST(? AS VARCHAR), CAST(? AS VARCHAR), CAST(? AS %s), CAST(? AS VARCHAR),"
			+ " CAST(? AS TIMESTAMP(6) WITH TIME ZONE))";

	private final JdbcClient jdbc;

	MeasurementStore(JdbcClient jdbc) {
		this.jdbc = jdbc;
	}

	/**
	 * Store all of these lines or none. May be called again with the same lines when
	 * nobody knows whether the last call got through: a line that is there already is
	 * left alone. Lines of the same id are one: of a file that is read again from the
	 * start some may still wait from the first time.
	 */
	void save(List<Line> lines) {
		merge(lines, "DECFLOAT");
		// H2 writes what is committed up to half a second later; what is answered
		// 'ok' must survive a kill -9, and a power failure
		this.jdbc.sql("CHECKPOINT SYNC").update();
	}

	final void merge(List<Line> lines, String exactNumber) {
		Map<String, Line> byId = new LinkedHashMap<>();
		lines.forEach((line) -> byId.put(line.id(), line));
		// one statement is one transaction
		String rows = String.join(", ", Collections.nCopies(byId.size(), ROW.formatted(exactNumber)));
		List<@Nullable Object> parameters = new ArrayList<>();
		for (Line line : byId.values()) {
			parameters.add(line.id());
			parameters.add(line.measurement().name());
			parameters.add(line.measurement().value());
			parameters.add(line.measurement().unit());
			parameters.add(line.receivedAt().atOffset(ZoneOffset.UTC));
		}
		this.jdbc.sql("""
				MERGE INTO measurement
				USING (VALUES %s) line(id, name, amount, unit, received_at) ON measurement.id = line.id
				WHEN NOT MATCHED THEN INSERT (id, name, amount, unit, received_at)
				VALUES (line.id, line.name, line.amount, line.unit, line.received_at)
				""".formatted(rows)).params(parameters).update();
	}

	List<Stored> latest(String name, int limit) {
		return this.jdbc
			.sql("SELECT name, amount, unit, received_at FROM measurement WHERE name = :name"
					+ " ORDER BY received_at DESC LIMIT :limit")
			.param("name", name)
			.param("limit", limit)
			.query(MeasurementStore::stored)
			.list();
	}

	List<Stored> latestOfEach() {
		return this.jdbc.sql("""
				SELECT name, amount, unit, received_at
				FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY name ORDER BY received_at DESC, id) AS age
					FROM measurement) ranked
				WHERE age = 1 ORDER BY received_at, name
				""").query(MeasurementStore::stored).list();
	}

	private static Stored stored(ResultSet row, int number) throws SQLException {
		return new Stored(row.getString("name"), plain(row.getBigDecimal("amount")), row.getString("unit"),
				row.getObject("received_at", OffsetDateTime.class).toInstant());
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
