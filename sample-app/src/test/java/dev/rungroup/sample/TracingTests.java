package dev.rungroup.sample;

import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

import dev.rungroup.annotation.Execute;
import dev.rungroup.annotation.FailureHandler;
import dev.rungroup.annotation.LoopActor;
import dev.rungroup.context.GroupLifecycle;
import dev.rungroup.test.TestActors;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.tracing.Span;
import io.micrometer.tracing.TraceContext;
import io.micrometer.tracing.Tracer;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.boot.logging.LoggingSystemProperty;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.context.annotation.Import;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.ActiveProfiles;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The log of the sample with the profile {@code tracing}. {@link ActorTimeTests} looks at
 * it without. All contexts of a JVM share what the first open one has made of the log.
 */
@Tag("once")
@ActorTest
@ActiveProfiles("tracing")
@Import(TracingTests.Untidy.class)
@DirtiesContext
class TracingTests {

	/** What Boot puts before the logger's name: [traceId-spanId]. */
	static final String IDS = "\\[([0-9a-f]{32})-([0-9a-f]{16})] ";

	@Autowired
	private TestActors actors;

	@BeforeAll
	static void forgetTheLogOfOtherContexts() {
		LoggingSystem.get(TracingTests.class.getClassLoader()).cleanUp();
	}

	@AfterAll
	static void forgetThePlaceOfTheIds() {
		System.clearProperty(LoggingSystemProperty.CORRELATION_PATTERN.getEnvironmentVariableName());
	}

	@Test
	void linesOfAnExecutionCarryItsTraceAndNoTwoExecutionsHaveTheSame(CapturedOutput output, @Autowired Tracer tracer,
			@Autowired SampleProperties properties, @Autowired ObjectProvider<SpanExporter> exporters)
			throws Exception {
		this.actors.start("line-writer", "inbox-reader");
		for (int i = 1; i <= 3; i++) {
			Files.writeString(properties.inbox().resolve("file" + i + ".txt"), "traced 1\n");
			this.actors.advance(Duration.ofSeconds(1));
		}
		assertThat(tracer.nextSpan().context().traceId()).matches("[0-9a-f]{32}");
		List<MatchResult> lines = lines(output, "inbox-reader", "\\S*InboxReader +: file\\d.txt: 1 lines stored");
		assertThat(lines).hasSize(3);
		assertThat(lines).extracting((line) -> line.group(1)).doesNotHaveDuplicates();
		assertThat(lines).extracting((line) -> line.group(2)).doesNotHaveDuplicates();
		// nothing is exported, so nothing complains about it
		assertThat(exporters).isEmpty();
		assertThat(output.getAll().lines().filter((line) -> line.contains(" WARN ") || line.contains(" ERROR ")))
			.isEmpty();
	}

	@Test
	void nothingIsTheParentOfAnExecutionAlsoIfTheLastOneLeftSomethingOpen(CapturedOutput output,
			@Autowired Untidy untidy) {
		untidy.spans.clear();
		this.actors.start("untidy");
		this.actors.advance(Duration.ofSeconds(3));
		assertThat(untidy.spans).hasSize(3);
		assertThat(untidy.spans).extracting(TraceContext::traceId).doesNotHaveDuplicates();
		assertThat(untidy.spans).extracting(TraceContext::parentId).containsOnlyNulls();
		assertThat(untidy.spans).allSatisfy(
				(span) -> assertThat(output.getOut()).contains("[" + span.traceId() + "-" + span.spanId() + "]"));
	}

	@Test
	void theLinesAboutAFailureCarryTheTraceOfItsExecution(CapturedOutput output) {
		this.actors.start("untidy");
		List<MatchResult> lines = lines(output, "untidy",
				"\\S*(Untidy +: Untidy|Untidy +: The handler was told|GroupLifecycle +: Actor 'untidy' failed)");
		assertThat(lines).extracting((line) -> line.group(3)).hasSize(3).doesNotHaveDuplicates();
		assertThat(lines.stream().map((line) -> line.group(1)).distinct()).hasSize(1);
	}

	private static List<MatchResult> lines(CapturedOutput output, String thread, String line) {
		return Pattern.compile("\\[ +" + thread + "] " + IDS + line).matcher(output.getOut()).results().toList();
	}

	/**
	 * Leaves an observation open in each execution, and another one where it hears of the
	 * failure.
	 */
	@LoopActor
	static class Untidy {

		private static final Logger log = LoggerFactory.getLogger(Untidy.class);

		private final List<TraceContext> spans = new CopyOnWriteArrayList<>();

		private final ObservationRegistry registry;

		private final Tracer tracer;

		Untidy(ObservationRegistry registry, Tracer tracer) {
			this.registry = registry;
			this.tracer = tracer;
		}

		@Execute
		void execute() {
			log.info("Untidy");
			Span span = this.tracer.currentSpan();
			if (span != null) {
				this.spans.add(span.context());
			}
			Observation.start("left open", this.registry).openScope();
			throw new IllegalStateException("untidy");
		}

		@FailureHandler
		void failed() {
			log.info("The handler was told");
			Observation.start("left open", this.registry).openScope();
		}

	}

}
