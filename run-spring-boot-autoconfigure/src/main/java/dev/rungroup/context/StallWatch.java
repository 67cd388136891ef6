package dev.rungroup.context;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

import dev.rungroup.core.Group;
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
				logger.warn("Looking for stalled actors failed; it goes on", ex);
			}
			last = now;
		}
	}

	private void stalled(StallLimit limit, Duration silence) {
		String name = limit.member();
		logger.warn("Actor '" + name + "' is stalled: no progress for " + silence.toMillis() + " ms, its limit is "
				+ limit.stallAfter().toMillis() + " ms; " + switch (limit.onStall()) {
					case REPORT -> "nothing is done about it";
					case RESTART -> "it is interrupted, to be started again when it has ended";
					case SHUTDOWN -> "it ends the group of actors";
				} + ". Its thread is at" + stack(name));
		act(limit, new StopReason(StopReason.Kind.STALLED, name, failure(name, silence)));
		try {
			this.publisher.publishEvent(new ActorStalledEvent(name, silence));
		}
		catch (Throwable ex) {
			logger.warn("A listener of ActorStalledEvent threw; everything else goes on", ex);
		}
	}

	private void act(StallLimit limit, StopReason reason) {
		try {
			switch (limit.onStall()) {
				case REPORT -> {
				}
				case RESTART -> {
					this.group.stopMember(limit.member(), reason);
					this.group.startMember(limit.member());
				}
				case SHUTDOWN -> this.group.stop(reason);
			}
		}
		catch (IllegalStateException | NoSuchElementException ex) {
			logger.debug("Actor '" + limit.member() + "' is not restarted: its group is ending", ex);
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
