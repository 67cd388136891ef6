package dev.rungroup.sample;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

import dev.rungroup.core.MemberState;
import dev.rungroup.test.TestActors;
import io.micrometer.tracing.Span;
import io.micrometer.tracing.Tracer;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.jdbc.core.simple.JdbcClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the actors of {@link SampleApplication} as time passes.
 */
@ActorTest
class ActorTimeTests {

	@Autowired
	private TestActors actors;

	@Autowired
	private JdbcClient jdbc;

	@Test
	void flakyActorGivesUpAfterThreeRestartsAndTheOthersGoOn() {
		this.actors.start("flaky", "line-writer");
		assertThat(this.actors).actor("flaky").hasFailed(1).pausesFor(Duration.ofMillis(500));
		this.actors.advance(Duration.ofMillis(500));
		assertThat(this.actors).actor("flaky").hasFailed(2).pausesFor(Duration.ofSeconds(1));
		this.actors.advance(Duration.ofSeconds(3));
		assertThat(this.actors).actor("flaky")
			.hasState(MemberState.FAILED)
			.hasExecuted(4)
			.hasLastFailure(IllegalStateException.class)
			.actor("line-writer-1")
			.hasState(MemberState.RUNNING);
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
	void filesAreReadOneAfterTheOther(@Autowired SampleProperties properties) throws Exception {
		Path inbox = properties.inbox();
		this.actors.start("line-writer", "inbox-reader");
		for (int i = 0; i < 3; i++) {
			String file = "file-" + i + ".txt";
			Files.writeString(inbox.resolve(file), "pressure " + i + "\n");
			this.actors.advance(Duration.ofSeconds(1));
			assertThat(inbox.resolve("done").resolve(file)).exists();
		}
	}

	@Test
	void withoutTheProfileTracingTheLogHasNoIdsAndNoPlaceForThem(CapturedOutput output, @Autowired Tracer tracer) {
		this.actors.start("flaky");
		assertThat(tracer.nextSpan()).isSameAs(Span.NOOP);
		assertThat(output.getOut()).doesNotContainPattern(TracingTests.IDS)
			.containsPattern("\\[ +flaky] \\S*Flaky +: The failure handler was told");
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
