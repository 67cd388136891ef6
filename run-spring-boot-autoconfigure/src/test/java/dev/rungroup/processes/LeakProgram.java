package dev.rungroup.processes;

import java.io.File;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import dev.rungroup.context.GroupLifecycle;
import dev.rungroup.core.Group;
import dev.rungroup.core.Member;
import dev.rungroup.core.Members;
import dev.rungroup.metrics.ExecutionObservations;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;

import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.test.annotation.DirtiesContext.HierarchyMode;
import org.springframework.test.context.TestContextManager;
import org.springframework.test.context.TestPropertySource;

/**
 * Starts and ends the same things again and again, in a JVM of its own, and prints what
 * is left of them. The argument is how often.
 */
final class LeakProgram {

	private static final int LIMIT_SECONDS = 30;

	private final int cycles;

	private LeakProgram(int cycles) {
		this.cycles = cycles;
	}

	public static void main(String[] args) {
		try {
			run(new LeakProgram(Integer.parseInt(args[0])));
			System.exit(0);
		}
		catch (Throwable ex) {
			ex.printStackTrace();
			System.exit(1);
		}
	}

	private static void run(LeakProgram program) throws Exception {
		// What the JVM, the logging system and Boot make once and keep
		LeakApplication.startAndClose();
		ExitApplication.print("HOOKS "
				+ Leftovers.now().hooks().stream().map(Thread::getName).sorted().collect(Collectors.joining(", ")));
		report("planted", 1, program::planted);
		report("signals", program.cycles, program::signals);
		report("lifecycle", program.cycles, program::lifecycle);
		report("contexts", program.contexts(), program::contextsOpenedAndClosed);
		report("pauses", program.cycles, program::pausesAndRestarts);
		report("test contexts", program.contexts(), program::testContexts);
		report("class loaders", program.loaders(), program::classLoaders);
	}

	private int contexts() {
		return Math.max(1, this.cycles / 5);
	}

	private int loaders() {
		return Math.max(2, this.cycles / 50);
	}

	private static void report(String what, int times, Scenario scenario) throws Exception {
		List<WeakReference<?>> garbage = new ArrayList<>();
		List<String> left = new ArrayList<>();
		Leftovers before = Leftovers.now();
		long start = System.nanoTime();
		scenario.run(times, garbage, left);
		int seconds = (what.equals("planted")) ? 1 : LIMIT_SECONDS;
		long millis = (System.nanoTime() - start) / 1_000_000;
		LeakApplication.ended();
		// Logback keeps the environment of the last application: not one of the
		// scenario's
		LeakApplication.startAndClose();
		left.addAll(before.awaitNothingNew(seconds));
		left.addAll(Leftovers.awaitGarbage(garbage, seconds));
		left.forEach((leftover) -> ExitApplication.print("LEFT BY " + what + ": " + leftover));
		ExitApplication.print(((left.isEmpty()) ? "NOTHING" : "SOMETHING") + " LEFT BY " + what + ", " + times
				+ " times in " + millis + " ms");
	}

