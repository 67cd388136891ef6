package dev.rungroup.autoconfigure;

import java.io.InputStream;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

import dev.rungroup.context.GroupSettings;
import dev.rungroup.core.Backoff;
import dev.rungroup.core.OnStop;
import dev.rungroup.core.Policy;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.core.io.ByteArrayResource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link RunProperties} and its metadata.
 */
@Tag("once")
class RunPropertiesTests {

	private static final String ALL = """
			run:
			  enabled: true
			  auto-startup: true
			  start-on: application-ready
			  phase: 2147479551
			  on-shutdown: close
			  virtual-threads: ${spring.threads.virtual.enabled:false}
			  shutdown: { grace-period: 1s, timeout: 2s }
			  retry: { delay: 3s, multiplier: 1.5, max-delay: 40s, jitter: 10ms, reset-after: 2m, max-retries: }
			  ignore-unknown-actors: true
			  actors:
			    order-server: { enabled: , required: , on-done: , on-error: , on-stop: , delay: , initial-delay: , timeout: , ready-timeout: , max-restarts: , within: , on-exhausted: , concurrency: , stage: , retry: { delay: 3s } }
			    other: { enabled: false, required: true, on-done: do-nothing, on-error: restart, on-stop: finish, delay: 1s, initial-delay: 2s, timeout: 3s, ready-timeout: 4s, max-restarts: 5, within: 6s, on-exhausted: do_nothing, concurrency: 7, stage: 8, retry: { delay: 9s, multiplier: 3, max-delay: 10s, jitter: 1ms, reset-after: 11s } }
			""";

	@Test
	void everyPropertyOfTheDocumentationBinds() throws Exception {
		RunProperties properties = bind(yaml(ALL));
		properties.validate();
		assertThat(properties.getStartOn()).isEqualTo(GroupSettings.StartOn.APPLICATION_READY);
		assertThat(properties.getOnShutdown()).isEqualTo(RunProperties.OnShutdown.CLOSE);
		assertThat(properties.getVirtualThreads()).isFalse();
		assertThat(properties.getShutdown().getGracePeriod()).isEqualTo(Duration.ofSeconds(1));
		assertThat(properties.getShutdown().getTimeout()).isEqualTo(Duration.ofSeconds(2));
		assertThat(PropertiesActorCustomizer.backoff(properties.getRetry(), new RunProperties.ActorRetry()))
			.isEqualTo(new Backoff(Duration.ofSeconds(3), 1.5, Duration.ofSeconds(40), Duration.ofMillis(10),
					Duration.ofMinutes(2)));
		assertThat(properties.getRetry().getMaxRetries()).isNull();
		assertThat(properties.isIgnoreUnknownActors()).isTrue();
		assertThat(properties.getActors()).containsOnlyKeys("order-server", "other");
		RunProperties.Actor empty = properties.getActors().get("order-server");
		assertThat(empty).usingRecursiveComparison().ignoringFields("retry").isEqualTo(new RunProperties.Actor());
		assertThat(empty.getRetry().getDelay()).isEqualTo(Duration.ofSeconds(3));
		RunProperties.Actor other = properties.getActors().get("other");
		assertThat(other.getEnabled()).isFalse();
		assertThat(other.getOnDone()).isEqualTo(Policy.DO_NOTHING);
		assertThat(other.getOnError()).isEqualTo(Policy.RESTART);
		assertThat(other.getRequired()).isTrue();
		assertThat(other.getOnStop()).isEqualTo(OnStop.FINISH);
		assertThat(other.getDelay()).isEqualTo(Duration.ofSeconds(1));
		assertThat(other.getInitialDelay()).isEqualTo(Duration.ofSeconds(2));
		assertThat(other.getTimeout()).isEqualTo(Duration.ofSeconds(3));
		assertThat(other.getReadyTimeout()).isEqualTo(Duration.ofSeconds(4));
		assertThat(other.getMaxRestarts()).isEqualTo(5);
		assertThat(other.getWithin()).isEqualTo(Duration.ofSeconds(6));
		assertThat(other.getOnExhausted()).isEqualTo(Policy.DO_NOTHING);
		assertThat(other.getConcurrency()).isEqualTo(7);
		assertThat(other.getStage()).isEqualTo(8);
		assertThat(other.getRetry().getMultiplier()).isEqualTo(3);
		assertThat(other.getRetry().getMaxDelay()).isEqualTo(Duration.ofSeconds(10));
		assertThat(other.getRetry().getJitter()).isEqualTo(Duration.ofMillis(1));
		assertThat(other.getRetry().getResetAfter()).isEqualTo(Duration.ofSeconds(11));
	}

