package dev.rungroup.benchmarks;

import java.util.Locale;

import dev.rungroup.benchmarks.Results.Figures;
import org.jspecify.annotations.Nullable;

/**
 * What a row is to reach, and whether it does.
 *
 * @param kind how ours is compared with the floor
 * @param limit a factor, nanoseconds or bytes
 */
record Target(Kind kind, double limit) {

	/** Half of the JVM's own noise in {@code gc.alloc.rate.norm}. */
	private static final double NO_BYTES = 0.5;

	private static final double MILLIS = 1e6;

	/**
	 * At most this many times the floor.
	 */
	static Target times(double factor) {
		return new Target(Kind.TIMES, factor);
	}

	static Target moreNanos(double nanos) {
		return new Target(Kind.MORE_NANOS, nanos);
	}

	static Target moreMillis(double millis) {
		return new Target(Kind.MORE_NANOS, millis * MILLIS);
	}

	static Target moreBytes(double bytes) {
		return new Target(Kind.MORE_BYTES, bytes);
	}

	/**
	 * At most this, whatever the floor is.
	 */
	static Target millis(double millis) {
		return new Target(Kind.NANOS, millis * MILLIS);
	}

	static Target bytes(double bytes) {
		return new Target(Kind.BYTES, bytes);
	}

	/**
	 * Something to know, without a target.
	 */
	static Target none(boolean bytes) {
		return new Target((bytes) ? Kind.NO_TARGET_BYTES : Kind.NO_TARGET_NANOS, 0);
	}

	boolean isBytes() {
		return this.kind == Kind.BYTES || this.kind == Kind.MORE_BYTES || this.kind == Kind.NO_TARGET_BYTES;
	}

	String text() {
		return switch (this.kind) {
			case TIMES -> "at most " + decimal(this.limit) + "x";
			case MORE_NANOS, MORE_BYTES -> "at most " + format(this.limit) + " more";
			case NANOS, BYTES -> "at most " + format(this.limit);
			case NO_TARGET_BYTES, NO_TARGET_NANOS -> "";
		};
	}

	/**
	 * How ours stands against the floor.
	 */
	String comparison(@Nullable Figures floor, Figures ours) {
		if (floor == null) {
			return "";
		}
		double difference = ours.median() - floor.median();
		String more = ((difference < 0) ? "-" : "+") + format(Math.abs(difference));
		return switch (this.kind) {
			case TIMES -> decimal(ours.median() / floor.median()) + "x";
			default -> more;
		};
	}

	String verdict(@Nullable Figures floor, Figures ours) {
		if (this.kind == Kind.NO_TARGET_BYTES || this.kind == Kind.NO_TARGET_NANOS) {
			return "";
		}
		return (isMet(floor, ours)) ? "yes" : "**no**";
	}

	private boolean isMet(@Nullable Figures floor, Figures ours) {
		double median = ours.median();
		double base = (floor != null) ? floor.median() : 0;
		return switch (this.kind) {
			case TIMES -> median <= base * this.limit;
			case MORE_NANOS, MORE_BYTES -> median - base <= this.limit;
			case NANOS -> median <= this.limit;
			case BYTES -> median <= this.limit + NO_BYTES;
			case NO_TARGET_BYTES, NO_TARGET_NANOS -> true;
		};
	}

	/**
	 * Write a figure down in its unit.
	 */
	String format(double value) {
		return format(value, isBytes());
	}

	static String format(double value, boolean bytes) {
		double size = Math.abs(value);
		if (bytes) {
			return (size < 10_000) ? decimal(value) + " B" : decimal(value / 1000) + " kB";
		}
		if (size < 1000) {
			return decimal(value) + " ns";
		}
		if (size < 1e6) {
			return decimal(value / 1e3) + " µs";
		}
		return (size < 1e9) ? decimal(value / 1e6) + " ms" : decimal(value / 1e9) + " s";
	}

	/**
	 * Three digits, and no more than two of them after the point.
	 */
	static String decimal(double value) {
		double size = Math.abs(value);
		if (size >= 100 || value == Math.rint(value)) {
			return String.format(Locale.ROOT, "%.0f", value);
		}
		return String.format(Locale.ROOT, (size >= 10) ? "%.1f" : "%.2f", value);
	}

	/**
	 * How ours is compared with the floor.
	 */
	enum Kind {

		TIMES, MORE_NANOS, MORE_BYTES, NANOS, BYTES, NO_TARGET_NANOS, NO_TARGET_BYTES

	}

}
