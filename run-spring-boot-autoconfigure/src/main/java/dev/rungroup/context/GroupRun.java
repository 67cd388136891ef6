package dev.rungroup.context;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;

import dev.rungroup.core.Group;
import dev.rungroup.core.GroupListener;
import dev.rungroup.core.GroupSnapshot;
import dev.rungroup.core.Member;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.Outcome;
import dev.rungroup.core.StopReason;
import dev.rungroup.core.UnstoppedMembersException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.AbstractApplicationContext;

/**
 * One start of a {@link GroupLifecycle}: its group, the thread that waits for the group's
 * end, and whether that end was asked for. What an earlier start still does never touches
 * a later one.
 */
final class GroupRun {

	private static final Log logger = LogFactory.getLog(GroupLifecycle.class);

	/** How much longer than the group itself we wait for the group. */
	private static final Duration MARGIN = Duration.ofSeconds(1);

	/** How often we look whether those who have not ended wait for us. */
	private static final Duration LOOK_AROUND = Duration.ofMillis(100);

	private final GroupSettings settings;

	private final ConfigurableApplicationContext context;

	private final CountDownLatch over = new CountDownLatch(1);

	private final AtomicReference<Ending> ending = new AtomicReference<>(Ending.NONE);

	private volatile @Nullable Group group;

	/** The threads of our members. */
	private final Set<Thread> memberThreads = ConcurrentHashMap.newKeySet();

	/** Who waits for our end on behalf of which member. */
	private final Map<Thread, String> waiting = new ConcurrentHashMap<>();

	/** The thread that runs the group: listeners of the group's end are called on it. */
	private volatile @Nullable Thread runner;

	// Written before the group

	private List<BodyWrapper> wrappers = List.of();

	private @Nullable Exhaustion exhaustion;

	private @Nullable StallWatch stalls;

	// Written under the lifecycle's lock

	private volatile boolean filled;

	private boolean launched;

	GroupRun(GroupSettings settings, ConfigurableApplicationContext context) {
		this.settings = settings;
		this.context = context;
	}

	/**
	 * Make the group, still empty. Asks the context for listeners: only now, and not
	 * earlier, so that they may depend on anything.
	 */
	void prepare(ActorRegistry actors) {
		Exhaustion exhaustion = new Exhaustion(actors.restarting());
		GroupEvents events = new GroupEvents(this.context);
		Group.Builder builder = Group.builder()
			.name(this.settings.name())
			.threadFactory(
					remembering(new ActorThreadFactory(this.settings.virtualThreads(), this.context.getClassLoader())))
			.gracePeriod(this.settings.gracePeriod())
			.shutdownTimeout(this.settings.shutdownTimeout())
			.keepStopped(true)
			.listener(exhaustion)
			.listener(new ActorLog(this::stopReason, events::publish))
			.listener(new Ender(this.context.getBeanProvider(GroupEndHandler.class).getIfAvailable()));
		for (ActorFailureHandler handler : beans(ActorFailureHandler.class)) {
			builder.listener(new Failures(handler));
		}
		for (GroupListener listener : beans(GroupListener.class)) {
			builder.listener(listener);
		}
		Group group = builder.listener(events).build();
		this.wrappers = beans(BodyWrapper.class);
		this.exhaustion = exhaustion;
		this.stalls = new StallWatch(group, actors.stallLimits(), this.context);
		this.group = group;
	}

	private ThreadFactory remembering(ThreadFactory factory) {
		return (task) -> factory.newThread(() -> {
			this.memberThreads.add(Thread.currentThread());
			try {
				task.run();
			}
			finally {
				this.memberThreads.remove(Thread.currentThread());
			}
		});
	}

	private <T> List<T> beans(Class<T> type) {
		return this.context.getBeanProvider(type).orderedStream().toList();
	}

