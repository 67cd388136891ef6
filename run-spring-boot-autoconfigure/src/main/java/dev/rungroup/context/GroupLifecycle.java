package dev.rungroup.context;

import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;

import dev.rungroup.core.GroupSnapshot;
import dev.rungroup.core.Member;
import dev.rungroup.core.Time;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationContextAware;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.util.Assert;

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

	private final GroupSettings settings;

	private final GroupStarts starts;

	/** Written before it is used. */
	private @Nullable ConfigurableApplicationContext context;

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
		this.starts = new GroupStarts(settings);
	}

	@Override
	public void setApplicationContext(ApplicationContext applicationContext) {
		Assert.isInstanceOf(ConfigurableApplicationContext.class, applicationContext,
				"GroupLifecycle needs a ConfigurableApplicationContext, not a ");
		this.context = (ConfigurableApplicationContext) applicationContext;
	}

	@Override
	public void afterSingletonsInstantiated() {
		actors();
	}

	/**
	 * Start the actors. Returns without waiting for them; does nothing while they run.
	 */
	@Override
	public void start() {
		GroupRun next = newRun(null);
		if (this.starts.start(next)) {
			launch(next);
		}
	}

	/**
	 * Start some members only; the others wait for {@link #startMember}. If the group
	 * runs, they are started in addition.
	 * @param members the names of members; for one in a group the group's, too
	 * @see #membersOf(String)
	 */
	public void start(Set<String> members) {
		GroupRun next = newRun(members);
		GroupRun current = this.starts.startNow(next);
		if (current == next) {
			launch(next);
		}
		else {
			current.startMembers(members);
		}
	}

	/**
	 * The application is ready: all its runners have finished. A group that waits for
	 * this starts now, and with every later {@code start()} at once.
	 */
	public void applicationReady() {
		GroupRun next = newRun(null);
		if (this.starts.applicationReady(next)) {
			launch(next);
		}
	}

	private GroupRun newRun(@Nullable Set<String> only) {
		return new GroupRun(this.settings, context(), actors(), only);
	}

	private void launch(GroupRun run) {
		try {
			// Creates lazy beans and wraps bodies: no lock is held while their code runs
			List<Member> members = run.prepare();
			List<Member> added = this.starts.fill(run, members);
			if (added != null) {
				run.launch(members, added);
			}
		}
		catch (Throwable ex) {
			run.end().over();
			throw ex;
		}
	}

	/**
	 * Stop the actors and wait until they have ended or their time is over. Called by an
	 * actor, it does not wait for that one.
	 */
	@Override
	public void stop() {
		GroupRun run = requestStop();
		if (run != null) {
			run.end().await();
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
		}
		else {
			run.end().whenOver(callback);
		}
	}

	private @Nullable GroupRun requestStop() {
		GroupRun run = this.starts.requestStop();
		if (run != null) {
			run.stop();
		}
		return run;
	}

	/**
	 * Return whether the actors run, or wait for the application to be ready. True until
	 * the last of their threads has ended or has been abandoned.
	 */
	@Override
	public boolean isRunning() {
		return this.starts.isRunning();
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
	 * Forget a group that is over: its members are new again.
	 */
	public void reset() {
		this.starts.reset();
	}

	/**
	 * Return the clock that snapshots show.
	 * @return the machine's, or that of a bean of type {@link Time} that has one
	 */
	public InstantSource clock() {
		return (actors().time() instanceof InstantSource clock) ? clock : InstantSource.system();
	}

	/**
	 * Return how the group is now: of the current start, or else of the last one. Before
	 * the first start all members are new.
	 * @return the state of the group, of its members and of the groups among them;
	 * disabled actors are not among them
	 */
	public GroupSnapshot snapshot() {
		ActorRegistry actors = actors();
		return Snapshots.complete(this.starts.snapshot(actors), actors);
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
		GroupRun run = this.starts.current();
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
		return (this.starts.added(name) != null) ? List.of(name) : actors().membersOf(name);
	}

	/**
	 * Return where the thread of a member is.
	 * @param name the name of a member
	 * @return the stack, innermost call first; empty if no thread of the member runs
	 * @throws NoSuchElementException if there is no such member
	 * @throws IllegalStateException if the group is not running
	 */
	public List<StackTraceElement> stackOf(String name) {
		return groupsOf(name).stackOf(name);
	}

	/**
	 * Make the member of an actor, switched off or not. It does not join the group.
	 * @param name the name of the actor or of its member
	 * @return a new member
	 * @throws NoSuchElementException if there is none
	 * @throws IllegalArgumentException if it is a group
	 */
	public Member newMember(String name) {
		Member added = this.starts.added(name);
		return (added != null) ? added : actors().newMember(name);
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
		GroupRun run = this.starts.current();
		GroupTree groups = (run != null) ? run.filledGroups() : null;
		return (groups != null) ? groups.exhausted() : Set.of();
	}

	/**
	 * Add a member: to the group that runs, which starts it, and to every later one.
	 * @param member the member
	 * @throws IllegalArgumentException if its name is taken
	 */
	public void add(Member member) {
		GroupRun run = this.starts.add(member);
		if (run != null) {
			run.add(member);
			if (this.starts.claimLaunch(run)) {
				run.launch();
			}
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
		groupsOf(name).running(name).stopMember(name);
	}

	/**
	 * Run a member again that was stopped, has completed or has failed.
	 * @param name the member's name
	 * @throws NoSuchElementException if there is no such member
	 * @throws IllegalStateException if the group is not running
	 */
	public void startMember(String name) {
		groupsOf(name).running(name).startMember(name);
	}

	/**
	 * Stop one member and run it again as soon as it has ended; the others go on.
	 * @param name the member's name
	 * @throws NoSuchElementException if there is no such member
	 * @throws IllegalStateException if the group is not running
	 */
	public void restartMember(String name) {
		groupsOf(name).running(name).restartMember(name);
	}

	private GroupTree groupsOf(String name) {
		actors();
		return this.starts.runOf(name).groups();
	}

	private ConfigurableApplicationContext context() {
		if (this.context == null) {
			throw new IllegalStateException("GroupLifecycle is no bean of an application context: declare it as one");
		}
		return this.context;
	}

	/** The actors of the context, looked for once. */
	private ActorRegistry actors() {
		ActorRegistry actors = this.starts.actors();
		return (actors != null) ? actors : this.starts.found(ActorRegistry.of(context(), this.settings.enabled()));
	}

}
