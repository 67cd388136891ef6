package dev.rungroup.metrics;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

import dev.rungroup.core.GroupSnapshot;
import dev.rungroup.core.GroupState;
import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.Outcome;
import dev.rungroup.core.Retry.AttemptOutcome;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MockClock;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.cumulative.CumulativeCounter;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link GroupMetrics}.
 */
@Tag("once")
class GroupMetricsTests {

	private final MockClock clock = new MockClock();

	private final SimpleMeterRegistry registry = new SimpleMeterRegistry(SimpleConfig.DEFAULT, this.clock);

	private final AtomicReference<@Nullable MeterRegistry> provided = new AtomicReference<>(this.registry);

	private final AtomicReference<@Nullable GroupSnapshot> snapshot = new AtomicReference<>(
			group(member("poller", MemberState.NEW, null), member("writer", MemberState.NEW, null)));

	private final GroupMetrics metrics = new GroupMetrics(this.provided::get, this.snapshot::get, () -> 3);

	private final List<String> warnings = new CopyOnWriteArrayList<>();

	private final Logger logger = Logger.getLogger(GroupMetrics.class.getName());

	private final Handler handler = new Handler() {

		@Override
		public void publish(LogRecord line) {
			GroupMetricsTests.this.warnings.add(line.getMessage());
		}

		@Override
		public void flush() {
		}

		@Override
		public void close() {
		}

	};

	@BeforeEach
	void listen() {
		this.logger.addHandler(this.handler);
	}

	@AfterEach
	void listenNoMore() {
		this.logger.removeHandler(this.handler);
	}

	@Test
	void allMetersExistAtZeroBeforeTheFirstEvent() {
		this.metrics.bind();
		for (String actor : List.of("poller", "writer")) {
			assertThat(
					this.registry.get("run.actor.failures").tags("actor", actor, "exception", "none").counter().count())
				.isZero();
			for (String outcome : List.of("completed", "failed", "interrupted")) {
				assertThat(executions(actor, outcome)).isZero();
			}
			assertThat(this.registry.get("run.actor.restarts").tag("actor", actor).counter().count()).isZero();
			assertThat(this.registry.get("run.actor.stop").tag("actor", actor).timer().count()).isZero();
			assertThat(this.registry.get("run.actor.stalls").tag("actor", actor).counter().count()).isZero();
			assertThat(age(actor)).isZero();
			assertThat(ready(actor)).isZero();
			assertThat(consecutiveFailures(actor)).isZero();
		}
		for (String outcome : List.of("success", "retried", "exhausted", "stopped")) {
			assertThat(this.registry.get("run.retry.attempts").tag("outcome", outcome).counter().count()).isZero();
		}
		for (MemberState state : MemberState.values()) {
			assertThat(actors(state)).isEqualTo((state == MemberState.NEW) ? 2 : 0);
		}
		assertThat(this.registry.get("run.actors").tag("state", "disabled").gauge().value()).isEqualTo(3);
	}

	@Test
	void everyMeterHasADescriptionAndAUnit() {
		this.metrics.bind();
		assertThat(this.registry.getMeters()).isNotEmpty().allSatisfy((meter) -> {
			assertThat(meter.getId().getDescription()).as(meter.getId().getName()).isNotBlank();
			if (!meter.getId().getName().equals("run.actor.ready")) {
				assertThat(meter.getId().getBaseUnit()).as(meter.getId().getName()).isNotBlank();
			}
		});
	}

	@Test
	void executionsAreTimedByOutcome() {
		this.metrics.executionEnded("poller", new Outcome.Completed(), Duration.ofMillis(300).toNanos());
		this.metrics.executionEnded("poller", new Outcome.Failed(new IOException()), 1);
		this.metrics.executionEnded("poller", new Outcome.Failed(new IOException()), 1);
		this.metrics.executionEnded("poller", new Outcome.Interrupted(), 1);
		assertThat(executions("poller", "completed")).isEqualTo(1);
		assertThat(executions("poller", "failed")).isEqualTo(2);
		assertThat(executions("poller", "interrupted")).isEqualTo(1);
		assertThat(this.registry.get("run.actor.executions")
			.tags("actor", "poller", "outcome", "completed")
			.timer()
			.totalTime(TimeUnit.MILLISECONDS)).isEqualTo(300);
	}

