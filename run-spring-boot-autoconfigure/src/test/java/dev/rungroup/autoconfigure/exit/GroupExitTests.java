package dev.rungroup.autoconfigure.exit;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

import dev.rungroup.autoconfigure.RunProperties.OnShutdown;
import dev.rungroup.core.StopReason;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.boot.ExitCodeEvent;
import org.springframework.boot.ExitCodeExceptionMapper;
import org.springframework.context.ApplicationListener;
import org.springframework.context.Lifecycle;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.support.GenericApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link GroupExit}.
 */
@Timeout(60)
class GroupExitTests {

	private static final StopReason FAILURE = new StopReason(StopReason.Kind.MEMBER_FAILED, "poller",
			new IllegalStateException("boom"));

	private final GenericApplicationContext context = new GenericApplicationContext();

	private final BlockingQueue<Integer> exits = new LinkedBlockingQueue<>();

	@AfterEach
	void close() {
		this.context.close();
	}

	@Test
	void noBeanIsCreatedToFindOutHowLongTheShutdownMayTake() {
		this.context.registerBean(Lifecycle.class, () -> {
			throw new IllegalStateException("created while the application ends");
		}, (definition) -> definition.setLazyInit(true));
		GroupExit exit = refreshed(Duration.ofSeconds(20));
		assertThat(exit.haltLimit()).isEqualTo(Duration.ofSeconds(2 * 20 + 15 + 30));
	}

	@Test
	void eachPhaseOfTheContextMayTakeItsTime() {
		this.context.registerBean("first", SmartLifecycle.class, () -> new InPhase(1));
		this.context.registerBean("second", SmartLifecycle.class, () -> new InPhase(2));
		this.context.registerBean("third", SmartLifecycle.class, () -> new InPhase(2));
		GroupExit exit = refreshed(Duration.ofSeconds(20));
		assertThat(exit.haltLimit()).isEqualTo(Duration.ofSeconds(2 * 20 + 15 + 3 * 30));
	}

	@Test
	void errorOfAListenerDoesNotKeepTheApplicationUp() {
		this.context.addApplicationListener((ApplicationListener<ExitCodeEvent>) (event) -> {
			throw new NoClassDefFoundError("listener");
		});
		end(refreshed(Duration.ofSeconds(20)), FAILURE);
		assertThat(this.exits).containsExactly(1);
		assertThat(this.context.isActive()).isFalse();
	}

	@Test
	void timeoutBeyondAllMeasureIsNoReasonToStayUp() {
		end(refreshed(Duration.ofDays(200_000)), FAILURE);
		assertThat(this.exits).containsExactly(1);
		assertThat(this.context.isActive()).isFalse();
	}

	@Test
	void failureThatCannotSayAnythingEndsTheApplicationAllTheSame() {
		this.context.registerBean(ExitCodeExceptionMapper.class, () -> (failure) -> {
			throw new IllegalArgumentException("mapper");
		});
		end(refreshed(Duration.ofSeconds(20)),
				new StopReason(StopReason.Kind.MEMBER_FAILED, "poller", new UnspeakableException()));
		assertThat(this.exits).containsExactly(1);
		assertThat(this.context.isActive()).isFalse();
	}

	@Test
	void applicationEndsOnceAndOnTheGroupsThreadWhenAllMembersHaveEnded() {
		GroupExit exit = refreshed(Duration.ofSeconds(20));
		exit.groupEnding(FAILURE);
		assertThat(this.exits).isEmpty();
		assertThat(this.context.isActive()).isTrue();
		exit.groupEnded(FAILURE);
		assertThat(this.exits).containsExactly(1);
		end(exit, new StopReason(StopReason.Kind.MEMBER_FAILED, "other", null));
		assertThat(this.exits).containsExactly(1);
	}

	private static void end(GroupExit exit, StopReason reason) {
		exit.groupEnding(reason);
		exit.groupEnded(reason);
	}

	private GroupExit refreshed(Duration shutdownTimeout) {
		this.context.refresh();
		ExitSettings settings = new ExitSettings(OnShutdown.EXIT, true, shutdownTimeout, Duration.ofSeconds(30));
		Startup startup = Startup.of(this.context);
		startup.refreshed();
		FailureAdvice advice = new FailureAdvice(null, Set.of());
		return new GroupExit(this.context, settings, startup, advice, this.exits::add);
	}

	private static final class UnspeakableException extends RuntimeException {

		private static final long serialVersionUID = 1L;

		@Override
		public String toString() {
			throw new IllegalStateException("no words");
		}

	}

	private record InPhase(int phase) implements SmartLifecycle {

		@Override
		public void start() {
		}

		@Override
		public void stop() {
		}

		@Override
		public boolean isRunning() {
			return true;
		}

		@Override
		public int getPhase() {
			return this.phase;
		}

	}

}
