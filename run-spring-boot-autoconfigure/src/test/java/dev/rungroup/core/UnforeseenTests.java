package dev.rungroup.core;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What goes wrong where no user code runs: on the way, the clock throws.
 */
@Timeout(60)
class UnforeseenTests {

	private final FakeMember other = new FakeMember("other");

	@Test
	void whatGoesWrongAfterAFailureDoesNotTakeItsPlace() {
		AssertionError unforeseen = new AssertionError("unforeseen");
		IOException failure = new IOException("broken");
		FailingTime time = new FailingTime("worker", unforeseen);
		Group group = Group.builder().time(time).build();
		group.add(Member.named("worker").execute(() -> {
			time.readingFails.set(true);
			throw failure;
		}).onError(Policy.RESTART).backoff(Backoff.none()).build());
		group.add(this.other.build());
		assertThat(RunningGroup.of(group).thrown()).isSameAs(failure);
		assertThat(failure.getSuppressed()).containsExactly(unforeseen);
		assertThat(group.stopReason()).isEqualTo(new StopReason(StopReason.Kind.MEMBER_FAILED, "worker", failure));
		MemberSnapshot worker = group.snapshot().members().get(0);
		assertThat(worker.state()).isEqualTo(MemberState.FAILED);
		assertThat(worker.executions()).isOne();
		assertThat(worker.failures()).isOne();
		assertThat(worker.lastFailure()).isSameAs(failure);
	}

	@Test
	void whatGoesWrongInAPauseIsAFailureOfItsOwn() {
		AssertionError unforeseen = new AssertionError("unforeseen");
		FailingTime time = new FailingTime("worker", unforeseen);
		time.parkingFails.set(true);
		Group group = Group.builder().time(time).build();
		group.add(Member.named("worker").execute(() -> {
			throw new IOException("broken");
		}).onError(Policy.RESTART).backoff(Backoff.fixed(Waits.LONG)).build());
		group.add(this.other.build());
		assertThat(RunningGroup.of(group).thrown()).isSameAs(unforeseen);
		MemberSnapshot worker = group.snapshot().members().get(0);
		assertThat(worker.failures()).isEqualTo(2);
		assertThat(worker.lastFailure()).isSameAs(unforeseen);
	}

	@Test
	void whatGoesWrongBeforeTheFirstExecutionIsAFailureOfItsOwn() {
		AssertionError unforeseen = new AssertionError("unforeseen");
		FailingTime time = new FailingTime("worker", unforeseen);
		time.parkingFails.set(true);
		Group group = Group.builder().time(time).build();
		group.add(Member.named("worker").execute(() -> {
		}).initialDelay(Waits.LONG).build());
		group.add(this.other.build());
		assertThat(RunningGroup.of(group).thrown()).isSameAs(unforeseen);
		assertThat(unforeseen.getSuppressed()).isEmpty();
		MemberSnapshot worker = group.snapshot().members().get(0);
		assertThat(worker.state()).isEqualTo(MemberState.FAILED);
		assertThat(worker.executions()).isZero();
		assertThat(worker.failures()).isOne();
		assertThat(worker.lastFailure()).isSameAs(unforeseen);
	}

	@Test
	void aSupervisorThatFailsInterruptsEveryMemberAndItsErrorIsThrown() {
		OutOfMemoryError unforeseen = new OutOfMemoryError("for the supervisor");
		FailingTime time = new FailingTime("group-run", unforeseen);
		Group group = Group.builder().time(time).build();
		CountDownLatch interrupted = new CountDownLatch(1);
		group.add(Member.named("worker").execute(() -> {
			time.parkingFails.set(true);
			group.stopMember("other");
			try {
				Thread.sleep(Waits.LONG.toMillis());
			}
			catch (InterruptedException ex) {
				interrupted.countDown();
			}
		}).build());
		group.add(this.other.build());
		assertThat(RunningGroup.of(group).thrown()).isSameAs(unforeseen);
		Waits.await(interrupted);
		assertThat(group.snapshot().state()).isEqualTo(GroupState.STOPPED);
		assertThat(group.stopReason()).extracting(StopReason::cause).isSameAs(unforeseen);
	}

