package dev.rungroup.autoconfigure.exit;

import java.time.Duration;

import dev.rungroup.autoconfigure.exit.RunExitAutoConfigurationTests.Application;
import dev.rungroup.autoconfigure.exit.RunExitAutoConfigurationTests.Orders;
import dev.rungroup.context.GroupLifecycle;
import dev.rungroup.core.GroupState;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * An actor that fails in a {@link SpringBootTest} ends neither the JVM nor the context,
 * which Spring's test framework would miss, even when the application's own configuration
 * says to exit.
 */
@SpringBootTest(classes = Application.class, properties = "run.on-shutdown=exit",
		webEnvironment = SpringBootTest.WebEnvironment.NONE)
@ExtendWith(OutputCaptureExtension.class)
class SpringBootTestExitTests {

	@Test
	void neitherTheJvmNorTheContextIsEnded(@Autowired ConfigurableApplicationContext context,
			@Autowired GroupLifecycle lifecycle, @Autowired Orders orders, CapturedOutput output) {
		orders.fail();
		Awaitility.await()
			.atMost(Duration.ofSeconds(30))
			.until(() -> lifecycle.snapshot().state() == GroupState.STOPPED);
		RunExitAutoConfigurationTests.awaitExitThread();
		assertThat(context.isActive()).isTrue();
		assertThat(output).containsOnlyOnce("The application context stays open without its actors");
	}

}
