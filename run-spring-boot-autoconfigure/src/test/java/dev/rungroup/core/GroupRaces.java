package dev.rungroup.core;

import java.util.concurrent.atomic.AtomicInteger;

import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/**
 * Two threads that change one group at the same moment, for jcstress. What may come of it
 * is written at each case; everything else is forbidden.
 * <p>
 * A case has two threads, so that two cores are enough. One is inside
 * {@link Group#run()}; members are executed inside their thread's start, on whichever of
 * the two starts them, unless it says otherwise.
 */
final class GroupRaces {

	private static final String NOTHING = "-";

	private GroupRaces() {
	}

	/**
	 * A group and what it says.
	 */
	abstract static class Race implements GroupListener {

		final AtomicInteger executions = new AtomicInteger();

		final AtomicInteger starts = new AtomicInteger();

		final AtomicInteger ends = new AtomicInteger();

		final AtomicInteger endings = new AtomicInteger();

		final Group group = Group.builder().threadFactory(this::thread).listener(this).build();

		@Nullable Throwable thrown;

		Thread thread(Runnable work) {
			return new Inline(work);
		}

		void body() throws Exception {
		}

		Member.Builder member(String name) {
			return Member.named(name).onDone(Policy.DO_NOTHING).backoff(Backoff.none()).execute(() -> {
				this.executions.incrementAndGet();
				body();
			});
		}

		final void runGroup() {
			try {
				this.group.run();
			}
			catch (Throwable ex) {
				this.thrown = ex;
			}
		}

		final String attempt(Runnable change) {
			try {
				change.run();
				return "accepted";
			}
			catch (IllegalStateException ex) {
				return "refused";
			}
		}

		final MemberSnapshot of(String name) {
			return this.group.snapshot()
				.members()
				.stream()
				.filter((member) -> member.name().equals(name))
				.findFirst()
				.orElseThrow();
		}

		/**
		 * Whether all that began has ended, and was counted.
		 */
		final String balance(String name) {
			boolean even = this.starts.get() == this.ends.get() && this.endings.get() == 1
					&& of(name).executions() == this.executions.get()
					&& this.group.snapshot().state() == GroupState.STOPPED;
			return even ? "even" : "starts " + this.starts + " ends " + this.ends + " " + this.group.snapshot();
		}

		@Override
		public void memberStarted(String member) {
			this.starts.incrementAndGet();
		}

		@Override
		public void memberEnded(String member, MemberState state) {
			this.ends.incrementAndGet();
		}

		@Override
		public void groupStopped(@Nullable StopReason reason) {
			this.endings.incrementAndGet();
		}

	}

	/**
	 * Executes its work on the thread that starts it.
	 */
	private static final class Inline extends Thread {

		private final Runnable work;

		Inline(Runnable work) {
			this.work = work;
		}

		@Override
		public void start() {
			this.work.run();
		}

	}

	/**
	 * Leaves its work to the other thread.
	 */
	private static final class Handed extends Thread {

		private final Runnable work;

		private volatile boolean started;

		private volatile @Nullable Thread executor;

		Handed(Runnable work) {
			this.work = work;
		}

		@Override
		public void start() {
			this.started = true;
		}

		void execute() {
			this.executor = Thread.currentThread();
			while (!this.started) {
				Thread.onSpinWait();
			}
			this.work.run();
		}

		@Override
		public void interrupt() {
			Thread thread = this.executor;
			if (thread != null) {
				thread.interrupt();
			}
		}

	}

	/** A member is stopped while it is started, executed and ends. */
	@JCStressTest
	@Outcome(id = "COMPLETED, 1, even", expect = Expect.ACCEPTABLE, desc = "the stop came after its end")
	@Outcome(id = "STOPPED, 0, even", expect = Expect.ACCEPTABLE, desc = "the stop came before its execution")
	@Outcome(id = "STOPPED, 1, even", expect = Expect.ACCEPTABLE, desc = "the stop came while it was executed")
	@State
	public static class StopMemberAgainstItsEnd extends Race {

		public StopMemberAgainstItsEnd() {
			this.group.add(member("m").build());
		}

		@Actor
		public void run() {
			runGroup();
		}

