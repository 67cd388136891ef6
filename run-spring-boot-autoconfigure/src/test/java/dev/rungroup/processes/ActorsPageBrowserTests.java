package dev.rungroup.processes;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Level;
import java.util.stream.Stream;

import dev.rungroup.actuate.OpenConfiguration;
import dev.rungroup.actuate.WebApplication;
import dev.rungroup.annotation.Actor;
import dev.rungroup.annotation.Execute;
import dev.rungroup.annotation.LoopActor;
import dev.rungroup.cluster.ClusterLocks;
import dev.rungroup.cluster.ClusterSingleton;
import dev.rungroup.core.Backoff;
import dev.rungroup.core.Member;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.Policy;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.web.SecurityFilterChain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * The page of the endpoint in a browser. Skipped where Chromium and its driver are not
 * installed, but not in CI.
 */
@Tag("once")
class ActorsPageBrowserTests {

	private static final String PATH = "/actuator/actors";

	private static final String UNRESTRICTED = "management.endpoint.actors.access=unrestricted";

	@TempDir
	static Path directory;

	private static ChromeDriver browser;

	private static WebApplication app;

	private String fake;

	@BeforeAll
	static void openBrowser() {
		Optional<File> chromium = program("chromium", "chromium-browser", "google-chrome");
		Optional<File> driver = program("chromedriver");
		if (!"true".equals(System.getenv("CI"))) {
			assumeThat(chromium).as("No browser, no test: install chromium").isPresent();
			assumeThat(driver).as("No driver, no test: install chromium-driver").isPresent();
		}
		ChromeOptions options = new ChromeOptions();
		options.setBinary(chromium.orElseThrow());
		options.addArguments("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic",
				"--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
				"--disable-component-update", "--disable-sync", "--user-data-dir=" + directory.resolve("browser"));
		LoggingPreferences logs = new LoggingPreferences();
		logs.enable(LogType.BROWSER, Level.ALL);
		options.setCapability(ChromeOptions.LOGGING_PREFS, logs);
		browser = new ChromeDriver(
				new ChromeDriverService.Builder().usingDriverExecutable(driver.orElseThrow()).build(), options);
		app = WebApplication.start(Application.class, UNRESTRICTED, "run.actors.off.enabled=false");
	}

	@AfterAll
	static void closeBrowser() {
		if (browser != null) {
			browser.quit();
		}
		if (app != null) {
			app.close();
		}
	}

	@AfterEach
	void forget() {
		if (this.fake != null) {
			cdp("Page.removeScriptToEvaluateOnNewDocument", Map.of("identifier", this.fake));
		}
		cdp("Emulation.setEmulatedMedia", Map.of("features", List.of()));
		// what this page has logged is read, and so gone
		browser.get("about:blank");
		browser.manage().logs().get(LogType.BROWSER);
	}

	@Test
	void showsEveryActorLiveWithTroubleFirst() {
		open(app);
		await().untilAsserted(() -> {
			assertThat(rows()).extracting((row) -> row.getAttribute("data-actor"))
				.containsExactly("gone", "markup", "listener", "ticker", "off");
			assertThat(text("gone", "span.state")).contains("given up");
			assertThat(text("markup", "span.state")).contains("backing off");
			assertThat(text("listener", "span.state")).contains("running");
			assertThat(text("off", "span.state")).contains("disabled");
			assertThat(text("#verdict")).isEqualTo("2 actors are failing: gone, markup");
			assertThat(row("gone").getAttribute("data-state")).isEqualTo("FAILED");
			assertThat(browser.getTitle()).contains("2 failing");
		});
		String executions = text("ticker", ".executions");
		await().untilAsserted(() -> assertThat(text("ticker", ".executions")).isNotEqualTo(executions));
		// Neither errors nor anything that a policy had to forbid: default-src 'self',
		// and the page's own
		assertThat(browser.manage().logs().get(LogType.BROWSER).getAll()).isEmpty();
	}

