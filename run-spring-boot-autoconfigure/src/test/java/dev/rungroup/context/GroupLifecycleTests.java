package dev.rungroup.context;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import dev.rungroup.annotation.Actor;
import dev.rungroup.annotation.Execute;
import dev.rungroup.annotation.FailureHandler;
import dev.rungroup.annotation.Interrupt;
import dev.rungroup.annotation.LoopActor;
import dev.rungroup.core.Backoff;
import dev.rungroup.core.Body;
import dev.rungroup.core.GroupListener;
import dev.rungroup.core.GroupState;
import dev.rungroup.core.Member;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.Outcome;
import dev.rungroup.core.Policy;
import dev.rungroup.core.RestartStrategy;
import dev.rungroup.core.StopReason;
import dev.rungroup.core.Task;
import org.aopalliance.intercept.MethodInterceptor;
import org.aspectj.lang.JoinPoint;
import org.aspectj.lang.annotation.Aspect;
import org.aspectj.lang.annotation.Before;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.MDC;

import org.springframework.aop.framework.ProxyFactory;
import org.springframework.aop.support.AopUtils;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.context.PayloadApplicationEvent;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.EnableAspectJAutoProxy;
import org.springframework.context.annotation.Lazy;
import org.springframework.context.event.EventListener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link GroupLifecycle}.
 */
@Timeout(60)
@ExtendWith(OutputCaptureExtension.class)
class GroupLifecycleTests {

	private static final GroupSettings QUICK = new GroupSettings("actors", true, true, GroupSettings.StartOn.REFRESH,
			GroupSettings.DEFAULT_PHASE, false, Duration.ofSeconds(10), Duration.ofSeconds(20), RestartStrategy.ONE);

	@Test
	void actorRunsOnItsOwnThreadAndIsInterruptedOnceWithTheContextsEnd(CapturedOutput output) throws Exception {
		Server server;
		try (AnnotationConfigApplicationContext context = start(Server.class)) {
			server = context.getBean(Server.class);
			String thread = poll(server.started);
			assertThat(thread).isEqualTo("server daemon=true mdc=server");
			assertThat(context.getBean(GroupLifecycle.class).isRunning()).isTrue();
			assertThat(threads()).contains("run-group", "server");
		}
		assertThat(server.reasons).hasSize(1);
		assertThat(server.reasons.get(0).kind()).isEqualTo(StopReason.Kind.CONTEXT_CLOSED);
		assertThat(server.interruptersMdc).isEqualTo("server");
		assertThat(server.ended.getCount()).isZero();
		awaitNoThreads("run-group", "server", "run-stop");
		assertThat(output).contains("Starting actors server")
			.contains("1 actor ended as asked in ")
			.doesNotContain("Actor 'server' ended")
			.doesNotContain("ERROR")
			.doesNotContain("WARN");
	}

	@Test
	void applicationWithoutActorsStartsNoThread() {
		try (AnnotationConfigApplicationContext context = start(Object.class)) {
			assertThat(context.getBean(GroupLifecycle.class).isRunning()).isTrue();
			awaitNoThreads("run-group");
			assertThat(context.getBean(GroupLifecycle.class).snapshot().members()).isEmpty();
		}
	}

	@Test
	void virtualThreadsAreUsedWhereTheJvmHasThem() throws Exception {
		GroupSettings virtual = new GroupSettings("actors", true, true, GroupSettings.StartOn.REFRESH, 0, true,
				Duration.ofSeconds(10), Duration.ofSeconds(20), RestartStrategy.ONE);
		try (AnnotationConfigApplicationContext context = start(virtual, ThreadTeller.class)) {
			boolean available = Runtime.version().feature() >= 21;
			Thread thread = poll(context.getBean(ThreadTeller.class).threads);
			assertThat(thread.isDaemon()).isTrue();
			assertThat(thread.getName()).isEqualTo("thread-teller");
			assertThat(thread.getClass().getName().contains("Virtual")).isEqualTo(available);
			assertThat(thread.getContextClassLoader()).isSameAs(context.getClassLoader());
		}
	}

	@Test
	void startsAndStopsAHundredTimesWithoutLeftovers() throws Exception {
		try (AnnotationConfigApplicationContext context = start(Server.class)) {
			GroupLifecycle lifecycle = context.getBean(GroupLifecycle.class);
			Server server = context.getBean(Server.class);
			poll(server.started);
			for (int i = 0; i < 100; i++) {
				lifecycle.stop();
				assertThat(lifecycle.isRunning()).isFalse();
				assertThat(lifecycle.snapshot().state()).isEqualTo(GroupState.STOPPED);
				lifecycle.start();
				poll(server.started);
			}
			assertThat(server.reasons).hasSize(100);
			await().untilAsserted(() -> assertThat(threads().stream().filter("server"::equals)).hasSize(1));
		}
		awaitNoThreads("run-group", "server");
	}

	@Test
	void contextIsPausedAndRestarted() throws Exception {
		try (AnnotationConfigApplicationContext context = start(Server.class)) {
			Server server = context.getBean(Server.class);
			poll(server.started);
			context.pause();
			assertThat(context.getBean(GroupLifecycle.class).isRunning()).isFalse();
			awaitNoThreads("run-group", "server");
			context.restart();
			poll(server.started);
			assertThat(context.getBean(GroupLifecycle.class).isRunning()).isTrue();
		}
	}

	@Test
	void stopCallsBackExactlyOnceOnEveryPath() throws Exception {
		try (AnnotationConfigApplicationContext context = start(Server.class)) {
			GroupLifecycle lifecycle = context.getBean(GroupLifecycle.class);
			AtomicInteger calls = new AtomicInteger();
			CountDownLatch called = new CountDownLatch(2);
			Runnable callback = () -> {
				calls.incrementAndGet();
				called.countDown();
			};
			lifecycle.stop(callback);
			lifecycle.stop(callback);
			assertThat(called.await(10, TimeUnit.SECONDS)).isTrue();
			assertThat(lifecycle.isRunning()).isFalse();
			lifecycle.stop(callback);
			assertThat(calls).hasValue(3);
		}
		GroupLifecycle neverStarted = new GroupLifecycle();
		AtomicInteger calls = new AtomicInteger();
		neverStarted.stop(calls::incrementAndGet);
		assertThat(calls).hasValue(1);
	}

	@Test
	void stopOfAGroupWithoutMembersCallsBack() {
		try (AnnotationConfigApplicationContext context = start(Object.class)) {
			GroupLifecycle lifecycle = context.getBean(GroupLifecycle.class);
			AtomicInteger calls = new AtomicInteger();
			lifecycle.stop(calls::incrementAndGet);
			assertThat(calls).hasValue(1);
			assertThat(lifecycle.isRunning()).isFalse();
		}
	}