	/**
	 * Put the members into the group, their bodies wrapped. Under the lifecycle's lock.
	 * @return whether to launch it now: not if it is empty, or was stopped meanwhile
	 */
	boolean fill(List<Member> members) {
		if (this.ending.get() == Ending.ASKED_FOR) {
			over();
			return false;
		}
		for (Member member : members) {
			group().add(member);
		}
		this.filled = true;
		this.launched = !members.isEmpty();
		return this.launched;
	}

	/**
	 * Whether members have to be added one by one. Under the lifecycle's lock.
	 */
	boolean isFilled() {
		return this.filled;
	}

	/**
	 * Whether the caller is to launch a group that was empty until now. Under the
	 * lifecycle's lock.
	 */
	boolean claimLaunch() {
		boolean claimed = !this.launched && !isOver();
		this.launched |= claimed;
		return claimed;
	}

	/**
	 * Let the group run, on a thread that keeps the JVM up until the group is over.
	 */
	void launch() {
		Thread thread = new Thread(null, this::runGroup, "run-group", 0, false);
		thread.setDaemon(false);
		thread.setContextClassLoader(this.context.getClassLoader());
		this.runner = thread;
		try {
			thread.start();
		}
		catch (Throwable ex) {
			over();
			throw ex;
		}
	}

	private void runGroup() {
		Group group = group();
		try {
			watchForStalls();
			group.run();
		}
		catch (UnstoppedMembersException ex) {
			logger.warn(ex.getMessage());
		}
		catch (Throwable ex) {
			StopReason reason = group.stopReason();
			if (reason == null || reason.cause() != ex) {
				logger.warn("The group of actors ended with a failure of its own", ex);
			}
			for (Throwable suppressed : ex.getSuppressed()) {
				if (suppressed instanceof UnstoppedMembersException) {
					logger.warn(suppressed.getMessage());
				}
			}
		}
		finally {
			over();
		}
	}

	private void watchForStalls() {
		StallWatch stalls = this.stalls;
		if (stalls != null) {
			try {
				stalls.start(this::isOver);
			}
			catch (Throwable ex) {
				// Out of threads, say
				logger
					.warn("Stalled actors will not be noticed: 'stall-after' has no effect until the actors are started"
							+ " again", ex);
			}
		}
	}

	/**
	 * From now on the end of the group is what we wanted. Under the lifecycle's lock.
	 */
	void markStopped() {
		this.ending.compareAndSet(Ending.NONE, Ending.ASKED_FOR);
		if (this.filled && !this.launched) {
			over();
		}
	}

	void stop() {
		Group group = this.group;
		if (group != null && !isOver()) {
			group.stop(new StopReason(StopReason.Kind.CONTEXT_CLOSED, null, null));
		}
	}

	boolean isOver() {
		return this.over.getCount() == 0;
	}

	void over() {
		this.over.countDown();
	}

	/**
	 * Wait for the end. Bounded by the group itself; if even that does not hold, by us. A
	 * member that waits for the very stop it is asked to end for is not waited for.
	 */
	void awaitOver() {
		if (Thread.currentThread() == this.runner) {
			// A listener of the group's end closes the context: the group goes on when
			// that listener returns
			return;
		}
		MemberContext caller = MemberContext.current();
		if (caller == null) {
			awaitOver(false);
			return;
		}
		Thread thread = Thread.currentThread();
		this.waiting.put(thread, caller.name());
		boolean interrupted;
		try {
			interrupted = awaitOver(true);
		}
		finally {
			this.waiting.remove(thread);
		}
		// The interrupt of a member of ours is the one that this very stop has sent:
		// kept, it would cut the rest of the shutdown short. isStopping() still tells it.
		// A member of another group needs its interrupt
		if (interrupted && !this.memberThreads.contains(thread)) {
			thread.interrupt();
		}
	}

