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

	private final Process process;

	private final Path log;

	private SampleProcess(Process process, Path log) {
		this.process = process;
		this.log = log;
	}

	/**
	 * Start the application on the files in this directory.
	 */
	static SampleProcess start(Path directory, String... arguments) throws IOException {
		Path log = Files.createTempFile(directory, "log", ".txt");
		List<String> command = new ArrayList<>(
				List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx128m",
						"-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"),
						SampleApplication.class.getName(), "--server.port=0", "--sample.port=0",
						"--sample.data-directory=" + directory.resolve("data"),
						"--sample.inbox=" + directory.resolve("inbox")));
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
		return HttpClient.newHttpClient()
			.send(HttpRequest.newBuilder(URI.create("http://localhost:" + httpPort() + path))
				.timeout(Duration.ofSeconds(20))
				.build(), HttpResponse.BodyHandlers.ofString());
	}

	private int find(String pattern) {
		return Awaitility.await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(50)).until(() -> {
			Matcher matcher = Pattern.compile(pattern).matcher(log());
			return matcher.find() ? Integer.parseInt(matcher.group(1)) : 0;
		}, (port) -> port > 0);
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
		this.process.destroyForcibly();
	}

}
