package dev.rungroup.autoconfigure.exit;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringApplicationRunListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.Ordered;

/**
 * Tells the {@link Launch} of a context what {@link SpringApplication} does with it.
 * Comes after Spring Boot's own listener, so that "ready" means it has been published.
 */
final class LaunchRunListener implements SpringApplicationRunListener, Ordered {

	private static final String SERVLET_CONTAINER_ENTRY = "org.springframework.boot.web.servlet.support.SpringBootServletInitializer";

	private volatile @Nullable Launch launch;

	LaunchRunListener(SpringApplication application, String[] args) {
		// the signature that Spring Boot asks for
	}

	@Override
	public int getOrder() {
		return Ordered.LOWEST_PRECEDENCE;
	}

	@Override
	public void contextPrepared(ConfigurableApplicationContext context) {
		// A deployed WAR shares its JVM with others
		this.launch = Launch.bySpringApplication(context, TestRun.isCalledFrom(SERVLET_CONTAINER_ENTRY));
	}

	@Override
	public void ready(ConfigurableApplicationContext context, @Nullable Duration timeTaken) {
		Launch launch = this.launch;
		if (launch != null) {
			launch.ready();
		}
	}

	@Override
	public void failed(@Nullable ConfigurableApplicationContext context, Throwable exception) {
		Launch launch = this.launch;
		if (launch != null) {
			launch.failed();
		}
	}

}
