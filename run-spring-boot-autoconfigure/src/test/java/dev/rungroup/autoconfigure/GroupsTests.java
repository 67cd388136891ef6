package dev.rungroup.autoconfigure;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

import dev.rungroup.actuate.ActorsEndpoint;
import dev.rungroup.actuate.ActorsEndpoint.ActorDescriptor;
import dev.rungroup.actuate.ActorsHealthIndicator;
import dev.rungroup.annotation.Actor;
import dev.rungroup.context.ActorFailureHandler;
import dev.rungroup.context.GroupDefinition;
import dev.rungroup.context.GroupLifecycle;
import dev.rungroup.context.InvalidActorException;
import dev.rungroup.core.Backoff;
import dev.rungroup.core.Body;
import dev.rungroup.core.GroupListener;
import dev.rungroup.core.GroupSnapshot;
import dev.rungroup.core.GroupState;
import dev.rungroup.core.Member;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.MemberSettings;
import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.Policy;
import dev.rungroup.core.RestartStrategy;
import dev.rungroup.core.StopReason;
import dev.rungroup.metrics.GroupMetrics;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.context.LifecycleAutoConfiguration;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.LivenessState;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.ContextRefreshedEvent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for groups inside the application's group.
 */
@Tag("once")
@ExtendWith(OutputCaptureExtension.class)
class GroupsTests {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private static final String[] RESTARTED = { "run.groups.imports.on-error=restart",
			"run.groups.imports.retry.delay=1ms", "run.retry.jitter=0ms" };