	@Test
	void failuresAreCountedBySimpleClassName() {
		this.metrics.bind();
		this.metrics.executionEnded("poller", new Outcome.Failed(new IOException("one")), 1);
		this.metrics.executionEnded("poller", new Outcome.Failed(new IOException("two")), 1);
		this.metrics.executionEnded("poller", new Outcome.Failed(new IllegalStateException() {
		}), 1);
		assertThat(failures("poller", "IOException")).isEqualTo(2);
		assertThat(failures("poller", "IllegalStateException")).isEqualTo(1);
		assertThat(failures("poller", "none")).isZero();
		assertThat(this.registry.find("run.actor.failures").tag("exception", "").counter()).isNull();
	}

	@Test
	void aMeterThatThrowsCostsThatMeterAlone() {
		this.registry.config().meterFilter(new MeterFilter() {
			@Override
			public Meter.Id map(Meter.Id id) {
				if ("IOException".equals(id.getTag("exception")) || id.getName().equals("run.actor.restarts")
						|| id.getName().equals("run.actor.ready")) {
					throw new IllegalArgumentException("no " + id);
				}
				return id;
			}
		});
		this.metrics.bind();
		for (int i = 0; i < 3; i++) {
			this.metrics.executionEnded("poller", new Outcome.Failed(new IOException()), 1);
			this.metrics.executionEnded("poller", new Outcome.Failed(new IllegalStateException()), 1);
			this.metrics.memberRestarted("poller");
		}
		assertThat(executions("poller", "failed")).isEqualTo(6);
		assertThat(failures("poller", "IllegalStateException")).isEqualTo(3);
		assertThat(this.registry.find("run.actor.failures").tag("exception", "IOException").counter()).isNull();
		assertThat(consecutiveFailures("poller")).isZero();
		assertThat(this.warnings).hasSize(3)
			.anyMatch((warning) -> warning.contains("'run.actor.failures'"))
			.anyMatch((warning) -> warning.contains("'run.actor.restarts'"))
			.anyMatch((warning) -> warning.contains("'run.actor.ready'"));
	}

	@Test
	void aRegistryThatThrowsWhenItCountsCostsThatMeterAlone() {
		SimpleMeterRegistry throwing = new SimpleMeterRegistry() {
			@Override
			protected Counter newCounter(Meter.Id id) {
				return new CumulativeCounter(id) {
					@Override
					public void increment(double amount) {
						throw new IllegalStateException("disk full");
					}
				};
			}
		};
		this.provided.set(throwing);
		this.metrics.executionEnded("poller", new Outcome.Failed(new IOException()), 1);
		this.metrics.executionEnded("poller", new Outcome.Failed(new IOException()), 1);
		assertThat(throwing.get("run.actor.executions").tag("outcome", "failed").timer().count()).isEqualTo(2);
		assertThat(this.warnings).singleElement().asString().contains("'run.actor.failures'");
	}

	@Test
	void exceptionTagsAreBounded() {
		GuardedRegistry guarded = new GuardedRegistry(() -> this.registry);
		assertThat(guarded.find()).isTrue();
		ActorMeters meters = new ActorMeters(guarded, "poller");
		for (int i = 0; i < 200; i++) {
			meters.failed("Generated" + i + "Exception");
		}
		assertThat(this.registry.find("run.actor.failures").counters()).hasSize(ActorMeters.MAX_EXCEPTIONS + 1);
		assertThat(this.registry.find("run.actor.failures").counters().stream().mapToDouble(Counter::count).sum())
			.isEqualTo(200);
		assertThat(failures("poller", "other")).isPositive();
	}

