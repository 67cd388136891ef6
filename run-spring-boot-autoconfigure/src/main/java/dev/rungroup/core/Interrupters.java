package dev.rungroup.core;

import java.io.InterruptedIOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.channels.ClosedByInterruptException;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import org.jspecify.annotations.Nullable;

/**
 * Calls interrupters, each on a thread of its own: a virtual one, which costs far less,
 * if the member's thread is. Used by the supervisor's thread alone.
 */
final class Interrupters {

	/** How far a chain of causes is followed: some libraries build circles. */
	private static final int MAX_CAUSES = 32;

	/** How long an interrupter waits for a carrier thread. */
	private static final long CARRIER_PATIENCE = TimeUnit.MILLISECONDS.toNanos(50);

	private final Group group;

	private final Agenda agenda;

	private final ThreadFactory platformThreads;

	Interrupters(Group group, Agenda agenda, ThreadFactory platformThreads) {
		this.group = group;
		this.agenda = agenda;
		this.platformThreads = platformThreads;
	}

	/**
	 * Members that were interrupted get {@link Thread#interrupt()}, too, if they have not
	 * ended at the end of the grace period.
	 */
	Agenda.Entry graceEndsFor(List<MemberThread> starts) {
		return this.agenda.add(Durations.after(this.group.time.nanoTime(), this.group.gracePeriod), (now) -> {
			for (MemberThread start : starts) {
				if (!start.isEnded()) {
					start.interruptThread();
					if (!this.group.listeners.isEmpty()) {
						aside(start, "-grace", () -> this.group.listeners.graceExpired(start.name()));
					}
				}
			}
			return Agenda.DONE;
		});
	}

	/**
	 * The same for one that is stopped alone.
	 */
	void graceEndsFor(MemberThread start) {
		MemberSlot slot = start.slot;
		if (slot.grace != null) {
			// Its earlier start is over: very many could come together
			this.agenda.remove(slot.grace);
		}
		slot.grace = graceEndsFor(List.of(start));
	}

	/**
	 * Interrupt a member that is to end.
	 */
	void interrupt(MemberThread start, StopReason reason) {
		start.wake();
		Interrupter interrupter = start.slot.member.interrupter;
		// This execution may have had its interrupt when it took too long
		boolean had = start.executionStop != null;
		if (interrupter == null) {
			if (!had && start.settings().onStop == OnStop.INTERRUPT) {
				start.interruptBody(start.current());
			}
		}
		else if (had) {
			this.group.launcher.interrupterEnded(start);
		}
		else {
			call(interrupter, start, reason, () -> this.group.launcher.interrupterEnded(start));
		}
	}

	/**
	 * Interrupt one execution; the next does not begin before that is done.
	 * @param ending why the group ends because of it, null if it does not
	 */
	void interruptExecution(MemberThread start, long number, StopReason reason, StopReason.@Nullable Kind ending) {
		// Who sleeps may wake and be in its next execution before the interrupt
		start.unparkThread();
		start.wake();
		if (start.executionGrace != null) {
			// With a long grace period very many could come together
			this.agenda.remove(start.executionGrace);
		}
		start.executionGrace = this.agenda.add(Durations.after(this.group.time.nanoTime(), this.group.gracePeriod),
				(now) -> {
					start.executionGrace = null;
					start.interruptBody(number);
					if (ending != null && start.isHungIn(number)) {
						// It has failed, and may never come to say so
						this.group.roster.requestStop(new StopReason(ending, start.name(), reason.cause()),
								reason.cause());
					}
					return Agenda.DONE;
				});
		Interrupter interrupter = start.slot.member.interrupter;
		if (interrupter == null) {
			start.interruptBody(number);
		}
		else {
			call(interrupter, start, reason, start::interrupterEnded);
		}
	}

	/**
	 * Call an interrupter, once.
	 * @param afterwards called on its thread
	 */
	private void call(Interrupter interrupter, MemberThread start, StopReason reason, Runnable afterwards) {
		AtomicBoolean begun = new AtomicBoolean();
		Runnable work = () -> {
			if (begun.compareAndSet(false, true)) {
				interrupt(interrupter, start, reason, afterwards);
			}
		};
		Thread thread = start.thread;
		if (thread != null && Virtual.isVirtual(thread)) {
			// Perhaps only this interrupter can end the bodies that compute on all
			// carriers and so keep it from its turn
			this.agenda.add(Durations.after(this.group.time.nanoTime(), CARRIER_PATIENCE), (now) -> {
				if (!begun.get()) {
					runOnPlatformThread(work);
				}
				return Agenda.DONE;
			});
			if (Virtual.start(work, this.group.time)) {
				return;
			}
		}
		runOnPlatformThread(work);
	}

