package dev.rungroup.autoconfigure.exit;

import java.time.Duration;

import org.springframework.boot.context.properties.bind.BindResult;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

/**
 * The properties that decide how an application ends.
 *
 * @param onShutdown what to do when a member ends the group
 * @param explicit whether somebody has set that, or it is the default
 * @param shutdownTimeout how long members have to end
 * @param phaseTimeout how long each phase of the context has to stop
 */
record ExitSettings(OnShutdown onShutdown, boolean explicit, Duration shutdownTimeout, Duration phaseTimeout) {

	/**
	 * Read from the environment and not from a properties bean, because that cannot tell
	 * a default from the same value set by somebody.
	 */
	static ExitSettings from(Environment environment) {
		Binder binder = Binder.get(environment);
		BindResult<OnShutdown> onShutdown = binder.bind("run.on-shutdown", OnShutdown.class);
		return new ExitSettings(onShutdown.orElse(OnShutdown.EXIT), onShutdown.isBound(),
				binder.bind("run.shutdown.timeout", Duration.class).orElse(Duration.ofSeconds(20)),
				binder.bind("spring.lifecycle.timeout-per-shutdown-phase", Duration.class)
					.orElse(Duration.ofSeconds(30)));
	}

}
