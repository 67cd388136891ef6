package dev.rungroup.sample;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * A client as a user would write it. Every wait ends after 20 seconds, with an exception.
 */
final class LineClient implements Closeable {

	private final Socket socket;

	private final BufferedReader answers;

	LineClient(int port) throws IOException {
		this.socket = new Socket("localhost", port);
		this.socket.setSoTimeout(20_000);
		this.answers = new BufferedReader(new InputStreamReader(this.socket.getInputStream(), StandardCharsets.UTF_8));
	}

	/**
	 * Send all of this, end the output as {@code nc -q1} does, and read the answers.
	 */
	static List<String> exchange(int port, String text) throws IOException {
		return exchange(port, text.getBytes(StandardCharsets.UTF_8));
	}

	static List<String> exchange(int port, byte[] bytes) throws IOException {
		try (LineClient client = new LineClient(port)) {
			client.send(bytes);
			client.socket.shutdownOutput();
			return client.rest();
		}
	}

	void send(String... lines) throws IOException {
		send((String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8));
	}

	void send(byte[] bytes) throws IOException {
		this.socket.getOutputStream().write(bytes);
	}

	/**
	 * Return the next answer, or {@code null} if the server has closed the connection.
	 */
	@Nullable String answer() throws IOException {
		return this.answers.readLine();
	}

	List<String> answers(int count) throws IOException {
		List<String> answers = new ArrayList<>();
		while (answers.size() < count) {
			String answer = answer();
			if (answer == null) {
				break;
			}
			answers.add(answer);
		}
		return answers;
	}

	List<String> rest() throws IOException {
		return answers(Integer.MAX_VALUE);
	}

	boolean hasAnswer() throws IOException {
		return this.answers.ready();
	}

	@Override
	public void close() throws IOException {
		this.socket.close();
	}

}
