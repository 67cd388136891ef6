package dev.rungroup.processes;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;

/**
 * Tests with JVMs of their own, {@code -Drun.exit.parallel} (three) of them at a time and
 * each {@code -Drun.exit.repeat} times (once).
 */
final class Scenarios implements AutoCloseable {

	/**
	 * The whole product of kinds and moments, in place of a choice in which each outcome
	 * is there once and each value meets each other one: {@code -Peverything},
	 * {@code -Pfaults}.
	 */
	static final boolean EVERYTHING = Boolean.getBoolean("run.everything");

	static final int REPEAT = Integer.getInteger("run.exit.repeat", 1);

	private final ExecutorService threads = Executors.newFixedThreadPool(Integer.getInteger("run.exit.parallel", 3));

	/**
	 * Start all scenarios, as many at a time as there are threads, and make each a test
	 * that waits for its own.
	 */
	Stream<DynamicTest> run(List<Scenario> scenarios) {
		List<DynamicTest> tests = new ArrayList<>();
		for (int i = 1; i <= REPEAT; i++) {
			for (Scenario scenario : scenarios) {
				Future<?> result = this.threads.submit(scenario);
				tests.add(
						DynamicTest.dynamicTest(scenario.name() + ((REPEAT > 1) ? " #" + i : ""), () -> await(result)));
			}
		}
		return tests.stream();
	}

	private static void await(Future<?> result) throws Throwable {
		try {
			result.get();
		}
		catch (ExecutionException ex) {
			throw ex.getCause();
		}
	}

	@Override
	public void close() {
		this.threads.shutdownNow();
	}

	/**
	 * A test body with a name.
	 *
	 * @param name what it is about
	 * @param body what it does, on any thread
	 */
	record Scenario(String name, Body body) implements Callable<Void> {

		@Override
		public Void call() throws Exception {
			this.body.run();
			return null;
		}

		interface Body {

			void run() throws Exception;

		}

	}

}
