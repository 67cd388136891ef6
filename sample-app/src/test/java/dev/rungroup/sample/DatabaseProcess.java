package dev.rungroup.sample;

import java.io.Closeable;
import java.io.IOException;
import java.net.BindException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.h2.tools.Server;

/**
 * A database server in a JVM of its own, that can be killed, stood still and started
 * again on the same port and files.
 */
final class DatabaseProcess implements Closeable {

	private final Path directory;

	private final int port;

	private Process process;

	private DatabaseProcess(Path directory, int port) throws IOException {
		this.directory = directory;
		this.port = port;
		this.process = launch();
		awaitStarted();
	}

	static DatabaseProcess start(Path directory) throws IOException {
		return new DatabaseProcess(directory, freePort());
	}

	/**
	 * A port that nobody has now, and that nobody gets, before it is used or between two
	 * uses, who asks for any: those are from 32768 on.
	 */
	static int freePort() throws IOException {
		while (true) {
			int port = ThreadLocalRandom.current().nextInt(20_000, 32_000);
			try (ServerSocket socket = new ServerSocket(port)) {
				return socket.getLocalPort();
			}
			catch (BindException ex) {
				// the next one
			}
		}
	}

	private Process launch() throws IOException {
		return new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx128m",
				"-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"), Server.class.getName(), "-tcp",
				"-tcpPort", Integer.toString(this.port), "-ifNotExists", "-baseDir",
				this.directory.toAbsolutePath().toString())
			.redirectErrorStream(true)
			.redirectOutput(ProcessBuilder.Redirect.appendTo(this.directory.resolve("database.log").toFile()))
			.start();
	}

	private void awaitStarted() {
		Awaitility.await()
			.atMost(Duration.ofSeconds(60))
			.pollInterval(Duration.ofMillis(20))
			.ignoreExceptionsInstanceOf(IOException.class)
			.until(() -> {
				new Socket("localhost", this.port).close();
				return true;
			});
	}

	int port() {
		return this.port;
	}

	String url() {
		return url(this.port);
	}

	/**
	 * The address of the database behind this port, which may be that of a proxy.
	 */
	static String url(int port) {
		return "jdbc:h2:tcp://localhost:" + port + "/./measurements";
	}

	/**
	 * SIGKILL.
	 */
	void kill() throws InterruptedException {
		this.process.destroyForcibly();
		awaitEnd();
	}

	/**
	 * SIGTERM.
	 */
	void terminate() throws InterruptedException {
		this.process.destroy();
		awaitEnd();
	}

	private void awaitEnd() throws InterruptedException {
		if (!this.process.waitFor(60, TimeUnit.SECONDS)) {
			throw new IllegalStateException("The database has not ended");
		}
	}

	void startAgain() throws IOException {
		this.process = launch();
		awaitStarted();
	}

	/**
	 * SIGSTOP: it keeps its connections and answers nothing.
	 */
	void standStill() throws IOException, InterruptedException {
		SampleProcess.signal(this.process, "STOP");
	}

	/**
	 * SIGCONT.
	 */
	void goOn() throws IOException, InterruptedException {
		SampleProcess.signal(this.process, "CONT");
	}

	@Override
	public void close() {
		// Its files are about to be deleted
		this.process.destroyForcibly().onExit().completeOnTimeout(this.process, 60, TimeUnit.SECONDS).join();
	}

}
