package dev.rungroup.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Runs a group on a virtual clock and notes what happens to each member and at which
 * second. What different members do in the same moment is in no order.
 */
final class Timeline implements GroupListener {

	private final VirtualTime time = new VirtualTime(-3);

	private final List<String> notes = new ArrayList<>();

	private final List<Thread> threads = new CopyOnWriteArrayList<>();

	private final List<Thread> commands = new ArrayList<>();

	private volatile boolean released;

	private @Nullable Throwable thrown;

	Group.Builder group() {
		return Group.builder()
			.name("group")
			.time(this.time)
			.threadFactory(this::thread)
			.interrupterThreads(this::thread)
			.listener(this);
	}

	private Thread thread(Runnable work) {
		Thread thread = this.time.thread(work);
		this.threads.add(thread);
		return thread;
	}

	/**
	 * A member that does this in its executions, the last again and again. It is
	 * interrupted as by default, and notes why.
	 */
	Member.Builder member(String name, Body... executions) {
		return silent(name, executions).interrupt(interrupterOf(name));
	}

	private Interrupter interrupterOf(String name) {
		return (reason) -> note(name, "interrupted " + reason.kind()
				+ ((reason.member() != null) ? " " + reason.member() + " " + message(reason.cause()) : ""));
	}

	private static @Nullable String message(@Nullable Throwable cause) {
		return (cause != null) ? cause.getMessage() : null;
	}

	/**
	 * The same without an interrupter.
	 */
	Member.Builder silent(String name, Body... executions) {
		AtomicInteger count = new AtomicInteger();
		return Member.named(name).execute((context) -> {
			int execution = count.getAndIncrement();
			note(name, "runs");
			executions[Math.min(execution, executions.length - 1)].run(context);
		});
	}

	/**
	 * Runs until it is to end.
	 */
	static Body forEver() {
		return (context) -> context.sleep(Duration.ofDays(365));
	}

	static Body failsAfter(long seconds) {
		return (context) -> {
			if (context.sleep(Duration.ofSeconds(seconds))) {
				throw new IllegalStateException("failed");
			}
		};
	}

	static Body returnsAfter(long seconds) {
		return (context) -> context.sleep(Duration.ofSeconds(seconds));
	}

	static Body readyAfter(long seconds) {
		return (context) -> {
			if (context.sleep(Duration.ofSeconds(seconds))) {
				context.ready();
				context.sleep(Duration.ofDays(365));
			}
		};
	}

	/**
	 * Takes so long to end when it is asked to.
	 */
	Body slowBy(long seconds) {
		return (context) -> {
			context.sleep(Duration.ofDays(365));
			this.time.sleepThroughAll(Duration.ofSeconds(seconds).toNanos());
		};
	}

	/**
	 * Ignores all but {@code Thread.interrupt()}.
	 */
	Body endsWhenItsThreadIsInterrupted(String name) {
		return (context) -> {
			while (!Thread.currentThread().isInterrupted()) {
				this.time.park(this, VirtualTime.FOREVER);
			}
			note(name, "thread interrupted");
		};
	}

	/**
	 * Ends with the test only.
	 */
	Body deaf() {
		return (context) -> {
			while (!this.released) {
				this.time.park(this, VirtualTime.FOREVER);
				Thread.interrupted();
			}
		};
	}

	void at(long seconds, Runnable command) {
		this.commands.add(thread(() -> {
			this.time.sleepThroughAll(Duration.ofSeconds(seconds).toNanos());
			command.run();
		}));
	}

	/**
	 * Run the group, and stop it then if it is not over.
	 * @return what {@code run()} threw
	 */
	@Nullable Throwable run(Group group, long stopAt) {
		at(stopAt, group::stop);
		Thread runs = thread(() -> {
			try {
				group.run();
			}
			catch (Throwable ex) {
				this.thrown = ex;
			}
			note("group", "over");
		});
		this.time.hold();
		this.commands.forEach((command) -> this.time.start(command, 0));
		this.time.start(runs, 0);
		this.time.release();
		join(runs);
		this.released = true;
		this.threads.forEach(this::join);
		return this.thrown;
	}

	private void join(Thread thread) {
		long end = System.nanoTime() + Waits.LIMIT.toNanos();
		while (thread.isAlive()) {
			if (this.released) {
				this.time.unpark(thread);
			}
			try {
				thread.join(5);
			}
			catch (InterruptedException ex) {
				throw new AssertionError("The test was interrupted", ex);
			}
			assertThat(System.nanoTime()).as(() -> thread + " is left; " + this.notes).isLessThan(end);
		}
	}

	/**
	 * How often any thread has waited.
	 */
	long waits() {
		return this.time.parks();
	}

	/**
	 * Let time pass, whatever happens.
	 */
	void pass(long seconds) {
		this.time.sleepThroughAll(Duration.ofSeconds(seconds).toNanos());
	}

	void note(String who, String what) {
		synchronized (this.notes) {
			this.notes.add(who + ": " + Duration.ofNanos(this.time.elapsed()).toSeconds() + " " + what);
		}
	}

	/**
	 * What happened to one member, each with its second. Of an end and an interrupter
	 * that was called in the same moment, on threads of their own, the interrupter comes
	 * first.
	 */
	List<String> of(String who) {
		List<String> own = new ArrayList<>();
		synchronized (this.notes) {
			this.notes.stream()
				.filter((note) -> note.startsWith(who + ": "))
				.map((note) -> note.substring(who.length() + 2))
				.forEach((note) -> {
					int last = own.size() - 1;
					boolean late = last >= 0 && note.contains(" interrupted ")
							&& own.get(last).equals(note.substring(0, note.indexOf(' ')) + " ended STOPPED");
					own.add((late) ? last : last + 1, note);
				});
		}
		return own;
	}

	/**
	 * When a member's body was called, in seconds.
	 */
	List<Long> runsOf(String member) {
		return of(member).stream()
			.filter((note) -> note.endsWith(" runs"))
			.map((note) -> Long.valueOf(note.substring(0, note.indexOf(' '))))
			.toList();
	}

	static MemberSnapshot member(Group group, String name) {
		return group.snapshot()
			.members()
			.stream()
			.filter((member) -> member.name().equals(name))
			.findFirst()
			.orElseThrow();
	}

	@Override
	public void memberStarted(String member) {
		note(member, "started");
	}

	@Override
	public void restartScheduled(String member, Duration pause) {
		note(member, "pauses " + pause.toSeconds());
	}

	@Override
	public void memberEnded(String member, MemberState state) {
		note(member, "ended " + state);
	}

}
