package dev.rungroup.core;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A member that may be executed only while it leads, on a time that passes by itself.
 */
class LeadershipTests {

	private final VirtualTime time = new VirtualTime(Long.MAX_VALUE - TimeUnit.MILLISECONDS.toNanos(3_500));

	private final FakeLeadership leadership = new FakeLeadership(this.time);

	/** What happened, each with the second in which it did. */
	private final Trail trail = new Trail();

	private final Group.Builder builder = Group.builder()
		.time(this.time)
		.threadFactory(this.time::thread)
		.interrupterThreads(this.time::thread)
		.listener(new GroupListener() {

			@Override
			public void executionEnded(String member, Outcome outcome, long nanos) {
				step(member + " " + outcome.getClass().getSimpleName());
			}

			@Override
			public void memberEnded(String member, MemberState state) {
				step(member + " ends " + state);
			}

		});

	private final Member.Builder worker = Member.named("worker").leadership(this.leadership);

	private void step(String step) {
		this.trail.add(TimeUnit.NANOSECONDS.toSeconds(this.time.elapsed()) + " " + step);
	}

	private void sleep(int seconds) {
		this.time.sleepThroughAll(TimeUnit.SECONDS.toNanos(seconds));
	}

	/**
	 * Run a group and, beside it, what a test does meanwhile.
	 * @return what the group threw
	 */
	private @Nullable Throwable run(Group group, Task meanwhile) {
		AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
		AtomicReference<@Nullable Throwable> wrong = new AtomicReference<>();
		CountDownLatch done = new CountDownLatch(2);
		this.time.hold();
		this.time.start(() -> {
			try {
				group.run();
			}
			catch (Throwable ex) {
				thrown.set(ex);
			}
			done.countDown();
		});
		this.time.start(() -> {
			try {
				meanwhile.run();
			}
			catch (Throwable ex) {
				wrong.set(ex);
				group.stop();
			}
			done.countDown();
		});
		this.time.release();
		Waits.await(done);
		assertThat(wrong.get()).isNull();
		return thrown.get();
	}

	private Body looks() {
		return (context) -> {
			step("begins " + context.execution());
			boolean slept = context.sleep(Duration.ofHours(1));
			StopReason reason = context.stopReason();
			step("slept " + slept + " " + ((reason != null) ? reason.kind() : null));
		};
	}

	@Test
	void aMemberIsStandbyAndReadyUntilItLeads() {
		Group group = this.builder.build();
		group.add(
				this.worker.readyTimeout(Duration.ofSeconds(2)).stallAfter(Duration.ofSeconds(2)).execute((context) -> {
					context.ready();
					step("begins");
				}).build());
		group.add(Member.named("next").stage(1).onDone(Policy.DO_NOTHING).execute(() -> step("next begins")).build());
		assertThat(run(group, () -> {
			sleep(10);
			MemberSnapshot standby = group.snapshot().members().get(0);
			assertThat(standby.state()).isEqualTo(MemberState.STANDBY);
			assertThat(standby.ready()).isTrue();
			assertThat(standby.executions()).isZero();
			assertThat(standby.nextExecution()).isNull();
			this.leadership.grant(60);
		})).isNull();
		assertThat(this.trail.steps()).containsExactly("0 next begins", "0 next Completed", "0 next ends COMPLETED",
				"10 begins", "10 worker Completed", "10 worker ends COMPLETED");
		assertThat(this.leadership.events).containsExactly("candidate worker", "ended");
	}

	@Test
	void aStopEndsTheWaitAtOnceAndTheCandidacy() {
		Group group = this.builder.build();
		group.add(this.worker.execute(() -> step("begins")).build());
		run(group, () -> {
			sleep(5);
			group.stop();
		});
		assertThat(this.trail.steps()).containsExactly("5 worker ends STOPPED");
		assertThat(this.leadership.events).containsExactly("candidate worker", "ended");
	}

