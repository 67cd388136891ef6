package dev.rungroup.context;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

import dev.rungroup.core.GroupSnapshot;
import dev.rungroup.core.Member;
import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.Time;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationContextAware;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;

/**
 * Finds the actors of its application context, starts them with it and stops them with
 * it. Every start makes a new group, so that it can be stopped and started again, as a
 * context that is paused and restarted does.
 * <p>
 * Looks for actors when all singletons exist, and complains then. Their beans are fetched
 * by name when the group starts. Beans of type {@link Member} join the group,
 * {@link dev.rungroup.core.GroupListener} and {@link ActorFailureHandler} beans hear it,
 * {@link ActorDefinitionCustomizer} beans change what the annotations say, and a
 * {@link GroupEndHandler} bean is told when the group ends by its own doing.
 * <p>
 * All methods may be called from any thread.
 *
 * @since 0.1.0
 */
public final class GroupLifecycle
		implements SmartLifecycle, SmartInitializingSingleton, ApplicationContextAware, DisposableBean {

	private static final Log logger = LogFactory.getLog(GroupLifecycle.class);

	private final GroupSettings settings;

	private final Object lock = new Object();

	private @Nullable ConfigurableApplicationContext context;

	/** Written by who asks first; the same each time. */
	private volatile @Nullable Time time;

	// All guarded by the lock

	/** Null until they have been looked for. */
	private @Nullable ActorRegistry actors;

	/** Members that were added by hand: they join every group from then on. */
	private final Map<String, Member> added = new LinkedHashMap<>();

	private @Nullable GroupRun run;

	private boolean applicationReady;

	/** Asked to start, but the application is not ready yet. */
	private boolean waiting;

	/**
	 * Create the lifecycle of a group with the default settings.
	 */
	public GroupLifecycle() {
		this(GroupSettings.defaults());
	}

	/**
	 * Create the lifecycle of a group.
	 * @param settings how to run it
	 */
	public GroupLifecycle(GroupSettings settings) {
		this.settings = settings;
		this.applicationReady = settings.startOn() == GroupSettings.StartOn.REFRESH;
	}

	@Override
	public void setApplicationContext(ApplicationContext applicationContext) {
		if (!(applicationContext instanceof ConfigurableApplicationContext configurable)) {
			throw new IllegalArgumentException(
					"GroupLifecycle needs a ConfigurableApplicationContext, not a " + applicationContext.getClass());
		}
		this.context = configurable;
	}

	@Override
	public void afterSingletonsInstantiated() {
		actors();
		time();
	}

	/**
	 * Start the actors. Returns without waiting for them; does nothing while they run.
	 */
	@Override
	public void start() {
		ActorRegistry actors = actors();
		GroupRun run;
		synchronized (this.lock) {
			if (!this.settings.enabled() || isRunning()) {
				return;
			}
			if (!this.applicationReady) {
				this.waiting = true;
				return;
			}
			run = newRun(actors);
		}
		launch(run, actors);
	}

	/**
	 * Start some members only; the others wait for {@link #startMember}. If the group
	 * runs, they are started in addition.
	 * @param members the names of members; for one in a group the group's, too
	 * @see #membersOf(String)
	 */
	public void start(Set<String> members) {
		ActorRegistry actors = actors();
		GroupRun run;
		boolean launch;
		synchronized (this.lock) {
			launch = this.run == null || this.run.isOver();
			run = (launch) ? newRun(actors) : Objects.requireNonNull(this.run);
		}
		if (launch) {
			run.only(members);
			launch(run, actors);
		}
		else {
			run.startMembers(members);
		}
	}

	/**
	 * Forget a group that is over: its members are new again.
	 */
	public void reset() {
		synchronized (this.lock) {
			if (!isRunning()) {
				this.run = null;
			}
		}
	}

	/**
	 * Return the clock that snapshots show.
	 * @return the machine's, or that of a bean of type {@link Time} that has one
	 */
	public InstantSource clock() {
		return (time() instanceof InstantSource clock) ? clock : InstantSource.system();
	}

	/**
	 * Looked for once: a context that closes gives no beans any more.
	 */
	private Time time() {
		Time time = this.time;
		if (time == null) {
			time = context().getBeansOfType(Time.class, false, false)
				.values()
				.stream()
				.findFirst()
				.orElse(Time.system());
			this.time = time;
		}
		return time;
	}

	/**
	 * Under the lock: a stop from now on finds what to stop.
	 */
	private GroupRun newRun(ActorRegistry actors) {
		return this.run = new GroupRun(this.settings, context(), actors, time());
	}

	private void launch(GroupRun run, ActorRegistry actors) {
		try {
			// Creates lazy beans and wraps bodies: no lock is held while their code runs
			List<Member> members = new ArrayList<>(run.prepare());
			List<Member> added;
			boolean launch;
			synchronized (this.lock) {
				added = List.copyOf(this.added.values());
				launch = run.fill(members, !added.isEmpty());
			}
			if (launch) {
				added.forEach(run::add);
				members.addAll(added);
				String names = members.stream()
					.map((member) -> member.name() + inside(member.name(), actors))
					.collect(Collectors.joining(", "));
				logger.info("Starting actors " + names + ((actors.disabled().isEmpty()) ? ""
						: " (disabled: " + String.join(", ", actors.disabled()) + ")"));
				run.launch();
			}
		}
		catch (Throwable ex) {
			run.over();
			throw ex;
		}
	}

	private static String inside(String member, ActorRegistry actors) {
		return (actors.groupNamed(member) != null) ? " (" + String.join(", ", actors.memberNames(member)) + ")" : "";
	}

	/**
	 * The application is ready: all its runners have finished. A group that waits for
	 * this starts now, and with every later {@code start()} at once.
	 */
	public void applicationReady() {
		ActorRegistry actors = actors();
		GroupRun run;
		synchronized (this.lock) {
			this.applicationReady = true;
			if (!this.waiting) {
				return;
			}
			this.waiting = false;
			run = newRun(actors);
		}
		launch(run, actors);
	}

	/**
	 * Stop the actors and wait until they have ended or their time is over. Called by an
	 * actor, it waits for that actor, too: until its interrupt or grace period ends the
	 * wait.
	 */
	@Override
	public void stop() {
		GroupRun run = requestStop();
		if (run != null) {
			run.awaitOver();
		}
	}

	/**
	 * Ask the actors to stop; returns at once.
	 * @param callback called exactly once, when they have ended or their time is over
	 */
	@Override
	public void stop(Runnable callback) {
		GroupRun run;
		try {
			run = requestStop();
		}
		catch (Throwable ex) {
			callback.run();
			throw ex;
		}
		if (run == null) {
			callback.run();
			return;
		}
		run.whenOver(callback);
	}

	private @Nullable GroupRun requestStop() {
		GroupRun run;
		synchronized (this.lock) {
			this.waiting = false;
			run = this.run;
			if (run == null || run.isOver()) {
				return null;
			}
			run.markStopped();
		}
		run.stop();
		return run;
	}

	/**
	 * Return whether the actors run, or wait for the application to be ready. True until
	 * the last of their threads has ended or has been abandoned.
	 */
	@Override
	public boolean isRunning() {
		synchronized (this.lock) {
			return this.waiting || (this.run != null && !this.run.isOver());
		}
	}

	@Override
	public boolean isAutoStartup() {
		return this.settings.autoStartup();
	}

	@Override
	public int getPhase() {
		return this.settings.phase();
	}

	/**
	 * The context is gone. Only does something if it never stopped its lifecycle beans.
	 */
	@Override
	public void destroy() {
		stop();
	}

	/**
	 * Return how the group is now: of the current start, or else of the last one. Before
	 * the first start all members are new.
	 * @return the state of the group, of its members and of the groups among them;
	 * disabled actors are not among them
	 */
	public GroupSnapshot snapshot() {
		ActorRegistry actors = actors();
		return Snapshots.complete(groupSnapshot(actors), actors);
	}

	/**
	 * Return the same as if the members of all groups were in one: each group's come
	 * after the group.
	 * @return the state of the group and of all members
	 */
	public GroupSnapshot flatSnapshot() {
		ActorRegistry actors = actors();
		GroupSnapshot snapshot = snapshot();
		return new GroupSnapshot(snapshot.name(), snapshot.state(), snapshot.stopReason(),
				Snapshots.all(snapshot, actors), snapshot.groups());
	}

	private GroupSnapshot groupSnapshot(ActorRegistry actors) {
		synchronized (this.lock) {
			GroupSnapshot snapshot = (this.run != null) ? this.run.snapshot() : null;
			if (snapshot != null) {
				return snapshot;
			}
			List<String> names = new ArrayList<>();
			if (this.settings.enabled()) {
				names.addAll(actors.memberNames((String) null));
				names.addAll(this.added.keySet());
			}
			return Snapshots.notStarted(this.settings.name(), names);
		}
	}

	/**
	 * Return the names of the actors that are switched off by
	 * {@code run.actors.<name>.enabled} or {@code run.enabled}.
	 * @return names of actors, in the order of their beans
	 */
	public Set<String> disabledActors() {
		return actors().disabled();
	}

	/**
	 * Return the members that are required: without them the application cannot do its
	 * work.
	 * @return their names; those that are switched off are not among them
	 */
	public Set<String> requiredActors() {
		return actors().required();
	}

	/**
	 * Return the members that are stalled now: they run, but make no progress.
	 * @return their names; only members that have a limit can be stalled
	 */
	public Set<String> stalledActors() {
		GroupRun run = currentRun();
		return (run != null) ? run.stalled() : Set.of();
	}

	/**
	 * Return the actor that a member belongs to.
	 * @param member the member's name
	 * @return the actor as it was customized; {@code null} if the member is no actor, or
	 * not of this group
	 */
	public @Nullable ActorDefinition actorOf(String member) {
		return actors().actorOf(member);
	}

	/**
	 * Return the groups inside the application's group.
	 * @return the names of each group's members, and of its actors that are switched off;
	 * in the order of their beans
	 */
	public Map<String, List<String>> groups() {
		return actors().groups();
	}

	/**
	 * Return the group that an actor belongs to.
	 * @param name the name of the actor or of one of its members
	 * @return the group's name; {@code null} for the application's group, or if there is
	 * no such actor
	 */
	public @Nullable String groupOf(String name) {
		return actors().groupOf(name);
	}

	/**
	 * Return a group inside the application's group, as it was customized.
	 * @param name its name
	 * @return the group; {@code null} if the name is no group's
	 */
	public @Nullable GroupDefinition groupNamed(String name) {
		return actors().groupNamed(name);
	}

	/**
	 * Return the members of an actor: itself, or several with a concurrency.
	 * @param name the name of an actor, group or member, switched off or not
	 * @return the names of the members; of a group its own
	 * @throws NoSuchElementException if there is none; it tells the known ones
	 */
	public List<String> membersOf(String name) {
		synchronized (this.lock) {
			if (this.added.containsKey(name)) {
				return List.of(name);
			}
		}
		return actors().membersOf(name);
	}

	/**
	 * Return where the thread of a member is.
	 * @param name the name of a member
	 * @return the stack, innermost call first; empty if no thread of the member runs
	 * @throws NoSuchElementException if there is no such member
	 * @throws IllegalStateException if the group is not running
	 */
	public List<StackTraceElement> stackOf(String name) {
		return runOf(name).stackOf(name);
	}

	/**
	 * Make the member of an actor, switched off or not. It does not join the group.
	 * @param name the name of the actor or of its member
	 * @return a new member
	 * @throws NoSuchElementException if there is none
	 * @throws IllegalArgumentException if it is a group
	 */
	public Member newMember(String name) {
		synchronized (this.lock) {
			Member member = this.added.get(name);
			if (member != null) {
				return member;
			}
		}
		return actors().newMember(name);
	}

	/**
	 * Return how a member stands that runs on one node of a cluster.
	 * @param member its name
	 * @return how its actor or group stands; {@code null} if it runs on every node
	 */
	public @Nullable ActorLeadership leadershipOf(String member) {
		return actors().leadershipOf(member);
	}

	/**
	 * Return the members that have failed for good because their restarts are used up.
	 * @return their names
	 */
	public Set<String> exhaustedActors() {
		GroupRun run = currentRun();
		return (run != null) ? run.exhausted() : Set.of();
	}

	private @Nullable GroupRun currentRun() {
		synchronized (this.lock) {
			return this.run;
		}
	}

	/**
	 * Add a member: to the group that runs, which starts it, and to every later one.
	 * @param member the member
	 * @throws IllegalArgumentException if its name is taken
	 */
	public void add(Member member) {
		GroupRun run;
		boolean launch = false;
		synchronized (this.lock) {
			if (this.added.containsKey(member.name()) || (this.actors != null && this.actors.isTaken(member.name()))) {
				throw new IllegalArgumentException("Cannot add member '" + member.name()
						+ "': an actor or a member of that name is in the group already. Choose another name.");
			}
			this.added.put(member.name(), member);
			run = this.run;
			if (run == null || !run.isFilled()) {
				return;
			}
			launch = run.claimLaunch();
		}
		run.add(member);
		if (launch) {
			run.launch();
		}
	}

	/**
	 * Stop one member alone; the others go on, and its policies do not apply. It may be a
	 * group, or be in one.
	 * @param name the member's name
	 * @throws NoSuchElementException if there is no such member
	 * @throws IllegalStateException if its group is not running
	 */
	public void stopMember(String name) {
		runOf(name).stopMember(name);
	}

	/**
	 * Run a member again that was stopped, has completed or has failed.
	 * @param name the member's name
	 * @throws NoSuchElementException if there is no such member
	 * @throws IllegalStateException if the group is not running
	 */
	public void startMember(String name) {
		runOf(name).startMember(name);
	}

	/**
	 * Stop one member and run it again as soon as it has ended; the others go on.
	 * @param name the member's name
	 * @throws NoSuchElementException if there is no such member
	 * @throws IllegalStateException if the group is not running
	 */
	public void restartMember(String name) {
		runOf(name).restartMember(name);
	}

	private GroupRun runOf(String name) {
		ActorRegistry actors = actors();
		synchronized (this.lock) {
			if (this.run != null && this.run.isFilled() && !this.run.isOver()) {
				return this.run;
			}
			if (actors.isKnown(name) || this.added.containsKey(name)) {
				throw new IllegalStateException("The group of member '" + name + "' is not running");
			}
			throw new NoSuchElementException("No member '" + name + "'");
		}
	}

	private ConfigurableApplicationContext context() {
		if (this.context == null) {
			throw new IllegalStateException("GroupLifecycle is no bean of an application context: declare it as one");
		}
		return this.context;
	}

	/**
	 * The actors of the context, looked for once.
	 */
	private ActorRegistry actors() {
		synchronized (this.lock) {
			if (this.actors != null) {
				return this.actors;
			}
		}
		ActorRegistry found = ActorRegistry.of(context(), this.settings.enabled());
		synchronized (this.lock) {
			if (this.actors == null) {
				Set<String> twice = new LinkedHashSet<>(this.added.keySet());
				twice.removeIf((name) -> !found.isTaken(name));
				if (!twice.isEmpty()) {
					throw new InvalidActorException("Members that were added to the group have the names of actors: "
							+ String.join(", ", twice) + ".", "Give the members other names.");
				}
				this.actors = found;
			}
			return this.actors;
		}
	}

}
