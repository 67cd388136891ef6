package dev.rungroup.test;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import dev.rungroup.test.TestAgenda.Participant;
import org.jspecify.annotations.Nullable;

/**
 * Finds out when the threads that take part in a {@link TestAgenda} have come to rest.
 * Used once, by one thread.
 */
final class Stillness {

	private static final long NAP = TimeUnit.MICROSECONDS.toNanos(100);

	/** More of a nap does not count: others had no processor either. */
	private static final long MAX_NAP = TimeUnit.MILLISECONDS.toNanos(1);

	private static final int MIN_LOOKS = 3;

	/** How many threads that come have their time: an endless row of them does not. */
	private static final int MAX_ADDITIONS = 1000;

	private static final String CORE = "dev.rungroup.core.";

	/**
	 * What waits in here waits for another thread of the library, or for a processor: a
	 * thread that has just begun is not known to the kernel's threads yet.
	 */
	private static final Set<String> LIBRARY = Set.of(CORE + "Supervisor", CORE + "Roster", TestTime.class.getName(),
			TestAgenda.class.getName(), KernelThread.class.getName(), Stillness.class.getName());

	private static final Predicate<String> JDK = Pattern.compile("^(java|jdk|sun)\\.").asPredicate();

	private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

	private final TestAgenda agenda;

	private final Kind kind;

	private final @Nullable Participant only;

	private Map<Participant, Place> places = Map.of();

	private long activity = -1;

	/** How long nothing has changed, as far as it counts, and how often that was seen. */
	private long still;

	private int looks;

	private long lastLook = System.nanoTime();

	/**
	 * @param only whom to look at, null for all
	 */
	Stillness(TestAgenda agenda, Kind kind, @Nullable Participant only) {
		this.agenda = agenda;
		this.kind = kind;
		this.only = only;
	}

	/**
	 * Wait.
	 * @throws AssertionError if it takes seconds
	 */
	void await() {
		if (!await(this.agenda.patience)) {
			throw new AssertionError(describe());
		}
	}

	/**
	 * Wait. An interrupt does not cut it short; the flag stays set.
	 * @param patience how long at most, in nanoseconds in which this thread is not kept
	 * from looking
	 * @return whether all have come to rest
	 */
	boolean await(long patience) {
		long waited = 0;
		long added = this.agenda.added();
		int additions = 0;
		boolean interrupted = false;
		this.agenda.watchers.add(Thread.currentThread());
		try {
			while (true) {
				long look = System.nanoTime();
				long nap = NAP;
				List<Participant> running = running();
				while (!running.isEmpty() && nap > 0) {
					LockSupport.parkNanos(this.agenda, nap);
					interrupted |= Thread.interrupted();
					running = running();
					nap = look + NAP - System.nanoTime();
				}
				if (running.isEmpty() || isStill(running)) {
					return true;
				}
				waited += Math.min(MAX_NAP, System.nanoTime() - look);
				if (added != this.agenda.added() && ++additions < MAX_ADDITIONS) {
					// A group starts its members one after the other: each has its time
					added = this.agenda.added();
					waited = 0;
				}
				if (waited >= patience) {
					return false;
				}
			}
		}
		finally {
			this.agenda.watchers.remove(Thread.currentThread());
			if (interrupted) {
				Thread.currentThread().interrupt();
			}
		}
	}

	private List<Participant> running() {
		List<Participant> running = this.agenda.running();
		Participant only = this.only;
		return (only == null) ? running : running.stream().filter(only::equals).toList();
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
		long activity = this.agenda.activity();
		boolean still = activity == this.activity || this.kind == Kind.START;
		this.activity = activity;
		for (Participant participant : running) {
			if (participant.thread.getState() == Thread.State.TERMINATED) {
				this.agenda.remove(participant);
				continue;
			}
			Place place = Place.of(participant.thread);
			if (participant.guest && !participant.waking && !place.isCore()) {
				this.agenda.remove(participant);
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

	/**
	 * How long a thread has to be in a place to count as blocked, in nanoseconds; -1 if
	 * it runs, however long it is there.
	 */
	private long rest(Participant participant, Place place) {
		KernelThread kernelThread = participant.kernelThread;
		if (participant.thread.isInterrupted() || (place.isLibrary() && this.kind != Kind.START)
				|| (kernelThread != null && kernelThread.goesOn())) {
			return -1;
		}
		Kind kind = (place.equals(participant.blockedAt)) ? this.kind : Kind.THOROUGH;
		return switch (place.state) {
			case WAITING, TIMED_WAITING ->
				(place.isLock()) ? kind.blocked : (kind == Kind.QUICK && kernelThread != null) ? 0 : kind.waiting;
			case BLOCKED -> kind.blocked;
			default -> (place.isInside()) ? kind.inside : -1;
		};
	}

	private String describe() {
		StringBuilder text = new StringBuilder();
		this.places.forEach((participant, place) -> {
			if (participant.waking || rest(participant, place) < 0) {
				text.append((text.isEmpty()) ? "" : " and ").append('\'').append(participant.thread.getName());
				text.append("' has neither returned nor waited for ")
					.append(TimeUnit.NANOSECONDS.toSeconds(this.agenda.patience))
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
	 *
	 * @param blocker identity of what it waits for
	 * @param cpu the processor time that it has used, 0 if it waits
	 */
	private record Place(Thread.State state, int blocker, List<StackTraceElement> stack, long cpu) {

		static Place of(Thread thread) {
			Thread.State state = thread.getState();
			int blocker = System.identityHashCode(LockSupport.getBlocker(thread));
			List<StackTraceElement> stack = List.of(thread.getStackTrace());
			return new Place(state, blocker, stack, (state == Thread.State.RUNNABLE) ? cpu(thread) : 0);
		}

		private static long cpu(Thread thread) {
			try {
				return THREADS.getThreadCpuTime(thread.getId());
			}
			catch (UnsupportedOperationException ex) {
				return -1;
			}
		}

		private Stream<String> classes() {
			return this.stack.stream().map(StackTraceElement::getClassName);
		}

		/**
		 * Whether it is inside of the library, which does not wait there for long.
		 */
		boolean isLibrary() {
			return classes().dropWhile(JDK).limit(1).anyMatch(LIBRARY::contains);
		}

		/**
		 * Whether it waits for a lock that another thread holds.
		 */
		boolean isLock() {
			return classes().takeWhile(JDK).anyMatch((name) -> name.startsWith("java.util.concurrent.locks.Reentrant"));
		}

		/**
		 * Whether it is inside a native method.
		 */
		boolean isInside() {
			return !this.stack.isEmpty() && this.stack.get(0).isNativeMethod();
		}

		/**
		 * Whether a call of the library's core led here.
		 */
		boolean isCore() {
			return classes().anyMatch((name) -> name.startsWith(CORE));
		}

	}

}
