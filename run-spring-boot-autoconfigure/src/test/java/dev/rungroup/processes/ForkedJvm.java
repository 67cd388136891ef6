package dev.rungroup.processes;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A JVM of its own with an application in it: what it prints, line by line, signals to
 * it, and how it ended. Nothing here waits without a limit.
 */
final class ForkedJvm implements AutoCloseable {

	/** Generous: it is only ever reached by a test that fails. */
	private static final long LIMIT_SECONDS = 90;

	/**
	 * On the class path of the tests, but not of an application here, unless it asks: a
	 * short class path makes it start faster, and shows that Micrometer and Actuator may
	 * be missing.
	 */
	static final Pattern UNUSED = Pattern.compile(
			"actuator|micrometer-(core|registry|jakarta)|boot-micrometer|prometheus|HdrHistogram|health|aspectj|archunit|junit"
					+ "|mockito|assertj|byte-buddy|-test-|security|artemis|jms|netty|jgroups|devtools|postgresql|checker-qual"
					+ "|jcstress|jopt|jna|kafka|amqp|rabbit|scala|shedlock|integration|lettuce|redis|spring-data|spring-jdbc"
					+ "|spring-oxm|webflux|reactor|selenium|opentelemetry|guava|auto-service|failsafe|zstd|lz4|snappy|re2j|hash4j|jose4j|argparse4j|pcollections|metrics-core|dataformat|datatype|awaitility|hamcrest"
					+ "|opentest4j|apiguardian|objenesis|json-path|json-smart|accessors-smart|asm|jsonassert|android-json"
					+ "|xmlunit|xml.bind|activation|caffeine|jctools|keystore|commons-(dbcp|pool|beanutils|lang|conf|text|coll)"
					+ "|h2-");

	private static final boolean RESETS_SIGNALS = resetsSignals();

	private final Process process;

	private final Thread reader;

	private final List<String> lines = new ArrayList<>();

	private ForkedJvm(Process process) {
		this.process = process;
		this.reader = new Thread(this::read, "output of " + process.pid());
		this.reader.setDaemon(true);
		this.reader.start();
	}

	/**
	 * Start the application on the part of the tests' class path that Spring Boot needs.
	 */
	static ForkedJvm start(List<String> jvmArguments, Class<?> main, List<String> arguments) throws IOException {
		return start(jvmArguments, main, arguments, UNUSED);
	}

	/**
	 * Start the application on that and on all else of the tests' class path that does
	 * not match.
	 */
	static ForkedJvm start(List<String> jvmArguments, Class<?> main, List<String> arguments, Pattern without)
			throws IOException {
		return launch(List.of(), jvmArguments, main, arguments, without, true);
	}

	/**
	 * The same, but slower: with folders on its class path, and whatever JVM.
	 */
	static ForkedJvm startWithoutArchive(List<String> jvmArguments, Class<?> main, List<String> arguments,
			Pattern without) throws IOException {
		return launch(List.of(), jvmArguments, main, arguments, without, false);
	}

	/**
	 * Start the application with a limit of its address space, in kilobytes.
	 */
	static ForkedJvm startWithLimit(long addressSpace, List<String> jvmArguments, Class<?> main, List<String> arguments)
			throws IOException {
		return launch(List.of("sh", "-c", "ulimit -v " + addressSpace + " && exec \"$@\"", "sh"), jvmArguments, main,
				arguments, UNUSED, true);
	}

	private static ForkedJvm launch(List<String> launcher, List<String> jvmArguments, Class<?> main,
			List<String> arguments, Pattern without, boolean archived) throws IOException {
		List<String> command = new ArrayList<>(launcher);
		if (RESETS_SIGNALS) {
			// in the background of a script SIGINT is ignored, and a child inherits that
			command.addAll(List.of("env", "--default-signal=INT,TERM,HUP"));
		}
		command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
		command.addAll(ClassArchive.JVM);
		List<String> basic = libraries((library) -> isUsed(library, UNUSED));
		List<String> own = entries().filter((entry) -> !isLibrary(entry)).toList();
		ClassArchive archive = archived ? ClassArchive.of(basic, own) : null;
		if (archive != null) {
			command.addAll(archive.options());
			own = List.of(archive.jar().toString());
		}
		command.addAll(jvmArguments);
		command.add(main.getName());
		command.addAll(arguments);
		ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
		// What the class archive contains comes first
		builder.environment()
			.put("CLASSPATH",
					Stream.of(basic, own, libraries((library) -> !isUsed(library, UNUSED) && isUsed(library, without)))
						.flatMap(List::stream)
						.collect(Collectors.joining(File.pathSeparator)));
		builder.environment().remove("JAVA_TOOL_OPTIONS");
		return new ForkedJvm(builder.start());
	}

	private static List<String> libraries(Predicate<String> wanted) {
		return entries().filter(ForkedJvm::isLibrary).filter(wanted).toList();
	}

	private static boolean isUsed(String library, Pattern without) {
		return !without.matcher(Path.of(library).getFileName().toString()).find();
	}

	private static Stream<String> entries() {
		return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
			.filter((entry) -> !entry.isEmpty());
	}

	private static boolean isLibrary(String entry) {
		return entry.endsWith(".jar");
	}

