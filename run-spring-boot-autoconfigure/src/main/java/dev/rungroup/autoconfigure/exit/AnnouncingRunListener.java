package dev.rungroup.autoconfigure.exit;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.SpringApplicationRunListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.Ordered;

/**
 * The checkpoint after the last runner, whatever their orders are. Comes before Spring
 * Boot's own listener, so that an application whose end has begun is not called ready.
 */
final class AnnouncingRunListener implements SpringApplicationRunListener, Ordered {

	@Override
	public int getOrder() {
		return Ordered.HIGHEST_PRECEDENCE;
	}

	@Override
	public void ready(ConfigurableApplicationContext context, @Nullable Duration timeTaken) {
		Launch.of(context).announcing();
	}

}
