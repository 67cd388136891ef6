package dev.rungroup.actuate;

import java.lang.management.ManagementFactory;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;

import javax.management.JMException;
import javax.management.ObjectName;

import com.jayway.jsonpath.JsonPath;
import dev.rungroup.annotation.Actor;
import dev.rungroup.annotation.Execute;
import dev.rungroup.annotation.LoopActor;
import dev.rungroup.context.GroupLifecycle;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.Policy;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.web.SecurityFilterChain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * The endpoint as its users meet it: over HTTP on a real Tomcat, and over JMX.
 */
@Tag("once")
@ExtendWith(OutputCaptureExtension.class)
class ActorsEndpointWebTests {

	private static final String UNRESTRICTED = "management.endpoint.actors.access=unrestricted";

	private static final Duration LIMIT = Duration.ofSeconds(20);

	@Test
	void showsTheGroupAndAllActors() {
		try (WebApplication app = WebApplication.start(Application.class, "run.actors.off.enabled=false")) {
			awaitWaiting(app);
			HttpResponse<String> response = app.get("/actuator/actors");
			assertThat(response.statusCode()).isEqualTo(200);
			assertThat(response.headers().firstValue("Content-Type")).hasValueSatisfying(
					(type) -> assertThat(type).startsWith("application/vnd.spring-boot.actuator.v3+json"));
			Map<String, Object> group = JsonPath.read(response.body(), "$.group");
			assertThat(group).containsOnlyKeys("name", "state", "stopReason")
				.containsEntry("name", "actors")
				.containsEntry("state", "RUNNING")
				.containsEntry("stopReason", null);
			Map<String, Map<String, Object>> actors = JsonPath.read(response.body(), "$.actors");
			assertThat(actors).containsOnlyKeys("broken", "listener", "ticker", "off");
			assertThat(actors.get("listener")).containsEntry("state", "RUNNING")
				.containsEntry("ready", true)
				.containsEntry("executions", 1)
				.containsEntry("failures", 0)
				.containsEntry("restarts", 0)
				.containsEntry("failuresInARow", 0)
				.containsKeys("stateSince", "lastProgress")
				.containsEntry("nextExecution", null)
				.containsEntry("lastFailure", null)
				.containsEntry("group", null)
				.containsEntry("cluster", null)
				.hasSize(12);
			assertThat(actors.get("ticker")).containsEntry("state", "WAITING").containsEntry("failures", 0);
			assertThat(instant(actors.get("ticker"), "nextExecution")).isAfter(Instant.now().plusSeconds(3000));
			assertThat(actors.get("broken")).containsEntry("state", "WAITING")
				.containsEntry("failures", 1)
				.containsEntry("failuresInARow", 1);
			assertThat(instant(actors.get("broken"), "nextExecution")).isAfter(Instant.now().plusSeconds(3000));
			Map<String, Object> lastFailure = JsonPath.read(response.body(), "$.actors.broken.lastFailure");
			assertThat(lastFailure).containsEntry("type", "java.lang.IllegalStateException")
				.containsEntry("message", "no route to database");
			assertThat(instant(lastFailure, "at")).isBetween(Instant.now().minusSeconds(60), Instant.now());
			assertThat(actors.get("off")).containsEntry("state", "DISABLED")
				.containsEntry("ready", false)
				.containsEntry("executions", 0);
		}
	}

	@Test
	void showsOneActorAndKnowsNoOther() {
		try (WebApplication app = WebApplication.start(Application.class)) {
			awaitWaiting(app);
			HttpResponse<String> response = app.get("/actuator/actors/broken");
			assertThat(response.statusCode()).isEqualTo(200);
			assertThat(JsonPath.<String>read(response.body(), "$.lastFailure.message"))
				.isEqualTo("no route to database");
			assertThat(app.get("/actuator/actors/nobody").statusCode()).isEqualTo(404);
		}
	}

	@Test
	void isReadOnlyUnlessConfiguredOtherwise() {
		try (WebApplication app = WebApplication.start(Application.class)) {
			awaitWaiting(app);
			assertThat(app.act("listener", "stop").statusCode()).isIn(404, 405);
			assertThat(app.state("listener")).isEqualTo("RUNNING");
		}
	}

	@Test
	void stopsStartsAndRestartsOneActorAlone(CapturedOutput output) {
		try (WebApplication app = WebApplication.start(Application.class, UNRESTRICTED)) {
			awaitWaiting(app);
			assertThat(app.act("listener", "stop").statusCode()).isEqualTo(204);
			awaitState(app, "listener", "STOPPED");
			assertThat(app.state("ticker")).isEqualTo("WAITING");
			assertThat(app.<String>json("/actuator/actors", "$.group.state")).isEqualTo("RUNNING");
			assertThat(app.act("listener", "start").statusCode()).isEqualTo(204);
			awaitState(app, "listener", "RUNNING");
			assertThat(app.act("listener", "restart").statusCode()).isEqualTo(204);
			Awaitility.await().atMost(LIMIT).untilAsserted(() -> {
				assertThat(app.<Integer>json("/actuator/actors/listener", "$.executions")).isEqualTo(3);
				assertThat(app.state("listener")).isEqualTo("RUNNING");
			});
			assertThat(output).containsPattern("Endpoint 'actors': restart of actor 'listener'\\R");
		}
	}

