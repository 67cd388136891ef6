package dev.rungroup.autoconfigure.exit;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringApplicationRunListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.Ordered;

/**
 * Tells the {@link Startup} of a context what {@link SpringApplication} does with it.
 * Comes after Spring Boot's own listener, so that "ready" means it has been published.
 */
final class StartupRunListener implements SpringApplicationRunListener, Ordered {

	private static final String SERVLET_CONTAINER_ENTRY = "org.springframework.boot.web.servlet.support.SpringBootServletInitializer";

	private volatile @Nullable Startup startup;

	@Override
	public int getOrder() {
		return Ordered.LOWEST_PRECEDENCE;
	}

	@Override
	public void contextPrepared(ConfigurableApplicationContext context) {
		// A deployed WAR shares its JVM with others
		this.startup = Startup.bySpringApplication(context, TestDetector.isCalledFrom(SERVLET_CONTAINER_ENTRY));
	}

	@Override
	public void started(ConfigurableApplicationContext context, @Nullable Duration timeTaken) {
		if (context.getBeanFactory().getBeanNamesForType(GroupExit.class, false, false).length > 0) {
			RunnerCheckpoint.register(context.getBeanFactory(), Startup.of(context));
		}
	}

	@Override
	public void ready(ConfigurableApplicationContext context, @Nullable Duration timeTaken) {
		Startup startup = this.startup;
		if (startup != null) {
			startup.ready();
		}
	}

	@Override
	public void failed(@Nullable ConfigurableApplicationContext context, Throwable exception) {
		Startup startup = this.startup;
		if (startup != null) {
			startup.failed();
		}
	}

}
