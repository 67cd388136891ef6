package dev.rungroup.context;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

import dev.rungroup.core.Group;
import dev.rungroup.core.GroupListener;
import dev.rungroup.core.Interrupter;
import dev.rungroup.core.Member;
import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.Policy;
import dev.rungroup.core.RestartStrategy;
import dev.rungroup.core.StopReason;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.support.AbstractApplicationContext;
import org.springframework.context.support.DefaultLifecycleProcessor;
import org.springframework.context.support.GenericApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Actors that close the context they live in.
 */
@Timeout(30)
@ExtendWith(OutputCaptureExtension.class)
class StopFromInsideTests {

	private static final Interrupter DEAF = (reason) -> {
	};

	/** What it takes to close a context that is waited for from inside. */
	private static final Duration TOO_LONG = Duration.ofMinutes(2);

	@Test
	void actorThatClosesTheContextIsNotWaitedForByItsOwnClose() throws Exception {
		GenericApplicationContext context = context();
		CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
		lifecycle(context).add(Member.named("closer").execute(() -> {
			context.close();
			interrupted.complete(Thread.currentThread().isInterrupted());
		}).interrupt(DEAF).build());
		assertThat(interrupted.get(20, TimeUnit.SECONDS)).isFalse();
		assertThat(context.isActive()).isFalse();
	}

	@Test
	void otherActorsHaveEndedWhenTheCloseReturnsEvenIfItsActorIsInterrupted() throws Exception {
		GenericApplicationContext context = context();
		GroupLifecycle lifecycle = lifecycle(context);
		CountDownLatch otherRuns = new CountDownLatch(1);
		CountDownLatch mayEnd = new CountDownLatch(1);
		CompletableFuture<List<MemberState>> afterClose = new CompletableFuture<>();
		lifecycle.add(Member.named("other").execute(() -> {
			otherRuns.countDown();
			mayEnd.await();
		})
			.interrupt((reason) -> CompletableFuture.delayedExecutor(300, TimeUnit.MILLISECONDS)
				.execute(mayEnd::countDown))
			.build());
		// without an interrupter of its own: its thread is interrupted while it closes
		lifecycle.add(Member.named("closer").execute(() -> {
			otherRuns.await();
			context.close();
			afterClose.complete(lifecycle.snapshot().members().stream().map(MemberSnapshot::state).toList());
		}).build());
		assertThat(afterClose.get(20, TimeUnit.SECONDS)).containsExactly(MemberState.STOPPED, MemberState.STOPPING);
	}

	@Test
	void interrupterThatClosesTheContextIsNotWaitedForByItsOwnClose() throws Exception {
		GenericApplicationContext context = context();
		GroupLifecycle lifecycle = lifecycle(context);
		CountDownLatch mayEnd = new CountDownLatch(1);
		CountDownLatch runs = new CountDownLatch(1);
		CompletableFuture<List<MemberState>> afterClose = new CompletableFuture<>();
		lifecycle.add(Member.named("other").execute(() -> {
			runs.await();
			throw new IllegalStateException("ends the group");
		}).build());
		lifecycle.add(Member.named("closer").execute(() -> {
			runs.countDown();
			mayEnd.await();
		}).interrupt((reason) -> {
			context.close();
			afterClose.complete(lifecycle.snapshot().members().stream().map(MemberSnapshot::state).toList());
			mayEnd.countDown();
		}).build());
		assertThat(afterClose.get(20, TimeUnit.SECONDS)).containsExactly(MemberState.FAILED, MemberState.STOPPING);
	}

