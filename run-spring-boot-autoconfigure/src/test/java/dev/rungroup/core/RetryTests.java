package dev.rungroup.core;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import dev.rungroup.test.TestTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

@Timeout(60)
class RetryTests {

	@Test
	void pausesOutsideOfMembersFollowTheTimeItIsToldTo() throws Exception {
		List<Long> parks = new ArrayList<>();
		AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
		Time time = new Time() {

			@Override
			public long nanoTime() {
				return now.get();
			}

			@Override
			public void park(Object blocker, long nanos) {
				parks.add(nanos);
				now.addAndGet(nanos);
			}

			@Override
			public void unpark(Thread thread) {
				// nobody waits
			}

		};
		Retry retry = Retry.with(Backoff.exponential(Duration.ofHours(1), 2, Duration.ofHours(9))).on(time);
		retry.run((attempt) -> {
			if (attempt.iteration() < 4) {
				throw new IOException("again");
			}
		});
		assertThat(parks).containsExactly(Duration.ofHours(1).toNanos(), Duration.ofHours(2).toNanos(),
				Duration.ofHours(4).toNanos());
	}

	@Test
	void aCallThatReturnsIsCalledOnce() throws Exception {
		AtomicInteger calls = new AtomicInteger();
		assertThat(Retry.immediately().<String>call((attempt) -> "result " + calls.incrementAndGet()))
			.isEqualTo("result 1");
		assertThat(calls).hasValue(1);
	}

	@Test
	void aCallMayReturnNull() throws Exception {
		assertThat(Retry.immediately().<String>call((attempt) -> null)).isNull();
	}

	@Test
	void aCallThatThrowsIsTriedAgainUntilItReturns() throws Exception {
		List<Integer> iterations = new ArrayList<>();
		String result = Retry.immediately().call((attempt) -> {
			iterations.add(attempt.iteration());
			if (attempt.iteration() < 4) {
				throw new IOException("not yet");
			}
			return "done";
		});
		assertThat(result).isEqualTo("done");
		assertThat(iterations).containsExactly(1, 2, 3, 4);
	}

	@Test
	void anActionIsTriedTheSameWay() throws Exception {
		AtomicInteger calls = new AtomicInteger();
		Retry.immediately().run((attempt) -> {
			if (calls.incrementAndGet() < 3) {
				throw new IOException("not yet");
			}
		});
		assertThat(calls).hasValue(3);
	}

	@Test
	void withoutALimitItNeverGivesUp() throws Exception {
		AtomicInteger calls = new AtomicInteger();
		Retry.immediately().run((attempt) -> {
			if (calls.incrementAndGet() < 10_000) {
				throw new IOException("not yet");
			}
		});
		assertThat(calls).hasValue(10_000);
	}

	@Test
	void maxRetriesDoesNotCountTheFirstAttemptAndTheLastFailureIsThrownItself() {
		List<Exception> failures = new ArrayList<>();
		Throwable thrown = thrownBy(() -> Retry.immediately().withMaxRetries(3).run((attempt) -> {
			failures.add(new IOException("attempt " + attempt.iteration()));
			throw failures.get(failures.size() - 1);
		}));
		assertThat(failures).hasSize(4);
		assertThat(thrown).isSameAs(failures.get(3));
	}

	@Test
	void endlessRetryingHoldsNoPastFailures() {
		Throwable thrown = thrownBy(() -> Retry.immediately().withMaxRetries(1_000).run((attempt) -> {
			throw new IOException("attempt " + attempt.iteration());
		}));
		assertThat(thrown).hasMessage("attempt 1001");
		assertThat(thrown.getSuppressed()).hasSizeLessThanOrEqualTo(1);
	}

	@Test
	void maxRetriesOfZeroMeansOneAttempt() {
		AtomicInteger calls = new AtomicInteger();
		IOException failure = new IOException("once");
		assertThat(thrownBy(() -> Retry.immediately().withMaxRetries(0).run((attempt) -> {
			calls.incrementAndGet();
			throw failure;
		}))).isSameAs(failure);
		assertThat(calls).hasValue(1);
	}