	@Test
	void restartsAndStopsAreCounted() {
		this.metrics.memberRestarted("poller");
		this.metrics.memberStopped("poller", Duration.ofMillis(20).toNanos());
		assertThat(this.registry.get("run.actor.restarts").tag("actor", "poller").counter().count()).isEqualTo(1);
		assertThat(this.registry.get("run.actor.stop").tag("actor", "poller").timer().count()).isEqualTo(1);
		assertThat(this.registry.get("run.actor.stop").tag("actor", "poller").timer().totalTime(TimeUnit.MILLISECONDS))
			.isEqualTo(20);
	}

	@Test
	void attemptsAreCountedByOutcome() {
		this.metrics.attemptEnded(AttemptOutcome.RETRIED);
		this.metrics.attemptEnded(AttemptOutcome.RETRIED);
		this.metrics.attemptEnded(AttemptOutcome.SUCCESS);
		assertThat(this.registry.get("run.retry.attempts").tag("outcome", "retried").counter().count()).isEqualTo(2);
		assertThat(this.registry.get("run.retry.attempts").tag("outcome", "success").counter().count()).isEqualTo(1);
	}

	@Test
	void gaugesFollowTheGroupThatRunsNow() {
		this.metrics.bind();
		Instant now = Instant.ofEpochMilli(this.clock.wallTime());
		this.snapshot.set(group(member("poller", MemberState.RUNNING, now.minusMillis(1500)),
				member("writer", MemberState.WAITING, now)));
		assertThat(actors(MemberState.RUNNING)).isEqualTo(1);
		assertThat(actors(MemberState.WAITING)).isEqualTo(1);
		assertThat(actors(MemberState.NEW)).isZero();
		assertThat(age("poller")).isEqualTo(1.5);
		this.clock.add(Duration.ofSeconds(2));
		assertThat(age("poller")).isEqualTo(3.5);
		this.snapshot.set(group(member("poller", MemberState.NEW, null)));
		assertThat(age("poller")).isZero();
		this.snapshot.set(null);
		assertThat(actors(MemberState.NEW)).isZero();
		assertThat(age("poller")).isZero();
	}

	@Test
	void gaugesShowReadinessAndConsecutiveFailures() {
		this.metrics.bind();
		this.snapshot.set(group(failing("poller", 7), member("writer", MemberState.RUNNING, null)));
		assertThat(ready("poller")).isZero();
		assertThat(consecutiveFailures("poller")).isEqualTo(7);
		assertThat(ready("writer")).isEqualTo(1);
		assertThat(consecutiveFailures("writer")).isZero();
	}

	@Test
	void anActorOfTwoContextsIsAsIllAsTheWorse() {
		this.snapshot.set(group(member("poller", MemberState.RUNNING, null)));
		this.metrics.bind();
		GroupMetrics child = new GroupMetrics(this.provided::get, () -> group(failing("poller", 2)), () -> 0);
		child.bind();
		assertThat(ready("poller")).isZero();
		assertThat(consecutiveFailures("poller")).isEqualTo(2);
		child.close();
		assertThat(ready("poller")).isEqualTo(1);
		assertThat(consecutiveFailures("poller")).isZero();
	}

	@Test
	void aScrapeOfManyActorsTakesFewSnapshots() {
		MemberSnapshot[] members = new MemberSnapshot[1000];
		Arrays.setAll(members, (i) -> failing("actor-" + i, i));
		GroupSnapshot many = group(members);
		AtomicInteger snapshots = new AtomicInteger();
		GroupMetrics large = new GroupMetrics(this.provided::get, () -> {
			snapshots.incrementAndGet();
			return many;
		}, () -> 0);
		large.bind();
		snapshots.set(0);
		double failures = 0;
		for (Gauge gauge : this.registry.find("run.actor.consecutive.failures").gauges()) {
			failures += gauge.value();
		}
		assertThat(failures).isEqualTo(499_500);
		// One if that took less than a tenth of a second
		assertThat(snapshots).hasValueBetween(1, 100);
		large.close();
	}

