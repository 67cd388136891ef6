package dev.rungroup.context;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import dev.rungroup.annotation.Actor;
import dev.rungroup.annotation.Execute;
import dev.rungroup.annotation.LoopActor;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.MemberSnapshot;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.mockito.Mockito;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.bean.override.mockito.MockitoBean;
import org.springframework.test.context.bean.override.mockito.MockitoSpyBean;
import org.springframework.test.context.junit.jupiter.SpringJUnitConfig;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;

/**
 * Actors that a test replaces by mocks and spies.
 */
@DirtiesContext
@SpringJUnitConfig(MockedActorTests.Application.class)
@ExtendWith(OutputCaptureExtension.class)
class MockedActorTests {

	@MockitoBean
	Mailer mailer;

	@MockitoBean
	MailSource source;

	@MockitoSpyBean
	Poller poller;

	@Test
	void mockIsNotExecutedAndASpyIs(@Autowired GroupLifecycle lifecycle) throws Exception {
		assertThat(this.poller.executed.await(10, TimeUnit.SECONDS)).isTrue();
		Mockito.verify(this.poller, Mockito.atLeastOnce()).poll(any());
		Mockito.verifyNoInteractions(this.mailer, this.source);
		assertThat(lifecycle.disabledActors()).containsExactlyInAnyOrder("mailer", "source");
		assertThat(lifecycle.snapshot().members()).extracting(MemberSnapshot::name).containsExactly("poller");
	}

	@Test
	void mockIsNamedInOneLine(CapturedOutput output) {
		try (AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext(
				MockConfiguration.class)) {
			assertThat(context.getBean(GroupLifecycle.class).disabledActors()).containsExactly("mailer");
		}
		assertThat(output.toString().lines().filter((line) -> line.contains("(bean 'mailer'"))).singleElement()
			.asString()
			.contains("INFO")
			.contains("Actor 'mailer' (bean 'mailer', method ")
			.contains("is not executed: its bean is a Mockito mock.");
	}

	@Configuration(proxyBeanMethods = false)
	@Import({ Mailer.class, Poller.class, GroupLifecycle.class })
	static class Application {

		@Bean
		MailSource source() {
			return new MailSource() {
			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	@Import(GroupLifecycle.class)
	static class MockConfiguration {

		@Bean
		Mailer mailer() {
			return Mockito.mock();
		}

	}

	@Actor("mailer")
	static class Mailer {

		@Execute
		void work() {
			throw new IllegalStateException("A mock is not executed");
		}

	}

	@LoopActor("source")
	abstract static class MailSource implements Callable<String> {

		@Override
		public String call() {
			return "";
		}

	}

	static class Poller {

		final CountDownLatch executed = new CountDownLatch(1);

		@Actor("poller")
		void poll(MemberContext context) throws InterruptedException {
			this.executed.countDown();
			context.sleep(Duration.ofHours(1));
		}

	}

}
