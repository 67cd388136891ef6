package dev.rungroup.sample;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.math.BigDecimal;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

import dev.rungroup.context.GroupLifecycle;
import dev.rungroup.core.MemberSnapshot;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Forwarder}, the group of the sample.
 */
class ForwarderTests {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	@TempDir
	private Path directory;

	@Test
	void bothActorsBeginAnewWhenTheirConnectionIsLostAndNothingElseDoes() throws Exception {
		try (ServerSocket target = new ServerSocket(0);
				ConfigurableApplicationContext application = start(target.getLocalPort())) {
			MeasurementStore store = application.getBean(MeasurementStore.class);
			store.save(List.of(new Line("1", new Measurement("first", BigDecimal.ONE, "kB"))));
			try (Socket connection = target.accept()) {
				assertThat(line(connection)).isEqualTo("first 1 kB");
				// no answer: the value does not count as forwarded
			}
			try (Socket connection = target.accept()) {
				assertThat(line(connection)).isEqualTo("first 1 kB");
				connection.getOutputStream().write("ok\n".getBytes(StandardCharsets.UTF_8));
				store.save(List.of(new Line("2", new Measurement("second", BigDecimal.TEN, null))));
				assertThat(line(connection)).isEqualTo("second 10");
				assertThat(member(application, "forwarder-receive").failures()).isOne();
				assertThat(member(application, "forwarder-receive").restarts()).isOne();
				assertThat(member(application, "forwarder-send").failures()).isZero();
				assertThat(member(application, "forward").executions()).as("of the group").isOne();
				assertThat(member(application, "line-server").executions()).isOne();
			}
		}
	}

	@Test
	void nothingElseWaitsForATargetThatIsAway() throws Exception {
		int port;
		try (ServerSocket closed = new ServerSocket(0)) {
			port = closed.getLocalPort();
		}
		try (ConfigurableApplicationContext application = start(port)) {
			LineServer server = application.getBean(LineServer.class);
			Awaitility.await().atMost(LIMIT).until(() -> server.localPort() > 0);
			assertThat(LineClient.exchange(server.localPort(), "away 1\n")).containsExactly("ok");
			Awaitility.await().atMost(LIMIT).until(() -> member(application, "forwarder-receive").failures() > 1);
			assertThat(member(application, "forwarder-send").executions()).isZero();
		}
	}

	private ConfigurableApplicationContext start(int port) {
		return new SpringApplicationBuilder(SampleApplication.class).run("--spring.profiles.active=forward",
				"--server.port=0", "--sample.port=0", "--sample.data-directory=" + this.directory,
				"--sample.inbox=" + this.directory.resolve("inbox"), "--sample.forward.port=" + port,
				"--sample.forward.delay=20ms", "--run.actors.forwarder-receive.retry.delay=20ms");
	}

	private static String line(Socket connection) throws IOException {
		connection.setSoTimeout((int) LIMIT.toMillis());
		return new BufferedReader(new InputStreamReader(connection.getInputStream(), StandardCharsets.UTF_8))
			.readLine();
	}

	private static MemberSnapshot member(ConfigurableApplicationContext application, String name) {
		return application.getBean(GroupLifecycle.class)
			.flatSnapshot()
			.members()
			.stream()
			.filter((member) -> member.name().equals(name))
			.findFirst()
			.orElseThrow();
	}

}
