package dev.rungroup.autoconfigure.exit;

import java.time.Duration;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * The last resort: ends the JVM the hard way when it has not ended long after it should
 * have, say because a bean calls {@link System#exit(int)} in its destroy method, which
 * waits for ever. Its thread is a daemon, so it never keeps a JVM up that has ended.
 */
final class HaltGuard {

	private static final Log logger = LogFactory.getLog(HaltGuard.class);

	private HaltGuard() {
	}

	/**
	 * @param limit how long to wait, {@code null} for ever; asked on the guard's thread
	 * @param exitCode the code as far as it is known, asked when the time is over
	 */
	static void start(Supplier<@Nullable Duration> limit, IntSupplier exitCode) {
		Thread thread = new Thread(null, () -> guard(limit, exitCode), "run-halt", 0, false);
		thread.setDaemon(true);
		thread.start();
	}

	private static void guard(Supplier<@Nullable Duration> supplier, IntSupplier exitCode) {
		Duration limit = supplier.get();
		if (limit == null) {
			return;
		}
		try {
			Thread.sleep(limit.toMillis());
		}
		catch (InterruptedException ex) {
			// halting early would be worse than not at all
			return;
		}
		int code = exitCode.getAsInt();
		try {
			logger.error("The JVM has not ended within " + limit.toSeconds() + "s: it is halted with exit code " + code
					+ ", without waiting for anything else");
		}
		finally {
			Runtime.getRuntime().halt(code);
		}
	}

}
