package dev.rungroup.context;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import dev.rungroup.core.Group;
import dev.rungroup.core.GroupListener;
import dev.rungroup.core.GroupState;
import dev.rungroup.core.Member;
import dev.rungroup.core.RestartStrategy;
import dev.rungroup.core.StopReason;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.context.ConfigurableApplicationContext;

/**
 * One start of a {@link GroupLifecycle}: makes its groups, with their listeners, and puts
 * the members into them, their bodies wrapped. What an earlier start still does never
 * touches a later one.
 */
final class GroupRun {

	private static final Log logger = LogFactory.getLog(GroupLifecycle.class);

	private final GroupSettings settings;

	private final ConfigurableApplicationContext context;

	private final ActorRegistry actors;

	/** The members that start by themselves, null for all. Added to by any thread. */
	private final @Nullable Set<String> only;

	private final Stalls stalls;

	private final GroupEnd end;

	private final GroupThread thread;

	/** Written by the thread that starts the lifecycle, after all that belongs to it. */
	private volatile @Nullable GroupTree groups;

	private @Nullable ThreadFactory threads;

	private List<BodyWrapper> wrappers = List.of();

	/** Written under the lifecycle's lock. */
	private volatile Stage stage = Stage.MAKING;

	/**
	 * @param only the members that start by themselves, {@code null} for all
	 */
	GroupRun(GroupSettings settings, ConfigurableApplicationContext context, ActorRegistry actors,
			@Nullable Set<String> only) {
		this.settings = settings;
		this.context = context;
		this.actors = actors;
		Set<String> starting = null;
		if (only != null) {
			starting = ConcurrentHashMap.newKeySet();
			starting.addAll(only);
		}
		this.only = starting;
		this.stalls = new Stalls(this::groups, actors);
		this.end = new GroupEnd(settings.shutdownTimeout(), this::filledGroups);
		this.thread = new GroupThread(context, this.end);
	}

