package dev.rungroup.core;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A JVM of its own that runs a main class of the tests, with nothing on its class path
 * but the jar of the core and JSpecify.
 */
final class JavaProgram implements AutoCloseable {

	/** What is published; in an IDE, which makes no jars, the classes it is made of. */
	static final String CORE = System.getProperty("run.core-jar", locationOf(Group.class));

	/** A shell's background job ignores SIGINT, and its children inherit that. */
	private static final List<String> RESET_SIGNALS = List.of("env", "--default-signal=INT,TERM,HUP");

	private static final boolean ENV_RESETS_SIGNALS = canResetSignals();

	private final Process process;

	private final BlockingQueue<String> unread = new LinkedBlockingQueue<>();

	private final List<String> output = new CopyOnWriteArrayList<>();

	private final Thread reader;

	private JavaProgram(Process process) {
		this.process = process;
		this.reader = new Thread(this::read, "output of " + process.pid());
		this.reader.setDaemon(true);
		this.reader.start();
	}

	static JavaProgram start(Class<?> main, String... arguments) {
		return launch(List.of(CORE, locationOf(main), locationOf(Nullable.class)), main, arguments);
	}

	/**
	 * Start a JVM without JSpecify.
	 */
	static JavaProgram startOnCoreAlone(Class<?> main, String... arguments) {
		return launch(List.of(CORE, locationOf(main)), main, arguments);
	}

	private static JavaProgram launch(List<String> classPath, Class<?> main, String... arguments) {
		List<String> command = new ArrayList<>();
		if (ENV_RESETS_SIGNALS) {
			command.addAll(RESET_SIGNALS);
		}
		command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
		command.addAll(
				List.of("-XX:TieredStopAtLevel=1", "-Xshare:auto", "-cp", String.join(File.pathSeparator, classPath)));
		command.add(main.getName());
		command.addAll(List.of(arguments));
		try {
			return new JavaProgram(new ProcessBuilder(command).redirectErrorStream(true).start());
		}
		catch (IOException ex) {
			throw new AssertionError("Cannot start " + command, ex);
		}
	}

	/**
	 * Not every system's {@code env} can.
	 */
	private static boolean canResetSignals() {
		try {
			List<String> command = new ArrayList<>(RESET_SIGNALS);
			command.add("true");
			Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
			return process.waitFor(30, TimeUnit.SECONDS) && process.exitValue() == 0;
		}
		catch (IOException ex) {
			return false;
		}
		catch (InterruptedException ex) {
			throw new AssertionError("The test was interrupted", ex);
		}
	}

	static String locationOf(Class<?> type) {
		try {
			return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
		}
		catch (Exception ex) {
			throw new AssertionError(ex);
		}
	}

	private void read() {
		try (BufferedReader lines = new BufferedReader(
				new InputStreamReader(this.process.getInputStream(), StandardCharsets.UTF_8))) {
			for (String line = lines.readLine(); line != null; line = lines.readLine()) {
				this.output.add(line);
				this.unread.add(line);
			}
		}
		catch (IOException ex) {
			this.unread.add("cannot read on: " + ex);
		}
	}

	/**
	 * Wait for a line of output.
	 */
	JavaProgram awaitLine(String expected) {
		List<String> passed = new ArrayList<>();
		long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
		try {
			while (System.nanoTime() < end) {
				String line = this.unread.poll(100, TimeUnit.MILLISECONDS);
				if (line != null) {
					passed.add(line);
					if (line.equals(expected)) {
						return this;
					}
				}
			}
		}
		catch (InterruptedException ex) {
			throw new AssertionError("The test was interrupted", ex);
		}
		throw new AssertionError("No line '" + expected + "' in " + passed);
	}

	/**
	 * Send a signal, such as {@code TERM}.
	 */
	void signal(String name) {
		try {
			Process kill = new ProcessBuilder("sh", "-c", "kill -" + name + " " + this.process.pid()).inheritIO()
				.start();
			assertThat(kill.waitFor(30, TimeUnit.SECONDS)).isTrue();
			assertThat(kill.exitValue()).isZero();
		}
		catch (IOException | InterruptedException ex) {
			throw new AssertionError(ex);
		}
	}

	int exitCode() {
		try {
			boolean over = this.process.waitFor(30, TimeUnit.SECONDS);
			assertThat(over).as(() -> "the program ends; its output is " + this.output).isTrue();
			this.reader.join(TimeUnit.SECONDS.toMillis(30));
			return this.process.exitValue();
		}
		catch (InterruptedException ex) {
			throw new AssertionError("The test was interrupted", ex);
		}
	}

	List<String> output() {
		return this.output;
	}

	@Override
	public void close() {
		this.process.destroyForcibly();
	}

}
