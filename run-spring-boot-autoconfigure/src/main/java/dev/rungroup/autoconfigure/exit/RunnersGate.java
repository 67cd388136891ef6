package dev.rungroup.autoconfigure.exit;

import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.core.Ordered;
import org.springframework.core.PriorityOrdered;

/**
 * A checkpoint before the first or after the last runner of the application. A runner and
 * not a run listener, because Spring Boot creates all runners after it has called the
 * listeners, and this one is called when that is done. Nothing comes before the first,
 * but runners without an order have the order of the last.
 */
class RunnersGate implements ApplicationRunner, Ordered {

	private final int order;

	private final Runnable checkpoint;

	private RunnersGate(int order, Runnable checkpoint) {
		this.order = order;
		this.checkpoint = checkpoint;
	}

	static RunnersGate beforeTheFirst(Runnable checkpoint) {
		return new First(checkpoint);
	}

	static RunnersGate afterTheLast(Runnable checkpoint) {
		return new RunnersGate(Ordered.LOWEST_PRECEDENCE, checkpoint);
	}

	@Override
	public int getOrder() {
		return this.order;
	}

	@Override
	public void run(ApplicationArguments args) {
		this.checkpoint.run();
	}

	/**
	 * Before all runners of the highest order, too.
	 */
	private static final class First extends RunnersGate implements PriorityOrdered {

		private First(Runnable checkpoint) {
			super(Ordered.HIGHEST_PRECEDENCE, checkpoint);
		}

	}

}