	@Test
	void gaugesOutliveGarbageCollection() {
		this.metrics.bind();
		System.gc();
		assertThat(actors(MemberState.NEW)).isEqualTo(2);
		assertThat(age("poller")).isZero();
	}

	@Test
	void countersGoOnWhenTheGroupIsStartedAgain() {
		this.metrics.bind();
		this.metrics.executionEnded("poller", new Outcome.Failed(new IOException()), 1);
		this.metrics.groupStopped(null);
		this.snapshot.set(group(member("poller", MemberState.NEW, null)));
		this.metrics.bind();
		List<Meter> before = this.registry.getMeters();
		this.metrics.memberStarted("poller");
		this.metrics.executionEnded("poller", new Outcome.Failed(new IOException()), 1);
		assertThat(failures("poller", "IOException")).isEqualTo(2);
		assertThat(this.registry.getMeters()).hasSameSizeAs(before);
	}

	@Test
	void aMemberThatIsAddedLaterIsRegisteredWhenItStarts() {
		this.metrics.bind();
		this.metrics.memberStarted("late");
		assertThat(failures("late", "none")).isZero();
		assertThat(executions("late", "completed")).isZero();
	}

	@Test
	void aRegistryThatComesLateGetsAllMetersOnce() {
		this.provided.set(null);
		this.metrics.bind();
		this.metrics.executionEnded("poller", new Outcome.Completed(), 1);
		this.metrics.attemptEnded(AttemptOutcome.SUCCESS);
		this.provided.set(this.registry);
		this.metrics.memberStarted("writer");
		this.metrics.bind();
		assertThat(this.registry.find("run.actor.progress.age").gauges()).hasSize(2);
		assertThat(this.registry.find("run.actor.failures").counters()).hasSize(2);
		assertThat(this.registry.find("run.actors").gauges()).hasSize(MemberState.values().length + 1);
	}

	@Test
	void theFirstEventWithARegistryRegistersThoseWhoHaveNone() {
		this.provided.set(null);
		this.metrics.bind();
		this.metrics.memberStarted("poller");
		this.metrics.memberStarted("writer");
		this.provided.set(this.registry);
		this.metrics.executionEnded("poller", new Outcome.Completed(), 1);
		assertThat(executions("poller", "completed")).isEqualTo(1);
		assertThat(executions("writer", "completed")).isZero();
		assertThat(ready("writer")).isZero();
		assertThat(this.registry.find("run.retry.attempts").counters()).hasSize(4);
	}

	@Test
	void aRegistryThatJoinsACompositeLaterGetsAllMeters() {
		CompositeMeterRegistry composite = new CompositeMeterRegistry(this.clock);
		this.provided.set(composite);
		this.metrics.bind();
		composite.add(this.registry);
		this.metrics.executionEnded("poller", new Outcome.Completed(), 1);
		assertThat(executions("poller", "completed")).isEqualTo(1);
		assertThat(actors(MemberState.NEW)).isEqualTo(2);
		assertThat(age("writer")).isZero();
	}

	@Test
	void aRegistryThatOutlivesTheContextShowsTheNextOne() {
		this.metrics.bind();
		this.metrics.executionEnded("poller", new Outcome.Completed(), 1);
		this.metrics.close();
		GroupMetrics next = new GroupMetrics(this.provided::get,
				() -> group(member("poller", MemberState.RUNNING, null)), () -> 0);
		next.bind();
		next.executionEnded("poller", new Outcome.Completed(), 1);
		assertThat(actors(MemberState.RUNNING)).isEqualTo(1);
		assertThat(actors(MemberState.NEW)).isZero();
		assertThat(executions("poller", "completed")).isEqualTo(2);
	}

