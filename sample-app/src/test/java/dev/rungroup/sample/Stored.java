package dev.rungroup.sample;

import java.util.BitSet;

import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is in the database in the end.
 */
final class Stored {

	private final JdbcClient jdbc;

	private Stored(String url) {
		this.jdbc = JdbcClient.create(new DriverManagerDataSource(url, "sa", ""));
	}

	static Stored in(String url) {
		return new Stored(url);
	}

	/**
	 * Every line that was answered {@code ok} is there once. A line that was sent and not
	 * answered is there once or not at all, and nothing else is there.
	 */
	void assertHolds(LineLoad load) {
		for (LineLoad.Lines lines : load.lines()) {
			BitSet stored = assertNoneTwice(lines.name());
			assertThat(stored.length()).as("numbers of %s", lines.name()).isLessThanOrEqualTo(lines.sent());
			BitSet lost = (BitSet) lines.acknowledged().clone();
			lost.andNot(stored);
			assertThat(lost).as("lost lines of %s", lines.name()).isEqualTo(new BitSet());
		}
	}

	/**
	 * Exactly the lines 0 to count - 1 of this name are there, each once.
	 */
	void assertHolds(String name, int count) {
		BitSet all = new BitSet();
		all.set(0, count);
		assertThat(assertNoneTwice(name)).as("lines of %s", name).isEqualTo(all);
	}

	long count() {
		return this.jdbc.sql("SELECT COUNT(*) FROM measurement").query(Long.class).single();
	}

	private BitSet assertNoneTwice(String name) {
		BitSet stored = new BitSet();
		BitSet twice = new BitSet();
		this.jdbc.sql("SELECT CAST(amount AS INT) FROM measurement WHERE name = ?").param(name).query((row) -> {
			int number = row.getInt(1);
			(stored.get(number) ? twice : stored).set(number);
		});
		assertThat(twice).as("doubled lines of %s", name).isEqualTo(new BitSet());
		return stored;
	}

}
