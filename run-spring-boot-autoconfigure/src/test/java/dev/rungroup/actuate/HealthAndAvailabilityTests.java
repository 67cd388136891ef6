package dev.rungroup.actuate;

import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

import com.jayway.jsonpath.JsonPath;
import dev.rungroup.annotation.Actor;
import dev.rungroup.annotation.Execute;
import dev.rungroup.context.GroupLifecycle;
import dev.rungroup.context.GroupStoppedEvent;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.Policy;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.ApplicationAvailabilityBean;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.AvailabilityState;
import org.springframework.boot.availability.LivenessState;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Lazy;
import org.springframework.context.event.EventListener;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Health and probes as a load balancer and Kubernetes see them.
 */
class HealthAndAvailabilityTests {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private static final String SHOW = "management.endpoint.health.show-details=always";

	@Test
	void actorsAreShownWithTheirStates() {
		try (WebApplication app = WebApplication.start(Application.class, SHOW)) {
			awaitProbe(app, "readiness", 200);
			HttpResponse<String> response = app.get("/actuator/health");
			assertThat(response.statusCode()).isEqualTo(200);
			Map<String, Object> actors = JsonPath.read(response.body(), "$.components.actors");
			Map<String, Object> puppet = new HashMap<>(Map.of("state", "RUNNING", "ready", true, "required", false));
			puppet.put("reason", null);
			assertThat(actors).isEqualTo(Map.of("status", "UP", "details", Map.of("puppet", puppet)));
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
				"run.actors.puppet.retry.delay=1s")) {
			awaitProbe(app, "readiness", 200);
			app.bean(Puppet.class).order("fail");
			awaitProbe(app, "readiness", 503);
			awaitProbe(app, "readiness", 200);
			assertThat(app.bean(Puppet.class).readiness).containsSubsequence(ReadinessState.ACCEPTING_TRAFFIC,
					ReadinessState.REFUSING_TRAFFIC, ReadinessState.ACCEPTING_TRAFFIC);
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
			app.bean(GroupLifecycle.class).start();
			awaitProbe(app, "liveness", 200);
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
			// Longer than the availability is looked at
			LockSupport.parkNanos(Duration.ofMillis(500).toNanos());
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
			assertThat(Thread.getAllStackTraces().keySet()).extracting(Thread::getName)
				.doesNotContain("run-availability");
		}
		assertThat(puppet.readiness).startsWith(ReadinessState.ACCEPTING_TRAFFIC).doesNotHaveDuplicates();
		assertThat(puppet.liveness).containsExactly(LivenessState.CORRECT);
	}

	@Test
	void whatTheActorsSayIsTheLastThingThatListenersHear() {
		try (WebApplication app = WebApplication.start(Exporters.class, "run.actors.puppet.required=true",
				"run.actors.puppet.ready-timeout=1m")) {
			// Spring Boot has said ACCEPTING_TRAFFIC by now, the actor is not ready
			awaitExported(app, ReadinessState.REFUSING_TRAFFIC);
			app.bean(Puppet.class).order("ready");
			awaitExported(app, ReadinessState.ACCEPTING_TRAFFIC);
		}
	}

	@Test
	void whatTheActorsSayIsTheLastThingThatListenersHearAfterAPauseToo() {
		try (WebApplication app = WebApplication.start(Exporters.class, "run.actors.puppet.required=true",
				"run.actors.puppet.ready-timeout=1m")) {
			awaitExported(app, ReadinessState.REFUSING_TRAFFIC);
			app.context().stop();
			app.context().start();
			AvailabilityChangeEvent.publish(app.context(), ReadinessState.ACCEPTING_TRAFFIC);
			awaitExported(app, ReadinessState.REFUSING_TRAFFIC);
			app.bean(Puppet.class).order("ready");
			awaitExported(app, ReadinessState.ACCEPTING_TRAFFIC);
		}
	}

	@Test
	void failureOfTheGroupWhileTheLivenessIsLookedAtDoesNotGetLost() {
		try (WebApplication app = WebApplication.start(Meanwhile.class, "run.actors.puppet.on-error=shutdown")) {
			awaitProbe(app, "readiness", 200);
			SlowAvailability availability = app.bean(SlowAvailability.class);
			availability.meanwhile = () -> {
				app.bean(Puppet.class).order("fail");
				await(availability.stopped);
			};
			// By now it is clear that nothing is broken, and then the group fails
			AvailabilityChangeEvent.publish(app.context(), LivenessState.CORRECT);
			assertThat(availability.stopped.getCount()).isZero();
			awaitProbe(app, "liveness", 503);
			assertThat(app.bean(Puppet.class).liveness).endsWith(LivenessState.BROKEN);
		}
	}

	@Test
	void errorOfAListenerDoesNotFreezeTheAvailability() {
		try (WebApplication app = WebApplication.start(Failing.class, "run.actors.puppet.required=true")) {
			awaitProbe(app, "readiness", 200);
			app.bean(Puppet.class).order("fail");
			awaitProbe(app, "readiness", 503);
			Awaitility.await().atMost(LIMIT).until(() -> app.bean(FailingListener.class).failures.getCount() == 0);
			app.bean(GroupLifecycle.class).restartMember("puppet");
			awaitProbe(app, "readiness", 200);
		}
	}

	@Test
	void listenerThatAlwaysSaysTheOppositeDoesNotHangTheStart() {
		try (WebApplication app = WebApplication.start(Contradicting.class, "run.actors.puppet.required=true",
				"run.actors.puppet.ready-timeout=1m")) {
			assertThat(app.bean(ContradictingListener.class).answers).hasValueGreaterThan(1);
		}
	}

	@Test
	void healthCanBeSwitchedOff() {
		try (WebApplication app = WebApplication.start(Application.class, SHOW,
				"management.health.actors.enabled=false")) {
			assertThat(app.get("/actuator/health").body()).doesNotContain("actors");
		}
	}

	private static void await(CountDownLatch latch) {
		try {
			assertThat(latch.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static void awaitProbe(WebApplication app, String probe, int status) {
		Awaitility.await()
			.atMost(LIMIT)
			.untilAsserted(
					() -> assertThat(app.get("/actuator/health/" + probe).statusCode()).as(probe).isEqualTo(status));
	}

	/**
	 * Wait until those who carry the readiness elsewhere have it right, and all agree.
	 */
	private static void awaitExported(WebApplication app, ReadinessState state) {
		Awaitility.await().atMost(LIMIT).untilAsserted(() -> {
			assertThat(app.bean(ApplicationAvailability.class).getReadinessState()).isEqualTo(state);
			assertThat(app.bean(Puppet.class).readiness).endsWith(state);
			assertThat(app.bean(LazyExporter.class).readiness).endsWith(state);
			assertThat(app.bean(ExporterWithoutAnnotation.class).readiness).endsWith(state);
		});
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
	@Import({ Application.class, LazyExporter.class, ExporterWithoutAnnotation.class })
	static class Exporters {

	}

	@Configuration(proxyBeanMethods = false)
	@Import({ Application.class, FailingListener.class })
	static class Failing {

	}

	@Configuration(proxyBeanMethods = false)
	@Import({ Application.class, ContradictingListener.class })
	static class Contradicting {

	}

	@Configuration(proxyBeanMethods = false)
	@Import(Application.class)
	static class Meanwhile {

		@Bean
		SlowAvailability availability() {
			return new SlowAvailability();
		}

	}

	/**
	 * Takes its time the first time when the test says so.
	 */
	static class SlowAvailability extends ApplicationAvailabilityBean {

		private final CountDownLatch stopped = new CountDownLatch(1);

		private volatile @Nullable Runnable meanwhile;

		/**
		 * Comes after the listeners of the group.
		 */
		@EventListener
		void stopped(GroupStoppedEvent event) {
			this.stopped.countDown();
		}

		@Override
		public <S extends AvailabilityState> @Nullable AvailabilityChangeEvent<S> getLastChangeEvent(
				Class<S> stateType) {
			Runnable meanwhile = this.meanwhile;
			if (meanwhile != null && stateType == LivenessState.class) {
				this.meanwhile = null;
				meanwhile.run();
			}
			return super.getLastChangeEvent(stateType);
		}

	}

	@Lazy
	static class LazyExporter {

		private final List<ReadinessState> readiness = new CopyOnWriteArrayList<>();

		@EventListener
		void readiness(AvailabilityChangeEvent<ReadinessState> event) {
			this.readiness.add(event.getState());
		}

	}

	static class ExporterWithoutAnnotation implements ApplicationListener<AvailabilityChangeEvent<ReadinessState>> {

		private final List<ReadinessState> readiness = new CopyOnWriteArrayList<>();

		@Override
		public void onApplicationEvent(AvailabilityChangeEvent<ReadinessState> event) {
			this.readiness.add(event.getState());
		}

	}

	/**
	 * No method with an annotation: Spring makes exceptions of their errors.
	 */
	static class FailingListener implements ApplicationListener<AvailabilityChangeEvent<ReadinessState>> {

		private final CountDownLatch failures = new CountDownLatch(1);

		@Override
		public void onApplicationEvent(AvailabilityChangeEvent<ReadinessState> event) {
			if (event.getSource() instanceof ActorAvailability && this.failures.getCount() > 0) {
				this.failures.countDown();
				throw new AssertionError("thrown by a test");
			}
		}

	}

	static class ContradictingListener implements ApplicationListener<AvailabilityChangeEvent<ReadinessState>> {

		private final AtomicInteger answers = new AtomicInteger();

		private final ApplicationContext context;

		ContradictingListener(ApplicationContext context) {
			this.context = context;
		}

		@Override
		public void onApplicationEvent(AvailabilityChangeEvent<ReadinessState> event) {
			if (event.getSource() instanceof ActorAvailability) {
				this.answers.incrementAndGet();
				AvailabilityChangeEvent.publish(this.context, ReadinessState.ACCEPTING_TRAFFIC);
			}
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
