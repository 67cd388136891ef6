package dev.rungroup.servers;

import java.io.File;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

import org.springframework.util.FileSystemUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * A server program of the machine in a process of its own, on a free port of the loopback
 * interface and in a temporary directory. Root starts it as {@code nobody}: PostgreSQL
 * refuses to run as root. For one thread.
 */
public abstract class LocalServer implements AutoCloseable {

	private static final long LIMIT_SECONDS = 60;

	private static final boolean ROOT = "root".equals(System.getProperty("user.name"));

	private final Path directory;

	private final int port;

	private @Nullable Process process;

	LocalServer() throws IOException {
		this.directory = Files.createTempDirectory(getClass().getSimpleName());
		if (ROOT) {
			Files.setOwner(this.directory,
					this.directory.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody"));
		}
		this.port = freePort();
	}

	/**
	 * A port that nobody has now, and that nobody gets, while the server starts or is
	 * away, who asks for any: those are from 32768 on.
	 */
	private static int freePort() throws IOException {
		while (true) {
			int port = ThreadLocalRandom.current().nextInt(20_000, 32_000);
			try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
				return socket.getLocalPort();
			}
			catch (BindException ex) {
				// the next one
			}
		}
	}

	/**
	 * The program to run in the foreground.
	 */
	abstract List<String> command();

	/**
	 * The signal that ends it in an orderly way, whoever is connected.
	 */
	abstract String stopSignal();

	/**
	 * Connect and ask for something.
	 * @throws Exception if it does not answer yet
	 */
	abstract void ping() throws Exception;

	/**
	 * Find a program. Without it the test is skipped, but fails where the environment
	 * variable {@code CI} is {@code true}.
	 */
	static Path find(String program, String debianPackage) throws IOException {
		List<Path> places = new ArrayList<>();
		for (String place : System.getenv("PATH").split(File.pathSeparator)) {
			places.add(Path.of(place));
		}
		Path versions = Path.of("/usr/lib/postgresql");
		if (Files.isDirectory(versions)) {
			try (Stream<Path> all = Files.list(versions)) {
				all.forEach((version) -> places.add(version.resolve("bin")));
			}
		}
		List<Path> found = places.stream()
			.map((place) -> place.resolve(program))
			.filter(Files::isExecutable)
			.limit(1)
			.toList();
		String missing = "%s is not installed (Debian's package %s): skipped".formatted(program, debianPackage);
		if ("true".equals(System.getenv("CI"))) {
			assertThat(found).as(missing).isNotEmpty();
		}
		assumeThat(found).as(missing).isNotEmpty();
		return found.get(0);
	}

	final Path directory() {
		return this.directory;
	}

	public final int port() {
		return this.port;
	}

	/**
	 * Run a program that ends by itself.
	 */
	final void run(List<String> command) throws IOException, InterruptedException {
		Process once = launch(command);
		if (!once.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS) || once.exitValue() != 0) {
			once.destroyForcibly();
			throw new IllegalStateException("Cannot run " + command + "\n" + log());
		}
	}

	/**
	 * Start it on the same port and with the data that it had, and wait until it answers.
	 */
	public final void restart() throws IOException, InterruptedException {
		if (this.process != null) {
			stop();
		}
		Process started = launch(command());
		this.process = started;
		long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
		while (!answers()) {
			if (System.nanoTime() > deadline || started.waitFor(50, TimeUnit.MILLISECONDS)) {
				started.destroyForcibly();
				throw new IllegalStateException("Does not answer on port " + this.port + "\n" + log());
			}
		}
	}

	private boolean answers() {
		try {
			ping();
			return true;
		}
		catch (Exception ex) {
			return false;
		}
	}

	private Process launch(List<String> command) throws IOException {
		List<String> all = new ArrayList<>();
		if (ROOT) {
			// replaces itself by the program: the process is that of the server
			all.addAll(List.of("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"));
		}
		all.addAll(command);
		return new ProcessBuilder(all).directory(this.directory.toFile())
			.redirectErrorStream(true)
			.redirectOutput(ProcessBuilder.Redirect.appendTo(logFile()))
			.start();
	}

	/**
	 * End it in an orderly way. Its data stay.
	 */
	public final void stop() throws IOException, InterruptedException {
		end(stopSignal());
	}

	/**
	 * SIGKILL. Its data stay as they are.
	 */
	public final void kill() throws IOException, InterruptedException {
		end("KILL");
	}

	/**
	 * SIGSTOP, to its children as well: it keeps its connections and answers nothing.
	 */
	public final void freeze() throws IOException, InterruptedException {
		signalAll("STOP");
	}

	/**
	 * SIGCONT.
	 */
	public final void thaw() throws IOException, InterruptedException {
		signalAll("CONT");
	}

	private void signalAll(String signal) throws IOException, InterruptedException {
		Process running = Objects.requireNonNull(this.process, "Not started");
		signal(signal, running.pid());
		// after their parent, which can make no more of them
		for (ProcessHandle child : running.descendants().toList()) {
			signal(signal, child.pid());
		}
	}

	private static void signal(String signal, long pid) throws IOException, InterruptedException {
		new ProcessBuilder("kill", "-" + signal, Long.toString(pid)).start().waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
	}

	private void end(String signal) throws IOException, InterruptedException {
		Process running = this.process;
		this.process = null;
		if (running == null) {
			return;
		}
		// they end when they notice that their parent has
		List<ProcessHandle> children = running.descendants().toList();
		signal(signal, running.pid());
		if (!running.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
			running.destroyForcibly();
			throw new IllegalStateException("Has not ended\n" + log());
		}
		for (ProcessHandle child : children) {
			child.onExit().completeOnTimeout(child, 10, TimeUnit.SECONDS).join();
			child.destroyForcibly();
		}
	}

	private File logFile() {
		return this.directory.resolve("log.txt").toFile();
	}

	private String log() throws IOException {
		return Files.readString(logFile().toPath());
	}

	@Override
	public final void close() throws IOException {
		try {
			kill();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException("Interrupted while a server was to end", ex);
		}
		finally {
			FileSystemUtils.deleteRecursively(this.directory);
		}
	}

}
