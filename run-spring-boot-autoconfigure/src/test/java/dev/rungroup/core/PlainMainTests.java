package dev.rungroup.core;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * The jar of the core in a program of its own, without Spring on its class path.
 */
@Timeout(120)
class PlainMainTests {

	@Test
	void aProgramThatRunsAGroupEndsWhenTheGroupDoes() {
		try (JavaProgram program = JavaProgram.start(RunsGroup.class, "return")) {
			assertThat(program.exitCode()).as(() -> "exit code after " + program.output()).isZero();
			assertThat(program.output()).containsSubsequence("worker runs", "server interrupted MEMBER_DONE",
					"run returned");
		}
	}

	@Test
	void aProgramWhoseGroupFailsEndsWithCodeOne() {
		try (JavaProgram program = JavaProgram.start(RunsGroup.class, "fail")) {
			assertThat(program.exitCode()).isOne();
			assertThat(program.output()).contains("server interrupted MEMBER_FAILED")
				.anyMatch((line) -> line.contains("java.io.IOException: broken"))
				.doesNotContain("run returned");
		}
	}

	@Test
	void aProgramThatOnlyStartsAGroupLivesUntilTheGroupEnds() {
		try (JavaProgram program = JavaProgram.start(StartsGroup.class)) {
			assertThat(program.exitCode()).as(() -> "exit code after " + program.output()).isZero();
			assertThat(program.output()).containsSubsequence("main is over", "worker ends", "stopped MEMBER_DONE");
		}
	}

	@Test
	void thereIsNoSpringOnTheClassPathOfTheseProgramsAndNoneIsMissed() {
		try (JavaProgram program = JavaProgram.start(UsesEverything.class)) {
			assertUsesEverything(program);
		}
	}

	@Test
	void theJarOfTheCoreIsEnoughWithoutItsNullAnnotations() {
		try (JavaProgram program = JavaProgram.startOnCoreAlone(UsesEverything.class)) {
			assertUsesEverything(program);
		}
	}

	private static void assertUsesEverything(JavaProgram program) {
		assertThat(program.exitCode()).as(() -> "exit code after " + program.output()).isZero();
		assertThat(program.output()).containsExactly("no Spring", "loop returned", "retried 3", "group returned");
	}

	@Test
	void theJarOfTheCoreHasTheCoreAndNothingElse() throws IOException {
		assumeThat(JavaProgram.CORE).endsWith("-core.jar");
		try (JarFile jar = new JarFile(JavaProgram.CORE)) {
			assertThat(jar.stream().filter((entry) -> !entry.isDirectory()).map(JarEntry::getName))
				.contains("dev/rungroup/core/Group.class", "dev/rungroup/core/package-info.class",
						"META-INF/MANIFEST.MF")
				.allMatch((name) -> name.startsWith("dev/rungroup/core/") || name.startsWith("META-INF/MA")
						|| name.startsWith("META-INF/maven/"));
			assertThat(jar.getManifest().getMainAttributes().getValue("Automatic-Module-Name"))
				.isEqualTo("dev.rungroup.core");
		}
	}

	static final class RunsGroup {

		public static void main(String[] arguments) throws Exception {
			Group group = new Group();
			CountDownLatch serving = new CountDownLatch(1);
			CountDownLatch stop = new CountDownLatch(1);
			group.add(Member.named("server").execute(() -> {
				serving.countDown();
				stop.await();
			}).interrupt((reason) -> {
				System.out.println("server interrupted " + reason.kind());
				stop.countDown();
			}).build());
			group.add(Member.named("worker").execute(() -> {
				serving.await();
				System.out.println("worker runs");
				if (arguments[0].equals("fail")) {
					throw new IOException("broken");
				}
			}).build());
			group.run();
			System.out.println("run returned");
		}

	}

	static final class StartsGroup {

		public static void main(String[] arguments) {
			CountDownLatch mainIsOver = new CountDownLatch(1);
			Thread main = Thread.currentThread();
			Group group = Group.builder().listener(new GroupListener() {

				@Override
				public void groupStopped(StopReason reason) {
					System.out.println("stopped " + reason.kind());
				}

			}).build();
			group.add(Member.named("worker").execute((context) -> {
				mainIsOver.await();
				main.join();
				context.sleep(Duration.ofMillis(300));
				System.out.println("worker ends");
			}).build());
			group.start();
			System.out.println("main is over");
			mainIsOver.countDown();
		}

	}

	static final class UsesEverything {

		public static void main(String[] arguments) throws Exception {
			try {
				Class.forName("org.springframework.context.ApplicationContext");
				System.out.println("Spring");
			}
			catch (ClassNotFoundException ex) {
				System.out.println("no Spring");
			}
			Loop loop = new Loop();
			loop.add(Member.named("turn").execute((context) -> {
				if (context.execution() == 3) {
					loop.stop();
				}
			}).build());
			loop.run();
			System.out.println("loop returned");
			int iterations = Retry.with(Backoff.fixed(Duration.ofMillis(1))).call((attempt) -> {
				if (attempt.iteration() < 3) {
					throw new IOException("not yet");
				}
				return attempt.iteration();
			});
			System.out.println("retried " + iterations);
			try (Group group = new Group()) {
				group.add(Members.signals());
				group.add(() -> {
				}, (reason) -> {
				});
				group.run();
			}
			System.out.println("group returned");
		}

	}

}