	@Test
	void aMemberWhoseThreadCannotEvenSayThatItEndsDoesNotKeepTheGroupUp() {
		AssertionError unforeseen = new AssertionError("again and again");
		FailingTime time = new FailingTime("worker", unforeseen);
		time.always = true;
		time.readingFails.set(true);
		Group group = Group.builder().time(time).build();
		group.add(Member.named("worker").execute(() -> {
		}).build());
		group.add(this.other.build());
		assertThat(RunningGroup.of(group).thrown()).isSameAs(unforeseen);
		assertThat(group.snapshot().state()).isEqualTo(GroupState.STOPPED);
	}

	@Test
	void interruptersThatGetNoThreadAreCalledOneAfterAnother() {
		Group group = Group.builder().interrupterThreads((work) -> {
			throw new OutOfMemoryError("unable to create native thread");
		}).build();
		FakeMember first = new FakeMember("first");
		group.add(first.build());
		group.add(this.other.build());
		RunningGroup run = RunningGroup.of(group);
		first.awaitStarted();
		this.other.awaitStarted();
		group.stop();
		run.returned();
		assertThat(first.interrupts()).hasSize(1);
		assertThat(this.other.interrupts()).hasSize(1);
		assertThat(run.thread().getName()).isEqualTo("group-run");
	}

	@Test
	void theThreadInsideRunIsStillInterruptedWhenAFailureIsThrown() {
		IOException failure = new IOException("broken");
		CountDownLatch begun = new CountDownLatch(1);
		CountDownLatch release = new CountDownLatch(1);
		CountDownLatch stopping = new CountDownLatch(1);
		Group group = new Group();
		group.add(Member.named("slow").execute(() -> {
			begun.countDown();
			Waits.ignoringInterrupts(release);
		}).interrupt((reason) -> stopping.countDown()).build());
		group.add(Member.named("failing").execute(() -> {
			Waits.await(begun);
			throw failure;
		}).build());
		RunningGroup run = RunningGroup.of(group);
		Waits.await(stopping);
		run.thread().interrupt();
		release.countDown();
		assertThat(run.thrown()).isSameAs(failure);
		assertThat(run.interruptedAfterwards()).isTrue();
	}

	@Test
	void theThreadInsideRunIsNotInterruptedWhenNobodyHasInterruptedIt() {
		Group group = new Group();
		group.add(Member.named("failing").execute(() -> {
			throw new IOException("broken");
		}).build());
		RunningGroup run = RunningGroup.of(group);
		assertThat(run.thrown()).isInstanceOf(IOException.class);
		assertThat(run.interruptedAfterwards()).isFalse();
	}

	@Test
	void theStackOfAMemberShowsWhereItsThreadIsUntilItHasEnded() {
		Group group = new Group();
		CountDownLatch in = new CountDownLatch(1);
		CountDownLatch out = new CountDownLatch(1);
		group.add(Member.named("worker").execute(() -> hang(in, out)).interrupt((reason) -> out.countDown()).build());
		RunningGroup run = RunningGroup.of(group);
		Waits.await(in);
		assertThat(group.stackOf("worker")).extracting(StackTraceElement::getMethodName).contains("hang");
		group.stop();
		run.returned();
		assertThat(group.stackOf("worker")).isEmpty();
	}

	private static void hang(CountDownLatch in, CountDownLatch out) {
		in.countDown();
		Waits.await(out);
	}

	/**
	 * Throws an error on one thread, once or always.
	 */
	private static final class FailingTime implements Time {

		private final String thread;

		private final Error error;

		private final AtomicBoolean readingFails = new AtomicBoolean();

		private final AtomicBoolean parkingFails = new AtomicBoolean();

		private final List<Long> parks = new CopyOnWriteArrayList<>();

		private volatile boolean always;

		private Runnable beforeFailing = () -> {
		};

		private FailingTime(String thread, Error error) {
			this.thread = thread;
			this.error = error;
		}

		@Override
		public long nanoTime() {
			failIf(this.readingFails);
			return Time.system().nanoTime();
		}

		@Override
		public void unpark(Thread thread) {
			Time.system().unpark(thread);
		}

		@Override
		public void park(Object blocker, long nanos) {
			failIf(this.parkingFails);
			if (isMeant()) {
				this.parks.add(nanos);
			}
			Time.system().park(blocker, nanos);
		}

		private void failIf(AtomicBoolean fails) {
			if (isMeant() && (this.always ? fails.get() : fails.getAndSet(false))) {
				this.beforeFailing.run();
				throw this.error;
			}
		}

		private boolean isMeant() {
			return Thread.currentThread().getName().equals(this.thread);
		}

	}

}
