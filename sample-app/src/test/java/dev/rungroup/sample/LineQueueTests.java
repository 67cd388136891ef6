package dev.rungroup.sample;

import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import org.junit.jupiter.api.Test;

import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LineQueue}.
 */
class LineQueueTests {

	private final LineQueue queue = new LineQueue(new SampleProperties(0, 1, Duration.ZERO, Duration.ZERO,
			DataSize.ofBytes(1), 3, Duration.ZERO, 1, Path.of("."), Duration.ZERO));

	@Test
	void linesAreTakenInOrderAndNoMoreThanAskedFor() throws Exception {
		offer("a", "b", "c");
		assertThat(take(2)).containsExactly("a", "b");
		assertThat(take(2)).containsExactly("c");
		assertThat(take(2)).isEmpty();
	}

	@Test
	void fullQueueRefuses() throws Exception {
		offer("a", "b", "c");
		assertThat(this.queue.offer(line("d"), Duration.ofMillis(1))).isFalse();
		take(1);
		assertThat(this.queue.offer(line("d"), Duration.ofMillis(1))).isTrue();
	}

	@Test
	void placeIsWaitedFor() throws Exception {
		offer("a", "b", "c");
		CompletableFuture<Boolean> offered = async(() -> this.queue.offer(line("d"), Duration.ofSeconds(20)));
		assertThat(take(1)).containsExactly("a");
		assertThat(offered.get(20, TimeUnit.SECONDS)).isTrue();
		assertThat(take(3)).containsExactly("b", "c", "d");
	}

	@Test
	void whatIsPutBackIsTakenNextEvenIfTheQueueIsFull() throws Exception {
		offer("a", "b");
		List<Line> batch = this.queue.take(2, () -> true);
		offer("c", "d", "e");
		this.queue.putBack(batch);
		assertThat(this.queue.size()).isEqualTo(5);
		assertThat(take(5)).containsExactly("a", "b", "c", "d", "e");
	}

	@Test
	void wakeEndsTheWaitOfThoseWhoGiveUp() throws Exception {
		AtomicBoolean stopping = new AtomicBoolean();
		CompletableFuture<Boolean> asked = new CompletableFuture<>();
		CompletableFuture<List<Line>> taken = async(() -> this.queue.take(1, () -> {
			asked.complete(true);
			return stopping.get();
		}));
		asked.get(20, TimeUnit.SECONDS);
		stopping.set(true);
		this.queue.wake();
		assertThat(taken.get(20, TimeUnit.SECONDS)).isEmpty();
	}

	private void offer(String... names) throws InterruptedException {
		for (String name : names) {
			assertThat(this.queue.offer(line(name), Duration.ZERO)).isTrue();
		}
	}

	private List<String> take(int max) throws InterruptedException {
		return this.queue.take(max, () -> true).stream().map(Line::id).toList();
	}

	private static Line line(String id) {
		return new Line(id, new Measurement("x", BigDecimal.ONE, null));
	}

	private static <T> CompletableFuture<T> async(Call<T> call) {
		return CompletableFuture.supplyAsync(() -> {
			try {
				return call.call();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		});
	}

	private interface Call<T> {

		T call() throws InterruptedException;

	}

}
