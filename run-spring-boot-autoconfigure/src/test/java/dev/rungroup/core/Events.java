package dev.rungroup.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * What a group announced, as text.
 */
final class Events implements GroupListener {

	private final List<String> heard = new ArrayList<>();

	private final List<Outcome> outcomes = new ArrayList<>();

	private final List<Duration> pauses = new ArrayList<>();

	@Override
	public void memberStarted(String member) {
		add(member + " started");
	}

	@Override
	public void memberReady(String member) {
		add(member + " ready");
	}

	@Override
	public synchronized void executionEnded(String member, Outcome outcome, long nanos) {
		this.outcomes.add(outcome);
		add(member + " execution " + outcome.getClass().getSimpleName().toLowerCase());
	}

	@Override
	public synchronized void restartScheduled(String member, Duration pause) {
		this.pauses.add(pause);
		add(member + " restart");
	}

	@Override
	public void memberEnded(String member, MemberState state) {
		add(member + " ended " + state);
	}

	@Override
	public void groupStopping(StopReason reason) {
		add("stopping " + reason.kind());
	}

	@Override
	public void groupStopped(@Nullable StopReason reason) {
		add("stopped " + ((reason != null) ? reason.kind() : "by itself"));
	}

	private synchronized void add(String event) {
		this.heard.add(event);
	}

	synchronized List<String> heard() {
		return List.copyOf(this.heard);
	}

	synchronized List<Outcome> outcomes() {
		return List.copyOf(this.outcomes);
	}

	synchronized List<Duration> pauses() {
		return List.copyOf(this.pauses);
	}

	long count(String event) {
		return heard().stream().filter(event::equals).count();
	}

	List<String> of(String member) {
		return heard().stream().filter((event) -> event.startsWith(member + " ")).toList();
	}

	void await(String event) {
		Waits.until("event '" + event + "'", () -> count(event) > 0);
	}

	void await(String event, int times) {
		Waits.until(times + " times the event '" + event + "'", () -> count(event) >= times);
	}

}