	@Test
	void stopsStartsAndRestartsAnActorByItsButtons() {
		open(app);
		button("listener", "stop").click();
		await().untilAsserted(() -> {
			assertThat(text("listener", "span.state")).contains("stopped");
			assertThat(text("#verdict")).contains("1 stopped: listener");
			assertThat(button("listener", "stop").getAttribute("aria-disabled")).isEqualTo("true");
			assertThat(text("#answer")).startsWith("listener was asked to stop at ");
		});
		assertThat(app.state("listener")).isEqualTo("STOPPED");
		button("listener", "start").click();
		await().untilAsserted(() -> assertThat(text("listener", "span.state")).contains("running"));
		int executions = Integer.parseInt(text("listener", ".executions"));
		button("listener", "restart").click();
		await().untilAsserted(
				() -> assertThat(text("listener", ".executions")).isEqualTo(Integer.toString(executions + 1)));
	}

	@Test
	void openedRowTellsMoreAndAMessageIsTextAndNeverMarkup() {
		open(app);
		WebElement name = row("markup").findElement(By.cssSelector("button.name"));
		name.sendKeys(Keys.ENTER);
		assertThat(name.getAttribute("aria-expanded")).isEqualTo("true");
		WebElement details = browser.findElement(By.id(name.getAttribute("aria-controls")));
		assertThat(details.findElement(By.cssSelector(".type")).getText()).isEqualTo("java.lang.IllegalStateException");
		assertThat(details.findElement(By.cssSelector(".message")).getText()).isEqualTo(Actors.MARKUP);
		assertThat(text("markup", ".failure")).isEqualTo("IllegalStateException: " + Actors.MARKUP);
		assertThat(details.getText()).containsPattern("Next execution\\s+(in \\d|now)")
			.containsPattern("Failures\\s+\\d+, \\d+ in a row")
			.containsPattern("Executions\\s+\\d")
			.containsPattern("\\d failures? seen in the last 5 minutes");
		assertThat(details.findElements(By.cssSelector(".chart svg path"))).hasSize(1);
		assertThat(browser.findElements(By.cssSelector("img, main script, main b"))).isEmpty();
		assertThat(browser.getTitle()).doesNotContain("owned");
		name.sendKeys(Keys.SPACE);
		assertThat(name.getAttribute("aria-expanded")).isEqualTo("false");
		assertThat(browser.findElements(By.cssSelector("tr.details"))).isEmpty();
	}

	@Test
	void filtersByNameAndState() {
		open(app);
		browser.findElement(By.id("filter-name")).sendKeys("LIST");
		assertThat(shown()).containsExactly("listener");
		assertThat(text("#filter-count")).isEqualTo("1 of 5 actors");
		browser.findElement(By.id("filter-name")).clear();
		choose("filter-state", "in trouble");
		await().untilAsserted(() -> assertThat(shown()).containsExactly("gone", "markup"));
		// leads to a row, whatever is filtered
		choose("filter-state", "disabled");
		await().untilAsserted(() -> assertThat(shown()).containsExactly("off"));
		browser.findElement(By.linkText("gone")).click();
		assertThat(shown()).contains("gone", "listener");
		assertThat(browser.switchTo().activeElement().getText()).isEqualTo("gone");
	}

	@Test
	void lossOfConnectionIsToldUntilItIsBack() {
		open(app);
		offline(true);
		try {
			await().untilAsserted(() -> assertThat(text("#lost")).startsWith("No connection to the application")
				.containsPattern("What is shown is \\d+ s old"));
			assertThat(button("listener", "stop").getAttribute("aria-disabled")).isEqualTo("true");
			assertThat(browser.getTitle()).contains("no connection");
		}
		finally {
			offline(false);
		}
		await().untilAsserted(() -> {
			assertThat(browser.findElement(By.id("lost")).isDisplayed()).isFalse();
			assertThat(button("listener", "stop").getAttribute("aria-disabled")).isEqualTo("false");
		});
	}

	@Test
	void readOnlyEndpointHasNoButtonsAndSaysWhy() {
		try (WebApplication readOnly = WebApplication.start(Application.class, UNRESTRICTED,
				"management.endpoints.access.max-permitted=read-only")) {
			open(readOnly);
			await().untilAsserted(
					() -> assertThat(text("#note")).contains("Read-only: management.endpoint.actors.access"));
			assertThat(browser.findElements(By.cssSelector("[data-action]"))).isEmpty();
		}
	}

