package dev.rungroup.autoconfigure;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Map;

import dev.rungroup.context.InvalidActorException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.core.io.ByteArrayResource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RunBindHandler}.
 */
@Tag("once")
class RunBindHandlerTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(RunAutoConfiguration.class));

	@ParameterizedTest
	@ValueSource(strings = { "5s", " 5s ", "5s\t", "PT5S", " PT5S", "5000", " 5000", "${five:5s} ", "${five:  5s}" })
	void durationsMayHaveBlanksAroundThem(String text) {
		this.runner
			.withInitializer((context) -> context.getEnvironment()
				.getPropertySources()
				.addFirst(new MapPropertySource("map",
						Map.of("run.actors.a.delay", text, "run.retry.max-delay", text, "run.shutdown.timeout", text))))
			.run((context) -> {
				RunProperties properties = context.getBean(RunProperties.class);
				assertThat(properties.getActors().get("a").getDelay()).isEqualTo(Duration.ofSeconds(5));
				assertThat(properties.getRetry().getMaxDelay()).isEqualTo(Duration.ofSeconds(5));
				assertThat(properties.getShutdown().getTimeout()).isEqualTo(Duration.ofSeconds(5));
			});
	}

	@ParameterizedTest
	@ValueSource(strings = { "1h30m", "5 s", "5sec", "five", "5s5", "PT" })
	void otherDurationsAreRefusedWithFileAndLine(String text) {
		assertThat(refused(yaml("run:\n  actors:\n    a:\n      delay: " + text)))
			.hasMessageStartingWith("Property 'run.actors.a.delay' is '" + text.replace("'", "")
					+ "' (Byte array resource" + " [resource loaded from byte array] - 4:14), which cannot be read: ");
	}

	@ParameterizedTest
	@CsvSource({ "delay,5s,-5s,It must not be negative.", "concurrency,5,five,which cannot be read",
			"on-error,restart,explode,\"Use one of: shutdown, restart, do-nothing.\"",
			"enabled,true,perhaps,which cannot be read",
			"on-stall,report,x,\"Use one of: report, restart, shutdown.\"" })
	void badValueIsReportedWithItsVariable(String property, String good, String bad, String reason) {
		String variable = "RUN_ACTORS_ORDERSERVER_" + property.toUpperCase().replace("-", "");
		assertThat(refused(new SystemEnvironmentPropertySource("test-systemEnvironment", Map.of(variable, bad)),
				yaml("run.actors.order-server." + property + ": " + good)))
			.hasMessageContaining(
					"server." + property + "' is '" + bad + "' (\"" + variable + "\" from property source")
			.hasMessageContaining(reason.replace("\"", ""));
	}

	@Test
	void serviceOfKubernetesIsNamed() {
		assertThat(refused(new SystemEnvironmentPropertySource("test-systemEnvironment",
				Map.of("RUN_ACTORS_PORT", "tcp://10.0.0.1:80", "RUN_ACTORS_PORT_80_TCP", "tcp://10.0.0.1:80",
						"RUN_ACTORS_SERVICE_HOST", "10.0.0.1"))))
			.hasMessageStartingWith("Property 'run.actors.port' is 'tcp://10.0.0.1:80' (\"RUN_ACTORS_PORT\"")
			.hasMessageContaining("service called 'run-actors'");
	}

	@Test
	void unknownPropertyIsReportedWithFileAndLine() {
		assertThat(refused(yaml("run:\n  retry: { delya: 1s }"))).hasMessageContaining(
				"'run.retry.delya' is set, but there is no such property (Byte array resource [resource loaded from byte array] - 2:19)")
			.hasMessageContaining("Did you mean 'run.retry.delay'?");
	}

	@ParameterizedTest
	@ValueSource(strings = { "run.actors.a.delay", "run.actors.a.max-restarts", "run.actors.a.on-error",
			"run.retry.delay", "run.virtual-threads", "run.shutdown.timeout" })
	void placeholderThatResolvesToNothingIsRefused(String property) {
		assertThat(refused(new MapPropertySource("map", Map.of(property, "${POLL_EVERY:30s}", "POLL_EVERY", ""))))
			.hasMessageStartingWith("Property '" + property + "' is '${POLL_EVERY:30s}'")
			.hasMessageContaining("resolves to nothing");
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "  " })
	void blankValueIsRefusedWhereOneIsNeeded(String text) {
		assertThat(refused(new MapPropertySource("map", Map.of("run.phase", text)))).hasMessageStartingWith(
				"Property 'run.phase' is '" + text + "' (\"run.phase\" from property source \"map\"), but needs a");
	}

	@Test
	void emptyValueMeansNotSet() {
		this.runner.withPropertyValues("run.actors.a.delay=", "run.actors.a.on-error=", "run.retry.delay=")
			.run((context) -> {
				RunProperties properties = context.getBean(RunProperties.class);
				assertThat(properties).usingRecursiveComparison()
					.ignoringFields("actors")
					.isEqualTo(new RunProperties());
				assertThat(properties.getActors().values())
					.allSatisfy((actor) -> assertThat(actor.getDelay()).isNull());
			});
	}

	private Throwable refused(PropertySource<?>... sources) {
		Throwable[] failure = new Throwable[1];
		this.runner.withInitializer((context) -> {
			for (PropertySource<?> source : sources) {
				context.getEnvironment().getPropertySources().addLast(source);
			}
		}).run((context) -> failure[0] = context.getStartupFailure());
		Throwable cause = failure[0];
		while (cause != null && !(cause instanceof InvalidActorException)) {
			cause = cause.getCause();
		}
		assertThat(cause).as("InvalidActorException in " + failure[0]).isNotNull();
		return cause;
	}

	private static PropertySource<?> yaml(String text) {
		try {
			return new YamlPropertySourceLoader().load("yaml", new ByteArrayResource(text.getBytes())).get(0);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
