package dev.rungroup.core;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a member without an interrupter gets at a stop, and what it may throw then.
 */
class OnStopTests {

	private final CountDownLatch begun = new CountDownLatch(1);

	private final CountDownLatch finish = new CountDownLatch(1);

	private final BlockingQueue<MemberContext> contexts = new LinkedBlockingQueue<>();

	private final List<Throwable> handled = new CopyOnWriteArrayList<>();

	private final List<Outcome> outcomes = new CopyOnWriteArrayList<>();

	private final List<String> graces = new CopyOnWriteArrayList<>();

	private Group.Builder group() {
		return Group.builder().listener(new GroupListener() {

			@Override
			public void executionEnded(String member, Outcome outcome, long nanos) {
				OnStopTests.this.outcomes.add(outcome);
			}

			@Override
			public void graceExpired(String member) {
				OnStopTests.this.graces.add(member);
			}

		});
	}

	private Member.Builder waiting() {
		return Member.named("worker").onStop(OnStop.FINISH).execute((context) -> {
			this.contexts.add(context);
			this.begun.countDown();
			this.finish.await();
		}).failureHandler(this.handled::add);
	}

	@Test
	void aBodyThatMayFinishIsToldAndNotInterrupted() {
		Group group = group().gracePeriod(Waits.LONG).build();
		group.add(waiting().build());
		RunningGroup run = RunningGroup.of(group);
		MemberContext context = Waits.take(this.contexts);
		group.stop();
		Waits.until(context::isStopping);
		Waits.until(() -> group.snapshot().members().get(0).state() == MemberState.STOPPING);
		assertThat(this.outcomes).isEmpty();
		this.finish.countDown();
		run.returned();
		assertThat(this.outcomes).containsExactly(new Outcome.Interrupted());
	}

	@Test
	void theSleepOfABodyThatMayFinishEndsAtTheStop() {
		Group group = group().gracePeriod(Waits.LONG).build();
		BlockingQueue<Boolean> slept = new LinkedBlockingQueue<>();
		group.add(Member.named("worker").onStop(OnStop.FINISH).execute((context) -> {
			this.begun.countDown();
			slept.add(context.sleep(Waits.LONG));
		}).build());
		RunningGroup run = RunningGroup.of(group);
		Waits.await(this.begun);
		group.stop();
		assertThat(Waits.take(slept)).isFalse();
		run.returned();
	}

	@Test
	void aBodyThatMayFinishIsInterruptedAfterTheGracePeriod() {
		Group group = group().gracePeriod(Duration.ofMillis(50)).build();
		group.add(Member.named("worker").onStop(OnStop.FINISH).execute(() -> {
			this.begun.countDown();
			try {
				this.finish.await();
			}
			finally {
				// Told on another thread, and nothing is once the group is over
				Waits.until(() -> !this.graces.isEmpty());
			}
		}).failureHandler(this.handled::add).build());
		RunningGroup run = RunningGroup.of(group);
		Waits.await(this.begun);
		group.stop();
		run.returned();
		assertThat(this.graces).containsExactly("worker");
		assertThat(this.outcomes).singleElement()
			.isInstanceOfSatisfying(Outcome.Interrupted.class,
					(interrupted) -> assertThat(interrupted.thrown()).isInstanceOf(InterruptedException.class));
		assertThat(this.handled).isEmpty();
	}

	@Test
	void aBodyThatMayFinishIsInterruptedAtItsTimeoutWhileItFinishes() {
		Group group = group().gracePeriod(Waits.LONG).build();
		group.add(Member.named("worker").onStop(OnStop.FINISH).timeout(Duration.ofSeconds(1)).execute(() -> {
			group.stop();
			this.finish.await();
		}).build());
		RunningGroup.of(group).returned();
		assertThat(this.graces).isEmpty();
		assertThat(group.snapshot().members().get(0).failures()).isZero();
		assertThat(this.outcomes).hasSize(1).first().isInstanceOf(Outcome.Interrupted.class);
	}

	@Test
	void anInterrupterIsCalledThoughTheBodyMayFinish() {
		Group group = group().gracePeriod(Waits.LONG).build();
		group.add(waiting().interrupt((reason) -> this.finish.countDown()).build());
		RunningGroup run = RunningGroup.of(group);
		Waits.await(this.begun);
		group.stop();
		run.returned();
	}

	@Test
	void aMemberThatIsStoppedAloneMayFinish() {
		Group group = group().gracePeriod(Waits.LONG).keepStopped(true).build();
		group.add(waiting().build());
		RunningGroup run = RunningGroup.of(group);
		MemberContext context = Waits.take(this.contexts);
		group.stopMember("worker");
		Waits.until(context::isStopping);
		this.finish.countDown();
		Waits.until(() -> group.snapshot().members().get(0).state() == MemberState.STOPPED);
		group.stop();
		run.returned();
	}

	@Test
	void aSocketThatItsInterrupterClosedIsNoIncident() {
		IllegalStateException closed = new IllegalStateException("socket closed");
		Group group = group().build();
		group.add(Member.named("listener").execute((context) -> {
			this.begun.countDown();
			this.finish.await();
			throw closed;
		}).interrupt((reason) -> this.finish.countDown()).failureHandler(this.handled::add).build());
		RunningGroup run = RunningGroup.of(group);
		Waits.await(this.begun);
		group.stop();
		run.returned();
		assertThat(this.outcomes).containsExactly(new Outcome.Interrupted(closed));
		assertThat(this.handled).containsExactly(closed);
		MemberSnapshot listener = group.snapshot().members().get(0);
		assertThat(listener.failures()).isZero();
		assertThat(listener.failuresInARow()).isZero();
		assertThat(listener.lastFailure()).isNull();
		assertThat(listener.state()).isEqualTo(MemberState.STOPPED);
	}

}
