package dev.rungroup.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The core in JVMs that run out of memory, or of threads, while a group ends.
 */
@Timeout(120)
class ScarcityTests {

	private static final List<String> SMALL_HEAP = List.of("-Xmx16m", "-XX:+UseSerialGC", "-XX:-UseGCOverheadLimit");

	@ParameterizedTest
	@ValueSource(strings = { "listener", "interrupter", "handler", "body" })
	void aGroupEndsWhenThereIsMemoryAgainWhoeverUsedItUp(String who) {
		try (JavaProgram program = JavaProgram.start(SMALL_HEAP, UsesMemoryUp.class, who)) {
			assertThat(program.exitCode()).as(() -> "exit code after " + program.output()).isZero();
			assertThat(program.output()).contains("full", "free", "over").containsOnlyOnce("interrupter called");
		}
	}

	@Test
	void anInterrupterThatGetsNoThreadIsCalledAllTheSameAndTheGroupEnds() {
		// Hardly any address space is left for stacks of this size
		List<String> options = List.of("-Xmx64m", "-Xss256m");
		try (JavaProgram program = JavaProgram.startWithLimit(12_000_000, options, UsesThreadsUp.class)) {
			assertThat(program.exitCode()).as(() -> "exit code after " + program.output()).isZero();
			assertThat(program.output()).contains("no more threads", "interrupter called on orders", "over");
		}
	}

	static final class UsesMemoryUp {

		private static final long[][] HOARD = new long[100_000][];

		public static void main(String[] arguments) throws Exception {
			String who = arguments[0];
			// Loads what the JVM itself needs to sleep: without it, that fails for good
			TimeUnit.MILLISECONDS.sleep(1);
			CountDownLatch full = new CountDownLatch(1);
			CountDownLatch stop = new CountDownLatch(1);
			Thread thread = new Thread(() -> giveBackAfter(full));
			thread.setDaemon(true);
			thread.start();
			Group group = Group.builder().listener(new GroupListener() {

				@Override
				public void groupStopping(StopReason reason) {
					useUp("listener", who, full);
				}

			}).build();
			group.add(Member.named("server").execute(() -> stop.await()).interrupt((reason) -> {
				System.out.println("interrupter called");
				stop.countDown();
				useUp("interrupter", who, full);
			}).build());
			group.add(Member.named("worker").execute(() -> {
				useUp("body", who, full);
				throw new IllegalStateException("broken");
			}).failureHandler((failure) -> useUp("handler", who, full)).build());
			group.start();
			if (!isOver(group)) {
				System.out.println(group.snapshot());
				Runtime.getRuntime().halt(3);
			}
			System.out.println("over");
		}

		private static boolean isOver(Group group) throws InterruptedException {
			while (true) {
				try {
					return group.awaitTermination(Duration.ofSeconds(60));
				}
				catch (VirtualMachineError | LinkageError ex) {
					// this thread has no memory either
					Thread.yield();
				}
			}
		}

		private static void useUp(String here, String who, CountDownLatch full) {
			if (here.equals(who)) {
				int next = 0;
				for (int size = 1 << 20; size > 4; size /= 2) {
					try {
						while (next < HOARD.length) {
							HOARD[next] = new long[size];
							next++;
						}
					}
					catch (OutOfMemoryError ex) {
						// with less, then
					}
				}
				full.countDown();
				throw new OutOfMemoryError("nothing is left");
			}
		}

		private static void giveBackAfter(CountDownLatch full) {
			while (HOARD[0] != null || full.getCount() > 0) {
				try {
					full.await();
					TimeUnit.MILLISECONDS.sleep(500);
				}
				catch (InterruptedException | VirtualMachineError | LinkageError ex) {
					// even this needs some memory
				}
				for (int i = HOARD.length - 1; full.getCount() == 0 && i >= 0; i--) {
					HOARD[i] = null;
				}
			}
			System.out.println("full");
			System.out.println("free");
		}

	}

	static final class UsesThreadsUp {

		public static void main(String[] arguments) throws Exception {
			CountDownLatch stop = new CountDownLatch(1);
			CountDownLatch serves = new CountDownLatch(1);
			Group group = Group.builder().name("orders").shutdownTimeout(Duration.ofSeconds(30)).build();
			group.add(Member.named("server").execute(() -> {
				serves.countDown();
				stop.await();
			}).interrupt((reason) -> {
				System.out.println("interrupter called on " + Thread.currentThread().getName());
				stop.countDown();
			}).build());
			group.start();
			serves.await();
			List<Thread> threads = new ArrayList<>();
			try {
				while (threads.size() < 1_000) {
					Thread thread = new Thread(UsesThreadsUp::sleep);
					thread.setDaemon(true);
					thread.start();
					threads.add(thread);
				}
			}
			catch (OutOfMemoryError ex) {
				System.out.println("no more threads");
			}
			group.stop();
			boolean over = group.awaitTermination(Duration.ofSeconds(30));
			System.out.println(over ? "over" : "not over: " + group.snapshot());
			Runtime.getRuntime().halt((over) ? 0 : 3);
		}

		private static void sleep() {
			try {
				TimeUnit.MINUTES.sleep(2);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}

	}

}
