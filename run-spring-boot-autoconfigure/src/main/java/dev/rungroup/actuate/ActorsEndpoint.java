package dev.rungroup.actuate;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.rungroup.context.ActorLeadership;
import dev.rungroup.context.GroupDefinition;
import dev.rungroup.context.GroupLifecycle;
import dev.rungroup.core.GroupSnapshot;
import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.StopReason;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.aot.hint.BindingReflectionHintsRegistrar;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.context.annotation.ImportRuntimeHints;
import org.springframework.util.StringUtils;

/**
 * Shows the actors of a group, and stops, starts and restarts single ones. Actions return
 * at once: what they began is seen by reading again. Read-only unless configured
 * otherwise. What is not known is shown as null, not left out. Public for wiring only.
 *
 * @since 0.1.0
 */
@Endpoint(id = "actors", defaultAccess = Access.READ_ONLY)
@ImportRuntimeHints(ActorsEndpoint.Hints.class)
public final class ActorsEndpoint {

	private static final Log logger = LogFactory.getLog(ActorsEndpoint.class);

	/** State of an actor that is switched off, besides those of members. */
	static final String DISABLED = "DISABLED";

	/** A message may quote a whole document; an operator wants its beginning. */
	static final int MAX_MESSAGE_LENGTH = 500;

	private final GroupLifecycle lifecycle;

	private final boolean enabled;

	/**
	 * Create the endpoint.
	 * @param lifecycle whose actors to show
	 */
	public ActorsEndpoint(GroupLifecycle lifecycle) {
		this(lifecycle, true);
	}

	/**
	 * Create the endpoint.
	 * @param lifecycle whose actors to show
	 * @param enabled whether {@code run.enabled} lets actors run at all
	 */
	public ActorsEndpoint(GroupLifecycle lifecycle, boolean enabled) {
		this.lifecycle = lifecycle;
		this.enabled = enabled;
	}

	/**
	 * Return the group and its actors, those that are switched off too.
	 * @return all there is to see
	 */
	@ReadOperation
	public ActorsDescriptor actors() {
		GroupSnapshot group = this.lifecycle.flatSnapshot();
		Map<String, List<String>> members = this.lifecycle.groups();
		Map<String, ActorDescriptor> actors = new LinkedHashMap<>();
		Map<String, ActorDescriptor> groups = new LinkedHashMap<>();
		for (MemberSnapshot member : group.members()) {
			String name = member.name();
			((members.containsKey(name)) ? groups : actors).put(name, ActorDescriptor.of(member,
					this.lifecycle.groupOf(name), this.lifecycle.leadershipOf(name), members.get(name)));
		}
		for (String name : this.lifecycle.disabledActors()) {
			((members.containsKey(name)) ? groups : actors).put(name,
					ActorDescriptor.disabled(this.lifecycle.groupOf(name), members.get(name)));
		}
		return new ActorsDescriptor(
				new GroupDescriptor(group.name(), group.state().name(), StopReasonDescriptor.of(group.stopReason())),
				actors, groups);
	}

	/**
	 * Return one actor, or a group of them.
	 * @param name the name of an actor or a group
	 * @return the actor, {@code null} if there is none of that name
	 */
	@ReadOperation
	public @Nullable ActorDescriptor actor(@Selector String name) {
		ActorsDescriptor all = actors();
		ActorDescriptor actor = all.actors().get(name);
		return (actor != null) ? actor : all.groups().get(name);
	}

	/**
	 * Begin to do something to one actor, or to a group; the others go on.
	 * @param name the name of an actor or a group
	 * @param action {@code stop}, {@code start} or {@code restart}
	 * @return the actor right afterwards; over the web nothing
	 * @throws InvalidEndpointRequestException for another action
	 * @throws NoSuchElementException if there is no such actor
	 * @throws IllegalStateException if the actor is switched off, or its group is not
	 * running
	 */
	@WriteOperation
	public @Nullable ActorDescriptor control(@Selector String name, String action) {
		return control(name, action, null);
	}