	@Test
	void gaugesOfARegistryCountTheGroupsOfAllContextsThatShareIt() {
		Instant now = Instant.ofEpochMilli(this.clock.wallTime());
		this.metrics.bind();
		GroupMetrics child = new GroupMetrics(this.provided::get,
				() -> group(member("poller", MemberState.NEW, null), member("child", MemberState.RUNNING, now)),
				() -> 1);
		child.bind();
		this.clock.add(Duration.ofSeconds(2));
		assertThat(actors(MemberState.NEW)).isEqualTo(3);
		assertThat(actors(MemberState.RUNNING)).isEqualTo(1);
		assertThat(this.registry.get("run.actors").tag("state", "disabled").gauge().value()).isEqualTo(4);
		assertThat(age("child")).isEqualTo(2);
		child.close();
		assertThat(actors(MemberState.NEW)).isEqualTo(2);
		assertThat(actors(MemberState.RUNNING)).isZero();
		assertThat(age("poller")).isZero();
		assertThat(this.registry.find("run.actor.progress.age").tag("actor", "child").gauge()).isNull();
		this.metrics.close();
		assertThat(this.registry.find("run.actors").gauges()).isEmpty();
		assertThat(this.registry.find("run.actor.progress.age").gauges()).isEmpty();
	}

	@Test
	void anActorOfTwoContextsIsAsOldAsTheOlder() {
		Instant now = Instant.ofEpochMilli(this.clock.wallTime());
		this.snapshot.set(group(member("poller", MemberState.RUNNING, now)));
		this.metrics.bind();
		GroupMetrics child = new GroupMetrics(this.provided::get,
				() -> group(member("poller", MemberState.RUNNING, now.minusSeconds(5))), () -> 0);
		child.bind();
		assertThat(age("poller")).isEqualTo(5);
		child.close();
		assertThat(age("poller")).isZero();
	}

	@Test
	void whatComesAfterTheEndLeavesNoGaugeBehind() {
		this.metrics.bind();
		this.metrics.close();
		this.metrics.memberStarted("late");
		this.metrics.bind();
		this.metrics.close();
		assertThat(this.registry.find("run.actor.progress.age").gauges()).isEmpty();
		assertThat(this.registry.find("run.actors").gauges()).isEmpty();
	}

	@Test
	void contextsThatComeAndGoAtOnceLeaveTheGaugesOfThoseWhoStay() throws Exception {
		ExecutorService threads = Executors.newFixedThreadPool(4);
		try {
			for (int round = 0; round < 300; round++) {
				GroupMetrics leaving = new GroupMetrics(this.provided::get, this.snapshot::get, () -> 0);
				leaving.bind();
				GroupMetrics staying = new GroupMetrics(this.provided::get, this.snapshot::get, () -> 0);
				CyclicBarrier begin = new CyclicBarrier(2);
				List<Future<?>> both = List.of(threads.submit(() -> {
					begin.await();
					leaving.close();
					return null;
				}), threads.submit(() -> {
					begin.await();
					staying.bind();
					return null;
				}));
				for (Future<?> one : both) {
					one.get(10, TimeUnit.SECONDS);
				}
				assertThat(this.registry.find("run.actors").gauges()).hasSize(MemberState.values().length + 1);
				assertThat(this.registry.find("run.actor.ready").gauges()).hasSize(2);
				staying.close();
				assertThat(this.registry.find("run.actors").gauges()).isEmpty();
				assertThat(this.registry.find("run.actor.ready").gauges()).isEmpty();
			}
		}
		finally {
			threads.shutdownNow();
		}
	}