	/** One of each, to see that it would be found. */
	private void planted(int times, List<WeakReference<?>> garbage, List<String> left) {
		CountDownLatch never = new CountDownLatch(1);
		Thread thread = new Thread(() -> {
			try {
				never.await();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}, "planted");
		thread.setDaemon(true);
		thread.start();
		Runtime.getRuntime().addShutdownHook(new Thread(() -> {
		}, "planted"));
		garbage.add(new WeakReference<>(thread));
		Group group = new Group();
		group.add(Members.signals("HUP"));
		group.start();
		LeakApplication.await("signals are handled",
				() -> group.snapshot().members().get(0).executions() > 0 && Thread.getAllStackTraces()
					.entrySet()
					.stream()
					.anyMatch((entry) -> entry.getKey().getName().contains("signals")
							&& Stream.of(entry.getValue()).anyMatch((frame) -> frame.getMethodName().equals("take"))));
	}

	private void signals(int times, List<WeakReference<?>> garbage, List<String> left) throws Exception {
		for (int i = 0; i < times; i++) {
			Group group = new Group();
			CountDownLatch begun = new CountDownLatch(1);
			group.add(Members.signals());
			group.add(Member.named("other").execute((context) -> {
				begun.countDown();
				context.sleep(Duration.ofDays(1));
			}).build());
			group.start();
			begun.await();
			group.close();
			garbage.add(new WeakReference<>(group));
		}
	}

	private void lifecycle(int times, List<WeakReference<?>> garbage, List<String> left) {
		try (ConfigurableApplicationContext context = LeakApplication.builder().run()) {
			GroupLifecycle lifecycle = context.getBean(GroupLifecycle.class);
			LeakApplication.awaitWork(context);
			MeterRegistry registry = context.getBean(MeterRegistry.class);
			awaitFailure(registry);
			Leftovers before = threadsOf(lifecycle);
			Set<Meter.Id> meters = meters(registry);
			for (int i = 0; i < times; i++) {
				lifecycle.start();
				LeakApplication.awaitWork(context);
				lifecycle.stop();
			}
			left.addAll(before.awaitNothingNew(LIMIT_SECONDS));
			addNew(meters, meters(registry), left);
			garbage.add(new WeakReference<>(context));
			garbage.add(new WeakReference<>(lifecycle));
		}
	}

	/** Its meter comes with the first failure, which may be after the first execution. */
	private static void awaitFailure(MeterRegistry registry) {
		LeakApplication.await("a failure is counted, with a meter of its own",
				() -> registry.find("run.actor.failures").tag("exception", "IllegalStateException").counter() != null);
	}

	/** While the actors are stopped: all that is there belongs to the context. */
	private static Leftovers threadsOf(GroupLifecycle lifecycle) {
		lifecycle.stop();
		LeakApplication.ended();
		return Leftovers.now();
	}

	private void contextsOpenedAndClosed(int times, List<WeakReference<?>> garbage, List<String> left) {
		SimpleMeterRegistry registry = new SimpleMeterRegistry();
		try (GenericApplicationContext parent = new GenericApplicationContext()) {
			// lives longer than the contexts that register with it
			parent.registerBean(MeterRegistry.class, () -> registry);
			parent.refresh();
			Set<Meter.Id> meters = Set.of();
			for (int i = 0; i < times; i++) {
				boolean child = i % 2 == 0;
				SpringApplicationBuilder builder = LeakApplication.builder()
					.properties("run.virtual-threads=" + (i % 4 > 1));
				try (ConfigurableApplicationContext context = ((child) ? builder.parent(parent) : builder).run()) {
					LeakApplication.awaitWork(context);
					garbage.add(new WeakReference<>(context));
					garbage.add(new WeakReference<>(context.getBean(GroupLifecycle.class)));
					if (child) {
						awaitFailure(registry);
					}
				}
				LeakApplication.ended();
				meters = (i == 0) ? meters(registry) : meters;
			}
			addNew(meters, meters(registry), left);
			registry.getMeters()
				.stream()
				.filter((meter) -> meter instanceof Gauge && meter.getId().getName().startsWith("run."))
				.forEach((meter) -> left.add("gauge " + meter.getId()));
			Metrics.globalRegistry.getRegistries().forEach((other) -> left.add("registry " + other));
		}
	}

	private void pausesAndRestarts(int times, List<WeakReference<?>> garbage, List<String> left) {
		try (ConfigurableApplicationContext context = LeakApplication.builder().run()) {
			LeakApplication.awaitWork(context);
			awaitFailure(context.getBean(MeterRegistry.class));
			context.pause();
			LeakApplication.ended();
			Leftovers before = Leftovers.now();
			Set<Meter.Id> meters = meters(context.getBean(MeterRegistry.class));
			for (int i = 0; i < times; i++) {
				context.restart();
				LeakApplication.awaitWork(context);
				context.pause();
			}
			left.addAll(before.awaitNothingNew(LIMIT_SECONDS));
			addNew(meters, meters(context.getBean(MeterRegistry.class)), left);
			garbage.add(new WeakReference<>(context));
		}
	}

	private void testContexts(int times, List<WeakReference<?>> garbage, List<String> left) throws Exception {
		TestContextManager a = new TestContextManager(TestA.class);
		TestContextManager b = new TestContextManager(TestB.class);
		for (int i = 0; i < times; i++) {
			for (TestContextManager manager : List.of(a, b)) {
				// Takes the context from the cache, which pauses the other one
				ConfigurableApplicationContext context = (ConfigurableApplicationContext) manager.getTestContext()
					.getApplicationContext();
				LeakApplication.awaitWork(context);
				if (i == 0) {
					garbage.add(new WeakReference<>(context));
				}
				manager.getTestContext().markApplicationContextUnused();
			}
		}
		a.getTestContext().markApplicationContextDirty(HierarchyMode.EXHAUSTIVE);
		b.getTestContext().markApplicationContextDirty(HierarchyMode.EXHAUSTIVE);
	}

	private void classLoaders(int times, List<WeakReference<?>> garbage, List<String> left) throws Exception {
		for (int i = 0; i < times; i++) {
			garbage.add(new WeakReference<>(applicationInItsOwnLoader()));
		}
		// The JDK keeps the type of a component of the record whose equals was linked
		// last
		record Last(Object component) {

		}
		if (!new Last("a").equals(new Last("a"))) {
			left.add("no equals");
		}
	}

	private static ClassLoader applicationInItsOwnLoader() throws Exception {
		Thread thread = Thread.currentThread();
		ClassLoader before = thread.getContextClassLoader();
		try (OwnLoader loader = new OwnLoader(before)) {
			thread.setContextClassLoader(loader);
			Class<?> application = loader.loadClass(LeakApplication.class.getName());
			if (application == LeakApplication.class) {
				throw new IllegalStateException("not loaded again");
			}
			Method startAndClose = application.getDeclaredMethod("startAndClose");
			startAndClose.setAccessible(true);
			startAndClose.invoke(null);
			return loader;
		}
		finally {
			thread.setContextClassLoader(before);
		}
	}

	private static Set<Meter.Id> meters(MeterRegistry registry) {
		return registry.getMeters()
			.stream()
			.map(Meter::getId)
			// The tags of observations are Micrometer's and come with each new outcome
			.filter((id) -> id.getName().startsWith("run.") && !id.getName().equals(ExecutionObservations.NAME))
			.collect(Collectors.toSet());
	}

	private static void addNew(Set<Meter.Id> before, Set<Meter.Id> now, List<String> left) {
		now.stream().filter((id) -> !before.contains(id)).forEach((id) -> left.add("meter " + id));
	}

	@FunctionalInterface
	private interface Scenario {

		/**
		 * @param times how often
		 * @param garbage what nobody may hold afterwards
		 * @param left what it has found itself
		 */
		void run(int times, List<WeakReference<?>> garbage, List<String> left) throws Exception;

	}

	@SpringBootTest(classes = LeakApplication.class)
	@TestPropertySource(properties = { "logging.level.root=off", "which=a", "run.actors.failing.retry.delay=1ms" })
	private static final class TestA {

	}

	@SpringBootTest(classes = LeakApplication.class)
	@TestPropertySource(properties = { "logging.level.root=off", "which=b", "run.actors.failing.retry.delay=1ms" })
	private static final class TestB {

	}

	/**
	 * Has the classes of this project for itself, as the loader of a web application
	 * would, and everything else from its parent.
	 */
	private static final class OwnLoader extends URLClassLoader {

		OwnLoader(ClassLoader parent) throws IOException {
			super(directories(), parent);
		}

		private static URL[] directories() throws IOException {
			List<URL> urls = new ArrayList<>();
			for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
				if (Files.isDirectory(Path.of(entry))) {
					urls.add(Path.of(entry).toUri().toURL());
				}
			}
			return urls.toArray(URL[]::new);
		}

		@Override
		protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
			synchronized (getClassLoadingLock(name)) {
				if (!name.startsWith("dev.rungroup.")) {
					return super.loadClass(name, resolve);
				}
				Class<?> loaded = findLoadedClass(name);
				return (loaded != null) ? loaded : findClass(name);
			}
		}

	}

}
