package dev.rungroup.autoconfigure.exit;

import java.time.Duration;
import java.util.function.Consumer;

import dev.rungroup.annotation.Actor;
import dev.rungroup.autoconfigure.RunAutoConfiguration;
import dev.rungroup.core.Body;
import dev.rungroup.core.Member;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.OnStall;
import dev.rungroup.core.Policy;
import dev.rungroup.core.Task;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.Lifecycle;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link FailureAdvice}, with applications that an actor ends while they start.
 */
@Tag("once")
class FailureAdviceTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(RunAutoConfiguration.class, RunExitAutoConfiguration.class))
		.withUserConfiguration(SlowStart.class);

	@Test
	void actorHasItsProperties() {
		failsWith(this.runner.withUserConfiguration(Worker.class),
				(advice) -> assertThat(advice).contains("set 'run.actors.worker.on-error' to 'restart' or 'do-nothing'")
					.contains("'run.on-shutdown' to 'none'"));
	}

	@Test
	void nameThatHasToBeWrittenInBracketsIsAdvisedInBrackets() {
		failsWith(this.runner.withUserConfiguration(RegionalWorker.class),
				(advice) -> assertThat(advice).contains("set 'run.actors[orders+eu].on-error'"));
	}

	@Test
	void membersOfAConcurrentActorHaveItsProperties() {
		failsWith(this.runner.withUserConfiguration(Worker.class).withPropertyValues("run.actors.worker.concurrency=2"),
				(advice) -> assertThat(advice).contains("'run.actors.worker.on-error'").doesNotContain("worker-"));
	}

	@Test
	void restartIsNoAdviceWhenTheRestartsAreUsedUp() {
		failsWith(
				this.runner.withUserConfiguration(Worker.class)
					.withPropertyValues("run.actors.worker.on-error=restart", "run.actors.worker.max-restarts=0"),
				(advice) -> assertThat(advice).contains("restarts are used up ('run.actors.worker.max-restarts')")
					.contains("set 'run.actors.worker.on-exhausted' to 'do-nothing'")
					.doesNotContain("on-error"));
	}

	@Test
	void failureThatCameUpThroughAGroupNamesActorAndGroupAndThePropertiesOfTheGroup() {
		this.runner.withUserConfiguration(Worker.class)
			.withPropertyValues("run.actors.worker.group=imports")
			.run((context) -> assertThat(context).getFailure()
				.isInstanceOfSatisfying(ActorFailedException.class, (failure) -> {
					assertThat(failure).hasMessageStartingWith("Actor 'worker' of group 'imports' failed while")
						.hasRootCauseMessage("boom");
					assertThat(failure.getActor()).isEqualTo("worker");
					assertThat(failure.getAdvice())
						.contains("set 'run.groups.imports.on-error' to 'restart' or 'do-nothing'");
				}));
		failsWith(
				this.runner.withUserConfiguration(Worker.class)
					.withPropertyValues("run.actors.worker.group=imports", "run.groups.imports.on-error=restart",
							"run.groups.imports.max-restarts=0"),
				(advice) -> assertThat(advice).contains("restarts are used up ('run.groups.imports.max-restarts')")
					.contains("set 'run.groups.imports.on-exhausted' to 'do-nothing'"));
	}

	@Test
	void failureThatIsFatalHasNoPolicy() {
		failsWith(this.runner.withUserConfiguration(FatalWorker.class),
				(advice) -> assertThat(advice).contains("'fatal'")
					.contains("'run.on-shutdown' to 'none'")
					.doesNotContain("run.actors"));
	}

	@Test
	void adoptedBeanHasPropertiesOfItsOwn() {
		failsWith(
				this.runner.withBean("mailbox", Mailbox.class)
					.withPropertyValues("run.adopt.mail-box.on-error=shutdown"),
				(advice) -> assertThat(advice).contains("set 'run.adopt.mail-box.on-error' to")
					.doesNotContain("run.actors"));
	}

	@Test
	void memberThatIsABeanHasNoProperties() {
		failsWith(this.runner.withBean(Member.class, () -> Member.named("plain").execute(() -> {
			throw new IllegalStateException("boom");
		}).build()), (advice) -> assertThat(advice).contains("'onError(Policy.RESTART)'").doesNotContain("run.actors"));
		failsWith(this.runner.withBean(Member.class, () -> Member.named("plain").execute(() -> {
			throw new IllegalStateException("boom");
		}).onError(Policy.RESTART).maxRestarts(0).build()),
				(advice) -> assertThat(advice).contains("restarts are used up.")
					.contains("'onExhausted(Policy.DO_NOTHING)'")
					.doesNotContain("run.actors"));
	}

	@Test
	void stalledMemberThatIsABeanHasNoProperties() {
		failsWith(
				this.runner.withBean(Member.class,
						() -> Member.named("plain")
							.execute((context) -> context.sleep(Duration.ofHours(1)))
							.stallAfter(Duration.ofMillis(10))
							.onStall(OnStall.SHUTDOWN)
							.build()),
				(advice) -> assertThat(advice).contains("'onStall(OnStall.REPORT)'").doesNotContain("null"));
	}

	@Test
	void groupThatFailedByItselfIsNoActor() {
		this.runner.withBean("sleeper", Sleeper.class)
			.withPropertyValues("run.groups.imports.ready-timeout=10ms")
			.run((context) -> assertThat(context).getFailure()
				.isInstanceOfSatisfying(ActorFailedException.class, (failure) -> {
					assertThat(failure).hasMessageStartingWith("Group 'imports' failed while");
					assertThat(failure.getActor()).isNull();
				}));
	}

	private static void failsWith(ApplicationContextRunner runner, Consumer<String> advice) {
		runner.run((context) -> assertThat(context).getFailure()
			.isInstanceOfSatisfying(ActorFailedException.class, (failure) -> advice.accept(failure.getAdvice())));
	}

	@Actor(name = "sleeper", group = "imports", readyTimeout = "1h")
	static class Sleeper implements Body {

		@Override
		public void run(MemberContext context) throws InterruptedException {
			context.sleep(Duration.ofHours(1));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Worker {

		@Bean
		@Actor
		Task worker() {
			return () -> {
				throw new IllegalStateException("boom");
			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class FatalWorker {

		@Bean
		@Actor(onError = Policy.RESTART, fatal = IllegalStateException.class)
		Task worker() {
			return () -> {
				throw new IllegalStateException("boom");
			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class RegionalWorker {

		@Bean
		@Actor("orders+eu")
		Task worker() {
			return () -> {
				throw new IllegalStateException("boom");
			};
		}

	}

	/**
	 * Starts last, and until the thread that ends the application waits for it.
	 */
	@Configuration(proxyBeanMethods = false)
	static class SlowStart {

		@Bean
		SmartLifecycle slow(ObjectProvider<Mailbox> mailbox) {
			return new RunExitAutoConfigurationTests.LastToStart(() -> mailbox.ifAvailable(Mailbox::stop));
		}

	}

	/**
	 * Runs until somebody other than its context stops it.
	 */
	static final class Mailbox implements Lifecycle {

		private volatile boolean running = true;

		@Override
		public void start() {
			this.running = true;
		}

		@Override
		public void stop() {
			this.running = false;
		}

		@Override
		public boolean isRunning() {
			return this.running;
		}

	}

}
