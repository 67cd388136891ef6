package dev.rungroup.context;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

import dev.rungroup.core.Group;
import dev.rungroup.core.Interrupter;
import dev.rungroup.core.Member;
import dev.rungroup.core.Time;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.annotation.AnnotationAwareOrderComparator;

/**
 * What an application context has to run: its actors, customized and checked, and their
 * groups, the beans that it adopts, and its beans of type {@link Member}. Makes the
 * members of all. Immutable once it is made.
 */
final class ActorRegistry {

	private static final Log logger = LogFactory.getLog(ActorRegistry.class);

	private final ConfigurableListableBeanFactory beanFactory;

	/**
	 * In the order in which the members are added to their groups; a group stands before
	 * the first of its actors.
	 */
	private final List<Entry> entries = new ArrayList<>();

	/** By the names of actors and of their members. */
	private final Map<String, Entry> byName = new HashMap<>();

	/** By what property sources see of their names. */
	private final Map<String, GroupDefinition> groups = new LinkedHashMap<>();

	private final TakenNames names = new TakenNames();

	private final Singletons singletons;

	private final Time time;

	ActorRegistry(ConfigurableListableBeanFactory beanFactory) {
		this.beanFactory = beanFactory;
		this.singletons = new Singletons(beanFactory);
		this.time = beanFactory.getBeansOfType(Time.class, false, false)
			.values()
			.stream()
			.findFirst()
			.orElse(Time.system());
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
		List<Entry> actors = new ArrayList<>();
		for (ActorDefinition declared : new ActorScanner(this.beanFactory).scan()) {
			ActorDefinition definition = declared;
			for (ActorDefinitionCustomizer customizer : customizers) {
				definition = customizer.customize(definition);
			}
			definition.check();
			GroupDefinition group = group(definition, customizers);
			boolean mock = Mocks.isMock(definition.beanName(), this.beanFactory);
			if (mock) {
				logger.info(definition.place() + " is not executed: its bean is a Mockito mock.");
			}
			names.add(definition.name());
			actors.add(new Entry(definition.name(), definition.memberNames(), definition,
					(group != null) ? group.name() : null,
					enabled && definition.enabled() && !mock && (group == null || group.enabled()),
					definition.required()));
		}
		addActors(actors);
		Set<String> groups = new LinkedHashSet<>();
		this.groups.values().forEach((group) -> groups.add(group.name()));
		for (ActorDefinitionCustomizer customizer : customizers) {
			customizer.customized(Collections.unmodifiableSet(names), groups);
		}
	}

	private void addActors(List<Entry> actors) {
		for (Entry actor : actors) {
			GroupDefinition group = group(actor.group());
			String place = ((ActorDefinition) actor.source()).place();
			if (group != null && groupNamed(group.name()) == null) {
				this.names.take(group.name(), "the group of " + place);
				// An empty group would be over at once
				boolean enabled = actors.stream()
					.anyMatch((each) -> each.enabled() && group.name().equals(each.group()));
				add(new Entry(group.name(), List.of(group.name()), group, null, enabled, group.required()));
				if (enabled && group.clusterSingleton()) {
					this.singletons.add(group.name(), group.name(), group.place());
				}
			}
			this.names.take(actor.name(), place);
			for (String memberName : actor.memberNames()) {
				if (!memberName.equals(actor.name())) {
					this.names.take(memberName, place);
				}
			}
			add(actor);
			if (actor.enabled()) {
				this.singletons.add(actor.name(), ((ActorDefinition) actor.source()).lock(), place);
			}
		}
	}

	private void add(Entry entry) {
		this.entries.add(entry);
		this.byName.put(entry.name(), entry);
		entry.memberNames().forEach((name) -> this.byName.put(name, entry));
	}

	/** The group of an actor, made by the first that names it. */
	private @Nullable GroupDefinition group(ActorDefinition actor, List<ActorDefinitionCustomizer> customizers) {
		String name = actor.group();
		GroupDefinition group = group(name);
		if (name == null || group != null) {
			return group;
		}
		group = GroupDefinition.named(name);
		for (ActorDefinitionCustomizer customizer : customizers) {
			group = customizer.customizeGroup(group);
		}
		group.check();
		this.groups.put(ActorNames.canonical(name), group);
		return group;
	}

