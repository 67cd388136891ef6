package dev.rungroup.test;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.LockSupport;

import dev.rungroup.core.Group;
import dev.rungroup.core.GroupListener;
import dev.rungroup.core.Member;
import dev.rungroup.core.MemberSettings;
import dev.rungroup.core.Outcome;
import dev.rungroup.core.Policy;
import dev.rungroup.core.Time;
import org.jspecify.annotations.Nullable;

/**
 * One execution of a member on the calling thread: that of a group whose only member has
 * the thread that runs the group.
 */
final class SingleExecution implements Time, ThreadFactory, GroupListener {

	private static final MemberSettings SETTINGS = MemberSettings.builder()
		.onDone(Policy.DO_NOTHING)
		.onError(Policy.DO_NOTHING)
		.fatal(List.of())
		.build();

	private final Thread thread = Thread.currentThread();

	private final Time time;

	private @Nullable Runnable work;

	private @Nullable Outcome outcome;

	private SingleExecution(Time time) {
		this.time = time;
	}

	/**
	 * Execute a member's body once.
	 * @param time what its sleep follows; a {@link TestTime} is moved on by it
	 */
	static Outcome of(Member member, Time time) {
		SingleExecution execution = new SingleExecution(time);
		String name = execution.thread.getName();
		boolean interrupted = Thread.interrupted();
		try {
			Group group = Group.builder()
				.name(member.name())
				.time(execution)
				.threadFactory(execution)
				.listener(execution)
				.build();
			group.add(member.withSettings(SETTINGS));
			group.run();
			return Objects.requireNonNull(execution.outcome, "outcome");
		}
		catch (Exception ex) {
			throw new IllegalStateException("'" + member.name() + "' could not be executed", ex);
		}
		finally {
			execution.thread.setName(name);
			if (interrupted) {
				execution.thread.interrupt();
			}
		}
	}

	@Override
	public Thread newThread(Runnable work) {
		this.work = work;
		return this.thread;
	}

	@Override
	public void start(Thread thread, int order) {
		Runnable work = this.work;
		if (thread == this.thread && work != null) {
			work.run();
		}
		else {
			this.time.start(thread, order);
		}
	}

	@Override
	public void executionEnded(String member, Outcome outcome, long nanos) {
		this.outcome = outcome;
	}

	@Override
	public long nanoTime() {
		return this.time.nanoTime();
	}

	@Override
	public void park(Object blocker, long nanos) {
		if (Thread.currentThread() == this.thread && this.time instanceof TestTime testTime) {
			testTime.pass(nanos);
		}
		else {
			this.time.park(blocker, nanos);
		}
	}

	@Override
	public void unpark(Thread thread) {
		if (thread == this.thread) {
			LockSupport.unpark(thread);
		}
		else {
			this.time.unpark(thread);
		}
	}

	@Override
	public long jitter(long most) {
		return this.time.jitter(most);
	}

}
