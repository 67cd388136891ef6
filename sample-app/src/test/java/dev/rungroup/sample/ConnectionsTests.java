package dev.rungroup.sample;

import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

import dev.rungroup.core.Group;
import dev.rungroup.core.Member;
import dev.rungroup.core.StopReason;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.task.SimpleAsyncTaskExecutorBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link Connections} whose threads cannot be made, or do not end. There is
 * room for one client.
 */
@ExtendWith(OutputCaptureExtension.class)
class ConnectionsTests {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private static final String ANSWER = "error: expected 2 or 3 words: name value [unit], but found 1";

	private final SampleProperties properties = new SampleProperties(0, 1, LIMIT, Duration.ofMillis(1),
			DataSize.ofBytes(100), 3, Duration.ZERO, 1, Path.of("."), Duration.ZERO);

	@Test
	void clientWithoutAThreadIsClosedAndLeavesItsPlaceToTheNext() throws Exception {
		AtomicBoolean memory = new AtomicBoolean();
		Connections connections = connections((task) -> thread(task, memory));
		try (ServerSocket server = new ServerSocket(0)) {
			try (LineClient client = new LineClient(server.getLocalPort())) {
				assertThatExceptionOfType(OutOfMemoryError.class).isThrownBy(() -> connections.open(server.accept()));
				assertThat(client.answer()).isNull();
			}
			memory.set(true);
			assertServesAClient(connections, server);
		}
		assertThat(endAll(connections)).succeedsWithin(LIMIT);
	}

	@Test
	void serverThatGetsNoThreadForAClientEndsWithThatFailure() throws Exception {
		Connections connections = connections((task) -> thread(task, new AtomicBoolean()));
		LineServer server = new LineServer(connections, this.properties);
		try (Group group = new Group()) {
			group.add(Member.named("line-server")
				.execute(server::accept)
				.interrupt((reason) -> server.closeSocket())
				.build());
			group.start();
			Awaitility.await().atMost(LIMIT).until(() -> server.localPort() > 0);
			try (LineClient client = new LineClient(server.localPort())) {
				assertThat(group.awaitTermination(LIMIT)).isTrue();
				assertThat(client.answer()).isNull();
			}
			StopReason reason = group.stopReason();
			assertThat(reason).isNotNull();
			assertThat(reason.cause()).isInstanceOf(OutOfMemoryError.class);
		}
	}

	@Test
	void connectionThatDoesNotEndIsNotWaitedForAndKeepsItsPlaceUntilItDoes(CapturedOutput output) throws Exception {
		CountDownLatch mayEnd = new CountDownLatch(1);
		AtomicReference<Thread> stuck = new AtomicReference<>();
		Connections connections = connections((task) -> {
			Thread thread = new Thread(() -> {
				awaitForAsLongAsItTakes(mayEnd);
				task.run();
			}, "line-client-stuck");
			stuck.set(thread);
			return thread;
		});
		try (ServerSocket server = new ServerSocket(0)) {
			try (LineClient client = new LineClient(server.getLocalPort())) {
				connections.open(server.accept());
				assertThat(endAll(connections)).succeedsWithin(LIMIT);
				assertThat(output).contains("Leaving 1 connections to themselves");
				assertThat(client.answer()).isNull();
			}
			try (LineClient client = new LineClient(server.getLocalPort())) {
				connections.open(server.accept());
				assertThat(client.answer()).isEqualTo("error: too many connections, try again later");
			}
			mayEnd.countDown();
			stuck.get().join(LIMIT.toMillis());
			assertServesAClient(connections, server);
		}
		finally {
			mayEnd.countDown();
		}
		assertThat(endAll(connections)).succeedsWithin(LIMIT);
	}

	private Connections connections(ThreadFactory threads) {
		return new Connections(new LineQueue(this.properties), this.properties,
				new SimpleAsyncTaskExecutorBuilder().customizers((executor) -> executor.setThreadFactory(threads)));
	}

	private static Thread thread(Runnable task, AtomicBoolean memory) {
		return new Thread(task, "line-client-test") {

			@Override
			public void start() {
				if (!memory.get()) {
					throw new OutOfMemoryError("unable to create native thread");
				}
				super.start();
			}

		};
	}

	private static void assertServesAClient(Connections connections, ServerSocket server) throws Exception {
		try (LineClient client = new LineClient(server.getLocalPort())) {
			connections.open(server.accept());
			client.send("word");
			assertThat(client.answer()).isEqualTo(ANSWER);
		}
	}

	private static CompletableFuture<Void> endAll(Connections connections) {
		return CompletableFuture.runAsync(() -> {
			try {
				connections.endAll();
			}
			catch (InterruptedException ex) {
				throw new CompletionException(ex);
			}
		});
	}

	private static void awaitForAsLongAsItTakes(CountDownLatch latch) {
		while (true) {
			try {
				latch.await();
				return;
			}
			catch (InterruptedException ex) {
				// stuck is stuck
			}
		}
	}

}
