package dev.rungroup.actuate;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import dev.rungroup.context.GroupLifecycle;
import dev.rungroup.context.GroupSettings;
import dev.rungroup.core.Backoff;
import dev.rungroup.core.Member;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.Policy;
import dev.rungroup.core.RestartStrategy;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.context.support.GenericApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Actions at awkward moments: each has a defined answer and leaves no actor in limbo.
 */
@Tag("once")
class ActorsEndpointTests {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private static final Duration FOR_EVER = Duration.ofDays(1);

	@Test
	void startOfARunningActorChangesNothing() {
		with(sleeper("worker"), (endpoint) -> {
			awaitState(endpoint, "RUNNING");
			endpoint.control("worker", "start");
			assertThat(actor(endpoint).executions()).isEqualTo(1);
			endpoint.control("worker", "stop");
			// A start that was remembered would run it again
			awaitState(endpoint, "STOPPED");
			assertThat(actor(endpoint).executions()).isEqualTo(1);
		});
	}

	@Test
	void stopOfAStoppedActorChangesNothing() {
		with(sleeper("worker"), (endpoint) -> {
			awaitState(endpoint, "RUNNING");
			endpoint.control("worker", "stop");
			awaitState(endpoint, "STOPPED");
			endpoint.control("worker", "stop");
			assertThat(actor(endpoint).state()).isEqualTo("STOPPED");
			endpoint.control("worker", "start");
			awaitState(endpoint, "RUNNING");
		});
	}

	@Test
	void stopDuringTheBackOffEndsThePause() {
		with(failing("worker"), (endpoint) -> {
			awaitState(endpoint, "WAITING");
			endpoint.control("worker", "stop");
			awaitState(endpoint, "STOPPED");
			assertThat(actor(endpoint).nextExecution()).isNull();
			assertThat(actor(endpoint).executions()).isEqualTo(1);
		});
	}

	@Test
	void restartDuringTheBackOffExecutesAtOnceWithANewRow() {
		with(failing("worker"), (endpoint) -> {
			awaitState(endpoint, "WAITING");
			endpoint.control("worker", "restart");
			Awaitility.await().atMost(LIMIT).until(() -> actor(endpoint).failures() == 2);
			awaitState(endpoint, "WAITING");
			assertThat(actor(endpoint).failuresInARow()).isEqualTo(1);
			assertThat(actor(endpoint).executions()).isEqualTo(2);
		});
	}

	@Test
	void restartDuringTheBackOffWaitsTheInitialDelayAgain() {
		Duration initialDelay = Duration.ofMillis(300);
		with(failing("worker", initialDelay), (endpoint) -> {
			awaitState(endpoint, "WAITING");
			long asked = System.nanoTime();
			endpoint.control("worker", "restart");
			Awaitility.await().atMost(LIMIT).until(() -> actor(endpoint).executions() == 2);
			assertThat(Duration.ofNanos(System.nanoTime() - asked)).isGreaterThanOrEqualTo(initialDelay);
		});
	}

	@Test
	void restartOfAnActorThatTakesItsTimeToEndIsRemembered() {
		CountDownLatch interrupted = new CountDownLatch(1);
		CountDownLatch mayEnd = new CountDownLatch(1);
		Member slow = Member.named("worker").execute((context) -> {
			context.sleep(FOR_EVER);
			interrupted.countDown();
			mayEnd.await();
		}).interrupt((reason) -> {
		}).build();
		with(slow, (endpoint) -> {
			awaitState(endpoint, "RUNNING");
			endpoint.control("worker", "restart");
			await(interrupted);
			assertThat(actor(endpoint).state()).isEqualTo("STOPPING");
			endpoint.control("worker", "restart");
			assertThat(actor(endpoint).executions()).isEqualTo(1);
			mayEnd.countDown();
			Awaitility.await().atMost(LIMIT).until(() -> actor(endpoint).executions() == 2);
			awaitState(endpoint, "RUNNING");
		});
	}

	@Test
	void stopAfterARestartThatIsStillUnderWayWins() {
		CountDownLatch interrupted = new CountDownLatch(1);
		CountDownLatch mayEnd = new CountDownLatch(1);
		Member slow = Member.named("worker").execute((context) -> {
			context.sleep(FOR_EVER);
			interrupted.countDown();
			mayEnd.await();
		}).interrupt((reason) -> {
		}).build();
		with(slow, (endpoint) -> {
			awaitState(endpoint, "RUNNING");
			endpoint.control("worker", "restart");
			await(interrupted);
			endpoint.control("worker", "stop");
			mayEnd.countDown();
			awaitState(endpoint, "STOPPED");
			assertThat(actor(endpoint).executions()).isEqualTo(1);
		});
	}

	@ParameterizedTest
	@ValueSource(strings = { "stop", "start", "restart" })
	void actionOnAnActorThatIsJustEndingLeavesItStoppedOrRunning(String action) {
		for (int i = 0; i < 50; i++) {
			CountDownLatch end = new CountDownLatch(1);
			AtomicInteger executions = new AtomicInteger();
			Member ending = Member.named("worker").onDone(Policy.DO_NOTHING).execute((context) -> {
				if (executions.incrementAndGet() == 1) {
					end.await();
				}
				else {
					context.sleep(FOR_EVER);
				}
			}).build();
			with(ending, (endpoint) -> {
				Awaitility.await().pollInterval(Duration.ofMillis(2)).atMost(LIMIT).until(() -> executions.get() == 1);
				end.countDown();
				endpoint.control("worker", action);
				Awaitility.await()
					.pollInterval(Duration.ofMillis(2))
					.atMost(LIMIT)
					.until(() -> (action.equals("restart")) ? executions.get() == 2
							: List.of("COMPLETED", "STOPPED", "RUNNING").contains(actor(endpoint).state()));
				endpoint.control("worker", "stop");
				Awaitility.await()
					.pollInterval(Duration.ofMillis(2))
					.atMost(LIMIT)
					.until(() -> List.of("COMPLETED", "STOPPED").contains(actor(endpoint).state()));
			});
		}
	}