	@Test
	void theLastFailureIsKnownToTheNextAttempt() throws Exception {
		IOException first = new IOException("first");
		List<Object> seen = new ArrayList<>();
		Retry.immediately().run((attempt) -> {
			seen.add(String.valueOf(attempt.lastFailure()));
			if (attempt.iteration() == 1) {
				throw first;
			}
			assertThat(attempt.lastFailure()).isSameAs(first);
		});
		assertThat(seen).containsExactly("null", first.toString());
	}

	@Test
	void stopEndsTheTrying() {
		AtomicInteger calls = new AtomicInteger();
		IOException failure = new IOException("hopeless");
		assertThat(thrownBy(() -> Retry.immediately().run((attempt) -> {
			if (calls.incrementAndGet() == 3) {
				attempt.stop();
			}
			throw failure;
		}))).isSameAs(failure);
		assertThat(calls).hasValue(3);
	}

	@Test
	void stopDoesNotHideAResult() throws Exception {
		String result = Retry.immediately().call((attempt) -> {
			attempt.stop();
			return "result";
		});
		assertThat(result).isEqualTo("result");
	}

	@Test
	void thePauseIsThatOfTheBackoff() throws Exception {
		List<Long> times = new ArrayList<>();
		Retry.with(Backoff.exponential(Duration.ofMillis(20), 3, Duration.ofSeconds(10))).run((attempt) -> {
			times.add(System.nanoTime());
			if (attempt.iteration() < 4) {
				throw new IOException("not yet");
			}
		});
		assertThat(times.get(1) - times.get(0)).isGreaterThanOrEqualTo(20_000_000L);
		assertThat(times.get(2) - times.get(1)).isGreaterThanOrEqualTo(60_000_000L);
		assertThat(times.get(3) - times.get(2)).isGreaterThanOrEqualTo(180_000_000L);
	}

	@Test
	void setDelayReplacesTheNextPauseAlone() throws Exception {
		List<Long> times = new ArrayList<>();
		Retry.with(Backoff.fixed(Duration.ofMillis(200))).run((attempt) -> {
			times.add(System.nanoTime());
			if (attempt.iteration() == 1) {
				attempt.setDelay(Duration.ofMillis(500));
			}
			else if (attempt.iteration() == 2) {
				attempt.setDelay(Duration.ZERO);
			}
			if (attempt.iteration() < 4) {
				throw new IOException("not yet");
			}
		});
		assertThat(times.get(1) - times.get(0)).isGreaterThanOrEqualTo(500_000_000L);
		assertThat(times.get(3) - times.get(2)).isGreaterThanOrEqualTo(200_000_000L);
	}

	@Test
	void setDelayOfZeroReplacesALongPause() throws Exception {
		long began = System.nanoTime();
		Retry.with(Backoff.fixed(Waits.LONG)).run((attempt) -> {
			attempt.setDelay(Duration.ZERO);
			if (attempt.iteration() < 3) {
				throw new IOException("not yet");
			}
		});
		assertThat(Waits.since(began)).isLessThan(Waits.SOON);
	}

	@Test
	void anInterruptedExceptionIsNotTriedAgain() {
		AtomicInteger calls = new AtomicInteger();
		InterruptedException failure = new InterruptedException("somebody");
		assertThat(thrownBy(() -> Retry.immediately().run((attempt) -> {
			calls.incrementAndGet();
			throw failure;
		}))).isSameAs(failure);
		assertThat(calls).hasValue(1);
	}

	@Test
	void anErrorIsNotTriedAgain() {
		AtomicInteger calls = new AtomicInteger();
		StackOverflowError failure = new StackOverflowError("fatal");
		assertThat(thrownBy(() -> Retry.immediately().run((attempt) -> {
			calls.incrementAndGet();
			throw failure;
		}))).isSameAs(failure);
		assertThat(calls).hasValue(1);
	}

