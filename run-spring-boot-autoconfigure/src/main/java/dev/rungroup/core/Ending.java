package dev.rungroup.core;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * How a group ended, for the caller of {@link Group#run()}. Written by the supervisor's
 * thread alone.
 */
final class Ending {

	private final String group;

	/** Whether the thread inside run() was interrupted. */
	boolean interrupted;

	@Nullable UnstoppedMembersException unstopped;

	private @Nullable Throwable failure;

	Ending(String group) {
		this.group = group;
	}

	/**
	 * The members that had not ended at the shutdown timeout.
	 */
	void abandoned(List<MemberSlot> slots) {
		// The last one may have ended at the last moment
		if (!slots.isEmpty()) {
			this.unstopped = UnstoppedMembersException.of(this.group, slots);
		}
	}

	/**
	 * The group is over.
	 * @param failure what ended it
	 * @param later what members threw after that
	 */
	void complete(@Nullable Throwable failure, List<Throwable> later) {
		this.failure = failure;
		if (failure == null) {
			return;
		}
		// Several members may have thrown the same instance
		Set<Throwable> known = Collections.newSetFromMap(new IdentityHashMap<>());
		known.add(failure);
		Collections.addAll(known, failure.getSuppressed());
		for (Throwable other : later) {
			if (known.add(other)) {
				failure.addSuppressed(other);
			}
		}
		if (this.unstopped != null) {
			failure.addSuppressed(this.unstopped);
		}
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
			throw new InterruptedException("Interrupted while running group '" + this.group + "'");
		}
	}

	@SuppressWarnings("unchecked")
	static <E extends Throwable> void sneakyThrow(Throwable failure) throws E {
		throw (E) failure;
	}

}
