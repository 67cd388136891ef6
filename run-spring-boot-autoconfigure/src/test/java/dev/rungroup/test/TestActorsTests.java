package dev.rungroup.test;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

import dev.rungroup.annotation.Actor;
import dev.rungroup.annotation.Execute;
import dev.rungroup.annotation.FailureHandler;
import dev.rungroup.annotation.Interrupt;
import dev.rungroup.annotation.LoopActor;
import dev.rungroup.context.ActorRecoveredEvent;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.Outcome;
import dev.rungroup.core.Policy;
import dev.rungroup.core.Retry;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.event.EventListener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Tests for {@link TestActors} in a context with virtual time.
 */
@SpringBootTest(properties = { "run.actors.mailer.max-restarts=3", "run.actors.off.enabled=false",
		"run.test.timeout=300ms", "run.shutdown.grace-period=200ms" })
@AutoConfigureTestActors
@Timeout(60)
class TestActorsTests {

	@Autowired
	private TestActors actors;

	@Autowired
	private Jobs jobs;

	@Autowired
	private Retry retry;

	@Autowired
	private ConfigurableApplicationContext context;

	@BeforeEach
	void forget() {
		this.jobs.trail.clear();
	}

	@Test
	void noActorStartsByItselfAndTheNamesOfAllAreKnown() {
		assertThat(this.jobs.trail).isEmpty();
		assertThat(this.actors).actor("hourly").hasState(MemberState.NEW).hasExecuted(0).hasFailed(0);
		assertThat(this.actors.get("off").state()).isEqualTo(MemberState.NEW);
		assertThatExceptionOfType(NoSuchElementException.class).isThrownBy(() -> this.actors.get("nobody"))
			.withMessageContaining("hourly")
			.withMessageContaining("nobody");
		assertThatExceptionOfType(NoSuchElementException.class).isThrownBy(() -> this.actors.start("nobody"))
			.withMessageContaining("hourly");
	}

	@Test
	void aLoopIsExecutedOncePlusThreeTimesInThreeHours() {
		Instant begin = this.actors.clock().instant();
		this.actors.start("hourly");
		assertThat(this.actors).actor("hourly").hasExecuted(1).isReady().pausesFor(Duration.ofHours(1));
		this.actors.advance(Duration.ofHours(3));
		assertThat(this.actors).actor("hourly").hasExecuted(4).pausesFor(Duration.ofHours(1));
		assertThat(this.actors.clock().instant()).isEqualTo(begin.plus(Duration.ofHours(3)));
		assertThat(this.actors.get("mailer").state()).isEqualTo(MemberState.NEW);
	}

	@Test
	void aMethodBeginsWithNewActorsWhateverTheOneBeforeDid() {
		aLoopIsExecutedOncePlusThreeTimesInThreeHours();
	}

	@Test
	void backsOffWhileTheServerIsDownAndEndsTheGroupButNotTheContext() {
		this.actors.start("mailer");
		assertThat(this.actors).actor("mailer")
			.hasFailed(1)
			.pausesFor(Duration.ofSeconds(1))
			.hasLastFailure(IOException.class);
		this.actors.advance(Duration.ofSeconds(1));
		assertThat(this.actors).actor("mailer").hasFailed(2).pausesFor(Duration.ofSeconds(2));
		this.actors.advance(Duration.ofHours(3));
		assertThat(this.actors).actor("mailer").hasState(MemberState.FAILED).hasFailed(4);
		assertThat(this.context.isActive()).isTrue();
		this.actors.start("mailer");
		assertThat(this.actors).actor("mailer").hasFailed(1).hasState(MemberState.WAITING);
	}

	@Test
	void actorsAreStartedInAdditionToThoseThatRunAndStoppedAloneOrAll() {
		this.actors.start("hourly");
		this.actors.advance(Duration.ofHours(1));
		this.actors.start("server", "worker");
		assertThat(this.actors).actor("hourly")
			.hasExecuted(2)
			.actor("server")
			.hasState(MemberState.RUNNING)
			.actor("worker-1")
			.hasExecuted(1)
			.actor("worker-2")
			.hasExecuted(1)
			.actor("mailer")
			.hasState(MemberState.NEW);
		this.actors.stop("hourly", "worker");
		assertThat(this.actors).actor("hourly")
			.hasState(MemberState.STOPPED)
			.actor("worker-2")
			.hasState(MemberState.STOPPED)
			.actor("server")
			.hasState(MemberState.RUNNING);
		this.actors.start("hourly");
		assertThat(this.actors).actor("hourly").hasExecuted(3);
		this.actors.stop();
		assertThat(this.actors).actor("server").hasState(MemberState.STOPPED);
	}

