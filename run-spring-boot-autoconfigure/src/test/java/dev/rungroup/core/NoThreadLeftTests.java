package dev.rungroup.core;

import java.io.IOException;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(60)
class NoThreadLeftTests {

	private Set<Thread> before = Set.of();

	@BeforeEach
	void rememberTheThreads() {
		this.before = Set.copyOf(Thread.getAllStackTraces().keySet());
	}

	@AfterEach
	void noNewThreadIsLeft() {
		Waits.until("threads left: " + newThreads(), () -> newThreads().isEmpty());
	}

	/**
	 * All but those that the JVM itself makes when it likes, and the ones of the tools,
	 * which they make for the first test that needs them.
	 */
	private Set<Thread> newThreads() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> !this.before.contains(thread))
			.filter((thread) -> thread.getThreadGroup() != null
					&& !List.of("system", "InnocuousThreadGroup", "CarrierThreads")
						.contains(thread.getThreadGroup().getName()))
			.filter((thread) -> !thread.getName().startsWith("awaitility") && !thread.getName().startsWith("surefire")
					&& !thread.getName().startsWith("junit-jupiter"))
			.collect(Collectors.toSet());
	}

	@Test
	void afterAGroupThatAFailureEnded() {
		Group group = new Group();
		FakeMember a = new FakeMember("a");
		group.add(a.build());
		group.add(new FakeMember("b").build());
		group.add(new FakeMember("c").describe().timeout(Waits.LONG).readyTimeout(Waits.LONG).stage(1).build());
		RunningGroup run = RunningGroup.of(group);
		a.fail(new IOException("broken"));
		assertThat(run.thrown()).isInstanceOf(IOException.class);
	}

	@Test
	void afterAStartedGroupThatIsClosed() {
		for (int i = 0; i < 100; i++) {
			Group group = Group.builder().gracePeriod(Waits.LONG).shutdownTimeout(Waits.LONG).build();
			FakeMember a = new FakeMember("a");
			group.add(a.build());
			group.add(new FakeMember("b").describe().timeout(Waits.LONG).build());
			group.start();
			a.awaitStarted();
			group.close();
		}
	}

	@Test
	void afterAGroupThatNeverRan() {
		Group group = new Group();
		group.add(new FakeMember("a").build());
		group.stop();
		group.close();
	}

	@Test
	void whileAGroupOnlyExistsThereIsNone() {
		Group group = new Group();
		group.add(new FakeMember("a").build());
		assertThat(newThreads()).isEmpty();
	}

	@Test
	void afterAThreadFactoryThatFails() {
		Group group = Group.builder().threadFactory((runnable) -> {
			throw new IllegalStateException("no threads");
		}).build();
		group.add(new FakeMember("a").build());
		group.add(new FakeMember("b").build());
		assertThat(RunningGroup.of(group).thrown()).isNotNull();
	}

	@Test
	void afterALoop() {
		Loop loop = new Loop();
		CountDownLatch enough = new CountDownLatch(10);
		loop.add(Member.named("turn").execute(enough::countDown).delay(Duration.ofMillis(1)).build());
		CompletableFuture<Void> stop = new CompletableFuture<>();
		RunningGroup run = RunningGroup.of(() -> loop.run(stop));
		Waits.await(enough);
		stop.complete(null);
		run.returned();
	}

	@Test
	void afterNestedGroups() {
		Group inner = new Group();
		FakeMember a = new FakeMember("a");
		inner.add(a.build());
		Group outer = new Group();
		outer.add(inner.asMember("inner"));
		RunningGroup run = RunningGroup.of(outer);
		a.awaitStarted();
		outer.stop();
		run.returned();
	}

	@Test
	void afterTimeoutsAndRestarts() {
		Group group = new Group();
		CountDownLatch enough = new CountDownLatch(5);
		group.add(Member.named("slow").execute((context) -> {
			enough.countDown();
			context.sleep(Waits.LONG);
		}).timeout(Duration.ofMillis(5)).onError(Policy.RESTART).backoff(Backoff.none()).build());
		RunningGroup run = RunningGroup.of(group);
		Waits.await(enough);
		group.stop();
		run.returned();
	}

	@Test
	void afterAMemberThatIsGivenUpAndComesBack() {
		Group group = Group.builder().gracePeriod(Duration.ofMillis(5)).shutdownTimeout(Duration.ofMillis(50)).build();
		FakeMember stuck = new FakeMember("stuck").deaf();
		group.add(stuck.build());
		RunningGroup run = RunningGroup.of(group);
		stuck.awaitStarted();
		group.stop();
		assertThat(run.thrown()).isInstanceOf(UnstoppedMembersException.class);
		stuck.finish();
	}

	@Test
	void whileAStoppedMemberIsNotStartedItHasNone() {
		Group group = Group.builder().keepStopped(true).build();
		FakeMember a = new FakeMember("a");
		group.add(a.build());
		RunningGroup run = RunningGroup.of(group);
		a.awaitStarted();
		Thread thread = a.thread();
		group.stopMember("a");
		Waits.until("the member's thread ends", () -> !thread.isAlive());
		group.stop();
		run.returned();
	}

	@Test
	void norAGroupInsideWhichAnotherWasStarted() throws InterruptedException {
		Group last = new Group();
		WeakReference<Group> first = inARow(last);
		Waits.until("the first group is kept", () -> {
			System.gc();
			return first.get() == null;
		});
		assertThat(last.snapshot().state()).isEqualTo(GroupState.STOPPED);
	}

	private static WeakReference<Group> inARow(Group last) throws InterruptedException {
		Group first = new Group();
		first.add(Member.named("starts-the-last").execute(last::start).build());
		RunningGroup.of(first).returned();
		assertThat(last.awaitTermination(Waits.LIMIT)).isTrue();
		return new WeakReference<>(first);
	}

}