	@Test
	void interruptedInItsPauseItThrowsWithTheLastFailureSuppressed() {
		CountDownLatch failed = new CountDownLatch(1);
		IOException failure = new IOException("before the pause");
		RunningGroup run = RunningGroup.of(() -> Retry.with(Backoff.fixed(Waits.LONG)).run((attempt) -> {
			failed.countDown();
			throw failure;
		}));
		Waits.await(failed);
		long interrupted = System.nanoTime();
		run.thread().interrupt();
		assertThat(run.thrown()).isInstanceOf(InterruptedException.class);
		assertThat(run.thrown().getSuppressed()).containsExactly(failure);
		assertThat(Waits.since(interrupted)).isLessThan(Waits.SOON);
	}

	@Test
	void aJitterWithoutADelayIsAPauseToo() {
		RunningGroup run = RunningGroup
			.of(() -> Retry.with(Backoff.none().withJitter(Waits.LONG)).withMaxRetries(100).run((attempt) -> {
				throw new IOException("attempt " + attempt.iteration());
			}));
		Waits.until("it pauses", () -> run.thread().getState() == Thread.State.TIMED_WAITING || run.isOver());
		run.thread().interrupt();
		assertThat(run.thrown()).isInstanceOf(InterruptedException.class);
	}

	@Test
	void anInterruptFlagThatIsSetBeforeThePauseEndsIt() {
		IOException failure = new IOException("before the pause");
		AtomicInteger calls = new AtomicInteger();
		RunningGroup run = RunningGroup.of(() -> Retry.with(Backoff.fixed(Waits.LONG)).run((attempt) -> {
			calls.incrementAndGet();
			Thread.currentThread().interrupt();
			throw failure;
		}));
		assertThat(run.thrown()).isInstanceOf(InterruptedException.class);
		assertThat(run.thrown().getSuppressed()).containsExactly(failure);
		assertThat(calls).hasValue(1);
	}

	@Test
	void insideAMemberItsPauseEndsAtTheStopWhateverTheInterrupterDoes() {
		Events events = new Events();
		Group group = Group.builder().listener(events).build();
		CountDownLatch failed = new CountDownLatch(1);
		BlockingQueue<Throwable> thrown = new LinkedBlockingQueue<>();
		IOException failure = new IOException("before the pause");
		group.add(Member.named("caller").execute(() -> {
			try {
				Retry.with(Backoff.fixed(Waits.LONG)).run((attempt) -> {
					failed.countDown();
					throw failure;
				});
			}
			catch (Exception ex) {
				thrown.add(ex);
				throw ex;
			}
		}).interrupt((reason) -> {
		}).build());
		RunningGroup run = RunningGroup.of(group);
		Waits.await(failed);
		long stopped = System.nanoTime();
		group.stop();
		run.returned();
		assertThat(Waits.since(stopped)).isLessThan(Waits.SOON);
		Throwable ended = Waits.take(thrown);
		assertThat(ended).isInstanceOf(InterruptedException.class);
		assertThat(ended.getSuppressed()).containsExactly(failure);
		assertThat(events.of("caller")).contains("caller execution interrupted", "caller ended STOPPED");
	}

	@Test
	void insideAMemberItsPauseEndsAtStopMemberAndAtTheTimeoutToo() {
		Events events = new Events();
		Group group = Group.builder().listener(events).build();
		group.add(Member.named("timed").execute(() -> Retry.with(Backoff.fixed(Waits.LONG)).run((attempt) -> {
			throw new IOException("before the pause");
		})).interrupt((reason) -> {
		}).timeout(Duration.ofMillis(50)).onError(Policy.DO_NOTHING).build());
		CountDownLatch failed = new CountDownLatch(1);
		group.add(Member.named("stopped").execute(() -> Retry.with(Backoff.fixed(Waits.LONG)).run((attempt) -> {
			failed.countDown();
			throw new IOException("before the pause");
		})).interrupt((reason) -> {
		}).build());
		RunningGroup run = RunningGroup.of(group);
		Waits.await(failed);
		group.stopMember("stopped");
		run.returned();
		assertThat(events.of("timed")).contains("timed execution failed");
		assertThat(events.of("stopped")).contains("stopped execution interrupted");
	}

