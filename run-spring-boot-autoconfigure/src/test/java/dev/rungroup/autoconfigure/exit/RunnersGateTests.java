package dev.rungroup.autoconfigure.exit;

import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;

import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.AnnotationAwareOrderComparator;

import static org.assertj.core.api.Assertions.assertThat;

class RunnersGateTests {

	@Test
	void firstGateComesBeforeARunnerOfTheHighestOrder() {
		ApplicationRunner highest = new HighestRunner();
		ApplicationRunner gate = RunnersGate.beforeTheFirst(() -> {
		});
		List<ApplicationRunner> runners = new ArrayList<>(List.of(highest, gate));
		AnnotationAwareOrderComparator.sort(runners);
		assertThat(runners).containsExactly(gate, highest);
	}

	private static final class HighestRunner implements ApplicationRunner, Ordered {

		@Override
		public void run(ApplicationArguments args) {
		}

		@Override
		public int getOrder() {
			return Ordered.HIGHEST_PRECEDENCE;
		}

	}

}
