package dev.rungroup.actuate;

import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;

import com.jayway.jsonpath.JsonPath;
import dev.rungroup.annotation.Actor;
import dev.rungroup.annotation.Execute;
import dev.rungroup.context.GroupLifecycle;
import dev.rungroup.context.GroupStoppingEvent;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.Policy;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.LivenessState;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.event.EventListener;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Health and probes as a load balancer and Kubernetes see them.
 */
@Tag("once")
class HealthAndAvailabilityTests {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private static final String SHOW = "management.endpoint.health.show-details=always";

	@Test
	void actorsAreShownWithTheirStates() {
		try (WebApplication app = WebApplication.start(Application.class, SHOW)) {
			Map<String, Object> puppet = new HashMap<>(Map.of("state", "RUNNING", "ready", true, "required", false));
			puppet.put("reason", null);
			// Nothing waits for an actor that is not required
			Awaitility.await().atMost(LIMIT).untilAsserted(() -> {
				HttpResponse<String> response = app.get("/actuator/health");
				assertThat(response.statusCode()).isEqualTo(200);
				Map<String, Object> actors = JsonPath.read(response.body(), "$.components.actors");
				assertThat(actors).isEqualTo(Map.of("status", "UP", "details", Map.of("puppet", puppet)));
			});
		}
	}

	@Test
	void failingActorThatIsNotRequiredTakesNothingOutOfService() {
		try (WebApplication app = WebApplication.start(Application.class, SHOW)) {
			awaitProbe(app, "readiness", 200);
			app.bean(Puppet.class).order("fail");
			awaitHealth(app, 200, "WAITING");
			assertThat(app.get("/actuator/health/readiness").statusCode()).isEqualTo(200);
			assertThat(app.get("/actuator/health/liveness").statusCode()).isEqualTo(200);
		}
	}

	@Test
	void actorThatHasFailedForGoodIsDownButNotRequiredKeepsTheProbes() {
		try (WebApplication app = WebApplication.start(Application.class, SHOW,
				"run.actors.puppet.on-error=do-nothing")) {
			awaitProbe(app, "readiness", 200);
			app.bean(Puppet.class).order("fail");
			awaitHealth(app, 503, "FAILED");
			assertThat(app.get("/actuator/health/readiness").statusCode()).isEqualTo(200);
			assertThat(app.get("/actuator/health/liveness").statusCode()).isEqualTo(200);
		}
	}

	@Test
	void requiredActorThatWaitsToBeRestartedRefusesTrafficUntilItRunsAgain() {
		try (WebApplication app = WebApplication.start(Application.class, SHOW, "run.actors.puppet.required=true")) {
			awaitProbe(app, "readiness", 200);
			app.bean(Puppet.class).order("fail");
			awaitHealth(app, 503, "WAITING");
			assertThat(app.<Map<String, Object>>json("/actuator/health", "$.components.actors.details.puppet"))
				.containsEntry("ready", false)
				.containsEntry("required", true)
				.hasEntrySatisfying("reason", (reason) -> assertThat(reason).asString()
					.startsWith("1 failure in a row, next execution at 20"));
			awaitProbe(app, "readiness", 503);
			assertThat(app.get("/actuator/health/liveness").statusCode()).isEqualTo(200);
			app.bean(GroupLifecycle.class).restartMember("puppet");
			awaitProbe(app, "readiness", 200);
			awaitHealth(app, 200, "RUNNING");
		}
	}

	@Test
	void requiredActorThatRunsAgainAfterItsBackOffAcceptsTrafficAgain() {
		try (WebApplication app = WebApplication.start(Application.class, "run.actors.puppet.required=true",
				"run.actors.puppet.retry.delay=4s")) {
			awaitProbe(app, "readiness", 200);
			app.bean(Puppet.class).order("fail");
			awaitProbe(app, "readiness", 503);
			awaitProbe(app, "readiness", 200);
			// Found out when it is asked for, and not published
			assertThat(app.bean(Puppet.class).readiness).containsExactly(ReadinessState.ACCEPTING_TRAFFIC);
		}
	}

	@Test
	void requiredActorThatIsExhaustedBreaksLiveness() {
		try (WebApplication app = WebApplication.start(Application.class, SHOW, "run.actors.puppet.required=true",
				"run.actors.puppet.max-restarts=0", "run.actors.puppet.on-exhausted=do-nothing")) {
			awaitProbe(app, "readiness", 200);
			app.bean(Puppet.class).order("fail");
			awaitProbe(app, "liveness", 503);
			awaitProbe(app, "readiness", 503);
			awaitHealth(app, 503, "FAILED");
			// It was the only one, so the group is over and has to be started as a whole
			awaitEndOfGroup(app);
			app.bean(GroupLifecycle.class).start();
			awaitProbe(app, "liveness", 200);
			awaitProbe(app, "readiness", 200);
		}
	}