	@Test
	void buttonsWorkWithSpringSecuritysProtectionAndSayWhyWhenTheyDoNot() {
		String credentials = Base64.getEncoder().encodeToString("operator:secret".getBytes(StandardCharsets.UTF_8));
		cdp("Network.enable", Map.of());
		cdp("Network.setExtraHTTPHeaders", Map.of("headers", Map.of("Authorization", "Basic " + credentials)));
		try (WebApplication secured = WebApplication.start(SecuredApplication.class, UNRESTRICTED,
				"spring.security.user.name=operator", "spring.security.user.password=secret")) {
			open(secured);
			button("listener", "stop").click();
			await().untilAsserted(() -> assertThat(text("listener", "span.state")).contains("stopped"));
			browser.manage().deleteAllCookies();
			button("listener", "start").click();
			await().untilAsserted(() -> assertThat(text("#answer")).startsWith("listener was not asked to start")
				.containsAnyOf("Reload it and try again", "Reload the page"));
			cdp("Network.setExtraHTTPHeaders", Map.of("headers", Map.of()));
			await().untilAsserted(() -> assertThat(text("#lost")).contains("Reload the page to log in again"));
		}
		finally {
			cdp("Network.setExtraHTTPHeaders", Map.of("headers", Map.of()));
		}
	}

	@Test
	void groupsAreBoxesWithStateAndActionsAndTheLeaderIsMarked() {
		fake("""
				answer.groups = { imports: { ...actor, state: 'WAITING', failures: 3, failuresInARow: 3, members: ['b'],
						nextExecution: new Date(Date.now() + 60000), lastFailure: { type: 'x.Lost', message: '<b>gone</b>', at: null } },
					calm: { ...actor, members: ['c'], cluster } };
				answer.actors = { a: { ...actor, group: null, cluster }, b: { ...actor, group: 'imports', cluster: null },
					c: { ...actor, group: 'calm', state: 'STANDBY', cluster: { ...cluster, leader: false, leaseUntil: null } } };
				""");
		open(app);
		assertThat(browser.findElements(By.cssSelector("section.group")))
			.extracting((box) -> box.getAttribute("data-group"))
			.containsExactly("imports", "", "calm");
		WebElement imports = browser.findElement(By.cssSelector("[data-group=imports]"));
		assertThat(imports.getAttribute("data-state")).isEqualTo("WAITING");
		assertThat(imports.findElement(By.tagName("header")).getText()).contains("Group imports", "backing off",
				"1 actor, 3 failures", "next start in", "Last failure: Lost <b>gone</b>");
		assertThat(imports.findElements(By.cssSelector("tr[data-actor=b]"))).hasSize(1);
		assertThat(text("#verdict")).isEqualTo("Group imports is backing off");
		assertThat(text("a", ".badge")).isEqualTo("leader");
		assertThat(text("b", ".badge")).isEmpty();
		assertThat(text("c", ".badge")).isEmpty();
		assertThat(text("c", "span.state")).contains("on standby");
		assertThat(browser.findElement(By.cssSelector("[data-group=calm] > header .badge")).getText())
			.isEqualTo("leader");
		imports.findElement(By.cssSelector("header [data-action=restart]")).click();
		await().untilAsserted(
				() -> assertThat(text("#answer")).isEqualTo("imports was not asked to restart: it is not running"));
		assertThat(script("return calls")).asString().contains(PATH + "/imports {\"action\":\"restart\"}");
		choose("filter-group", "calm");
		await().untilAsserted(() -> assertThat(shown()).containsExactly("c"));
		// gone in the next answer
		script("answer.groups = {}; delete answer.actors.b; delete answer.actors.c; answer.actors.a.group = undefined;");
		await().untilAsserted(() -> assertThat(shown()).containsExactly("a"));
		assertThat(browser.findElements(By.cssSelector("section.group"))).hasSize(1);
	}

