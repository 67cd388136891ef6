package dev.rungroup.sample;

import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

import dev.rungroup.annotation.Actor;
import dev.rungroup.annotation.Interrupt;
import dev.rungroup.annotation.LoopActor;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.Policy;
import dev.rungroup.sample.MeasurementStore.Stored;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Profile;
import org.springframework.stereotype.Component;

/**
 * Keeps another instance of this application informed of the latest value of each
 * measurement, where the profile {@code forward} is active.
 * <p>
 * Two actors share one connection, and are a group: one connects and receives the
 * answers, the other sends. If either fails, both have lost the connection, so both are
 * restarted ({@code run.groups.forward.strategy: all}), in the order of their stages: the
 * sender begins when there is a new connection. The rest of the application does not
 * notice.
 */
@Component
@Profile("forward")
class Forwarder {

	private static final Logger log = LoggerFactory.getLogger(Forwarder.class);

	private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);

	private final MeasurementStore store;

	private final String host;

	private final int port;

	/**
	 * Sent and not answered yet, in this order. The sender adds, the receiver removes.
	 */
	private final Queue<Stored> unanswered = new ConcurrentLinkedQueue<>();

	/** When the values were received that the target has; written by the receiver. */
	private final Map<String, Instant> forwarded = new ConcurrentHashMap<>();

	/** Written by the receiver. */
	private volatile @Nullable Socket connection;

	Forwarder(MeasurementStore store, @Value("${sample.forward.host}") String host,
			@Value("${sample.forward.port}") int port) {
		this.store = store;
		this.host = host;
		this.port = port;
	}

	@Actor(group = "forward", onError = Policy.RESTART, readyTimeout = "10s")
	void receive(MemberContext context) throws IOException {
		try (Socket connection = new Socket()) {
			this.connection = connection;
			connection.connect(new InetSocketAddress(this.host, this.port), (int) CONNECT_TIMEOUT.toMillis());
			// the sender does not run: what the last connection left unanswered is sent
			// again
			this.unanswered.clear();
			log.info("Forwarding to {}:{}", this.host, this.port);
			context.ready();
			BufferedReader answers = new BufferedReader(
					new InputStreamReader(connection.getInputStream(), StandardCharsets.UTF_8));
			while (!context.isStopping()) {
				answered(answers.readLine());
			}
		}
		catch (IOException ex) {
			if (!context.isStopping()) {
				throw ex;
			}
		}
	}

	private void answered(@Nullable String answer) throws IOException {
		if (answer == null) {
			throw new EOFException(this.host + ":" + this.port + " has closed the connection");
		}
		Stored measurement = this.unanswered.poll();
		if (measurement != null) {
			if (!answer.equals("ok")) {
				log.warn("{} is refused by {}: {}", measurement.name(), this.host, answer);
			}
			this.forwarded.put(measurement.name(), measurement.receivedAt());
		}
	}

	@Interrupt("receive")
	void closeConnection() throws IOException {
		Socket connection = this.connection;
		if (connection != null) {
			connection.close();
		}
	}

	@LoopActor(group = "forward", stage = 1, delay = "${sample.forward.delay}")
	void send() throws IOException {
		Socket connection = this.connection;
		if (connection == null || !this.unanswered.isEmpty()) {
			return;
		}
		StringBuilder lines = new StringBuilder();
		for (Stored measurement : this.store.latestOfEach()) {
			if (!measurement.receivedAt().equals(this.forwarded.get(measurement.name()))) {
				this.unanswered.add(measurement);
				lines.append(measurement.name()).append(' ').append(measurement.value().toPlainString());
				lines.append((measurement.unit() != null) ? " " + measurement.unit() : "").append('\n');
			}
		}
		connection.getOutputStream().write(lines.toString().getBytes(StandardCharsets.UTF_8));
	}

}