	@Test
	void requiredActorThatFailedWithoutBudgetKeepsLiveness() {
		try (WebApplication app = WebApplication.start(Application.class, "run.actors.puppet.required=true",
				"run.actors.puppet.on-error=do-nothing")) {
			awaitProbe(app, "readiness", 200);
			app.bean(Puppet.class).order("fail");
			awaitProbe(app, "readiness", 503);
			assertThat(app.get("/actuator/health/liveness").statusCode()).isEqualTo(200);
		}
	}

	@Test
	void requiredActorThatIsStalledBreaksLivenessUntilItGoesOn() {
		try (WebApplication app = WebApplication.start(Application.class, SHOW, "run.actors.puppet.required=true",
				"run.actors.puppet.stall-after=300ms")) {
			awaitProbe(app, "readiness", 200);
			app.bean(Puppet.class).order("hang");
			awaitProbe(app, "liveness", 503);
			awaitHealth(app, 503, "RUNNING");
			assertThat(app.<String>json("/actuator/health", "$.components.actors.details.puppet.reason"))
				.startsWith("stalled for ");
			app.bean(Puppet.class).hanging = false;
			awaitProbe(app, "liveness", 200);
			awaitProbe(app, "readiness", 200);
		}
	}

	@Test
	void readinessWaitsForRequiredActorsToBeReady() {
		try (WebApplication app = WebApplication.start(Application.class, SHOW, "run.actors.puppet.required=true",
				"run.actors.puppet.ready-timeout=1m")) {
			// Spring Boot has said ACCEPTING_TRAFFIC by now
			assertThat(app.get("/actuator/health/readiness").statusCode()).isEqualTo(503);
			awaitHealth(app, 503, "RUNNING");
			app.bean(Puppet.class).order("ready");
			awaitProbe(app, "readiness", 200);
			awaitHealth(app, 200, "RUNNING");
		}
	}

	@Test
	void groupThatFailedWhileTheApplicationGoesOnBreaksLiveness() {
		try (WebApplication app = WebApplication.start(Application.class, "run.actors.puppet.on-error=shutdown")) {
			awaitProbe(app, "readiness", 200);
			app.bean(Puppet.class).order("fail");
			awaitProbe(app, "liveness", 503);
			assertThat(app.get("/actuator/health/readiness").statusCode()).isEqualTo(200);
			awaitEndOfGroup(app);
			app.bean(GroupLifecycle.class).start();
			awaitProbe(app, "liveness", 200);
		}
	}

	@Test
	void trafficIsRefusedFromTheMomentTheGroupEndsIfTheApplicationEndsWithIt() {
		try (WebApplication app = WebApplication.start(Ending.class, "run.on-shutdown=exit",
				"run.actors.puppet.on-error=shutdown")) {
			awaitProbe(app, "readiness", 200);
			app.bean(Puppet.class).order("fail");
			BlockingQueue<String> seen = app.bean(EndingListener.class).seen;
			Awaitility.await().atMost(LIMIT).until(() -> !app.context().isActive());
			assertThat(seen).containsExactly("REFUSING_TRAFFIC, CORRECT");
		}
	}

	@Test
	void trafficIsAcceptedWhenTheGroupEndsAndTheApplicationGoesOn() {
		try (WebApplication app = WebApplication.start(Ending.class, "run.actors.puppet.on-error=shutdown")) {
			awaitProbe(app, "readiness", 200);
			app.bean(Puppet.class).order("fail");
			awaitProbe(app, "liveness", 503);
			assertThat(app.bean(EndingListener.class).seen).containsExactly("ACCEPTING_TRAFFIC, CORRECT");
		}
	}

	@Test
	void groupThatFailedDuringARunnerBreaksLivenessAllTheSame() {
		try (WebApplication app = WebApplication.start(FailingRunner.class, "run.actors.puppet.on-error=shutdown")) {
			awaitProbe(app, "liveness", 503);
		}
	}

	@Test
	void whatOthersSayIsNeverOverruledBySomethingBetter() {
		try (WebApplication app = WebApplication.start(Application.class, "run.actors.puppet.required=true")) {
			awaitProbe(app, "readiness", 200);
			AvailabilityChangeEvent.publish(app.context(), ReadinessState.REFUSING_TRAFFIC);
			app.bean(GroupLifecycle.class).restartMember("puppet");
			Awaitility.await()
				.atMost(LIMIT)
				.until(() -> app.bean(GroupLifecycle.class).snapshot().members().get(0).executions() == 2);
			assertThat(app.bean(ApplicationAvailability.class).getReadinessState())
				.isEqualTo(ReadinessState.REFUSING_TRAFFIC);
			AvailabilityChangeEvent.publish(app.context(), ReadinessState.ACCEPTING_TRAFFIC);
			awaitProbe(app, "readiness", 200);
		}
	}

