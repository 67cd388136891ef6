package dev.rungroup.test;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;

import dev.rungroup.test.TestTime.Participant;
import org.jspecify.annotations.Nullable;

/**
 * Finds out when the threads that take part in a {@link TestTime} have come to rest. Used
 * once, by one thread.
 */
final class Stillness {

	/** How long a thread may run until somebody is told. */
	private static final long PATIENCE = TimeUnit.SECONDS.toNanos(5);

	private static final long NAP = TimeUnit.MICROSECONDS.toNanos(100);

	/** More of a nap does not count: others had no processor either. */
	private static final long MAX_NAP = TimeUnit.MILLISECONDS.toNanos(1);

	private static final int MIN_LOOKS = 3;

	private static final String CORE = "dev.rungroup.core.";

	/** What waits in here waits for another thread of the library. */
	private static final Set<String> LIBRARY = Set.of(CORE + "Supervisor", CORE + "Roster");

	private static final Pattern JDK = Pattern.compile("(java|jdk|sun)\\.");

	private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

	private final TestTime time;

	private final Kind kind;

	private final @Nullable List<Participant> only;

	private Map<Participant, Place> places = Map.of();

	private long activity = -1;

	/** How long nothing has changed, as far as it counts, and how often that was seen. */
	private long still;

	private int looks;

	private long lastLook = System.nanoTime();

	/**
	 * @param only whom to look at, null for all
	 */
	Stillness(TestTime time, Kind kind, @Nullable List<Participant> only) {
		this.time = time;
		this.kind = kind;
		this.only = only;
	}

	/**
	 * Wait.
	 * @throws AssertionError if it takes seconds
	 */
	void await() {
		if (!await(PATIENCE)) {
			throw new AssertionError(describe());
		}
	}

	/**
	 * Wait. An interrupt does not cut it short; the flag stays set.
	 * @param patience how long at most, in nanoseconds
	 * @return whether all have come to rest
	 */
	boolean await(long patience) {
		long begun = System.nanoTime();
		boolean interrupted = false;
		try {
			while (true) {
				List<Participant> running;
				this.time.lock().lock();
				try {
					running = running();
					long nap = NAP;
					while (!running.isEmpty() && nap > 0) {
						try {
							nap = this.time.changed().awaitNanos(nap);
						}
						catch (InterruptedException ex) {
							interrupted = true;
						}
						running = running();
					}
				}
				finally {
					this.time.lock().unlock();
				}
				if (running.isEmpty() || isStill(running)) {
					return true;
				}
				if (System.nanoTime() - begun >= patience) {
					return false;
				}
			}
		}
		finally {
			if (interrupted) {
				Thread.currentThread().interrupt();
			}
		}
	}

	/**
	 * Under the time's lock.
	 */
	private List<Participant> running() {
		List<Participant> running = new ArrayList<>();
		for (Participant participant : (this.only != null) ? this.only : this.time.participants()) {
			if (participant.thread != Thread.currentThread() && !participant.isParked()) {
				running.add(participant);
			}
		}
		return running;
	}

	/**
	 * Look at those that do not wait for the time.
	 */
	private boolean isStill(List<Participant> running) {
		long now = System.nanoTime();
		long nap = Math.min(MAX_NAP, now - this.lastLook);
		this.lastLook = now;
		Map<Participant, Place> before = this.places;
		this.places = new HashMap<>();
		long needed = 0;
		boolean still = isInactive();
		for (Participant participant : running) {
			if (participant.thread.getState() == Thread.State.TERMINATED) {
				this.time.remove(participant);
				continue;
			}
			Place place = Place.of(participant.thread);
			if (participant.guest && !participant.waking && !place.core) {
				this.time.remove(participant);
				continue;
			}
			this.places.put(participant, place);
			long rest = (participant.waking) ? -1 : rest(participant, place);
			still &= rest >= 0 && place.equals(before.get(participant));
			needed = Math.max(needed, rest);
		}
		if (this.places.isEmpty()) {
			return true;
		}
		this.still = (still) ? this.still + nap : 0;
		this.looks = (still) ? this.looks + 1 : 0;
		if (this.looks < MIN_LOOKS || this.still < needed) {
			return false;
		}
		if (this.kind != Kind.START) {
			this.places.forEach((participant, place) -> participant.blockedAt = place);
		}
		return true;
	}

	private boolean isInactive() {
		this.time.lock().lock();
		try {
			long before = this.activity;
			this.activity = this.time.activity();
			return before == this.activity || this.kind == Kind.START;
		}
		finally {
			this.time.lock().unlock();
		}
	}

