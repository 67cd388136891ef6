package dev.rungroup.core;

import java.net.URL;
import java.net.URLClassLoader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Each execution finds its thread as a new one would be, and no thread of ours takes over
 * who started the member.
 */
class FreshThreadTests {

	private static final InheritableThreadLocal<@Nullable String> USER = new InheritableThreadLocal<>();

	private final List<@Nullable String> users = new CopyOnWriteArrayList<>();

	private final ClassLoader loader = new URLClassLoader(new URL[0], getClass().getClassLoader());

	private final ClassLoader before = Thread.currentThread().getContextClassLoader();

	@BeforeEach
	void logIn() {
		USER.set("alice");
	}

	@AfterEach
	void logOut() {
		USER.remove();
		Thread.currentThread().setContextClassLoader(this.before);
	}

	@Test
	void noThreadInheritsWhoRunsStartsOrAdds() {
		Group group = Group.builder().keepStopped(true).listener(new GroupListener() {

			@Override
			public void groupStopping(StopReason reason) {
				FreshThreadTests.this.users.add(USER.get());
			}

		}).build();
		CountDownLatch started = new CountDownLatch(1);
		CountDownLatch added = new CountDownLatch(1);
		group.add(member("started", started));
		group.start();
		Waits.await(started);
		group.add(member("added", added));
		Waits.await(added);
		group.stopMember("added");
		Waits.until(() -> group.snapshot().members().get(1).state() == MemberState.STOPPED);
		group.startMember("added");
		Waits.until(() -> group.snapshot().members().get(1).executions() == 2);
		group.close();
		// Three bodies and their interrupters, and the supervisor
		assertThat(this.users).hasSize(7).containsOnlyNulls();
	}

	private Member member(String name, CountDownLatch begun) {
		CountDownLatch[] stop = { new CountDownLatch(1) };
		return Member.named(name).execute(() -> {
			this.users.add(USER.get());
			begun.countDown();
			stop[0].await();
			stop[0] = new CountDownLatch(1);
		}).interrupt((reason) -> {
			this.users.add(USER.get());
			stop[0].countDown();
		}).build();
	}

	@Test
	void nameAndPriorityAndClassLoaderThatABodyChangesAreBackForTheNextExecution() {
		Thread.currentThread().setContextClassLoader(this.loader);
		Group group = Group.builder().build();
		Thread.currentThread().setContextClassLoader(this.before);
		List<String> seen = new ArrayList<>();
		group.add(Member.named("poller").onDone(Policy.RESTART).execute((context) -> {
			Thread thread = Thread.currentThread();
			seen.add(thread.getName() + " " + thread.getPriority() + " "
					+ (thread.getContextClassLoader() == this.loader));
			thread.setName("mine");
			thread.setPriority(Thread.MIN_PRIORITY);
			thread.setContextClassLoader(null);
			if (context.execution() == 2) {
				group.stop();
			}
		}).build());
		RunningGroup.of(group).returned();
		assertThat(seen).containsExactly("poller 5 true", "poller 5 true");
	}

	@Test
	void listenersSeeTheMembersNameAfterABodyThatRenamesItsThread() {
		List<String> names = new CopyOnWriteArrayList<>();
		Group group = Group.builder().listener(new GroupListener() {

			@Override
			public void executionEnded(String member, Outcome outcome, long nanos) {
				names.add(Thread.currentThread().getName());
			}

		}).build();
		group.add(Member.named("worker").execute(() -> Thread.currentThread().setName("mine")).build());
		RunningGroup.of(group).returned();
		assertThat(names).containsExactly("worker");
	}

	@Test
	void anInterruptFlagThatABodyLeavesIsNotSeenByTheNext() {
		List<Boolean> flags = new ArrayList<>();
		Group group = new Group();
		group.add(Member.named("poller").onDone(Policy.RESTART).delay(Duration.ofMillis(1)).execute((context) -> {
			flags.add(Thread.currentThread().isInterrupted());
			Thread.currentThread().interrupt();
			if (context.execution() == 2) {
				group.stop();
			}
		}).build());
		RunningGroup.of(group).returned();
		assertThat(flags).containsExactly(false, false);
	}

}