	@Test
	void realGroupIsABoxThatCanBeStoppedAndStarted() throws Exception {
		try (WebApplication grouped = WebApplication.start(Grouped.class, UNRESTRICTED,
				"run.groups.imports.on-error=restart", "run.groups.imports.retry.delay=1h")) {
			open(grouped);
			await().untilAsserted(
					() -> assertThat(text("[data-group=imports] header span.state")).contains("backing off"));
			assertThat(text("[data-group=imports] header")).contains("Group imports", "2 actors, 1 failure",
					"Last failure", "IllegalStateException disk full");
			assertThat(text("#verdict")).isEqualTo("Group imports is backing off");
			assertThat(text("parser", "span.state")).contains("waiting for its group");
			browser.findElement(By.cssSelector("[data-group=imports] header [data-action=stop]")).click();
			await().untilAsserted(() -> assertThat(text("[data-group=imports] header span.state")).contains("stopped"));
			Grouped.mended = true;
			browser.findElement(By.cssSelector("[data-group=imports] header [data-action=start]")).click();
			await().untilAsserted(() -> {
				assertThat(text("parser", "span.state")).contains("running");
				assertThat(text("#verdict")).isEqualTo("All 2 actors are well");
			});
		}
	}

	@Test
	void realNodeThatLeadsIsMarkedAndOneThatDoesNotIsOnStandby() throws Exception {
		try (WebApplication clustered = WebApplication.start(Clustered.class, "run.cluster.prefix=shop",
				"run.groups.exports.cluster-singleton=true")) {
			open(clustered);
			await().untilAsserted(() -> assertThat(text("mailer", ".badge")).isEqualTo("leader"));
			assertThat(browser.findElement(By.cssSelector("tr[data-actor=mailer] .badge")).getAttribute("title"))
				.isEqualTo("This node has the lock shop:mailer");
			await().untilAsserted(() -> {
				assertThat(text("[data-group=exports] > header .badge")).isEqualTo("leader");
				assertThat(text("purger", "span.state")).contains("on standby");
				assertThat(text("#verdict")).isEqualTo("All 3 actors are well");
			});
			assertThat(text("purger", ".badge")).isEmpty();
		}
	}

	@Test
	void rowsStayUnderThePointerUntilItRests() {
		fake("answer.actors = { a: { ...actor }, b: { ...actor } };");
		open(app);
		script("window.pointer = setInterval(() => document.getElementById('groups').dispatchEvent("
				+ "new Event('pointermove')), 100); answer.actors.b = { ...actor, state: 'FAILED' }");
		await().untilAsserted(() -> assertThat(row("b").getAttribute("data-state")).isEqualTo("FAILED"));
		assertThat(shown()).containsExactly("a", "b");
		script("clearInterval(pointer)");
		await().untilAsserted(() -> assertThat(shown()).containsExactly("b", "a"));
		assertThat(browser.findElement(By.id("news")).getAttribute("textContent")).isEqualTo("b: given up");
	}

	@Test
	void answerThatThePageDoesNotUnderstandIsToldAndNotTheLast() {
		fake("answer.actors = { a: { ...actor }, b: null };");
		open(app, "#lost:not(:empty)");
		assertThat(text("#lost")).contains("cannot be shown");
		script("delete answer.actors.b");
		await().untilAsserted(() -> assertThat(browser.findElement(By.id("lost")).isDisplayed()).isFalse());
		assertThat(shown()).containsExactly("a");
	}

	@Test
	void thousandActorsDoNotBlockThePage() {
		fake("""
				for (let i = 0; i < 1000; i++) answer.actors['actor-' + i] = { ...actor,
					...(i % 50 ? {} : { state: 'FAILED', lastFailure: { type: 'x.Lost', message: 'gone', at: new Date() } }) };
				window.answers = 0;
				const fetchFake = window.fetch;
				window.fetch = (...call) => {
					answers++;
					Object.values(answer.actors).forEach((each, i) => { if (i % 3) each.executions++; });
					return fetchFake(...call);
				};
				""");
		cdp("Performance.enable", Map.of("timeDomain", "threadTicks"));
		try {
			open(app);
			await().untilAsserted(() -> assertThat(script("return rows.size")).isEqualTo(1000L));
			await().until(() -> (Long) script("return answers") >= 4);
			browser.findElement(By.id("filter-name")).sendKeys("actor-99");
			await().untilAsserted(() -> assertThat(shown()).hasSize(11));
			// Processor time of the page's thread: how busy the machine is does not count
			assertThat(taskSeconds() / (Long) script("return answers")).isLessThan(1);
		}
		finally {
			cdp("Performance.disable", Map.of());
		}
	}

