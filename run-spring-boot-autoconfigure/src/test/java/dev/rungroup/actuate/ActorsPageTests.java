package dev.rungroup.actuate;

import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Base64;
import java.util.EnumMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import com.jayway.jsonpath.JsonPath;
import dev.rungroup.annotation.Actor;
import dev.rungroup.annotation.Execute;
import dev.rungroup.core.MemberContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.security.config.web.server.ServerHttpSecurity;
import org.springframework.security.web.server.SecurityWebFilterChain;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The page of the endpoint, over HTTP. What it does in a browser:
 * {@code ActorsPageBrowserTests}.
 */
@Tag("once")
class ActorsPageTests {

	private static final String BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,"
			+ "image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7";

	private static final String VENDOR_TYPE = "application/vnd.spring-boot.actuator.v3+json";

	private static final String UNRESTRICTED = "management.endpoint.actors.access=unrestricted";

	private static final Map<WebApplicationType, WebApplication> SHARED = new EnumMap<>(WebApplicationType.class);

	@AfterAll
	static void close() {
		SHARED.values().forEach(WebApplication::close);
	}

	@ParameterizedTest
	@EnumSource(names = { "SERVLET", "REACTIVE" })
	void browserGetsThePageAndEverybodyElseJson(WebApplicationType stack) {
		WebApplication app = SHARED.computeIfAbsent(stack, ActorsPageTests::start);
		for (String accept : new String[] { BROWSER, "text/html", "text/*", "text/html, application/json;q=0.9",
				"application/json;q=0.5, text/html;q=0.6", "*/*;q=0.1, text/html" }) {
			HttpResponse<String> response = app.get("/actuator/actors", "Accept", accept);
			assertThat(response.statusCode()).as(accept).isEqualTo(200);
			assertThat(header(response, "Content-Type")).as(accept).isEqualToIgnoringCase("text/html;charset=UTF-8");
			assertThat(response.headers().allValues("Vary")).as(accept).contains("Accept");
			assertThat(header(response, "Cache-Control")).isEqualTo("no-store");
			assertThat(response.body()).startsWith("<!DOCTYPE html>").doesNotContain("${");
		}
		for (String accept : new String[] { "*/*", "application/json", VENDOR_TYPE, "application/*",
				"application/vnd.spring-boot.actuator.v2+json", "text/html;q=0.4, application/json;q=0.5",
				"text/html;q=0.9, */*", "text/html;q=0, */*;q=0.1", "text/plain, */*" }) {
			assertThatIsJson(app.get("/actuator/actors", "Accept", accept), accept);
		}
		// Java's own client sends no Accept unless told to
		HttpResponse<String> response = app.get("/actuator/actors");
		assertThatIsJson(response, "no Accept");
		assertThat(header(response, "Content-Type")).startsWith(VENDOR_TYPE);
		assertThat(app.get("/actuator/actors", "Accept", "image/png").statusCode()).isEqualTo(406);
	}

	@ParameterizedTest
	@EnumSource(names = { "SERVLET", "REACTIVE" })
	void oneActorStaysJson(WebApplicationType stack) {
		WebApplication app = SHARED.computeIfAbsent(stack, ActorsPageTests::start);
		HttpResponse<String> response = app.get("/actuator/actors/listener", "Accept", BROWSER);
		assertThat(JsonPath.<String>read(response.body(), "$.state")).isNotEmpty();
		assertThat(header(response, "Content-Type")).contains("json");
	}

	@ParameterizedTest
	@EnumSource(names = { "SERVLET", "REACTIVE" })
	void filesOfThePageAreServedAsTheBrowserAsksForThem(WebApplicationType stack) {
		WebApplication app = SHARED.computeIfAbsent(stack, ActorsPageTests::start);
		for (String[] asset : new String[][] { { "script", "*/*", "text/javascript" },
				{ "style", "text/css,*/*;q=0.1", "text/css" }, { "script", BROWSER, "text/javascript" },
				{ "icon", "image/svg+xml,image/*,*/*;q=0.8", "image/svg+xml" },
				{ "style", "application/json", "text/css" } }) {
			HttpResponse<String> response = app.get("/actuator/actors?asset=" + asset[0], "Accept", asset[1]);
			assertThat(response.statusCode()).as(asset[0]).isEqualTo(200);
			assertThat(header(response, "Content-Type")).as(asset[0])
				.isEqualToIgnoringCase(asset[2] + ";charset=UTF-8");
			assertThat(header(response, "Cache-Control")).isEqualTo("max-age=3600");
			assertThat(response.body()).isNotEmpty();
		}
		assertThat(app.get("/actuator/actors?asset=none").statusCode()).isEqualTo(404);
		assertThat(app.get("/actuator/actors?asset=none", "Accept", BROWSER).statusCode()).isEqualTo(404);
	}

	@ParameterizedTest
	@CsvSource({
			"SERVLET, management.server.port=0 management.server.base-path=/ops management.endpoints.web.base-path=/manage, /ops/manage/actors",
			"SERVLET, server.servlet.context-path=/app management.endpoints.web.path-mapping.actors=workers, /app/actuator/workers",
			"REACTIVE, management.server.port=0 management.server.base-path=/ops, /ops/actuator/actors",
			"REACTIVE, spring.webflux.base-path=/app management.endpoints.web.base-path=/, /app/actors" })
	void isWhereverTheEndpointIs(WebApplicationType stack, String properties, String path) {
		try (WebApplication app = start(stack, properties.split(" "))) {
			String address = "http://localhost:"
					+ app.port((properties.contains("server.port")) ? "local.management.port" : "local.server.port")
					+ path;
			HttpResponse<String> page = app.get(address, "Accept", BROWSER);
			assertThat(page.headers().allValues("Vary")).contains("Accept");
			assertThatIsJson(app.get(address), path);
			Matcher link = Pattern.compile("(?:src|href)=\"([^\"]+)\"").matcher(page.body());
			int links = 0;
			while (link.find()) {
				links++;
				String target = page.uri()
					.resolve(page.uri().getPath() + link.group(1).replace("&amp;", "&"))
					.toString();
				assertThat(link.group(1)).startsWith("?asset=");
				assertThat(app.get(target, "Accept", "*/*").statusCode()).as(target).isEqualTo(200);
			}
			assertThat(links).isEqualTo(3);
		}
	}