		@Actor
		public void stopMember() {
			this.group.stopMember("m");
		}

		@Arbiter
		public void result(LLL_Result result) {
			result.r1 = of("m").state();
			result.r2 = this.executions.get();
			result.r3 = balance("m");
		}

	}

	/** The group is stopped while a member fails, and is restarted, and again. */
	@JCStressTest
	@Outcome(id = "NEW, 0, even", expect = Expect.ACCEPTABLE, desc = "the stop came first")
	@Outcome(id = "STOPPED, [0-3], even", expect = Expect.ACCEPTABLE, desc = "the stop came before its end")
	@Outcome(id = "COMPLETED, 3, even", expect = Expect.ACCEPTABLE, desc = "the stop came after its end")
	@State
	public static class StopAgainstRestarts extends Race {

		public StopAgainstRestarts() {
			this.group.add(member("m").onError(Policy.RESTART).build());
		}

		@Override
		void body() throws Exception {
			if (this.executions.get() < 3) {
				throw new Exception("fails twice");
			}
		}

		@Actor
		public void run() {
			runGroup();
		}

		@Actor
		public void stop() {
			this.group.stop();
		}

		@Arbiter
		public void result(LLL_Result result) {
			MemberSnapshot member = of("m");
			result.r1 = member.state();
			result.r2 = this.executions.get();
			long failures = Math.min(2, member.executions());
			// What an execution throws after the stop is no failure
			boolean asked = member.state() == MemberState.STOPPED && member.failures() == failures - 1;
			boolean counted = (member.failures() == failures || asked)
					&& member.restarts() == Math.max(0, member.executions() - 1);
			result.r3 = (counted && this.thrown == null) ? balance("m") : member + " " + this.thrown;
		}

	}

	/** A member is started again while it ends. */
	@JCStressTest
	@Outcome(id = "accepted, [12], even", expect = Expect.ACCEPTABLE, desc = "it was running, or it had ended")
	@Outcome(id = "refused, 1, even", expect = Expect.ACCEPTABLE, desc = "the group was over")
	@State
	public static class StartMemberAgainstItsEnd extends Race {

		private String answer = NOTHING;

		public StartMemberAgainstItsEnd() {
			this.group.add(member("m").build());
		}

		@Actor
		public void run() {
			runGroup();
		}

		@Actor
		public void startMember() {
			this.answer = attempt(() -> this.group.startMember("m"));
		}

		@Arbiter
		public void result(LLL_Result result) {
			result.r1 = this.answer;
			result.r2 = this.executions.get();
			result.r3 = balance("m");
		}

	}

	/** A member is stopped and at once started again while it is executed. */
	@JCStressTest
	@Outcome(id = "accepted, COMPLETED, even", expect = Expect.ACCEPTABLE, desc = "the start is never lost")
	@Outcome(id = "refused, (COMPLETED|STOPPED), even", expect = Expect.ACCEPTABLE, desc = "the group was over")
	@State
	public static class StopAndStartMember extends Race {

		private String answer = NOTHING;

		public StopAndStartMember() {
			this.group.add(member("m").build());
		}

		@Actor
		public void run() {
			runGroup();
		}

		@Actor
		public void stopAndStart() {
			this.group.stopMember("m");
			this.answer = attempt(() -> this.group.startMember("m"));
		}

		@Arbiter
		public void result(LLL_Result result) {
			result.r1 = this.answer;
			result.r2 = of("m").state();
			result.r3 = balance("m");
		}

	}

	/** A member is added while the last one ends. */
	@JCStressTest
	@Outcome(id = "accepted, 1, even", expect = Expect.ACCEPTABLE, desc = "run() waited for it")
	@Outcome(id = "refused, 0, even", expect = Expect.ACCEPTABLE, desc = "it came too late, and was never executed")
	@State
	public static class AddAgainstTheEnd extends Race {

		private final AtomicInteger added = new AtomicInteger();

		private String answer = NOTHING;

		private int executedAtTheEnd;

		public AddAgainstTheEnd() {
			this.group.add(member("m").build());
		}

		@Actor
		public void run() {
			runGroup();
			this.executedAtTheEnd = this.added.get();
		}

