package dev.rungroup.context;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;

import dev.rungroup.core.Group;
import dev.rungroup.core.GroupListener;
import dev.rungroup.core.GroupSnapshot;
import dev.rungroup.core.Member;
import dev.rungroup.core.MemberSettings;
import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.Policy;
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

	/** Of the members; written by who adds them. */
	private final Map<String, MemberSettings> memberSettings = new ConcurrentHashMap<>();

	/** The last progress of members that are stalled; written by the group's thread. */
	private final Map<String, Instant> stalled = new ConcurrentHashMap<>();

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
	void prepare() {
		GroupEvents events = new GroupEvents(this.context);
		this.endHandler = this.context.getBeanProvider(GroupEndHandler.class).getIfAvailable();
		Group.Builder builder = Group.builder()
			.name(this.settings.name())
			.threadFactory(new ActorThreadFactory(this.settings.virtualThreads(), this.context.getClassLoader()))
			.gracePeriod(this.settings.gracePeriod())
			.shutdownTimeout(this.settings.shutdownTimeout())
			.keepStopped(true)
			.listener(new ActorLog(this::stopReason, events::publish))
			.listener(this);
		for (ActorFailureHandler handler : beans(ActorFailureHandler.class)) {
			builder.listener(new FailureListener(handler));
		}
		for (GroupListener listener : beans(GroupListener.class)) {
			builder.listener(listener);
		}
		Group group = builder.listener(events).build();
		this.wrappers = beans(BodyWrapper.class);
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

	@Override
	public void memberStalled(String member, Duration silence) {
		Instant progress = snapshotOf(member).lastProgress();
		if (progress != null) {
			this.stalled.put(member, progress);
		}
		MemberSettings settings = settingsOf(member);
		Duration limit = settings.stallAfter();
		logger.warn("Actor '" + member + "' is stalled: no progress for " + silence.toMillis() + " ms, its limit is "
				+ ((limit != null) ? limit.toMillis() : 0) + " ms; " + switch (settings.onStall()) {
					case REPORT -> "nothing is done about it";
					case RESTART -> "it is interrupted, to be started again when it has ended";
					case SHUTDOWN -> "it ends the group of actors";
				} + ". Its thread is at" + stackOf(member));
	}

	private String stackOf(String member) {
		StringBuilder text = new StringBuilder();
		for (StackTraceElement frame : group().stackOf(member)) {
			text.append("\n\tat ").append(frame);
		}
		return text.isEmpty() ? " no place: it has just ended" : text.toString();
	}

	private MemberSnapshot snapshotOf(String member) {
		for (MemberSnapshot snapshot : group().snapshot().members()) {
			if (snapshot.name().equals(member)) {
				return snapshot;
			}
		}
		throw new NoSuchElementException(member);
	}

	private MemberSettings settingsOf(String member) {
		return Objects.requireNonNull(this.memberSettings.get(member), member);
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
			addToGroup(wrapped(member));
		}
		catch (IllegalStateException ex) {
			logger.debug("The group is over: member '" + member.name() + "' joins the next one", ex);
		}
	}

	private void addToGroup(Member member) {
		this.memberSettings.put(member.name(), member.settings());
		group().add(member);
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
	 * The members that run without progress: until they make some, or have ended.
	 */
	Set<String> stalled() {
		return (this.stalled.isEmpty()) ? Set.of()
				: names((member) -> !member.state().isEnded() && member.state() != MemberState.WAITING
						&& Objects.equals(member.lastProgress(), this.stalled.get(member.name())));
	}

	/**
	 * The members whose restart limit is reached: they have failed for good although they
	 * are restarted after failures, and not by one that is fatal.
	 */
	Set<String> exhausted() {
		StopReason reason = stopReason();
		String fatal = (reason != null && reason.kind() == StopReason.Kind.MEMBER_FAILED) ? reason.member() : null;
		return names((member) -> member.state() == MemberState.FAILED && !member.name().equals(fatal)
				&& settingsOf(member.name()).onError() == Policy.RESTART);
	}

	private Set<String> names(Predicate<MemberSnapshot> filter) {
		GroupSnapshot snapshot = snapshot();
		Set<String> names = new LinkedHashSet<>();
		if (snapshot != null) {
			for (MemberSnapshot member : snapshot.members()) {
				if (filter.test(member)) {
					names.add(member.name());
				}
			}
		}
		return names;
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

}
