package dev.rungroup.autoconfigure.exit;

import java.time.Duration;

import dev.rungroup.autoconfigure.RunProperties;
import dev.rungroup.autoconfigure.RunProperties.OnShutdown;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

/**
 * The properties that decide how an application ends.
 *
 * @param onShutdown what to do when a member ends the group
 * @param explicit whether it was set, rather than being the default
 * @param shutdownTimeout how long members have to end
 * @param phaseTimeout how long each phase of the context has to stop
 */
record ExitSettings(OnShutdown onShutdown, boolean explicit, Duration shutdownTimeout, Duration phaseTimeout) {

	static ExitSettings from(RunProperties properties, Environment environment) {
		Binder binder = Binder.get(environment);
		return new ExitSettings(properties.getOnShutdown(), binder.bind("run.on-shutdown", OnShutdown.class).isBound(),
				properties.getShutdown().getTimeout(),
				binder.bind("spring.lifecycle.timeout-per-shutdown-phase", Duration.class)
					.orElse(Duration.ofSeconds(30)));
	}

}
