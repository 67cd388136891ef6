package dev.rungroup.context;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import dev.rungroup.core.Member;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.StopReason;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.Lifecycle;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.event.ApplicationContextEvent;
import org.springframework.util.StringUtils;

/**
 * Watches a {@link Lifecycle} as a member of the group. Its first start is Spring's
 * business, as is its stop with the context; starts after a failure, and stops and starts
 * of the member alone, are done here.
 */
final class AdoptedBean {

	private static final Duration POLL = Duration.ofMillis(50);

	private static final Duration STOP_POLL = Duration.ofMillis(5);

	private static final String STOPS_BEAN_NAME = AdoptedBean.class.getPackageName() + ".adoptedBeansStop";

	private final Adoption adoption;

	private final ContextStop contextStop;

	/** Of the last start of the group. */
	private volatile @Nullable Watch watch;

	private AdoptedBean(Adoption adoption, ContextStop contextStop) {
		this.adoption = adoption;
		this.contextStop = contextStop;
	}

	static AdoptedBean of(Adoption adoption, ConfigurableListableBeanFactory beanFactory) {
		if (!beanFactory.containsSingleton(STOPS_BEAN_NAME)) {
			beanFactory.registerSingleton(STOPS_BEAN_NAME, new ContextStop());
		}
		return new AdoptedBean(adoption, beanFactory.getBean(STOPS_BEAN_NAME, ContextStop.class));
	}

	/**
	 * See to it that a stop of the context is known before the bean is stopped by it, and
	 * a start right after it.
	 */
	void watchIn(ConfigurableApplicationContext context) {
		// Spring stops what depends on a bean before the bean
		context.getBeanFactory().registerDependentBean(this.adoption.beanName(), STOPS_BEAN_NAME);
		this.contextStop.adopted.add(this);
		this.contextStop.context = context;
		context.addApplicationListener(this.contextStop);
	}

	/**
	 * Name of the member, made as those of actors are. Dots are kept: they part the words
	 * of a listener's id.
	 */
	String name() {
		String name = this.adoption.name();
		return (name.indexOf('.') < 0) ? ActorNames.kebabCase(name) : name;
	}

	/**
	 * Whether the bean ran when it was last looked at: Spring may not have started it, or
	 * somebody has stopped it.
	 */
	boolean isRunning() {
		Watch watch = this.watch;
		return watch != null && watch.running;
	}

	/** Make the member for one start of the group. */
	Member member() {
		this.contextStop.begun = false;
		Watch watch = new Watch(this.adoption.target().get(), this.contextStop.count, this.watch);
		watch.look();
		this.watch = watch;
		return Member.named(name())
			.settings(this.adoption.settings())
			.execute(watch::run)
			.interrupt(watch::interrupt)
			.build();
	}

	/**
	 * One start of the group. {@link #run}, {@link #interrupt} and {@link #look} overlap.
	 */
	private final class Watch {

		private final Lifecycle bean;

		private volatile boolean running;

		/** Whether it was seen running: if it is not any more, it has stopped. */
		private volatile boolean seen;

		/** Once it has stopped by itself, or by us: Spring does not start it again. */
		private volatile boolean oursToStart;

		/** Of the context, before the group was started. */
		private final int stops;

		/**
		 * What the last watch has seen still counts if the context has not stopped since:
		 * nobody else will start the bean.
		 */
		private Watch(Lifecycle bean, int stops, @Nullable Watch last) {
			this.bean = bean;
			this.stops = stops;
			if (last != null && last.stops == stops) {
				this.seen = last.seen;
				this.oursToStart = last.oursToStart;
			}
		}

		private void run(MemberContext context) throws InterruptedException {
			// An interrupt that came before, and stopped the bean, made it ours to start
			if (this.oursToStart && !context.isStopping() && !this.bean.isRunning()
					&& !AdoptedBean.this.contextStop.hasBegun()) {
				this.bean.start();
				// A stop in the meantime may have found nothing that runs
				if (isOursToStop(context.stopReason()) && this.bean.isRunning()) {
					this.bean.stop();
				}
			}
			while (!context.isStopping()) {
				if (look()) {
					context.ready();
				}
				else if (this.seen && !AdoptedBean.this.contextStop.hasBegun()) {
					this.oursToStart = true;
					throw new IllegalStateException(
							StringUtils.capitalize(AdoptedBean.this.adoption.place()) + " has stopped running");
				}
				context.heartbeat();
				context.sleep(POLL);
			}
			// The member has stopped when its bean has
			while (isOursToStop(context.stopReason()) && this.bean.isRunning()) {
				Thread.sleep(STOP_POLL.toMillis());
			}
		}

		private boolean look() {
			boolean running = this.bean.isRunning();
			this.running = running;
			if (running) {
				this.seen = true;
			}
			return running;
		}

		/** The watching ends by itself. */
		private void interrupt(StopReason reason) {
			if (isOursToStop(reason)) {
				this.oursToStart = true;
				this.bean.stop();
			}
		}

		private boolean isOursToStop(@Nullable StopReason reason) {
			return reason != null && reason.kind() != StopReason.Kind.CONTEXT_CLOSED
					&& !AdoptedBean.this.contextStop.hasBegun();
		}

	}

	/**
	 * Hears that the context stops, is closed or paused, and that it has been started. It
	 * is never started itself and seems to run always, so that no bean is ever started
	 * for its sake.
	 */
	private static final class ContextStop implements SmartLifecycle, ApplicationListener<ApplicationContextEvent> {

		private final List<AdoptedBean> adopted = new CopyOnWriteArrayList<>();

		private volatile boolean begun;

		/** How often it has begun. Written by the thread that stops the context. */
		private volatile int count;

		/** Written when the actors are looked for. */
		private volatile @Nullable ConfigurableApplicationContext context;

		/**
		 * Look at the beans whenever their context has been started: one that is stopped
		 * right after that may never have been seen running by its member. To look more
		 * often does no harm.
		 */
		@Override
		public void onApplicationEvent(ApplicationContextEvent event) {
			// the events of child contexts are heard here too
			if (event.getApplicationContext() == this.context) {
				for (AdoptedBean bean : this.adopted) {
					Watch watch = bean.watch;
					if (watch != null) {
						watch.look();
					}
				}
			}
		}

		/**
		 * Listeners hear that a context closes before anything is stopped, and may stop
		 * beans themselves.
		 */
		private boolean hasBegun() {
			ConfigurableApplicationContext context = this.context;
			return this.begun || (context != null && context.isClosed());
		}

		@Override
		public boolean isAutoStartup() {
			return false;
		}

		@Override
		public void start() {
			this.begun = false;
		}

		@Override
		public void stop() {
			this.count++;
			this.begun = true;
		}

		@Override
		public boolean isRunning() {
			return true;
		}

		@Override
		public int getPhase() {
			return Integer.MAX_VALUE;
		}

	}

}