	@Test
	void listenerOfTheGroupsEndMayCloseTheContext() throws Exception {
		CountDownLatch closed = new CountDownLatch(1);
		GenericApplicationContext context = context(
				(unrefreshed) -> unrefreshed.registerBean(GroupListener.class, () -> new GroupListener() {

					@Override
					public void groupStopping(StopReason reason) {
						unrefreshed.close();
						closed.countDown();
					}

				}));
		CountDownLatch interrupted = new CountDownLatch(1);
		GroupLifecycle lifecycle = lifecycle(context);
		lifecycle.add(Member.named("waits")
			.execute(interrupted::await)
			.interrupt((reason) -> interrupted.countDown())
			.build());
		lifecycle.add(Member.named("returns").execute(() -> {
		}).build());
		assertThat(closed.await(20, TimeUnit.SECONDS)).isTrue();
		assertThat(interrupted.await(10, TimeUnit.SECONDS)).isTrue();
	}

	@Test
	void listenerOfAnActorsEndMayCloseTheContext() throws Exception {
		CountDownLatch closed = new CountDownLatch(1);
		GenericApplicationContext context = context(
				(unrefreshed) -> unrefreshed.registerBean(GroupListener.class, () -> new GroupListener() {

					@Override
					public void memberEnded(String member, MemberState state) {
						if (member.equals("import")) {
							unrefreshed.close();
							closed.countDown();
						}
					}

				}));
		GroupLifecycle lifecycle = lifecycle(context);
		lifecycle.add(Member.named("other").execute(() -> new CountDownLatch(1).await()).build());
		lifecycle.add(Member.named("import").execute(() -> {
		}).onDone(Policy.DO_NOTHING).interrupt(DEAF).build());
		assertThat(closed.await(20, TimeUnit.SECONDS)).isTrue();
		assertThat(context.isActive()).isFalse();
	}

	@Test
	void actorThatClosesTheContextHoldsUpNoStageBelowIt() throws Exception {
		GenericApplicationContext context = context();
		GroupLifecycle lifecycle = lifecycle(context);
		CountDownLatch otherRuns = new CountDownLatch(1);
		CompletableFuture<List<MemberState>> afterClose = new CompletableFuture<>();
		lifecycle.add(Member.named("other").execute(() -> {
			otherRuns.countDown();
			new CountDownLatch(1).await();
		}).build());
		lifecycle.add(Member.named("closer").stage(1).execute(() -> {
			otherRuns.await();
			context.close();
			afterClose.complete(lifecycle.snapshot().members().stream().map(MemberSnapshot::state).toList());
		}).interrupt(DEAF).build());
		assertThat(afterClose.get(20, TimeUnit.SECONDS)).containsExactly(MemberState.STOPPED, MemberState.STOPPING);
	}

	@Test
	void actorThatClosesTheContextWhenItIsAskedToEndHoldsUpNoCloseThatIsUnderWay() throws Exception {
		GenericApplicationContext context = context();
		CountDownLatch runs = new CountDownLatch(1);
		CountDownLatch mayEnd = new CountDownLatch(1);
		lifecycle(context).add(Member.named("closer").execute(() -> {
			runs.countDown();
			try {
				mayEnd.await();
			}
			finally {
				context.close();
			}
		}).interrupt((reason) -> mayEnd.countDown()).build());
		runs.await();
		CompletableFuture.runAsync(context::close).get(20, TimeUnit.SECONDS);
		assertThat(context.isActive()).isFalse();
	}

	@Test
	void actorInsideAGroupThatTheCoreAddsMayCloseTheContext() throws Exception {
		GenericApplicationContext context = context();
		GroupLifecycle lifecycle = lifecycle(context);
		CompletableFuture<List<MemberState>> afterClose = new CompletableFuture<>();
		lifecycle.add(Member.named("other").execute(() -> new CountDownLatch(1).await()).build());
		lifecycle.add(Member.group("imports", () -> {
			Group imports = new Group();
			imports.add(Member.named("closer").execute(() -> {
				context.close();
				afterClose.complete(lifecycle.snapshot().members().stream().map(MemberSnapshot::state).toList());
			}).interrupt(DEAF).build());
			return imports;
		}).build());
		assertThat(afterClose.get(20, TimeUnit.SECONDS)).startsWith(MemberState.STOPPED);
	}