	@Test
	void whoDoesNotStopIsNamedAtTheGracePeriodAndOnceWithItsStack(CapturedOutput output) throws Exception {
		GroupSettings settings = new GroupSettings("actors", true, true, GroupSettings.StartOn.REFRESH, 0, false,
				Duration.ofMillis(50), Duration.ofSeconds(4), RestartStrategy.ONE);
		Stubborn stubborn;
		try (AnnotationConfigApplicationContext context = start(settings, Stubborn.class)) {
			stubborn = context.getBean(Stubborn.class);
			assertThat(stubborn.started.await(10, TimeUnit.SECONDS)).isTrue();
		}
		try {
			awaitNoThreads("run-group");
			// On a machine that stood still the close may have given up the group
			assertThat(output.getOut()
				.lines()
				.filter((line) -> line.contains("WARN") && !line.contains("The actors have not ended")))
				.satisfiesExactly((line) -> assertThat(line).contains("stubborn", "grace period"),
						(line) -> assertThat(line).contains("stubborn", "shutdown timeout"));
			assertThat(output).contains("Stubborn.ignoreInterrupts");
		}
		finally {
			stubborn.release.countDown();
		}
	}

	@Test
	void listenerThatHangsIsGivenUpSoonAfterTheShutdownTimeout(CapturedOutput output) {
		GroupSettings settings = settings(Duration.ofMillis(10), Duration.ofMillis(50));
		Hanging hanging;
		try (AnnotationConfigApplicationContext context = start(settings, Server.class, Hanging.class)) {
			hanging = context.getBean(Hanging.class);
			GroupLifecycle lifecycle = context.getBean(GroupLifecycle.class);
			lifecycle.stop();
			assertThat(lifecycle.isRunning()).isFalse();
			assertThat(output).containsOnlyOnce("The actors have not ended within PT1.05S and are abandoned");
		}
		hanging.release.countDown();
		awaitNoThreads("run-group");
	}

	@Test
	void memberThatABeanAddsWhileTheActorsAreCreatedJoinsThem() throws Exception {
		try (AnnotationConfigApplicationContext context = start(AddingConfiguration.class)) {
			assertThat(poll(AddingConfiguration.runs)).isEqualTo("added");
			assertThat(context.getBean(GroupLifecycle.class).snapshot().members()).extracting(MemberSnapshot::name)
				.containsExactly("adder", "added");
		}
	}