	@Test
	void withoutRequiredActorsOnlySpringBootSpeaks() {
		Puppet puppet;
		try (WebApplication app = WebApplication.start(Application.class)) {
			awaitProbe(app, "readiness", 200);
			puppet = app.bean(Puppet.class);
			puppet.order("fail");
			Awaitility.await()
				.atMost(LIMIT)
				.until(() -> app.bean(GroupLifecycle.class).snapshot().members().get(0).failures() == 1);
		}
		assertThat(puppet.readiness).startsWith(ReadinessState.ACCEPTING_TRAFFIC).doesNotHaveDuplicates();
		assertThat(puppet.liveness).containsExactly(LivenessState.CORRECT);
	}

	@Test
	void healthCanBeSwitchedOff() {
		try (WebApplication app = WebApplication.start(Application.class, SHOW,
				"management.health.actors.enabled=false")) {
			assertThat(app.get("/actuator/health").body()).doesNotContain("actors");
		}
	}

	/** Until then a start does nothing. */
	private static void awaitEndOfGroup(WebApplication app) {
		Awaitility.await().atMost(LIMIT).until(() -> !app.bean(GroupLifecycle.class).isRunning());
	}

	private static void awaitProbe(WebApplication app, String probe, int status) {
		Awaitility.await()
			.atMost(LIMIT)
			.untilAsserted(
					() -> assertThat(app.get("/actuator/health/" + probe).statusCode()).as(probe).isEqualTo(status));
	}

	private static void awaitHealth(WebApplication app, int status, String puppet) {
		Awaitility.await().atMost(LIMIT).untilAsserted(() -> {
			HttpResponse<String> response = app.get("/actuator/health");
			assertThat(response.statusCode()).isEqualTo(status);
			assertThat(JsonPath.<String>read(response.body(), "$.components.actors.details.puppet.state"))
				.isEqualTo(puppet);
		});
	}

	@Configuration(proxyBeanMethods = false)
	@Import({ OpenConfiguration.class, Puppet.class })
	static class Application {

	}

	@Configuration(proxyBeanMethods = false)
	@Import({ OpenConfiguration.class, Puppet.class })
	static class FailingRunner {

		@Bean
		ApplicationRunner runner(Puppet puppet, GroupLifecycle lifecycle) {
			return (arguments) -> {
				puppet.order("fail");
				Awaitility.await().atMost(LIMIT).until(() -> !lifecycle.isRunning());
			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	@Import({ Application.class, EndingListener.class })
	static class Ending {

	}

	/**
	 * Looks when the group begins to end, before its actors are interrupted.
	 */
	static class EndingListener {

		private final BlockingQueue<String> seen = new LinkedBlockingQueue<>();

		private final ApplicationAvailability availability;

		EndingListener(ApplicationAvailability availability) {
			this.availability = availability;
		}

		@EventListener(GroupStoppingEvent.class)
		void ending() {
			this.seen.add(this.availability.getReadinessState() + ", " + this.availability.getLivenessState());
		}

	}

	/**
	 * Does what it is told, and makes progress meanwhile.
	 */
	@Actor(name = "puppet", onError = Policy.RESTART)
	static class Puppet {

		private final BlockingQueue<String> orders = new LinkedBlockingQueue<>();

		private final List<ReadinessState> readiness = new CopyOnWriteArrayList<>();

		private final List<LivenessState> liveness = new CopyOnWriteArrayList<>();

		private volatile boolean hanging;

		void order(String order) {
			this.hanging = order.equals("hang");
			this.orders.add(order);
		}

		@Execute
		void run(MemberContext context) throws InterruptedException {
			while (!context.isStopping()) {
				context.heartbeat();
				String order = this.orders.poll();
				if ("fail".equals(order)) {
					throw new IllegalStateException("as ordered");
				}
				if ("ready".equals(order)) {
					context.ready();
				}
				while (this.hanging) {
					context.sleep(Duration.ofMillis(10));
				}
				context.sleep(Duration.ofMillis(10));
			}
		}

		@EventListener
		void readiness(AvailabilityChangeEvent<ReadinessState> event) {
			this.readiness.add(event.getState());
		}

		@EventListener
		void liveness(AvailabilityChangeEvent<LivenessState> event) {
			this.liveness.add(event.getState());
		}

	}

}