		@Actor
		public void add() {
			Member late = Member.named("late").onDone(Policy.DO_NOTHING).execute(this.added::incrementAndGet).build();
			this.answer = attempt(() -> this.group.add(late));
		}

		@Arbiter
		public void result(LLL_Result result) {
			result.r1 = this.answer;
			result.r2 = this.executedAtTheEnd;
			result.r3 = balance("m");
		}

	}

	/**
	 * An execution returns while the group, on the other thread, finds that it took too
	 * long.
	 */
	@JCStressTest
	@Outcome(id = "COMPLETED, 0, even", expect = Expect.ACCEPTABLE, desc = "it was faster")
	@Outcome(id = "FAILED, 1, even", expect = Expect.ACCEPTABLE, desc = "it was too slow")
	@State
	public static class TimeoutAgainstReturn extends Race {

		private @Nullable Handed handed;

		private boolean flagLeft;

		public TimeoutAgainstReturn() {
			this.group.add(member("m").timeout(java.time.Duration.ofNanos(1)).onError(Policy.DO_NOTHING).build());
		}

		private volatile boolean made;

		@Override
		Thread thread(Runnable work) {
			Handed thread = new Handed(work);
			this.handed = thread;
			this.made = true;
			return thread;
		}

		@Actor
		public void run() {
			runGroup();
		}

		@Actor
		public void execute() {
			while (!this.made) {
				Thread.onSpinWait();
			}
			Handed handed = this.handed;
			if (handed != null) {
				handed.execute();
			}
			this.flagLeft = Thread.interrupted();
		}

		@Arbiter
		public void result(LLL_Result result) {
			result.r1 = of("m").state();
			result.r2 = of("m").failures();
			result.r3 = this.flagLeft ? "an interrupt is left" : balance("m");
		}

	}

	/** A member is stopped while it is executed on a thread that is not the group's. */
	@JCStressTest
	@Outcome(id = "COMPLETED, 1, even", expect = Expect.ACCEPTABLE, desc = "the stop came after its end")
	@Outcome(id = "STOPPED, [01], even", expect = Expect.ACCEPTABLE, desc = "the stop came before its end")
	@State
	public static class InterruptAgainstReturn extends Race {

		private volatile @Nullable Handed handed;

		private boolean flagLeft;

		public InterruptAgainstReturn() {
			this.group.add(member("m").build());
			this.group.add(Member.named("stops").stage(1).onDone(Policy.DO_NOTHING).execute(() -> {
				this.group.stopMember("m");
			}).build());
		}

		@Override
		Thread thread(Runnable work) {
			if (this.handed != null) {
				return new Inline(work);
			}
			Handed thread = new Handed(work);
			this.handed = thread;
			return thread;
		}

		@Actor
		public void run() {
			runGroup();
		}

		@Actor
		public void execute() {
			Handed handed = this.handed;
			while (handed == null) {
				Thread.onSpinWait();
				handed = this.handed;
			}
			handed.execute();
			this.flagLeft = Thread.interrupted();
		}

		@Arbiter
		public void result(LLL_Result result) {
			result.r1 = of("m").state();
			result.r2 = this.executions.get();
			result.r3 = this.flagLeft ? "an interrupt is left" : balance("m");
		}

	}

	/** A member fails, which ends the group, while somebody stops it. */
	@JCStressTest
	@Outcome(id = "MEMBER_FAILED, thrown, even", expect = Expect.ACCEPTABLE, desc = "the failure came first")
	@Outcome(id = "STOP_REQUESTED, -, even", expect = Expect.ACCEPTABLE, desc = "the stop came first")
	@State
	public static class StopAgainstFailure extends Race {

		private final Exception failure = new Exception("ends the group");

		public StopAgainstFailure() {
			this.group.add(member("m").build());
		}

		@Override
		void body() throws Exception {
			throw this.failure;
		}

		@Actor
		public void run() {
			runGroup();
		}

		@Actor
		public void stop() {
			this.group.stop();
		}