	private static boolean resetsSignals() {
		try {
			Process probe = new ProcessBuilder("env", "--default-signal=INT", "true").redirectErrorStream(true).start();
			return probe.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS) && probe.exitValue() == 0;
		}
		catch (IOException ex) {
			return false;
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return false;
		}
	}

	private void read() {
		try (BufferedReader output = new BufferedReader(
				new InputStreamReader(this.process.getInputStream(), StandardCharsets.UTF_8))) {
			for (String line = output.readLine(); line != null; line = output.readLine()) {
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
	 * Wait until a line has been printed that begins like this.
	 */
	void awaitLine(String start) throws InterruptedException {
		Predicate<String> matches = (line) -> line.startsWith(start);
		long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
		synchronized (this.lines) {
			while (this.lines.stream().noneMatch(matches)) {
				long millis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
				if (millis <= 0 || !this.process.isAlive() && !this.reader.isAlive()) {
					throw new AssertionError("No line '" + start + "' in\n" + String.join("\n", this.lines));
				}
				this.lines.wait(Math.min(millis, 200));
			}
		}
	}

	/**
	 * What it has printed, and where its threads are now if it lives.
	 */
	String outputWithStacks() throws IOException, InterruptedException {
		if (signalIfAlive("QUIT")) {
			Thread.sleep(1000);
		}
		synchronized (this.lines) {
			return String.join("\n", this.lines);
		}
	}

	/**
	 * Send signals, such as TERM, one right after the other.
	 */
	void signal(String... names) throws IOException, InterruptedException {
		if (!signalIfAlive(names)) {
			synchronized (this.lines) {
				throw new AssertionError("No signal " + List.of(names) + " to " + this.process.pid()
						+ ", which has ended\n" + String.join("\n", this.lines));
			}
		}
	}

	/**
	 * Send signals to a JVM that may end at any time.
	 * @return whether it was there to receive one
	 */
	boolean signalIfAlive(String... names) throws IOException, InterruptedException {
		// The first may end it before the next can be sent
		String kills = Stream.of(names)
			.map((name) -> "kill -" + name + " " + this.process.pid())
			.collect(Collectors.joining(" && { ", "", "; true; }".repeat(names.length - 1)));
		// what it says if the JVM has ended is of no interest
		Process kill = new ProcessBuilder("sh", "-c", kills).redirectErrorStream(true).start();
		if (!kill.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
			throw new AssertionError("Still sending signals: " + kills);
		}
		if (kill.exitValue() != 0 && this.process.isAlive() && !this.process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
			throw new AssertionError("Cannot send signals to a JVM that is alive: " + kills);
		}
		return kill.exitValue() == 0;
	}

	/**
	 * Whether it runs this long from now on.
	 */
	boolean staysUpFor(long millis) throws InterruptedException {
		return !this.process.waitFor(millis, TimeUnit.MILLISECONDS);
	}

	/**
	 * Wait for its end.
	 */
	Ended awaitEnd() throws IOException, InterruptedException {
		return awaitEnd(LIMIT_SECONDS);
	}

	/**
	 * Wait for its end for as long as its work may take.
	 */
	Ended awaitEnd(long seconds) throws IOException, InterruptedException {
		if (!this.process.waitFor(seconds, TimeUnit.SECONDS)) {
			// its threads' stacks, into the output
			signal("QUIT");
			this.process.waitFor(2, TimeUnit.SECONDS);
			this.process.destroyForcibly();
			this.reader.join(5000);
			throw new AssertionError("Did not end:\n" + String.join("\n", this.lines));
		}
		long end = System.currentTimeMillis();
		this.reader.join(TimeUnit.SECONDS.toMillis(LIMIT_SECONDS));
		synchronized (this.lines) {
			return new Ended(this.process.exitValue(), List.copyOf(this.lines), end);
		}
	}

	@Override
	public void close() {
		this.process.destroyForcibly();
	}

	/**
	 * How a JVM ended.
	 *
	 * @param code its exit code
	 * @param lines all that it printed
	 * @param at when it had ended, in milliseconds since the epoch
	 */
	record Ended(int code, List<String> lines, long at) {

		Ended

		{
			lines = List.copyOf(lines);
		}

		long count(String start) {
			return this.lines.stream().filter((line) -> line.startsWith(start)).count();
		}

		List<String> containing(String... texts) {
			return this.lines.stream().filter((line) -> List.of(texts).stream().allMatch(line::contains)).toList();
		}

		/** What follows on the lines that begin like this. */
		List<String> after(String start) {
			return this.lines.stream()
				.filter((line) -> line.startsWith(start))
				.map((line) -> line.substring(start.length()).trim())
				.toList();
		}

		/** The number at the end of the line that begins like this. */
		long number(String start) {
			return this.lines.stream()
				.filter((line) -> line.startsWith(start))
				.map((line) -> Long.valueOf(line.substring(line.lastIndexOf(' ') + 1)))
				.findFirst()
				.orElseThrow(() -> new AssertionError("No line '" + start + "' in\n" + this));
		}

		/**
		 * The headlines of all stack traces.
		 */
		List<String> stackTraces() {
			List<String> headlines = new ArrayList<>();
			for (int i = 1; i < this.lines.size(); i++) {
				boolean frame = isFrame(this.lines.get(i));
				if (frame && !isFrame(this.lines.get(i - 1))) {
					headlines.add(this.lines.get(i - 1));
				}
			}
			return headlines;
		}

		private static boolean isFrame(String line) {
			return line.matches("\\s+(at .*|\\.\\.\\. \\d+ .*)");
		}

		@Override
		public String toString() {
			return "exit code " + this.code + "\n" + String.join("\n", this.lines);
		}

	}

}