	/**
	 * Do something for a member on a thread of its own.
	 * @return that thread, null if there was none and it has been done
	 */
	@Nullable Thread aside(MemberThread start, String name, Runnable work) {
		return runOnPlatformThread(() -> {
			Thread.currentThread().setName(start.name() + name);
			MemberThread before = CurrentMember.set(start);
			try {
				work.run();
			}
			finally {
				CurrentMember.set(before);
			}
		});
	}

	private void interrupt(Interrupter interrupter, MemberThread start, StopReason reason, Runnable afterwards) {
		MemberThread before = CurrentMember.set(start);
		try {
			Thread.currentThread().setName(start.name() + "-interrupt");
			start.interrupterThread = Thread.currentThread();
			this.group.listeners.guarded(() -> interrupter.interrupt(reason), "Interrupter", start.name());
		}
		finally {
			try {
				afterwards.run();
			}
			finally {
				CurrentMember.set(before);
			}
		}
	}

	private @Nullable Thread runOnPlatformThread(Runnable work) {
		try {
			Thread thread = this.platformThreads.newThread(work);
			this.group.time.start(thread, Integer.MAX_VALUE);
			return thread;
		}
		catch (OutOfMemoryError ex) {
			// No thread is left: one after another is better than none
			String name = Thread.currentThread().getName();
			try {
				work.run();
			}
			finally {
				Thread.currentThread().setName(name);
			}
			return null;
		}
	}

	/**
	 * Whether this is how code ends that was interrupted.
	 */
	static boolean isInterrupt(Throwable thrown) {
		Throwable cause = thrown;
		for (int i = 0; cause != null && i < MAX_CAUSES; i++) {
			if (cause instanceof InterruptedException || cause instanceof ClosedByInterruptException
					|| cause instanceof InterruptedIOException || cause instanceof CancellationException) {
				return true;
			}
			cause = cause.getCause();
		}
		return false;
	}

	/**
	 * Virtual threads of a JDK where they give their carrier back whenever they block,
	 * inside {@code synchronized}, too. Others could keep the members from ending that
	 * their interrupters wait for.
	 */
	private static final class Virtual {

		private static final int FIRST_GOOD_JDK = 24;

		private static final @Nullable MethodHandle IS_VIRTUAL;

		private static final @Nullable ThreadFactory FACTORY;

		static {
			MethodHandle isVirtual = null;
			ThreadFactory factory = null;
			if (Runtime.version().feature() >= FIRST_GOOD_JDK) {
				try {
					isVirtual = MethodHandles.publicLookup()
						.findVirtual(Thread.class, "isVirtual", MethodType.methodType(boolean.class));
					factory = virtualThreads();
				}
				catch (ReflectiveOperationException ex) {
					throw new ExceptionInInitializerError(ex);
				}
			}
			IS_VIRTUAL = isVirtual;
			FACTORY = factory;
		}

		/** {@code Thread.ofVirtual().inheritInheritableThreadLocals(false).factory()} */
		private static ThreadFactory virtualThreads() throws ReflectiveOperationException {
			Class<?> type = Class.forName("java.lang.Thread$Builder");
			Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
			builder = type.getMethod("inheritInheritableThreadLocals", boolean.class).invoke(builder, false);
			return (ThreadFactory) type.getMethod("factory").invoke(builder);
		}

		static boolean isVirtual(Thread thread) {
			try {
				return IS_VIRTUAL != null && (boolean) IS_VIRTUAL.invokeExact(thread);
			}
			catch (Throwable ex) {
				throw new IllegalStateException(ex);
			}
		}

		/**
		 * @return false if there is no thread for it
		 */
		static boolean start(Runnable work, Time time) {
			try {
				if (FACTORY != null) {
					time.start(FACTORY.newThread(work), Integer.MAX_VALUE);
					return true;
				}
			}
			catch (OutOfMemoryError ex) {
				// No carrier could be made
			}
			return false;
		}

	}

}
