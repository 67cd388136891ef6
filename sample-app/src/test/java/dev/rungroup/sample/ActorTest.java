package dev.rungroup.sample;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import dev.rungroup.test.AutoConfigureTestActors;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.system.OutputCaptureExtension;

/**
 * A test of actors of the sample with the pauses that they have in production: the test
 * starts them and moves their time. The database is in memory, nobody answers HTTP.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@SpringBootTest(webEnvironment = WebEnvironment.NONE,
		properties = { "sample.port=0", "sample.inbox=target/inbox/${random.uuid}",
				"spring.datasource.url=jdbc:h2:mem:${random.uuid}", "run.actors.flaky.enabled=true" })
@AutoConfigureTestActors
@ExtendWith(OutputCaptureExtension.class)
@interface ActorTest {

}
