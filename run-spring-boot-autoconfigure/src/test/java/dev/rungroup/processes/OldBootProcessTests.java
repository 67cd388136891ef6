package dev.rungroup.processes;

import java.nio.file.Path;
import java.util.List;

import dev.rungroup.processes.ForkedJvm.Ended;
import net.bytebuddy.ByteBuddy;
import net.bytebuddy.implementation.FixedValue;
import net.bytebuddy.matcher.ElementMatchers;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.SpringBootVersion;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * An application whose Spring Boot says that it is too old for us.
 */
@Tag("once")
class OldBootProcessTests {

	@Test
	void startEndsWithASentence(@TempDir Path directory) throws Exception {
		new ByteBuddy().redefine(SpringBootVersion.class)
			.method(ElementMatchers.named("getVersion"))
			.intercept(FixedValue.value("3.5.8"))
			.make()
			.saveIn(directory.toFile());
		try (ForkedJvm jvm = ForkedJvm.startWithoutArchive(List.of("-Xbootclasspath/a:" + directory),
				StallApplication.class, List.of("--spring.main.web-application-type=none"), ForkedJvm.UNUSED)) {
			Ended ended = jvm.awaitEnd();
			assertThat(ended.code()).as(ended.toString()).isEqualTo(1);
			assertThat(ended.containing(
					"run-spring-boot-starter needs Spring Boot 4.0 or later, but this application uses Spring Boot 3.5.8."))
				.as(ended.toString())
				.hasSize(1);
			assertThat(ended.containing("\tat ")).as(ended.toString()).isEmpty();
			assertThat(ended.count("TURN 1")).as(ended.toString()).isZero();
		}
	}

}
