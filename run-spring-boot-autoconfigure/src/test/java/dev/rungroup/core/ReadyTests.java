package dev.rungroup.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * When a member counts as ready, and when not.
 */
class ReadyTests {

	private final BlockingQueue<String> orders = new LinkedBlockingQueue<>();

	private final BlockingQueue<Long> begun = new LinkedBlockingQueue<>();

	private Member.Builder obeying() {
		return Member.named("poller").execute((context) -> {
			this.begun.add(context.execution());
			switch (Waits.take(this.orders)) {
				case "fail" -> throw new IllegalStateException("told to");
				case "ready" -> {
					context.ready();
					Waits.take(this.orders);
				}
				default -> {
					// returns
				}
			}
		}).onError(Policy.RESTART).backoff(Backoff.none());
	}

	private static boolean isReady(Group group) {
		return group.snapshot().members().get(0).ready();
	}

	@Test
	void aLoopThatFailedIsReadyAgainWhenAnExecutionHasReturned() {
		Group group = new Group();
		group.add(obeying().onDone(Policy.RESTART).build());
		RunningGroup run = RunningGroup.of(group);
		Waits.take(this.begun);
		assertThat(isReady(group)).isTrue();
		this.orders.add("fail");
		Waits.take(this.begun);
		assertThat(isReady(group)).isFalse();
		this.orders.add("return");
		Waits.take(this.begun);
		assertThat(isReady(group)).isTrue();
		group.stop();
		this.orders.add("return");
		run.returned();
	}

	@Test
	void aLoopThatFailedIsReadyAgainWhenItSaysSo() {
		Group group = new Group();
		group.add(obeying().onDone(Policy.RESTART).build());
		RunningGroup run = RunningGroup.of(group);
		Waits.take(this.begun);
		this.orders.add("fail");
		Waits.take(this.begun);
		this.orders.add("ready");
		Waits.until(() -> isReady(group));
		group.stop();
		this.orders.add("return");
		run.returned();
	}

	@Test
	void aMemberThatIsNoLoopIsReadyAgainWhenItRunsAgain() {
		Group group = new Group();
		group.add(obeying().build());
		RunningGroup run = RunningGroup.of(group);
		Waits.take(this.begun);
		this.orders.add("fail");
		Waits.take(this.begun);
		assertThat(isReady(group)).isTrue();
		this.orders.add("return");
		run.returned();
	}

	@Test
	void readyWithoutAReadyTimeoutIsOneWarningWhereAHigherStageMayBeThoughtToWait() {
		List<String> warnings = warningsOf(1);
		assertThat(warnings).singleElement()
			.asString()
			.contains("Member 'warm-up'", "stage 1 does not wait", "readyTimeout");
	}

	@Test
	void readyWithoutAReadyTimeoutIsNoWarningInTheHighestStage() {
		assertThat(warningsOf(-1)).isEmpty();
	}

	private static List<String> warningsOf(int otherStage) {
		List<String> warnings = new ArrayList<>();
		Handler handler = new Handler() {

			@Override
			public void publish(LogRecord record) {
				if (record.getMessage().contains("warm-up")) {
					warnings.add(record.getMessage());
				}
			}

			@Override
			public void flush() {
			}

			@Override
			public void close() {
			}

		};
		Logger logger = Logger.getLogger("dev.rungroup.core");
		logger.addHandler(handler);
		try {
			CountDownLatch said = new CountDownLatch(2);
			Group group = new Group();
			group.add(Member.named("warm-up").onDone(Policy.RESTART).execute((context) -> {
				context.ready();
				context.ready();
				said.countDown();
				context.sleep(Duration.ofMillis(1));
			}).build());
			group.add(Member.named("other").stage(otherStage).execute(() -> Thread.sleep(60_000)).build());
			RunningGroup run = RunningGroup.of(group);
			Waits.await(said);
			group.stop();
			run.returned();
		}
		finally {
			logger.removeHandler(handler);
		}
		return warnings;
	}

}
