package dev.rungroup.context;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import dev.rungroup.core.GroupSnapshot;
import dev.rungroup.core.Member;
import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.Policy;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.annotation.AnnotationAwareOrderComparator;

/**
 * What an application context has to run: its actors, customized and checked, and its
 * beans of type {@link Member}.
 */
final class Actors {

	private static final Log logger = LogFactory.getLog(Actors.class);

	private final GroupAssembler assembler;

	private final List<ActorDefinition> enabled;

	private final List<AdoptedBean> adopted;

	private final List<Member> memberBeans;

	private final Set<String> disabled;

	/** The name of each member, the disabled ones too, and where it is declared. */
	private final Map<String, String> places;

	private Actors(GroupAssembler assembler, List<ActorDefinition> enabled, List<AdoptedBean> adopted,
			List<Member> memberBeans, Set<String> disabled, Map<String, String> places) {
		this.assembler = assembler;
		this.enabled = enabled;
		this.adopted = adopted;
		this.memberBeans = memberBeans;
		this.disabled = Collections.unmodifiableSet(disabled);
		this.places = places;
	}

	/**
	 * Find them.
	 * @param context the context; its parents have groups of their own
	 * @param enabled whether anything is started at all
	 * @throws InvalidActorException if anything is declared or configured in a way that
	 * cannot work
	 */
	static Actors find(ConfigurableApplicationContext context, boolean enabled) {
		ConfigurableListableBeanFactory beanFactory = context.getBeanFactory();
		GroupAssembler assembler = new GroupAssembler(beanFactory);
		List<ActorDefinitionCustomizer> customizers = new ArrayList<>(
				beanFactory.getBeansOfType(ActorDefinitionCustomizer.class).values());
		AnnotationAwareOrderComparator.sort(customizers);
		Set<String> names = new LinkedHashSet<>();
		Set<String> disabled = new LinkedHashSet<>();
		List<ActorDefinition> running = new ArrayList<>();
		Map<String, String> places = new LinkedHashMap<>();
		for (ActorDefinition definition : new ActorScanner(beanFactory).scan()) {
			names.add(definition.name());
			for (ActorDefinitionCustomizer customizer : customizers) {
				definition = customizer.customize(definition);
			}
			assembler.check(definition);
			take(definition.name(), definition.place(), places);
			for (String memberName : definition.memberNames()) {
				if (!memberName.equals(definition.name())) {
					take(memberName, definition.place(), places);
				}
			}
			if (Mocks.isMock(definition.beanName(), beanFactory)) {
				logger.info(definition.place() + " is not executed: its bean is a Mockito mock.");
				disabled.add(definition.name());
			}
			else if (enabled && definition.enabled()) {
				running.add(definition);
			}
			else {
				disabled.add(definition.name());
			}
		}
		customizers.forEach((customizer) -> customizer.customized(Collections.unmodifiableSet(names)));
		List<AdoptedBean> adopted = adopted(beanFactory, places);
		if (!enabled) {
			adopted.forEach((bean) -> disabled.add(bean.name()));
			adopted = List.of();
		}
		AdoptedBean.lookAfterStarts(adopted, context);
		List<Member> memberBeans = new ArrayList<>();
		if (enabled) {
			for (String beanName : beanFactory.getBeanNamesForType(Member.class, true, false)) {
				Member member = beanFactory.getBean(beanName, Member.class);
				take(member.name(), "Member '" + member.name() + "' (bean '" + beanName + "')", places);
				memberBeans.add(member);
			}
		}
		return new Actors(assembler, running, adopted, memberBeans, disabled, places);
	}

	private static List<AdoptedBean> adopted(ConfigurableListableBeanFactory beanFactory, Map<String, String> places) {
		List<AdoptedBean> adopted = new ArrayList<>();
		for (AdoptionSource source : beanFactory.getBeansOfType(AdoptionSource.class).values()) {
			for (Adoption adoption : source.adoptions(beanFactory)) {
				adopted.add(AdoptedBean.of(adoption, beanFactory));
				take(adoption.beanName(), "the adopted bean '" + adoption.beanName() + "'", places);
			}
		}
		AdoptedBean.announceStops(adopted, beanFactory);
		return adopted;
	}