	@Test
	void withoutNamesAllStartThatAreNotSwitchedOff() {
		this.actors.start();
		assertThat(this.actors).actor("hourly").hasExecuted(1).actor("worker-2").hasExecuted(1);
		assertThat(this.actors).actor("off").hasState(MemberState.NEW);
		assertThatIllegalStateException().isThrownBy(() -> this.actors.start("off")).withMessageContaining("'off'");
	}

	@Test
	void aStopOfOneActorWaitsForItsGracePeriodInRealTime() {
		Instant begin = this.actors.clock().instant();
		this.actors.start("deaf");
		this.actors.advance(Duration.ofHours(1));
		this.actors.stop("deaf");
		assertThat(this.actors).actor("deaf").hasState(MemberState.STOPPED);
		assertThat(this.jobs.trail).endsWith("deaf interrupted");
		assertThat(this.actors.clock().instant()).isBetween(begin.plus(Duration.ofHours(1)),
				begin.plus(Duration.ofHours(1)).plusSeconds(30));
	}

	@Test
	void aStartWhileTheLastGroupIsStillEndingWaitsForThatAndMakesANewGroup() {
		this.actors.start("mailer", "deaf");
		this.actors.advance(Duration.ofSeconds(7));
		assertThat(this.actors).actor("mailer").hasState(MemberState.FAILED);
		this.actors.start("mailer");
		assertThat(this.actors).actor("mailer").hasFailed(1).pausesFor(Duration.ofSeconds(1));
		assertThat(this.actors).actor("deaf").hasState(MemberState.NEW);
		assertThat(this.jobs.trail).contains("deaf interrupted");
	}

	@Test
	void howLongAnActorHasFailedIsSaidInItsOwnTime() {
		this.actors.start("recovering");
		this.actors.advance(Duration.ofSeconds(3));
		assertThat(this.jobs.trail).containsExactly("recovering: 2 failures in PT3S");
	}

	@Test
	void executeOnceCallsTheBodyOnTheCallingThreadThroughFailureHandlersAndMovesTheTimeWhereItSleeps() {
		Instant begin = this.actors.clock().instant();
		String thread = Thread.currentThread().getName();
		Outcome failed = this.actors.executeOnce("mailer");
		assertThat(failed).isInstanceOf(Outcome.Failed.class);
		assertThat(this.jobs.trail).containsExactly("mailer on " + Thread.currentThread().getId(),
				"mailer handles IOException");
		assertThat(this.actors.executeOnce("off")).isEqualTo(new Outcome.Completed());
		assertThat(this.jobs.trail).endsWith("off slept true");
		assertThat(this.actors.clock().instant()).isEqualTo(begin.plus(Duration.ofMinutes(90)));
		assertThat(Thread.currentThread().getName()).isEqualTo(thread);
		assertThat(MemberContext.current()).isNull();
		assertThat(this.actors).actor("mailer").hasState(MemberState.NEW).hasExecuted(0);
	}

	@Test
	void executeOnceRefusesAnActorThatRunsOrPausesAndAdvanceInsideOfABody() {
		this.actors.start("hourly");
		assertThatIllegalStateException().isThrownBy(() -> this.actors.executeOnce("hourly"))
			.withMessageContaining("WAITING");
		this.actors.stop("hourly");
		assertThat(this.actors.executeOnce("hourly")).isInstanceOf(Outcome.Completed.class);
		assertThat(this.actors.executeOnce("mover")).isInstanceOfSatisfying(Outcome.Failed.class,
				(failed) -> assertThat(failed.failure()).isInstanceOf(IllegalStateException.class)
					.hasMessageContaining("'mover'"));
		this.actors.start("mover");
		assertThat(this.actors).actor("mover").hasLastFailure(IllegalStateException.class);
	}

	@Test
	void theInjectedRetryFollowsTheTimeInsideOfAnActorAndMovesItOutside() throws Exception {
		Instant begin = this.actors.clock().instant();
		this.actors.start("hourly", "retrying");
		assertThat(this.actors).actor("retrying").hasState(MemberState.RUNNING);
		this.actors.advance(Duration.ofSeconds(3));
		assertThat(this.actors).actor("retrying").hasState(MemberState.COMPLETED);
		this.retry.run((attempt) -> {
			if (attempt.iteration() < 3) {
				throw new IOException("down");
			}
		});
		assertThat(this.actors.clock().instant()).isEqualTo(begin.plusSeconds(6));
	}

