package dev.rungroup.sample;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

import dev.rungroup.annotation.LoopActor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.task.SimpleAsyncTaskExecutorBuilder;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.stereotype.Component;

/**
 * The clients that are connected now, each with a thread of its own: a virtual one if the
 * application uses virtual threads.
 */
@Component
class Connections {

	private static final Logger log = LoggerFactory.getLogger(Connections.class);

	/** An aborted connection waits for nothing any more: this is only for its thread. */
	private static final Duration ABORT_TIMEOUT = Duration.ofSeconds(2);

	private final Set<LineConnection> open = ConcurrentHashMap.newKeySet();

	private final Semaphore places;

	private final AsyncTaskExecutor threads;

	private final LineQueue queue;

	private final SampleProperties properties;

	Connections(LineQueue queue, SampleProperties properties, SimpleAsyncTaskExecutorBuilder threads) {
		this.queue = queue;
		this.properties = properties;
		this.places = new Semaphore(properties.maxConnections());
		this.threads = threads.threadNamePrefix("line-client-").build();
	}

	/**
	 * Serve this client, or tell it that there are too many.
	 */
	void open(Socket socket) throws IOException, InterruptedException {
		if (!this.places.tryAcquire(1, TimeUnit.SECONDS)) {
			try (socket) {
				socket.getOutputStream()
					.write("error: too many connections, try again later\n".getBytes(StandardCharsets.UTF_8));
			}
			catch (IOException ex) {
				log.debug("A client left before it was turned away", ex);
			}
			return;
		}
		LineConnection connection = new LineConnection(socket, this.queue, this.properties);
		try {
			this.open.add(connection);
			this.threads.execute(() -> serve(connection));
		}
		catch (Throwable ex) {
			// without a thread, as when there is no memory for one, nobody would ever
			// close it
			forget(connection);
			connection.abort();
			throw ex;
		}
	}

	private void serve(LineConnection connection) {
		try {
			connection.serve();
		}
		finally {
			forget(connection);
		}
	}

	private void forget(LineConnection connection) {
		this.open.remove(connection);
		this.places.release();
	}

	/**
	 * A method can be an actor, too; this one is called {@code connections-end-overdue}.
	 * It ends the connections of clients that send nothing, or send but never read.
	 */
	@LoopActor(delay = "1s", stage = 10)
	void endOverdue() {
		Duration timeout = this.properties.clientTimeout();
		this.open.forEach((connection) -> connection.endIfOverdue(timeout));
	}

	/**
	 * Receive nothing more, let every client have its answers, and close. Returns when
	 * all connections are closed, or when those that were aborted do not end either:
	 * until they do, they keep their places, after the next start as well.
	 */
	void endAll() throws InterruptedException {
		if (!this.open.isEmpty()) {
			log.info("Giving {} clients their last answers", this.open.size());
		}
		this.open.forEach((connection) -> connection.end("error: stopping"));
		int all = this.properties.maxConnections();
		try {
			if (this.places.tryAcquire(all, this.properties.drainTimeout().toMillis(), TimeUnit.MILLISECONDS)) {
				this.places.release(all); // for the next start
				return;
			}
			log.warn("Closing {} connections without their last answers: the lines were not stored within {} s",
					this.open.size(), this.properties.drainTimeout().toSeconds());
		}
		finally {
			this.open.forEach(LineConnection::abort);
		}
		if (this.places.tryAcquire(all, ABORT_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
			this.places.release(all);
			return;
		}
		log.warn("Leaving {} connections to themselves: they were aborted and did not end within {} s",
				this.open.size(), ABORT_TIMEOUT.toSeconds());
	}

}