	private double taskSeconds() {
		List<?> metrics = (List<?>) cdp("Performance.getMetrics", Map.of()).get("metrics");
		return metrics.stream()
			.map((metric) -> (Map<?, ?>) metric)
			.filter((metric) -> "TaskDuration".equals(metric.get("name")))
			.mapToDouble((metric) -> ((Number) metric.get("value")).doubleValue())
			.findFirst()
			.orElseThrow();
	}

	@Test
	void twentyActorsFitOnALaptopsScreen() {
		fake("for (let i = 0; i < 20; i++) answer.actors['actor-' + i] = { ...actor };");
		size(1366, 768 - 90);
		open(app);
		assertThat(rows()).hasSize(20);
		assertThat(script("return rows.get('actor-19').node.getBoundingClientRect().bottom <= innerHeight"))
			.isEqualTo(true);
	}

	@Test
	void fitsOnAPhoneAndIntoTheDark() {
		size(360, 740);
		cdp("Emulation.setEmulatedMedia",
				Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", "dark"))));
		open(app);
		await().untilAsserted(() -> assertThat(text("#verdict")).contains("markup"));
		browser.findElement(By.linkText("markup")).click();
		assertThat(button("markup", "stop").isDisplayed()).isTrue();
		assertThat(script("return document.documentElement.scrollWidth <= innerWidth")).isEqualTo(true);
		// rgb(15, 18, 23)
		assertThat(script("return parseInt(getComputedStyle(document.body).backgroundColor.slice(4))"))
			.asInstanceOf(InstanceOfAssertFactories.LONG)
			.isLessThan(50);
	}

	private void open(WebApplication application) {
		open(application, "tr[data-actor]");
	}

	private void open(WebApplication application, String awaited) {
		browser.get("http://localhost:" + application.port() + PATH);
		await().until(() -> !browser.findElements(By.cssSelector(awaited)).isEmpty());
	}

	/**
	 * Let the page hear what no endpoint of today answers.
	 */
	private void fake(String answer) {
		String source = """
				const actor = { state: 'RUNNING', ready: true, executions: 1, failures: 0, restarts: 0, failuresInARow: 0,
					stateSince: new Date(), nextExecution: null, lastProgress: null, lastFailure: null };
				const cluster = { lock: 'app:x', leader: true, since: new Date(), leaseUntil: new Date() };
				window.answer = { group: { name: 'actors', state: 'RUNNING', stopReason: null }, actors: {} };
				window.calls = [];
				window.fetch = async (url, { method, body }) => {
					if (method !== 'POST') return new Response(JSON.stringify(answer), { headers: { 'Content-Type': 'application/json' } });
					calls.push(url + ' ' + body);
					return new Response('{"message": "it is not running"}', { status: 409, headers: { 'Content-Type': 'application/json' } });
				};
				""";
		this.fake = (String) cdp("Page.addScriptToEvaluateOnNewDocument", Map.of("source", source + answer))
			.get("identifier");
	}

	private void size(int width, int height) {
		cdp("Emulation.setDeviceMetricsOverride",
				Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 500));
	}

	private void offline(boolean offline) {
		cdp("Network.enable", Map.of());
		cdp("Network.emulateNetworkConditions",
				Map.of("offline", offline, "latency", 0, "downloadThroughput", -1, "uploadThroughput", -1));
	}

	private Map<String, Object> cdp(String command, Map<String, Object> arguments) {
		return browser.executeCdpCommand(command, arguments);
	}

	private Object script(String script) {
		return browser.executeScript(script);
	}

	private List<WebElement> rows() {
		return browser.findElements(By.cssSelector("tr[data-actor]"));
	}

	private void choose(String select, String option) {
		browser.findElement(By.cssSelector("#" + select + " option[value='" + option + "']")).click();
	}

