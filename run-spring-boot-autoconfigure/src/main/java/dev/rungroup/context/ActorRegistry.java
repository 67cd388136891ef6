package dev.rungroup.context;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;

import dev.rungroup.core.GroupSnapshot;
import dev.rungroup.core.Interrupter;
import dev.rungroup.core.Member;
import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.MemberState;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.annotation.AnnotationAwareOrderComparator;

/**
 * What an application context has to run: its actors, customized and checked, the beans
 * that it adopts, and its beans of type {@link Member}. Makes the members of all.
 * Immutable once it is made.
 */
final class ActorRegistry {

	private static final Log logger = LogFactory.getLog(ActorRegistry.class);

	private final ConfigurableListableBeanFactory beanFactory;

	/** In the order in which the members are added to the group. */
	private final List<Entry> entries = new ArrayList<>();

	/** The name of each member, the disabled ones too, and where it is declared. */
	private final Map<String, String> places = new LinkedHashMap<>();

	private ActorRegistry(ConfigurableListableBeanFactory beanFactory) {
		this.beanFactory = beanFactory;
	}

	/**
	 * Find what there is to run.
	 * @param context the context; its parents have groups of their own
	 * @param enabled whether anything is started at all
	 * @throws InvalidActorException if anything is declared or configured in a way that
	 * cannot work
	 */
	static ActorRegistry of(ConfigurableApplicationContext context, boolean enabled) {
		ActorRegistry registry = new ActorRegistry(context.getBeanFactory());
		registry.addActors(enabled);
		registry.addAdopted(context, enabled);
		if (enabled) {
			registry.addMemberBeans();
		}
		return registry;
	}

	private void addActors(boolean enabled) {
		List<ActorDefinitionCustomizer> customizers = new ArrayList<>(
				this.beanFactory.getBeansOfType(ActorDefinitionCustomizer.class).values());
		AnnotationAwareOrderComparator.sort(customizers);
		Set<String> names = new LinkedHashSet<>();
		for (ActorDefinition declared : new ActorScanner(this.beanFactory).scan()) {
			ActorDefinition definition = declared;
			for (ActorDefinitionCustomizer customizer : customizers) {
				definition = customizer.customize(definition);
			}
			check(definition);
			names.add(definition.name());
			take(definition.name(), definition.place());
			for (String memberName : definition.memberNames()) {
				if (!memberName.equals(definition.name())) {
					take(memberName, definition.place());
				}
			}
			boolean mock = Mocks.isMock(definition.beanName(), this.beanFactory);
			if (mock) {
				logger.info(definition.place() + " is not executed: its bean is a Mockito mock.");
			}
			this.entries.add(new Entry(definition.name(), definition.memberNames(), definition,
					enabled && definition.enabled() && !mock, definition.required()));
		}
		for (ActorDefinitionCustomizer customizer : customizers) {
			customizer.customized(Collections.unmodifiableSet(names));
		}
	}

	private void addAdopted(ConfigurableApplicationContext context, boolean enabled) {
		List<AdoptedBean> adopted = new ArrayList<>();
		for (AdoptionSource source : this.beanFactory.getBeansOfType(AdoptionSource.class).values()) {
			for (Adoption adoption : source.adoptions(this.beanFactory)) {
				AdoptedBean bean = AdoptedBean.of(adoption, this.beanFactory);
				take(bean.name(), "adopted " + adoption.place());
				boolean watched = enabled && adoption.enabled();
				if (watched) {
					adopted.add(bean);
				}
				this.entries.add(new Entry(bean.name(), List.of(bean.name()), bean, watched, adoption.required()));
			}
		}
		AdoptedBean.announceStops(adopted, this.beanFactory);
		AdoptedBean.lookAfterStarts(adopted, context);
	}

	private void addMemberBeans() {
		for (String beanName : this.beanFactory.getBeanNamesForType(Member.class, true, false)) {
			Member member = this.beanFactory.getBean(beanName, Member.class);
			take(member.name(), "Member '" + member.name() + "' (bean '" + beanName + "')");
			this.entries.add(new Entry(member.name(), List.of(member.name()), member, true, false));
		}
	}

	private void take(String name, String place) {
		if (name.indexOf('/') >= 0) {
			throw new InvalidActorException(
					"The name '" + name + "' of " + place + " contains a slash: the actuator endpoint cannot reach it.",
					"Choose a name without one.");
		}
		String other = this.places.putIfAbsent(name, place);
		if (other != null) {
			throw new InvalidActorException(
					"The name '" + name + "' is given twice: to " + other + " and to " + place + ".",
					"Give one of them another name, by the 'name' of its annotation.");
		}
	}

