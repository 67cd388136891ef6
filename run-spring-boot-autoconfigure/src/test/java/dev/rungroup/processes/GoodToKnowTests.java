package dev.rungroup.processes;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;

import dev.rungroup.annotation.Actor;
import dev.rungroup.annotation.Execute;
import dev.rungroup.annotation.Interrupt;
import dev.rungroup.annotation.LoopActor;
import dev.rungroup.autoconfigure.RunAutoConfiguration;
import dev.rungroup.context.GroupLifecycle;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.MemberState;
import dev.rungroup.processes.ForkedJvm.Ended;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.boot.autoconfigure.task.TaskSchedulingAutoConfiguration;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.task.TaskExecutor;
import org.springframework.core.task.TaskRejectedException;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.annotation.EnableTransactionManagement;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.support.AbstractPlatformTransactionManager;
import org.springframework.transaction.support.DefaultTransactionStatus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * What REFERENCE.md says is good to know.
 */
@Timeout(120)
class GoodToKnowTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(RunAutoConfiguration.class));

	@Test
	void interruptInFileInputOrOutputClosesAnEmbeddedDatabaseForEveryThread(@TempDir Path directory) throws Exception {
		try (Database database = new Database(directory)) {
			stopWhileItReads(new Reader(database));
			assertThatExceptionOfType(SQLException.class).isThrownBy(() -> database.store())
				.withStackTraceContaining("ClosedChannelException");
		}
	}

	@Test
	void emptyInterruptLeavesAnEmbeddedDatabaseOpen(@TempDir Path directory) throws Exception {
		try (Database database = new Database(directory)) {
			stopWhileItReads(new ReaderWithInterrupt(database));
			database.store();
		}
	}

	@Test
	void databaseOnTheAsyncFileSystemOfH2SurvivesAnInterrupt(@TempDir Path directory) throws Exception {
		try (Database database = new Database("async:", directory)) {
			stopWhileItReads(new Reader(database));
			database.store();
		}
	}

	private <T extends Reader> void stopWhileItReads(T actor) {
		@SuppressWarnings("unchecked")
		Class<T> type = (Class<T>) actor.getClass();
		this.runner.withBean("reader", type, () -> actor).run((context) -> {
			actor.begun.await();
			context.getBean(GroupLifecycle.class).stop();
			assertThat(state(context)).isEqualTo(MemberState.STOPPED);
		});
	}

	@Test
	void transactionThatEndsWithAnInterruptIsCommitted() {
		assertThat(transactionsOf(Half.class)).containsExactly("commit");
	}

	@Test
	void transactionThatEndsWithAnInterruptIsRolledBackIfToldTo() {
		assertThat(transactionsOf(RolledBack.class)).containsExactly("rollback");
	}

	private Queue<String> transactionsOf(Class<? extends Working> type) {
		Transactions transactions = new Transactions();
		this.runner.withUserConfiguration(type, TransactionManagement.class)
			.withBean(PlatformTransactionManager.class, () -> transactions)
			.run((context) -> {
				transactions.begun.await();
				context.getBean(GroupLifecycle.class).stop();
			});
		return transactions.ends;
	}

	@Test
	void schedulerRefusesTasksOfAStoppingActorAndExecutorsDoNot() {
		Queue<Object> done = new ConcurrentLinkedQueue<>();
		this.runner
			.withConfiguration(
					AutoConfigurations.of(TaskExecutionAutoConfiguration.class, TaskSchedulingAutoConfiguration.class))
			.withUserConfiguration(Scheduling.class, Submitting.class)
			.withBean("done", Queue.class, () -> done)
			.run((context) -> context.getBean(Submitting.class).begun.await());
		assertThat(done).hasSize(2)
			.anySatisfy((first) -> assertThat(first).isInstanceOf(TaskRejectedException.class))
			.contains("executed");
	}

	@Test
	void settingsAreNotReadAgain() {
		Map<String, Object> settings = new HashMap<>(Map.of("run.actors.loop.delay", "1h", "every", "1h"));
		this.runner.withUserConfiguration(Loop.class)
			.withInitializer((context) -> context.getEnvironment()
				.getPropertySources()
				.addFirst(new MapPropertySource("settings", settings)))
			.run((context) -> {
				settings.putAll(Map.of("run.actors.loop.delay", "1ms", "every", "1ms"));
				GroupLifecycle group = context.getBean(GroupLifecycle.class);
				group.stop();
				group.start();
				Awaitility.await()
					.atMost(Duration.ofSeconds(20))
					.until(() -> group.snapshot()
						.members()
						.stream()
						.allMatch((member) -> member.state() == MemberState.WAITING && member.executions() == 1));
				assertThat(group.snapshot().members()).hasSize(2)
					.allSatisfy((member) -> assertThat(member.nextExecution())
						.isAfter(member.stateSince().plus(Duration.ofMinutes(30))));
			});
	}

	@Test
	void mockIsUsedBeforeItIsStubbed() {
		Supplier<String> mock = mock();
		Reading reading = new Reading(mock);
		this.runner.withBean("reading", Reading.class, () -> reading).run((context) -> {
			Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> !reading.seen.isEmpty());
			assertThat(reading.seen).contains("null");
		});
	}

	@Test
	void mockIsStubbedBeforeItsActorIsStarted() {
		Supplier<String> mock = mock();
		Reading reading = new Reading(mock);
		this.runner.withPropertyValues("run.auto-startup=false")
			.withBean("reading", Reading.class, () -> reading)
			.run((context) -> {
				given(mock.get()).willReturn("stubbed");
				context.getBean(GroupLifecycle.class).start();
				Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> reading.seen.size() > 3);
				assertThat(reading.seen).containsOnly("stubbed");
			});
	}

	@Test
	void trainingRunStartsNoActor() throws Exception {
		try (ForkedJvm jvm = ForkedJvm.start(List.of("-Dspring.context.exit=onRefresh"), Trained.class, List.of())) {
			Ended ended = jvm.awaitEnd();
			assertThat(ended.code()).as(ended.toString()).isZero();
			assertThat(ended.count("EXECUTED")).as(ended.toString()).isZero();
		}
	}

	@Test
	void trainingRunThatIsEndedByASignalExecutesThem() throws Exception {
		try (ForkedJvm jvm = ForkedJvm.start(List.of(), Trained.class, List.of())) {
			jvm.awaitLine("EXECUTED");
			jvm.signal("HUP");
			assertThat(jvm.awaitEnd().code()).isEqualTo(129);
		}
	}

	private static MemberState state(AssertableApplicationContext context) {
		return context.getBean(GroupLifecycle.class).snapshot().members().get(0).state();
	}

	/** An embedded database in a file, of which hardly anything is in the cache. */
	private static final class Database implements AutoCloseable {

		private final String url;

		private final Connection own;

		Database(Path directory) throws SQLException {
			this("", directory);
		}

		Database(String fileSystem, Path directory) throws SQLException {
			this.url = "jdbc:h2:" + fileSystem + directory.resolve("database")
					+ ";CACHE_SIZE=1;OPTIMIZE_REUSE_RESULTS=0";
			this.own = connect();
			this.own.createStatement().execute("CREATE TABLE stored (body VARCHAR)");
			this.own.createStatement()
				.execute("INSERT INTO stored SELECT REPEAT('x', 5000) FROM SYSTEM_RANGE(1, 3000)");
			this.own.createStatement().execute("CHECKPOINT SYNC");
		}

		Connection connect() throws SQLException {
			return DriverManager.getConnection(this.url);
		}

		void store() throws SQLException {
			this.own.createStatement().execute("INSERT INTO stored VALUES ('what is left')");
			this.own.createStatement().execute("CHECKPOINT SYNC");
		}

		/** Reads from the file. */
		void read(Connection connection) throws SQLException {
			connection.createStatement().executeQuery("SELECT SUM(LENGTH(body)) FROM stored").close();
		}

		@Override
		public void close() {
			try {
				this.own.close();
			}
			catch (SQLException ex) {
				// of an interrupted database
			}
		}

	}

	@Actor
	static class Reader {

		final CountDownLatch begun = new CountDownLatch(1);

		private final Database database;

		Reader(Database database) {
			this.database = database;
		}

		@Execute
		void read(MemberContext context) throws SQLException {
			try (Connection connection = this.database.connect()) {
				while (goesOn(context)) {
					this.database.read(connection);
					this.begun.countDown();
				}
				this.database.read(connection);
			}
		}

		boolean goesOn(MemberContext context) {
			return !Thread.currentThread().isInterrupted();
		}

	}

	@Actor
	static class ReaderWithInterrupt extends Reader {

		ReaderWithInterrupt(Database database) {
			super(database);
		}

		@Override
		boolean goesOn(MemberContext context) {
			return !context.isStopping();
		}

		@Interrupt
		void nothing() {
		}

	}

	static class Working {

		void workUntilInterrupted() throws InterruptedException {
			new CountDownLatch(1).await();
		}

	}

	@Actor
	static class Half extends Working {

		@Execute
		@Transactional
		void work() throws InterruptedException {
			workUntilInterrupted();
		}

	}

	@Actor
	static class RolledBack extends Working {

		@Execute
		@Transactional(rollbackFor = Exception.class)
		void work() throws InterruptedException {
			workUntilInterrupted();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableTransactionManagement(proxyTargetClass = true)
	static class TransactionManagement {

	}

	/** Remembers how they end. */
	@SuppressWarnings("serial")
	private static final class Transactions extends AbstractPlatformTransactionManager {

		final CountDownLatch begun = new CountDownLatch(1);

		final Queue<String> ends = new ConcurrentLinkedQueue<>();

		@Override
		protected Object doGetTransaction() {
			return this;
		}

		@Override
		protected void doBegin(Object transaction, TransactionDefinition definition) {
			this.begun.countDown();
		}

		@Override
		protected void doCommit(DefaultTransactionStatus status) {
			this.ends.add("commit");
		}

		@Override
		protected void doRollback(DefaultTransactionStatus status) {
			this.ends.add("rollback");
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableScheduling
	static class Scheduling {

	}

	@Actor
	static class Submitting {

		final CountDownLatch begun = new CountDownLatch(1);

		private final TaskScheduler scheduler;

		private final TaskExecutor executor;

		private final Queue<Object> done;

		Submitting(TaskScheduler taskScheduler, TaskExecutor applicationTaskExecutor, Queue<Object> done) {
			this.scheduler = taskScheduler;
			this.executor = applicationTaskExecutor;
			this.done = done;
		}

		@Execute
		void submitAtTheEnd() throws InterruptedException {
			try {
				this.begun.countDown();
				new CountDownLatch(1).await();
			}
			catch (InterruptedException ex) {
				CountDownLatch executed = new CountDownLatch(1);
				this.executor.execute(() -> {
					this.done.add("executed");
					executed.countDown();
				});
				executed.await();
				try {
					this.scheduler.schedule(() -> this.done.add("scheduled"), this.scheduler.getClock().instant());
				}
				catch (TaskRejectedException refused) {
					this.done.add(refused);
				}
			}
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Loop {

		@LoopActor(name = "loop")
		void byProperty() {
		}

		@LoopActor(name = "other", delay = "${every}")
		void byPlaceholder() {
		}

	}

	@LoopActor(delay = "10ms")
	static class Reading {

		final Queue<String> seen = new ConcurrentLinkedQueue<>();

		private final Supplier<String> supplier;

		Reading(Supplier<String> supplier) {
			this.supplier = supplier;
		}

		@Execute
		void read() {
			this.seen.add(String.valueOf(this.supplier.get()));
		}

	}

	@SpringBootConfiguration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Trained {

		public static void main(String[] args) {
			SpringApplication.run(Trained.class, "--spring.main.web-application-type=none");
		}

		@Bean
		@Actor
		Runnable actor() {
			return () -> {
				ExitApplication.print("EXECUTED");
				try {
					new CountDownLatch(1).await();
				}
				catch (InterruptedException ex) {
					Thread.currentThread().interrupt();
				}
			};
		}

	}

}
