package dev.rungroup.autoconfigure.exit;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;

import dev.rungroup.autoconfigure.RunProperties.OnShutdown;
import dev.rungroup.context.GroupEndHandler;
import dev.rungroup.core.StopReason;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.BeanFactoryUtils;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.ExitCodeEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.Lifecycle;
import org.springframework.context.Phased;
import org.springframework.context.event.ContextRefreshedEvent;
import org.springframework.core.Ordered;

/**
 * Ends the application with its group: notes the ending when it begins, and closes the
 * context and ends the JVM on the group's own thread when all members have ended. That
 * thread is no daemon, so the exit code cannot be lost because other threads end first.
 * <p>
 * When all members have ended by themselves there is nothing to do: the application goes
 * on as long as something else keeps it up, and else its JVM ends with 0.
 */
final class GroupExit implements GroupEndHandler, ApplicationListener<ContextRefreshedEvent>, Ordered, DisposableBean {

	private static final Log logger = LogFactory.getLog(GroupExit.class);

	/** How long Spring Boot has to report a start that we made fail. */
	private static final Duration REPORT_LIMIT = Duration.ofSeconds(5);

	/** What shutdown hooks and destroy methods may take, that no property limits. */
	private static final Duration HALT_MARGIN = Duration.ofSeconds(10);

	private final ConfigurableApplicationContext context;

	private final ExitSettings settings;

	private final Startup startup;

	private final FailureAdvice advice;

	private final @Nullable JvmExit replacement;

	private final CountDownLatch destroyed = new CountDownLatch(1);

	/** Written by the thread of the first group that ends by its own doing. */
	private volatile @Nullable GroupEnding ending;

	GroupExit(ConfigurableApplicationContext context, ExitSettings settings, Startup startup, FailureAdvice advice,
			@Nullable JvmExit replacement) {
		this.context = context;
		this.settings = settings;
		this.startup = startup;
		this.advice = advice;
		this.replacement = replacement;
	}

	/** The thread that starts the application is to hear of a failure. */
	@Override
	public boolean supportsAsyncExecution() {
		return false;
	}

	@Override
	public void groupEnding(@Nullable StopReason reason) {
		if (reason == null || this.settings.onShutdown() == OnShutdown.NONE || this.ending != null) {
			return;
		}
		GroupEnding ending = new GroupEnding(reason);
		this.ending = ending;
		this.startup.note(ending, this.settings.shutdownTimeout());
		if (this.settings.onShutdown() == OnShutdown.EXIT && this.replacement == null) {
			HaltGuard.start(() -> ending.endsJvm() ? haltLimit() : null, () -> ending.code);
		}
	}

	/**
	 * May take as long as it likes: the group is over.
	 */
	@Override
	public void groupEnded(@Nullable StopReason reason) {
		GroupEnding ending = this.ending;
		if (ending != null && ending.reason == reason) {
			end(ending);
		}
		else if (this.settings.onShutdown() == OnShutdown.NONE && reason != null && reason.isFailure()) {
			// The application is to go on, and its health to tell what happened: without
			// its actors nothing else may be left to keep the JVM up
			awaitDestroyed();
		}
	}

	/**
	 * Comes at the very end of the refresh, on its thread, where an exception still
	 * cancels it.
	 */
	@Override
	public void onApplicationEvent(ContextRefreshedEvent event) {
		// the events of child contexts are heard here too
		if (event.getApplicationContext() == this.context) {
			this.startup.refreshed();
		}
	}

	@Override
	public int getOrder() {
		return Ordered.LOWEST_PRECEDENCE;
	}

