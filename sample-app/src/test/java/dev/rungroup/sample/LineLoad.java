package dev.rungroup.sample;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * Clients that send lines, ten at a time, and read the answers, until they are stopped.
 * Whoever loses its connection opens another one. The lines of a client are called after
 * it and have running numbers, so that each is there once in the world.
 */
final class LineLoad {

	private static final int LINES_AT_ONCE = 10;

	private final int port;

	private final Duration pause;

	private final List<Client> clients = new ArrayList<>();

	private final CountDownLatch stopped = new CountDownLatch(1);

	private LineLoad(int port, Duration pause) {
		this.port = port;
		this.pause = pause;
	}

	/**
	 * Start that many clients, which do not pause.
	 */
	static LineLoad start(int clients, int port) {
		return start(clients, port, Duration.ZERO);
	}

	/**
	 * Start that many clients, which pause between ten lines and the next.
	 */
	static LineLoad start(int clients, int port, Duration pause) {
		LineLoad load = new LineLoad(port, pause);
		for (int i = 0; i < clients; i++) {
			load.clients.add(load.new Client("client" + i));
		}
		load.clients.forEach((client) -> client.thread.start());
		return load;
	}

	/**
	 * Wait until so many lines more have been answered {@code ok}.
	 */
	void awaitAcknowledged(int more) {
		long wanted = acknowledged() + more;
		Awaitility.await()
			.atMost(Duration.ofSeconds(60))
			.pollInterval(Duration.ofMillis(5))
			.until(() -> acknowledged() >= wanted);
	}

	long acknowledged() {
		return this.clients.stream().mapToLong((client) -> client.lines().acknowledgedCount()).sum();
	}

	long sent() {
		return this.clients.stream().mapToLong((client) -> client.lines().sent()).sum();
	}

	/**
	 * What each client has sent and what was answered {@code ok}.
	 */
	List<Lines> lines() {
		return this.clients.stream().map(Client::lines).toList();
	}

	/**
	 * Let every client finish what it does, which takes as long as the answers do.
	 */
	void stop() throws InterruptedException {
		this.stopped.countDown();
		for (Client client : this.clients) {
			client.thread.join(TimeUnit.SECONDS.toMillis(60));
			if (client.thread.isAlive()) {
				throw new AssertionError(client.thread.getName() + " waits for an answer");
			}
			if (client.unexpected != null) {
				throw new AssertionError("Unexpected answer to " + client.unexpected);
			}
		}
	}

	/**
	 * The lines of one client.
	 *
	 * @param name what they are called
	 * @param sent how many were sent: those from 0
	 * @param acknowledged which of them were answered {@code ok}
	 */
	record Lines(String name, int sent, BitSet acknowledged) {

		int acknowledgedCount() {
			return this.acknowledged.cardinality();
		}

	}

	private final class Client implements Runnable {

		private final Thread thread;

		private final BitSet acknowledged = new BitSet();

		private int sent;

		private volatile @Nullable String unexpected;

		private Client(String name) {
			this.thread = new Thread(this, name);
			this.thread.setDaemon(true);
		}

		@Override
		public void run() {
			try {
				do {
					try (LineClient client = new LineClient(LineLoad.this.port)) {
						boolean connected = true;
						while (connected && !pause(LineLoad.this.pause)) {
							connected = exchange(client);
						}
					}
					catch (IOException ex) {
						// it will be back
					}
				}
				while (!pause(Duration.ofMillis(20)));
			}
			catch (InterruptedException ex) {
				// this thread ends here
			}
		}

		private boolean pause(Duration pause) throws InterruptedException {
			return LineLoad.this.stopped.await(pause.toMillis(), TimeUnit.MILLISECONDS);
		}

		private boolean exchange(LineClient client) throws IOException {
			int first = this.sent;
			String[] lines = new String[LINES_AT_ONCE];
			for (int i = 0; i < lines.length; i++) {
				lines[i] = this.thread.getName() + " " + (first + i);
			}
			synchronized (this) {
				this.sent += lines.length;
			}
			client.send(lines);
			for (int i = 0; i < lines.length; i++) {
				String answer = client.answer();
				if (answer == null || answer.equals("error: stopping")) {
					return false;
				}
				if (answer.equals("ok")) {
					synchronized (this) {
						this.acknowledged.set(first + i);
					}
				}
				else if (!answer.startsWith("error: too many ")) {
					this.unexpected = lines[i] + ": " + answer;
				}
			}
			return true;
		}

		private synchronized Lines lines() {
			return new Lines(this.thread.getName(), this.sent, (BitSet) this.acknowledged.clone());
		}

	}

}