	private List<String> shown() {
		Object names = script("return [...document.querySelectorAll('tr[data-actor]')]"
				+ ".filter((row) => row.offsetHeight > 0).map((row) => row.dataset.actor)");
		return ((List<?>) names).stream().map(String::valueOf).toList();
	}

	private WebElement row(String actor) {
		return browser.findElement(By.cssSelector("tr[data-actor='" + actor + "']"));
	}

	private WebElement button(String actor, String action) {
		return row(actor).findElement(By.cssSelector("[data-action=" + action + "]"));
	}

	private String text(String actor, String selector) {
		return row(actor).findElement(By.cssSelector(selector)).getText();
	}

	private String text(String selector) {
		return browser.findElement(By.cssSelector(selector)).getText();
	}

	private static ConditionFactory await() {
		return Awaitility.await()
			.atMost(Duration.ofSeconds(30))
			.pollInterval(Duration.ofMillis(100))
			.ignoreExceptions();
	}

	private static Optional<File> program(String... names) {
		return Stream.of(names)
			.flatMap((name) -> Stream.of(System.getenv("PATH").split(File.pathSeparator))
				.map((folder) -> Path.of(folder, name)))
			.filter(Files::isExecutable)
			.map(Path::toFile)
			.findFirst();
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(OpenConfiguration.class)
	static class Grouped {

		static volatile boolean mended;

		@Actor(name = "parser", group = "imports")
		void parse(MemberContext context) throws InterruptedException {
			if (!mended) {
				throw new IllegalStateException("disk full");
			}
			context.sleep(Duration.ofHours(1));
		}

		@Actor(name = "writer", group = "imports")
		void write(MemberContext context) throws InterruptedException {
			context.sleep(Duration.ofHours(1));
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(OpenConfiguration.class)
	static class Clustered {

		/** Another node has the lock of the purger. */
		@Bean
		ClusterLocks locks() {
			return (lock, lease) -> lock.endsWith(":purger") ? null : new ClusterLocks.Lease() {

				@Override
				public boolean renew(Duration lease) {
					return true;
				}

				@Override
				public void release() {
				}

			};
		}

		@Actor("mailer")
		@ClusterSingleton
		void mail(MemberContext context) throws InterruptedException {
			context.sleep(Duration.ofHours(1));
		}

		@Actor("purger")
		@ClusterSingleton
		void purge(MemberContext context) throws InterruptedException {
			context.sleep(Duration.ofHours(1));
		}

		@Actor(name = "exporter", group = "exports")
		void export(MemberContext context) throws InterruptedException {
			context.sleep(Duration.ofHours(1));
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import({ Actors.class, Listener.class, Ticker.class, Off.class })
	static class Application {

		@Bean
		SecurityFilterChain everybody(HttpSecurity http) throws Exception {
			return http.csrf((csrf) -> csrf.disable())
				.headers((headers) -> headers
					.contentSecurityPolicy((policy) -> policy.policyDirectives("default-src 'self'")))
				.authorizeHttpRequests((requests) -> requests.anyRequest().permitAll())
				.build();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(Listener.class)
	static class SecuredApplication {

	}

	@Configuration(proxyBeanMethods = false)
	static class Actors {

		static final String MARKUP = "<img src=x onerror=\"document.title='owned'\"> & <script>document.title='owned'</script>";

		@Bean
		Member gone() {
			return failing("gone").onError(Policy.DO_NOTHING).build();
		}

		@Bean
		Member markup() {
			return failing("markup").onError(Policy.RESTART).backoff(Backoff.fixed(Duration.ofSeconds(8))).build();
		}

		private static Member.Builder failing(String name) {
			return Member.named(name).execute(() -> {
				throw new IllegalStateException(MARKUP);
			});
		}

	}

	@Actor("listener")
	static class Listener {

		@Execute
		void listen(MemberContext context) throws InterruptedException {
			context.sleep(Duration.ofDays(1));
		}

	}

	@LoopActor(name = "ticker", delay = "200ms")
	static class Ticker {

		@Execute
		void tick() {
		}

	}

	@Actor("off")
	static class Off {

		@Execute
		void run() {
		}

	}

}