	@Test
	void refusesWhatItCannotDoAndSaysWhy() {
		try (WebApplication app = WebApplication.start(Application.class, UNRESTRICTED,
				"run.actors.off.enabled=false")) {
			for (String body : new String[] { "{\"action\": \"explode\"}", "{}" }) {
				HttpResponse<String> wrong = app.post("/actuator/actors/listener", body);
				assertThat(wrong.statusCode()).as(body).isEqualTo(400);
				assertThat(wrong.body()).as(body).contains("action must be stop, start or restart");
			}
			assertThat(app.act("listener", "STOP").statusCode()).isEqualTo(400);
			HttpResponse<String> unknown = app.act("nobody", "stop");
			assertThat(unknown.statusCode()).isEqualTo(404);
			assertThat(unknown.body()).contains("There is no actor 'nobody'");
			assertThat(app.act("nobody", "explode").statusCode()).isEqualTo(400);
			HttpResponse<String> disabled = app.act("off", "start");
			assertThat(disabled.statusCode()).isEqualTo(409);
			assertThat(disabled.body()).contains("run.actors.off.enabled");
			app.bean(GroupLifecycle.class).stop();
			for (String action : new String[] { "stop", "start", "restart" }) {
				HttpResponse<String> stopped = app.act("listener", action);
				assertThat(stopped.statusCode()).as(action).isEqualTo(409);
				assertThat(stopped.body()).contains("listener").contains("not running");
			}
			assertThat(app.<String>json("/actuator/actors", "$.group.state")).isEqualTo("STOPPED");
			assertThat(app.<String>json("/actuator/actors", "$.group.stopReason.kind")).isEqualTo("CONTEXT_CLOSED");
		}
	}

	@Test
	void tellsWhoEndedTheGroup() {
		try (WebApplication app = WebApplication.start(Application.class, "run.actors.broken.on-error=shutdown")) {
			Awaitility.await()
				.atMost(LIMIT)
				.until(() -> app.json("/actuator/actors", "$.group.state").equals("STOPPED"));
			String body = app.get("/actuator/actors").body();
			assertThat(JsonPath.<Map<String, Object>>read(body, "$.group.stopReason"))
				.isEqualTo(Map.of("kind", "MEMBER_FAILED", "member", "broken", "cause",
						Map.of("type", "java.lang.IllegalStateException", "message", "no route to database")));
		}
	}

	@Test
	void showsAllAsDisabledWhenNothingIsStarted() {
		try (WebApplication app = WebApplication.start(Application.class, "run.enabled=false")) {
			assertThat(app.state("listener")).isEqualTo("DISABLED");
			assertThat(app.<String>json("/actuator/actors", "$.group.state")).isEqualTo("NEW");
		}
	}

	@Test
	void logSaysWhoDidIt(CapturedOutput output) {
		try (WebApplication app = WebApplication.start(TrustingApplication.class, UNRESTRICTED,
				"spring.security.user.name=operator", "spring.security.user.password=secret")) {
			String credentials = "Basic "
					+ Base64.getEncoder().encodeToString("operator:secret".getBytes(StandardCharsets.UTF_8));
			assertThat(app.post("/actuator/actors/listener", "{\"action\": \"stop\"}", "Authorization", credentials)
				.statusCode()).isEqualTo(204);
			assertThat(output).contains("Endpoint 'actors': stop of actor 'listener' by 'operator'");
		}
	}

	@Test
	void worksWithTheDefaultsOfSpringSecurity() {
		try (WebApplication app = WebApplication.start(SecuredApplication.class, UNRESTRICTED,
				"spring.security.user.name=operator", "spring.security.user.password=secret")) {
			String credentials = "Basic "
					+ Base64.getEncoder().encodeToString("operator:secret".getBytes(StandardCharsets.UTF_8));
			assertThat(app.get("/actuator/actors", "Accept", "application/json").statusCode()).isEqualTo(401);
			assertThat(app.get("/actuator/actors", "Authorization", credentials).statusCode()).isEqualTo(200);
			// As for every endpoint of Spring Boot: a browser's request needs the token
			assertThat(app.post("/actuator/actors/listener", "{\"action\": \"stop\"}", "Authorization", credentials)
				.statusCode()).isIn(401, 403);
			assertThat(app.bean(GroupLifecycle.class).snapshot().members())
				.allSatisfy((member) -> assertThat(member.state().isEnded()).isFalse());
		}
	}