	@ParameterizedTest
	@CsvSource({ "management.endpoints.access.default=unrestricted, unrestricted",
			"management.endpoint.actors.access=, read-only",
			"management.endpoint.actors.access=unrestricted management.endpoints.access.max-permitted=read-only, read-only" })
	void saysWhetherActorsCanBeControlled(String properties, String access) {
		try (WebApplication app = start(WebApplicationType.SERVLET, properties.split(" "))) {
			assertThat(app.get("/actuator/actors", "Accept", BROWSER).body())
				.contains("data-access=\"" + access + "\"");
			// It says what is so
			assertThat(app.act("listener", "stop").statusCode()).isEqualTo((access.equals("read-only")) ? 405 : 204);
		}
	}

	@ParameterizedTest
	@EnumSource(names = { "SERVLET", "REACTIVE" })
	void containsTheTokenOfSpringSecurity(WebApplicationType stack) {
		try (WebApplication app = WebApplication.start(stack, SecuredApplication.class, UNRESTRICTED,
				"management.endpoint.actors.cache.time-to-live=1h", "spring.security.user.name=operator",
				"spring.security.user.password=secret")) {
			String credentials = "Basic " + Base64.getEncoder().encodeToString("operator:secret".getBytes());
			assertThat(app.get("/actuator/actors", "Accept", BROWSER).statusCode()).isNotEqualTo(200);
			HttpResponse<String> page = app.get("/actuator/actors", "Accept", BROWSER, "Authorization", credentials);
			Matcher token = Pattern.compile("data-csrf-header=\"(.+?)\" data-csrf-token=\"(.+?)\"")
				.matcher(page.body());
			assertThat(token.find()).isTrue();
			String cookie = header(page, "Set-Cookie");
			String session = cookie.substring(0, cookie.indexOf(';'));
			HttpResponse<String> stopped = app.post("/actuator/actors/listener", "{\"action\": \"stop\"}", "Cookie",
					session, "Authorization", credentials, token.group(1), token.group(2));
			assertThat(stopped.statusCode()).isEqualTo(204);
			assertThat(app
				.post("/actuator/actors/listener", "{\"action\": \"stop\"}", "Cookie", session, "Authorization",
						credentials)
				.statusCode()).isIn(401, 403);
			// a token is never taken from the endpoint's cache
			HttpResponse<String> other = app.get("/actuator/actors", "Accept", BROWSER, "Authorization", credentials);
			assertThat(header(other, "Set-Cookie")).isNotEmpty().isNotEqualTo(cookie);
			// the files stay cacheable, and JSON begins no session
			HttpResponse<String> script = app.get("/actuator/actors?asset=script", "Authorization", credentials);
			assertThat(header(script, "Cache-Control")).isEqualTo("max-age=3600");
			assertThat(app.get("/actuator/actors", "Authorization", credentials).headers().firstValue("Set-Cookie"))
				.isEmpty();
		}
	}

	@Test
	void nativeImageContainsThePage() {
		RuntimeHints hints = new RuntimeHints();
		new ActorsEndpoint.Hints().registerHints(hints, getClass().getClassLoader());
		for (String file : new String[] { "page.html", "page.js", "page.css", "page.svg" }) {
			assertThat(RuntimeHintsPredicates.resource().forResource("dev/rungroup/actuate/" + file)).accepts(hints);
			assertThat(ActorsPage.class.getResource(file)).isNotNull();
		}
	}

	private static WebApplication start(WebApplicationType stack, String... properties) {
		return WebApplication.start(stack,
				(stack == WebApplicationType.SERVLET) ? ServletApplication.class : ReactiveApplication.class,
				properties);
	}

	private static void assertThatIsJson(HttpResponse<String> response, String description) {
		assertThat(response.statusCode()).as(description).isEqualTo(200);
		assertThat(header(response, "Content-Type")).as(description).contains("json");
		assertThat(response.headers().allValues("Vary")).as(description).contains("Accept");
		assertThat(JsonPath.<String>read(response.body(), "$.group.name")).as(description).isEqualTo("actors");
	}

	private static String header(HttpResponse<String> response, String name) {
		return response.headers().firstValue(name).orElse("");
	}

	@Configuration(proxyBeanMethods = false)
	@Import({ OpenConfiguration.class, Listener.class })
	static class ServletApplication {

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(Listener.class)
	static class ReactiveApplication {

		@Bean
		SecurityWebFilterChain everybody(ServerHttpSecurity http) {
			return http.csrf(ServerHttpSecurity.CsrfSpec::disable)
				.authorizeExchange((exchanges) -> exchanges.anyExchange().permitAll())
				.build();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(Listener.class)
	static class SecuredApplication {

	}

	@Actor("listener")
	static class Listener {

		@Execute
		void listen(MemberContext context) throws InterruptedException {
			context.sleep(Duration.ofDays(1));
		}

	}

}
