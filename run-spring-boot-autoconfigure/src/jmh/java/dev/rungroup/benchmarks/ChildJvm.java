package dev.rungroup.benchmarks;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A JVM of its own that prints what it has measured. Times are taken here, from outside.
 */
final class ChildJvm implements AutoCloseable {

	private static final String FIGURE = "FIGURE ";

	private static final long LIMIT_SECONDS = 300;

	private final Process process;

	private final long startedAt;

	private final Thread reader;

	private final List<Line> lines = new ArrayList<>();

	private ChildJvm(ProcessBuilder builder) throws IOException {
		this.startedAt = System.nanoTime();
		this.process = builder.start();
		this.reader = Thread.ofPlatform().daemon().start(this::read);
	}

	/**
	 * Start one.
	 * @param classPath its class path
	 * @param main its main class
	 * @param options of the JVM
	 * @param arguments of the main class
	 */
	static ChildJvm start(String classPath, Class<?> main, List<String> options, List<String> arguments)
			throws IOException {
		List<String> command = new ArrayList<>();
		command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
		command.addAll(options);
		command.add(main.getName());
		command.addAll(arguments);
		ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
		builder.environment().put("CLASSPATH", classPath);
		builder.environment().remove("JAVA_TOOL_OPTIONS");
		return new ChildJvm(builder);
	}

	/**
	 * Return the own class path, or part of it.
	 * @param wanted which jars; folders are given with the name of their parents
	 */
	static String classPath(Predicate<String> wanted) {
		return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
			.filter((entry) -> wanted.test(entry.endsWith(".jar") ? Path.of(entry).getFileName().toString() : entry))
			.collect(Collectors.joining(File.pathSeparator));
	}

	/**
	 * Called in such a JVM: tell a figure.
	 */
	static void print(String name, double value) {
		System.out.println(FIGURE + name + " " + value);
	}

	private void read() {
		try (BufferedReader output = new BufferedReader(
				new InputStreamReader(this.process.getInputStream(), StandardCharsets.UTF_8))) {
			for (String text = output.readLine(); text != null; text = output.readLine()) {
				Line line = new Line(text, System.nanoTime());
				synchronized (this.lines) {
					this.lines.add(line);
					this.lines.notifyAll();
				}
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Wait for a line.
	 * @return the nanoseconds from the start of the process to that line
	 */
	long awaitLine(String expected) throws InterruptedException {
		long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
		synchronized (this.lines) {
			while (true) {
				for (Line line : this.lines) {
					if (line.text.equals(expected)) {
						return line.at - this.startedAt;
					}
				}
				if (System.nanoTime() > deadline || !this.reader.isAlive()) {
					throw failed("No line '" + expected + "'");
				}
				this.lines.wait(200);
			}
		}
	}

	/**
	 * Send SIGTERM and wait for the end.
	 * @return the nanoseconds that took
	 */
	long terminate() throws InterruptedException {
		long start = System.nanoTime();
		// Not the process itself: that would close its output
		this.process.toHandle().destroy();
		awaitExit();
		long nanos = System.nanoTime() - start;
		this.reader.join();
		return nanos;
	}

	/**
	 * Wait for the end of a program that is to succeed.
	 */
	void awaitSuccess() throws InterruptedException {
		awaitExit();
		this.reader.join();
		if (this.process.exitValue() != 0) {
			throw failed("Ended with " + this.process.exitValue());
		}
	}

	private void awaitExit() throws InterruptedException {
		if (!this.process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
			throw failed("Does not end");
		}
	}

	/**
	 * Return the figures that it has told so far.
	 */
	Map<String, Double> figures() {
		Map<String, Double> figures = new TreeMap<>();
		synchronized (this.lines) {
			for (Line line : this.lines) {
				if (line.text.startsWith(FIGURE)) {
					String[] words = line.text.split(" ");
					figures.put(words[1], Double.valueOf(words[2]));
				}
			}
		}
		return figures;
	}

	private IllegalStateException failed(String message) {
		synchronized (this.lines) {
			return new IllegalStateException(
					message + " in\n" + this.lines.stream().map(Line::text).collect(Collectors.joining("\n")));
		}
	}

	@Override
	public void close() {
		this.process.destroyForcibly();
	}

	private record Line(String text, long at) {

	}

}