	/** The same for a user who is known. */
	@Nullable ActorDescriptor control(String name, @Nullable String action, @Nullable String user) {
		switch (String.valueOf(action)) {
			case "stop" -> enabled(name).stopMember(name);
			case "start" -> enabled(name).startMember(name);
			case "restart" -> enabled(name).restartMember(name);
			default ->
				throw new InvalidEndpointRequestException("Unknown action '" + action + "': use stop, start or restart",
						"action must be stop, start or restart");
		}
		logger.info("Endpoint 'actors': " + action + " of " + what(name) + " '" + name + "'"
				+ ((user != null) ? " by '" + user + "'" : ""));
		return actor(name);
	}

	private GroupLifecycle enabled(String name) {
		if (this.lifecycle.disabledActors().contains(name)) {
			throw new IllegalStateException(StringUtils.capitalize(what(name)) + " '" + name
					+ "' is disabled and cannot be controlled: enable " + toEnable(name));
		}
		return this.lifecycle;
	}

	private String toEnable(String name) {
		String group = this.lifecycle.groupOf(name);
		if (!this.enabled) {
			return "all actors by 'run.enabled'";
		}
		if (group != null && isSwitchedOff(group)) {
			return "its group by 'run.groups." + group + ".enabled'";
		}
		if (this.lifecycle.groupNamed(name) == null) {
			return "it by 'run.actors." + name + ".enabled'";
		}
		return (isSwitchedOff(name)) ? "it by 'run.groups." + name + ".enabled'" : "one of its actors";
	}

	private boolean isSwitchedOff(String group) {
		GroupDefinition definition = this.lifecycle.groupNamed(group);
		return definition != null && !definition.enabled();
	}

	private String what(String name) {
		return (this.lifecycle.groupNamed(name) != null) ? "group" : "actor";
	}

	static @Nullable String shorten(@Nullable String message) {
		if (message == null || message.length() <= MAX_MESSAGE_LENGTH) {
			return message;
		}
		int end = MAX_MESSAGE_LENGTH - 1;
		// Half a character is no text
		return message.substring(0, (Character.isHighSurrogate(message.charAt(end - 1))) ? end - 1 : end) + "…";
	}

	/**
	 * A group and its actors.
	 *
	 * @param group the application's group
	 * @param actors the actors by name, those of all groups
	 * @param groups the groups inside the application's group by name
	 */
	public record ActorsDescriptor(GroupDescriptor group, Map<String, ActorDescriptor> actors,
			Map<String, ActorDescriptor> groups) {

	}

	/**
	 * A group.
	 *
	 * @param name its name
	 * @param state its state
	 * @param stopReason what ended it, {@code null} if nothing did
	 */
	@JsonInclude(JsonInclude.Include.ALWAYS)
	public record GroupDescriptor(String name, String state, @Nullable StopReasonDescriptor stopReason) {

	}

	/**
	 * Who ended a group.
	 *
	 * @param kind what happened
	 * @param member to whom, {@code null} if it came from outside
	 * @param cause the failure behind it, {@code null} if there is none
	 */
	@JsonInclude(JsonInclude.Include.ALWAYS)
	public record StopReasonDescriptor(String kind, @Nullable String member, @Nullable CauseDescriptor cause) {

		static @Nullable StopReasonDescriptor of(@Nullable StopReason reason) {
			if (reason == null) {
				return null;
			}
			Throwable cause = reason.cause();
			return new StopReasonDescriptor(reason.kind().name(), reason.member(), (cause != null)
					? new CauseDescriptor(cause.getClass().getName(), shorten(cause.getMessage())) : null);
		}

	}

	/**
	 * A failure that ended a group.
	 *
	 * @param type its class
	 * @param message the beginning of its message
	 */
	@JsonInclude(JsonInclude.Include.ALWAYS)
	public record CauseDescriptor(String type, @Nullable String message) {

	}

