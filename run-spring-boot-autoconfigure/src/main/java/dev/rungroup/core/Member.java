package dev.rungroup.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

import org.jspecify.annotations.Nullable;

/**
 * What a {@link Group} runs: a body, an interrupter, failure handlers and the rules of
 * its restarts. An <em>actor</em> in oklog/run and vslpsl/run, a <em>routine</em> in
 * rutina. Immutable: one member may be added to several groups.
 *
 * @since 0.1.0
 */
public final class Member {

	final String name;

	/** The work, if it does not want its context; otherwise that is the body. */
	final @Nullable Task task;

	final @Nullable Body body;

	/** Null means: interrupt the member's thread. */
	final @Nullable Interrupter interrupter;

	final List<Consumer<? super Throwable>> failureHandlers;

	final MemberSettings settings;

	/** Null unless this is a group; then body and interrupter, too. */
	final @Nullable InnerGroup inner;

	/** Null means: always executed. */
	final @Nullable Leadership leadership;

	private Member(Builder builder, MemberSettings settings) {
		this.name = builder.name;
		this.inner = builder.inner;
		this.task = builder.task;
		this.body = (builder.inner != null) ? builder.inner : builder.body;
		this.interrupter = (builder.inner != null) ? builder.inner : builder.interrupter;
		this.failureHandlers = List.copyOf(builder.failureHandlers);
		this.settings = settings;
		this.leadership = builder.leadership;
	}

	private Member(Member member, @Nullable Task task, @Nullable Body body, MemberSettings settings) {
		this.name = member.name;
		this.task = task;
		this.body = body;
		this.interrupter = member.interrupter;
		this.failureHandlers = member.failureHandlers;
		this.inner = member.inner;
		this.settings = settings;
		this.leadership = member.leadership;
	}

	/**
	 * Begin to describe a member.
	 * @param name its name: unique in its group, in thread names, logs and meters
	 * @return a builder
	 */
	public static Builder named(String name) {
		return new Builder(name, null);
	}

	/**
	 * Begin to describe a group as a member: each execution makes a new group and runs
	 * it. A failure of the group is one of the member, with the member's policies,
	 * restart limit and back-off; the member's interrupt stops the group, whose own
	 * interrupters are told the same reason. The member is up, and ready, when all stages
	 * of the group are up. Its body and its interrupter are not to be set.
	 * @param name the member's name
	 * @param groups makes the group, called on the member's thread for each execution.
	 * One that throws, returns {@code null} or a group that has been run before has
	 * failed the execution
	 * @return a builder
	 */
	public static Builder group(String name, Supplier<Group> groups) {
		return new Builder(name, new InnerGroup(name, Objects.requireNonNull(groups, "groups")));
	}

	/**
	 * Return the member's name.
	 * @return the name
	 */
	public String name() {
		return this.name;
	}

	/**
	 * Return when the member is executed, and what follows.
	 * @return the settings
	 */
	public MemberSettings settings() {
		return this.settings;
	}

	/**
	 * The same member, executed again and again.
	 */
	Member looping() {
		return new Member(this, this.task, this.body, this.settings.looping());
	}

	/**
	 * Return the same member with something around its body: a measurement, a context.
	 * @param wrapper makes the new body of the old one
	 * @return the changed copy
	 */
	public Member withBody(UnaryOperator<Body> wrapper) {
		Task task = this.task;
		Body inner = (task != null) ? (context) -> task.run() : Objects.requireNonNull(this.body);
		return new Member(this, null, Objects.requireNonNull(wrapper.apply(inner), "body"), this.settings);
	}

	/**
	 * Return the same member with other settings.
	 * @param settings when it is restarted, limited and stopped
	 * @return a new member
	 */
	public Member withSettings(MemberSettings settings) {
		return new Member(this, this.task, this.body, settings.check());
	}

	@Override
	public String toString() {
		return "Member '" + this.name + "'";
	}