	/**
	 * Wait for the end.
	 * @param stubborn whether to go on when the calling thread is interrupted
	 * @return whether it was
	 */
	private boolean awaitOver(boolean stubborn) {
		boolean interrupted = false;
		long deadline = System.nanoTime() + Math.min(TimeUnit.NANOSECONDS.convert(limit()), Long.MAX_VALUE / 2);
		for (long left = deadline - System.nanoTime(); !isOver() && left > 0; left = deadline - System.nanoTime()) {
			try {
				if (this.over.await(Math.min(left, LOOK_AROUND.toNanos()), TimeUnit.NANOSECONDS)
						|| isWaitedForByItsMembers()) {
					break;
				}
			}
			catch (InterruptedException ex) {
				interrupted = true;
				if (!stubborn) {
					Thread.currentThread().interrupt();
					return true;
				}
			}
		}
		if (!isOver() && deadline - System.nanoTime() <= 0) {
			logger.warn("The actors have not ended within " + limit() + " and are given up: " + unended());
			over();
		}
		return interrupted;
	}

	private Duration limit() {
		Duration timeout = this.settings.shutdownTimeout();
		return (timeout.compareTo(Duration.ofDays(1)) < 0) ? timeout.plus(MARGIN) : timeout;
	}

	/**
	 * Whether all who have not ended wait for us themselves: they go on only after us.
	 */
	private boolean isWaitedForByItsMembers() {
		GroupSnapshot snapshot = snapshot();
		if (snapshot == null) {
			return false;
		}
		List<MemberSnapshot> left = snapshot.members()
			.stream()
			.filter((member) -> member.state() != MemberState.NEW && !member.state().isEnded())
			.toList();
		return !left.isEmpty() && left.stream()
			.allMatch((member) -> member.state() == MemberState.STOPPING && waitsForUs(member.name()));
	}

	/**
	 * Whether a member is in our own {@link #awaitOver()}, inside {@code System.exit}, or
	 * about to close a context that somebody else closes already. One that is closing a
	 * context of its own is busy.
	 */
	private boolean waitsForUs(String member) {
		boolean waiting = this.waiting.containsValue(member);
		// The stack begins with what was called last. One that has only just called
		// close() will perhaps not have to wait
		String called = "doClose";
		for (StackTraceElement frame : group().stackOf(member)) {
			if (frame.getClassName().equals("java.lang.Shutdown")
					|| (waiting && isMethod(frame, GroupRun.class, "awaitOver"))
					|| (isMethod(frame, AbstractApplicationContext.class, "close") && !called.equals("doClose"))) {
				return true;
			}
			called = frame.getMethodName();
		}
		return false;
	}

	private static boolean isMethod(StackTraceElement frame, Class<?> type, String method) {
		return frame.getClassName().equals(type.getName()) && frame.getMethodName().equals(method);
	}

	private String unended() {
		GroupSnapshot snapshot = snapshot();
		return (snapshot == null) ? "they are being started"
				: snapshot.members()
					.stream()
					.filter((member) -> !member.state().isEnded())
					.map(MemberSnapshot::name)
					.collect(Collectors.joining(", "));
	}

	/**
	 * Call back exactly once, at the end.
	 */
	void whenOver(Runnable callback) {
		if (isOver()) {
			callback.run();
			return;
		}
		if (MemberContext.current() != null || Thread.currentThread() == this.runner) {
			// An actor closes the context: its interrupt would wake it from every wait of
			// the context's, so it waits here, until all others have ended
			awaitOver();
			callback.run();
			return;
		}
		Thread waiter = new Thread(null, () -> {
			try {
				awaitOver();
			}
			finally {
				callback.run();
			}
		}, "run-stop", 0, false);
		waiter.setDaemon(true);
		try {
			waiter.start();
		}
		catch (Throwable ex) {
			// Out of threads: waiting here is worse than there, and better than nothing
			waiter.run();
		}
	}

	private @Nullable StopReason stopReason() {
		Group group = this.group;
		return (group != null) ? group.stopReason() : null;
	}

