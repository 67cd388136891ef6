package dev.rungroup.context;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;

import dev.rungroup.core.GroupSnapshot;
import dev.rungroup.core.Member;
import org.jspecify.annotations.Nullable;

/**
 * The starts of a {@link GroupLifecycle}: which is the current one, whether the next
 * waits for the application, and which members join each besides the actors. Decides what
 * is to be done, and calls no foreign code. Written by any thread, under this object's
 * monitor, which is the lifecycle's lock.
 */
final class GroupStarts {

	private final GroupSettings settings;

	/** Null until they have been looked for. */
	private @Nullable ActorRegistry actors;

	/** Members that were added by hand: they join every group from then on. */
	private final Map<String, Member> added = new LinkedHashMap<>();

	private @Nullable GroupRun current;

	private boolean applicationReady;

	/** Asked to start, but the application is not ready yet. */
	private boolean waiting;

	GroupStarts(GroupSettings settings) {
		this.settings = settings;
		this.applicationReady = settings.startOn() == GroupSettings.StartOn.REFRESH;
	}

	synchronized @Nullable ActorRegistry actors() {
		return this.actors;
	}

	/** Take the actors that were found, unless another thread was faster. */
	synchronized ActorRegistry found(ActorRegistry found) {
		if (this.actors == null) {
			Set<String> twice = new LinkedHashSet<>(this.added.keySet());
			twice.removeIf((name) -> !found.isTaken(name));
			if (!twice.isEmpty()) {
				throw new InvalidActorException("Members that were added to the group have the names of actors: "
						+ String.join(", ", twice) + ".", "Give the members other names.");
			}
			this.actors = found;
		}
		return this.actors;
	}

	/**
	 * Begin a start, or wait for the application. A stop from now on finds it.
	 * @return whether to launch it
	 */
	synchronized boolean start(GroupRun next) {
		if (!this.settings.enabled() || isRunning()) {
			return false;
		}
		this.waiting = !this.applicationReady;
		if (!this.waiting) {
			this.current = next;
		}
		return !this.waiting;
	}

	/**
	 * Begin a start at once, if none is current.
	 * @return the current one: to be launched if it is the next
	 */
	synchronized GroupRun startNow(GroupRun next) {
		GroupRun current = this.current;
		if (current == null || current.end().isOver()) {
			current = next;
			this.current = next;
		}
		return current;
	}

	/**
	 * The application is ready.
	 * @return whether to launch a start that has waited for that
	 */
	synchronized boolean applicationReady(GroupRun next) {
		this.applicationReady = true;
		boolean waited = this.waiting;
		if (waited) {
			this.waiting = false;
			this.current = next;
		}
		return waited;
	}

	/**
	 * Put its members into a start.
	 * @return the members to be added to it before it is launched; null if it is not to
	 * be launched now
	 */
	synchronized @Nullable List<Member> fill(GroupRun run, List<Member> members) {
		return run.fill(members, !this.added.isEmpty()) ? List.copyOf(this.added.values()) : null;
	}

	/**
	 * Wait for nothing any more, and let the end of the current start be what we wanted.
	 * @return the start to stop, null if there is none
	 */
	synchronized @Nullable GroupRun requestStop() {
		this.waiting = false;
		GroupRun run = this.current;
		if (run == null || run.end().isOver()) {
			return null;
		}
		run.markStopped();
		return run;
	}

	synchronized boolean isRunning() {
		return this.waiting || (this.current != null && !this.current.end().isOver());
	}

	synchronized void reset() {
		if (!isRunning()) {
			this.current = null;
		}
	}

	/**
	 * Let a member join all starts.
	 * @return the start that it has to be added to now, null if there is none
	 */
	synchronized @Nullable GroupRun add(Member member) {
		if (this.added.containsKey(member.name()) || (this.actors != null && this.actors.isTaken(member.name()))) {
			throw new IllegalArgumentException("Cannot add member '" + member.name()
					+ "': an actor or a member of that name is in the group already. Choose another name.");
		}
		this.added.put(member.name(), member);
		return (this.current != null && this.current.isFilled()) ? this.current : null;
	}

	/** Whether to launch a start that had no member until now. */
	synchronized boolean claimLaunch(GroupRun run) {
		return run.claimLaunch();
	}

	synchronized @Nullable Member added(String name) {
		return this.added.get(name);
	}

	synchronized @Nullable GroupRun current() {
		return this.current;
	}

	/**
	 * The start that runs a member, or could. When the actors have been looked for.
	 * @throws NoSuchElementException if there is no such member
	 * @throws IllegalStateException if the group is not running
	 */
	synchronized GroupRun runOf(String name) {
		if (this.current != null && this.current.isFilled() && !this.current.end().isOver()) {
			return this.current;
		}
		if (this.added.containsKey(name) || (this.actors != null && this.actors.isKnown(name))) {
			throw new IllegalStateException("The group of member '" + name + "' is not running");
		}
		throw new NoSuchElementException("No member '" + name + "'");
	}

	/** How the group of the current start is; before the first all members are new. */
	synchronized GroupSnapshot snapshot(ActorRegistry actors) {
		GroupTree groups = (this.current != null) ? this.current.filledGroups() : null;
		if (groups != null) {
			return groups.root().snapshot();
		}
		List<String> names = new ArrayList<>();
		if (this.settings.enabled()) {
			names.addAll(actors.memberNames(null));
			names.addAll(this.added.keySet());
		}
		return Snapshots.notStarted(this.settings.name(), names);
	}

}
