package dev.rungroup.core;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Predicate;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(60)
class CloseTests {

	private final FakeMember a = new FakeMember("a");

	private final Group group = new Group();

	@Test
	void closeStopsAndWaits() {
		this.group.add(this.a.build());
		this.group.start();
		this.a.awaitStarted();
		this.group.close();
		assertThat(this.a.isActive()).isFalse();
		assertThat(this.a.interrupts()).hasSize(1);
		assertThat(this.group.snapshot().state()).isEqualTo(GroupState.STOPPED);
		assertThat(this.group.stopReason().kind()).isEqualTo(StopReason.Kind.STOP_REQUESTED);
	}

	@Test
	void closeWaitsForAMemberThatTakesItsTime() {
		this.a.deaf();
		this.group.add(this.a.build());
		this.group.start();
		this.a.awaitStarted();
		RunningGroup close = RunningGroup.of(this.group::close);
		this.a.awaitInterrupt();
		assertThat(close.isOver()).isFalse();
		this.a.finish();
		close.returned();
		assertThat(this.a.isActive()).isFalse();
	}

	@Test
	void aGroupIsLeftToABodyWhenAllOthersHaveEndedAndEveryInterrupterHasReturned() {
		CountDownLatch interrupter = new CountDownLatch(1);
		CountDownLatch body = new CountDownLatch(1);
		this.group.add(Member.named("closing")
			.execute((context) -> Waits.await(body))
			.interrupt((reason) -> Waits.await(interrupter))
			.build());
		this.group.add(this.a.build());
		RunningGroup run = RunningGroup.of(this.group);
		this.a.awaitStarted();
		Waits.until(() -> this.group.snapshot().members().get(0).executions() == 1);
		Predicate<Thread> closing = (thread) -> thread.getName().equals("closing");
		assertThat(this.group.isLeftTo((thread) -> true)).as("nobody has asked for its end").isFalse();
		this.group.stop();
		Waits.until(() -> this.group.snapshot().members().get(1).state().isEnded());
		assertThat(this.group.isLeftTo(closing)).as("its interrupter is at work").isFalse();
		interrupter.countDown();
		Waits.until(() -> this.group.isLeftTo(closing));
		assertThat(this.group.isLeftTo((thread) -> thread.getName().equals("a"))).as("it is another's").isFalse();
		body.countDown();
		run.returned();
		assertThat(this.group.isLeftTo(closing)).as("it is over").isFalse();
	}

	@Test
	void aGroupIsLeftToABodyInsideOfAnInnerGroup() {
		CountDownLatch interrupter = new CountDownLatch(1);
		CountDownLatch body = new CountDownLatch(1);
		Group inner = new Group();
		inner.add(Member.named("closing")
			.execute((context) -> Waits.await(body))
			.interrupt((reason) -> Waits.await(interrupter))
			.build());
		this.group.add(inner.asMember("inner"));
		RunningGroup run = RunningGroup.of(this.group);
		Waits.until(() -> inner.snapshot().members().get(0).executions() == 1);
		this.group.stop();
		Predicate<Thread> closing = (thread) -> thread.getName().equals("closing");
		Waits.until(() -> inner.stopReason() != null);
		assertThat(this.group.isLeftTo(closing)).as("its interrupter is at work").isFalse();
		interrupter.countDown();
		Waits.until(() -> this.group.isLeftTo(closing));
		body.countDown();
		run.returned();
	}

