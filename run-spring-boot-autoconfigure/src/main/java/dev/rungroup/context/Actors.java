package dev.rungroup.context;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import dev.rungroup.core.Member;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.annotation.AnnotationAwareOrderComparator;

/**
 * What an application context has to run: its actors, customized and checked, and its
 * beans of type {@link Member}.
 */
final class Actors {

	private final GroupAssembler assembler;

	private final List<ActorDefinition> enabled;

	private final List<Member> memberBeans;

	private final Set<String> disabled;

	/** The name of each member, the disabled ones too, and where it is declared. */
	private final Map<String, String> places;

	private Actors(GroupAssembler assembler, List<ActorDefinition> enabled, List<Member> memberBeans,
			Set<String> disabled, Map<String, String> places) {
		this.assembler = assembler;
		this.enabled = enabled;
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
			if (enabled && definition.enabled()) {
				running.add(definition);
			}
			else {
				disabled.add(definition.name());
			}
		}
		customizers.forEach((customizer) -> customizer.customized(Collections.unmodifiableSet(names)));
		List<Member> memberBeans = new ArrayList<>();
		if (enabled) {
			for (String beanName : beanFactory.getBeanNamesForType(Member.class, true, false)) {
				Member member = beanFactory.getBean(beanName, Member.class);
				take(member.name(), "Member '" + member.name() + "' (bean '" + beanName + "')", places);
				memberBeans.add(member);
			}
		}
		return new Actors(assembler, running, memberBeans, disabled, places);
	}

	private static void take(String name, String place, Map<String, String> places) {
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
		this.enabled.forEach((definition) -> members.addAll(this.assembler.members(definition)));
		members.addAll(this.memberBeans);
		return members;
	}

	List<String> memberNames() {
		List<String> names = new ArrayList<>();
		this.enabled.forEach((definition) -> names.addAll(definition.memberNames()));
		this.memberBeans.forEach((member) -> names.add(member.name()));
		return names;
	}

	Set<String> disabled() {
		return this.disabled;
	}

	boolean isTaken(String name) {
		return this.places.containsKey(name);
	}

}
