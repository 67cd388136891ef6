package dev.rungroup.processes;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;

import dev.rungroup.annotation.Actor;
import dev.rungroup.annotation.Execute;
import dev.rungroup.annotation.Interrupt;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.StopReason;

import org.springframework.boot.ExitCodeGenerator;
import org.springframework.core.env.Environment;

/**
 * The actors of {@link ExitApplication}. Not inside of it, where each would be a bean on
 * its own account.
 */
final class ExitActors {

	private ExitActors() {
	}

	@Actor("trigger")
	static final class Trigger {

		private final Environment environment;

		Trigger(Environment environment) {
			this.environment = environment;
		}

		@Execute
		void run(MemberContext context) throws Exception {
			String at = this.environment.getProperty("app.at", "never");
			ExitApplication.print("STARTED trigger");
			ExitApplication.reached("trigger");
			if (at.equals("now")) {
				Thread.sleep(this.environment.getProperty("app.after", Integer.class, 0));
			}
			else {
				ExitApplication.moment(at).await();
			}
			if (this.environment.getProperty("app.stubborn", Boolean.class, false)) {
				// otherwise it may be stopped before it has begun, and ends at once
				ExitApplication.moment("stubborn").await();
			}
			if (context.isStopping()) {
				return;
			}
			ExitApplication.print("END at " + System.currentTimeMillis());
			switch (this.environment.getProperty("app.how", "return")) {
				case "fail" -> throw new IllegalStateException("boom");
				case "generator" -> throw new Exception("boom", new CodedException());
				case "mapper" -> throw new MappedException();
				default -> {
				}
			}
		}

		@Interrupt
		void interrupt(StopReason reason) {
			ExitApplication.print("INTERRUPT trigger " + reason.kind());
			ExitApplication.reached(this.environment.getProperty("app.at", "never"));
		}

	}

	@Actor("bystander")
	static final class Bystander {

		private final CountDownLatch stop = new CountDownLatch(1);

		@Execute
		void run() throws InterruptedException {
			ExitApplication.print("STARTED bystander");
			ExitApplication.reached("bystander");
			this.stop.await();
		}

		@Interrupt
		void interrupt(StopReason reason) {
			ExitApplication.print("INTERRUPT bystander " + reason.kind());
			this.stop.countDown();
		}

	}

	/**
	 * Does not end, whatever happens.
	 */
	@Actor("stubborn")
	static final class Stubborn {

		@Execute
		void run() {
			ExitApplication.print("STARTED stubborn");
			ExitApplication.reached("stubborn");
			doesNotEnd();
		}

		private void doesNotEnd() {
			while (true) {
				LockSupport.park();
				Thread.interrupted();
			}
		}

		@Interrupt
		void interrupt() {
			ExitApplication.print("INTERRUPT stubborn at " + System.currentTimeMillis());
		}

	}

	static final class CodedException extends RuntimeException implements ExitCodeGenerator {

		private static final long serialVersionUID = 1L;

		private CodedException() {
			super("boom, the cause");
		}

		@Override
		public int getExitCode() {
			return 42;
		}

	}

	static final class MappedException extends RuntimeException {

		private static final long serialVersionUID = 1L;

		private MappedException() {
			super("boom");
		}

	}

}
