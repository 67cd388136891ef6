package dev.rungroup.autoconfigure.exit;

import java.util.Collection;

import dev.rungroup.autoconfigure.RelaxedNames;
import dev.rungroup.context.ActorDefinition;
import dev.rungroup.context.GroupDefinition;
import dev.rungroup.context.GroupLifecycle;
import dev.rungroup.core.GroupSnapshot;
import dev.rungroup.core.MemberSettings;
import dev.rungroup.core.Policy;
import dev.rungroup.core.StopReason;
import dev.rungroup.core.StopReason.Kind;
import org.jspecify.annotations.Nullable;

/**
 * Says what can be done about a member that has ended the application.
 */
final class FailureAdvice {

	private final @Nullable GroupLifecycle group;

	private final Collection<String> adopted;

	/**
	 * @param group whose members end the application, {@code null} if there is none
	 * @param adopted names of adopted beans, as they are written in the properties
	 */
	FailureAdvice(@Nullable GroupLifecycle group, Collection<String> adopted) {
		this.group = group;
		this.adopted = adopted;
	}

	String adviceFor(StopReason reason) {
		StringBuilder text = new StringBuilder("Remove the cause of the failure; its stack trace is in the log.");
		String member = reason.member();
		ActorDefinition actor = (member != null && this.group != null) ? this.group.actorOf(member) : null;
		GroupDefinition group = (member != null && this.group != null) ? this.group.groupNamed(member) : null;
		MemberSettings settings = (actor != null) ? actor.settings() : (group != null) ? group.settings() : null;
		String properties = (actor != null) ? RelaxedNames.property("run.actors", actor.name())
				: (group != null) ? RelaxedNames.property("run.groups", group.name()) : adoption(member);
		String setting = null;
		if (member == null) {
			// no policy has decided this
		}
		else if (reason.kind() == Kind.RESTARTS_EXHAUSTED) {
			text.append(" Its restarts are used up");
			text.append((properties != null) ? " ('" + properties + ".max-restarts')." : ".");
			setting = (properties != null) ? "set '" + properties + ".on-exhausted' to 'do-nothing'"
					: "build this member with 'onExhausted(Policy.DO_NOTHING)'";
		}
		else if (reason.kind() == Kind.STALLED) {
			setting = (properties != null) ? "set '" + properties + ".on-stall' to 'report' or 'restart'"
					: "build this member with 'onStall(OnStall.REPORT)' or 'onStall(OnStall.RESTART)'";
		}
		else if (isFatal(settings, reason.cause())) {
			text.append(" Its type is 'fatal' for this " + ((group != null) ? "group" : "actor")
					+ ", so that 'on-error' does not apply.");
		}
		else if (settings == null || settings.onError() == Policy.SHUTDOWN) {
			setting = (properties != null) ? "set '" + properties + ".on-error' to 'restart' or 'do-nothing'"
					: "build this member with 'onError(Policy.RESTART)' or 'onError(Policy.DO_NOTHING)'";
		}
		text.append(" If the application should go on all the same, ");
		text.append((setting != null) ? setting + ", or " : "");
		return text.append("set 'run.on-shutdown' to 'none'.").toString();
	}

	/**
	 * The member that has failed, or if that is a group, the actor that made it fail:
	 * name and group.
	 */
	Culprit culprit(StopReason reason) {
		String member = reason.member();
		if (member == null || this.group == null || this.group.groupNamed(member) == null) {
			return new Culprit(member, null);
		}
		GroupSnapshot inside = this.group.snapshot().groups().get(member);
		StopReason why = (inside != null) ? inside.stopReason() : null;
		// The group may have failed by itself, by its own timeout, say
		return (why != null && why.cause() == reason.cause() && !member.equals(why.member()))
				? new Culprit(why.member(), member) : new Culprit(null, member);
	}

	private static boolean isFatal(@Nullable MemberSettings settings, @Nullable Throwable failure) {
		return settings != null && settings.fatal().stream().anyMatch((type) -> type.isInstance(failure));
	}

	private @Nullable String adoption(@Nullable String member) {
		for (String name : this.adopted) {
			if (member != null && RelaxedNames.same(name, member)) {
				return RelaxedNames.property("run.adopt", name);
			}
		}
		return null;
	}

	/**
	 * Who has failed.
	 *
	 * @param actor its name, {@code null} if it was no actor, but a group by itself
	 * @param group its group, {@code null} for the application's
	 */
	record Culprit(@Nullable String actor, @Nullable String group) {

	}

}
