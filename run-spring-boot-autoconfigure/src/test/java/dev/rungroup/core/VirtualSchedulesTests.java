package dev.rungroup.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Level;
import java.util.logging.Logger;

import dev.rungroup.core.SchedulePlay.Event;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Random schedules on a virtual clock, a quarter of them on virtual threads where the JDK
 * has them, each held against every promise. A failure prints its seed and the smallest
 * schedule that still fails: {@code -Drun.schedules.seed=<seed>} plays that one again,
 * {@code -Drun.schedules.count=<n>} more or fewer of them, and
 * {@code -Drun.schedules.virtual=true} all on virtual threads, which is much faster. What
 * a schedule does follows from its seed alone; how threads that run at the same moment
 * interleave does not, so one seed is played many times.
 */
class VirtualSchedulesTests {

	private static final int SCHEDULES = Boolean.getBoolean("run.everything") ? 8_000 : 500;

	private static final int PLAYS_OF_ONE_SEED = 1_000;

	private static final long FIRST_SEED = 20_260_101;

	/** How often a smaller schedule may be played before it counts as one that passes. */
	private static final int PLAYS_OF_A_SMALLER_ONE = 20;

	private static final Duration TIME_TO_SHRINK = Duration.ofSeconds(60);

	private final Logger logger = Logger.getLogger("dev.rungroup");

	private @Nullable Level level;

	@BeforeEach
	void silenceWhatThrowingListenersAreReportedWith() {
		this.level = this.logger.getLevel();
		this.logger.setLevel(Level.OFF);
	}

	@AfterEach
	void restoreTheLogLevel() {
		this.logger.setLevel(this.level);
	}

	@Test
	void hoursInWhichMembersDoWhatTheyLikeBreakNoPromise() {
		Long seed = Long.getLong("run.schedules.seed");
		int count = Integer.getInteger("run.schedules.count", (seed != null) ? PLAYS_OF_ONE_SEED : SCHEDULES);
		AtomicLong next = new AtomicLong();
		AtomicReference<@Nullable Failure> failed = new AtomicReference<>();
		inParallel(() -> {
			for (long i = next.getAndIncrement(); i < count && failed.get() == null; i = next.getAndIncrement()) {
				Failure failure = failure(Schedule.of((seed != null) ? seed : FIRST_SEED + i));
				if (failure != null) {
					failed.compareAndSet(null, failure);
				}
			}
		});
		Failure failure = failed.get();
		if (failure != null) {
			throw new AssertionError(smallest(failure));
		}
	}

	@Test
	void theSchedulesContainWhatTheyAreMeantToContain() {
		Set<Object> expected = new HashSet<>(
				Set.of("no reason", "suppressed", "an Error", "run interrupted", "several stages"));
		expected.addAll(List.of(SchedulePlay.Kind.values()));
		expected.addAll(Set.of(StopReason.Kind.MEMBER_FAILED, StopReason.Kind.MEMBER_DONE,
				StopReason.Kind.RESTARTS_EXHAUSTED, StopReason.Kind.STOP_REQUESTED, StopReason.Kind.STALLED,
				StopReason.Kind.EXECUTION_TIMED_OUT, StopReason.Kind.RESTARTED_WITH));
		Set<Object> seen = new HashSet<>();
		// Most within a hundred
		for (int i = 0; i < 1_000 && !seen.containsAll(expected); i++) {
			SchedulePlay play = new SchedulePlay(Schedule.of(FIRST_SEED + i));
			for (Event event : play.play()) {
				seen.add(event.kind());
				if (event.what() instanceof StopReason reason) {
					seen.add(reason.kind());
				}
			}
			Throwable thrown = play.thrown;
			seen.add((play.group.stopReason() == null) ? "no reason" : "a reason");
			seen.add((thrown != null && thrown.getSuppressed().length > 0) ? "suppressed" : "alone");
			seen.add((thrown instanceof Error) ? "an Error" : "no Error");
			seen.add((thrown instanceof InterruptedException) ? "run interrupted" : "undisturbed");
			seen.add(play.schedule.actors().stream().anyMatch((actor) -> actor.stage() > 0) ? "several stages"
					: "one stage");
		}
		assertThat(seen).containsAll(expected);
	}

	private static void inParallel(Runnable work) {
		List<Thread> threads = new ArrayList<>();
		for (int i = 0; i < Math.min(4, Runtime.getRuntime().availableProcessors()); i++) {
			threads.add(new Thread(work, "schedules-" + i));
		}
		threads.forEach(Thread::start);
		for (Thread thread : threads) {
			try {
				thread.join();
			}
			catch (InterruptedException ex) {
				throw new AssertionError("The test was interrupted", ex);
			}
		}
	}

	private static @Nullable Failure failure(Schedule schedule) {
		SchedulePlay play = new SchedulePlay(schedule);
		List<Event> events = play.play();
		List<String> broken;
		try {
			broken = SchedulePromises.broken(play, events);
		}
		catch (RuntimeException ex) {
			broken = List.of("cannot be told: " + ex);
		}
		return broken.isEmpty() ? null : new Failure(schedule, broken, events, play);
	}

	/**
	 * Take away what the failure does not need.
	 */
	private static String smallest(Failure failed) {
		long end = System.nanoTime() + TIME_TO_SHRINK.toNanos();
		Failure smallest = failed;
		boolean goesOn = true;
		while (goesOn) {
			Failure smaller = smallest.schedule.smaller()
				.map((candidate) -> failure(candidate, end))
				.filter((failure) -> failure != null)
				.findFirst()
				.orElse(null);
			goesOn = smaller != null;
			smallest = goesOn ? smaller : smallest;
		}
		return smallest.toString();
	}

	private static @Nullable Failure failure(Schedule schedule, long end) {
		for (int i = 0; i < PLAYS_OF_A_SMALLER_ONE && System.nanoTime() < end; i++) {
			Failure failure = failure(schedule);
			if (failure != null) {
				return failure;
			}
		}
		return null;
	}

	private record Failure(Schedule schedule, List<String> broken, List<Event> events, SchedulePlay play) {

		@Override
		public String toString() {
			StringBuilder text = new StringBuilder("Broken in schedule " + this.schedule.seed() + ":");
			this.broken.forEach((promise) -> text.append("\n  ").append(promise));
			text.append("\nPlay it again: -Drun.schedules.seed=").append(this.schedule.seed());
			text.append("\nThe smallest that fails:\n").append(this.schedule);
			text.append("\nreason: ")
				.append(this.play.group.stopReason())
				.append(", thrown: ")
				.append(this.play.thrown);
			text.append("\nWhat happened:");
			this.events.stream()
				.skip(Math.max(0, this.events.size() - 200))
				.forEach((event) -> text.append("\n  ").append(event));
			return text.toString();
		}

	}

}
