package dev.rungroup.sample;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

import dev.rungroup.core.MemberState;
import dev.rungroup.test.AutoConfigureTestActors;
import dev.rungroup.test.TestActors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the actors of {@link SampleApplication} as time passes, with the pauses that
 * they have in production.
 */
@SpringBootTest(webEnvironment = WebEnvironment.NONE,
		properties = { "run.actors.flaky.enabled=true", "spring.datasource.url=jdbc:h2:mem:actor-time" })
@AutoConfigureTestActors
class ActorTimeTests {

	@TempDir
	static Path inbox;

	@Autowired
	private TestActors actors;

	@Autowired
	private JdbcClient jdbc;

	@DynamicPropertySource
	static void directories(DynamicPropertyRegistry registry) {
		registry.add("sample.inbox", () -> inbox.toString());
	}

	@Test
	void flakyActorGivesUpAfterThreeRestarts() {
		this.actors.start("flaky");
		assertThat(this.actors).actor("flaky").hasFailed(1).pausesFor(Duration.ofMillis(500));
		this.actors.advance(Duration.ofMillis(500));
		assertThat(this.actors).actor("flaky").hasFailed(2).pausesFor(Duration.ofSeconds(1));
		this.actors.advance(Duration.ofSeconds(3));
		assertThat(this.actors).actor("flaky")
			.hasState(MemberState.FAILED)
			.hasExecuted(4)
			.hasLastFailure(IllegalStateException.class);
	}

	@Test
	void measurementsThatAreTooOldAreDeletedEachMinute() {
		this.actors.start("housekeeping-delete-old");
		insert("old", Instant.now().minus(Duration.ofDays(31)));
		insert("young", Instant.now().minus(Duration.ofDays(29)));
		this.actors.advance(Duration.ofSeconds(59));
		assertThat(stored()).isEqualTo(2);
		this.actors.advance(Duration.ofSeconds(1));
		assertThat(stored()).isEqualTo(1);
	}

	@Test
	void filesAreReadOneAfterTheOther() throws Exception {
		this.actors.start("line-writer", "inbox-reader");
		for (int i = 0; i < 3; i++) {
			String file = "file-" + i + ".txt";
			Files.move(Files.writeString(inbox.resolve(file + ".part"), "pressure " + i + "\n"), inbox.resolve(file));
			this.actors.advance(Duration.ofMinutes(1));
			assertThat(inbox.resolve("done").resolve(file)).exists();
		}
	}

	private void insert(String id, Instant receivedAt) {
		this.jdbc.sql("INSERT INTO measurement (id, name, amount, received_at) VALUES (?, 'aging', 1, ?)")
			.params(id, receivedAt)
			.update();
	}

	private long stored() {
		return this.jdbc.sql("SELECT COUNT(*) FROM measurement WHERE name = 'aging'").query(Long.class).single();
	}

}
