package dev.rungroup.processes;

import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Classes of the libraries in the form in which a JVM maps them into its memory: one that
 * runs Spring Boot starts in half the time. Made once for each build, by the first test
 * that needs it; without it tests take longer, and that is all.
 */
final class ClassArchive {

	private static final List<String> JVM = List.of("-XX:TieredStopAtLevel=1", "-Xmx256m");

	private static final long LIMIT_SECONDS = 180;

	private static final Map<List<String>, List<String>> known = new HashMap<>();

	private ClassArchive() {
	}

	/**
	 * The options of a JVM whose class path begins with these.
	 */
	static synchronized List<String> options(List<String> libraries, String classPath) {
		return known.computeIfAbsent(libraries, (key) -> find(libraries, classPath));
	}

	private static List<String> find(List<String> libraries, String classPath) {
		String id = Runtime.version() + "-" + Integer.toHexString(libraries.hashCode());
		Path archive = Path.of("target", "class-archive-" + id + ".jsa").toAbsolutePath();
		try {
			if (!Files.exists(archive)) {
				make(archive, libraries, classPath);
			}
			return List.of("-XX:SharedArchiveFile=" + archive);
		}
		catch (IOException ex) {
			System.out.println("No class archive: " + ex);
			return List.of();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return List.of();
		}
	}

	private static void make(Path archive, List<String> libraries, String classPath)
			throws IOException, InterruptedException {
		// tests run in several JVMs
		Path lock = archive.resolveSibling("class-archive.lock");
		try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
			channel.lock();
			if (Files.exists(archive)) {
				return;
			}
			Path classes = Files.createTempFile(archive.getParent(), "classes", ".txt");
			Path unfinished = Files.createTempFile(archive.getParent(), "classes", ".jsa");
			try {
				java(classPath,
						List.of("-XX:DumpLoadedClassList=" + classes, ExitApplication.class.getName(),
								"--spring.main.web-application-type=servlet", "--server.port=0", "--app.at=ready",
								"--app.how=return"));
				java(String.join(File.pathSeparator, libraries), List.of("-Xshare:dump",
						"-XX:SharedClassListFile=" + classes, "-XX:SharedArchiveFile=" + unfinished));
				Files.move(unfinished, archive, StandardCopyOption.ATOMIC_MOVE);
			}
			finally {
				Files.deleteIfExists(classes);
				Files.deleteIfExists(unfinished);
			}
		}
	}

	private static void java(String classPath, List<String> arguments) throws IOException, InterruptedException {
		List<String> command = new ArrayList<>();
		command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
		command.addAll(JVM);
		command.addAll(arguments);
		ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true)
			.redirectOutput(ProcessBuilder.Redirect.DISCARD);
		builder.environment().put("CLASSPATH", classPath);
		builder.environment().remove("JAVA_TOOL_OPTIONS");
		Process process = builder.start();
		if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
			process.destroyForcibly();
			throw new IOException("cannot run " + command);
		}
	}

}
