package dev.rungroup.processes;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import dev.rungroup.context.GroupStoppedEvent;
import dev.rungroup.context.GroupStoppingEvent;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.beans.factory.support.BeanDefinitionRegistryPostProcessor;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.ExitCodeExceptionMapper;
import org.springframework.boot.ExitCodeGenerator;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.event.EventListener;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;

/**
 * The application under test, started in a JVM of its own. Its properties say when the
 * actor {@code trigger} ends and how:
 * <ul>
 * <li>{@code app.at}: refresh, runner, ready, never, or now (whenever its thread comes to
 * run, after {@code app.after} milliseconds)</li>
 * <li>{@code app.how}: fail, generator, mapper, return</li>
 * <li>{@code app.hold}: what the launching thread does in the refresh: ending, wait,
 * throw, begun, no</li>
 * <li>{@code app.hold-phase}: in which phase it does; after all others if this is not
 * set</li>
 * <li>{@code app.unordered}: how many more runners there are, without an order; the last
 * one called works for long</li>
 * <li>{@code app.code}: what the application's own {@link ExitCodeGenerator} says</li>
 * <li>{@code app.fault}: what {@link FaultyActor} does, which is there if this is
 * set</li>
 * </ul>
 * What the test has to know is printed in lines of capital words.
 */
@SpringBootConfiguration
@EnableAutoConfiguration
class ExitApplication {

	private static final Map<String, CountDownLatch> moments = new ConcurrentHashMap<>();

	public static void main(String[] args) throws Exception {
		print("MAIN BEGINS");
		SpringApplication application = new SpringApplication(ExitApplication.class);
		if (Boolean.getBoolean("app.launcher")) {
			Thread launcher = new Thread(() -> application.run(args), "launcher");
			launcher.start();
			launcher.join();
		}
		else {
			application.run(args);
		}
		print("MAIN RETURNS");
		reached("returned");
	}

	static void print(String line) {
		System.out.println(line);
		System.out.flush();
	}

	static CountDownLatch moment(String name) {
		return moments.computeIfAbsent(name, (key) -> new CountDownLatch(1));
	}

	static void reached(String name) {
		moment(name).countDown();
	}

	@Bean
	ExitActors.Trigger trigger(Environment environment) {
		return new ExitActors.Trigger(environment);
	}

	@Bean
	ExitActors.Bystander bystander() {
		return new ExitActors.Bystander();
	}

	@Bean
	@ConditionalOnProperty("app.stubborn")
	ExitActors.Stubborn stubborn() {
		return new ExitActors.Stubborn();
	}

	@Bean
	@ConditionalOnProperty("app.fault")
	FaultyActor faulty(@Value("${app.fault}") FaultyActor.Fault fault, ConfigurableApplicationContext context) {
		return new FaultyActor(fault, context);
	}

	@Bean
	@ConditionalOnProperty("app.hang")
	DisposableBean hanging() {
		return () -> {
			print("DESTROY HANGS");
			moment("never").await();
		};
	}

	@Bean
	ExitCodeExceptionMapper mapper() {
		// 44 if it were asked for a wrapper of ours
		return (failure) -> (failure instanceof ExitActors.MappedException) ? 43
				: (failure.getCause() instanceof ExitActors.MappedException) ? 44 : 0;
	}

	@Bean
	@ConditionalOnProperty("app.code")
	ExitCodeGenerator generator(@Value("${app.code}") int code) {
		return () -> code;
	}

	@Bean
	SmartLifecycle laggard(Environment environment) {
		return new Laggard(environment.getProperty("app.hold", "no"),
				environment.getProperty("app.hold-phase", Integer.class, Integer.MAX_VALUE));
	}

	@Bean
	@Order(1)
	ApplicationRunner firstRunner(ConfigurableApplicationContext context, Environment environment) {
		return (args) -> {
			print("FIRST RUNNER active=" + context.isActive());
			reached("runner");
			if (environment.getProperty("app.at", "never").equals("runner")) {
				Thread.sleep(60_000);
			}
		};
	}

	@Bean
	@Order(2)
	ApplicationRunner secondRunner(ConfigurableApplicationContext context) {
		return (args) -> print("SECOND RUNNER active=" + context.isActive());
	}

	@Bean
	static BeanDefinitionRegistryPostProcessor unorderedRunners(Environment environment) {
		int count = environment.getProperty("app.unordered", Integer.class, 0);
		CountDownLatch left = new CountDownLatch(count);
		return (registry) -> {
			for (int i = 0; i < count; i++) {
				registry.registerBeanDefinition("unordered" + i,
						new RootBeanDefinition(ApplicationRunner.class, () -> (args) -> {
							left.countDown();
							if (left.getCount() == 0) {
								reached("last runner");
								// it would return before the end if that waited for it
								moment("never").await(60, TimeUnit.SECONDS);
							}
						}));
			}
		};
	}

	/**
	 * A group whose members have all ended by themselves is never stopping.
	 */
	@EventListener({ GroupStoppingEvent.class, GroupStoppedEvent.class })
	void ending() {
		reached("ending");
	}

	@EventListener(ApplicationReadyEvent.class)
	void ready() {
		print("READY");
		reached("ready");
	}

	/**
	 * Starts late, on the launching thread, and can keep it there.
	 */
	private static final class Laggard implements SmartLifecycle {

		private final String hold;

		private final int phase;

		private volatile boolean running;

		private Laggard(String hold, int phase) {
			this.hold = hold;
			this.phase = phase;
		}

		@Override
		public void start() {
			this.running = true;
			reached("refresh");
			try {
				switch (this.hold) {
					case "ending" -> moment("ending").await();
					case "wait" -> moment("refresh goes on").await();
					case "begun" -> {
						moment("trigger").await();
						moment("bystander").await();
					}
					case "throw" -> {
						moment("bystander").await();
						moment("stubborn").await();
						throw new IllegalArgumentException("a later bean fails");
					}
					default -> {
					}
				}
			}
			catch (InterruptedException ex) {
				print("REFRESH INTERRUPTED");
			}
			print("REFRESHED at " + System.currentTimeMillis());
		}

		@Override
		public void stop() {
			this.running = false;
		}

		@Override
		public boolean isRunning() {
			return this.running;
		}

		@Override
		public int getPhase() {
			return this.phase;
		}

	}

}