	private @Nullable GroupDefinition group(@Nullable String name) {
		return (name != null) ? this.groups.get(ActorNames.canonical(name)) : null;
	}

	private void addAdopted(ConfigurableApplicationContext context, boolean enabled) {
		for (AdoptionSource source : this.beanFactory.getBeansOfType(AdoptionSource.class).values()) {
			for (Adoption adoption : source.adoptions(this.beanFactory)) {
				AdoptedBean bean = AdoptedBean.of(adoption, this.beanFactory);
				this.names.take(bean.name(), "adopted " + adoption.place());
				boolean watched = enabled && adoption.enabled();
				if (watched) {
					bean.watchIn(context);
				}
				add(new Entry(bean.name(), List.of(bean.name()), bean, null, watched, adoption.required()));
			}
		}
	}

	private void addMemberBeans() {
		for (String beanName : this.beanFactory.getBeanNamesForType(Member.class, true, false)) {
			Member member = this.beanFactory.getBean(beanName, Member.class);
			this.names.take(member.name(), "Member '" + member.name() + "' (bean '" + beanName + "')");
			add(new Entry(member.name(), List.of(member.name()), member, null, true, false));
		}
	}

	/** Where all wait: a bean of type {@link Time}, or else the machine's. */
	Time time() {
		return this.time;
	}

	boolean isKnown(String name) {
		return this.names.all().contains(name);
	}

	/** Whether an actor, a group or a member has a name, or a group one like it. */
	boolean isTaken(String name) {
		return isKnown(name) || this.groups.containsKey(ActorNames.canonical(name));
	}

	/**
	 * Make the members that are started. Fetches the beans, which creates lazy ones.
	 * @param group of which group, {@code null} for the application's
	 * @param inner makes a group inside, called for each of its starts
	 */
	List<Member> members(@Nullable String group, Function<GroupDefinition, Group> inner) {
		List<Member> members = new ArrayList<>();
		for (Entry entry : this.entries) {
			if (entry.enabled() && Objects.equals(entry.group(), group)) {
				if (entry.source() instanceof GroupDefinition definition) {
					Member.Builder builder = Member.group(definition.name(), () -> inner.apply(definition))
						.settings(definition.settings());
					this.singletons.lead(builder, definition.name());
					members.add(builder.build());
				}
				else {
					addMembers(entry.source(), members, true);
				}
			}
		}
		return members;
	}

	private void addMembers(Object source, List<Member> members, boolean lead) {
		if (source instanceof ActorDefinition definition) {
			addMembers(definition, members, lead);
		}
		else {
			members.add((source instanceof AdoptedBean bean) ? bean.member() : (Member) source);
		}
	}

