package dev.rungroup.core;

import java.util.ArrayList;
import java.util.List;

/**
 * The steps that several threads took, in the order in which they took them.
 */
final class Trail {

	private final List<String> steps = new ArrayList<>();

	synchronized void add(String step) {
		this.steps.add(step);
		notifyAll();
	}

	synchronized List<String> steps() {
		return List.copyOf(this.steps);
	}

	synchronized long count(String step) {
		return this.steps.stream().filter(step::equals).count();
	}

	void await(String step) {
		Waits.until("step '" + step + "'", () -> count(step) > 0);
	}

	void await(String step, int times) {
		Waits.until(times + " times the step '" + step + "'", () -> count(step) >= times);
	}

}