	@Test
	void insideAMemberRetryingWithoutAPauseEndsAtTheStopToo() {
		for (Interrupter interrupter : List.<Interrupter>of((reason) -> {
		}, (reason) -> Thread.yield())) {
			Group group = new Group();
			CountDownLatch failing = new CountDownLatch(100);
			group.add(Member.named("caller").execute(() -> Retry.immediately().run((attempt) -> {
				failing.countDown();
				throw new IOException("always");
			})).interrupt(interrupter).build());
			RunningGroup run = RunningGroup.of(group);
			Waits.await(failing);
			group.stop();
			run.returned();
		}
	}

	@Test
	void insideAMemberWithoutAnInterrupterRetryingWithoutAPauseEndsAtTheStopToo() {
		Group group = new Group();
		CountDownLatch failing = new CountDownLatch(100);
		group.add(Member.named("caller").execute(() -> Retry.immediately().run((attempt) -> {
			failing.countDown();
			throw new IOException("always");
		})).build());
		RunningGroup run = RunningGroup.of(group);
		Waits.await(failing);
		group.stop();
		run.returned();
	}

	@Test
	void afterTheMemberItNoLongerBelongsToIt() throws Exception {
		AtomicInteger calls = new AtomicInteger();
		BlockingQueue<String> results = new LinkedBlockingQueue<>();
		Group group = new Group();
		group.add(Member.named("first").execute(() -> {
		}).build());
		RunningGroup.of(() -> {
			group.run();
			results.add(Retry.with(Backoff.fixed(Duration.ofMillis(1))).call((attempt) -> {
				if (calls.incrementAndGet() < 3) {
					throw new IOException("not yet");
				}
				return "done";
			}));
		}).returned();
		assertThat(Waits.take(results)).isEqualTo("done");
	}

	@Test
	void anAttemptThatLastedResetAfterStartsTheRowAnew() throws Exception {
		assertThat(begins(Backoff.exponential(Duration.ofMillis(5), 1000, Duration.ofHours(1))
			.withResetAfter(Duration.ofMillis(100)), 5)).containsExactly(0L, 105L, 210L, 315L, 420L);
	}

	@Test
	void pausesOfZeroBetweenThemDoNotMakeAttemptsHealthy() throws Exception {
		// The sixth pause in a row; the first would be a millisecond
		assertThat(begins(Backoff.exponential(Duration.ofMillis(1), 3, Duration.ofHours(1))
			.withResetAfter(Duration.ofMillis(400)), 7, 1, 2, 3, 4, 5))
			.containsExactly(0L, 100L, 200L, 300L, 400L, 500L, 600L + 243L);
	}

	/**
	 * When attempts begin that take 100 ms each, in milliseconds.
	 * @param withoutPause after which no pause is made
	 */
	private static List<Long> begins(Backoff backoff, int attempts, Integer... withoutPause) throws Exception {
		TestTime time = new TestTime();
		List<Long> begins = new ArrayList<>();
		Retry.with(backoff).on(time).run((attempt) -> {
			begins.add(TimeUnit.NANOSECONDS.toMillis(time.nanoTime()));
			if (attempt.iteration() == attempts) {
				return;
			}
			time.advance(Duration.ofMillis(100));
			if (List.of(withoutPause).contains(attempt.iteration())) {
				attempt.setDelay(Duration.ZERO);
			}
			throw new IOException("sick");
		});
		return begins;
	}