	private static void take(String name, String place, Map<String, String> places) {
		if (name.indexOf('/') >= 0) {
			throw new InvalidActorException(
					"The name '" + name + "' of " + place + " contains a slash: the actuator endpoint cannot reach it.",
					"Choose a name without one.");
		}
		String other = places.putIfAbsent(name, place);
		if (other != null) {
			throw new InvalidActorException(
					"The name '" + name + "' is given twice: to " + other + " and to " + place + ".",
					"Give one of them another name, by the 'name' of its annotation.");
		}
	}

	/**
	 * Make the members that are started. Fetches the beans, which creates lazy ones.
	 */
	List<Member> members() {
		List<Member> members = new ArrayList<>();
		for (ActorDefinition definition : this.enabled) {
			members.addAll(this.assembler.members(definition));
		}
		for (AdoptedBean bean : this.adopted) {
			members.add(bean.member());
		}
		members.addAll(this.memberBeans);
		return members;
	}

	List<String> memberNames() {
		List<String> names = new ArrayList<>();
		for (ActorDefinition definition : this.enabled) {
			names.addAll(definition.memberNames());
		}
		for (AdoptedBean bean : this.adopted) {
			names.add(bean.name());
		}
		for (Member member : this.memberBeans) {
			names.add(member.name());
		}
		return names;
	}

	/**
	 * The members without which the application cannot do its work.
	 */
	Set<String> required() {
		Set<String> names = new LinkedHashSet<>();
		for (ActorDefinition definition : this.enabled) {
			if (definition.required()) {
				names.addAll(definition.memberNames());
			}
		}
		for (AdoptedBean bean : this.adopted) {
			if (bean.isRequired()) {
				names.add(bean.name());
			}
		}
		return names;
	}

	/**
	 * The same, but for adopted beans that do not run: their members, which only watch
	 * them, do, and are not ready.
	 */
	GroupSnapshot seen(GroupSnapshot snapshot) {
		if (this.adopted.isEmpty()) {
			return snapshot;
		}
		Set<String> down = new HashSet<>();
		for (AdoptedBean bean : this.adopted) {
			if (!bean.isRunning()) {
				down.add(bean.name());
			}
		}
		return new GroupSnapshot(snapshot.name(), snapshot.state(), snapshot.stopReason(),
				snapshot.members()
					.stream()
					.map((member) -> (member.ready() && down.contains(member.name())) ? notReady(member) : member)
					.toList());
	}

	private static MemberSnapshot notReady(MemberSnapshot member) {
		return new MemberSnapshot(member.name(), member.state(), false, member.executions(), member.failures(),
				member.restarts(), member.failuresInARow(), member.lastFailure(), member.lastFailureAt(),
				member.stateSince(), member.nextExecution(), member.lastProgress());
	}

	/**
	 * The members whose policy is to be restarted after a failure.
	 */
	Set<String> restarting() {
		Set<String> names = new LinkedHashSet<>();
		for (ActorDefinition definition : this.enabled) {
			if (definition.onError() == Policy.RESTART) {
				names.addAll(definition.memberNames());
			}
		}
		for (AdoptedBean bean : this.adopted) {
			if (bean.isRestarting()) {
				names.add(bean.name());
			}
		}
		return names;
	}

	/**
	 * Who may not run for long without progress.
	 */
	List<StallLimit> stallLimits() {
		List<StallLimit> limits = new ArrayList<>();
		for (ActorDefinition definition : this.enabled) {
			Duration stallAfter = definition.stallAfter();
			if (stallAfter != null) {
				for (String name : definition.memberNames()) {
					limits.add(new StallLimit(name, stallAfter, definition.onStall()));
				}
			}
		}
		return limits;
	}

	Set<String> disabled() {
		return this.disabled;
	}

	/**
	 * The names that are taken, those of disabled members too.
	 */
	Set<String> names() {
		return this.places.keySet();
	}

	boolean isTaken(String name) {
		return this.places.containsKey(name);
	}

}
