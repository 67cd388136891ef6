package dev.rungroup.benchmarks.application;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import com.sun.management.OperatingSystemMXBean;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.Bean;

/**
 * An application with the given bean classes and nothing else: actors, or lifecycle beans
 * with threads that are written by hand. Says READY when it is ready and all of them run,
 * and with {@code -Ddetails=true} what each of our beans has taken, with
 * {@code -Dscrape=true} what a scrape of all meters takes.
 */
@SpringBootConfiguration
@EnableAutoConfiguration
public class BenchmarkApplication {

	private static final int SCRAPES = 5;

	private static final StartupCost cost = new StartupCost();

	/**
	 * Run.
	 * @param args the prefix of the bean classes' names, and how many there are
	 */
	public static void main(String[] args) throws ClassNotFoundException {
		int count = Integer.parseInt(args[1]);
		Bodies.expect(count);
		List<Class<?>> sources = new ArrayList<>(List.of(BenchmarkApplication.class));
		for (int i = 0; i < count; i++) {
			sources.add(Class.forName(args[0] + i));
		}
		SpringApplication application = new SpringApplication(sources.toArray(Class<?>[]::new));
		application.setApplicationStartup(cost);
		application.addListeners((ApplicationListener<ApplicationReadyEvent>) BenchmarkApplication::ready);
		application.run("--spring.main.keep-alive=true", "--spring.main.banner-mode=off", "--run.virtual-threads=true");
	}

	private static void ready(ApplicationReadyEvent event) {
		try {
			Bodies.awaitBegun();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
		System.out.println("READY");
		long cpu = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
		ConfigurableListableBeanFactory beans = event.getApplicationContext().getBeanFactory();
		print("creating", cost.creating(beans));
		print("scanning", cost.scanning(beans));
		print("starting", cost.starting(beans));
		print("beginning", cost.beginning());
		print("cpu", cpu);
		if (Boolean.getBoolean("details")) {
			cost.details(beans).forEach(System.out::println);
		}
		if (Boolean.getBoolean("scrape")) {
			print("scrape", scrape(event.getApplicationContext().getBean(PrometheusMeterRegistry.class)));
		}
		System.out.println("PRINTED");
	}

	/**
	 * @return the nanoseconds that the last of some scrapes took
	 */
	private static long scrape(PrometheusMeterRegistry registry) {
		long start = 0;
		for (int i = 0; i < SCRAPES; i++) {
			start = System.nanoTime();
			registry.scrape();
		}
		return System.nanoTime() - start;
	}

	private static void print(String name, long nanos) {
		System.out.println("FIGURE " + name + " " + nanos);
	}

	/**
	 * In place of Spring Boot's, which differs in nothing but the times it takes.
	 */
	@Bean
	static StartupCost.Processor lifecycleProcessor() {
		StartupCost.Processor processor = cost.new Processor();
		processor.setTimeoutPerShutdownPhase(TimeUnit.SECONDS.toMillis(30));
		return processor;
	}

}
