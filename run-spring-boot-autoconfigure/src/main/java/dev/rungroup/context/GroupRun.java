package dev.rungroup.context;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

import dev.rungroup.core.Group;
import dev.rungroup.core.GroupListener;
import dev.rungroup.core.GroupSnapshot;
import dev.rungroup.core.GroupState;
import dev.rungroup.core.Member;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.RestartStrategy;
import dev.rungroup.core.StopReason;
import dev.rungroup.core.Time;
import dev.rungroup.core.UnstoppedMembersException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.context.ConfigurableApplicationContext;

/**
 * One start of a {@link GroupLifecycle}: its groups, the thread that runs them, and
 * whether its end was asked for. What an earlier start still does never touches a later
 * one.
 */
final class GroupRun implements GroupListener {

	private static final Log logger = LogFactory.getLog(GroupLifecycle.class);

	private final GroupSettings settings;

	private final ConfigurableApplicationContext context;

	private final ActorRegistry actors;

	private final GroupEnd end;

	/** Written once, by who asks for the end or by the group's thread. */
	private final AtomicReference<Ending> ending = new AtomicReference<>(Ending.NONE);

	/** Written by the thread that starts the lifecycle, after all that belongs to it. */
	private volatile @Nullable GroupTree groups;

	private @Nullable GroupEndHandler endHandler;

	private @Nullable ThreadFactory threads;

	private final Time time;

	/** The members that start by themselves, null for all. */
	private volatile @Nullable Set<String> only;

	private List<BodyWrapper> wrappers = List.of();

	private final Stalls stalls;

	/** Written under the lifecycle's lock. */
	private volatile Stage stage = Stage.MAKING;

	GroupRun(GroupSettings settings, ConfigurableApplicationContext context, ActorRegistry actors, Time time) {
		this.settings = settings;
		this.context = context;
		this.actors = actors;
		this.time = time;
		this.stalls = new Stalls(this::groups, actors);
		this.end = new GroupEnd(settings.shutdownTimeout(), this::filledGroups);
	}

	/**
	 * Let only these members start by themselves. Before the group is made.
	 */
	void only(Set<String> members) {
		Set<String> only = ConcurrentHashMap.newKeySet();
		only.addAll(members);
		this.only = only;
	}

	/**
	 * Make the group, still empty, and its members. Asks the context for listeners: only
	 * now, and not earlier, so that they may depend on anything.
	 */
	List<Member> prepare() {
		GroupEvents events = new GroupEvents(this.context);
		this.endHandler = this.context.getBeanProvider(GroupEndHandler.class).getIfAvailable();
		this.threads = new ActorThreadFactory(this.settings.virtualThreads(), this.context.getClassLoader());
		this.wrappers = beans(BodyWrapper.class);
		ActorLog log = new ActorLog(this.time, this::stopReason, events::publish, this.actors,
				(member) -> groups().snapshotOf(member));
		List<GroupListener> listeners = new ArrayList<>();
		listeners.add(this.stalls);
		listeners.add(this);
		for (ActorFailureHandler handler : beans(ActorFailureHandler.class)) {
			listeners.add(new FailureListener(handler));
		}
		listeners.addAll(beans(GroupListener.class));
		listeners.add(events);
		Group.Builder builder = builder(this.settings.name(), this.settings.strategy()).listener(log);
		listeners.forEach(builder::listener);
		GroupTree groups = new GroupTree(this.actors, builder.build());
		this.groups = groups;
		for (String group : this.actors.groups().keySet()) {
			// Creates their beans now, so that a start fails which cannot work
			this.actors.members(group, (none) -> groups.root());
		}
		return members(null, (group) -> inner(group, groups, log, listeners));
	}

	/**
	 * Begin a group, with all that is the same for each.
	 */
	private Group.Builder builder(String name, RestartStrategy strategy) {
		return Group.builder()
			.name(name)
			.time(this.time)
			.strategy(strategy)
			.threadFactory(Objects.requireNonNull(this.threads))
			.gracePeriod(this.settings.gracePeriod())
			.shutdownTimeout(this.settings.shutdownTimeout())
			.keepStopped(true);
	}

