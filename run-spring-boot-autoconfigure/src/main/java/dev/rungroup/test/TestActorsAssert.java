package dev.rungroup.test;

import java.time.Duration;
import java.time.Instant;

import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.MemberState;
import org.assertj.core.api.AbstractAssert;

/**
 * Assertions about actors, from {@code assertThat(testActors)}. What fails shows all that
 * is known of the actor: its snapshot, the stack of its thread, and what is due next.
 *
 * @since 0.1.0
 */
public final class TestActorsAssert extends AbstractAssert<TestActorsAssert, TestActors> {

	TestActorsAssert(TestActors actual) {
		super(actual, TestActorsAssert.class);
	}

	/**
	 * Look at an actor as it is now.
	 * @param name its name; of one with a concurrency the name of one of its members
	 * @return assertions about it
	 */
	public ActorAssert actor(String name) {
		return new ActorAssert(this.actual, name);
	}

	/**
	 * Assertions about one actor. Each looks at it anew.
	 *
	 * @since 0.1.0
	 */
	public static final class ActorAssert extends AbstractAssert<ActorAssert, MemberSnapshot> {

		/** How much of a pause may have passed where the time cannot be stopped. */
		private static final Duration TOLERANCE = Duration.ofSeconds(1);

		private final TestActors actors;

		private final String name;

		ActorAssert(TestActors actors, String name) {
			super(actors.get(name), ActorAssert.class);
			this.actors = actors;
			this.name = name;
		}

		/**
		 * Look at another actor.
		 * @param name its name
		 * @return assertions about it
		 */
		public ActorAssert actor(String name) {
			return new ActorAssert(this.actors, name);
		}

		/**
		 * Verify where the actor is in its life.
		 * @param state the state
		 * @return this
		 */
		public ActorAssert hasState(MemberState state) {
			MemberState is = now().state();
			return verify(is == state, "state " + state, is);
		}

		/**
		 * Verify that the actor is ready.
		 * @return this
		 */
		public ActorAssert isReady() {
			return verify(now().ready(), "to be ready", "not ready");
		}

		/**
		 * Verify how many executions have begun.
		 * @param executions how many
		 * @return this
		 */
		public ActorAssert hasExecuted(long executions) {
			long are = now().executions();
			return verify(are == executions, executions + " executions", are);
		}

		/**
		 * Verify how many executions have failed.
		 * @param failures how many
		 * @return this
		 */
		public ActorAssert hasFailed(long failures) {
			long are = now().failures();
			return verify(are == failures, failures + " failures", are);
		}

		/**
		 * Verify what the last failure was.
		 * @param type its type or a supertype
		 * @return this
		 */
		public ActorAssert hasLastFailure(Class<? extends Throwable> type) {
			Throwable is = now().lastFailure();
			return verify(type.isInstance(is), "a last failure of type " + type.getName(),
					(is != null) ? is : "no failure");
		}

		/**
		 * Verify how much is left of the pause before the next execution. In the time of
		 * the machine up to a second may have passed already.
		 * @param pause how much
		 * @return this
		 */
		public ActorAssert pausesFor(Duration pause) {
			MemberSnapshot now = now();
			Instant next = now.nextExecution();
			if (now.state() != MemberState.WAITING || next == null) {
				return verify(false, "a pause of " + pause, "no pause, but state " + now.state());
			}
			Duration left = Duration.between(this.actors.clock().instant(), next);
			boolean near = !this.actors.isVirtualTime() && left.compareTo(pause) <= 0
					&& pause.minus(left).compareTo(TOLERANCE) <= 0;
			return verify(near || left.equals(pause), "a pause of " + pause, left);
		}

		private MemberSnapshot now() {
			return this.actors.get(this.name);
		}

		private ActorAssert verify(boolean holds, String expected, Object actual) {
			if (!holds) {
				failWithMessage("%s", "Expected of actor '" + this.name + "': " + expected + ", but it was: " + actual
						+ "\n" + this.actors.describe(this.name));
			}
			return this;
		}

	}

}