	@Test
	void anExecutionIsInterruptedByTheClockWhenItsTermIsOver() {
		Group group = this.builder.build();
		group.add(this.worker.onDone(Policy.RESTART).onStop(OnStop.FINISH).execute(looks()).build());
		this.leadership.grant(20);
		run(group, () -> {
			sleep(10);
			this.leadership.prolong(20);
			sleep(30);
			assertThat(group.snapshot().members().get(0).state()).isEqualTo(MemberState.STANDBY);
			assertThat(group.snapshot().members().get(0).failures()).isZero();
			sleep(10);
			this.leadership.grant(20);
			sleep(5);
			group.stop();
		});
		assertThat(this.trail.steps()).containsExactly("0 begins 1", "30 slept false LEADERSHIP_LOST",
				"30 worker Interrupted", "50 begins 2", "55 slept false STOP_REQUESTED", "55 worker Interrupted",
				"55 worker ends STOPPED");
		assertThat(this.leadership.events).containsExactly("candidate worker", "ended");
	}

	@Test
	void aTermThatEndsBeforeItsTimeInterruptsAtOnceAndWaitsForTheInterrupter() {
		Group group = this.builder.build();
		group.add(this.worker.onError(Policy.SHUTDOWN).execute((context) -> {
			step("begins");
			sleep(3);
			throw new IllegalStateException("cut short");
		}).interrupt((reason) -> {
			step("interrupter " + reason.kind());
			sleep(7);
			step("interrupter returns");
		}).failureHandler((failure) -> step("handler " + failure.getMessage())).build());
		this.leadership.grant(100);
		assertThat(run(group, () -> {
			sleep(1);
			this.leadership.lose();
			sleep(4);
			assertThat(this.leadership.waiting()).isFalse();
			sleep(4);
			assertThat(this.leadership.waiting()).isTrue();
			group.stop();
		})).isNull();
		assertThat(this.trail.steps().subList(0, 5)).containsExactly("0 begins", "1 interrupter LEADERSHIP_LOST",
				"8 interrupter returns", "8 worker Interrupted", "8 handler cut short");
	}

	@Test
	void afterALossFailuresAndDelaysAreThoseOfANewStart() {
		Group group = this.builder.build();
		group.add(this.worker.onError(Policy.RESTART)
			.initialDelay(Duration.ofSeconds(5))
			.backoff(Backoff.exponential(Duration.ofSeconds(1), 10, Duration.ofHours(1)))
			.maxRestarts(2)
			.execute((context) -> {
				step("begins with " + context.failures());
				throw new IllegalStateException();
			})
			.build());
		this.leadership.grant(1_000);
		run(group, () -> {
			sleep(10);
			this.leadership.lose();
			this.leadership.grant(1_000);
			sleep(50);
			this.leadership.lose();
			assertThat(group.snapshot().members().get(0).restarts()).isEqualTo(3);
		});
		assertThat(this.trail.steps()).filteredOn((step) -> step.contains("begins"))
			.containsExactly("5 begins with 0", "6 begins with 1", "15 begins with 0", "16 begins with 1",
					"26 begins with 2");
		assertThat(group.stopReason()).isNotNull();
		assertThat(group.stopReason().kind()).isEqualTo(StopReason.Kind.RESTARTS_EXHAUSTED);
	}

	@Test
	void aBodyThatLooksSeesByTheClockThatItsTermIsOver() {
		// As after a pause of the JVM: the supervisor has not come to it
		Group group = this.builder.build();
		group.add(this.worker.execute((context) -> {
			step("stopping " + context.isStopping());
			this.leadership.expireSilently();
			StopReason reason = context.stopReason();
			step("stopping " + context.isStopping() + " " + ((reason != null) ? reason.kind() : null));
		}).build());
		this.leadership.grant(100);
		run(group, () -> {
			sleep(2);
			group.stop();
		});
		assertThat(this.trail.steps()).containsExactly("0 stopping false", "0 stopping true LEADERSHIP_LOST",
				"0 worker Interrupted", "2 worker ends STOPPED");
	}

