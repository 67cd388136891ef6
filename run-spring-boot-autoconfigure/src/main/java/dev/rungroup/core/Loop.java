package dev.rungroup.core;

import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * Members that are executed again and again until the loop is stopped: the Loop of
 * vslpsl/run. A member's {@code onDone} and {@code onError} are {@link Policy#RESTART}
 * here whatever it says; its delay, back-off, restart limit and fatal failures hold.
 * <p>
 * All methods may be called from any thread. A loop runs once.
 *
 * @since 0.1.0
 */
public final class Loop {

	private final Group group = Group.builder().name("loop").endless().build();

	/**
	 * Make a loop without members.
	 */
	public Loop() {
		// Nothing to set
	}

	/**
	 * Add a member; in a running loop it is started at once.
	 * @param member the member
	 * @throws IllegalArgumentException if the loop has a member of this name
	 * @throws IllegalStateException if the loop is stopping or over
	 */
	public void add(Member member) {
		this.group.add(member.looping());
	}

	/**
	 * Add a member as vslpsl/run does. It is named {@code member-1}, {@code member-2} and
	 * so on.
	 * @param execute the work
	 * @param interrupter what makes it return
	 */
	public void add(Task execute, Interrupter interrupter) {
		add(Member.named(this.group.roster.unusedName()).execute(execute).interrupt(interrupter).build());
	}

	/**
	 * Execute the members until {@link #stop()}; without members only wait for it. Also
	 * ends, by throwing, when a member fails fatally or has spent its restarts.
	 * @throws InterruptedException if the calling thread was interrupted
	 * @throws CompletionException around the failure that ended the loop if that is a
	 * checked exception; unchecked ones and Errors are thrown as they are
	 * @throws IllegalStateException if the loop has been run before
	 */
	public void run() throws InterruptedException {
		try {
			this.group.run();
		}
		catch (InterruptedException | RuntimeException ex) {
			throw ex;
		}
		catch (Exception ex) {
			throw new CompletionException("Loop ended: " + this.group.stopReason(), ex);
		}
	}

	/**
	 * Execute the members until a stage completes, normally or not, or {@link #stop()}.
	 * @param stop ends the loop when it completes
	 * @throws InterruptedException if the calling thread was interrupted
	 * @see #run()
	 */
	public void run(CompletionStage<?> stop) throws InterruptedException {
		stop.whenComplete((value, failure) -> stop());
		run();
	}

	/**
	 * Ask all members to end, and return at once. Remembered if it comes before
	 * {@link #run()}.
	 */
	public void stop() {
		this.group.stop();
	}

	/**
	 * Return the loop at this moment.
	 * @return the loop as a group, and its members in the order they were added
	 */
	public GroupSnapshot snapshot() {
		return this.group.snapshot();
	}

	/**
	 * Return this loop as a member of a group.
	 * @param name the member's name
	 * @return a new member, whose interrupt stops the loop
	 */
	public Member asMember(String name) {
		return this.group.asMember(name);
	}

}