	private void awaitDestroyed() {
		try {
			this.destroyed.await();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	@Override
	public void destroy() {
		this.destroyed.countDown();
		this.startup.closed();
	}

	/** Whatever goes wrong on the way: with this thread the exit code would be lost. */
	private void end(GroupEnding ending) {
		try {
			close(ending);
			if (ending.endsJvm()) {
				logger.info("The application has ended, exit code " + ending.code);
			}
		}
		catch (Throwable ex) {
			logger.error("The application could not be ended in good order"
					+ ((ending.endsJvm()) ? "; it ends all the same, exit code " + ending.code : ""), ex);
		}
		finally {
			if (ending.endsJvm()) {
				exit(ending.code);
			}
			this.startup.finished();
		}
	}

	private void close(GroupEnding ending) {
		if (this.startup.takeOver(ending)) {
			ending.askForCode();
			if (this.startup.ownsContext()) {
				close(ending.code);
			}
			else {
				logger.info("The application context stays open without its actors: Spring's test framework keeps it,"
						+ " and cannot go on once it is closed from elsewhere");
			}
		}
		else {
			ending.askForCode();
			this.startup.awaitFailedStart(REPORT_LIMIT);
			if (ending.code == 0 && this.settings.onShutdown() == OnShutdown.EXIT && this.startup.hasFailedByItself()) {
				// An actor has ended well, but there never was an application
				ending.code = 1;
			}
		}
	}

	private void close(int code) {
		try {
			// on a thread that is interrupted closing does nothing at all
			Thread.interrupted();
			if (code != 0 && this.context.isActive()) {
				this.context.publishEvent(new ExitCodeEvent(this.context, code));
			}
		}
		catch (Throwable ex) {
			logger.warn("A listener of ExitCodeEvent threw; the application ends all the same", ex);
		}
		try {
			Thread.interrupted();
			this.context.close();
		}
		catch (Throwable ex) {
			logger.warn("Closing the application context threw; the application ends all the same", ex);
		}
	}

	private void exit(int code) {
		if (this.replacement != null) {
			this.replacement.exit(code);
		}
		else {
			System.exit(code);
		}
	}

	/**
	 * More than a shutdown that works can take: the start that is waited for, our own
	 * members, every phase of the context.
	 */
	Duration haltLimit() {
		ConfigurableListableBeanFactory beanFactory = this.context.getBeanFactory();
		Set<Integer> phases = new HashSet<>();
		for (String beanName : beanFactory.getBeanNamesForType(Lifecycle.class, false, false)) {
			String name = BeanFactoryUtils.transformedBeanName(beanName);
			// A bean that was not created is not stopped, and creating it can fail
			Object bean = beanFactory.containsSingleton(name) ? beanFactory.getSingleton(name) : null;
			if (bean instanceof Lifecycle) {
				phases.add((bean instanceof Phased phased) ? phased.getPhase() : 0);
			}
		}
		Duration limit = this.settings.shutdownTimeout()
			.plus(this.settings.shutdownTimeout())
			.plus(REPORT_LIMIT)
			.plus(HALT_MARGIN);
		for (int i = 0; i < phases.size(); i++) {
			limit = limit.plus(this.settings.phaseTimeout());
		}
		return limit;
	}

	/**
	 * The end of the application that a group has begun. Its methods may be called by
	 * several threads.
	 */
	final class GroupEnding {

		private final StopReason reason;

		/** As far as it is known: written by each thread that asks for it. */
		private volatile int code;

		private volatile boolean asked;

		private volatile @Nullable Boolean endsJvm;

		private GroupEnding(StopReason reason) {
			this.reason = reason;
			this.code = (isFailure() && GroupExit.this.settings.onShutdown() == OnShutdown.EXIT) ? 1 : 0;
		}

		boolean isFailure() {
			return this.reason.isFailure();
		}

		/** Every unclear case leaves the JVM alone. */
		boolean endsJvm() {
			Boolean known = this.endsJvm;
			if (known == null) {
				known = mayEndJvm();
				this.endsJvm = known;
			}
			return known;
		}

		private boolean mayEndJvm() {
			GroupExit exit = GroupExit.this;
			if (exit.settings.onShutdown() != OnShutdown.EXIT) {
				return false;
			}
			if (exit.replacement != null) {
				return true;
			}
			return (exit.settings.explicit() || exit.startup.ownsJvm()) && exit.startup.ownsContext()
					&& !TestDetector.isActive();
		}

		/**
		 * On the launching thread if the start fails because of this, else on the
		 * group's, right before the context is closed. Both may come to it at once.
		 */
		private void askForCode() {
			if (!this.asked && GroupExit.this.settings.onShutdown() == OnShutdown.EXIT) {
				this.code = ExitCodes.codeFor(this.reason, GroupExit.this.context);
				this.asked = true;
			}
		}

		ActorFailedException failure() {
			askForCode();
			FailureAdvice advice = GroupExit.this.advice;
			return new ActorFailedException(advice.culprit(this.reason), this.code, advice.adviceFor(this.reason),
					this.reason.cause());
		}

	}

}
