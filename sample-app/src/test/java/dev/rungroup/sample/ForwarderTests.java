package dev.rungroup.sample;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.math.BigDecimal;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

import dev.rungroup.core.MemberState;
import dev.rungroup.test.TestActors;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.ActiveProfiles;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Forwarder}, the group of the sample.
 */
@ActorTest
@ActiveProfiles("forward")
class ForwarderTests {

	/** Where the target listens, if it does; nobody else gets this port meanwhile. */
	static int port;

	@Autowired
	private TestActors actors;

	@DynamicPropertySource
	static void properties(DynamicPropertyRegistry registry) throws IOException {
		port = DatabaseProcess.freePort();
		registry.add("sample.forward.port", () -> port);
	}

	@Test
	void bothActorsBeginAnewWhenTheirConnectionIsLostAndNothingElseDoes(@Autowired MeasurementStore store)
			throws Exception {
		store.deleteReceivedBefore(Instant.now());
		store.save(List.of(new Line("1", new Measurement("first", BigDecimal.ONE, "kB"))));
		try (ServerSocket target = new ServerSocket(port)) {
			target.setSoTimeout(20_000);
			this.actors.start();
			try (Socket connection = target.accept()) {
				assertThat(line(connection)).isEqualTo("first 1 kB");
				// no answer: the value does not count as forwarded
			}
			this.actors.await("forwarder-receive", MemberState.WAITING);
			this.actors.advance(Duration.ofSeconds(1));
			try (Socket connection = target.accept()) {
				assertThat(line(connection)).isEqualTo("first 1 kB");
				connection.getOutputStream().write("ok\n".getBytes(StandardCharsets.UTF_8));
				store.save(List.of(new Line("2", new Measurement("second", BigDecimal.TEN, null))));
				this.actors.advance(Duration.ofSeconds(1));
				assertThat(line(connection)).isEqualTo("second 10");
				assertThat(this.actors).actor("forwarder-receive").hasFailed(1).hasExecuted(2);
				assertThat(this.actors.get("forwarder-receive").restarts()).isOne();
				assertThat(this.actors).actor("forwarder-send").hasFailed(0);
				assertThat(this.actors).actor("forward").hasExecuted(1).actor("line-server").hasExecuted(1);
			}
		}
	}

	@Test
	void nothingElseWaitsForATargetThatIsAway(@Autowired LineServer server) throws Exception {
		this.actors.start();
		assertThat(LineClient.exchange(server.localPort(), "away 1\n")).containsExactly("ok");
		this.actors.advance(Duration.ofSeconds(7));
		assertThat(this.actors).actor("forwarder-receive").hasFailed(4).actor("forwarder-send").hasExecuted(0);
	}

	private static String line(Socket connection) throws IOException {
		connection.setSoTimeout(20_000);
		return new BufferedReader(new InputStreamReader(connection.getInputStream(), StandardCharsets.UTF_8))
			.readLine();
	}

}