	void add(Member member) {
		try {
			group().add(wrapped(member));
		}
		catch (IllegalStateException ex) {
			logger.debug("The group is over: member '" + member.name() + "' joins the next one", ex);
		}
	}

	/**
	 * Let the wrappers wrap the bodies, which is the user's code.
	 */
	List<Member> wrapped(List<Member> members) {
		List<Member> wrapped = new ArrayList<>(members.size());
		for (Member member : members) {
			wrapped.add(wrapped(member));
		}
		return wrapped;
	}

	private Member wrapped(Member member) {
		Member wrapped = member;
		for (int i = this.wrappers.size() - 1; i >= 0; i--) {
			BodyWrapper wrapper = this.wrappers.get(i);
			wrapped = wrapped.withBody((body) -> wrapper.wrap(member.name(), body));
		}
		return wrapped.withBody((body) -> ActorMdc.fresh(member.name(), body));
	}

	/**
	 * The members that run without progress, as far as somebody looks for them.
	 */
	Set<String> stalled() {
		StallWatch stalls = (this.group != null) ? this.stalls : null;
		return (stalls != null) ? stalls.stalled() : Set.of();
	}

	/**
	 * The members whose restarts are used up.
	 */
	Set<String> exhausted() {
		Exhaustion exhaustion = (this.group != null) ? this.exhaustion : null;
		return (exhaustion != null) ? exhaustion.members() : Set.of();
	}

	void stopMember(String name) {
		group().stopMember(name);
	}

	void startMember(String name) {
		group().startMember(name);
	}

	/**
	 * How the group is, null until it has its members.
	 */
	@Nullable GroupSnapshot snapshot() {
		Group group = this.group;
		return (group != null && this.filled) ? group.snapshot() : null;
	}

	private Group group() {
		Group group = this.group;
		if (group == null) {
			throw new IllegalStateException("The group is being made");
		}
		return group;
	}

	/**
	 * How the group came to end.
	 */
	private enum Ending {

		NONE, ASKED_FOR, BY_ITSELF

	}

	/**
	 * Tells the handler if the group ends by its own doing, and again when all is over if
	 * the handler threw: most likely it got no thread, and now there are fewer. All of it
	 * happens on the watching thread.
	 */
	private final class Ender implements GroupListener {

		private final @Nullable GroupEndHandler handler;

		private boolean told;

		private Ender(@Nullable GroupEndHandler handler) {
			this.handler = handler;
		}

		@Override
		public void groupStopping(StopReason reason) {
			ending(reason);
		}

		@Override
		public void groupStopped(@Nullable StopReason reason) {
			ending(reason);
		}

		private void ending(@Nullable StopReason reason) {
			// What the closing of the context brings about is no doing of the group's
			Ending how = GroupRun.this.context.isClosed() ? Ending.ASKED_FOR : Ending.BY_ITSELF;
			GroupRun.this.ending.compareAndSet(Ending.NONE, how);
			if (GroupRun.this.ending.get() == Ending.BY_ITSELF && this.handler != null && !this.told) {
				this.handler.groupEnding(reason);
				this.told = true;
			}
		}

	}

	/**
	 * Passes failures on.
	 */
	private static final class Failures implements GroupListener {

		private final ActorFailureHandler handler;

		private Failures(ActorFailureHandler handler) {
			this.handler = handler;
		}

		@Override
		public void executionEnded(String member, Outcome outcome, long nanos) {
			Throwable thrown = (outcome instanceof Outcome.Failed failed) ? failed.failure()
					: (outcome instanceof Outcome.Interrupted interrupted && !interrupted.isCutShort())
							? interrupted.thrown() : null;
			if (thrown != null) {
				try {
					this.handler.onFailure(member, thrown);
				}
				catch (Throwable ex) {
					logger.warn(this.handler.getClass().getName() + " threw when it was told of a failure of actor '"
							+ member + "'; everything else goes on", ex);
				}
			}
		}

	}

}
