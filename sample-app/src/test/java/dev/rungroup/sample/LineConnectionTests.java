package dev.rungroup.sample;

import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LineConnection} without a database: the test says when a line is
 * stored.
 */
class LineConnectionTests {

	private final SampleProperties properties = new SampleProperties(0, 1, Duration.ZERO, Duration.ZERO,
			DataSize.ofBytes(10), 3, Duration.ofSeconds(20), 1, Path.of("."), Duration.ZERO);

	private final LineQueue queue = new LineQueue(this.properties);

	@Test
	void clientThatAwaitsAnAnswerIsNotOverdueAfterALineThatIsTooLong() throws Exception {
		try (ServerSocket server = new ServerSocket(0); LineClient client = new LineClient(server.getLocalPort())) {
			LineConnection connection = new LineConnection(server.accept(), this.queue, this.properties);
			Thread thread = new Thread(connection::serve, "line-client-test");
			thread.start();
			client.send("slow 1", "longer than 10 bytes");
			// not reading any more, but waiting for the first line to be stored
			Awaitility.await()
				.atMost(Duration.ofSeconds(20))
				.until(() -> this.queue.size() == 1 && thread.getState() == Thread.State.WAITING);
			connection.endIfOverdue(Duration.ZERO);
			this.queue.take(1, () -> true).forEach(Line::stored);
			assertThat(client.answers(2)).containsExactly("ok", "error: line is longer than 10 bytes");
			client.send("more");
			assertThat(client.answer()).isEqualTo("error: expected 2 or 3 words: name value [unit], but found 1");
		}
	}

}
