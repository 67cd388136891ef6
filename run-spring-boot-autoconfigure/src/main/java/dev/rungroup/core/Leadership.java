package dev.rungroup.core;

import org.jspecify.annotations.Nullable;

/**
 * Says when a member may be executed: only while this JVM is the leader, one of several
 * that could execute it. Without leadership the member is {@link MemberState#STANDBY}.
 * When it loses leadership, an execution is interrupted with
 * {@link StopReason.Kind#LEADERSHIP_LOST}, which is no failure, and the member is standby
 * again; from its next {@link Term} on its initial delay, back-off and restart limit are
 * those of a new start. Pauses and back-offs are spent as the leader.
 * <p>
 * One leadership may be that of several members: they lead together. Methods of this
 * interface and its parts must not block, except {@link Candidacy#ended()}, for a short
 * time. What they throw is a failure of the member.
 *
 * @since 0.1.0
 * @see Member.Builder#leadership(Leadership)
 */
public interface Leadership {

	/**
	 * A member has been started, and is a candidate until its candidacy ends. Called on
	 * the member's thread.
	 * @param member its name
	 * @param changed to be called, on any thread, when a term may have begun, and when
	 * one has ended before its time; does not block, and calls nothing of this interface
	 * @return the candidacy, a new one for each call
	 */
	Candidacy candidate(String member, Runnable changed);

	/**
	 * The part of one member, from its start to its end, restarts included.
	 */
	interface Candidacy {

		/**
		 * The member wants to be executed: at its start, after a term has ended and its
		 * body and interrupter, too, and while it is standby whenever something has
		 * changed. Called on the member's thread.
		 * @return the term in which it leads, {@code null} to let it wait
		 */
		@Nullable Term lead();

		/**
		 * The member was asked to end, has not in time, and nothing waits for it any
		 * more. If it ends all the same, {@link #ended()} follows. Called on the
		 * supervisor's thread.
		 */
		void abandoned();

		/**
		 * The member has ended, its body and its interrupter have returned, and it is not
		 * to be started again at once, alone or along with others: give leadership away.
		 * Called once, on the member's thread, that of its interrupter, one made for it,
		 * or that of who started or stopped it, as the caller of
		 * {@link Group#stopMember(String)}. The end of the group waits for it, and if it
		 * has a shutdown timeout not much longer than that.
		 */
		void ended();

	}

	/**
	 * A time of leadership.
	 */
	interface Term {

		/**
		 * Return when the term is over unless it is prolonged. Asked for by any thread,
		 * very often; once that moment has passed, the term is over for good.
		 * @return a time as the {@link Time#nanoTime()} of the group shows it
		 */
		long validUntil();

	}

}
