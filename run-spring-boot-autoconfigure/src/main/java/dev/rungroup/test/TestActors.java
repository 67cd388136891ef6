package dev.rungroup.test;

import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

import dev.rungroup.context.GroupLifecycle;
import dev.rungroup.core.GroupSnapshot;
import dev.rungroup.core.GroupState;
import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.Outcome;
import dev.rungroup.core.Time;
import org.assertj.core.api.AssertProvider;
import org.jspecify.annotations.Nullable;

import org.springframework.test.context.event.annotation.AfterTestMethod;
import org.springframework.test.context.event.annotation.BeforeTestMethod;

/**
 * Starts, observes and stops the actors of an application in its tests, and moves their
 * time. A bean where {@link AutoConfigureTestActors} is.
 * <p>
 * Names are those of actors; where an actor has a concurrency of more than 1, also those
 * of its members. A name that nothing has is a {@link NoSuchElementException} with the
 * known ones. Meant for one thread at a time.
 *
 * @since 0.1.0
 */
public final class TestActors implements AssertProvider<TestActorsAssert> {

	static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);

	/** How long actors have to end that are stopped alone. */
	private static final Duration STOP_TIMEOUT = Duration.ofSeconds(30);

	private static final long POLL = TimeUnit.MILLISECONDS.toNanos(2);

	private final GroupLifecycle lifecycle;

	private final @Nullable TestTime time;

	private final Duration timeout;

	/** The members of the current group that were started. */
	private final Set<String> started = ConcurrentHashMap.newKeySet();

	TestActors(GroupLifecycle lifecycle, @Nullable TestTime time, Duration timeout) {
		this.lifecycle = lifecycle;
		this.time = time;
		this.timeout = timeout;
	}

	/**
	 * Start actors, in addition to those that run. Makes a new group if the last one has
	 * ended, and waits for its end if that goes on. Returns when every body has returned
	 * or waits for something: the time, a latch, a socket. Without virtual time it does
	 * not wait for bodies.
	 * @param names the actors; none: all that are not switched off
	 * @throws IllegalStateException if an actor is switched off
	 */
	public void start(String... names) {
		Set<String> members = startable(names);
		GroupState state = this.lifecycle.snapshot().state();
		if (state == GroupState.STOPPING || state == GroupState.STOPPED) {
			this.lifecycle.stop();
		}
		if (!this.lifecycle.isRunning()) {
			this.started.clear();
		}
		if (names.length == 0 && !this.lifecycle.isRunning()) {
			this.lifecycle.start();
		}
		else {
			this.lifecycle.start(members);
		}
		this.started.addAll(members);
		settle();
	}

	/**
	 * Stop actors and wait until they have ended. Meanwhile time passes by itself.
	 * @param names the actors; none: all
	 */
	public void stop(String... names) {
		if (names.length == 0) {
			this.lifecycle.stop();
			settle();
			return;
		}
		Set<String> members = new LinkedHashSet<>();
		for (String name : names) {
			members.addAll(this.lifecycle.membersOf(name));
		}
		members.removeIf(this::isOver);
		members.forEach(this.lifecycle::stopMember);
		for (String member : members) {
			if (!waitFor(() -> isOver(member), STOP_TIMEOUT, true)) {
				throw new AssertionError(
						"It has not ended " + STOP_TIMEOUT.toSeconds() + " s after its stop: " + describe(member));
			}
		}
		settle();
	}

	/**
	 * Return how an actor is now.
	 * @param name its name; of one with a concurrency the name of one of its members
	 * @return its state and counts, since its group was started first in this test method
	 */
	public MemberSnapshot get(String name) {
		List<String> members = this.lifecycle.membersOf(name);
		if (members.size() > 1) {
			throw new NoSuchElementException(
					"Actor '" + name + "' has several members: ask for one of " + String.join(", ", members));
		}
		String member = members.get(0);
		return this.lifecycle.flatSnapshot()
			.members()
			.stream()
			.filter((snapshot) -> snapshot.name().equals(member))
			// What waits for its start is stopped; here it is new
			.filter((snapshot) -> snapshot.state() != MemberState.STOPPED || this.started.contains(member))
			.findFirst()
			.orElseGet(
					() -> new MemberSnapshot(member, MemberState.NEW, false, 0, 0, 0, 0, null, null, null, null, null));
	}

	private boolean isOver(String member) {
		MemberState state = get(member).state();
		return state == MemberState.NEW || state.isEnded();
	}

	/**
	 * Wait until an actor is in a state, for the property {@code run.test.timeout} of
	 * real time (default: 10 s) at most. Does not move the actors' time.
	 * @param name its name
	 * @param state the state
	 * @return how the actor is then
	 * @throws AssertionError if it does not come to that, with what is known of the actor
	 */
	public MemberSnapshot await(String name, MemberState state) {
		return await(name, state, this.timeout);
	}

	/**
	 * Wait until an actor is in a state.
	 * @param name its name
	 * @param state the state
	 * @param atMost how long to wait, in real time
	 * @return how the actor is then
	 * @throws AssertionError if it does not come to that, with what is known of the actor
	 */
	public MemberSnapshot await(String name, MemberState state, Duration atMost) {
		return await(name, (actor) -> actor.state() == state, "is not " + state, atMost);
	}

	/**
	 * Wait until a condition holds for an actor, for the property
	 * {@code run.test.timeout} of real time (default: 10 s) at most. Does not move the
	 * actors' time.
	 * @param name its name
	 * @param condition the condition
	 * @return how the actor is then
	 * @throws AssertionError if it does not come to that, with what is known of the actor
	 */
	public MemberSnapshot await(String name, Predicate<MemberSnapshot> condition) {
		return await(name, condition, "does not meet the condition", this.timeout);
	}

	private MemberSnapshot await(String name, Predicate<MemberSnapshot> condition, String not, Duration atMost) {
		MemberSnapshot[] last = { get(name) };
		if (!waitFor(() -> condition.test(last[0] = get(name)), atMost, false)) {
			throw new AssertionError("Actor '" + name + "' " + not + " after " + atMost.toMillis()
					+ " ms of real time. " + describe(name));
		}
		return last[0];
	}

	/**
	 * Execute an actor's body once on the calling thread, through its proxies. If it
	 * fails, its failure handlers are called; its policies, limits and delays do not
	 * apply, and it is not counted. What it sleeps lets the time pass.
	 * @param name the actor, switched off or not
	 * @return how the body ended
	 * @throws IllegalStateException if the actor runs or pauses
	 */
	public Outcome executeOnce(String name) {
		for (String member : this.lifecycle.membersOf(name)) {
			if (!isOver(member)) {
				throw new IllegalStateException("Actor '" + name + "' is " + get(member).state()
						+ ": executeOnce() is for an actor that does not run. Stop it before, or do not start it.");
			}
		}
		TestTime time = this.time;
		return SingleExecution.of(this.lifecycle.newMember(name), (time != null) ? time : Time.system());
	}

	/**
	 * Let time pass for the actors, see {@link TestTime#advance}.
	 * @param time how much, not negative
	 * @throws IllegalStateException without virtual time, or if called inside an actor
	 * @throws AssertionError if a body neither returns nor waits for seconds, or a loop
	 * has no pause
	 */
	public void advance(Duration time) {
		TestTime testTime = this.time;
		if (testTime == null) {
			throw new IllegalStateException("The actors' time is that of the machine, which cannot be moved:"
					+ " use @AutoConfigureTestActors with virtualTime = true");
		}
		testTime.advance(time);
	}

	/**
	 * Return the actors' clock.
	 * @return what shows their time; without virtual time that of the machine
	 */
	public InstantSource clock() {
		return (this.time != null) ? this.time : InstantSource.system();
	}

	@Override
	public TestActorsAssert assertThat() {
		return new TestActorsAssert(this);
	}

	boolean isVirtualTime() {
		return this.time != null;
	}

	@BeforeTestMethod
	void beforeTestMethod() {
		if (this.lifecycle.isAutoStartup() && !this.lifecycle.isRunning()) {
			this.lifecycle.start();
		}
		if (this.lifecycle.isRunning()) {
			this.started.addAll(startable());
			settle();
		}
	}

	/**
	 * Keep the actors of one test method from running in another.
	 */
	@AfterTestMethod
	void afterTestMethod() {
		this.lifecycle.stop();
		this.lifecycle.reset();
		this.started.clear();
	}

	/**
	 * All that is known of an actor.
	 */
	String describe(String name) {
		StringBuilder text = new StringBuilder("Actor: ").append(get(name));
		GroupSnapshot group = this.lifecycle.snapshot();
		text.append("\nGroup: ").append(group.state());
		if (group.stopReason() != null) {
			text.append(", ended by ").append(group.stopReason());
		}
		text.append("\nTime: ").append(clock().instant());
		if (this.time != null) {
			text.append(", due next: ").append(this.time.describeDue());
		}
		text.append("\nIts thread: ");
		List<StackTraceElement> stack = stackOf(name);
		text.append(stack.isEmpty() ? "none runs" : "");
		for (StackTraceElement frame : stack) {
			text.append("\n\tat ").append(frame);
		}
		return text.toString();
	}

	private List<StackTraceElement> stackOf(String name) {
		try {
			return this.lifecycle.stackOf(name);
		}
		catch (IllegalStateException | NoSuchElementException ex) {
			return List.of();
		}
	}

	/**
	 * The members to start: of a group its own, too, of an actor in a group the group's.
	 */
	private Set<String> startable(String... names) {
		Set<String> switchedOff = this.lifecycle.disabledActors();
		Set<String> members = new LinkedHashSet<>();
		for (String name : (names.length > 0) ? List.of(names) : all()) {
			if (switchedOff.contains(name)) {
				throw new IllegalStateException(
						"'" + name + "' is switched off, by its 'enabled' or run.enabled, or is a"
								+ " mock; executeOnce() executes an actor all the same");
			}
			String group = this.lifecycle.groupOf(name);
			if (group != null) {
				members.add(group);
			}
			members.addAll(this.lifecycle.membersOf(name));
			for (String member : this.lifecycle.groups().getOrDefault(name, List.of())) {
				if (!switchedOff.contains(member)) {
					members.add(member);
				}
			}
		}
		return members;
	}

	/**
	 * The members of the application's group.
	 */
	private List<String> all() {
		return this.lifecycle.snapshot().members().stream().map(MemberSnapshot::name).toList();
	}

	private void settle() {
		TestTime time = this.time;
		if (time != null) {
			time.settle();
		}
	}

	/**
	 * @param flow whether the actors' time passes meanwhile
	 */
	private boolean waitFor(BooleanSupplier condition, Duration atMost, boolean flow) {
		TestTime time = this.time;
		if (flow && time != null) {
			return time.flowUntil(condition, atMost);
		}
		long begun = System.nanoTime();
		while (!condition.getAsBoolean()) {
			if (System.nanoTime() - begun > atMost.toNanos() || Thread.currentThread().isInterrupted()) {
				return false;
			}
			LockSupport.parkNanos(this, POLL);
		}
		return true;
	}

}
