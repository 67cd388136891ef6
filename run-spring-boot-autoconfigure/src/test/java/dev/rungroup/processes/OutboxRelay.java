package dev.rungroup.processes;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;

import javax.sql.DataSource;

import dev.rungroup.annotation.Execute;
import dev.rungroup.annotation.LoopActor;
import dev.rungroup.core.MemberContext;

import org.springframework.beans.factory.annotation.Value;

@LoopActor(delay = "200ms")
class OutboxRelay {

	private final HttpClient http = HttpClient.newHttpClient();

	private final DataSource dataSource;

	private final URI target;

	OutboxRelay(DataSource dataSource, @Value("${outbox.target}") URI target) {
		this.dataSource = dataSource;
		this.target = target;
	}

	@Execute
	void relay(MemberContext context) throws Exception {
		boolean more = true;
		while (more && !context.isStopping()) {
			more = relayNext();
		}
	}

	private boolean relayNext() throws Exception {
		try (Connection connection = this.dataSource.getConnection();
				Statement statement = connection.createStatement()) {
			connection.setAutoCommit(false);
			ResultSet row = statement
				.executeQuery("SELECT id, body FROM outbox ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED");
			if (!row.next()) {
				return false;
			}
			long id = row.getLong("id");
			post(id, row.getString("body"));
			statement.executeUpdate("DELETE FROM outbox WHERE id = " + id);
			connection.commit();
			return true;
		}
	}

	private void post(long id, String body) throws IOException, InterruptedException {
		HttpRequest request = HttpRequest.newBuilder(this.target)
			.timeout(Duration.ofSeconds(5)) // less than run.shutdown.grace-period
			.header("Idempotency-Key", String.valueOf(id))
			.POST(HttpRequest.BodyPublishers.ofString(body))
			.build();
		int status = this.http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
		if (status / 100 != 2) {
			throw new IOException(this.target + " answered row " + id + " with " + status);
		}
	}

}
