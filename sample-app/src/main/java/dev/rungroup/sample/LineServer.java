package dev.rungroup.sample;

import java.io.IOException;
import java.net.BindException;
import java.net.ServerSocket;

import dev.rungroup.annotation.Actor;
import dev.rungroup.annotation.Execute;
import dev.rungroup.annotation.Interrupt;
import dev.rungroup.core.MemberContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes lines over TCP.
 * <p>
 * An {@code @Actor} keeps the policies as they are: if this one fails, because its port
 * is taken for example, the application ends with an exit code other than 0. A stage
 * above the {@link LineWriter}'s makes it start after the writers and stop before them,
 * so that clients get the answers to what they have sent.
 */
@Actor(stage = 10, readyTimeout = "10s")
class LineServer {

	private static final Logger log = LoggerFactory.getLogger(LineServer.class);

	private final Connections connections;

	private final int port;

	private volatile @Nullable ServerSocket socket;

	LineServer(Connections connections, SampleProperties properties) {
		this.connections = connections;
		this.port = properties.port();
	}

	@Execute
	void accept(MemberContext context) throws IOException, InterruptedException {
		try (ServerSocket socket = listen()) {
			this.socket = socket;
			log.info("Listening for lines on port {}", socket.getLocalPort());
			context.ready();
			// asked after the socket is published: an interrupt sees the socket or is
			// seen here
			while (!context.isStopping()) {
				this.connections.open(socket.accept());
			}
		}
		catch (IOException ex) {
			if (!context.isStopping()) {
				throw ex;
			}
		}
		finally {
			this.socket = null;
			this.connections.endAll();
		}
	}

	private ServerSocket listen() throws IOException {
		try {
			return new ServerSocket(this.port);
		}
		catch (BindException ex) {
			throw new IOException("Cannot listen on port " + this.port + ", set another one with 'sample.port'", ex);
		}
	}

	/**
	 * {@code accept()} does not react to {@code Thread.interrupt()}, but it does when its
	 * socket is closed.
	 */
	@Interrupt
	void closeSocket() throws IOException {
		ServerSocket socket = this.socket;
		if (socket != null) {
			socket.close();
		}
	}

	/**
	 * Return the port, for those who configured 0.
	 * @return the port, 0 while nobody listens
	 */
	int localPort() {
		ServerSocket socket = this.socket;
		return (socket != null) ? socket.getLocalPort() : 0;
	}

}