	@Test
	void environmentVariablesBindToActors() throws Exception {
		RunProperties properties = bind(
				variables(Map.of("RUN_ACTORS_ORDERSERVER_ONERROR", "restart", "RUN_ACTORS_ORDERSERVER_RETRY_MAXDELAY",
						"5s", "RUN_SHUTDOWN_GRACEPERIOD", "3s")),
				yaml("run.actors.order-server: { on-error: do-nothing, on-done: restart }"));
		assertThat(properties.getActors()).containsKey("orderserver");
		assertThat(properties.getShutdown().getGracePeriod()).isEqualTo(Duration.ofSeconds(3));
		assertThat(properties.getActors().values()).allSatisfy((actor) -> {
			assertThat(actor.getOnError()).isEqualTo(Policy.RESTART);
			assertThat(actor.getOnDone()).isEqualTo(Policy.RESTART);
			assertThat(actor.getRetry().getMaxDelay()).isEqualTo(Duration.ofSeconds(5));
		});
	}

	@ParameterizedTest
	@CsvSource({ "run.shutdown.grace-period,-1s", "run.shutdown.timeout,-1s", "run.shutdown.timeout,0s",
			"run.retry.delay,-1s", "run.retry.multiplier,0.9", "run.retry.multiplier,NaN",
			"run.retry.multiplier,Infinity", "run.retry.max-delay,-1s", "run.retry.jitter,-1s",
			"run.retry.reset-after,-1s", "run.retry.max-retries,-1", "run.actors.a.delay,-1s",
			"run.actors.a.initial-delay,-1s", "run.actors.a.timeout,0s", "run.actors.a.ready-timeout,-1s",
			"run.actors.a.max-restarts,-2", "run.actors.a.within,0s", "run.actors.a.concurrency,0",
			"run.actors.a.concurrency,10001", "run.actors.a.on-exhausted,restart", "run.actors.a.retry.delay,-1s",
			"run.actors.a.retry.multiplier,0", "run.actors.a.retry.max-delay,-1s", "run.actors.a.retry.jitter,-1s",
			"run.actors.a.retry.reset-after,-1s" })
	void valueThatMakesNoSenseIsRefusedWithThePropertysName(String property, String value) throws Exception {
		RunProperties properties = bind(variables(Map.of()), yaml(property + ": " + value));
		assertThatExceptionOfType(InvalidConfigurationPropertyValueException.class).isThrownBy(properties::validate)
			.satisfies((ex) -> {
				assertThat(ex.getName()).isEqualTo(property);
				assertThat(ex.getReason()).isNotEmpty();
			});
	}

	@Test
	void absurdValuesDoNotOverflow() throws Exception {
		RunProperties properties = bind(yaml("""
				run:
				  retry: { delay: 99999999d, multiplier: 1.7e308, jitter: 99999999d, reset-after: 99999999d }
				  shutdown: { timeout: 99999999d, grace-period: 99999999d }
				"""));
		properties.validate();
		Backoff backoff = PropertiesActorCustomizer.backoff(properties.getRetry(), new RunProperties.ActorRetry());
		assertThat(Stream.of(1, 2, 1000, Integer.MAX_VALUE).map(backoff::delayFor))
			.allSatisfy((pause) -> assertThat(pause).isGreaterThanOrEqualTo(Duration.ZERO));
	}

