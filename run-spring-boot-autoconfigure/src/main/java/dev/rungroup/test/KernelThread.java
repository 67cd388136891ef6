package dev.rungroup.test;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

import org.jspecify.annotations.Nullable;

/**
 * What Linux says about a thread. A Java thread that was woken shows its old state until
 * it gets a processor; the kernel says at once that it can run.
 */
final class KernelThread {

	private static final Path CURRENT = Path.of("/proc/thread-self");

	private static final boolean KNOWN = Files.isSymbolicLink(CURRENT);

	private final Path stat;

	private KernelThread(Path stat) {
		this.stat = stat;
	}

	/**
	 * The calling thread, null if nothing is known of it.
	 */
	static @Nullable KernelThread current() {
		// A virtual thread has another one each time it goes on
		if (!KNOWN || Thread.currentThread().getClass().getName().contains("Virtual")) {
			return null;
		}
		try {
			return new KernelThread(CURRENT.toRealPath().resolve("stat"));
		}
		catch (IOException ex) {
			return null;
		}
	}

	/**
	 * Whether it has, or wants, a processor, or waits for a disk: it goes on by itself.
	 */
	boolean goesOn() {
		try {
			String text = Files.readString(this.stat, StandardCharsets.ISO_8859_1);
			int state = text.lastIndexOf(')') + 2;
			return state > 1 && (text.charAt(state) == 'R' || text.charAt(state) == 'D');
		}
		catch (IOException ex) {
			// It has just ended
			return true;
		}
	}

}
