package dev.rungroup.context;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

import dev.rungroup.core.Group;
import dev.rungroup.core.GroupSnapshot;
import dev.rungroup.core.GroupState;
import dev.rungroup.core.MemberSettings;
import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.Policy;
import dev.rungroup.core.StopReason;
import dev.rungroup.core.UnstoppedMembersException;
import org.jspecify.annotations.Nullable;

/**
 * The groups of one start: the application's, and of each group inside it the one that
 * was made last. Finds a member by its name alone, wherever it is.
 */
final class GroupTree {

	private final ActorRegistry actors;

	private final Group root;

	/** Written by the threads that make the groups. */
	private final Map<String, Group> inner = new ConcurrentHashMap<>();

	/** Of the members; written by who adds them. */
	private final Map<String, MemberSettings> settings = new ConcurrentHashMap<>();

	GroupTree(ActorRegistry actors, Group root) {
		this.actors = actors;
		this.root = root;
	}

	Group root() {
		return this.root;
	}

	void made(String name, Group group) {
		this.inner.put(name, group);
	}

	void settings(String member, MemberSettings settings) {
		this.settings.put(member, settings);
	}

	MemberSettings settings(String member) {
		return Objects.requireNonNull(this.settings.get(member), member);
	}

	/**
	 * The group that a member is in.
	 * @throws IllegalStateException if it does not run
	 */
	Group running(String member) {
		String name = this.actors.groupOf(member);
		Group group = group(name);
		if (name != null && (group == null || group.snapshot().state() != GroupState.RUNNING)) {
			throw new IllegalStateException("Group '" + name + "' of actor '" + member + "' is not running");
		}
		return Objects.requireNonNull(group);
	}

	private @Nullable Group group(@Nullable String name) {
		return (name != null) ? this.inner.get(name) : this.root;
	}

	/** Why a group inside ends or has ended. */
	@Nullable StopReason stopReason(String name) {
		Group group = this.inner.get(name);
		return (group != null) ? group.stopReason() : null;
	}

	/** Where a member's thread is, empty if none runs. */
	List<StackTraceElement> stackOf(String member) {
		Group group = group(this.actors.groupOf(member));
		return (group != null) ? group.stackOf(member) : List.of();
	}

	MemberSnapshot snapshotOf(String member) {
		for (MemberSnapshot snapshot : all()) {
			if (snapshot.name().equals(member)) {
				return snapshot;
			}
		}
		throw new NoSuchElementException(member);
	}

	/** The members of all groups. */
	List<MemberSnapshot> all() {
		return Snapshots.all(this.root.snapshot(), this.actors);
	}

	Set<String> names(Predicate<MemberSnapshot> filter) {
		Set<String> names = new LinkedHashSet<>();
		for (MemberSnapshot member : all()) {
			if (filter.test(member)) {
				names.add(member.name());
			}
		}
		return names;
	}

	/** The members that have begun and not ended, groups too. */
	Set<String> unended() {
		return names((member) -> member.state() != MemberState.NEW && !member.state().isEnded());
	}

	/**
	 * The members whose restart limit is reached: they have failed for good although they
	 * are restarted after failures, and not by one that is fatal.
	 */
	Set<String> exhausted() {
		GroupSnapshot root = this.root.snapshot();
		Set<String> exhausted = exhausted(root);
		for (MemberSnapshot member : root.members()) {
			GroupSnapshot group = (this.actors.groupNamed(member.name()) != null) ? root.groups().get(member.name())
					: null;
			if (group != null && group.state() == GroupState.RUNNING) {
				exhausted.addAll(exhausted(group));
			}
		}
		return exhausted;
	}

	private Set<String> exhausted(GroupSnapshot group) {
		StopReason reason = group.stopReason();
		String fatal = (reason != null && reason.kind() == StopReason.Kind.MEMBER_FAILED) ? reason.member() : null;
		Set<String> names = new LinkedHashSet<>();
		for (MemberSnapshot member : group.members()) {
			if (member.state() == MemberState.FAILED && !member.name().equals(fatal)
					&& settings(member.name()).onError() == Policy.RESTART) {
				names.add(member.name());
			}
		}
		return names;
	}

	/** Who hangs inside the groups that were abandoned, in the words of the exception. */
	String insideOf(UnstoppedMembersException abandoned) {
		StringBuilder text = new StringBuilder();
		for (UnstoppedMembersException.Unstopped unstopped : abandoned.members()) {
			for (String member : unended()) {
				if (unstopped.name().equals(this.actors.groupOf(member))) {
					text.append("\nInside it ")
						.append(new UnstoppedMembersException.Unstopped(member, stackOf(member)));
				}
			}
		}
		return text.toString();
	}

}