	@Test
	void membersOfAGroupInsideSeeThatTheirGroupHasLostItsTermAndBeginNothing() {
		Group group = this.builder.build();
		group.add(Member.group("worker", () -> {
			Group inner = Group.builder().time(this.time).threadFactory(this.time::thread).build();
			inner.add(Member.named("inner").onDone(Policy.RESTART).execute((context) -> {
				step("begins " + context.execution());
				context.sleep(Duration.ofSeconds(1));
				this.leadership.expireSilently();
				StopReason reason = context.stopReason();
				step("stopping " + ((reason != null) ? reason.kind() : null));
			}).build());
			return inner;
		}).leadership(this.leadership).build());
		this.leadership.grant(10);
		run(group, () -> {
			sleep(60);
			group.stop();
		});
		assertThat(this.trail.steps()).containsExactly("0 begins 1", "1 stopping LEADERSHIP_LOST",
				"10 worker Interrupted", "60 worker ends STOPPED");
	}

	@Test
	void aGroupDoesNotGiveLeadershipAwayWhileABodyInsideRunsOn() {
		Group group = this.builder.keepStopped(true).build();
		group.add(groupThatRunsOn());
		this.leadership.grant(100);
		run(group, () -> {
			sleep(1);
			group.stopMember("worker");
			sleep(7);
			assertThat(this.leadership.events).containsExactly("candidate worker");
			sleep(4);
			assertThat(this.leadership.events).containsExactly("candidate worker", "ended");
			group.stop();
		});
		assertThat(this.trail.steps()).contains("10 returns", "10 worker ends STOPPED");
	}

	@Test
	void aGroupThatLostLeadershipDoesNotAskForItAgainWhileABodyInsideRunsOn() {
		Group group = this.builder.shutdownTimeout(Duration.ofSeconds(2)).build();
		group.add(groupThatRunsOn());
		this.leadership.grant(100);
		run(group, () -> {
			sleep(1);
			this.leadership.lose();
			this.leadership.grant(100);
			sleep(12);
			group.stop();
			sleep(4);
			assertThat(this.leadership.events).containsExactly("candidate worker", "abandoned");
			sleep(10);
			assertThat(this.leadership.events).containsExactly("candidate worker", "abandoned", "ended");
		});
		assertThat(this.trail.steps()).containsSubsequence("0 begins", "10 returns", "10 begins", "20 returns");
	}

	/**
	 * Its member ends after ten seconds, its group gives up after two.
	 */
	private Member groupThatRunsOn() {
		return Member.group("worker", () -> {
			Group inner = Group.builder()
				.time(this.time)
				.threadFactory(this.time::thread)
				.interrupterThreads(this.time::thread)
				.gracePeriod(Duration.ofSeconds(1))
				.shutdownTimeout(Duration.ofSeconds(2))
				.build();
			inner.add(Member.named("inner").execute(() -> {
				step("begins");
				sleep(10);
				step("returns");
			}).build());
			return inner;
		}).leadership(this.leadership).build();
	}

	@Test
	void theNextStageBeginsAtOnceWhenAMemberThatIsNotReadyLosesLeadership() {
		Group group = this.builder.gracePeriod(Duration.ofSeconds(20)).build();
		group.add(this.worker.readyTimeout(Duration.ofHours(1)).execute(looks()).build());
		group.add(Member.named("next").stage(1).execute((context) -> {
			step("next begins");
			context.sleep(Duration.ofHours(1));
		}).build());
		this.leadership.grant(100);
		run(group, () -> {
			sleep(5);
			this.leadership.lose();
			sleep(60);
			group.stop();
		});
		assertThat(this.trail.steps()).contains("5 next begins");
	}

