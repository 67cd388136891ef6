package dev.rungroup.servers;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * A Redis that can be stopped, killed and started again. It writes every change to disk.
 */
public final class RedisServer extends LocalServer {

	private final Path program;

	private RedisServer(Path program) throws IOException {
		this.program = program;
	}

	/**
	 * Start an empty one. Without the program the test is skipped, but fails where the
	 * environment variable {@code CI} is {@code true}.
	 */
	public static RedisServer start() throws IOException, InterruptedException {
		RedisServer server = new RedisServer(find("redis-server", "redis-server"));
		try {
			server.restart();
			return server;
		}
		catch (IOException | InterruptedException | RuntimeException ex) {
			server.close();
			throw ex;
		}
	}

	/**
	 * Send a command and return the first line of the answer.
	 */
	public String send(String command) throws IOException {
		try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port())) {
			socket.setSoTimeout(20_000);
			socket.getOutputStream().write((command + "\r\n").getBytes(StandardCharsets.UTF_8));
			String answer = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))
				.readLine();
			if (answer == null) {
				throw new IOException("No answer to " + command);
			}
			return answer;
		}
	}

	@Override
	List<String> command() {
		return List.of(this.program.toString(), "--bind", "127.0.0.1", "--port", Integer.toString(port()),
				"--appendonly", "yes", "--appendfsync", "always");
	}

	@Override
	String stopSignal() {
		return "TERM";
	}

	@Override
	void ping() throws IOException {
		String answer = send("PING");
		if (!answer.equals("+PONG")) {
			throw new IOException(answer);
		}
	}

}
