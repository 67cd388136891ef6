package dev.rungroup.sample;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * A file system of 128 MB that can be filled to the last byte. Only root can mount one:
 * the tests of everybody else are skipped.
 */
final class SmallDisk implements Closeable {

	private final Path directory;

	private SmallDisk(Path directory) {
		this.directory = directory;
	}

	static SmallDisk mount(Path directory) throws IOException, InterruptedException {
		Files.createDirectories(directory);
		assumeThat(run("mount", "-t", "tmpfs", "-o", "size=128m", "tmpfs", directory.toString()))
			.as("No full disk, no test: only root can mount a small file system")
			.isTrue();
		return new SmallDisk(directory);
	}

	/**
	 * Leave no room.
	 */
	void fill() throws IOException {
		byte[] block = new byte[4096];
		try (OutputStream filler = Files.newOutputStream(filler())) {
			while (true) {
				filler.write(block);
			}
		}
		catch (IOException ex) {
			if (Files.size(filler()) == 0) {
				throw ex;
			}
		}
	}

	void makeRoom() throws IOException {
		Files.delete(filler());
	}

	private Path filler() {
		return this.directory.resolve("filler");
	}

	private static boolean run(String... command) throws IOException, InterruptedException {
		try {
			Process process = new ProcessBuilder(List.of(command)).redirectErrorStream(true)
				.redirectOutput(ProcessBuilder.Redirect.DISCARD)
				.start();
			return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
		}
		catch (IOException ex) {
			return false; // no such program
		}
	}

	@Override
	public void close() throws IOException {
		try {
			// also while somebody still has a file open
			run("umount", "-l", this.directory.toString());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}