	@Test
	void aMemberInsideAGroupThatHasLostLeadershipIsNotToldToBeRestarted() {
		Group group = this.builder.build();
		group.add(Member.group("worker", () -> {
			Group inner = Group.builder()
				.time(this.time)
				.threadFactory(this.time::thread)
				.interrupterThreads(this.time::thread)
				.listener(new GroupListener() {

					@Override
					public void memberRestarted(String member) {
						step(member + " restarted");
					}

				})
				.build();
			inner.add(Member.named("failing")
				.onError(Policy.RESTART)
				.backoff(Backoff.fixed(Duration.ofSeconds(4)))
				.execute((context) -> {
					step("begins " + context.execution());
					throw new IllegalStateException();
				})
				.build());
			inner.add(Member.named("slow").stage(1).execute(() -> sleep(30)).build());
			return inner;
		}).leadership(this.leadership).build());
		this.leadership.grant(6);
		run(group, () -> {
			sleep(60);
			group.stop();
		});
		assertThat(this.trail.steps()).containsExactly("0 begins 1", "4 failing restarted", "4 begins 2",
				"30 worker Interrupted", "60 worker ends STOPPED");
	}

	@Test
	void severalMembersLeadTogetherAndOneThatIsStartedAgainAtOnceGoesOnLeading() {
		Group group = this.builder.keepStopped(true).build();
		group.add(this.worker.execute(looks()).build());
		group.add(Member.named("other").leadership(this.leadership).execute(looks()).build());
		this.leadership.grant(100);
		run(group, () -> {
			sleep(1);
			group.stopMember("worker");
			sleep(1);
			group.startMember("worker");
			sleep(1);
			group.stop();
		});
		assertThat(this.leadership.events).containsExactlyInAnyOrder("candidate worker", "candidate other", "ended",
				"candidate worker", "ended", "ended");
	}

	@Test
	void aRestartInOneStepGoesOnLeading() {
		Group group = this.builder.keepStopped(true).build();
		group.add(this.worker.execute(looks()).build());
		this.leadership.grant(100);
		run(group, () -> {
			sleep(1);
			group.restartMember("worker");
			sleep(1);
			assertThat(this.leadership.events).containsExactly("candidate worker");
			group.stop();
		});
		assertThat(this.trail.steps()).contains("1 begins 2");
		assertThat(this.leadership.events).containsExactly("candidate worker", "ended");
	}

	@Test
	void aSiblingThatWaitsToBeRestartedKeepsLeadingAndGivesItAwayWhenTheGroupStops() {
		Group group = this.builder.strategy(RestartStrategy.ALL).build();
		group.add(this.worker.execute(looks()).build());
		group.add(Member.named("failing")
			.onError(Policy.RESTART)
			.backoff(Backoff.fixed(Duration.ofSeconds(20)))
			.execute((context) -> {
				context.sleep(Duration.ofSeconds(5));
				throw new IllegalStateException();
			})
			.build());
		this.leadership.grant(100);
		run(group, () -> {
			sleep(30);
			assertThat(this.leadership.events).containsExactly("candidate worker");
			sleep(10);
			group.stop();
		});
		assertThat(this.trail.steps()).contains("25 begins 2");
		assertThat(this.leadership.events).containsExactly("candidate worker", "ended");
	}

	@Test
	void aTermThatWouldHaveEndedWhileItsMemberWasDownWithOthersIsStillWatched() {
		Group group = this.builder.strategy(RestartStrategy.ALL).build();
		group.add(this.worker.execute(looks()).build());
		group.add(failsOnceAfter(5, Duration.ofSeconds(20)));
		this.leadership.grant(10);
		run(group, () -> {
			sleep(9);
			this.leadership.prolong(31);
			sleep(35);
			group.stop();
		});
		assertThat(this.trail.steps()).contains("25 begins 2", "40 slept false LEADERSHIP_LOST");
	}