	@Test
	void awaitAndAssertionsThatFailShowSnapshotStackAndWhatIsDueNext() {
		this.actors.start("hourly", "server");
		MemberSnapshot running = this.actors.await("server", MemberState.RUNNING);
		assertThat(running.executions()).isEqualTo(1);
		assertThatThrownBy(() -> this.actors.await("server", MemberState.FAILED)).isInstanceOf(AssertionError.class)
			.hasMessageContaining("'server' is not FAILED after 300 ms")
			.hasMessageContaining("state=RUNNING")
			.hasMessageContaining("due next: 'hourly' in PT1H")
			.hasMessageContaining("TestActorsTests.java");
		assertThatThrownBy(() -> this.actors.await("server", (actor) -> actor.executions() > 1))
			.isInstanceOf(AssertionError.class);
		assertThatThrownBy(() -> this.actors.await("server", MemberState.FAILED, Duration.ofMillis(20)))
			.isInstanceOf(AssertionError.class)
			.hasMessageContaining("after 20 ms");
		assertThatThrownBy(() -> assertThat(this.actors).actor("hourly").hasExecuted(7))
			.isInstanceOf(AssertionError.class)
			.hasMessageContaining("Expected of actor 'hourly': 7 executions, but it was: 1")
			.hasMessageContaining("Its thread: ")
			.hasMessageContaining("due next: 'hourly' in PT1H");
		assertThatThrownBy(() -> assertThat(this.actors).actor("server").pausesFor(Duration.ofHours(1)))
			.hasMessageContaining("no pause, but state RUNNING");
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import({ Mailer.class, Hourly.class, Deaf.class })
	static class Application {

		@Bean
		Jobs jobs() {
			return new Jobs();
		}

	}

	static class Jobs {

		final List<String> trail = new CopyOnWriteArrayList<>();

		@Autowired
		private Retry retry;

		@Autowired
		private TestActors testActors;

		@Actor("server")
		void server() throws InterruptedException {
			new CountDownLatch(1).await();
		}

		@LoopActor(name = "worker", delay = "1m", concurrency = "2")
		void worker() {
			this.trail.add("worker");
		}

		@Actor(name = "off", onDone = Policy.DO_NOTHING)
		void off(MemberContext context) throws InterruptedException {
			this.trail.add("off slept " + context.sleep(Duration.ofMinutes(90)));
		}

		@Actor(name = "mover", onError = Policy.DO_NOTHING)
		void mover() {
			this.testActors.advance(Duration.ofHours(1));
		}

		@LoopActor(name = "recovering", delay = "1h")
		void recover(MemberContext context) throws IOException {
			if (context.execution() < 3) {
				throw new IOException("down");
			}
		}

		@EventListener
		void recovered(ActorRecoveredEvent event) {
			this.trail.add(event.actor() + ": " + event.failures() + " failures in " + event.since());
		}

		@Actor(name = "retrying", onDone = Policy.DO_NOTHING)
		void retry() throws Exception {
			this.retry.run((attempt) -> {
				if (attempt.iteration() < 3) {
					throw new IOException("down");
				}
			});
		}

	}

	@Actor(name = "mailer", onError = Policy.RESTART)
	static class Mailer {

		@Autowired
		private Jobs jobs;

		@Execute
		void mail() throws IOException {
			this.jobs.trail.add("mailer on " + Thread.currentThread().getId());
			throw new IOException("down");
		}

		@FailureHandler
		void handle(IOException failure) {
			this.jobs.trail.add("mailer handles " + failure.getClass().getSimpleName());
		}

	}

	@LoopActor(name = "hourly", delay = "1h")
	static class Hourly implements Runnable {

		@Override
		public void run() {
			// Nothing to do
		}

	}

	@Actor(name = "deaf", onDone = Policy.DO_NOTHING)
	static class Deaf {

		@Autowired
		private Jobs jobs;

		@Execute
		void listen() {
			try {
				new CountDownLatch(1).await();
			}
			catch (InterruptedException ex) {
				this.jobs.trail.add("deaf interrupted");
			}
		}

		@Interrupt
		void interrupt() {
			this.jobs.trail.add("deaf asked");
		}

	}

}