	@Test
	void actorThatClosesAnotherApplicationWaitsForTheActorOfItsOwnNameThere() throws Exception {
		GenericApplicationContext another = context();
		CountDownLatch runs = new CountDownLatch(1);
		CountDownLatch mayEnd = new CountDownLatch(1);
		GroupLifecycle there = lifecycle(another);
		there.add(Member.named("job").execute(() -> {
			runs.countDown();
			mayEnd.await();
		})
			.interrupt((reason) -> CompletableFuture.delayedExecutor(300, TimeUnit.MILLISECONDS)
				.execute(mayEnd::countDown))
			.build());
		runs.await();
		GenericApplicationContext context = context();
		CompletableFuture<MemberState> afterClose = new CompletableFuture<>();
		lifecycle(context).add(Member.named("job").execute(() -> {
			another.close();
			afterClose.complete(there.snapshot().members().get(0).state());
		}).build());
		assertThat(afterClose.get(20, TimeUnit.SECONDS)).isEqualTo(MemberState.STOPPED);
		context.close();
	}

	@Test
	void failureThatItsOwnHandlerAnswersByClosingTheContextIsAnEndOfTheGroupByItself() throws Exception {
		CompletableFuture<StopReason> ended = new CompletableFuture<>();
		CountDownLatch closed = new CountDownLatch(1);
		GenericApplicationContext context = context((unrefreshed) -> {
			unrefreshed.registerBean(GroupEndHandler.class, () -> (reason) -> ended.complete(reason));
			unrefreshed.registerBean(GroupListener.class, () -> new GroupListener() {

				@Override
				public void groupStopping(StopReason reason) {
					try {
						closed.await(300, TimeUnit.MILLISECONDS);
					}
					catch (InterruptedException ex) {
						Thread.currentThread().interrupt();
					}
				}

			});
		});
		lifecycle(context).add(Member.named("failing").execute(() -> {
			throw new IOException("wanted");
		}).failureHandler((failure) -> {
			context.close();
			closed.countDown();
		}).build());
		assertThat(closed.await(20, TimeUnit.SECONDS)).isTrue();
		assertThat(context.isActive()).isFalse();
		assertThat(ended).isCompletedWithValueMatching((reason) -> reason.kind() == StopReason.Kind.MEMBER_FAILED);
	}

	@Test
	void actorThatStopsTheLifecycleIsNotWaitedForByItsOwnStop() throws Exception {
		GenericApplicationContext context = context();
		GroupLifecycle lifecycle = lifecycle(context);
		CountDownLatch stopped = new CountDownLatch(1);
		lifecycle.add(Member.named("stopper").execute(() -> {
			lifecycle.stop();
			stopped.countDown();
		}).interrupt(DEAF).build());
		assertThat(stopped.await(20, TimeUnit.SECONDS)).isTrue();
		context.close();
	}

	@Test
	void actorThatClosesAnotherContextIsWaitedFor() throws Exception {
		GenericApplicationContext context = context();
		GroupLifecycle lifecycle = lifecycle(context);
		CountDownLatch closes = new CountDownLatch(1);
		CountDownLatch mayClose = new CountDownLatch(1);
		lifecycle.add(Member.named("job").execute(() -> {
			GenericApplicationContext another = new GenericApplicationContext();
			another.registerBean(DisposableBean.class, () -> () -> {
				closes.countDown();
				mayClose.await();
			});
			another.refresh();
			another.close();
		})
			.interrupt((reason) -> CompletableFuture.delayedExecutor(1, TimeUnit.SECONDS).execute(mayClose::countDown))
			.build());
		closes.await();
		context.close();
		assertThat(lifecycle.snapshot().members()).extracting(MemberSnapshot::state)
			.containsExactly(MemberState.STOPPED);
	}

