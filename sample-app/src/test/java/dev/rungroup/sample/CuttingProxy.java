package dev.rungroup.sample;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;

/**
 * A network between application and database that lets requests through and loses answers
 * when told to: what was asked has been done, but nobody hears of it.
 */
final class CuttingProxy implements Closeable {

	private final ServerSocket server;

	private final int target;

	private final AtomicInteger answersUntilCut = new AtomicInteger(Integer.MAX_VALUE);

	/** After how many more the one after that is lost. */
	private volatile IntSupplier next = () -> Integer.MAX_VALUE;

	private final AtomicInteger cuts = new AtomicInteger();

	CuttingProxy(int target) throws IOException {
		this.server = new ServerSocket(0);
		this.target = target;
		start("proxy-accept", this::accept);
	}

	int port() {
		return this.server.getLocalPort();
	}

	/**
	 * Lose the answer that comes after that many others, and the connection with it.
	 */
	void cutAfter(int answers) {
		cutAfter(answers, () -> Integer.MAX_VALUE);
	}

	/**
	 * The same again and again.
	 */
	void cutAfter(IntSupplier answers) {
		cutAfter(answers.getAsInt(), answers);
	}

	private void cutAfter(int answers, IntSupplier next) {
		this.next = next;
		this.answersUntilCut.set(answers);
	}

	int cuts() {
		return this.cuts.get();
	}

	private void accept() throws IOException {
		while (true) {
			Socket client = this.server.accept();
			start("proxy-connect", () -> connect(client));
		}
	}

	private void connect(Socket client) throws IOException {
		try {
			Socket database = new Socket("localhost", this.target);
			start("proxy-answers", () -> pump(database, client, true));
			pump(client, database, false);
		}
		finally {
			client.close();
		}
	}

	private void pump(Socket from, Socket to, boolean answers) throws IOException {
		try (from; to) {
			InputStream in = from.getInputStream();
			OutputStream out = to.getOutputStream();
			byte[] buffer = new byte[64 * 1024];
			for (int length = in.read(buffer); length > 0; length = in.read(buffer)) {
				if (answers && this.answersUntilCut.getAndDecrement() == 0) {
					this.cuts.incrementAndGet();
					this.answersUntilCut.set(this.next.getAsInt());
					return;
				}
				out.write(buffer, 0, length);
			}
		}
	}

	@Override
	public void close() throws IOException {
		this.server.close();
	}

	private static void start(String name, Pump pump) {
		Thread thread = new Thread(() -> {
			try {
				pump.run();
			}
			catch (IOException ex) {
				// one side is gone, so is this connection
			}
		}, name);
		thread.setDaemon(true);
		thread.start();
	}

	private interface Pump {

		void run() throws IOException;

	}

}
