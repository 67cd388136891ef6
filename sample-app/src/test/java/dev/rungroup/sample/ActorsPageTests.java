package dev.rungroup.sample;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Level;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import dev.rungroup.context.GroupLifecycle;
import dev.rungroup.core.Backoff;
import dev.rungroup.core.Member;
import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.MemberState;
import dev.rungroup.core.Policy;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Bean;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * Tests for the page at {@code /} in a browser. They are skipped where Chromium and its
 * driver are not installed.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "sample.port=0", "run.actors.inbox-reader.delay=200ms", "run.actors.flaky.enabled=true",
				"run.actors.flaky.retry.delay=10ms" })
@DirtiesContext
class ActorsPageTests {

	@TempDir
	static Path directory;

	private static ChromeDriver browser;

	@Autowired
	private GroupLifecycle group;

	@LocalServerPort
	private int port;

	@DynamicPropertySource
	static void directories(DynamicPropertyRegistry registry) {
		registry.add("sample.data-directory", () -> directory.resolve("data").toString());
		registry.add("sample.inbox", () -> directory.resolve("inbox").toString());
	}

	@BeforeAll
	static void openBrowser() {
		Optional<File> chromium = program("chromium", "chromium-browser", "google-chrome");
		Optional<File> driver = program("chromedriver");
		assumeThat(chromium).as("No browser, no test: install chromium").isPresent();
		assumeThat(driver).as("No driver, no test: install chromium-driver").isPresent();
		ChromeOptions options = new ChromeOptions();
		options.setBinary(chromium.get());
		options.addArguments("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
				"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
				"--window-size=1440,900", "--user-data-dir=" + directory.resolve("browser"));
		LoggingPreferences logs = new LoggingPreferences();
		logs.enable(LogType.BROWSER, Level.ALL);
		options.setCapability(ChromeOptions.LOGGING_PREFS, logs);
		browser = new ChromeDriver(new ChromeDriverService.Builder().usingDriverExecutable(driver.get()).build(),
				options);
	}

	@AfterAll
	static void closeBrowser() {
		if (browser != null) {
			browser.quit();
		}
	}

	@BeforeEach
	void openPage() {
		// what the page of the test before has logged is read, and so gone
		browser.manage().logs().get(LogType.BROWSER);
		browser.get("http://localhost:" + this.port + "/");
		await().until(() -> !rows().isEmpty());
	}

	@Test
	void showsEveryActorWithItsNumbers() {
		await().untilAsserted(() -> assertThat(rows()).extracting((row) -> row.getAttribute("data-actor"))
			.containsExactlyElementsOf(this.group.snapshot().members().stream().map(MemberSnapshot::name).toList()));
		await().untilAsserted(() -> {
			assertThat(text("line-server", ".state")).contains("running");
			assertThat(text("line-server", ".executions")).isEqualTo("1");
			assertThat(text("line-server", ".failures")).isEqualTo("0");
		});
		String executions = text("inbox-reader", ".executions");
		await().untilAsserted(() -> assertThat(text("inbox-reader", ".executions")).isNotEqualTo(executions));
		// neither errors nor anything that the page's own policy had to forbid
		assertThat(browser.manage().logs().get(LogType.BROWSER).getAll()).isEmpty();
	}

	@Test
	void stopsAndStartsAnActorByItsButtons() {
		button("inbox-reader", "stop").click();
		await().untilAsserted(() -> {
			assertThat(text("inbox-reader", ".state")).contains("stopped");
			assertThat(text("#verdict")).contains("1 stopped: inbox-reader");
		});
		assertThat(text("#answer")).startsWith("inbox-reader was asked to stop at ");
		assertThat(member("inbox-reader").state()).isEqualTo(MemberState.STOPPED);
		assertThat(member("line-server").state()).isEqualTo(MemberState.RUNNING);
		assertThat(button("inbox-reader", "stop").getAttribute("aria-disabled")).isEqualTo("true");

		button("inbox-reader", "start").click();
		await().untilAsserted(() -> {
			assertThat(text("inbox-reader", ".state")).containsAnyOf("running", "pausing");
			assertThat(text("#verdict")).doesNotContain("stopped");
		});
		assertThat(member("inbox-reader").state()).isIn(MemberState.RUNNING, MemberState.WAITING);
	}

	@Test
	void restartsAnActorByItsButton() {
		long before = member("line-writer-1").executions();
		button("line-writer-1", "restart").click();
		await().untilAsserted(() -> {
			assertThat(text("line-writer-1", ".executions")).isEqualTo(Long.toString(before + 1));
			assertThat(text("line-writer-1", ".state")).contains("running");
		});
	}

	@Test
	void failingActorIsRed() {
		await().untilAsserted(() -> {
			assertThat(text("flaky", ".state")).contains("given up");
			assertThat(text("flaky", ".failures")).isEqualTo("4");
			assertThat(text("flaky", ".restarts")).isEqualTo("3");
			assertThat(text("flaky", ".failure")).contains("IllegalStateException", "fails every time");
			assertThat(text("#verdict")).contains("failing").contains("flaky");
		});
		assertThat(isRed(row("flaky").findElement(By.cssSelector(".state")).getCssValue("background-color"))).isTrue();
		assertThat(isRed(browser.findElement(By.id("verdict")).getCssValue("color"))).isTrue();
		assertThat(isRed(row("line-server").findElement(By.cssSelector(".state")).getCssValue("color"))).isFalse();
		assertThat(browser.getTitle()).contains("failing");
	}