	/**
	 * Find out whether members can be made of a definition, without its bean.
	 */
	private static void check(ActorDefinition definition) {
		if (definition.concurrency() < 1 || definition.concurrency() > ActorDefinition.MAX_CONCURRENCY) {
			throw new InvalidActorException(
					definition.place() + " has a concurrency of " + definition.concurrency() + ".",
					"Use a whole number from 1 to " + ActorDefinition.MAX_CONCURRENCY + ".");
		}
		try {
			Member.named(definition.name()).settings(definition.settings()).execute((context) -> {
			}).build();
		}
		catch (IllegalStateException | IllegalArgumentException ex) {
			throw new InvalidActorException(
					definition.place() + " is configured with a contradiction: " + ex.getMessage() + ".",
					"Change the attributes of its annotation or its properties under 'run.actors." + definition.name()
							+ "'.",
					ex);
		}
	}

	/**
	 * Make the members that are started. Fetches the beans, which creates lazy ones.
	 */
	List<Member> members() {
		List<Member> members = new ArrayList<>();
		for (Entry entry : this.entries) {
			if (entry.enabled() && entry.source() instanceof ActorDefinition definition) {
				addMembers(definition, members);
			}
			else if (entry.enabled() && entry.source() instanceof AdoptedBean bean) {
				members.add(bean.member());
			}
			else if (entry.enabled() && entry.source() instanceof Member member) {
				members.add(member);
			}
		}
		return members;
	}

	private void addMembers(ActorDefinition definition, List<Member> members) {
		ActorInvocation invocation = ActorInvocation.of(definition, this.beanFactory.getBean(definition.beanName()));
		for (String name : definition.memberNames()) {
			Member.Builder builder = Member.named(name).settings(definition.settings()).execute(invocation.body());
			Interrupter interrupter = invocation.interrupter();
			if (interrupter != null) {
				builder.interrupt((reason) -> ActorMdc.with(name, () -> interrupter.interrupt(reason)));
			}
			for (Consumer<Throwable> failureHandler : invocation.failureHandlers()) {
				builder.failureHandler(failureHandler);
			}
			members.add(builder.build());
		}
	}

	/**
	 * The actor of a member that is started, null if the member is none.
	 */
	@Nullable ActorDefinition actorOf(String member) {
		for (Entry entry : this.entries) {
			if (entry.enabled() && entry.source() instanceof ActorDefinition definition
					&& entry.memberNames().contains(member)) {
				return definition;
			}
		}
		return null;
	}

	/**
	 * The members that are started.
	 */
	Set<String> memberNames() {
		return memberNames(Entry::enabled);
	}

	/**
	 * Those of them without which the application cannot do its work.
	 */
	Set<String> required() {
		return memberNames((entry) -> entry.enabled() && entry.required());
	}

	private Set<String> memberNames(Predicate<Entry> filter) {
		Set<String> names = new LinkedHashSet<>();
		for (Entry entry : this.entries) {
			if (filter.test(entry)) {
				names.addAll(entry.memberNames());
			}
		}
		return names;
	}

	/**
	 * What is switched off.
	 */
	Set<String> disabled() {
		Set<String> names = new LinkedHashSet<>();
		for (Entry entry : this.entries) {
			if (!entry.enabled()) {
				names.add(entry.name());
			}
		}
		return names;
	}

	/**
	 * The names that are taken, those of disabled members too.
	 */
	Set<String> names() {
		return this.places.keySet();
	}

	/**
	 * The same, but for adopted beans that do not run: their members, which only watch
	 * them, do, and are not ready.
	 */
	GroupSnapshot seen(GroupSnapshot snapshot) {
		Set<String> down = new HashSet<>();
		for (Entry entry : this.entries) {
			if (entry.enabled() && entry.source() instanceof AdoptedBean bean && !bean.isRunning()) {
				down.add(entry.name());
			}
		}
		if (down.isEmpty()) {
			return snapshot;
		}
		List<MemberSnapshot> members = new ArrayList<>();
		for (MemberSnapshot member : snapshot.members()) {
			members.add((member.ready() && down.contains(member.name())) ? notReady(member) : member);
		}
		return new GroupSnapshot(snapshot.name(), snapshot.state(), snapshot.stopReason(), members);
	}

	/**
	 * A member that was not started yet.
	 */
	static MemberSnapshot notStarted(String name) {
		return new MemberSnapshot(name, MemberState.NEW, false, 0, 0, 0, 0, null, null, null, null, null);
	}

	private static MemberSnapshot notReady(MemberSnapshot member) {
		return new MemberSnapshot(member.name(), member.state(), false, member.executions(), member.failures(),
				member.restarts(), member.failuresInARow(), member.lastFailure(), member.lastFailureAt(),
				member.stateSince(), member.nextExecution(), member.lastProgress());
	}

	/**
	 * What becomes a member, or several.
	 *
	 * @param name the name of the actor, bean or member
	 * @param memberNames the names of the members
	 * @param source an {@link ActorDefinition}, an {@link AdoptedBean} or a
	 * {@link Member}
	 * @param enabled whether it is started
	 * @param required whether the application can do its work only while it does
	 */
	private record Entry(String name, List<String> memberNames, Object source, boolean enabled, boolean required) {

	}

}
