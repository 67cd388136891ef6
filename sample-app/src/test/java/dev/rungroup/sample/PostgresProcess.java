package dev.rungroup.sample;

import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.awaitility.Awaitility;

import org.springframework.util.FileSystemUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * A PostgreSQL with an empty database, on a free port and in a temporary directory. Root
 * starts it as {@code nobody}: it refuses to run as root. Where it is not installed the
 * test is skipped, but fails if the environment variable {@code CI} is {@code true}.
 */
final class PostgresProcess implements Closeable {

	private static final boolean ROOT = "root".equals(System.getProperty("user.name"));

	private final Path directory;

	private final int port;

	private final Process process;

	private PostgresProcess(Path directory, String initdb, String postgres) throws IOException, InterruptedException {
		this.directory = directory;
		if (ROOT) {
			Files.setOwner(directory,
					directory.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody"));
		}
		Process init = launch(initdb, "--pgdata=data", "--username=sample", "--auth=trust", "--encoding=UTF8",
				"--locale=C", "--no-sync");
		assertThat(init.waitFor(60, TimeUnit.SECONDS) && init.exitValue() == 0).as("%s, see %s", initdb, directory)
			.isTrue();
		this.port = DatabaseProcess.freePort();
		this.process = launch(postgres, "-D", "data", "-p", Integer.toString(this.port), "-c",
				"listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off");
	}

	static PostgresProcess start() throws IOException, InterruptedException {
		String initdb = find("initdb");
		PostgresProcess server = new PostgresProcess(Files.createTempDirectory("postgres"), initdb, find("postgres"));
		Awaitility.await()
			.atMost(Duration.ofSeconds(60))
			.pollInterval(Duration.ofMillis(50))
			.ignoreExceptionsInstanceOf(SQLException.class)
			.until(() -> {
				DriverManager.getConnection(server.url(), "sample", "").close();
				return true;
			});
		return server;
	}

	private static String find(String program) throws IOException {
		List<Path> places = new ArrayList<>();
		Stream.of(System.getenv("PATH").split(File.pathSeparator)).map(Path::of).forEach(places::add);
		Path versions = Path.of("/usr/lib/postgresql");
		if (Files.isDirectory(versions)) {
			try (Stream<Path> all = Files.list(versions)) {
				all.map((version) -> version.resolve("bin")).forEach(places::add);
			}
		}
		List<Path> found = places.stream().map((place) -> place.resolve(program)).filter(Files::isExecutable).toList();
		String missing = program + " is not installed (Debian's package postgresql): skipped";
		if ("true".equals(System.getenv("CI"))) {
			assertThat(found).as(missing).isNotEmpty();
		}
		assumeThat(found).as(missing).isNotEmpty();
		return found.get(0).toString();
	}

	private Process launch(String... command) throws IOException {
		List<String> all = new ArrayList<>();
		if (ROOT) {
			all.addAll(List.of("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"));
		}
		all.addAll(List.of(command));
		return new ProcessBuilder(all).directory(this.directory.toFile())
			.redirectErrorStream(true)
			.redirectOutput(ProcessBuilder.Redirect.appendTo(this.directory.resolve("log.txt").toFile()))
			.start();
	}

	String address() {
		return "127.0.0.1:" + this.port + "/postgres";
	}

	String url() {
		return "jdbc:postgresql://" + address();
	}

	String log() throws IOException {
		return Files.readString(this.directory.resolve("log.txt"));
	}

	/**
	 * SIGQUIT: it ends at once, and its children with it.
	 */
	@Override
	public void close() throws IOException {
		try {
			SampleProcess.signal(this.process, "QUIT");
			this.process.waitFor(30, TimeUnit.SECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		finally {
			this.process.destroyForcibly();
			FileSystemUtils.deleteRecursively(this.directory);
		}
	}

}
