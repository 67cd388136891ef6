package dev.rungroup.autoconfigure;

import dev.rungroup.context.InvalidActorException;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.SpringBootVersion;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Ends the start with a Spring Boot that is too old. There, half of our conditions would
 * not match, and health, meters and endpoint would be missing without a word. Comes
 * before the context reads any configuration, and needs nothing that such a Spring Boot
 * does not have.
 */
final class BootVersionCheck implements ApplicationContextInitializer<ConfigurableApplicationContext> {

	@Override
	public void initialize(ConfigurableApplicationContext context) {
		check(SpringBootVersion.getVersion());
	}

	/**
	 * Check a version.
	 * @param version of Spring Boot, {@code null} if it is unknown
	 * @throws InvalidActorException if it is too old
	 */
	static void check(@Nullable String version) {
		if (version != null && version.matches("[0-3]\\..*")) {
			throw new InvalidActorException(
					"run-spring-boot-starter needs Spring Boot 4.0 or later, but this application uses Spring Boot "
							+ version + ".",
					"Raise the version of Spring Boot, or remove run-spring-boot-starter.");
		}
	}

}