	/**
	 * Make the group, still empty, and its members. Asks the context for listeners: only
	 * now, and not earlier, so that they may depend on anything.
	 */
	List<Member> prepare() {
		GroupEvents events = new GroupEvents(this.context);
		this.thread.tell(this.context.getBeanProvider(GroupEndHandler.class).getIfAvailable());
		this.threads = new ActorThreadFactory(this.settings.virtualThreads(), this.context.getClassLoader());
		this.wrappers = beans(BodyWrapper.class);
		ActorLog log = new ActorLog(this.actors.time(), this::stopReason, events::publish, this.actors,
				(member) -> groups().snapshotOf(member));
		List<GroupListener> listeners = new ArrayList<>();
		listeners.add(this.stalls);
		listeners.add(this.thread);
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

	private <T> List<T> beans(Class<T> type) {
		return this.context.getBeanProvider(type).orderedStream().toList();
	}

	/** Begin a group, with all that is the same for each. */
	private Group.Builder builder(String name, RestartStrategy strategy) {
		return Group.builder()
			.name(name)
			.time(this.actors.time())
			.strategy(strategy)
			.threadFactory(Objects.requireNonNull(this.threads))
			.gracePeriod(this.settings.gracePeriod())
			.shutdownTimeout(this.settings.shutdownTimeout())
			.keepStopped(true);
	}

	/** Make a group inside, for one of its starts. */
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

	private Member wrapped(Member member) {
		Member wrapped = member;
		for (int i = this.wrappers.size() - 1; i >= 0; i--) {
			BodyWrapper wrapper = this.wrappers.get(i);
			wrapped = wrapped.withBody((body) -> wrapper.wrap(member.name(), body));
		}
		return wrapped.withBody((body) -> ActorMdc.fresh(member.name(), body));
	}

	private void addToGroup(Group group, Member member) {
		groups().settings(member.name(), member.settings());
		group.add(member);
		if (this.only != null && !this.only.contains(member.name())) {
			group.stopMember(member.name());
		}
	}

	// ---- How far it has come: under the lifecycle's lock

	/**
	 * Put the members that were prepared into the group.
	 * @param more whether there are others, to be added before it is launched
	 * @return whether to launch it now: not if it is empty, or was stopped meanwhile
	 */
	boolean fill(List<Member> members, boolean more) {
		if (this.thread.isEndAskedFor()) {
			this.end.over();
			return false;
		}
		members.forEach((member) -> addToGroup(groups().root(), member));
		this.stage = (more || !members.isEmpty()) ? Stage.LAUNCHED : Stage.EMPTY;
		return this.stage == Stage.LAUNCHED;
	}

	/** Whether members have to be added one by one. */
	boolean isFilled() {
		return this.stage != Stage.MAKING;
	}

	/** Whether the caller is to launch a group that was empty until now. */
	boolean claimLaunch() {
		boolean claimed = this.stage == Stage.EMPTY && !this.end.isOver();
		this.stage = Stage.LAUNCHED;
		return claimed;
	}

	/** From now on the end of the group is what we wanted. */
	void markStopped() {
		this.thread.askForEnd();
		if (this.stage == Stage.EMPTY) {
			this.end.over();
		}
	}

	// ---- What the lifecycle does with it, without its lock

	/**
	 * Let the group run, which has been filled.
	 * @param added members to be added before
	 */
	void launch(List<Member> members, List<Member> added) {
		added.forEach(this::add);
		String names = Stream.concat(members.stream(), added.stream())
			.map((member) -> member.name() + inside(member.name()))
			.collect(Collectors.joining(", "));
		Set<String> disabled = this.actors.disabled();
		logger.info("Starting actors " + names
				+ ((disabled.isEmpty()) ? "" : " (disabled: " + String.join(", ", disabled) + ")"));
		launch();
	}

	private String inside(String member) {
		return (this.actors.groupNamed(member) != null)
				? " (" + String.join(", ", this.actors.memberNames(member)) + ")" : "";
	}

	void launch() {
		this.thread.start(groups(), this.actors.time());
	}

	void add(Member member) {
		try {
			addToGroup(groups().root(), wrapped(member));
		}
		catch (IllegalStateException ex) {
			if (groups().root().stopReason() == null) {
				logger.warn("Member '" + member.name() + "' is not started: all members of the group had ended. It is "
						+ "started with the others by the next start() of the GroupLifecycle");
			}
			logger.debug("The group is over: member '" + member.name() + "' joins the next one", ex);
		}
	}

	/** Start members in addition, those in a group that does not run with it. */
	void startMembers(Set<String> names) {
		if (this.only != null) {
			this.only.addAll(names);
		}
		for (String name : names) {
			try {
				groups().running(name).startMember(name);
			}
			catch (IllegalStateException ex) {
				if (groups().root().snapshot().state().compareTo(GroupState.RUNNING) > 0) {
					throw ex;
				}
				logger.debug("Member '" + name + "' starts with its group", ex);
			}
		}
	}

	void stop() {
		GroupTree groups = this.groups;
		if (groups != null && !this.end.isOver()) {
			groups.root().stop(new StopReason(StopReason.Kind.CONTEXT_CLOSED, null, null));
		}
	}

	GroupEnd end() {
		return this.end;
	}

	/** The members that run without progress. */
	Set<String> stalled() {
		return this.stalls.current();
	}

	private @Nullable StopReason stopReason() {
		GroupTree groups = this.groups;
		return (groups != null) ? groups.root().stopReason() : null;
	}

	/** The groups, null until they have their members. */
	@Nullable GroupTree filledGroups() {
		return isFilled() ? this.groups : null;
	}

	GroupTree groups() {
		GroupTree groups = this.groups;
		if (groups == null) {
			throw new IllegalStateException("The group is being made");
		}
		return groups;
	}

	/** How far the start has come. */
	private enum Stage {

		/** It has no members yet. */
		MAKING,

		/** There are none: the first to come launches it. */
		EMPTY,

		LAUNCHED

	}

}