	@Test
	void aMemberThatFailsForGoodWhileOthersStillStartAgainGivesLeadershipAway() {
		Group group = this.builder.strategy(RestartStrategy.ALL).build();
		group.add(this.worker.onError(Policy.DO_NOTHING).execute((context) -> {
			if (context.execution() > 1) {
				throw new IllegalStateException("for good");
			}
			context.sleep(Duration.ofHours(1));
		}).build());
		group.add(failsOnceAfter(10, Duration.ofSeconds(1)));
		group.add(Member.named("slow").stage(1).readyTimeout(Duration.ofMinutes(1)).execute((context) -> {
			context.sleep(Duration.ofSeconds(5));
			context.ready();
			context.sleep(Duration.ofHours(1));
		}).build());
		this.leadership.grant(100_000);
		run(group, () -> {
			sleep(12);
			assertThat(this.leadership.events).containsExactly("candidate worker");
			sleep(8);
			assertThat(this.leadership.events).containsExactly("candidate worker", "ended");
			group.stop();
		});
	}

	private static Member failsOnceAfter(int seconds, Duration backoff) {
		return Member.named("failing").onError(Policy.RESTART).backoff(Backoff.fixed(backoff)).execute((context) -> {
			if (context.execution() == 1) {
				context.sleep(Duration.ofSeconds(seconds));
				throw new IllegalStateException("wanted");
			}
			context.sleep(Duration.ofHours(1));
		}).build();
	}

	@Test
	void aLeadershipThatNeverHearsOutThatItEndsDoesNotKeepTheGroup() {
		CountDownLatch returned = new CountDownLatch(1);
		this.leadership.whenEnded = () -> this.time.elsewhere(() -> Waits.await(returned));
		Group group = this.builder.strategy(RestartStrategy.ALL).shutdownTimeout(Duration.ofSeconds(2)).build();
		group.add(this.worker.execute(looks()).build());
		group.add(Member.named("failing").onError(Policy.RESTART).execute((context) -> {
			context.sleep(Duration.ofSeconds(5));
			throw new IllegalStateException();
		}).backoff(Backoff.fixed(Duration.ofHours(1))).build());
		this.leadership.grant(100_000);
		run(group, () -> {
			sleep(10);
			group.stop();
		});
		// Told on a thread for which nobody waits longer than the shutdown timeout
		Waits.until("the end is told", () -> this.leadership.events.size() == 2);
		returned.countDown();
		assertThat(this.leadership.events).containsExactly("candidate worker", "ended");
		assertThat(this.leadership.endedOn).isEqualTo("worker-leadership");
	}

	@Test
	void aSiblingThatCompletesBeforeItIsTakenDownGivesLeadershipAwayAndNotOnTheSupervisorsThread() {
		Group group = this.builder.name("group").strategy(RestartStrategy.ALL).keepStopped(true).build();
		group.add(this.worker.onDone(Policy.DO_NOTHING).execute(() -> sleep(8)).build());
		group.add(Member.named("slow").stage(1).execute(() -> sleep(15)).build());
		group.add(Member.named("failing").stage(1).onError(Policy.RESTART).execute((context) -> {
			if (context.sleep(Duration.ofSeconds(5))) {
				throw new IllegalStateException();
			}
		}).build());
		this.leadership.grant(1_000);
		run(group, () -> {
			sleep(10);
			assertThat(this.leadership.events).containsExactly("candidate worker", "ended");
			assertThat(this.leadership.endedOn).isIn("worker", "worker-leadership");
			group.stop();
		});
		assertThat(this.leadership.events).containsExactly("candidate worker", "ended");
	}

	@Test
	void aGroupIsClosedByWhatHearsThatLeadershipEndsOnAnInterruptersThread() {
		Group group = this.builder.build();
		this.leadership.whenEnded = group::close;
		group.add(this.worker.execute((context) -> context.sleep(Duration.ofHours(1)))
			.interrupt((reason) -> sleep(3))
			.build());
		this.leadership.grant(100);
		run(group, () -> {
			sleep(1);
			group.stop();
		});
		assertThat(this.leadership.endedOn).isEqualTo("worker-interrupt");
	}