	@Test
	void endHandlerIsToldOnceOfAFailureAndNotOfAStop(CapturedOutput output) throws Exception {
		try (AnnotationConfigApplicationContext context = start(Failing.class, EndRecorder.class)) {
			EndRecorder ends = context.getBean(EndRecorder.class);
			await().until(() -> !context.getBean(GroupLifecycle.class).isRunning());
			assertThat(ends.reasons).hasSize(1);
			StopReason reason = ends.reasons.get(0);
			assertThat(reason).isNotNull();
			assertThat(reason.kind()).isEqualTo(StopReason.Kind.MEMBER_FAILED);
			assertThat(reason.member()).isEqualTo("failing");
			assertThat(reason.cause()).isSameAs(Failing.FAILURE);
		}
		assertThat(output.getOut().split("java.lang.IllegalStateException: broken\n\tat", -1)).hasSize(2);
		assertThat(output).contains("Actor 'failing' ended: failed");
		assertThat(output)
			.contains("Actor 'failing' ends the group of actors: java.lang.IllegalStateException: broken");
		try (AnnotationConfigApplicationContext context = start(Server.class, EndRecorder.class)) {
			EndRecorder ends = context.getBean(EndRecorder.class);
			poll(context.getBean(Server.class).started);
			context.getBean(GroupLifecycle.class).stop();
			assertThat(ends.reasons).isEmpty();
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void exceptionOfABodyThatIsStoppedIsOneQuietLine(boolean alone, CapturedOutput output) throws Exception {
		try (AnnotationConfigApplicationContext context = start(SocketServer.class, Recorder.class)) {
			SocketServer server = context.getBean(SocketServer.class);
			assertThat(server.accepting.await(10, TimeUnit.SECONDS)).isTrue();
			if (alone) {
				context.getBean(GroupLifecycle.class).stopMember("socket-server");
				// Its state is seen before its line is written
				await().untilAsserted(() -> assertThat(output).contains("Actor 'socket-server' ended: stopped"));
				assertThat(context.getBean(GroupLifecycle.class).snapshot().members()).singleElement()
					.satisfies((member) -> assertThat(member.state().isEnded()).isTrue());
				assertThat(context.getBean(GroupLifecycle.class).isRunning()).as("it can be started again").isTrue();
			}
			context.getBean(GroupLifecycle.class).stop();
			assertThat(context.getBean(Recorder.class).trail)
				.anyMatch((entry) -> entry.startsWith("handler socket-server Socket "));
		}
		assertThat(output)
			.contains((alone)
					? "Actor 'socket-server' ended: stopped, its execution ended with java.net.SocketException: Socket "
					: "1 actor ended as asked in ")
			.doesNotContain("WARN")
			.doesNotContain("ERROR")
			.doesNotContain("\tat ");
	}

	@Test
	void endHandlerIsToldWhenAllMembersHaveEnded() {
		try (AnnotationConfigApplicationContext context = start(Finite.class, EndRecorder.class)) {
			await().until(() -> !context.getBean(GroupLifecycle.class).isRunning());
			assertThat(context.getBean(EndRecorder.class).reasons).hasSize(1).containsOnlyNulls();
		}
	}

	@Test
	void waitsForTheApplicationToBeReady() throws Exception {
		GroupSettings settings = new GroupSettings("actors", true, true, GroupSettings.StartOn.APPLICATION_READY, 0,
				false, Duration.ofSeconds(10), Duration.ofSeconds(20), RestartStrategy.ONE);
		try (AnnotationConfigApplicationContext context = start(settings, Server.class)) {
			GroupLifecycle lifecycle = context.getBean(GroupLifecycle.class);
			assertThat(lifecycle.isRunning()).isTrue();
			awaitNoThreads("run-group");
			assertThat(lifecycle.snapshot().members()).extracting(MemberSnapshot::state)
				.containsExactly(MemberState.NEW);
			lifecycle.applicationReady();
			poll(context.getBean(Server.class).started);
			lifecycle.stop();
			lifecycle.start();
			poll(context.getBean(Server.class).started);
		}
		try (AnnotationConfigApplicationContext context = start(settings, Server.class)) {
			GroupLifecycle lifecycle = context.getBean(GroupLifecycle.class);
			lifecycle.stop();
			assertThat(lifecycle.isRunning()).isFalse();
			lifecycle.applicationReady();
			assertThat(lifecycle.isRunning()).isFalse();
			assertThat(context.getBean(Server.class).started).isEmpty();
		}
	}

	@Test
	void groupThatWaitedForTheApplicationDoesNotStartAfterItsStop() throws Exception {
		GroupSettings settings = new GroupSettings("actors", true, true, GroupSettings.StartOn.APPLICATION_READY, 0,
				false, Duration.ofSeconds(10), Duration.ofSeconds(20), RestartStrategy.ONE);
		try (AnnotationConfigApplicationContext context = start(Object.class)) {
			for (int i = 0; i < 100; i++) {
				GroupLifecycle lifecycle = new GroupLifecycle(settings);
				lifecycle.setApplicationContext(context);
				lifecycle.start();
				// Two who look all the time: whoever needs the lock twice has to wait for
				// it in between, and the stop gets its chance
				AtomicBoolean over = new AtomicBoolean();
				CountDownLatch looking = new CountDownLatch(2);
				Runnable look = () -> {
					looking.countDown();
					while (!over.get()) {
						lifecycle.snapshot();
					}
				};
				List<Thread> threads = List.of(new Thread(look), new Thread(look),
						new Thread(lifecycle::applicationReady));
				try {
					threads.subList(0, 2).forEach(Thread::start);
					assertThat(looking.await(30, TimeUnit.SECONDS)).isTrue();
					threads.get(2).start();
					lifecycle.stop();
					threads.get(2).join(30_000);
				}
				finally {
					over.set(true);
				}
				assertThat(lifecycle.isRunning()).isFalse();
			}
		}
	}

	@Test
	void disabledGroupStartsNothingAndShowsAllAsDisabled() {
		GroupSettings settings = new GroupSettings("actors", false, true, GroupSettings.StartOn.REFRESH, 0, false,
				Duration.ofSeconds(10), Duration.ofSeconds(20), RestartStrategy.ONE);
		try (AnnotationConfigApplicationContext context = start(settings, Server.class, Finite.class)) {
			GroupLifecycle lifecycle = context.getBean(GroupLifecycle.class);
			assertThat(lifecycle.isRunning()).isFalse();
			assertThat(lifecycle.disabledActors()).containsExactlyInAnyOrder("server", "finite");
			assertThat(lifecycle.snapshot().members()).isEmpty();
			lifecycle.start();
			awaitNoThreads("run-group");
		}
	}

	@Test
	void disabledActorsBeanIsNotEvenCreated() throws Exception {
		try (AnnotationConfigApplicationContext context = start(QUICK, Server.class, LazyConfiguration.class,
				DisableLazy.class)) {
			poll(context.getBean("server", Server.class).started);
			GroupLifecycle lifecycle = context.getBean(GroupLifecycle.class);
			assertThat(lifecycle.disabledActors()).containsExactly("lazy-server");
			assertThat(lifecycle.snapshot().members()).extracting(MemberSnapshot::name).containsExactly("server");
			assertThat(context.getBeanFactory().containsSingleton("lazyServer")).isFalse();
			assertThatIllegalStateException().isThrownBy(() -> {
				lifecycle.stop();
				lifecycle.startMember("lazy-server");
			}).withMessageContaining("lazy-server");
		}
	}

	@Test
	void lazyActorIsCreatedAndStarted() throws Exception {
		try (AnnotationConfigApplicationContext context = start(LazyConfiguration.class)) {
			assertThat(context.getBeanFactory().containsSingleton("lazyServer")).isTrue();
			assertThat(poll(context.getBean("lazyServer", Server.class).started)).startsWith("lazy-server ");
		}
	}

	@Test
	void concurrencyMakesSeveralMembers() throws Exception {
		try (AnnotationConfigApplicationContext context = start(Twins.class)) {
			Twins twins = context.getBean(Twins.class);
			assertThat(List.of(poll(twins.names), poll(twins.names))).containsExactlyInAnyOrder("twins-1", "twins-2");
			context.getBean(GroupLifecycle.class).stop();
			assertThat(twins.interrupts).hasValue(2);
		}
	}

	@Test
	void memberBeansJoin() throws Exception {
		try (AnnotationConfigApplicationContext context = start(Server.class, MemberConfiguration.class)) {
			assertThat(poll(MemberConfiguration.names)).isEqualTo("by-hand mdc=by-hand");
			assertThat(context.getBean(GroupLifecycle.class).snapshot().members()).extracting(MemberSnapshot::name)
				.containsExactlyInAnyOrder("server", "by-hand");
		}
	}

	@Test
	void memberThatComesWhenAllOthersHaveEndedIsNamed(CapturedOutput output) {
		try (AnnotationConfigApplicationContext context = start(Object.class)) {
			GroupLifecycle lifecycle = context.getBean(GroupLifecycle.class);
			lifecycle.add(Member.named("first").execute(() -> {
			}).onDone(Policy.DO_NOTHING).build());
			await().until(() -> !lifecycle.isRunning());
			CountDownLatch executed = new CountDownLatch(1);
			lifecycle.add(Member.named("second").execute(executed::countDown).build());
			assertThat(output).contains("WARN").contains("Member 'second' is not started");
			lifecycle.start();
			await().until(() -> executed.getCount() == 0);
		}
	}

	@Test
	void addedMembersJoinNowAndWithEveryStart() throws Exception {
		BlockingQueue<String> runs = new LinkedBlockingQueue<>();
		Member extra = Member.named("extra").execute((context) -> {
			runs.add("extra " + Thread.currentThread().getName());
			context.sleep(Duration.ofHours(1));
		}).build();
		try (AnnotationConfigApplicationContext context = start(Object.class)) {
			GroupLifecycle lifecycle = context.getBean(GroupLifecycle.class);
			lifecycle.add(extra);
			assertThat(poll(runs)).isEqualTo("extra extra");
			lifecycle.stop();
			lifecycle.start();
			assertThat(poll(runs)).isEqualTo("extra extra");
			assertThatIllegalArgumentException().isThrownBy(() -> lifecycle.add(extra))
				.withMessageContaining("'extra'");
		}
		try (AnnotationConfigApplicationContext context = start(Server.class)) {
			GroupLifecycle lifecycle = context.getBean(GroupLifecycle.class);
			poll(context.getBean(Server.class).started);
			lifecycle.add(extra);
			assertThat(poll(runs)).isEqualTo("extra extra");
			assertThatIllegalArgumentException().isThrownBy(() -> lifecycle.add(Member.named("server").execute(() -> {
			}).build())).withMessageContaining("'server'");
			lifecycle.stop();
			lifecycle.add(Member.named("late").execute((task) -> runs.add("late")).onDone(Policy.DO_NOTHING).build());
			lifecycle.start();
			assertThat(List.of(poll(runs), poll(runs))).containsExactlyInAnyOrder("extra extra", "late");
		}
	}

	@Test
	void singleMembersAreStoppedAndStarted(CapturedOutput output) throws Exception {
		try (AnnotationConfigApplicationContext context = start(Server.class)) {
			GroupLifecycle lifecycle = context.getBean(GroupLifecycle.class);
			Server server = context.getBean(Server.class);
			poll(server.started);
			lifecycle.stopMember("server");
			await().untilAsserted(
					() -> assertThat(lifecycle.snapshot().members().get(0).state()).isEqualTo(MemberState.STOPPED));
			assertThat(lifecycle.isRunning()).isTrue();
			lifecycle.startMember("server");
			poll(server.started);
			assertThat(output).containsOnlyOnce("Actor 'server' was started again");
			assertThatExceptionOfType(NoSuchElementException.class).isThrownBy(() -> lifecycle.stopMember("nobody"));
			lifecycle.stop();
			assertThatIllegalStateException().isThrownBy(() -> lifecycle.startMember("server"))
				.withMessageContaining("not running");
			assertThatExceptionOfType(NoSuchElementException.class).isThrownBy(() -> lifecycle.startMember("nobody"));
		}
	}

	@Test
	void listenersHandlersAndEventsHearAFailureAndTheRestart(CapturedOutput output) throws Exception {
		try (AnnotationConfigApplicationContext context = start(QUICK, Flaky.class, Recorder.class,
				BrokenListeners.class, FastRetry.class)) {
			Flaky flaky = context.getBean(Flaky.class);
			assertThat(flaky.recovered.await(10, TimeUnit.SECONDS)).isTrue();
			context.getBean(GroupLifecycle.class).stop();
			assertThat(flaky.handled).containsExactly("any", "illegal boom", "any", "illegal boom");
			List<String> trail = context.getBean(Recorder.class).trail;
			assertThat(trail).filteredOn((entry) -> entry.startsWith("event ActorRecovered"))
				.singleElement()
				.asString()
				.startsWith("event ActorRecoveredEvent[actor=flaky, failures=2, since=PT");
			assertThat(output).contains("Actor 'flaky' works again after 2 failures in ");
			assertThat(trail.stream()
				.filter((entry) -> entry.startsWith("event Actor") && !entry.startsWith("event ActorRecovered")))
				.containsExactly("event ActorStartedEvent[actor=flaky]",
						"event ActorFailedEvent[actor=flaky, failure=java.lang.IllegalArgumentException: boom]",
						"event ActorRestartingEvent[actor=flaky, pause=PT0.001S]",
						"event ActorFailedEvent[actor=flaky, failure=java.lang.IllegalArgumentException: boom]",
						"event ActorRestartingEvent[actor=flaky, pause=PT0.001S]", "event ActorReadyEvent[actor=flaky]",
						"event ActorEndedEvent[actor=flaky, state=STOPPED]");
			assertThat(trail.stream().filter((entry) -> entry.startsWith("event Group"))).containsExactly(
					"event GroupStoppingEvent[reason=StopReason[kind=CONTEXT_CLOSED, member=null, cause=null]]",
					"event GroupStoppedEvent[reason=StopReason[kind=CONTEXT_CLOSED, member=null, cause=null]]");
			assertThat(trail.stream().filter((entry) -> entry.startsWith("handler")))
				.containsExactly("handler flaky boom", "handler flaky boom");
			assertThat(trail.stream().filter((entry) -> entry.startsWith("listener")))
				.containsExactly("listener flaky PT0.001S", "listener flaky PT0.001S");
		}
		assertThat(output)
			.contains("Actor 'flaky' failed: java.lang.IllegalArgumentException: boom; next execution in 1ms")
			.contains("Actor 'flaky' failed again, 2 times the same: java.lang.IllegalArgumentException: boom")
			.contains("BrokenListeners");
		assertThat(output.getOut().split("java.lang.IllegalArgumentException: boom\n\tat", -1)).hasSize(2);
	}

	@Test
	void functionalBeansOfEachKindAreExecuted() throws Exception {
		try (AnnotationConfigApplicationContext context = start(FunctionalConfiguration.class)) {
			BlockingQueue<String> calls = FunctionalConfiguration.calls;
			assertThat(List.of(poll(calls), poll(calls), poll(calls), poll(calls))).containsExactlyInAnyOrder("body",
					"task", "callable", "runnable");
			await().until(() -> !context.getBean(GroupLifecycle.class).isRunning());
		}
	}

	@Test
	void interruptsThatTakeAThrowableAndHandlersThatTakeNothingAreCalled() throws Exception {
		try (AnnotationConfigApplicationContext context = start(Sensitive.class)) {
			BlockingQueue<String> calls = context.getBean(Sensitive.class).calls;
			assertThat(List.of(poll(calls), poll(calls))).containsExactlyInAnyOrder("handler",
					"interrupt java.lang.IllegalStateException: broken");
		}
	}

	@Test
	void memberThatIsAddedBeforeTheActorsAreKnownMustNotBearTheNameOfOne() {
		GroupLifecycle lifecycle = new GroupLifecycle(QUICK);
		lifecycle.add(Member.named("server").execute(() -> {
		}).build());
		lifecycle.add(Member.named("other").execute(() -> {
		}).build());
		try (AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext()) {
			context.registerBean("server", Server.class);
			context.registerBean("groupLifecycle", GroupLifecycle.class, () -> lifecycle);
			assertThatExceptionOfType(InvalidActorException.class).isThrownBy(context::refresh)
				.withMessageContaining("names of actors: server.");
		}
	}

	@Test
	void bodiesThatAreNotPublicAreCalledThroughAClassProxyAsWell() throws Exception {
		try (AnnotationConfigApplicationContext context = start(NotPublicProxyConfiguration.class)) {
			assertThat(List.of(poll(NotPublicProxyConfiguration.calls), poll(NotPublicProxyConfiguration.calls)))
				.containsExactlyInAnyOrder("workOfPackage", "workOfFamily");
			await().until(() -> !context.getBean(GroupLifecycle.class).isRunning());
		}
	}

	@Test
	void actorIsCalledThroughItsClassProxy() throws Exception {
		try (AnnotationConfigApplicationContext context = start(ClassProxyConfiguration.class)) {
			Server server = context.getBean(Server.class);
			assertThat(server.getClass().getName()).contains("CGLIB");
			assertThat(poll(ClassProxyConfiguration.calls)).isEqualTo("listen");
			assertThat(poll(ClassProxyConfiguration.target.started)).startsWith("proxied ");
			context.getBean(GroupLifecycle.class).stop();
			assertThat(ClassProxyConfiguration.target.reasons).as("a private interrupt, called on the target")
				.hasSize(1);
		}
	}

	@Test
	void actorIsCalledThroughAnAspect() throws Exception {
		try (AnnotationConfigApplicationContext context = start(AspectConfiguration.class, Counting.class,
				Advised.class)) {
			Advised advised = context.getBean(Advised.class);
			assertThat(AopUtils.isCglibProxy(advised)).isTrue();
			assertThat(poll(Advised.runs)).isEqualTo("field=value");
			assertThat(context.getBean(Counting.class).calls).containsExactly("work");
			assertThat(context.getBean(GroupLifecycle.class).snapshot().members()).extracting(MemberSnapshot::name)
				.containsExactly("advised-work");
		}
	}

	@Test
	void actorIsCalledThroughItsInterfaceProxy() throws Exception {
		try (AnnotationConfigApplicationContext context = start(InterfaceProxyConfiguration.class)) {
			assertThat(poll(InterfaceProxyConfiguration.calls)).isEqualTo("call");
			assertThat(context.getBean(GroupLifecycle.class).snapshot().members()).extracting(MemberSnapshot::name)
				.containsExactly("caller");
		}
	}

	@Test
	void genericFailureHandlerHearsTheTypeThatItsBeanSays() throws Exception {
		try (AnnotationConfigApplicationContext context = start(GenericConfiguration.class, FastRetry.class)) {
			for (OfIoExceptions bean : List.of(context.getBean("plain", OfIoExceptions.class),
					GenericConfiguration.target)) {
				assertThat(List.of(poll(bean.handled), poll(bean.handled), poll(bean.handled)))
					.containsExactly("any not mine", "any mine", "of its type mine");
			}
		}
	}

	@Test
	void bodiesThatAProxyCannotPassOnAreRefused() {
		refusedAtStart(FinalProxyConfiguration.class, "finalBody", "final method", "FinalBody.work()");
		refusedAtStart(PrivateProxyConfiguration.class, "privateBody", "private method", "PrivateBody.work()");
		refusedAtStart(HiddenProxyConfiguration.class, "hiddenBody", "JDK proxy", "Hidden.work()",
				"proxyTargetClass=true");
		refusedAtStart(FinalRunnableConfiguration.class, "finalRunnable", "final method", "FinalRunnable.run()");
		refusedAtStart(FinalCallableConfiguration.class, "finalCallable", "final method", "FinalCallable.call()");
	}

	private static void refusedAtStart(Class<?> type, String... texts) {
		assertThatExceptionOfType(Exception.class).isThrownBy(() -> start(type).close())
			.havingCause()
			.isInstanceOfSatisfying(InvalidActorException.class, (ex) -> assertThat(ex.getMessage()).contains(texts));
		awaitNoThreads("run-group");
	}

	@Test
	void namesThatAreGivenTwiceAreRefusedWithBothPlaces() {
		assertThatExceptionOfType(InvalidActorException.class)
			.isThrownBy(() -> start(Server.class, SameName.class).close())
			.withMessageContaining("'server'")
			.withMessageContaining("GroupLifecycleTests$Server.listen")
			.withMessageContaining("GroupLifecycleTests$SameName.run");
		assertThatExceptionOfType(InvalidActorException.class)
			.isThrownBy(() -> start(MemberConfiguration.class, ByHand.class).close())
			.withMessageContaining("'by-hand'")
			.withMessageContaining("bean 'byHandMember'")
			.withMessageContaining("bean 'byHand'");
		assertThatExceptionOfType(InvalidActorException.class)
			.isThrownBy(() -> start(Twins.class, NamedLikeATwin.class).close())
			.withMessageContaining("'twins-2'");
	}

	@Test
	void contradictionsAreRefusedWithBeanAndRemedy() {
		assertThatExceptionOfType(InvalidActorException.class).isThrownBy(() -> start(Contradiction.class).close())
			.withMessageContaining("Contradiction.run()")
			.withMessageContaining("within")
			.withMessageContaining("run.actors.contradiction");
		assertThatExceptionOfType(InvalidActorException.class).isThrownBy(() -> start(RestartExhausted.class).close())
			.withMessageContaining("onExhausted");
	}

	@Test
	void mistakesAreFoundWithoutAutoStartup() {
		GroupSettings settings = new GroupSettings("actors", true, false, GroupSettings.StartOn.REFRESH, 0, false,
				Duration.ofSeconds(10), Duration.ofSeconds(20), RestartStrategy.ONE);
		assertThatExceptionOfType(InvalidActorException.class)
			.isThrownBy(() -> start(settings, Contradiction.class).close());
		try (AnnotationConfigApplicationContext context = start(settings, Server.class)) {
			assertThat(context.getBean(GroupLifecycle.class).isRunning()).isFalse();
		}
	}

	@Test
	void groupThatWasNeverStartedShowsAllItsMembers() {
		GroupSettings settings = new GroupSettings("actors", true, false, GroupSettings.StartOn.REFRESH, 0, false,
				Duration.ofSeconds(10), Duration.ofSeconds(20), RestartStrategy.ONE);
		try (AnnotationConfigApplicationContext context = start(settings, Twins.class, MemberConfiguration.class)) {
			GroupLifecycle lifecycle = context.getBean(GroupLifecycle.class);
			lifecycle.add(Member.named("extra").execute(() -> {
			}).build());
			assertThat(lifecycle.snapshot().name()).isEqualTo("actors");
			assertThat(lifecycle.snapshot().state()).isEqualTo(GroupState.NEW);
			assertThat(lifecycle.snapshot().members())
				.allSatisfy((member) -> assertThat(member.state()).isEqualTo(MemberState.NEW))
				.extracting(MemberSnapshot::name)
				.containsExactly("twins-1", "twins-2", "by-hand", "extra");
			assertThat(lifecycle.stalledActors()).isEmpty();
			assertThat(lifecycle.exhaustedActors()).isEmpty();
		}
	}

	@Test
	void customizersHearTheNamesOfAllActorsAndDecideWhoIsRequired() {
		Demanding demanding = new Demanding();
		try (AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext()) {
			context.registerBean("twins", Twins.class);
			context.registerBean("finite", Finite.class);
			context.registerBean("demanding", Demanding.class, () -> demanding);
			context.registerBean("groupLifecycle", GroupLifecycle.class, () -> new GroupLifecycle(QUICK));
			context.refresh();
			assertThat(demanding.names).containsExactlyInAnyOrder("twins", "finite");
			assertThat(context.getBean(GroupLifecycle.class).requiredActors()).containsExactly("twins-1", "twins-2");
			assertThat(context.getBean(GroupLifecycle.class).disabledActors()).containsExactly("finite");
		}
	}

	@Test
	void springSeesPhaseAndAutoStartupOfTheSettings() {
		GroupLifecycle byDefault = new GroupLifecycle();
		assertThat(byDefault.getPhase()).isEqualTo(GroupSettings.DEFAULT_PHASE);
		assertThat(byDefault.isAutoStartup()).isTrue();
		GroupLifecycle other = new GroupLifecycle(
				new GroupSettings("actors", true, false, GroupSettings.StartOn.REFRESH, 7, false,
						Duration.ofSeconds(10), Duration.ofSeconds(20), RestartStrategy.ONE));
		assertThat(other.getPhase()).isEqualTo(7);
		assertThat(other.isAutoStartup()).isFalse();
	}

	@Test
	void lifecycleThatIsNoBeanSaysSo() {
		assertThatIllegalStateException().isThrownBy(() -> new GroupLifecycle().start())
			.withMessageContaining("no bean of an application context");
		ApplicationContext other = (ApplicationContext) Proxy.newProxyInstance(getClass().getClassLoader(),
				new Class<?>[] { ApplicationContext.class }, (proxy, method, arguments) -> null);
		assertThatIllegalArgumentException().isThrownBy(() -> new GroupLifecycle().setApplicationContext(other))
			.withMessageContaining("ConfigurableApplicationContext");
	}

	@Test
	void settingsThatMakeNoSenseAreRefused() {
		assertThatIllegalArgumentException().isThrownBy(() -> settings(Duration.ofMillis(-1), Duration.ofSeconds(1)))
			.withMessageContaining("gracePeriod");
		assertThatIllegalArgumentException().isThrownBy(() -> settings(Duration.ZERO, Duration.ofMillis(-1)))
			.withMessageContaining("shutdownTimeout");
		assertThatIllegalArgumentException().isThrownBy(() -> settings(Duration.ZERO, Duration.ZERO))
			.withMessageContaining("shutdownTimeout");
		assertThat(settings(Duration.ZERO, Duration.ofNanos(1)).gracePeriod()).isZero();
	}

	private static GroupSettings settings(Duration gracePeriod, Duration shutdownTimeout) {
		return new GroupSettings("actors", true, true, GroupSettings.StartOn.REFRESH, 0, false, gracePeriod,
				shutdownTimeout, RestartStrategy.ONE);
	}

	@Test
	void failedStartLeavesNothingBehind() {
		assertThatExceptionOfType(Exception.class).isThrownBy(() -> start(BrokenLazy.class, Server.class).close())
			.withStackTraceContaining("no such luck");
		awaitNoThreads("run-group", "server", "broken");
	}

	@Test
	void laterBeanThatFailsToStartEndsTheActors() {
		assertThatExceptionOfType(Exception.class).isThrownBy(() -> start(Server.class, PortTaken.class).close())
			.withStackTraceContaining("port taken");
		awaitNoThreads("run-group", "server");
	}

	@Test
	void parentAndChildHaveGroupsOfTheirOwn() throws Exception {
		try (AnnotationConfigApplicationContext parent = start(Server.class)) {
			AnnotationConfigApplicationContext child = new AnnotationConfigApplicationContext();
			child.setParent(parent);
			child.register(Twins.class);
			child.registerBean("childLifecycle", GroupLifecycle.class, () -> new GroupLifecycle(QUICK));
			child.refresh();
			poll(child.getBean(Twins.class).names);
			assertThat(child.getBean("childLifecycle", GroupLifecycle.class).snapshot().members())
				.extracting(MemberSnapshot::name)
				.containsExactly("twins-1", "twins-2");
			child.close();
			assertThat(parent.getBean("groupLifecycle", GroupLifecycle.class).isRunning()).isTrue();
		}
	}

	@Test
	void contextCanBeClosedByAnActor() throws Exception {
		AnnotationConfigApplicationContext context = start(Closer.class);
		context.getBean(Closer.class).context.complete(context);
		await().until(() -> !context.isActive());
		awaitNoThreads("run-group", "closer");
	}

	private static AnnotationConfigApplicationContext start(Class<?>... types) {
		return start(QUICK, types);
	}

	private static AnnotationConfigApplicationContext start(GroupSettings settings, Class<?>... types) {
		AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();
		for (Class<?> type : types) {
			String name = type.getSimpleName();
			context.registerBean(Character.toLowerCase(name.charAt(0)) + name.substring(1), type);
		}
		context.registerBean("groupLifecycle", GroupLifecycle.class, () -> new GroupLifecycle(settings));
		context.refresh();
		return context;
	}

	private static <T> T poll(BlockingQueue<T> queue) throws InterruptedException {
		T value = queue.poll(10, TimeUnit.SECONDS);
		assertThat(value).as("something within ten seconds").isNotNull();
		return value;
	}

	private static List<String> threads() {
		return Thread.getAllStackTraces().keySet().stream().map(Thread::getName).toList();
	}

	private static void awaitNoThreads(String... names) {
		await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> assertThat(threads()).doesNotContain(names));
	}

	@Actor
	static class Server {

		final BlockingQueue<String> started = new LinkedBlockingQueue<>();

		final List<StopReason> reasons = new CopyOnWriteArrayList<>();

		volatile String interruptersMdc = "";

		final CountDownLatch ended = new CountDownLatch(1);

		@Execute
		public void listen(MemberContext context) throws InterruptedException {
			this.started.add(Thread.currentThread().getName() + " daemon=" + Thread.currentThread().isDaemon() + " mdc="
					+ MDC.get("actor"));
			while (context.sleep(Duration.ofHours(1))) {
				continue;
			}
			this.ended.countDown();
		}

		@Interrupt
		private void close(StopReason reason) {
			this.interruptersMdc = MDC.get("actor");
			this.reasons.add(reason);
		}

	}

	@Actor
	static class ThreadTeller implements Task {

		final BlockingQueue<Thread> threads = new LinkedBlockingQueue<>();

		@Override
		public void run() throws Exception {
			this.threads.add(Thread.currentThread());
			new CountDownLatch(1).await();
		}

	}

	@Actor
	static class Stubborn {

		final CountDownLatch started = new CountDownLatch(1);

		final CountDownLatch release = new CountDownLatch(1);

		@Execute
		void ignoreInterrupts() {
			this.started.countDown();
			while (this.release.getCount() > 0) {
				try {
					this.release.await();
				}
				catch (InterruptedException ex) {
					// Deaf on purpose
				}
			}
		}

	}

	@Actor
	static class SocketServer {

		final CountDownLatch accepting = new CountDownLatch(1);

		private final ServerSocket socket;

		SocketServer() throws IOException {
			this.socket = new ServerSocket(0);
		}

		@Execute
		void accept() throws IOException {
			this.accepting.countDown();
			this.socket.accept().close();
		}

		@Interrupt
		void close() throws IOException {
			this.socket.close();
		}

	}

	@Actor
	static class Failing {

		static final IllegalStateException FAILURE = new IllegalStateException("broken");

		@Execute
		void fail() {
			throw FAILURE;
		}

	}

	@Actor(onDone = Policy.DO_NOTHING)
	static class Finite implements Runnable {

		@Override
		public void run() {
		}

	}

	static class EndRecorder implements GroupEndHandler {

		final List<@Nullable StopReason> reasons = new CopyOnWriteArrayList<>();

		@Override
		public void groupEnding(@Nullable StopReason reason) {
			this.reasons.add(reason);
		}

	}

	@Configuration
	static class LazyConfiguration {

		@Bean
		@Lazy
		Server lazyServer() {
			return new Server();
		}

	}

	static class DisableLazy implements ActorDefinitionCustomizer {

		@Override
		public ActorDefinition customize(ActorDefinition definition) {
			return definition.mutate().enabled(!definition.name().equals("lazy-server")).build();
		}

	}

	@LoopActor(concurrency = "2")
	static class Twins {

		final BlockingQueue<String> names = new LinkedBlockingQueue<>();

		final AtomicInteger interrupts = new AtomicInteger();

		@Execute
		void work(MemberContext context) throws InterruptedException {
			this.names.add(context.name());
			context.sleep(Duration.ofHours(1));
		}

		@Interrupt
		void interrupt() {
			this.interrupts.incrementAndGet();
		}

	}

	@Actor("twins-2")
	static class NamedLikeATwin implements Runnable {

		@Override
		public void run() {
		}

	}

	@Configuration
	static class MemberConfiguration {

		static final BlockingQueue<String> names = new LinkedBlockingQueue<>();

		@Bean
		Member byHandMember() {
			return Member.named("by-hand").execute((context) -> {
				names.add(context.name() + " mdc=" + MDC.get("actor"));
				context.sleep(Duration.ofHours(1));
			}).build();
		}

	}

	@Actor
	static class ByHand implements Runnable {

		@Override
		public void run() {
		}

	}

	@LoopActor
	static class Flaky {

		final List<String> handled = new CopyOnWriteArrayList<>();

		final CountDownLatch recovered = new CountDownLatch(1);

		@Execute
		void work(MemberContext context) throws InterruptedException {
			if (context.execution() <= 2) {
				throw new IllegalArgumentException("boom");
			}
			context.ready();
			this.recovered.countDown();
			context.sleep(Duration.ofHours(1));
		}

		@FailureHandler
		void a(Throwable failure) {
			this.handled.add("any");
		}

		@FailureHandler
		private void b(IllegalArgumentException failure) {
			this.handled.add("illegal " + failure.getMessage());
		}

		@FailureHandler
		void c(IllegalStateException failure) {
			this.handled.add("never");
		}

	}

	static class Hanging implements GroupListener {

		final CountDownLatch release = new CountDownLatch(1);

		@Override
		public void groupStopped(@Nullable StopReason reason) {
			try {
				this.release.await(30, TimeUnit.SECONDS);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}

	}

	@Configuration
	static class AddingConfiguration {

		static final BlockingQueue<String> runs = new LinkedBlockingQueue<>();

		@Bean
		@Lazy
		@Actor
		Task adder(GroupLifecycle lifecycle) {
			lifecycle.add(Member.named("added").execute((context) -> {
				runs.add("added");
				context.sleep(Duration.ofHours(1));
			}).build());
			return () -> new CountDownLatch(1).await();
		}

	}

	static class Demanding implements ActorDefinitionCustomizer {

		private Set<String> names = Set.of();

		@Override
		public ActorDefinition customize(ActorDefinition definition) {
			boolean required = definition.name().equals("twins");
			return definition.mutate().required(required).enabled(required).build();
		}

		@Override
		public void customized(Set<String> names, Set<String> groups) {
			this.names = names;
		}

	}

	static class FastRetry implements ActorDefinitionCustomizer {

		@Override
		public ActorDefinition customize(ActorDefinition definition) {
			ActorDefinition.Builder builder = definition.mutate();
			builder.settings().backoff(Backoff.fixed(Duration.ofMillis(1)));
			return builder.build();
		}

	}

	static class Recorder implements GroupListener, ActorFailureHandler {

		final List<String> trail = new CopyOnWriteArrayList<>();

		@Override
		public void restartScheduled(String member, Duration pause) {
			this.trail.add("listener " + member + " " + pause);
		}

		@Override
		public void onFailure(String actor, Throwable failure) {
			this.trail.add("handler " + actor + " " + failure.getMessage());
		}

		@EventListener({ ActorStartedEvent.class, ActorReadyEvent.class, ActorFailedEvent.class,
				ActorRestartingEvent.class, ActorRecoveredEvent.class, ActorEndedEvent.class, GroupStoppingEvent.class,
				GroupStoppedEvent.class })
		void on(Object event) {
			this.trail
				.add("event " + ((event instanceof PayloadApplicationEvent<?> payload) ? payload.getPayload() : event));
		}

	}

	static class BrokenListeners implements GroupListener, ActorFailureHandler {

		@Override
		public void executionEnded(String member, Outcome outcome, long nanos) {
			throw new UnsupportedClassVersionError("listener");
		}

		@Override
		public void onFailure(String actor, Throwable failure) {
			throw new IllegalStateException("handler");
		}

		@EventListener
		void on(ActorRestartingEvent event) {
			throw new IllegalStateException("event");
		}

	}

	@Configuration
	static class ClassProxyConfiguration {

		static final BlockingQueue<String> calls = new LinkedBlockingQueue<>();

		static final Server target = new Server();

		@Bean
		Server proxied() {
			return (Server) proxy(target, true, calls::add);
		}

	}

	@Configuration
	@EnableAspectJAutoProxy(proxyTargetClass = true)
	static class AspectConfiguration {

	}

	@Aspect
	static class Counting {

		final List<String> calls = new CopyOnWriteArrayList<>();

		@Before("@annotation(dev.rungroup.annotation.Actor)")
		void count(JoinPoint call) {
			this.calls.add(call.getSignature().getName());
		}

	}

	static class Advised {

		static final BlockingQueue<String> runs = new LinkedBlockingQueue<>();

		private final String field = "value";

		@Actor
		void work(MemberContext context) throws InterruptedException {
			runs.add("field=" + this.field);
			context.sleep(Duration.ofHours(1));
		}

	}

	@Actor
	static class Caller implements Callable<String> {

		@Override
		public String call() throws Exception {
			new CountDownLatch(1).await();
			return "";
		}

	}

	@Configuration
	static class InterfaceProxyConfiguration {

		static final BlockingQueue<String> calls = new LinkedBlockingQueue<>();

		@Bean
		Callable<?> caller() {
			return (Callable<?>) proxy(new Caller(), false, calls::add);
		}

	}

	@Configuration
	static class FunctionalConfiguration {

		static final BlockingQueue<String> calls = new LinkedBlockingQueue<>();

		@Bean
		@Actor(onDone = Policy.DO_NOTHING)
		Body body() {
			return (context) -> calls.add("body");
		}

		@Bean
		@Actor(onDone = Policy.DO_NOTHING)
		Task task() {
			return () -> calls.add("task");
		}

		@Bean
		@Actor(onDone = Policy.DO_NOTHING)
		Callable<String> callable() {
			return () -> {
				calls.add("callable");
				return "";
			};
		}

		@Bean
		@Actor(onDone = Policy.DO_NOTHING)
		Runnable runnable() {
			return () -> calls.add("runnable");
		}

	}

	@Actor
	static class Sensitive {

		final BlockingQueue<String> calls = new LinkedBlockingQueue<>();

		@Execute
		void fail() {
			throw new IllegalStateException("broken");
		}

		@Interrupt
		void interrupt(@Nullable Throwable cause) {
			this.calls.add("interrupt " + cause);
		}

		@FailureHandler
		void failed() {
			this.calls.add("handler");
		}

	}

	static class NotPublicBodies {

		@Actor(onDone = Policy.DO_NOTHING)
		void workOfPackage() {
		}

		@Actor(onDone = Policy.DO_NOTHING)
		protected void workOfFamily() {
		}

	}

	@Configuration
	static class NotPublicProxyConfiguration {

		static final BlockingQueue<String> calls = new LinkedBlockingQueue<>();

		@Bean
		NotPublicBodies notPublic() {
			return (NotPublicBodies) proxy(new NotPublicBodies(), true, calls::add);
		}

	}

	static Object proxy(Object target, boolean targetClass, Consumer<String> calls) {
		ProxyFactory factory = new ProxyFactory(target);
		factory.setProxyTargetClass(targetClass);
		factory.addAdvice((MethodInterceptor) (invocation) -> {
			calls.accept(invocation.getMethod().getName());
			return invocation.proceed();
		});
		return factory.getProxy();
	}

	abstract static class OfExceptions<E extends Exception> {

		final BlockingQueue<String> handled = new LinkedBlockingQueue<>();

		@LoopActor
		void work(MemberContext context) throws Exception {
			switch ((int) context.execution()) {
				case 1 -> throw new IllegalStateException("not mine");
				case 2 -> throw new IOException("mine");
				default -> context.sleep(Duration.ofHours(1));
			}
		}

		@FailureHandler
		void any(Throwable failure) {
			this.handled.add("any " + failure.getMessage());
		}

		@FailureHandler
		void mine(E failure) {
			this.handled.add("of its type " + failure.getMessage());
		}

	}

	static class OfIoExceptions extends OfExceptions<IOException> {

	}

	@Configuration
	static class GenericConfiguration {

		static OfIoExceptions target = new OfIoExceptions();

		@Bean
		OfIoExceptions plain() {
			return new OfIoExceptions();
		}

		@Bean
		OfIoExceptions proxied() {
			target = new OfIoExceptions();
			return (OfIoExceptions) proxy(target, true, (call) -> {
			});
		}

	}

	@Actor
	static class FinalBody {

		@Execute
		public final void work() {
		}

	}

	@Configuration
	static class FinalProxyConfiguration {

		@Bean
		FinalBody finalBody() {
			return (FinalBody) proxy(new FinalBody(), true, (call) -> {
			});
		}

	}

	@Actor
	static class FinalRunnable implements Runnable {

		@Override
		public final void run() {
		}

	}

	@Configuration
	static class FinalRunnableConfiguration {

		@Bean
		FinalRunnable finalRunnable() {
			return (FinalRunnable) proxy(new FinalRunnable(), true, (call) -> {
			});
		}

	}

	@Actor
	static class FinalCallable implements Callable<String> {

		@Override
		public final String call() {
			return "";
		}

	}

	@Configuration
	static class FinalCallableConfiguration {

		@Bean
		FinalCallable finalCallable() {
			return (FinalCallable) proxy(new FinalCallable(), true, (call) -> {
			});
		}

	}

	@Actor
	static class PrivateBody {

		@Execute
		private void work() {
		}

	}

	@Configuration
	static class PrivateProxyConfiguration {

		@Bean
		PrivateBody privateBody() {
			return (PrivateBody) proxy(new PrivateBody(), true, (call) -> {
			});
		}

	}

	interface Visible {

		void other();

	}

	@Actor
	static class Hidden implements Visible {

		@Override
		public void other() {
		}

		@Execute
		public void work() {
		}

	}

	@Configuration
	static class HiddenProxyConfiguration {

		@Bean
		Visible hiddenBody() {
			return (Visible) proxy(new Hidden(), false, (call) -> {
			});
		}

	}

	static class SameName {

		@Actor("server")
		void run() {
		}

	}

	@Actor(within = "1h")
	static class Contradiction {

		@Execute
		void run() {
		}

	}

	@Actor(onExhausted = Policy.RESTART)
	static class RestartExhausted {

		@Execute
		void run() {
		}

	}

	@Configuration
	static class BrokenLazy {

		@Bean
		@Lazy
		Finite broken() {
			throw new IllegalStateException("no such luck");
		}

	}

	static class PortTaken implements SmartLifecycle {

		@Override
		public void start() {
			throw new IllegalStateException("port taken");
		}

		@Override
		public void stop() {
		}

		@Override
		public boolean isRunning() {
			return false;
		}

	}

	@Actor
	static class Closer {

		final CompletableFuture<AnnotationConfigApplicationContext> context = new CompletableFuture<>();

		@Execute
		void close() throws Exception {
			this.context.get(10, TimeUnit.SECONDS).close();
		}

	}

}
