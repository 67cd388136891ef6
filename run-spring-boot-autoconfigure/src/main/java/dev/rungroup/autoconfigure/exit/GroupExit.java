package dev.rungroup.autoconfigure.exit;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;

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
 * Ends the application with its group. All of it happens on a thread of its own: an
 * actor's thread cannot close the context that waits for the actor, and a daemon thread
 * would lose the exit code when the last other thread ends first.
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

	private final Launch launch;

	private final Remedies remedies;

	private final @Nullable JvmExit replacement;

	private final AtomicBoolean begun = new AtomicBoolean();

	private volatile boolean withoutThread;

	private final CountDownLatch destroyed = new CountDownLatch(1);

	private volatile int code;

	GroupExit(ConfigurableApplicationContext context, ExitSettings settings, Launch launch, Remedies remedies,
			@Nullable JvmExit replacement) {
		this.context = context;
		this.settings = settings;
		this.launch = launch;
		this.remedies = remedies;
		this.replacement = replacement;
	}

	@Override
	public void groupEnding(@Nullable StopReason reason) {
		if (reason != null && reason.isFailure() && this.settings.onShutdown() == OnShutdown.NONE) {
			keepAlive();
		}
		if (reason != null && this.settings.onShutdown() != OnShutdown.NONE && this.begun.compareAndSet(false, true)) {
			Thread thread = new Thread(null, () -> end(reason), "run-exit", 0, false);
			thread.setDaemon(false);
			try {
				thread.start();
			}
			catch (Throwable ex) {
				endWithoutThread(reason, ex);
			}
		}
	}

	/**
	 * An actor that leaks threads has used them up, perhaps, and ends because of that. We
	 * are told again when the actors have ended; then the calling thread is the last one
	 * that knows.
	 */
	private void endWithoutThread(StopReason reason, Throwable failure) {
		if (!this.withoutThread) {
			this.withoutThread = true;
			this.begun.set(false);
			throw new IllegalStateException(
					"No thread to end the application with; to be tried again when all actors have ended", failure);
		}
		end(reason);
	}

	/**
	 * Comes at the very end of the refresh, on its thread, where an exception still
	 * cancels it.
	 */
	@Override
	public void onApplicationEvent(ContextRefreshedEvent event) {
		// the events of child contexts are heard here too
		if (event.getApplicationContext() == this.context) {
			this.launch.refreshed();
		}
	}

	@Override
	public int getOrder() {
		return Ordered.LOWEST_PRECEDENCE;
	}

	/**
	 * The application is to go on, and its health to tell what happened: without its
	 * actors nothing else may be left to keep the JVM up, which would end it with 0.
	 */
	private void keepAlive() {
		Thread thread = new Thread(null, () -> {
			try {
				this.destroyed.await();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}, "run-keep-alive", 0, false);
		thread.setDaemon(false);
		thread.start();
	}

	@Override
	public void destroy() {
		this.destroyed.countDown();
		this.launch.closed();
	}

	/**
	 * Whatever goes wrong on the way: with this thread the exit code would be lost.
	 */
	private void end(StopReason reason) {
		boolean endsJvm = endsJvm();
		// all that is known before anybody has been asked
		this.code = (ExitCodes.isFailure(reason) && this.settings.onShutdown() != OnShutdown.CLOSE) ? 1 : 0;
		try {
			if (endsJvm && this.replacement == null) {
				HaltGuard.start(haltLimit(), () -> this.code);
			}
			if (this.code != 0) {
				// now, because the start may fail with it
				this.code = ExitCodes.codeFor(reason, this.context);
			}
			close(new Ending(reason, this.code, endsJvm, this.remedies.remedyFor(reason), Thread.currentThread()));
			if (this.code == 0 && this.launch.hasFailedByItself()) {
				// An actor has ended well, but there never was an application
				this.code = 1;
			}
			if (endsJvm) {
				logger.info("The application has ended, exit code " + this.code);
			}
		}
		catch (Throwable ex) {
			logger.error("The application could not be ended in good order"
					+ ((endsJvm) ? "; it ends all the same, exit code " + this.code : ""), ex);
		}
		finally {
			if (endsJvm) {
				exit(this.code);
			}
		}
	}

	private void close(Ending ending) {
		if (this.launch.takeOver(ending, this.settings.shutdownTimeout())) {
			if (this.code == 0 && this.settings.onShutdown() == OnShutdown.EXIT) {
				this.code = ExitCodes.codeFor(ending.reason(), this.context);
			}
			if (this.launch.ownsContext()) {
				close(this.code);
			}
			else {
				logger.info("The application context stays open without its actors: Spring's test framework keeps it,"
						+ " and cannot go on when somebody else closes it");
			}
		}
		this.launch.awaitFailedStart(REPORT_LIMIT);
	}

	/**
	 * Every unclear case leaves the JVM alone.
	 */
	private boolean endsJvm() {
		if (this.settings.onShutdown() != OnShutdown.EXIT) {
			return false;
		}
		if (this.replacement != null) {
			return true;
		}
		return (this.settings.explicit() || this.launch.ownsJvm()) && this.launch.ownsContext() && !TestRun.isActive();
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
			// What nobody has created until now nobody stops, and creating it can fail
			Object bean = beanFactory.containsSingleton(name) ? beanFactory.getSingleton(name) : null;
			if (bean instanceof Lifecycle) {
				phases.add((bean instanceof Phased phased) ? phased.getPhase() : 0);
			}
		}
		return this.settings.shutdownTimeout()
			.multipliedBy(2)
			.plus(this.settings.phaseTimeout().multipliedBy(phases.size()))
			.plus(REPORT_LIMIT)
			.plus(HALT_MARGIN);
	}

}