	@Test
	void aListenerHearsWhatBecomesOfEachAttempt() throws Exception {
		List<Retry.AttemptOutcome> heard = new CopyOnWriteArrayList<>();
		Retry retry = Retry.immediately().withMaxRetries(2).withListener(heard::add);
		retry.run((attempt) -> {
			if (attempt.iteration() < 3) {
				throw new IOException("not yet");
			}
		});
		assertThat(heard).containsExactly(Retry.AttemptOutcome.RETRIED, Retry.AttemptOutcome.RETRIED,
				Retry.AttemptOutcome.SUCCESS);
		heard.clear();
		thrownBy(() -> retry.run((attempt) -> {
			throw new IOException("always");
		}));
		assertThat(heard).containsExactly(Retry.AttemptOutcome.RETRIED, Retry.AttemptOutcome.RETRIED,
				Retry.AttemptOutcome.EXHAUSTED);
		heard.clear();
		thrownBy(() -> retry.run((attempt) -> {
			attempt.stop();
			throw new IOException("hopeless");
		}));
		assertThat(heard).containsExactly(Retry.AttemptOutcome.STOPPED);
	}

	@Test
	void aListenerHearsThatAnInterruptedPauseStoppedIt() {
		List<Retry.AttemptOutcome> heard = new CopyOnWriteArrayList<>();
		Retry retry = Retry.with(Backoff.fixed(Waits.LONG)).withListener(heard::add);
		assertThat(thrownBy(() -> retry.run((attempt) -> {
			Thread.currentThread().interrupt();
			throw new IOException("before the pause");
		}))).isInstanceOf(InterruptedException.class);
		assertThat(heard).containsExactly(Retry.AttemptOutcome.STOPPED);
	}

	@Test
	void settingOneValueLeavesTheOthersAndTheOriginalAlone() {
		Retry unlimited = Retry.with(Backoff.none());
		Retry limited = unlimited.withMaxRetries(1);
		AtomicInteger calls = new AtomicInteger();
		thrownBy(() -> limited.run((attempt) -> {
			calls.incrementAndGet();
			throw new IOException("always");
		}));
		assertThat(calls).hasValue(2);
		calls.set(0);
		thrownBy(() -> unlimited.run((attempt) -> {
			if (calls.incrementAndGet() == 50) {
				attempt.stop();
			}
			throw new IOException("always");
		}));
		assertThat(calls).hasValue(50);
	}

	@Test
	void oneRetryServesManyThreadsAtOnce() {
		Retry retry = Retry.with(Backoff.fixed(Duration.ofMillis(1))).withMaxRetries(20);
		List<RunningGroup> runs = new ArrayList<>();
		AtomicInteger calls = new AtomicInteger();
		for (int i = 0; i < 8; i++) {
			runs.add(RunningGroup.of(() -> retry.run((attempt) -> {
				calls.incrementAndGet();
				if (attempt.iteration() <= 20) {
					throw new IOException("not yet");
				}
			})));
		}
		runs.forEach(RunningGroup::returned);
		assertThat(calls).hasValue(8 * 21);
	}

	@Test
	void aRetryMayBeUsedInsideAnother() throws Exception {
		AtomicInteger calls = new AtomicInteger();
		String result = Retry.immediately().call((outer) -> Retry.immediately().withMaxRetries(1).call((inner) -> {
			if (calls.incrementAndGet() < 6) {
				throw new IOException("not yet");
			}
			return outer.iteration() + "." + inner.iteration();
		}));
		assertThat(result).isEqualTo("3.2");
	}

	@Test
	void aLimitOfMinusOneIsNone() throws Exception {
		AtomicInteger calls = new AtomicInteger();
		Retry.immediately().withMaxRetries(0).withMaxRetries(-1).run((attempt) -> {
			if (calls.incrementAndGet() < 50) {
				throw new IOException("not yet");
			}
		});
		assertThat(calls).hasValue(50);
	}

	@Test
	void aNegativeDelayIsRefused() {
		assertThatExceptionOfType(IllegalArgumentException.class).isThrownBy(
				() -> Retry.immediately().withMaxRetries(0).run((attempt) -> attempt.setDelay(Duration.ofMillis(-1))));
		assertThatExceptionOfType(IllegalArgumentException.class)
			.isThrownBy(() -> Retry.immediately().withMaxRetries(-2));
	}

	private static Throwable thrownBy(Task task) {
		RunningGroup run = RunningGroup.of(task);
		Throwable thrown = run.thrown();
		assertThat(thrown).isNotNull();
		return thrown;
	}

}
