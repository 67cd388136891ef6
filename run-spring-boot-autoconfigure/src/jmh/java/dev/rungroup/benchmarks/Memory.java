package dev.rungroup.benchmarks;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What this JVM holds.
 */
final class Memory {

	private static final Path STATUS = Path.of("/proc/self/status");

	private static final int COLLECTIONS = 10;

	/** Fewer bytes than this are noise: the JVM's own. */
	private static final long STEADY = 1024;

	private Memory() {
	}

	/**
	 * Collect garbage until it changes nothing any more.
	 * @return the bytes of heap in use
	 */
	static long heapInUse() {
		long used = Long.MAX_VALUE;
		for (int i = 0; i < COLLECTIONS; i++) {
			System.gc();
			long now = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
			if (Math.abs(used - now) < STEADY) {
				return now;
			}
			used = now;
		}
		return used;
	}

	/**
	 * Return the resident bytes of the process.
	 * @return bytes, 0 where the system does not tell
	 */
	static long resident() throws IOException {
		if (!Files.exists(STATUS)) {
			return 0;
		}
		return Files.readAllLines(STATUS)
			.stream()
			.filter((line) -> line.startsWith("VmRSS:"))
			.mapToLong((line) -> Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024)
			.findFirst()
			.orElse(0);
	}

}