	/**
	 * Describes a {@link Member}. Setting one value never changes another. Not safe for
	 * use by several threads at once.
	 */
	public static final class Builder extends SettingsBuilder<Builder> {

		private final String name;

		private final @Nullable InnerGroup inner;

		private @Nullable Task task;

		private @Nullable Body body;

		private boolean bodyGivenTwice;

		private @Nullable Interrupter interrupter;

		private @Nullable Leadership leadership;

		private final List<Consumer<? super Throwable>> failureHandlers = new ArrayList<>();

		private Builder(String name, @Nullable InnerGroup inner) {
			if (Objects.requireNonNull(name, "name").isBlank()) {
				throw new IllegalArgumentException("A member's name must not be blank");
			}
			this.name = name;
			this.inner = inner;
		}

		/**
		 * Set all settings at once, in place of those set before.
		 * @param settings the settings
		 * @return this builder
		 */
		public Builder settings(MemberSettings settings) {
			return copy(settings);
		}

		/**
		 * Set what the member does.
		 * @param task the work
		 * @return this builder
		 */
		public Builder execute(Task task) {
			noteBody();
			this.task = Objects.requireNonNull(task, "task");
			return this;
		}

		/**
		 * Set what the member does, for work that wants its {@link MemberContext}.
		 * @param body the work
		 * @return this builder
		 */
		public Builder execute(Body body) {
			noteBody();
			this.body = Objects.requireNonNull(body, "body");
			return this;
		}

		private void noteBody() {
			this.bodyGivenTwice |= this.task != null || this.body != null;
		}

		/**
		 * Set what makes the body return. Without one the member's thread is interrupted
		 * while the body runs.
		 * @param interrupter called once when the member is to end
		 * @return this builder
		 */
		public Builder interrupt(Interrupter interrupter) {
			this.interrupter = Objects.requireNonNull(interrupter, "interrupter");
			return this;
		}

		/**
		 * Add a handler for failures, called after those added before. Runs on the
		 * member's thread, before a back-off begins; what it throws is reported and
		 * changes nothing else. The failure handler of vslpsl/run.
		 * @param handler called with each failure
		 * @return this builder
		 */
		public Builder failureHandler(Consumer<? super Throwable> handler) {
			this.failureHandlers.add(Objects.requireNonNull(handler, "handler"));
			return this;
		}

		/**
		 * Let the member be executed only while this JVM leads.
		 * @param leadership says when; default: always
		 * @return this builder
		 */
		public Builder leadership(Leadership leadership) {
			this.leadership = Objects.requireNonNull(leadership, "leadership");
			return this;
		}

		/**
		 * Set the failures that shut the group down whatever {@link #onError(Policy)}
		 * says. Replaces what was set before.
		 * @param types default: {@link Error}; none at all for no fatal failures
		 * @return this builder
		 */
		@SafeVarargs
		public final Builder fatal(Class<? extends Throwable>... types) {
			return fatal(List.of(types));
		}

		/**
		 * Make the member.
		 * @return the member
		 * @throws IllegalStateException if something is missing or contradictory
		 */
		public Member build() {
			if (this.inner != null) {
				refuseForGroup(this.task != null || this.body != null, "execute");
				refuseForGroup(this.interrupter != null, "interrupt");
			}
			else if (this.task == null && this.body == null) {
				throw contradiction("has nothing to execute: call execute(Task) or execute(Body)");
			}
			if (this.bodyGivenTwice) {
				throw contradiction("has two things to execute: call execute(...) once");
			}
			try {
				return new Member(this, settings().check());
			}
			catch (IllegalStateException ex) {
				throw contradiction("has " + ex.getMessage());
			}
		}

		@Override
		Builder self() {
			return this;
		}

		private void refuseForGroup(boolean given, String method) {
			if (given) {
				throw contradiction("runs a group, which is its body and is stopped at its interrupt: leave out "
						+ method + "(...)");
			}
		}

		private IllegalStateException contradiction(String what) {
			return new IllegalStateException("Member '" + this.name + "' " + what);
		}

	}

}