	private static final String[] BACKING_OFF = { "run.groups.imports.on-error=restart",
			"run.groups.imports.retry.delay=1h" };

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(RunAutoConfiguration.class))
		.withUserConfiguration(Imports.class);

	@Test
	void actorsOfAGroupAreItsMembersInTheOrderOfTheirBeans() {
		this.runner.run((context) -> {
			awaitState(context, "parser", MemberState.RUNNING);
			awaitState(context, "writer", MemberState.RUNNING);
			GroupSnapshot snapshot = lifecycle(context).snapshot();
			assertThat(snapshot.members()).extracting(MemberSnapshot::name).containsExactly("imports", "server");
			assertThat(snapshot.groups()).containsOnlyKeys("imports");
			assertThat(snapshot.groups().get("imports").members()).extracting(MemberSnapshot::name)
				.containsExactly("parser", "writer");
			assertThat(lifecycle(context).groups()).isEqualTo(Map.of("imports", List.of("parser", "writer")));
			assertThat(lifecycle(context).flatSnapshot().members()).extracting(MemberSnapshot::name)
				.containsExactly("imports", "parser", "writer", "server");
		});
	}

	@Test
	void beforeTheStartAllMembersAreNew() {
		this.runner.withPropertyValues("run.auto-startup=false").run((context) -> {
			GroupSnapshot imports = lifecycle(context).snapshot().groups().get("imports");
			assertThat(imports).isNotNull();
			assertThat(imports.state()).isEqualTo(GroupState.NEW);
			assertThat(imports.members()).extracting(MemberSnapshot::state)
				.containsExactly(MemberState.NEW, MemberState.NEW);
		});
	}

	@Test
	void failureEndsItsGroupWhichIsRestartedAloneAndIsToldOnce(CapturedOutput output) {
		this.runner.withPropertyValues(RESTARTED)
			.withPropertyValues("run.groups.imports.max-restarts=3", "run.groups.imports.within=10m",
					"run.groups.imports.on-exhausted=do-nothing")
			.run((context) -> {
				Imports imports = context.getBean(Imports.class);
				awaitExecutions(1, imports.parser, imports.writer, imports.server);
				imports.parser.fail("disk full");
				awaitExecutions(2, imports.parser, imports.writer);
				// With that it is said that it works again
				Awaitility.await().atMost(LIMIT).until(() -> member(context, "imports").ready());
				assertThat(imports.server.executions).as("outside").hasValue(1);
				assertThat(member(context, "imports").restarts()).isOne();
			});
		assertThat(output).contains("Starting actors imports (parser, writer), server")
			.contains("Actor 'parser' of group 'imports' failed and ends its group: ")
			.contains("Group 'imports' restarts in 1ms (1 of 3 within 10m): actor 'parser' failed: "
					+ "java.lang.IllegalStateException: disk full")
			.contains("Group 'imports' works again after 1 failure");
		assertThat(output.toString().split("\tat dev.rungroup.autoconfigure.GroupsTests\\$Work.run", -1))
			.as("one failure is one stack trace")
			.hasSize(2);
	}

	@Test
	void groupThatIsStoppedIsNotSaidToEndByItself(CapturedOutput output) {
		this.runner.run((context) -> {
			awaitState(context, "parser", MemberState.RUNNING);
			lifecycle(context).stopMember("imports");
			// Before all are stopped, which is one line for all
			awaitOutput(output, "Group 'imports' ended: stopped");
		});
		assertThat(output).doesNotContain("ends its group");
	}

	@Test
	void strategySaysWhoIsRestartedAlongWithAnActorWithoutAnEndOfTheGroup(CapturedOutput output) {
		this.runner
			.withPropertyValues("run.groups.imports.strategy=all", "run.actors.parser.on-error=restart",
					"run.actors.parser.retry.delay=1ms")
			.run((context) -> {
				Imports imports = context.getBean(Imports.class);
				awaitExecutions(1, imports.parser, imports.writer, imports.server);
				imports.parser.fail("disk full");
				awaitExecutions(2, imports.parser, imports.writer);
				assertThat(member(context, "parser").restarts()).isOne();
				assertThat(member(context, "writer").restarts()).isZero();
				assertThat(member(context, "imports").executions()).isOne();
				assertThat(imports.server.executions).hasValue(1);
			});
		assertThat(output).contains("Actor 'parser' of group 'imports' failed: ");
	}

	@Test
	void strategyOfTheApplicationsGroupIsAProperty() {
		this.runner
			.withPropertyValues("run.strategy=all", "run.actors.server.on-error=restart",
					"run.actors.server.retry.delay=1ms")
			.run((context) -> {
				Imports imports = context.getBean(Imports.class);
				awaitExecutions(1, imports.parser, imports.writer, imports.server);
				imports.server.fail("port taken");
				awaitExecutions(2, imports.writer, imports.server);
				assertThat(member(context, "imports").executions()).as("restarted along").isEqualTo(2);
				assertThat(member(context, "imports").restarts()).isZero();
			});
	}

	@Test
	void groupThatHasUsedUpItsRestartsIsDownAndTheApplicationGoesOn(CapturedOutput output) {
		this.runner.withConfiguration(AutoConfigurations.of(RunHealthAutoConfiguration.class))
			.withPropertyValues(RESTARTED)
			.withPropertyValues("run.groups.imports.max-restarts=1", "run.groups.imports.on-exhausted=do-nothing")
			.run((context) -> {
				awaitState(context, "server", MemberState.RUNNING);
				context.getBean(Imports.class).parser.alwaysFail("disk full");
				awaitState(context, "imports", MemberState.FAILED);
				assertThat(lifecycle(context).exhaustedActors()).contains("imports");
				Health health = health(context);
				assertThat(health.getStatus()).isEqualTo(Status.DOWN);
				assertThat(details(health, "imports")).containsEntry("state", "FAILED")
					.containsEntry("reason",
							"failed, its restart limit is reached: java.lang.IllegalStateException: disk full");
				assertThat(details(health, "writer").get("reason")).asString().startsWith("its group: failed");
				assertThat(details(health, "server")).containsEntry("state", "RUNNING");
			});
		assertThat(output).contains("Group 'imports' ended: failed: actor 'parser' failed again, 2 times the same: ");
	}

	@Test
	void whileAGroupBacksOffItsActorsDoNotCountAsFailed() {
		this.runner.withConfiguration(AutoConfigurations.of(RunHealthAutoConfiguration.class))
			.withPropertyValues(BACKING_OFF)
			.run((context) -> {
				// Waiting is also what it is called before its first execution
				awaitState(context, "parser", MemberState.RUNNING);
				context.getBean(Imports.class).parser.fail("disk full");
				awaitState(context, "imports", MemberState.WAITING);
				assertThat(member(context, "parser").state()).isEqualTo(MemberState.FAILED);
				Health health = health(context);
				assertThat(health.getStatus()).isEqualTo(Status.UP);
				assertThat(details(health, "parser").get("reason")).asString()
					.startsWith("its group: 1 failure in a row, next execution at ");
			});
	}

	@Test
	void whileAFailedGroupIsStillEndingItsActorsDoNotCountAsFailedEither() {
		this.runner.withConfiguration(AutoConfigurations.of(RunHealthAutoConfiguration.class))
			.withPropertyValues(BACKING_OFF)
			.run((context) -> {
				Imports imports = context.getBean(Imports.class);
				awaitState(context, "writer", MemberState.RUNNING);
				imports.writer.stuck = true;
				imports.parser.fail("disk full");
				awaitState(context, "parser", MemberState.FAILED);
				Health health = health(context);
				assertThat(health.getStatus()).isEqualTo(Status.UP);
				assertThat(details(health, "parser").get("reason")).isEqualTo("its group: not ready");
				imports.writer.stuck = false;
				awaitState(context, "imports", MemberState.WAITING);
			});
	}

	@Test
	void groupThatFailsByItselfNamesNoActor(CapturedOutput output) {
		this.runner
			.withPropertyValues("run.groups.imports.ready-timeout=10ms", "run.actors.parser.ready-timeout=1h",
					"run.groups.imports.on-error=do-nothing")
			.run((context) -> awaitState(context, "imports", MemberState.FAILED));
		assertThat(output).contains("Group 'imports' ended: failed: java.util.concurrent.TimeoutException: ")
			.doesNotContain("actor 'imports'");
	}

	@Test
	void requiredGroupAndRequiredActorInsideRefuseTraffic() {
		for (String required : List.of("run.groups.imports.required=true", "run.actors.writer.required=true")) {
			withAvailability().withPropertyValues(BACKING_OFF).withPropertyValues(required).run((context) -> {
				Awaitility.await()
					.atMost(LIMIT)
					.until(() -> availability(context).getReadinessState() == ReadinessState.ACCEPTING_TRAFFIC);
				awaitState(context, "parser", MemberState.RUNNING);
				context.getBean(Imports.class).parser.fail("disk full");
				awaitState(context, "imports", MemberState.WAITING);
				assertThat(availability(context).getReadinessState()).as(required)
					.isEqualTo(ReadinessState.REFUSING_TRAFFIC);
				assertThat(availability(context).getLivenessState()).isEqualTo(LivenessState.CORRECT);
			});
		}
	}

	@Test
	void livenessIsBrokenByAGroupThatHasFailedForGoodOnlyIfItIsRequired() {
		for (boolean required : new boolean[] { true, false }) {
			withAvailability()
				.withPropertyValues("run.groups.imports.on-error=do-nothing", "run.groups.imports.required=" + required)
				.run((context) -> {
					context.getBean(Imports.class).parser.fail("disk full");
					awaitState(context, "imports", MemberState.FAILED);
					assertThat(availability(context).getLivenessState())
						.isEqualTo((required) ? LivenessState.BROKEN : LivenessState.CORRECT);
				});
		}
	}

	private ApplicationContextRunner withAvailability() {
		return this.runner.withConfiguration(AutoConfigurations.of(RunAvailabilityAutoConfiguration.class))
			.withInitializer((context) -> context.addApplicationListener((event) -> {
				if (event instanceof ContextRefreshedEvent) {
					AvailabilityChangeEvent.publish(context, LivenessState.CORRECT);
					AvailabilityChangeEvent.publish(context, ReadinessState.ACCEPTING_TRAFFIC);
				}
			}));
	}

	@Test
	void endpointShowsGroupsAndControlsThem() {
		this.runner.withPropertyValues(BACKING_OFF).run((context) -> {
			ActorsEndpoint endpoint = new ActorsEndpoint(lifecycle(context));
			awaitState(context, "writer", MemberState.RUNNING);
			Awaitility.await().atMost(LIMIT).until(() -> member(context, "imports").ready());
			assertThat(endpoint.actors().actors()).containsOnlyKeys("parser", "writer", "server");
			assertThat(endpoint.actors().actors().get("parser")).extracting(ActorDescriptor::group)
				.isEqualTo("imports");
			assertThat(endpoint.actors().actors().get("server")).extracting(ActorDescriptor::group).isNull();
			assertThat(endpoint.actors().groups()).containsOnlyKeys("imports");
			ActorDescriptor group = endpoint.actor("imports");
			assertThat(group).isNotNull();
			assertThat(group.state()).isEqualTo("RUNNING");
			assertThat(group.ready()).isTrue();
			assertThat(group.members()).containsExactly("parser", "writer");

			context.getBean(Imports.class).parser.fail("disk full");
			awaitState(context, "imports", MemberState.WAITING);
			assertThatIllegalStateException().isThrownBy(() -> endpoint.control("writer", "stop"))
				.withMessage("Group 'imports' of actor 'writer' is not running");
			endpoint.control("imports", "stop");
			awaitState(context, "imports", MemberState.STOPPED);
			endpoint.control("imports", "start");
			awaitState(context, "writer", MemberState.RUNNING);
			endpoint.control("writer", "stop");
			awaitState(context, "writer", MemberState.STOPPED);
			endpoint.control("writer", "start");
			awaitState(context, "writer", MemberState.RUNNING);
			awaitExecutions(2, context.getBean(Imports.class).parser);
			endpoint.control("imports", "restart");
			awaitExecutions(3, context.getBean(Imports.class).parser);
			assertThatExceptionOfType(NoSuchElementException.class)
				.isThrownBy(() -> endpoint.control("nobody", "stop"));
		});
	}

	@Test
	void disabledGroupTakesItsActorsWithIt() {
		this.runner.withPropertyValues("run.groups.imports.enabled=false").run((context) -> {
			awaitState(context, "server", MemberState.RUNNING);
			ActorsEndpoint endpoint = new ActorsEndpoint(lifecycle(context));
			assertThat(lifecycle(context).disabledActors()).containsExactly("imports", "parser", "writer");
			assertThat(endpoint.actors().groups().get("imports").members()).containsExactly("parser", "writer");
			assertThat(endpoint.actors().actors().get("parser").state()).isEqualTo("DISABLED");
			assertThatIllegalStateException().isThrownBy(() -> endpoint.control("imports", "start"))
				.withMessageContaining("'run.groups.imports.enabled'");
			assertThatIllegalStateException().isThrownBy(() -> endpoint.control("parser", "start"))
				.withMessageContaining("its group by 'run.groups.imports.enabled'");
		});
	}

	@Test
	void groupWhoseActorsAreAllDisabledIsDisabled() {
		this.runner.withPropertyValues("run.actors.parser.enabled=false", "run.actors.writer.enabled=false")
			.run((context) -> {
				awaitState(context, "server", MemberState.RUNNING);
				assertThat(lifecycle(context).disabledActors()).containsExactly("imports", "parser", "writer");
			});
	}

	@Test
	void eachSettingOfAGroupCanBeSet() {
		this.runner
			.withPropertyValues("run.auto-startup=false", "run.groups.IMPORTS.strategy=rest",
					"run.groups.IMPORTS.on-done=do-nothing", "run.groups.IMPORTS.on-error=restart",
					"run.groups.IMPORTS.delay=1s", "run.groups.IMPORTS.initial-delay=2s",
					"run.groups.IMPORTS.max-restarts=3", "run.groups.IMPORTS.within=10m",
					"run.groups.IMPORTS.on-exhausted=do-nothing", "run.groups.IMPORTS.stage=7",
					"run.groups.IMPORTS.required=true", "run.groups.IMPORTS.retry.delay=5s")
			.run((context) -> {
				GroupDefinition group = lifecycle(context).groupNamed("imports");
				assertThat(group).isNotNull();
				assertThat(group.strategy()).isEqualTo(RestartStrategy.REST);
				assertThat(group.required()).isTrue();
				assertThat(group.enabled()).isTrue();
				assertThat(group.settings()).usingRecursiveComparison()
					.isEqualTo(MemberSettings.builder()
						.onDone(Policy.DO_NOTHING)
						.onError(Policy.RESTART)
						.delay(Duration.ofSeconds(1))
						.initialDelay(Duration.ofSeconds(2))
						.maxRestarts(3)
						.within(Duration.ofMinutes(10))
						.onExhausted(Policy.DO_NOTHING)
						.stage(7)
						.backoff(new Backoff(Duration.ofSeconds(5), 2, Duration.ofSeconds(30), Duration.ofMillis(100),
								Duration.ofMinutes(1)))
						.build());
			});
	}

	@Test
	void groupThatIsDoneEndsTheApplicationsGroupAndNamesWho(CapturedOutput output) {
		this.runner.run((context) -> {
			context.getBean(Imports.class).parser.done = true;
			Awaitility.await().atMost(LIMIT).until(() -> !lifecycle(context).isRunning());
		});
		assertThat(output).contains("Actor 'parser' of group 'imports' is done and ends its group")
			.contains("Actor 'parser' of group 'imports' is done and ends the group of actors");
	}

	@Test
	void actorOfAGroupThatStallsIsNamedAndRestarted(CapturedOutput output) {
		this.runner.withConfiguration(AutoConfigurations.of(RunHealthAutoConfiguration.class))
			.withPropertyValues("run.actors.parser.stall-after=50ms", "run.actors.parser.required=true")
			.run((context) -> {
				awaitOutput(output, "Actor 'parser' of group 'imports' is stalled");
				assertThat(health(context).getStatus()).isEqualTo(Status.DOWN);
			});
		assertThat(output).contains("GroupsTests$Work.run");
		this.runner.withPropertyValues("run.actors.parser.stall-after=50ms", "run.actors.parser.on-stall=restart")
			.run((context) -> Awaitility.await()
				.atMost(LIMIT)
				.until(() -> context.getBean(Imports.class).parser.executions.get() > 1));
	}

	@Test
	void stopsOfTheApplicationWinOverRestartsOfAGroup() {
		for (int i = 0; i < 10; i++) {
			this.runner.withPropertyValues(RESTARTED).run((context) -> {
				Imports imports = context.getBean(Imports.class);
				imports.parser.alwaysFail("disk full");
				Awaitility.await().atMost(LIMIT).until(() -> imports.parser.executions.get() > 2);
				lifecycle(context).stop();
				int executions = imports.parser.executions.get();
				assertThat(lifecycle(context).isRunning()).isFalse();
				Thread.sleep(5);
				assertThat(imports.parser.executions).hasValue(executions);
				// New if the stop came while its group was being made
				assertThat(member(context, "writer").state()).matches((it) -> it.isEnded() || it == MemberState.NEW);
				lifecycle(context).start();
				Awaitility.await().atMost(LIMIT).until(() -> imports.parser.executions.get() > executions);
			});
		}
	}

	@Test
	void groupOfAnActorCanBeChanged() {
		this.runner.withPropertyValues("run.actors.parser.group=", "run.actors.server.group=Imports").run((context) -> {
			awaitState(context, "writer", MemberState.RUNNING);
			assertThat(lifecycle(context).groups()).isEqualTo(Map.of("imports", List.of("writer", "server")));
			assertThat(lifecycle(context).groupOf("parser")).isNull();
		});
	}

	@Test
	void concurrentActorOfAGroupIsSeveralMembersOfIt() {
		this.runner.withPropertyValues("run.actors.writer.concurrency=2").run((context) -> {
			awaitState(context, "writer-2", MemberState.RUNNING);
			assertThat(lifecycle(context).groups())
				.isEqualTo(Map.of("imports", List.of("parser", "writer-1", "writer-2")));
			assertThat(lifecycle(context).groupOf("writer-2")).isEqualTo("imports");
		});
	}

	@Test
	void metersGoOnFromOneMakingOfTheGroupToTheNext() {
		SimpleMeterRegistry meters = new SimpleMeterRegistry();
		this.runner.withConfiguration(AutoConfigurations.of(RunMetricsAutoConfiguration.class))
			.withBean(MeterRegistry.class, () -> meters)
			.withPropertyValues(RESTARTED)
			.run((context) -> {
				Imports imports = context.getBean(Imports.class);
				awaitExecutions(1, imports.parser, imports.writer, imports.server);
				for (int i = 1; i <= 2; i++) {
					imports.parser.fail("disk full");
					awaitExecutions(i + 1, imports.parser, imports.writer);
				}
				Awaitility.await().atMost(LIMIT).until(() -> member(context, "imports").ready());
				for (String name : List.of("parser", "imports")) {
					assertThat(meters.get(GroupMetrics.FAILURES)
						.tags("actor", name, "exception", "IllegalStateException")
						.counter()
						.count()).as(name).isEqualTo(2);
				}
				assertThat(meters.get(GroupMetrics.RESTARTS).tags("actor", "imports").counter().count()).isEqualTo(2);
				assertThat(meters.get(GroupMetrics.READY).tags("actor", "parser").gauge().value()).isOne();
				assertThat(meters.get(GroupMetrics.READY).tags("actor", "imports").gauge().value()).isOne();
				assertThat(meters.get(GroupMetrics.ACTORS).tags("state", "running").gauge().value()).isEqualTo(4);
			});
	}

	@Test
	void listenersHearMembersOfAllGroupsButOnlyTheEndOfTheApplications() {
		Listener listener = new Listener();
		this.runner.withBean(Listener.class, () -> listener).withPropertyValues(RESTARTED).run((context) -> {
			Imports imports = context.getBean(Imports.class);
			awaitExecutions(1, imports.parser, imports.writer, imports.server);
			imports.parser.fail("disk full");
			awaitExecutions(2, imports.writer);
			assertThat(listener.failures).containsExactly("parser disk full", "imports disk full");
			assertThat(listener.heard).contains("parser started", "writer started", "imports started", "server started")
				.doesNotContain("group stopping", "group stopped");
		});
		assertThat(listener.heard).containsOnlyOnce("group stopping", "group stopped");
	}

	@Test
	void failureThroughAGroupEndsTheApplicationsGroupAndNamesBoth(CapturedOutput output) {
		this.runner.run((context) -> {
			context.getBean(Imports.class).parser.fail("disk full");
			Awaitility.await().atMost(LIMIT).until(() -> !lifecycle(context).isRunning());
			StopReason reason = lifecycle(context).snapshot().stopReason();
			assertThat(reason).isNotNull();
			assertThat(reason.member()).isEqualTo("imports");
			assertThat(reason.cause()).hasMessage("disk full");
		});
		assertThat(output)
			.contains("Actor 'parser' of group 'imports' ends the group of actors: java.lang.IllegalStateException: "
					+ "disk full")
			.contains("1 actor ended as asked")
			.doesNotContain("did not end");
	}

	@Test
	void actorOfAGroupMayCloseTheContext() {
		// A close that waits for its own actor takes longer than LIMIT
		this.runner.withConfiguration(AutoConfigurations.of(LifecycleAutoConfiguration.class))
			.withPropertyValues("run.shutdown.timeout=2m", "run.shutdown.grace-period=2m",
					"spring.lifecycle.timeout-per-shutdown-phase=3m")
			.run((context) -> {
				awaitState(context, "parser", MemberState.RUNNING);
				ConfigurableApplicationContext closed = context.getSourceApplicationContext();
				context.getBean(Imports.class).parser.next = closed::close;
				Awaitility.await().atMost(LIMIT).until(() -> !closed.isActive());
			});
	}

	@Test
	void whoeverIsStuckInsideAGroupIsNamed(CapturedOutput output) {
		this.runner.withPropertyValues("run.shutdown.timeout=300ms", "run.shutdown.grace-period=100ms")
			.run((context) -> {
				Work parser = context.getBean(Imports.class).parser;
				awaitExecutions(1, parser);
				parser.stuck = true;
				lifecycle(context).stop();
				awaitOutput(output, "'parser' is at");
				parser.stuck = false;
			});
		assertThat(output).contains("GroupsTests$Work.run");
	}

	@Test
	void namesOfGroupsAndActorsAreOneNamespace() {
		fails("The name 'server' is given twice", "run.actors.parser.group=server");
		fails("The name 'parser' is given twice", "run.actors.parser.group=", "run.actors.server.group=parser");
		fails("differ only in case, dashes or underscores", "run.actors.parser.group=SERVER");
		fails("'server-1'", "run.actors.parser.group=server1", "run.actors.server.concurrency=2");
		this.runner.withBean(Member.class, () -> Member.named("Parser").execute(() -> {
		}).build()).run((context) -> assertThat(context).getFailure().hasMessageContaining("'Parser'"));
		this.runner.withBean(Member.class, () -> Member.named("im-ports").execute(() -> {
		}).build()).run((context) -> assertThat(context).getFailure().hasMessageContaining("'im-ports'"));
		this.runner.run((context) -> assertThatIllegalArgumentException()
			.isThrownBy(() -> lifecycle(context).add(Member.named("Imports").execute(() -> {
			}).build())));
	}

	@Test
	void unknownNamesAreTreatedAsUnknownActorsAre(CapturedOutput output) {
		fails("Did you mean 'run.groups.imports'?", "run.groups.improts.on-error=restart");
		fails("'imports' is a group", "run.actors.imports.on-error=restart");
		fails("'server' is an actor", "run.groups.server.on-error=restart");
		this.runner
			.withPropertyValues("run.groups.improts.on-error=restart", "run.actors.imports.on-error=restart",
					"run.ignore-unknown-actors=true")
			.run((context) -> assertThat(context).hasNotFailed());
		assertThat(output)
			.contains("no actor here has the name: run.actors.imports. Known are: parser, writer, server.")
			.contains("no actor here is in the group: run.groups.improts. Groups are: imports.");
		this.runner.withPropertyValues("run.groups.nightly.on-error=restart")
			.run((context) -> assertThat(lifecycle(context).groups()).containsOnlyKeys("imports"));
		assertThat(output).contains("no actor here is in the group: run.groups.nightly. Groups are: imports.");
	}

	@Test
	void settingsThatContradictEachOtherAreRefused() {
		fails("Use one of: one, all, rest", "run.groups.imports.strategy=some");
		fails("Use one of: one, all, rest", "run.strategy=some");
		fails("run.groups.imports.on-error to restart", "run.groups.imports.max-restarts=3");
		fails("run.groups.imports.max-restarts to count", "run.groups.imports.on-error=restart",
				"run.groups.imports.within=1m");
		fails("use shutdown or do-nothing", "run.groups.imports.on-exhausted=restart");
		fails("there is no such property", "run.groups.imports.timeout=1s");
		fails("contains a slash", "run.actors.parser.group=im/ports");
	}

	private void fails(String text, String... properties) {
		this.runner.withPropertyValues(properties).run((context) -> {
			Throwable failure = context.getStartupFailure();
			while (failure != null && !(failure instanceof InvalidActorException)) {
				failure = failure.getCause();
			}
			assertThat(failure).as(String.join(", ", properties)).isNotNull();
			assertThat(failure.getMessage() + " " + ((InvalidActorException) failure).getAction()).contains(text);
		});
	}

	private static GroupLifecycle lifecycle(AssertableApplicationContext context) {
		return context.getBean(GroupLifecycle.class);
	}

	private static MemberSnapshot member(AssertableApplicationContext context, String name) {
		return lifecycle(context).flatSnapshot()
			.members()
			.stream()
			.filter((member) -> member.name().equals(name))
			.findFirst()
			.orElseThrow();
	}

	private static void awaitState(AssertableApplicationContext context, String name, MemberState state) {
		Awaitility.await().atMost(LIMIT).until(() -> member(context, name).state() == state);
	}

	private static void awaitExecutions(int executions, Work... all) {
		for (Work work : all) {
			Awaitility.await().atMost(LIMIT).until(() -> work.executions.get() == executions);
		}
	}

	private static void awaitOutput(CapturedOutput output, String text) {
		Awaitility.await().atMost(LIMIT).until(() -> output.getAll().contains(text));
	}

	private static Health health(AssertableApplicationContext context) {
		return context.getBean(ActorsHealthIndicator.class).health();
	}

	@SuppressWarnings("unchecked")
	private static Map<String, Object> details(Health health, String actor) {
		return (Map<String, Object>) health.getDetails().get(actor);
	}

	private static ApplicationAvailability availability(AssertableApplicationContext context) {
		return context.getBean(ApplicationAvailability.class);
	}

	@Configuration(proxyBeanMethods = false)
	static class Imports {

		final Work parser = new Work();

		final Work writer = new Work();

		final Work server = new Work();

		@Actor(name = "parser", group = "imports")
		void parse(MemberContext context) throws InterruptedException {
			this.parser.run(context);
		}

		@Actor(name = "writer", group = "imports")
		void write(MemberContext context) throws InterruptedException {
			this.writer.run(context);
		}

		@Bean
		Server server() {
			return new Server(this.server);
		}

	}

	@Actor
	record Server(Work work) implements Body {

		@Override
		public void run(MemberContext context) throws InterruptedException {
			this.work.run(context);
		}

	}

	static class Work {

		final AtomicInteger executions = new AtomicInteger();

		/** Written by the test. */
		volatile @Nullable Runnable next;

		private volatile @Nullable String failure;

		volatile boolean stuck;

		volatile boolean done;

		void fail(String message) {
			this.next = () -> {
				throw new IllegalStateException(message);
			};
		}

		void alwaysFail(String message) {
			this.failure = message;
		}

		void run(MemberContext context) throws InterruptedException {
			this.executions.incrementAndGet();
			while ((!context.isStopping() && !this.done) || this.stuck) {
				if (this.failure != null) {
					throw new IllegalStateException(this.failure);
				}
				Runnable next = this.next;
				this.next = null;
				if (next != null) {
					next.run();
				}
				Thread.interrupted();
				LockSupport.parkNanos(1_000_000);
			}
		}

	}

	static class Listener implements GroupListener, ActorFailureHandler {

		final List<String> heard = new CopyOnWriteArrayList<>();

		final List<String> failures = new CopyOnWriteArrayList<>();

		@Override
		public void onFailure(String actor, Throwable failure) {
			this.failures.add(actor + " " + failure.getMessage());
		}

		@Override
		public void memberStarted(String member) {
			this.heard.add(member + " started");
		}

		@Override
		public void groupStopping(StopReason reason) {
			this.heard.add("group stopping");
		}

		@Override
		public void groupStopped(@Nullable StopReason reason) {
			this.heard.add("group stopped");
		}

	}

}