	/**
	 * How long a thread has to be in a place to count as blocked, in nanoseconds; -1 if
	 * it runs, however long it is there.
	 */
	private long rest(Participant participant, Place place) {
		KernelThread kernelThread = participant.kernelThread;
		if (participant.thread.isInterrupted() || (place.library && this.kind != Kind.START)
				|| (kernelThread != null && kernelThread.isRunnable())) {
			return -1;
		}
		Kind kind = (place.equals(participant.blockedAt)) ? this.kind : Kind.THOROUGH;
		return switch (place.state) {
			case WAITING, TIMED_WAITING ->
				(place.lock) ? kind.blocked : (kind == Kind.QUICK && kernelThread != null) ? 0 : kind.waiting;
			case BLOCKED -> kind.blocked;
			default -> (place.inside) ? kind.inside : -1;
		};
	}

	private String describe() {
		StringBuilder text = new StringBuilder();
		this.places.forEach((participant, place) -> {
			if (participant.waking || rest(participant, place) < 0) {
				text.append((text.isEmpty()) ? "" : " and ").append('\'').append(participant.thread.getName());
				text.append("' has neither returned nor waited for ")
					.append(TimeUnit.NANOSECONDS.toSeconds(PATIENCE))
					.append(" s");
			}
		});
		if (text.isEmpty()) {
			text.append("the threads do not come to rest");
		}
		text.insert(0, "The time cannot go on: ");
		text.append(". If it is a loop, give it a delay; if its body waits in a loop of its own, let it use"
				+ " MemberContext.sleep().");
		for (Participant participant : this.places.keySet()) {
			text.append("\n'").append(participant.thread.getName()).append("' (");
			text.append(participant.thread.getState()).append(") is at");
			for (StackTraceElement frame : participant.thread.getStackTrace()) {
				text.append("\n\tat ").append(frame);
			}
		}
		return text.toString();
	}

	/**
	 * How much is needed to be sure.
	 */
	enum Kind {

		/** It was seen to be blocked in the same place before. */
		QUICK(3, 10, 20),

		THOROUGH(10, 100, 200),

		/** Whether others have to wait for it any more. */
		START(10, 100, 200);

		private final long waiting;

		private final long inside;

		private final long blocked;

		Kind(long waiting, long inside, long blocked) {
			this.waiting = TimeUnit.MILLISECONDS.toNanos(waiting);
			this.inside = TimeUnit.MILLISECONDS.toNanos(inside);
			this.blocked = TimeUnit.MILLISECONDS.toNanos(blocked);
		}

	}

	/**
	 * Where a thread is.
	 */
	private static final class Place {

		private final Thread.State state;

		private final @Nullable Object blocker;

		private final StackTraceElement[] stack;

		/** Whether it waits for another thread of the library. */
		private final boolean library;

		/** Whether it waits for a lock that another thread holds. */
		private final boolean lock;

		/** Whether it is inside a native method. */
		private final boolean inside;

		/** Whether a call of the library's core led here. */
		private final boolean core;

		private final long cpu;

		private Place(Thread thread, Thread.State state) {
			this.state = state;
			this.blocker = LockSupport.getBlocker(thread);
			this.stack = thread.getStackTrace();
			int jdk = 0;
			boolean lock = false;
			while (jdk < this.stack.length && JDK.matcher(this.stack[jdk].getClassName()).lookingAt()) {
				lock |= this.stack[jdk].getClassName().startsWith("java.util.concurrent.locks.Reentrant");
				jdk++;
			}
			this.lock = lock;
			this.library = jdk < this.stack.length && LIBRARY.contains(this.stack[jdk].getClassName());
			this.core = Arrays.stream(this.stack).anyMatch((frame) -> frame.getClassName().startsWith(CORE));
			this.inside = this.stack.length > 0 && this.stack[0].isNativeMethod();
			this.cpu = (state == Thread.State.RUNNABLE) ? cpu(thread) : 0;
		}

		static Place of(Thread thread) {
			return new Place(thread, thread.getState());
		}

		private static long cpu(Thread thread) {
			try {
				return THREADS.getThreadCpuTime(thread.getId());
			}
			catch (UnsupportedOperationException ex) {
				return -1;
			}
		}

		@Override
		public boolean equals(@Nullable Object other) {
			return other instanceof Place place && this.state == place.state && this.blocker == place.blocker
					&& this.cpu == place.cpu && Arrays.equals(this.stack, place.stack);
		}

		@Override
		public int hashCode() {
			return Objects.hash(this.state, this.cpu);
		}

	}

}