	@Test
	void everyPropertyHasADescriptionAndTheDefaultsAreTrue() throws Exception {
		Map<String, JsonNode> metadata = metadata("properties");
		assertThat(metadata).hasSizeGreaterThan(15);
		assertThat(metadata).allSatisfy((name, property) -> {
			assertThat(property.path("description").asString("")).as(name).matches("(?s)[A-Z].*\\.");
			if (property.path("type").asString().equals("java.lang.Boolean")) {
				assertThat(property.path("description").asString()).as(name).startsWith("Whether ");
			}
		});
		Map<String, Object> defaults = new LinkedHashMap<>();
		metadata.forEach((name, property) -> {
			if (property.has("defaultValue")) {
				defaults.put(name, property.path("defaultValue").asString());
			}
		});
		assertThat(metadata.keySet().stream().filter((name) -> !defaults.containsKey(name)))
			.containsExactlyInAnyOrder("run.actors", "run.adopt", "run.groups", "run.retry.max-retries");
		RunProperties bound = bind(new MapPropertySource("defaults", defaults));
		assertThat(bound).usingRecursiveComparison()
			.ignoringFields("virtualThreads", "retry.maxDelaySet", "cluster.prefix")
			.isEqualTo(new RunProperties());
		assertThat(defaults).containsEntry("run.phase", String.valueOf(GroupSettings.DEFAULT_PHASE));
	}

	@Test
	void defaultsAreThoseOfTheContextPackage() {
		RunProperties properties = new RunProperties();
		GroupSettings defaults = GroupSettings.defaults();
		assertThat(properties.isEnabled()).isEqualTo(defaults.enabled());
		assertThat(properties.isAutoStartup()).isEqualTo(defaults.autoStartup());
		assertThat(properties.getStartOn()).isEqualTo(defaults.startOn());
		assertThat(properties.getPhase()).isEqualTo(defaults.phase());
		assertThat(properties.getShutdown().getGracePeriod()).isEqualTo(defaults.gracePeriod());
		assertThat(properties.getShutdown().getTimeout()).isEqualTo(defaults.shutdownTimeout());
	}

	@Test
	void hintsNameProperties() throws Exception {
		Map<String, JsonNode> properties = metadata("properties");
		assertThat(metadata("hints")).isNotEmpty()
			.allSatisfy((name, hint) -> assertThat(properties).containsKey(name.replaceAll("\\.(keys|values)$", "")));
	}

	private static Map<String, JsonNode> metadata(String what) throws Exception {
		try (InputStream stream = RunProperties.class
			.getResourceAsStream("/META-INF/spring-configuration-metadata.json")) {
			// Other jars have such a file, too: this must be ours
			Map<String, JsonNode> entries = new LinkedHashMap<>();
			for (JsonNode entry : JsonMapper.shared().readTree(stream).path(what)) {
				entries.put(entry.path("name").asString(), entry);
			}
			return entries;
		}
	}

	private static PropertySource<?> yaml(String text) throws Exception {
		return new YamlPropertySourceLoader().load("test", new ByteArrayResource(text.getBytes())).get(0);
	}

	private static PropertySource<?> variables(Map<String, Object> variables) {
		return new SystemEnvironmentPropertySource(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME,
				variables);
	}

	private static RunProperties bind(PropertySource<?>... sources) {
		StandardEnvironment environment = new StandardEnvironment();
		environment.getPropertySources()
			.stream()
			.map(PropertySource::getName)
			.toList()
			.forEach((name) -> environment.getPropertySources().remove(name));
		for (PropertySource<?> source : sources) {
			environment.getPropertySources().addLast(source);
		}
		return Binder.get(environment).bindOrCreate("run", Bindable.of(RunProperties.class));
	}

}