	private void addMembers(ActorDefinition definition, List<Member> members, boolean lead) {
		ActorInvocation invocation = ActorInvocation.of(definition, this.beanFactory.getBean(definition.beanName()));
		for (String name : definition.memberNames()) {
			Member.Builder builder = Member.named(name).settings(definition.settings()).execute(invocation.body());
			if (lead) {
				this.singletons.lead(builder, definition.name());
			}
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

	/** The members of an actor, switched off or not, or a member. */
	List<String> membersOf(String name) {
		Entry entry = entry(name);
		return (entry.name().equals(name)) ? entry.memberNames() : List.of(name);
	}

	/**
	 * A member of its own, which needs no cluster lock; of an actor that is switched off,
	 * too.
	 */
	Member newMember(String name) {
		Object source = entry(name).source();
		if (source instanceof GroupDefinition) {
			throw new IllegalArgumentException("'" + name + "' is a group, not an actor");
		}
		List<Member> members = new ArrayList<>();
		addMembers(source, members, false);
		return members.stream().filter((member) -> member.name().equals(name)).findFirst().orElse(members.get(0));
	}

	private Entry entry(String name) {
		Entry entry = this.byName.get(name);
		if (entry == null) {
			throw new NoSuchElementException("There is no actor '" + name + "'; there are "
					+ ((this.names.all().isEmpty()) ? "none" : String.join(", ", this.names.all())));
		}
		return entry;
	}

	/** The actor of a member that is started, null if the member is none. */
	@Nullable ActorDefinition actorOf(String member) {
		Entry entry = this.byName.get(member);
		return (entry != null && entry.enabled() && entry.memberNames().contains(member)
				&& entry.source() instanceof ActorDefinition definition) ? definition : null;
	}

	/**
	 * How the actor or group of a member stands that runs on one node of a cluster, null
	 * if it runs on every node.
	 */
	@Nullable ActorLeadership leadershipOf(String member) {
		Entry entry = this.byName.get(member);
		return (entry != null) ? this.singletons.current(entry.name()) : null;
	}

	/**
	 * The name of the group that a member or an actor belongs to, null for the
	 * application's.
	 */
	@Nullable String groupOf(String name) {
		Entry entry = this.byName.get(name);
		return (entry != null) ? entry.group() : null;
	}

	/** The group of a name, null if it is no group's. */
	@Nullable GroupDefinition groupNamed(String name) {
		Entry entry = this.byName.get(name);
		return (entry != null && entry.source() instanceof GroupDefinition definition) ? definition : null;
	}

	/** Each group and its members, or the actors if they are switched off. */
	Map<String, List<String>> groups() {
		Map<String, List<String>> groups = new LinkedHashMap<>();
		for (Entry entry : this.entries) {
			if (entry.source() instanceof GroupDefinition) {
				groups.put(entry.name(), new ArrayList<>());
			}
			List<String> members = (entry.group() != null) ? groups.get(entry.group()) : null;
			if (members != null) {
				members.addAll((entry.enabled()) ? entry.memberNames() : List.of(entry.name()));
			}
		}
		return groups;
	}

	/** What a member is, for the log. */
	String describe(String member) {
		String group = groupOf(member);
		return ((groupNamed(member) != null) ? "group '" : "actor '") + member + "'"
				+ ((group != null) ? " of group '" + group + "'" : "");
	}

	/** The members of a group that are started. */
	Set<String> memberNames(@Nullable String group) {
		return names((entry) -> entry.enabled() && Objects.equals(entry.group(), group));
	}

	/** Those of them without which the application cannot do its work. */
	Set<String> required() {
		return names((entry) -> entry.enabled() && entry.required());
	}

	private Set<String> names(Predicate<Entry> filter) {
		Set<String> names = new LinkedHashSet<>();
		for (Entry entry : this.entries) {
			if (filter.test(entry)) {
				names.addAll(entry.memberNames());
			}
		}
		return names;
	}

	/** What is switched off. */
	Set<String> disabled() {
		Set<String> names = new LinkedHashSet<>();
		for (Entry entry : this.entries) {
			if (!entry.enabled()) {
				names.add(entry.name());
			}
		}
		return names;
	}

	/** The groups that are started. */
	Set<String> groupNames() {
		return names((entry) -> entry.enabled() && entry.source() instanceof GroupDefinition);
	}

	/** The adopted beans that do not run, although the members that watch them do. */
	Set<String> notRunning() {
		return names((entry) -> entry.enabled() && entry.source() instanceof AdoptedBean bean && !bean.isRunning());
	}

	/**
	 * What becomes a member, or several.
	 *
	 * @param name the name of the actor, bean or member
	 * @param memberNames the names of the members
	 * @param source an {@link ActorDefinition}, a {@link GroupDefinition}, an
	 * {@link AdoptedBean} or a {@link Member}
	 * @param group of which group it is a member, {@code null} for the application's
	 * @param enabled whether it is started
	 * @param required whether the application can do its work only while it does
	 */
	private record Entry(String name, List<String> memberNames, Object source, @Nullable String group, boolean enabled,
			boolean required) {

	}

}
