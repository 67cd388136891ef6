package dev.rungroup.servers;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;

/**
 * A PostgreSQL that can be stopped, killed and started again. Every client may log in.
 */
public final class PostgresServer extends LocalServer {

	private final Path program;

	private PostgresServer(Path program) throws IOException {
		this.program = program;
	}

	/**
	 * Start one with an empty database. Without the program the test is skipped, but
	 * fails where the environment variable {@code CI} is {@code true}.
	 */
	public static PostgresServer start() throws IOException, InterruptedException {
		Path initdb = find("initdb", "postgresql");
		PostgresServer server = new PostgresServer(find("postgres", "postgresql"));
		try {
			server.run(List.of(initdb.toString(), "--pgdata=data", "--username=run", "--auth=trust", "--encoding=UTF8",
					"--locale=C", "--no-sync"));
			server.restart();
			return server;
		}
		catch (IOException | InterruptedException | RuntimeException ex) {
			server.close();
			throw ex;
		}
	}

	public String jdbcUrl() {
		return "jdbc:postgresql://127.0.0.1:" + port() + "/postgres?user=run";
	}

	@Override
	List<String> command() {
		return List.of(this.program.toString(), "-D", "data", "-p", Integer.toString(port()), "-c",
				"listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off");
	}

	@Override
	String stopSignal() {
		return "INT";
	}

	@Override
	void ping() throws SQLException {
		DriverManager.getConnection(jdbcUrl()).close();
	}

}