		@Arbiter
		public void result(LLL_Result result) {
			StopReason reason = this.group.stopReason();
			result.r1 = (reason != null) ? reason.kind() : NOTHING;
			result.r2 = (this.thrown == this.failure) ? "thrown" : (this.thrown == null) ? NOTHING : this.thrown;
			result.r3 = balance("m");
		}

	}

	/** Two members fail, each on a thread of its own. */
	@JCStressTest
	@Outcome(id = "first, 2, even", expect = Expect.ACCEPTABLE, desc = "the other failure is suppressed")
	@Outcome(id = "first, 1, even", expect = Expect.ACCEPTABLE, desc = "the other was not executed any more")
	@State
	public static class FailureAgainstFailure extends Race {

		private volatile @Nullable Handed handed;

		public FailureAgainstFailure() {
			this.group.add(member("m").build());
			this.group.add(member("n").build());
		}

		@Override
		Thread thread(Runnable work) {
			if (this.handed != null) {
				return new Inline(work);
			}
			Handed thread = new Handed(work);
			this.handed = thread;
			return thread;
		}

		@Override
		void body() throws Exception {
			throw new Exception("one of two");
		}

		@Actor
		public void run() {
			runGroup();
		}

		@Actor
		public void execute() {
			Handed handed = this.handed;
			while (handed == null) {
				Thread.onSpinWait();
				handed = this.handed;
			}
			handed.execute();
		}

		@Arbiter
		public void result(LLL_Result result) {
			StopReason reason = this.group.stopReason();
			Throwable thrown = this.thrown;
			result.r1 = (thrown != null && reason != null && reason.cause() == thrown) ? "first" : thrown;
			result.r2 = this.executions.get();
			boolean all = thrown != null && thrown.getSuppressed().length == this.executions.get() - 1;
			result.r3 = (all && this.starts.get() == this.ends.get()) ? "even" : "not suppressed";
		}

	}

	/** Two reasons to stop. */
	@JCStressTest
	@Outcome(id = "(CONTEXT_CLOSED|LEADERSHIP_LOST), 0, even", expect = Expect.ACCEPTABLE, desc = "one of them counts")
	@State
	public static class StopAgainstStop extends Race {

		public StopAgainstStop() {
			this.group.add(member("m").build());
		}

		@Actor
		public void close() {
			this.group.stop(new StopReason(StopReason.Kind.CONTEXT_CLOSED, null, null));
		}

		@Actor
		public void lose() {
			this.group.stop(new StopReason(StopReason.Kind.LEADERSHIP_LOST, null, null));
		}

		@Arbiter
		public void result(LLL_Result result) {
			StopReason before = this.group.stopReason();
			runGroup();
			StopReason after = this.group.stopReason();
			result.r1 = (before == after && after != null) ? after.kind() : NOTHING;
			result.r2 = this.executions.get();
			result.r3 = balance("m");
		}

	}

	/** Somebody looks while a member fails and is restarted. */
	@JCStressTest
	@Outcome(id = "consistent, [0-3], even", expect = Expect.ACCEPTABLE, desc = "what was seen fits together")
	@State
	public static class SnapshotAgainstRestarts extends Race {

		private @Nullable MemberSnapshot seen;

		public SnapshotAgainstRestarts() {
			this.group.add(member("m").onError(Policy.RESTART).build());
		}

		@Override
		void body() throws Exception {
			if (this.executions.get() < 3) {
				throw new Exception("fails twice");
			}
		}

		@Actor
		public void run() {
			runGroup();
		}

		@Actor
		public void look() {
			this.seen = of("m");
		}

		@Arbiter
		public void result(LLL_Result result) {
			MemberSnapshot seen = this.seen;
			if (seen != null) {
				result.r1 = isConsistent(seen) ? "consistent" : seen.toString();
				result.r2 = seen.executions();
			}
			result.r3 = balance("m");
		}

		private static boolean isConsistent(MemberSnapshot seen) {
			return seen.failures() <= seen.executions() && seen.restarts() <= seen.failures()
					&& (seen.lastFailure() != null) == (seen.lastFailureAt() != null)
					&& (seen.failures() == 0 || seen.lastFailure() != null)
					&& (seen.state() != MemberState.COMPLETED || seen.executions() == 3);
		}

	}

}
