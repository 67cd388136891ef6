package dev.rungroup.sample;

import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.awaitility.Awaitility;

/**
 * The sample application in a JVM of its own.
 */
final class SampleProcess implements Closeable {

	private static final HttpClient http = HttpClient.newHttpClient();

	private final Process process;

	private final Path log;

	/** 0 until somebody has asked. */
	private volatile int httpPort;

	private SampleProcess(Process process, Path log) {
		this.process = process;
		this.log = log;
	}

	/**
	 * Start the application on the files in this directory.
	 */
	static SampleProcess start(Path directory, String... arguments) throws IOException {
		Path log = Files.createTempFile(directory, "log", ".txt");
		// system properties, so that an argument wins; two arguments of a name would be a
		// list
		List<String> command = new ArrayList<>(List.of(
				Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx128m",
				"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dserver.port=0", "-Dsample.port=0",
				"-Dsample.data-directory=" + directory.resolve("data"), "-Dsample.inbox=" + directory.resolve("inbox"),
				"-cp", System.getProperty("java.class.path"), SampleApplication.class.getName()));
		command.addAll(List.of(arguments));
		Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
		return new SampleProcess(process, log);
	}

	int linePort() {
		return find("Listening for lines on port (\\d+)");
	}

	int httpPort() {
		return find("Tomcat started on port (\\d+)");
	}

	HttpResponse<String> get(String path) throws IOException, InterruptedException {
		return http.send(request(path).build(), HttpResponse.BodyHandlers.ofString());
	}

	HttpResponse<String> post(String path, String json) throws IOException, InterruptedException {
		return http.send(request(path).header("Content-Type", "application/json")
			.POST(HttpRequest.BodyPublishers.ofString(json))
			.build(), HttpResponse.BodyHandlers.ofString());
	}

	private HttpRequest.Builder request(String path) {
		if (this.httpPort == 0) {
			this.httpPort = httpPort();
		}
		return HttpRequest.newBuilder(URI.create("http://localhost:" + this.httpPort + path))
			.timeout(Duration.ofSeconds(20));
	}

	private int find(String pattern) {
		return Awaitility.await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(50)).until(() -> {
			Matcher matcher = Pattern.compile(pattern).matcher(log());
			if (matcher.find()) {
				return Integer.parseInt(matcher.group(1));
			}
			if (!this.process.isAlive()) {
				throw new IllegalStateException("Has ended. Its log:\n" + log());
			}
			return 0;
		}, (port) -> port > 0);
	}

	long pid() {
		return this.process.pid();
	}

	/**
	 * SIGSTOP.
	 */
	void standStill() throws IOException, InterruptedException {
		signal(this.process, "STOP");
	}

	/**
	 * SIGCONT.
	 */
	void goOn() throws IOException, InterruptedException {
		signal(this.process, "CONT");
	}

	static void signal(Process process, String name) throws IOException, InterruptedException {
		Process kill = new ProcessBuilder("sh", "-c", "kill -" + name + " " + process.pid()).inheritIO().start();
		if (!kill.waitFor(60, TimeUnit.SECONDS) || kill.exitValue() != 0) {
			throw new IllegalStateException("No signal " + name + " to " + process.pid());
		}
	}

	/**
	 * SIGTERM.
	 */
	void terminate() {
		this.process.destroy();
	}

	/**
	 * SIGKILL.
	 */
	void kill() {
		this.process.destroyForcibly();
	}

	int awaitExit() throws InterruptedException, IOException {
		if (!this.process.waitFor(60, TimeUnit.SECONDS)) {
			throw new IllegalStateException("Still running. Its log:\n" + log());
		}
		return this.process.exitValue();
	}

	String log() throws IOException {
		return Files.readString(this.log);
	}

	@Override
	public void close() {
		// Its files are about to be deleted
		this.process.destroyForcibly().onExit().completeOnTimeout(this.process, 60, TimeUnit.SECONDS).join();
	}

}
