package dev.rungroup.context;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;

import dev.rungroup.core.Group;
import dev.rungroup.core.GroupListener;
import dev.rungroup.core.GroupSnapshot;
import dev.rungroup.core.Member;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.Outcome;
import dev.rungroup.core.StopReason;
import dev.rungroup.core.UnstoppedMembersException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.context.ConfigurableApplicationContext;

/**
 * One start of a {@link GroupLifecycle}: its group, the thread that runs it, and whether
 * its end was asked for. What an earlier start still does never touches a later one.
 */
final class GroupRun implements GroupListener {

	private static final Log logger = LogFactory.getLog(GroupLifecycle.class);

	private final GroupSettings settings;

	private final ConfigurableApplicationContext context;

	private final GroupEnd end;

	/** Written once, by who asks for the end or by the group's thread. */
	private final AtomicReference<Ending> ending = new AtomicReference<>(Ending.NONE);

	/** Written by the thread that starts the lifecycle, after all that belongs to it. */
	private volatile @Nullable Group group;

	private @Nullable GroupEndHandler endHandler;

	private List<BodyWrapper> wrappers = List.of();

	private @Nullable Exhaustion exhaustion;

	private @Nullable StallWatch stalls;

	/** Written under the lifecycle's lock. */
	private volatile Stage stage = Stage.MAKING;

	GroupRun(GroupSettings settings, ConfigurableApplicationContext context) {
		this.settings = settings;
		this.context = context;
		this.end = new GroupEnd(settings.shutdownTimeout(), this::runningGroup);
	}

	/**
	 * Make the group, still empty. Asks the context for listeners: only now, and not
	 * earlier, so that they may depend on anything.
	 */
	void prepare(ActorRegistry actors) {
		Exhaustion exhaustion = new Exhaustion(actors.restarting());
		GroupEvents events = new GroupEvents(this.context);
		this.endHandler = this.context.getBeanProvider(GroupEndHandler.class).getIfAvailable();
		Group.Builder builder = Group.builder()
			.name(this.settings.name())
			.threadFactory(new ActorThreadFactory(this.settings.virtualThreads(), this.context.getClassLoader()))
			.gracePeriod(this.settings.gracePeriod())
			.shutdownTimeout(this.settings.shutdownTimeout())
			.keepStopped(true)
			.listener(exhaustion)
			.listener(new ActorLog(this::stopReason, events::publish))
			.listener(this);
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

	private <T> List<T> beans(Class<T> type) {
		return this.context.getBeanProvider(type).orderedStream().toList();
	}

	/**
	 * Put the members into the group, their bodies wrapped. Under the lifecycle's lock.
	 * @param more whether there are others, to be added before it is launched
	 * @return whether to launch it now: not if it is empty, or was stopped meanwhile
	 */
	boolean fill(List<Member> members, boolean more) {
		if (this.ending.get() == Ending.ASKED_FOR) {
			over();
			return false;
		}
		members.forEach(group()::add);
		this.stage = (more || !members.isEmpty()) ? Stage.LAUNCHED : Stage.EMPTY;
		return this.stage == Stage.LAUNCHED;
	}

	/**
	 * Whether members have to be added one by one. Under the lifecycle's lock.
	 */
	boolean isFilled() {
		return this.stage != Stage.MAKING;
	}

	/**
	 * Whether the caller is to launch a group that was empty until now. Under the
	 * lifecycle's lock.
	 */
	boolean claimLaunch() {
		boolean claimed = this.stage == Stage.EMPTY && !isOver();
		this.stage = Stage.LAUNCHED;
		return claimed;
	}

	/**
	 * Let the group run, on a thread that keeps the JVM up until the group is over.
	 */
	void launch() {
		Thread thread = new Thread(null, this::runGroup, "run-group", 0, false);
		thread.setDaemon(false);
		thread.setContextClassLoader(this.context.getClassLoader());
		this.end.comesOn(thread);
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
		GroupEndHandler handler = this.endHandler;
		if (handler != null && this.ending.get() == Ending.BY_ITSELF) {
			try {
				handler.groupEnded(group.stopReason());
			}
			catch (Throwable ex) {
				logger.warn(handler.getClass().getName() + " threw when it was told that the group has ended", ex);
			}
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

	// ---- What the group says, on its threads

	@Override
	public void groupStopping(StopReason reason) {
		groupEnding(reason);
	}

	@Override
	public void groupStopped(@Nullable StopReason reason) {
		groupEnding(reason);
	}

	private void groupEnding(@Nullable StopReason reason) {
		// What the closing of the context brings about is no doing of the group's
		Ending how = this.context.isClosed() ? Ending.ASKED_FOR : Ending.BY_ITSELF;
		GroupEndHandler handler = this.endHandler;
		if (this.ending.compareAndSet(Ending.NONE, how) && how == Ending.BY_ITSELF && handler != null) {
			handler.groupEnding(reason);
		}
	}

	@Override
	public void memberEnded(String member, MemberState state) {
		this.end.memberEnded();
	}

	// ---- Its end

	/**
	 * From now on the end of the group is what we wanted. Under the lifecycle's lock.
	 */
	void markStopped() {
		this.ending.compareAndSet(Ending.NONE, Ending.ASKED_FOR);
		if (this.stage == Stage.EMPTY) {
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
		return this.end.isOver();
	}

	/**
	 * It is over, or never came to run.
	 */
	void over() {
		this.end.over();
	}

	void awaitOver() {
		this.end.await();
	}

	void whenOver(Runnable callback) {
		this.end.whenOver(callback);
	}

	private @Nullable StopReason stopReason() {
		Group group = this.group;
		return (group != null) ? group.stopReason() : null;
	}

	// ---- Its members

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
		Group group = runningGroup();
		return (group != null) ? group.snapshot() : null;
	}

	private @Nullable Group runningGroup() {
		return isFilled() ? this.group : null;
	}

	private Group group() {
		Group group = this.group;
		if (group == null) {
			throw new IllegalStateException("The group is being made");
		}
		return group;
	}

	/**
	 * How far the start has come.
	 */
	private enum Stage {

		/** It has no members yet. */
		MAKING,

		/** There are none: the first to come launches it. */
		EMPTY,

		LAUNCHED

	}

	/**
	 * How the group came to end.
	 */
	private enum Ending {

		NONE, ASKED_FOR, BY_ITSELF

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
