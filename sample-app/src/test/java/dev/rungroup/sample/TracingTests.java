package dev.rungroup.sample;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

import dev.rungroup.annotation.Execute;
import dev.rungroup.annotation.FailureHandler;
import dev.rungroup.annotation.LoopActor;
import dev.rungroup.context.GroupLifecycle;
import dev.rungroup.core.MemberState;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.tracing.Span;
import io.micrometer.tracing.TraceContext;
import io.micrometer.tracing.Tracer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.util.StringUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The log of the sample with the profile {@code tracing} and without it.
 */
@ExtendWith(OutputCaptureExtension.class)
class TracingTests {

	/** What Boot puts before the logger's name: [traceId-spanId]. */
	private static final String IDS = "\\[([0-9a-f]{32})-([0-9a-f]{16})] ";

	private static final Duration LIMIT = Duration.ofSeconds(20);

	@TempDir
	private Path directory;

	@Test
	void linesOfAnExecutionCarryItsTraceAndNoTwoExecutionsHaveTheSame(CapturedOutput output) throws Exception {
		try (ConfigurableApplicationContext application = start(SampleApplication.class,
				"--spring.profiles.active=tracing")) {
			awaitExecutionAfterTheStart(application);
			for (int i = 1; i <= 3; i++) {
				drop("file" + i + ".txt");
				awaitLine(output, "file" + i + ".txt: 1 lines stored");
			}
			assertThat(application.getBean(Tracer.class).nextSpan().context().traceId()).matches("[0-9a-f]{32}");
		}
		List<MatchResult> lines = Pattern
			.compile("\\[ +inbox-reader] " + IDS + "\\S*InboxReader +: file\\d.txt: 1 lines stored")
			.matcher(output.getOut())
			.results()
			.toList();
		assertThat(lines).hasSize(3);
		assertThat(lines).extracting((line) -> line.group(1)).doesNotHaveDuplicates();
		assertThat(lines).extracting((line) -> line.group(2)).doesNotHaveDuplicates();
		// nothing is exported, so nothing complains about it
		assertThat(output.getAll().lines().filter((line) -> line.contains(" WARN ") || line.contains(" ERROR ")))
			.isEmpty();
	}

	@Test
	void nothingIsTheParentOfAnExecutionAlsoIfTheLastOneLeftSomethingOpen(CapturedOutput output) {
		try (ConfigurableApplicationContext application = start(Untidy.class, "--spring.profiles.active=tracing",
				"--run.actors.untidy.retry.delay=20ms")) {
			Untidy untidy = application.getBean(Untidy.class);
			// What began before the context was refreshed has a span, but Boot does not
			// yet put it into the log
			GroupLifecycle lifecycle = application.getBean(GroupLifecycle.class);
			lifecycle.stopMember("untidy");
			Awaitility.await()
				.atMost(LIMIT)
				.until(() -> lifecycle.snapshot()
					.members()
					.stream()
					.anyMatch((member) -> member.name().equals("untidy") && member.state() == MemberState.STOPPED));
			untidy.spans.clear();
			lifecycle.startMember("untidy");
			Awaitility.await().atMost(LIMIT).until(() -> untidy.spans.size() >= 3);
			assertThat(untidy.spans).extracting(TraceContext::traceId).doesNotHaveDuplicates();
			assertThat(untidy.spans).extracting(TraceContext::parentId).containsOnlyNulls();
			assertThat(untidy.spans).allSatisfy(
					(span) -> assertThat(output.getOut()).contains("[" + span.traceId() + "-" + span.spanId() + "]"));
		}
	}

	@Test
	void theLinesAboutAFailureCarryTheTraceOfItsExecution(CapturedOutput output) {
		try (ConfigurableApplicationContext application = start(Untidy.class, "--spring.profiles.active=tracing",
				"--run.actors.untidy.retry.delay=20ms")) {
			// The first may have no ids: see above
			Awaitility.await().atMost(LIMIT).untilAsserted(() -> {
				List<String> executions = traces(output, "\\S*Untidy +: Untidy");
				assertThat(executions).isNotEmpty();
				assertThat(traces(output, "\\S*Untidy +: The handler was told")).containsAnyElementsOf(executions);
				assertThat(traces(output, "\\S*GroupLifecycle +: Actor 'untidy' failed"))
					.containsAnyElementsOf(executions);
			});
			assertThat(application.isActive()).isTrue();
		}
	}

	private static List<String> traces(CapturedOutput output, String line) {
		return Pattern.compile("\\[ +untidy] " + IDS + line)
			.matcher(output.getOut())
			.results()
			.map((result) -> result.group(1))
			.toList();
	}

	@Test
	void withoutTheProfileThereAreNoIdsAndNoPlaceForThem(CapturedOutput output) throws Exception {
		try (ConfigurableApplicationContext application = start(SampleApplication.class)) {
			drop("file.txt");
			awaitLine(output, "file.txt: 1 lines stored");
			assertThat(application.getBean(Tracer.class).nextSpan()).isSameAs(Span.NOOP);
		}
		assertThat(output.getOut()).doesNotContainPattern(IDS)
			.containsPattern("\\[ +inbox-reader] \\S*InboxReader +: file.txt: 1 lines stored");
	}

	private ConfigurableApplicationContext start(Class<?> source, String... more) {
		String[] arguments = { "--server.port=0", "--sample.port=0",
				"--sample.data-directory=" + this.directory.resolve("data"),
				"--sample.inbox=" + this.directory.resolve("inbox"), "--run.actors.inbox-reader.delay=20ms" };
		return new SpringApplicationBuilder(SampleApplication.class, source)
			.run(StringUtils.concatenateStringArrays(arguments, more));
	}

	/**
	 * What began before the context was refreshed has a span, but Boot does not yet put
	 * it into the log.
	 */
	private static void awaitExecutionAfterTheStart(ConfigurableApplicationContext application) {
		long before = executions(application);
		Awaitility.await().atMost(LIMIT).until(() -> executions(application) > before);
	}

	private static long executions(ConfigurableApplicationContext application) {
		return application.getBean(GroupLifecycle.class)
			.snapshot()
			.members()
			.stream()
			.filter((member) -> member.name().equals("inbox-reader"))
			.findFirst()
			.orElseThrow()
			.executions();
	}

	private void drop(String name) throws IOException {
		Path part = Files.writeString(this.directory.resolve(name), "traced 1\n");
		Awaitility.await().atMost(LIMIT).until(() -> Files.exists(this.directory.resolve("inbox/failed")));
		Files.move(part, this.directory.resolve("inbox").resolve(name));
	}

	private static void awaitLine(CapturedOutput output, String text) {
		Awaitility.await().atMost(LIMIT).until(() -> output.getOut().contains(text));
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
