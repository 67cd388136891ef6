package dev.rungroup.sample;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client. Each of its lines is answered with {@code ok} once it is stored or with
 * {@code error: <why>} once it is clear that it never will be, in the order of the lines.
 * A connection that ends without an answer leaves the client in doubt, as the network
 * could do at any time.
 * <p>
 * What the client has sent so far is stored together, so memory is bounded by the number
 * of lines per round, and a client that sends faster than the database stores is slowed
 * down by TCP.
 */
final class LineConnection {

	private static final Logger log = LoggerFactory.getLogger(LineConnection.class);

	private static final int MAX_LINES_PER_ROUND = 100;

	private final Socket socket;

	private final LineQueue queue;

	private final Duration queueTimeout;

	private final int maxLineLength;

	private volatile Waiting waiting = Waiting.forNobody();

	private volatile @Nullable String goodbye;

	private volatile @Nullable Thread thread;

	LineConnection(Socket socket, LineQueue queue, SampleProperties properties) {
		this.socket = socket;
		this.queue = queue;
		this.queueTimeout = properties.queueTimeout();
		this.maxLineLength = (int) properties.maxLineLength().toBytes();
	}

	/**
	 * Serve the client until one of both sides ends the connection.
	 */
	void serve() {
		this.thread = Thread.currentThread();
		try (this.socket; OutputStream out = new BufferedOutputStream(this.socket.getOutputStream())) {
			LineReader reader = new LineReader(this.socket.getInputStream(), this.maxLineLength);
			boolean more = true;
			while (more && this.goodbye == null) {
				List<Answer> answers = new ArrayList<>();
				more = receive(reader, answers);
				for (Answer answer : answers) {
					write(out, answer.await());
				}
				flush(out);
			}
			String goodbye = this.goodbye;
			if (goodbye != null) {
				write(out, goodbye);
				flush(out);
			}
		}
		catch (IOException ex) {
			log.debug("Connection lost", ex);
		}
		catch (InterruptedException ex) {
			log.debug("Connection aborted", ex); // this thread ends here
		}
		finally {
			this.thread = null;
		}
	}

	/**
	 * Receive what the client has sent so far, waiting for the first line only.
	 * @return {@code false} at the end of its lines
	 */
	private boolean receive(LineReader reader, List<Answer> answers) throws IOException, InterruptedException {
		do {
			try {
				byte[] bytes = next(reader);
				if (bytes == null || this.goodbye != null) {
					return false; // after a goodbye this may be half a line
				}
				Line line = new Line(UUID.randomUUID().toString(), LineProtocol.parse(bytes));
				if (!this.queue.offer(line, this.queueTimeout)) {
					throw new RejectedLineException("too many lines are waiting to be stored, try again later");
				}
				answers.add(() -> answerFor(line));
			}
			catch (RejectedLineException ex) {
				answers.add(() -> "error: " + ex.getMessage());
			}
		}
		while (reader.hasLine() && answers.size() < MAX_LINES_PER_ROUND && this.goodbye == null);
		return true;
	}

	private byte @Nullable [] next(LineReader reader) throws IOException, RejectedLineException {
		this.waiting = Waiting.forLine();
		try {
			return reader.next();
		}
		finally {
			// also after a line that is too long: the client has sent it
			this.waiting = Waiting.forNobody();
		}
	}

	private static String answerFor(Line line) throws InterruptedException {
		try {
			line.awaitStored();
			return "ok";
		}
		catch (RejectedLineException ex) {
			return "error: " + ex.getMessage();
		}
	}

	private void write(OutputStream out, String answer) throws IOException {
		this.waiting = Waiting.forReader();
		out.write((answer + "\n").getBytes(StandardCharsets.UTF_8));
		this.waiting = Waiting.forNobody();
	}

	private void flush(OutputStream out) throws IOException {
		this.waiting = Waiting.forReader();
		out.flush();
		this.waiting = Waiting.forNobody();
	}

	/**
	 * Receive no further line; answer what was received, say goodbye and close.
	 */
	void end(String goodbye) {
		this.goodbye = goodbye;
		try {
			this.socket.shutdownInput(); // a read that waits now returns
		}
		catch (IOException ex) {
			log.debug("Connection was closed already", ex);
		}
	}

	void endIfOverdue(Duration timeout) {
		Waiting waiting = this.waiting;
		if (!waiting.isLongerThan(timeout)) {
			return;
		}
		if (waiting.forWhat() == ClientsTurn.TO_SEND && this.goodbye == null) {
			end("error: no line for " + timeout.toSeconds() + " seconds");
		}
		else {
			log.info("Client {} does not read its answers: closing", this.socket.getRemoteSocketAddress());
			abort();
		}
	}

	/**
	 * Close at once, whatever is under way.
	 */
	void abort() {
		try {
			this.socket.close();
		}
		catch (IOException ex) {
			log.debug("Could not close", ex);
		}
		Thread thread = this.thread;
		if (thread != null) {
			thread.interrupt();
		}
	}

	/**
	 * An answer that may still have to be waited for.
	 */
	private interface Answer {

		String await() throws InterruptedException;

	}

	private enum ClientsTurn {

		NO, TO_SEND, TO_READ

	}

	/**
	 * What the connection waits for, and since when: a client is overdue, a database is
	 * not.
	 */
	private record Waiting(ClientsTurn forWhat, long since) {

		static Waiting forNobody() {
			return new Waiting(ClientsTurn.NO, System.nanoTime());
		}

		static Waiting forLine() {
			return new Waiting(ClientsTurn.TO_SEND, System.nanoTime());
		}

		static Waiting forReader() {
			return new Waiting(ClientsTurn.TO_READ, System.nanoTime());
		}

		boolean isLongerThan(Duration timeout) {
			return this.forWhat != ClientsTurn.NO && System.nanoTime() - this.since > timeout.toNanos();
		}

	}

}
