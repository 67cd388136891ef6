package dev.rungroup.context;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

import dev.rungroup.core.GroupListener;
import dev.rungroup.core.MemberSettings;
import dev.rungroup.core.MemberState;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.util.StringUtils;

/**
 * Tells of members that make no progress, and remembers which.
 */
final class Stalls implements GroupListener {

	private static final Log logger = LogFactory.getLog(GroupLifecycle.class);

	private final Supplier<GroupTree> groups;

	private final ActorRegistry actors;

	/** The last progress of members that are stalled; written by the groups' threads. */
	private final Map<String, Instant> progress = new ConcurrentHashMap<>();

	Stalls(Supplier<GroupTree> groups, ActorRegistry actors) {
		this.groups = groups;
		this.actors = actors;
	}

	/** The members that run without progress: until they make some, or have ended. */
	Set<String> current() {
		return (this.progress.isEmpty()) ? Set.of()
				: this.groups.get()
					.names((member) -> !member.state().isEnded() && member.state() != MemberState.WAITING
							&& Objects.equals(member.lastProgress(), this.progress.get(member.name())));
	}

	@Override
	public void memberStalled(String member, Duration silence) {
		GroupTree groups = this.groups.get();
		Instant progress = groups.snapshotOf(member).lastProgress();
		if (progress != null) {
			this.progress.put(member, progress);
		}
		MemberSettings settings = groups.settings(member);
		Duration limit = settings.stallAfter();
		String group = this.actors.groupOf(member);
		logger.warn(StringUtils.capitalize(this.actors.describe(member)) + " is stalled: no progress for "
				+ silence.toMillis() + " ms, its limit is " + ((limit != null) ? limit.toMillis() : 0) + " ms; "
				+ switch (settings.onStall()) {
					case REPORT -> "nothing is done about it";
					case RESTART -> "it is interrupted, to be started again when it has ended";
					case SHUTDOWN -> "it ends " + ((group != null) ? "its group" : "the group of actors");
				} + ". Its thread is at" + print(groups.stackOf(member)));
	}

	private static String print(List<StackTraceElement> stack) {
		StringBuilder text = new StringBuilder();
		for (StackTraceElement frame : stack) {
			text.append("\n\tat ").append(frame);
		}
		return text.isEmpty() ? " no place: it has just ended" : text.toString();
	}

}