	@Test
	void interruptOfAnActorThatClosesAnotherApplicationIsNotLost() throws Exception {
		GenericApplicationContext another = context();
		CountDownLatch closes = new CountDownLatch(1);
		CountDownLatch mayEnd = new CountDownLatch(1);
		CountDownLatch runs = new CountDownLatch(1);
		lifecycle(another).add(Member.named("step").execute(() -> {
			runs.countDown();
			mayEnd.await();
		}).interrupt((reason) -> closes.countDown()).build());
		runs.await();
		GenericApplicationContext context = context();
		GroupLifecycle lifecycle = lifecycle(context);
		CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
		lifecycle.add(Member.named("job").execute(() -> {
			another.close();
			try {
				new CountDownLatch(1).await(5, TimeUnit.SECONDS);
				interrupted.complete(false);
			}
			catch (InterruptedException ex) {
				interrupted.complete(true);
			}
		}).build());
		closes.await();
		lifecycle.stop(() -> {
		});
		await().until(() -> lifecycle.snapshot().members().get(0).state() == MemberState.STOPPING);
		CompletableFuture.delayedExecutor(500, TimeUnit.MILLISECONDS).execute(mayEnd::countDown);
		assertThat(interrupted.get(20, TimeUnit.SECONDS)).isTrue();
		context.close();
	}

	@Test
	void failureThatAHandlerAnswersByClosingTheContextIsLoggedAsAFailure(CapturedOutput output) {
		GenericApplicationContext context = new GenericApplicationContext();
		context.registerBean(GroupLifecycle.class, () -> new GroupLifecycle());
		context.registerBean(ActorFailureHandler.class, () -> (actor, failure) -> context.close());
		List<Object> endings = new CopyOnWriteArrayList<>();
		context.registerBean(GroupEndHandler.class, () -> (reason) -> endings.add(String.valueOf(reason)));
		context.refresh();
		GroupLifecycle lifecycle = lifecycle(context);
		lifecycle.add(Member.named("failing").execute(() -> {
			throw new IOException("the real cause");
		}).build());
		await().until(() -> !lifecycle.isRunning());
		assertThat(endings).as("ends by its own doing, which have an exit code").isEmpty();
		assertThat(output).contains("Actor 'failing' failed: java.io.IOException: the real cause");
		assertThat(lifecycle.snapshot().members().get(0).state()).isEqualTo(MemberState.FAILED);
	}

	@Test
	void failureThatTheClosingOfTheContextBringsAboutIsNotAnEndOfTheGroupByItself() {
		List<Object> endings = new CopyOnWriteArrayList<>();
		CountDownLatch runs = new CountDownLatch(1);
		CountDownLatch closing = new CountDownLatch(1);
		GenericApplicationContext context = context((unrefreshed) -> unrefreshed.registerBean(GroupEndHandler.class,
				() -> (reason) -> endings.add(String.valueOf(reason))));
		GroupLifecycle lifecycle = lifecycle(context);
		lifecycle.add(Member.named("worker").execute(() -> {
			runs.countDown();
			closing.await();
			throw new IllegalStateException("the pool is closed");
		}).interrupt(DEAF).build());
		context.addApplicationListener((ContextClosedEvent event) -> {
			closing.countDown();
			await().until(() -> lifecycle.snapshot().members().get(0).state() == MemberState.FAILED);
		});
		await().until(() -> runs.getCount() == 0);
		context.close();
		assertThat(lifecycle.snapshot().stopReason().kind()).isEqualTo(StopReason.Kind.MEMBER_FAILED);
		assertThat(endings).isEmpty();
	}

