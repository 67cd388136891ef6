package dev.rungroup.core;

import java.util.PriorityQueue;

/**
 * What the supervisor does later, the next first: the limits of executions, the ends of
 * grace periods. Used by the supervisor's thread alone.
 */
final class Agenda {

	/** Not to be looked at again. */
	static final long DONE = -1;

	private final PriorityQueue<Entry> entries = new PriorityQueue<>();

	private long added;

	/**
	 * Look at something at a time.
	 * @param due when, in nanoseconds
	 */
	Entry add(long due, Deadline deadline) {
		Entry entry = new Entry(due, this.added++, deadline);
		this.entries.add(entry);
		return entry;
	}

	void remove(Entry entry) {
		this.entries.remove(entry);
	}

	/**
	 * Do all that is due.
	 */
	void run(long now) {
		for (Entry first = this.entries.peek(); first != null && now - first.due >= 0; first = this.entries.peek()) {
			this.entries.remove(first);
			long again = first.deadline.reached(now);
			if (again > 0) {
				add(Durations.after(now, again), first.deadline);
			}
		}
	}

	/**
	 * How long there is nothing to do, in nanoseconds.
	 */
	long untilNext(long now) {
		Entry first = this.entries.peek();
		return (first != null) ? Math.max(0, first.due - now) : Long.MAX_VALUE;
	}

	/**
	 * What is looked at when its time has come.
	 */
	@FunctionalInterface
	interface Deadline {

		/**
		 * The time has come.
		 * @return nanoseconds until it is to be looked at again, more than zero, or
		 * {@link #DONE}
		 */
		long reached(long now);

	}

	/**
	 * A deadline and when it is due; of two at the same moment the one added first comes
	 * first.
	 */
	record Entry(long due, long number, Deadline deadline) implements Comparable<Entry> {

		@Override
		public int compareTo(Entry other) {
			long difference = (this.due != other.due) ? this.due - other.due : this.number - other.number;
			return Long.signum(difference);
		}

		@Override
		public boolean equals(Object other) {
			return this == other;
		}

		@Override
		public int hashCode() {
			return Long.hashCode(this.number);
		}

	}

}
