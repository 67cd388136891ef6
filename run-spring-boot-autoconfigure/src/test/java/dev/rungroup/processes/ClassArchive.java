package dev.rungroup.processes;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

import org.jspecify.annotations.Nullable;

/**
 * Classes in the form in which a JVM maps them into its memory: one that runs Spring Boot
 * starts in half the time. Made once for each build, by the first test that needs it;
 * without it tests take longer, and that is all.
 *
 * @param jar the tests' own classes: an archive knows no folders
 * @param file the archive
 */
record ClassArchive(Path jar, Path file) {

	static final List<String> JVM = List.of("-XX:TieredStopAtLevel=1", "-Xmx256m");

	private static final String NAME = "class-archive-";

	/** From here on a JVM keeps classes linked, a fifth to a quarter less work for it. */
	private static final boolean LINKED = Runtime.version().feature() >= 25;

	private static final long LIMIT_SECONDS = 180;

	private static @Nullable ClassArchive found;

	private static boolean missing;

	/**
	 * The archive for JVMs whose class path begins with these libraries and its jar.
	 * @return null if it cannot be made
	 */
	static synchronized @Nullable ClassArchive of(List<String> libraries, List<String> folders) {
		if (found == null && !missing) {
			try {
				found = find(libraries, folders);
			}
			catch (IOException ex) {
				System.out.println("No class archive: " + ex);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
			missing = found == null;
		}
		return found;
	}

	private static ClassArchive find(List<String> libraries, List<String> folders)
			throws IOException, InterruptedException {
		long changed = 0;
		for (String folder : folders) {
			try (Stream<Path> all = Files.walk(Path.of(folder))) {
				changed = Math.max(changed, all.mapToLong((file) -> file.toFile().lastModified()).max().orElse(0));
			}
		}
		String id = NAME + Runtime.version() + "-" + Integer.toHexString(libraries.hashCode()) + "-" + changed;
		Path directory = Path.of("target").toAbsolutePath();
		ClassArchive archive = new ClassArchive(directory.resolve(id + ".jar"), directory.resolve(id + ".jsa"));
		// Tests run in several JVMs
		try (FileChannel channel = FileChannel.open(directory.resolve("class-archive.lock"), StandardOpenOption.CREATE,
				StandardOpenOption.WRITE)) {
			channel.lock();
			if (!Files.exists(archive.file)) {
				archive.make(libraries, folders);
			}
		}
		return archive;
	}

	private void make(List<String> libraries, List<String> folders) throws IOException, InterruptedException {
		try (Stream<Path> earlier = Files.list(this.jar.getParent())) {
			for (Path file : earlier.filter((path) -> path.getFileName().toString().startsWith(NAME)).toList()) {
				Files.delete(file);
			}
		}
		pack(folders);
		Path unfinished = this.jar.resolveSibling("unfinished.jsa");
		List<String> command = new ArrayList<>();
		command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
		command.addAll(JVM);
		command.addAll(List.of((LINKED ? "-XX:AOTCacheOutput=" : "-XX:ArchiveClassesAtExit=") + unfinished,
				ExitApplication.class.getName(), "--spring.main.web-application-type=servlet", "--server.port=0",
				"--app.at=ready", "--app.how=return"));
		ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true)
			.redirectOutput(ProcessBuilder.Redirect.DISCARD);
		builder.environment()
			.put("CLASSPATH", String.join(File.pathSeparator, libraries) + File.pathSeparator + this.jar);
		builder.environment().remove("JAVA_TOOL_OPTIONS");
		Process process = builder.start();
		if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
			process.destroyForcibly();
			throw new IOException("cannot run " + command);
		}
		Files.move(unfinished, this.file, StandardCopyOption.ATOMIC_MOVE);
	}

	private void pack(List<String> folders) throws IOException {
		try (OutputStream file = Files.newOutputStream(this.jar); ZipOutputStream zip = new ZipOutputStream(file)) {
			zip.setLevel(Deflater.NO_COMPRESSION);
			Set<String> names = new HashSet<>();
			for (String folder : folders) {
				Path root = Path.of(folder);
				try (Stream<Path> all = Files.walk(root)) {
					for (Path each : all.filter(Files::isRegularFile).toList()) {
						String name = root.relativize(each).toString();
						// As on a class path the first counts
						if (names.add(name)) {
							zip.putNextEntry(new ZipEntry(name));
							Files.copy(each, zip);
						}
					}
				}
			}
		}
	}

	List<String> options() {
		return List.of((LINKED ? "-XX:AOTCache=" : "-XX:SharedArchiveFile=") + this.file);
	}

}