	/**
	 * Make a group inside, for one of its starts.
	 */
	private Group inner(GroupDefinition definition, GroupTree groups, ActorLog log, List<GroupListener> listeners) {
		String name = definition.name();
		Group.Builder builder = builder(name, definition.strategy())
			.listener(log.inside(name, () -> groups.stopReason(name)));
		for (GroupListener listener : listeners) {
			builder.listener(new MembersOnly(listener));
		}
		Group group = builder.build();
		for (Member member : members(name, (none) -> group)) {
			addToGroup(group, member);
		}
		groups.made(name, group);
		return group;
	}

	/**
	 * Make the members of a group. Wrapping their bodies is the user's code; a group has
	 * none of its own.
	 */
	private List<Member> members(@Nullable String group, Function<GroupDefinition, Group> inner) {
		List<Member> members = new ArrayList<>();
		for (Member member : this.actors.members(group, inner)) {
			members.add((this.actors.groupNamed(member.name()) != null) ? member : wrapped(member));
		}
		return members;
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
		members.forEach(this::addToGroup);
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
			this.time.start(thread, Integer.MAX_VALUE);
		}
		catch (Throwable ex) {
			over();
			throw ex;
		}
	}

	private void runGroup() {
		GroupTree groups = groups();
		Group group = groups.root();
		try {
			group.run();
		}
		catch (UnstoppedMembersException ex) {
			logger.warn(ex.getMessage() + groups.insideOf(ex));
		}
		catch (Throwable ex) {
			StopReason reason = group.stopReason();
			if (reason == null || reason.cause() != ex) {
				logger.warn("The group of actors ended with a failure of its own", ex);
			}
			for (Throwable suppressed : ex.getSuppressed()) {
				if (suppressed instanceof UnstoppedMembersException unstopped) {
					logger.warn(unstopped.getMessage() + groups.insideOf(unstopped));
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
		GroupTree groups = this.groups;
		if (groups != null && !isOver()) {
			groups.root().stop(new StopReason(StopReason.Kind.CONTEXT_CLOSED, null, null));
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
		GroupTree groups = this.groups;
		return (groups != null) ? groups.root().stopReason() : null;
	}

	// ---- Its members

	void add(Member member) {
		try {
			addToGroup(wrapped(member));
		}
		catch (IllegalStateException ex) {
			logger.debug("The group is over: member '" + member.name() + "' joins the next one", ex);
		}
	}

	private void addToGroup(Member member) {
		addToGroup(groups().root(), member);
	}

	private void addToGroup(Group group, Member member) {
		groups().settings(member.name(), member.settings());
		group.add(member);
		Set<String> only = this.only;
		if (only != null && !only.contains(member.name())) {
			group.stopMember(member.name());
		}
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
	 * The members that run without progress.
	 */
	Set<String> stalled() {
		return this.stalls.current();
	}

	/**
	 * The members whose restart limit is reached.
	 */
	Set<String> exhausted() {
		GroupTree groups = filledGroups();
		return (groups != null) ? groups.exhausted() : Set.of();
	}

	void stopMember(String name) {
		groups().running(name).stopMember(name);
	}

	/**
	 * Start members in addition, those in a group that does not run with it.
	 */
	void startMembers(Set<String> names) {
		Set<String> only = this.only;
		if (only != null) {
			only.addAll(names);
		}
		for (String name : names) {
			try {
				startMember(name);
			}
			catch (IllegalStateException ex) {
				if (groups().root().snapshot().state() != GroupState.RUNNING) {
					throw ex;
				}
				logger.debug("Member '" + name + "' starts with its group", ex);
			}
		}
	}

	List<StackTraceElement> stackOf(String name) {
		return groups().stackOf(name);
	}

	void restartMember(String name) {
		groups().running(name).restartMember(name);
	}

	void startMember(String name) {
		groups().running(name).startMember(name);
	}

	/**
	 * How the group is, null until it has its members.
	 */
	@Nullable GroupSnapshot snapshot() {
		GroupTree groups = filledGroups();
		return (groups != null) ? groups.root().snapshot() : null;
	}

	private @Nullable GroupTree filledGroups() {
		return isFilled() ? this.groups : null;
	}

	private GroupTree groups() {
		GroupTree groups = this.groups;
		if (groups == null) {
			throw new IllegalStateException("The group is being made");
		}
		return groups;
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

}