	@Test
	void eventsFromManyThreadsAreAllCounted() throws Exception {
		ExecutorService threads = Executors.newFixedThreadPool(8);
		CountDownLatch begin = new CountDownLatch(1);
		try {
			for (int i = 0; i < 8; i++) {
				threads.execute(() -> {
					awaitUninterruptibly(begin);
					for (int n = 0; n < 1000; n++) {
						this.metrics.executionEnded("poller", new Outcome.Failed(new IOException()), 1);
					}
				});
			}
			begin.countDown();
		}
		finally {
			threads.shutdown();
			assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
		}
		assertThat(failures("poller", "IOException")).isEqualTo(8000);
		assertThat(executions("poller", "failed")).isEqualTo(8000);
	}

	@Test
	void prometheusSeesTheseNames() {
		PrometheusMeterRegistry prometheus = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
		this.provided.set(prometheus);
		this.metrics.bind();
		this.metrics.executionEnded("poller", new Outcome.Failed(new IOException()), 1);
		assertThat(prometheus.scrape().lines()).contains(
				"run_actor_failures_total{actor=\"poller\",exception=\"none\"} 0.0",
				"run_actor_failures_total{actor=\"poller\",exception=\"IOException\"} 1.0",
				"run_actor_executions_seconds_count{actor=\"poller\",outcome=\"failed\"} 1",
				"run_actor_executions_seconds_count{actor=\"poller\",outcome=\"completed\"} 0",
				"run_actor_executions_seconds_sum{actor=\"poller\",outcome=\"interrupted\"} 0.0",
				"run_actor_restarts_total{actor=\"writer\"} 0.0",
				"run_actor_progress_age_seconds{actor=\"poller\"} 0.0", "run_actor_ready{actor=\"poller\"} 0.0",
				"run_actor_consecutive_failures{actor=\"poller\"} 0.0", "run_actor_stalls_total{actor=\"poller\"} 0.0",
				"run_actor_stop_seconds_count{actor=\"poller\"} 0", "run_actors{state=\"new\"} 2.0",
				"run_actors{state=\"running\"} 0.0", "run_retry_attempts_total{outcome=\"exhausted\"} 0.0");
		assertThat(prometheus.scrape().lines().filter((line) -> line.startsWith("# HELP run_")))
			.hasSize((int) prometheus.scrape().lines().filter((line) -> line.startsWith("# TYPE run_")).count())
			.allSatisfy((line) -> assertThat(line.split(" ", 4)).hasSize(4));
	}

	private double executions(String actor, String outcome) {
		return this.registry.get("run.actor.executions").tags("actor", actor, "outcome", outcome).timer().count();
	}

	private double failures(String actor, String exception) {
		return this.registry.get("run.actor.failures").tags("actor", actor, "exception", exception).counter().count();
	}

	private double actors(MemberState state) {
		return this.registry.get("run.actors").tag("state", state.name().toLowerCase(Locale.ROOT)).gauge().value();
	}

	private double age(String actor) {
		return this.registry.get("run.actor.progress.age").tag("actor", actor).gauge().value();
	}

	private double ready(String actor) {
		return this.registry.get("run.actor.ready").tag("actor", actor).gauge().value();
	}

	private double consecutiveFailures(String actor) {
		return this.registry.get("run.actor.consecutive.failures").tag("actor", actor).gauge().value();
	}

	private static GroupSnapshot group(MemberSnapshot... members) {
		return new GroupSnapshot("run", GroupState.RUNNING, null, List.of(members));
	}

	private static MemberSnapshot member(String name, MemberState state, @Nullable Instant lastProgress) {
		boolean ready = state != MemberState.NEW;
		return new MemberSnapshot(name, state, ready, 0, 0, 0, 0, null, null, null, null, lastProgress);
	}

	private static MemberSnapshot failing(String name, int failures) {
		return new MemberSnapshot(name, MemberState.WAITING, false, failures, failures, failures, failures, null, null,
				null, null, null);
	}

	private static void awaitUninterruptibly(CountDownLatch latch) {
		try {
			assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}