	@Test
	void aGroupIsLeftToAMemberWhoseInnerGroupIsOver() {
		CountDownLatch handler = new CountDownLatch(1);
		CountDownLatch handles = new CountDownLatch(1);
		this.group.add(Member.group("inner", () -> {
			Group inner = new Group();
			inner.add(Member.named("failing").execute((context) -> {
				throw new IllegalStateException("wanted");
			}).build());
			return inner;
		}).onError(Policy.RESTART).failureHandler((failure) -> {
			handles.countDown();
			Waits.await(handler);
		}).build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.await(handles);
		this.group.stop();
		Waits.until(() -> this.group.isLeftTo((thread) -> thread.getName().equals("inner")));
		assertThat(this.group.isLeftTo((thread) -> false)).isFalse();
		handler.countDown();
		run.returned();
	}

	@Test
	void stageThatIsLeftToWhoWaitsForTheGroupHoldsUpNoOther() {
		CountDownLatch body = new CountDownLatch(1);
		CountDownLatch interrupted = new CountDownLatch(1);
		this.group.add(Member.named("over").execute((context) -> {
		}).interrupt((reason) -> interrupted.countDown()).onDone(Policy.DO_NOTHING).build());
		this.group.add(Member.named("closing").stage(1).execute((context) -> Waits.await(body)).interrupt((reason) -> {
		}).build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.until(() -> this.group.snapshot().members().get(1).executions() == 1);
		this.group.stop();
		Waits.until(() -> this.group.isLeftTo((thread) -> thread.getName().equals("closing")));
		assertThat(interrupted.getCount()).as("interrupters of stages below that are still to be called").isZero();
		body.countDown();
		run.returned();
	}

	@Test
	void tryWithResourcesEndsTheGroup() {
		try (Group group = new Group()) {
			group.add(this.a.build());
			group.start();
			this.a.awaitStarted();
		}
		assertThat(this.a.isActive()).isFalse();
	}

	@Test
	void closeOfAGroupThatNeverRanReturnsAtOnceAndNoBodyIsCalledAfterwards() throws InterruptedException {
		this.group.add(this.a.build());
		RunningGroup.of(this.group::close).returned();
		try {
			this.group.start();
			assertThat(this.group.awaitTermination(Waits.LIMIT)).isTrue();
		}
		catch (IllegalStateException ex) {
			// refusing it is as good
			assertThat(ex).hasMessageNotContaining("null");
		}
		assertThat(this.a.executions()).isZero();
	}

	@Test
	void closeTwiceIsHarmless() {
		this.group.add(this.a.build());
		this.group.start();
		this.a.awaitStarted();
		this.group.close();
		this.group.close();
		assertThat(this.a.interrupts()).hasSize(1);
	}

	@Test
	void closeDoesNotThrowTheFailure() {
		this.group.add(this.a.build());
		this.group.start();
		this.a.fail(new IllegalStateException("broken"));
		Waits.until(() -> this.group.snapshot().state() == GroupState.STOPPED);
		this.group.close();
		assertThat(this.group.stopReason().kind()).isEqualTo(StopReason.Kind.MEMBER_FAILED);
	}

	@Test
	void closeWaitsNoLongerThanTheShutdownTimeout() {
		Group group = Group.builder()
			.gracePeriod(Duration.ofMillis(10))
			.shutdownTimeout(Duration.ofMillis(100))
			.build();
		this.a.deaf();
		group.add(this.a.build());
		group.start();
		this.a.awaitStarted();
		RunningGroup close = RunningGroup.of(group::close);
		Throwable thrown = close.thrown();
		if (thrown != null) {
			assertThat(thrown).isInstanceOf(UnstoppedMembersException.class);
		}
		assertThat(this.a.isActive()).isTrue();
		this.a.finish();
	}

	@Test
	void anInterruptWhileClosingIsKept() {
		this.a.deaf();
		this.group.add(this.a.build());
		this.group.start();
		this.a.awaitStarted();
		RunningGroup close = RunningGroup.of(this.group::close);
		this.a.awaitInterrupt();
		close.thread().interrupt();
		this.a.finish();
		close.returned();
		assertThat(close.interruptedAfterwards()).isTrue();
	}

	@Test
	void closeOnAnInterruptedThreadStillStopsTheGroup() throws InterruptedException {
		this.group.add(this.a.build());
		this.group.start();
		this.a.awaitStarted();
		RunningGroup close = RunningGroup.of(() -> {
			Thread.currentThread().interrupt();
			this.group.close();
		});
		close.returned();
		assertThat(close.interruptedAfterwards()).isTrue();
		assertThat(this.group.awaitTermination(Waits.LIMIT)).isTrue();
		assertThat(this.a.interrupts()).hasSize(1);
	}

	@Test
	void closeFromABodyDoesNotWait() {
		this.group.add(Member.named("closer").execute(this.group::close).build());
		this.group.add(this.a.build());
		RunningGroup.of(this.group).returned();
		assertThat(this.a.isActive()).isFalse();
		assertThat(this.group.stopReason().kind()).isEqualTo(StopReason.Kind.STOP_REQUESTED);
	}

	@Test
	void closeFromAnInterrupterDoesNotWait() {
		CountDownLatch end = new CountDownLatch(1);
		CountDownLatch started = new CountDownLatch(1);
		this.group.add(Member.named("closer").execute(() -> {
			started.countDown();
			Waits.await(end);
		}).interrupt((reason) -> {
			this.group.close();
			end.countDown();
		}).build());
		RunningGroup run = RunningGroup.of(this.group);
		Waits.await(started);
		this.group.stop();
		run.returned();
	}

	@Test
	void closeFromAFailureHandlerDoesNotWait() {
		this.group.add(Member.named("closer").execute(() -> {
			throw new IllegalStateException("first");
		})
			.failureHandler((failure) -> this.group.close())
			.onError(Policy.RESTART)
			.backoff(Backoff.fixed(Waits.LONG))
			.build());
		this.group.add(this.a.build());
		RunningGroup.of(this.group).returned();
		assertThat(this.a.isActive()).isFalse();
	}

	@Test
	void closeFromAnyCallOfAListenerDoesNotWait() {
		closeFromListener((close) -> new GroupListener() {

			@Override
			public void memberStarted(String member) {
				close.run();
			}

		});
		closeFromListener((close) -> new GroupListener() {

			@Override
			public void memberReady(String member) {
				close.run();
			}

		});
		closeFromListener((close) -> new GroupListener() {

			@Override
			public void executionEnded(String member, Outcome outcome, long nanos) {
				close.run();
			}

		});
		closeFromListener((close) -> new GroupListener() {

			@Override
			public void restartScheduled(String member, Duration pause) {
				close.run();
			}

		});
		closeFromListener((close) -> new GroupListener() {

			@Override
			public void memberEnded(String member, MemberState state) {
				close.run();
			}

		});
		closeFromListener((close) -> new GroupListener() {

			@Override
			public void groupStopping(StopReason reason) {
				close.run();
			}

		});
		closeFromListener((close) -> new GroupListener() {

			@Override
			public void groupStopped(@Nullable StopReason reason) {
				close.run();
			}

		});
	}

	@Test
	void closeFromAListenerOnAHelperThreadThatIsReadyDoesNotWait() {
		AtomicReference<@Nullable Group> built = new AtomicReference<>();
		CountDownLatch closed = new CountDownLatch(1);
		Group group = Group.builder().listener(new GroupListener() {

			@Override
			public void memberReady(String member) {
				built.get().close();
				closed.countDown();
			}

		}).build();
		built.set(group);
		group.add(Member.named("member").execute((context) -> {
			new Thread(context::ready, "helper").start();
			context.sleep(Waits.LONG);
		}).build());
		RunningGroup.of(group).returned();
		Waits.await(closed);
	}

	private void closeFromListener(java.util.function.Function<Runnable, GroupListener> listener) {
		AtomicReference<@Nullable Group> built = new AtomicReference<>();
		CountDownLatch called = new CountDownLatch(1);
		Group group = Group.builder().listener(listener.apply(() -> {
			built.get().close();
			called.countDown();
		})).build();
		built.set(group);
		group.add(Member.named("member").execute((context) -> {
			context.ready();
			if (context.execution() == 1) {
				throw new IllegalStateException("once");
			}
		}).onError(Policy.RESTART).backoff(Backoff.fixed(Duration.ofMillis(1))).build());
		RunningGroup.of(group).returned();
		Waits.await(called);
	}

	@Test
	void closeFromABodyOfAnInnerGroupDoesNotWait() {
		closeFromInside((inner) -> inner.add(Member.named("closer").execute(this.group::close).build()));
	}

	@Test
	void closeFromAHandlerOfAnInnerGroupDoesNotWait() {
		closeFromInside((inner) -> inner.add(Member.named("closer").execute(() -> {
			throw new IllegalStateException("once");
		})
			.failureHandler((failure) -> this.group.close())
			.onError(Policy.RESTART)
			.backoff(Backoff.fixed(Waits.LONG))
			.build()));
	}

	@Test
	void closeFromAnInterrupterOfAnInnerGroupDoesNotWait() {
		CountDownLatch end = new CountDownLatch(1);
		closeFromInside((inner) -> {
			inner.add(Member.named("closer").execute(() -> Waits.await(end)).interrupt((reason) -> {
				this.group.close();
				end.countDown();
			}).build());
			inner.add(Member.named("first").execute(() -> {
			}).build());
		});
	}

	@Test
	void closeOfTheInnerGroupFromItsOwnBodyDoesNotWaitEither() {
		AtomicReference<@Nullable Group> built = new AtomicReference<>();
		closeFromInside((inner) -> {
			built.set(inner);
			inner.add(Member.named("closer").execute(() -> built.get().close()).build());
		});
	}

	private void closeFromInside(Consumer<Group> setUp) {
		Group inner = Group.builder().name("inner").build();
		setUp.accept(inner);
		this.group.add(inner.asMember("inner"));
		this.group.add(this.a.build());
		RunningGroup.of(this.group).returned();
		assertThat(this.a.isActive()).isFalse();
	}

	@Test
	void closeOfAnotherGroupFromABodyWaits() {
		Group other = new Group();
		other.add(this.a.build());
		other.start();
		this.a.awaitStarted();
		AtomicReference<GroupState> state = new AtomicReference<>();
		this.group.add(Member.named("closer").execute(() -> {
			other.close();
			state.set(other.snapshot().state());
		}).build());
		RunningGroup.of(this.group).returned();
		assertThat(state.get()).isEqualTo(GroupState.STOPPED);
	}

}