	/**
	 * An actor, or a group, which is shown as one.
	 *
	 * @param group the group that it belongs to, {@code null} for the application's
	 * @param state state of its member, or DISABLED
	 * @param ready whether it is up
	 * @param executions how many executions have begun
	 * @param failures how many of them failed
	 * @param restarts how many of them followed a failure
	 * @param failuresInARow failures since the last good execution
	 * @param stateSince since when it is in this state
	 * @param nextExecution when its pause ends
	 * @param lastProgress when an execution last began or ended or sent a heartbeat
	 * @param lastFailure its last failure
	 * @param cluster how it stands if it runs on one node of a cluster
	 * @param members of a group: the names of its actors; not shown for an actor
	 */
	@JsonInclude(JsonInclude.Include.ALWAYS)
	public record ActorDescriptor(@Nullable String group, String state, boolean ready, long executions, long failures,
			long restarts, int failuresInARow, @Nullable Instant stateSince, @Nullable Instant nextExecution,
			@Nullable Instant lastProgress, @Nullable FailureDescriptor lastFailure,
			@Nullable ClusterDescriptor cluster,
			@JsonInclude(JsonInclude.Include.NON_NULL) @Nullable List<String> members) {

		static ActorDescriptor of(MemberSnapshot member, @Nullable String group, @Nullable ActorLeadership leadership,
				@Nullable List<String> members) {
			return new ActorDescriptor(group, member.state().name(), member.ready(), member.executions(),
					member.failures(), member.restarts(), member.failuresInARow(), member.stateSince(),
					member.nextExecution(), member.lastProgress(),
					FailureDescriptor.of(member.lastFailure(), member.lastFailureAt()),
					ClusterDescriptor.of(leadership), members);
		}

		static ActorDescriptor disabled(@Nullable String group, @Nullable List<String> members) {
			return new ActorDescriptor(group, DISABLED, false, 0, 0, 0, 0, null, null, null, null, null, members);
		}

	}

	/**
	 * How an actor stands that runs on one node of a cluster.
	 *
	 * @param lock name of its lock
	 * @param leader whether it runs on this node
	 * @param since since when that is so
	 * @param leaseUntil when the lock is lost unless it is renewed
	 */
	@JsonInclude(JsonInclude.Include.ALWAYS)
	public record ClusterDescriptor(String lock, boolean leader, Instant since, @Nullable Instant leaseUntil) {

		static @Nullable ClusterDescriptor of(@Nullable ActorLeadership leadership) {
			return (leadership != null) ? new ClusterDescriptor(leadership.lock(), leadership.leader(),
					leadership.since(), leadership.leaseUntil()) : null;
		}

	}

	/**
	 * A failure of an actor.
	 *
	 * @param type its class
	 * @param message the beginning of its message
	 * @param at when it happened
	 */
	@JsonInclude(JsonInclude.Include.ALWAYS)
	public record FailureDescriptor(String type, @Nullable String message, @Nullable Instant at) {

		static @Nullable FailureDescriptor of(@Nullable Throwable failure, @Nullable Instant at) {
			return (failure != null)
					? new FailureDescriptor(failure.getClass().getName(), shorten(failure.getMessage()), at) : null;
		}

	}

	/** Lets a native image write the descriptors as JSON, and contain the page. */
	static final class Hints implements RuntimeHintsRegistrar {

		private final BindingReflectionHintsRegistrar binding = new BindingReflectionHintsRegistrar();

		@Override
		public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
			this.binding.registerReflectionHints(hints.reflection(), ActorsDescriptor.class, GroupDescriptor.class,
					StopReasonDescriptor.class, CauseDescriptor.class, ActorDescriptor.class, ClusterDescriptor.class,
					FailureDescriptor.class, ActorsEndpointWebExtension.ProblemDescriptor.class);
			hints.resources().registerPattern(ActorsPage.RESOURCES);
		}

	}

}