	@Test
	void isThereOverJmxToo() throws Exception {
		try (WebApplication app = WebApplication.start(Application.class, UNRESTRICTED, "spring.jmx.enabled=true",
				"management.endpoints.jmx.exposure.include=actors")) {
			awaitWaiting(app);
			ObjectName name = new ObjectName("org.springframework.boot:type=Endpoint,name=Actors");
			Object all = invoke(name, "actors");
			assertThat(all).asInstanceOf(InstanceOfAssertFactories.MAP).containsOnlyKeys("group", "actors", "groups");
			assertThat(invoke(name, "actor", "listener")).asInstanceOf(InstanceOfAssertFactories.MAP)
				.containsEntry("state", "RUNNING");
			assertThat(invoke(name, "actor", "nobody")).isNull();
			invoke(name, "control", "listener", "stop");
			awaitState(app, "listener", "STOPPED");
			assertThatExceptionOfType(JMException.class)
				.isThrownBy(() -> invoke(name, "control", "listener", "explode"))
				.withMessageContaining("use stop, start or restart");
			assertThatExceptionOfType(JMException.class).isThrownBy(() -> invoke(name, "control", "nobody", "stop"))
				.withStackTraceContaining("nobody");
		}
	}

	@Test
	void isNotThereWhenNotExposed() {
		try (WebApplication app = WebApplication.start(Application.class,
				"management.endpoints.web.exposure.include=health")) {
			assertThat(app.get("/actuator/actors").statusCode()).isEqualTo(404);
			assertThat(app.context().getBeansOfType(ActorsEndpoint.class)).isEmpty();
		}
	}

	@Test
	void descriptorsCanBeWrittenByANativeImage() {
		RuntimeHints hints = new RuntimeHints();
		new ActorsEndpoint.Hints().registerHints(hints, getClass().getClassLoader());
		for (Class<?> type : new Class<?>[] { ActorsEndpoint.ActorsDescriptor.class,
				ActorsEndpoint.GroupDescriptor.class, ActorsEndpoint.StopReasonDescriptor.class,
				ActorsEndpoint.CauseDescriptor.class, ActorsEndpoint.ActorDescriptor.class,
				ActorsEndpoint.FailureDescriptor.class, ActorsEndpointWebExtension.ProblemDescriptor.class }) {
			assertThat(RuntimeHintsPredicates.reflection().onType(type)).as(type.getName()).accepts(hints);
		}
		assertThat(RuntimeHintsPredicates.reflection()
			.onMethodInvocation(ActorsEndpoint.ActorDescriptor.class, "failuresInARow")).accepts(hints);
	}

	private static Object invoke(ObjectName bean, String operation, String... arguments) throws Exception {
		String[] signature = new String[arguments.length];
		Arrays.fill(signature, String.class.getName());
		return ManagementFactory.getPlatformMBeanServer().invoke(bean, operation, arguments, signature);
	}

	private static Instant instant(Map<String, Object> json, String key) {
		return Instant.parse(String.valueOf(json.get(key)));
	}

	private static void awaitWaiting(WebApplication app) {
		awaitState(app, "listener", "RUNNING");
		// waiting is also what they are called before their threads have come to run
		for (String actor : List.of("ticker", "broken")) {
			Awaitility.await()
				.atMost(LIMIT)
				.until(() -> app.<Integer>json("/actuator/actors/" + actor, "$.executions") == 1
						&& app.state(actor).equals("WAITING"));
		}
	}

	private static void awaitState(WebApplication app, String actor, String state) {
		Awaitility.await().atMost(LIMIT).untilAsserted(() -> assertThat(app.state(actor)).isEqualTo(state));
	}

	@Configuration(proxyBeanMethods = false)
	@Import({ OpenConfiguration.class, Actors.class })
	static class Application {

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(Actors.class)
	static class SecuredApplication {

	}

	/**
	 * Without a token against forged requests, as for clients that are no browsers.
	 */
	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(Actors.class)
	static class TrustingApplication {

		@Bean
		SecurityFilterChain filterChain(HttpSecurity http) {
			return http.csrf((csrf) -> csrf.disable())
				.authorizeHttpRequests((requests) -> requests.anyRequest().authenticated())
				.httpBasic(Customizer.withDefaults())
				.build();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@Import({ Listener.class, Ticker.class, Broken.class, Off.class })
	static class Actors {

	}

	@Actor("listener")
	static class Listener {

		@Execute
		void listen(MemberContext context) throws InterruptedException {
			context.sleep(Duration.ofDays(1));
		}

	}

	@LoopActor(name = "ticker", delay = "1h")
	static class Ticker {

		@Execute
		void tick() {
		}

	}

	@Actor(name = "off", onDone = Policy.DO_NOTHING)
	static class Off {

		@Execute
		void run(MemberContext context) throws InterruptedException {
			context.sleep(Duration.ofDays(1));
		}

	}

	@Actor(name = "broken", onError = Policy.RESTART)
	static class Broken {

		@Execute
		void run() {
			throw new IllegalStateException("no route to database");
		}

	}

}