	@Test
	void actorThatBacksOffCountsDownAndItsFailuresAreDrawn() {
		await().untilAsserted(() -> {
			assertThat(text("markup", ".state")).contains("backing off");
			assertThat(text("markup", ".next")).startsWith("in ");
			assertThat(row("markup").findElements(By.cssSelector(".chart rect"))).isNotEmpty();
		});
	}

	@Test
	void actorThatRunsAgainAfterAFailureIsRedOnlyUntilItIsReady() {
		await().untilAsserted(() -> {
			assertThat(text("recovered", ".failures")).isEqualTo("1");
			assertThat(text("recovered", ".state")).contains("running");
			assertThat(row("recovered").getAttribute("data-look")).isEqualTo("good");
			assertThat(text("unready", ".state")).contains("trying again");
			assertThat(row("unready").getAttribute("data-look")).isEqualTo("bad");
			assertThat(text("#verdict")).contains("failing").contains("unready").doesNotContain("recovered");
		});
		// only the end of its execution ends the row of its failures
		assertThat(member("recovered").failuresInARow()).isEqualTo(1);
	}

	@Test
	void messageOfFailureIsTextAndNeverMarkup() {
		await().untilAsserted(() -> assertThat(text("markup", ".message")).isEqualTo(BadMessage.TEXT));
		assertThat(row("markup").findElements(By.tagName("img"))).isEmpty();
	}

	@Test
	void lossOfConnectionIsShownUntilItIsBack() {
		offline(true);
		try {
			await().untilAsserted(() -> assertThat(text("#lost")).startsWith("No connection to the application"));
			assertThat(button("line-server", "stop").getAttribute("aria-disabled")).isEqualTo("true");
			assertThat(browser.getTitle()).contains("no connection");
		}
		finally {
			offline(false);
		}
		await().untilAsserted(() -> {
			assertThat(browser.findElement(By.id("lost")).isDisplayed()).isFalse();
			assertThat(button("line-server", "stop").getAttribute("aria-disabled")).isEqualTo("false");
		});
	}

	private void offline(boolean offline) {
		browser.executeCdpCommand("Network.enable", Map.of());
		browser.executeCdpCommand("Network.emulateNetworkConditions",
				Map.of("offline", offline, "latency", 0, "downloadThroughput", -1, "uploadThroughput", -1));
	}

	private List<WebElement> rows() {
		return browser.findElements(By.cssSelector("#actors > tr"));
	}

	private WebElement row(String actor) {
		return browser.findElement(By.id("actor-" + actor));
	}

	private WebElement button(String actor, String action) {
		return row(actor).findElement(By.cssSelector("button." + action));
	}

	private String text(String actor, String selector) {
		return row(actor).findElement(By.cssSelector(selector)).getText();
	}

	private String text(String selector) {
		return browser.findElement(By.cssSelector(selector)).getText();
	}

	private MemberSnapshot member(String name) {
		return this.group.snapshot()
			.members()
			.stream()
			.filter((member) -> member.name().equals(name))
			.findFirst()
			.orElseThrow();
	}

	private boolean isRed(String color) {
		// rgba(179, 20, 31, 1)
		List<Integer> rgb = Pattern.compile("\\d+")
			.matcher(color)
			.results()
			.map(MatchResult::group)
			.limit(3)
			.map(Integer::valueOf)
			.toList();
		return rgb.get(0) > 2 * rgb.get(1) && rgb.get(0) > 2 * rgb.get(2);
	}

	private static ConditionFactory await() {
		return Awaitility.await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(100));
	}

	private static Optional<File> program(String... names) {
		return Stream.of(names)
			.flatMap((name) -> Stream.of(System.getenv("PATH").split(File.pathSeparator))
				.map((folder) -> Path.of(folder, name)))
			.filter(Files::isExecutable)
			.map(Path::toFile)
			.findFirst();
	}

	@TestConfiguration(proxyBeanMethods = false)
	static class BadMessage {

		static final String TEXT = "<img src=x onerror=\"document.title='owned'\"> & <b>bold</b>";

		@Bean
		Member recovered() {
			return failsOnce("recovered").build();
		}

		@Bean
		Member unready() {
			// above the others: they would not start before it is ready
			return failsOnce("unready").readyTimeout(Duration.ofDays(1)).stage(100).build();
		}

		private static Member.Builder failsOnce(String name) {
			return Member.named(name).execute((context) -> {
				if (context.failures() == 0) {
					throw new IllegalStateException("fails once");
				}
				context.sleep(Duration.ofDays(1));
			}).onError(Policy.RESTART).backoff(Backoff.fixed(Duration.ofMillis(10)));
		}

		@Bean
		Member markup() {
			return Member.named("markup").execute(() -> {
				throw new IllegalStateException(TEXT);
			}).onError(Policy.RESTART).backoff(Backoff.fixed(Duration.ofSeconds(4))).build();
		}

	}

}
