package dev.rungroup.processes;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;

import org.springframework.boot.devtools.restart.Restarter;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * An application that devtools restart, in a JVM of its own: the argument is how often.
 * Every start loads its classes, and the actors' and this project's, again.
 */
final class DevtoolsProgram {

	/** Where the loaders of all starts are kept: what every loader shares is the JDK. */
	private static final String LOADERS = DevtoolsProgram.class.getName() + ".loaders";

	private DevtoolsProgram() {
	}

	public static void main(String[] args) {
		List<WeakReference<ClassLoader>> loaders = loaders();
		if (loaders.isEmpty()) {
			// not yet restarted: this loader stays
			loaders.add(new WeakReference<>(DevtoolsProgram.class.getClassLoader()));
			Thread driver = new Thread(() -> drive(Integer.parseInt(args[0])), "driver");
			driver.setDaemon(true);
			driver.start();
		}
		ConfigurableApplicationContext context = LeakApplication.builder()
			.properties(Map.of("spring.devtools.livereload.enabled", "false"))
			.run();
		LeakApplication.awaitWork(context);
		loaders.add(new WeakReference<>(DevtoolsProgram.class.getClassLoader()));
	}

	@SuppressWarnings("unchecked")
	private static List<WeakReference<ClassLoader>> loaders() {
		return (List<WeakReference<ClassLoader>>) System.getProperties()
			.computeIfAbsent(LOADERS, (key) -> new CopyOnWriteArrayList<>());
	}

	private static void drive(int times) {
		Leftovers before = Leftovers.now();
		awaitStarts(1);
		for (int i = 1; i <= times; i++) {
			restart(i);
		}
		try {
			LeakApplication.await("no two threads or hooks of one name, and no handlers of signals",
					() -> twice(Leftovers.now()).isEmpty() && Leftovers.now().signals().equals(before.signals()));
		}
		catch (IllegalStateException ex) {
			ExitApplication.print("LEFT BY restarts: " + twice(Leftovers.now()) + " " + Leftovers.now().signals());
		}
		// The first start made Boot's hook, whose thread keeps its loader
		Set<ClassLoader> ofHooks = Leftovers.now()
			.hooks()
			.stream()
			.map(Thread::getContextClassLoader)
			.filter(Objects::nonNull)
			.collect(Collectors.toSet());
		List<WeakReference<ClassLoader>> ended = loaders().subList(1, loaders().size() - 1)
			.stream()
			.filter((loader) -> !ofHooks.contains(loader.get()))
			.toList();
		Leftovers.awaitGarbage(ended, 30).forEach((leftover) -> ExitApplication.print("LEFT BY restarts: " + leftover));
		ExitApplication.print("RESTARTED " + times + " times, looked at " + ended.size() + " loaders");
		System.exit(0);
	}

	private static void restart(int number) {
		Restarter.getInstance().restart();
		awaitStarts(number + 1);
	}

	private static void awaitStarts(int number) {
		LeakApplication.await("start " + number, () -> loaders().size() > number);
	}

	/** Of what every start makes one, the end of the last one has left another. */
	private static List<String> twice(Leftovers leftovers) {
		List<String> names = new ArrayList<>();
		leftovers.threads().forEach((thread) -> names.add("thread " + thread.getName()));
		leftovers.hooks().forEach((hook) -> names.add("shutdown hook " + hook.getName()));
		return names.stream().filter((name) -> Collections.frequency(names, name) > 1).toList();
	}

}
