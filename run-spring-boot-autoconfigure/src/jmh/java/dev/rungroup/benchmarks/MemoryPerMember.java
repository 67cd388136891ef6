package dev.rungroup.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;

import com.google.common.util.concurrent.AbstractExecutionThreadService;
import com.google.common.util.concurrent.ServiceManager;
import dev.rungroup.core.Group;
import dev.rungroup.core.Member;
import dev.rungroup.core.Task;

/**
 * Row 7, in a JVM of its own: what 100,000 idle members hold, each blocking on a virtual
 * thread.
 */
public final class MemoryPerMember {

	static final List<String> KINDS = List.of("floor", "ours", "guava");

	private static final int MEMBERS = 100_000;

	private MemoryPerMember() {
	}

	/**
	 * Print bytes per member.
	 * @param args the kind
	 */
	public static void main(String[] args) throws Exception {
		String kind = args[0];
		// Loads the classes
		List<Object> held = new ArrayList<>(List.of(start(kind, 10)));
		long heapBefore = Memory.heapInUse();
		long residentBefore = Memory.resident();
		held.add(start(kind, MEMBERS));
		ChildJvm.print("heap." + kind, (Memory.heapInUse() - heapBefore) / (double) MEMBERS);
		if (residentBefore > 0) {
			ChildJvm.print("resident." + kind, (Memory.resident() - residentBefore) / (double) MEMBERS);
		}
		if (held.size() != 2) {
			throw new IllegalStateException("They are needed up to here");
		}
		Runtime.getRuntime().halt(0);
	}

	private static Object start(String kind, int members) throws InterruptedException {
		CountDownLatch running = new CountDownLatch(members);
		// Each kind is given the body as what it takes: an adapter would be one more
		// frame
		Runnable body = () -> block(running);
		Object started = switch (kind) {
			case "floor" -> threads(body, members);
			case "ours" -> group(() -> block(running), members);
			case "guava" -> services(body, members);
			default -> throw new IllegalArgumentException(kind);
		};
		running.await();
		return started;
	}

	private static void block(CountDownLatch running) {
		running.countDown();
		Crowd.blockUntilInterrupted();
	}

	private static List<Thread> threads(Runnable body, int members) {
		List<Thread> threads = new ArrayList<>(members);
		for (int i = 0; i < members; i++) {
			threads.add(Thread.startVirtualThread(body));
		}
		return threads;
	}

	private static Group group(Task body, int members) {
		Group group = Group.builder().threadFactory(Thread.ofVirtual().factory()).build();
		for (int i = 0; i < members; i++) {
			group.add(Member.named("member-" + i).execute(body).build());
		}
		group.start();
		return group;
	}

	private static ServiceManager services(Runnable body, int members) {
		List<IdleService> services = new ArrayList<>(members);
		for (int i = 0; i < members; i++) {
			services.add(new IdleService(body));
		}
		ServiceManager manager = new ServiceManager(services);
		manager.startAsync().awaitHealthy();
		return manager;
	}

	private static final class IdleService extends AbstractExecutionThreadService {

		private final Runnable body;

		private IdleService(Runnable body) {
			this.body = body;
		}

		@Override
		protected void run() {
			this.body.run();
		}

		@Override
		protected Executor executor() {
			return Thread::startVirtualThread;
		}

	}

}