	@Test
	void tenRestartsAtTheSameTimeLeaveOneRunningExecution() throws Exception {
		AtomicInteger running = new AtomicInteger();
		AtomicInteger most = new AtomicInteger();
		Member counted = Member.named("worker").execute((context) -> {
			most.accumulateAndGet(running.incrementAndGet(), Math::max);
			try {
				context.sleep(FOR_EVER);
			}
			finally {
				running.decrementAndGet();
			}
		}).build();
		ExecutorService clients = Executors.newFixedThreadPool(10);
		try {
			with(counted, (endpoint) -> {
				for (int round = 0; round < 20; round++) {
					awaitState(endpoint, "RUNNING");
					CountDownLatch go = new CountDownLatch(1);
					List<Future<?>> restarts = new ArrayList<>();
					for (int i = 0; i < 10; i++) {
						restarts.add(clients.submit(() -> {
							go.await();
							return endpoint.control("worker", "restart");
						}));
					}
					long before = actor(endpoint).executions();
					go.countDown();
					restarts.forEach(ActorsEndpointTests::get);
					Awaitility.await()
						.atMost(LIMIT)
						.until(() -> actor(endpoint).state().equals("RUNNING") && actor(endpoint).executions() > before
								&& running.get() == 1);
				}
				assertThat(most).hasValue(1);
			});
		}
		finally {
			clients.shutdownNow();
		}
	}

	@Test
	void actionsOnAGroupThatIsOverAreRefused() {
		with(failingHard("worker"), (endpoint) -> {
			Awaitility.await().atMost(LIMIT).until(() -> endpoint.actors().group().state().equals("STOPPED"));
			for (String action : List.of("start", "restart", "stop")) {
				Awaitility.await()
					.atMost(LIMIT)
					.untilAsserted(
							() -> assertThatIllegalStateException().isThrownBy(() -> endpoint.control("worker", action))
								.withMessageContaining("worker"));
			}
			assertThat(actor(endpoint).state()).isEqualTo("FAILED");
		});
	}

	@Test
	void longMessagesAreCut() {
		String message = "x".repeat(ActorsEndpoint.MAX_MESSAGE_LENGTH - 2) + "\uD83D\uDE00" + "y".repeat(100_000);
		with(Member.named("worker").onError(Policy.DO_NOTHING).execute(() -> {
			throw new IllegalStateException(message);
		}).build(), (endpoint) -> {
			Awaitility.await().atMost(LIMIT).until(() -> actor(endpoint).lastFailure() != null);
			assertThat(actor(endpoint).lastFailure()).isNotNull();
			assertThat(actor(endpoint).lastFailure().message())
				.isEqualTo("x".repeat(ActorsEndpoint.MAX_MESSAGE_LENGTH - 2) + "…");
		});
	}

	private static Member sleeper(String name) {
		return Member.named(name).execute((MemberContext context) -> {
			context.sleep(FOR_EVER);
		}).build();
	}

	private static Member failing(String name) {
		return failing(name, Duration.ZERO);
	}

	private static Member failing(String name, Duration initialDelay) {
		return Member.named(name)
			.initialDelay(initialDelay)
			.onError(Policy.RESTART)
			.backoff(Backoff.fixed(FOR_EVER))
			.execute(() -> {
				throw new IllegalStateException("broken");
			})
			.build();
	}

	private static Member failingHard(String name) {
		return Member.named(name).execute(() -> {
			throw new IllegalStateException("broken");
		}).build();
	}

	private static void with(Member member, Consumer<ActorsEndpoint> test) {
		try (GenericApplicationContext context = new GenericApplicationContext()) {
			GroupLifecycle lifecycle = new GroupLifecycle(
					new GroupSettings("actors", true, true, GroupSettings.StartOn.REFRESH, 0, false,
							Duration.ofSeconds(10), Duration.ofSeconds(20), RestartStrategy.ONE));
			lifecycle.add(member);
			// A group whose members have all ended is over, and refuses everything
			lifecycle.add(sleeper("other"));
			context.registerBean(GroupLifecycle.class, () -> lifecycle);
			context.refresh();
			test.accept(new ActorsEndpoint(lifecycle));
		}
	}

	private static ActorsEndpoint.ActorDescriptor actor(ActorsEndpoint endpoint) {
		ActorsEndpoint.ActorDescriptor actor = endpoint.actor("worker");
		assertThat(actor).isNotNull();
		return actor;
	}

	private static void awaitState(ActorsEndpoint endpoint, String state) {
		Awaitility.await().pollInterval(Duration.ofMillis(2)).atMost(LIMIT).untilAsserted(() -> {
			assertThat(actor(endpoint).state()).isEqualTo(state);
			// Running is also what a member is called whose thread is being started
			assertThat(actor(endpoint).executions()).isPositive();
		});
	}

	private static void await(CountDownLatch latch) {
		try {
			assertThat(latch.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	private static void get(Future<?> future) {
		try {
			future.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

}
