package dev.rungroup.core;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

/**
 * How a group ended, for the caller of {@link Group#run()}. What members threw is written
 * under the roster's lock, the rest by the supervisor's thread alone.
 */
final class Ending {

	private final Group group;

	/** Whether the thread inside run() was interrupted. */
	boolean interrupted;

	@Nullable UnstoppedMembersException unstopped;

	/** What run() throws, the same instance. Written by the roster. */
	@Nullable Throwable failure;

	/** What members threw after the group's end had begun. Written by the roster. */
	final List<Throwable> later = new ArrayList<>();

	Ending(Group group) {
		this.group = group;
	}

	/**
	 * The members that had not ended at the shutdown timeout.
	 */
	void abandoned(List<MemberSlot> slots) {
		// The last one may have ended at the last moment
		if (!slots.isEmpty()) {
			this.unstopped = UnstoppedMembersException.of(this.group.name, slots);
		}
	}

	/**
	 * The group is over: nothing is added any more. Inside {@link Roster#locked}.
	 */
	void complete() {
		Throwable failure = this.failure;
		if (failure == null) {
			return;
		}
		// Several members may have thrown the same instance
		Set<Throwable> known = Collections.newSetFromMap(new IdentityHashMap<>());
		known.add(failure);
		Collections.addAll(known, failure.getSuppressed());
		for (Throwable other : this.later) {
			if (known.add(other)) {
				failure.addSuppressed(other);
			}
		}
		if (this.unstopped != null) {
			failure.addSuppressed(this.unstopped);
		}
	}

	/**
	 * Wait until a thread is gone whose work is done.
	 * @param until when to wait no longer, as {@link System#nanoTime()} has it
	 */
	void join(@Nullable Thread thread, long until) {
		// An interrupter that got no thread was called on this one
		while (thread != null && thread != Thread.currentThread() && thread.isAlive()) {
			long left = until - System.nanoTime();
			if (left <= 0) {
				this.group.listeners.report("Group '" + this.group.name + "' does not wait longer for thread '"
						+ thread.getName() + "': its work is done, but what hears of that has not returned", null);
				return;
			}
			try {
				thread.join(1 + TimeUnit.NANOSECONDS.toMillis(left));
			}
			catch (InterruptedException ex) {
				this.interrupted = true;
			}
		}
	}

	/**
	 * Wait for a latch, whoever interrupts.
	 * @return whether somebody did
	 */
	static boolean await(CountDownLatch latch) {
		boolean interrupted = false;
		while (latch.getCount() > 0) {
			try {
				latch.await();
			}
			catch (InterruptedException ex) {
				interrupted = true;
			}
		}
		return interrupted;
	}

	void rethrow() throws Exception {
		if (this.interrupted && (this.failure != null || this.unstopped != null)) {
			Thread.currentThread().interrupt();
		}
		if (this.failure != null) {
			sneakyThrow(this.failure);
		}
		if (this.unstopped != null) {
			throw this.unstopped;
		}
		if (this.interrupted) {
			throw new InterruptedException("Interrupted while running group '" + this.group.name + "'");
		}
	}

	@SuppressWarnings("unchecked")
	static <E extends Throwable> void sneakyThrow(Throwable failure) throws E {
		throw (E) failure;
	}

}
