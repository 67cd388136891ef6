package dev.rungroup.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import javax.tools.ToolProvider;

/**
 * Writes and compiles the bean classes of the applications: a class of its own for each
 * actor, as in a real application, where a class that is looked at twice would be cheaper
 * the second time.
 */
final class BeanClasses {

	private static final int ACTORS = 4000;

	private static final int LIFECYCLES = 100;

	static final String ACTOR = "generated.Actor";

	static final String LIFECYCLE = "generated.Lifecycle";

	private static final String ACTOR_SOURCE = """
			package generated;

			@dev.rungroup.annotation.Actor
			public class Actor%d {

				@dev.rungroup.annotation.Execute
				public void run() {
					dev.rungroup.benchmarks.application.Bodies.run();
				}

			}
			""";

	private static final String LIFECYCLE_SOURCE = """
			package generated;

			public class Lifecycle%d implements org.springframework.context.SmartLifecycle {

				private volatile Thread thread;

				@Override
				public void start() {
					this.thread = Thread.ofVirtual()
						.name("lifecycle-%d")
						.start(dev.rungroup.benchmarks.application.Bodies::run);
				}

				@Override
				public void stop() {
					Thread thread = this.thread;
					thread.interrupt();
					try {
						thread.join();
					}
					catch (InterruptedException ex) {
						Thread.currentThread().interrupt();
					}
					this.thread = null;
				}

				@Override
				public boolean isRunning() {
					return this.thread != null;
				}

			}
			""";

	private BeanClasses() {
	}

	/**
	 * Make them.
	 * @return the folder with the compiled classes
	 */
	static Path compile() throws IOException {
		Path folder = Files.createDirectories(Results.FOLDER.resolve("generated"));
		List<String> arguments = new ArrayList<>(List.of("-nowarn", "-proc:none", "-d", folder.toString(), "-cp",
				System.getProperty("java.class.path")));
		for (int i = 0; i < ACTORS; i++) {
			arguments.add(write(folder, "Actor" + i, ACTOR_SOURCE.formatted(i)));
		}
		for (int i = 0; i < LIFECYCLES; i++) {
			arguments.add(write(folder, "Lifecycle" + i, LIFECYCLE_SOURCE.formatted(i, i)));
		}
		int failures = ToolProvider.getSystemJavaCompiler().run(null, null, null, arguments.toArray(String[]::new));
		if (failures != 0) {
			throw new IllegalStateException("Cannot compile the bean classes");
		}
		return folder;
	}

	private static String write(Path folder, String name, String source) throws IOException {
		return Files.writeString(folder.resolve(name + ".java"), source).toString();
	}

}
