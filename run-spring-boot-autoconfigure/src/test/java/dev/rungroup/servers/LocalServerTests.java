package dev.rungroup.servers;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;

@Tag("once")
@Timeout(180)
class LocalServerTests {

	@Test
	void postgresKeepsItsRowsWhenItIsStoppedOrKilled() throws Exception {
		Path directory;
		try (PostgresServer server = PostgresServer.start()) {
			directory = server.directory();
			assertThat(directory).exists();
			try (Connection connection = DriverManager.getConnection(server.jdbcUrl());
					Statement statement = connection.createStatement()) {
				statement.execute("CREATE TABLE word (text VARCHAR(20))");
				statement.execute("INSERT INTO word VALUES ('first')");
				server.kill();
				assertThatExceptionOfType(SQLException.class).isThrownBy(() -> statement.execute("SELECT 1"));
			}
			server.restart();
			try (Connection connection = DriverManager.getConnection(server.jdbcUrl());
					Statement statement = connection.createStatement()) {
				statement.execute("INSERT INTO word VALUES ('second')");
				server.stop();
				assertThatExceptionOfType(SQLException.class).isThrownBy(() -> statement.execute("SELECT 1"));
			}
			server.restart();
			try (Connection connection = DriverManager.getConnection(server.jdbcUrl());
					Statement statement = connection.createStatement();
					ResultSet words = statement.executeQuery("SELECT string_agg(text, ',' ORDER BY text) FROM word")) {
				assertThat(words.next()).isTrue();
				assertThat(words.getString(1)).isEqualTo("first,second");
			}
		}
		assertThat(directory).doesNotExist();
	}

	@Test
	void redisKeepsItsKeysWhenItIsStoppedOrKilled() throws Exception {
		try (RedisServer server = RedisServer.start()) {
			assertThat(server.send("SET word first")).isEqualTo("+OK");
			server.kill();
			assertThatIOException().isThrownBy(() -> server.send("EXISTS word"));
			server.restart();
			assertThat(server.send("EXISTS word")).isEqualTo(":1");
			server.stop();
			assertThatIOException().isThrownBy(() -> server.send("EXISTS word"));
			server.restart();
			assertThat(server.send("EXISTS word")).isEqualTo(":1");
		}
	}

}