	@Test
	void aMemberThatEndsBeforeItsInterrupterIsCalledLeadsUntilThatReturns() {
		AtomicInteger threads = new AtomicInteger();
		Group group = Group.builder().time(this.time).interrupterThreads(this.time::thread).threadFactory((work) -> {
			if (threads.getAndIncrement() == 1) {
				sleep(3);
			}
			return this.time.thread(work);
		}).build();
		group.add(this.worker.execute((context) -> {
			while (context.stopReason() == null) {
				context.sleep(Duration.ofMillis(100));
			}
		}).interrupt((reason) -> this.leadership.events.add("interrupter")).build());
		group.add(Member.named("other").execute(() -> {
		}).build());
		this.leadership.grant(100);
		run(group, () -> {
			sleep(1);
			group.stop();
		});
		assertThat(this.leadership.events).containsExactly("candidate worker", "interrupter", "ended");
	}

	@Test
	void aMemberThatIsAbandonedIsNotEndedUntilItsBodyReturns() {
		Group group = this.builder.gracePeriod(Duration.ofSeconds(1)).shutdownTimeout(Duration.ofSeconds(2)).build();
		group.add(this.worker.execute(() -> sleep(10)).build());
		this.leadership.grant(100);
		assertThat(run(group, () -> {
			sleep(1);
			group.stop();
			sleep(8);
			assertThat(this.leadership.events).containsExactly("candidate worker", "abandoned");
			sleep(8);
			assertThat(this.leadership.events).containsExactly("candidate worker", "abandoned", "ended");
		})).isInstanceOf(UnstoppedMembersException.class);
	}

	@Test
	void whatALeadershipThrowsIsAFailureOfTheMember() {
		Group group = this.builder.build();
		IllegalStateException failure = new IllegalStateException();
		group.add(Member.named("worker").leadership((member, changed) -> {
			throw failure;
		}).execute(() -> step("begins")).build());
		assertThat(run(group, () -> {
		})).isSameAs(failure);
	}

	/**
	 * Its terms begin and end as a test says.
	 */
	private static final class FakeLeadership implements Leadership {

		private final VirtualTime time;

		private final List<String> events = new CopyOnWriteArrayList<>();

		private final List<Runnable> candidates = new CopyOnWriteArrayList<>();

		private volatile @Nullable FakeTerm term;

		private volatile boolean waiting;

		/** The name of the thread on which the last candidacy ended. */
		private volatile @Nullable String endedOn;

		private volatile Runnable whenEnded = () -> {
		};

		FakeLeadership(VirtualTime time) {
			this.time = time;
		}

		boolean waiting() {
			return this.waiting;
		}

		void grant(int seconds) {
			FakeTerm term = new FakeTerm();
			this.term = term;
			prolong(seconds);
			this.candidates.forEach(Runnable::run);
		}

		void prolong(int seconds) {
			Objects.requireNonNull(this.term).until = this.time.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
		}

		void lose() {
			expireSilently();
			this.candidates.forEach(Runnable::run);
		}

		void expireSilently() {
			prolong(0);
			this.term = null;
		}

		@Override
		public Candidacy candidate(String member, Runnable changed) {
			this.events.add("candidate " + member);
			this.candidates.add(changed);
			return new Candidacy() {

				@Override
				public @Nullable Term lead() {
					Term term = FakeLeadership.this.term;
					FakeLeadership.this.waiting = term == null;
					return term;
				}

				@Override
				public void abandoned() {
					FakeLeadership.this.events.add("abandoned");
				}

				@Override
				public void ended() {
					FakeLeadership.this.endedOn = Thread.currentThread().getName();
					FakeLeadership.this.events.add("ended");
					FakeLeadership.this.whenEnded.run();
				}

			};
		}

	}

	private static final class FakeTerm implements Leadership.Term {

		private volatile long until;

		@Override
		public long validUntil() {
			return this.until;
		}

	}

}
