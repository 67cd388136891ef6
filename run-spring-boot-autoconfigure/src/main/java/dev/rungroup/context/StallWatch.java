package dev.rungroup.context;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

import dev.rungroup.core.Group;
import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.OnStall;
import dev.rungroup.core.StopReason;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.context.ApplicationEventPublisher;

/**
 * The thread that looks for stalled members of one group, and what it does about them.
 * There is none if no actor has a limit; it ends with the group.
 */
final class StallWatch {

	private static final Log logger = LogFactory.getLog(GroupLifecycle.class);

	private final Group group;

	private final ApplicationEventPublisher publisher;

	private final @Nullable StallMonitor monitor;

	StallWatch(Group group, List<StallLimit> limits, ApplicationEventPublisher publisher) {
		this.group = group;
		this.publisher = publisher;
		this.monitor = (!limits.isEmpty()) ? new StallMonitor(limits, InstantSource.system(), this::stalled) : null;
	}

	/**
	 * Begin to look.
	 * @param over whether the group is over
	 */
	void start(BooleanSupplier over) {
		StallMonitor monitor = this.monitor;
		if (monitor != null) {
			Thread thread = new Thread(null, () -> watch(monitor, over), "run-stalls", 0, false);
			thread.setDaemon(true);
			thread.start();
		}
	}

	Set<String> stalled() {
		return (this.monitor != null) ? this.monitor.stalled() : Set.of();
	}

	private void watch(StallMonitor monitor, BooleanSupplier over) {
		long last = System.nanoTime();
		while (!over.getAsBoolean()) {
			LockSupport.parkNanos(this, monitor.interval().toNanos());
			long now = System.nanoTime();
			try {
				monitor.check(this.group.snapshot(), Duration.ofNanos(now - last));
			}
			catch (Throwable ex) {
				// Out of memory, say: whoever is stalled then will be so a second later
				warn("Looking for stalled actors failed; it goes on", ex);
			}
			last = now;
		}
	}

	private void stalled(StallMonitor.Stall stall) {
		StallLimit limit = stall.limit();
		Duration silence = stall.silence();
		String name = limit.member();
		logger.warn("Actor '" + name + "' is stalled: no progress for " + silence.toMillis() + " ms, its limit is "
				+ limit.stallAfter().toMillis() + " ms; " + switch (limit.onStall()) {
					case REPORT -> "nothing is done about it";
					case RESTART -> "it is interrupted, to be started again when it has ended";
					case SHUTDOWN -> "it ends the group of actors";
				} + ". Its thread is at" + stack(name));
		act(stall, new StopReason(StopReason.Kind.STALLED, name, failure(name, silence)));
		try {
			this.publisher.publishEvent(new ActorStalledEvent(name, silence));
		}
		catch (Throwable ex) {
			warn("A listener of ActorStalledEvent threw; everything else goes on", ex);
		}
	}

	private void act(StallMonitor.Stall stall, StopReason reason) {
		OnStall onStall = stall.limit().onStall();
		if (onStall == OnStall.REPORT || !isStillThere(stall)) {
			return;
		}
		try {
			if (onStall == OnStall.RESTART) {
				restart(stall.limit().member(), reason);
			}
			else {
				this.group.stop(reason);
			}
		}
		catch (IllegalStateException | NoSuchElementException ex) {
			logger.debug("Actor '" + stall.limit().member() + "' is not restarted: its group is ending", ex);
		}
	}

	/**
	 * Whether the member is still where it was when it was found: to collect its stack
	 * and to report it may have taken long.
	 */
	private boolean isStillThere(StallMonitor.Stall stall) {
		MemberSnapshot found = stall.member();
		MemberSnapshot now = member(found.name());
		if (now.state() == MemberState.RUNNING && now.executions() == found.executions()
				&& Objects.equals(now.lastProgress(), found.lastProgress())) {
			return true;
		}
		logger.info("Actor '" + found.name() + "' has gone on or is ending by now, so nothing is done about it");
		if (this.monitor != null && now.state() == MemberState.RUNNING) {
			// It only seems to have gone on if somebody has set the clock
			this.monitor.forget(found.name());
		}
		return false;
	}

	/**
	 * What is left is the moment between {@link #isStillThere} and the stop, some
	 * microseconds: a body that returns just then may be executed again, a member that
	 * somebody else stops just then is started again. One that had ended by itself before
	 * the stop is not.
	 */
	private void restart(String name, StopReason reason) {
		this.group.stopMember(name, reason);
		MemberState state = member(name).state();
		if (state != MemberState.COMPLETED && state != MemberState.FAILED) {
			this.group.startMember(name);
		}
	}

	private MemberSnapshot member(String name) {
		return this.group.snapshot()
			.members()
			.stream()
			.filter((member) -> member.name().equals(name))
			.findFirst()
			.orElseThrow();
	}

	private static void warn(String message, Throwable failure) {
		try {
			logger.warn(message, failure);
		}
		catch (Throwable ex) {
			// No memory left even to say so
		}
	}

	private String stack(String name) {
		List<StackTraceElement> stack = this.group.stackOf(name);
		return (stack.isEmpty()) ? " no place: it has just ended"
				: stack.stream().map((element) -> "\n\tat " + element).collect(Collectors.joining());
	}

	/**
	 * What interrupts and exit codes get to see. Its own stack would show this monitor.
	 */
	private static TimeoutException failure(String name, Duration silence) {
		TimeoutException failure = new TimeoutException(
				"Actor '" + name + "' made no progress for " + silence.toMillis() + " ms");
		failure.setStackTrace(new StackTraceElement[0]);
		return failure;
	}

}