	@Test
	void handlerIsToldOnceWhenTheGroupBeginsToEndAndOnceWhenItIsOver() {
		List<String> told = new CopyOnWriteArrayList<>();
		AtomicReference<GroupLifecycle> lifecycle = new AtomicReference<>();
		GenericApplicationContext context = context(
				(unrefreshed) -> unrefreshed.registerBean(GroupEndHandler.class, () -> new GroupEndHandler() {

					private StopReason.Kind kind(@Nullable StopReason reason) {
						return Objects.requireNonNull(reason).kind();
					}

					@Override
					public void groupEnding(@Nullable StopReason reason) {
						told.add(kind(reason) + " " + lifecycle.get().snapshot().members().get(0).state());
						throw new IllegalStateException("changes nothing");
					}

					@Override
					public void groupEnded(@Nullable StopReason reason) {
						told.add(kind(reason) + " " + lifecycle.get().isRunning());
						unrefreshed.close();
						told.add(Thread.currentThread().getName() + " " + Thread.currentThread().isDaemon());
					}

				}));
		lifecycle.set(lifecycle(context));
		CountDownLatch stop = new CountDownLatch(1);
		lifecycle.get()
			.add(Member.named("other").execute(() -> stop.await()).interrupt((reason) -> stop.countDown()).build());
		lifecycle.get().add(Member.named("returns").execute(() -> {
		}).build());
		await().until(() -> told.size() == 3);
		assertThat(told).containsExactly("MEMBER_DONE STOPPING", "MEMBER_DONE false", "run-group false");
		assertThat(context.isActive()).isFalse();
	}

	@Test
	void wrapperOfBodiesMayWaitForSomebodyWhoLooksAtTheGroupOrAddsToIt() {
		CountDownLatch lateRuns = new CountDownLatch(1);
		AtomicBoolean first = new AtomicBoolean(true);
		GenericApplicationContext context = context((unrefreshed) -> {
			unrefreshed.registerBean(BodyWrapper.class, () -> (name, body) -> {
				GroupLifecycle lifecycle = lifecycle(unrefreshed);
				CompletableFuture.runAsync(() -> {
					lifecycle.snapshot();
					if (first.getAndSet(false)) {
						lifecycle.add(Member.named("late").execute(lateRuns::countDown).build());
					}
				}).orTimeout(10, TimeUnit.SECONDS).join();
				return body;
			});
			unrefreshed
				.addBeanFactoryPostProcessor((beanFactory) -> beanFactory.addBeanPostProcessor(new BeanPostProcessor() {

					@Override
					public Object postProcessAfterInitialization(Object bean, String beanName) {
						if (bean instanceof GroupLifecycle lifecycle) {
							lifecycle.add(Member.named("early").execute(lateRuns::await).build());
						}
						return bean;
					}

				}));
		});
		assertThat(lifecycle(context).snapshot().members()).extracting(MemberSnapshot::name)
			.containsExactlyInAnyOrder("early", "late");
		await().until(() -> lateRuns.getCount() == 0);
		context.close();
	}

	private static GenericApplicationContext context() {
		return context((unrefreshed) -> {
		});
	}

	private static GenericApplicationContext context(Consumer<GenericApplicationContext> registration) {
		GenericApplicationContext context = new GenericApplicationContext();
		GroupSettings defaults = GroupSettings.defaults();
		context.registerBean(GroupLifecycle.class,
				() -> new GroupLifecycle(new GroupSettings(defaults.name(), defaults.enabled(), defaults.autoStartup(),
						defaults.startOn(), defaults.phase(), defaults.virtualThreads(), TOO_LONG, TOO_LONG,
						RestartStrategy.ONE)));
		context.registerBean(AbstractApplicationContext.LIFECYCLE_PROCESSOR_BEAN_NAME, DefaultLifecycleProcessor.class,
				() -> {
					DefaultLifecycleProcessor processor = new DefaultLifecycleProcessor();
					processor.setTimeoutPerShutdownPhase(TOO_LONG.toMillis());
					return processor;
				});
		registration.accept(context);
		context.refresh();
		return context;
	}

	private static GroupLifecycle lifecycle(GenericApplicationContext context) {
		return context.getBean(GroupLifecycle.class);
	}

}
