package dev.rungroup.actuate;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;

import com.jayway.jsonpath.JsonPath;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * An application with a real Tomcat on a free port, and a client for it.
 */
public final class WebApplication implements AutoCloseable {

	private static final HttpClient CLIENT = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();

	private final ConfigurableApplicationContext context;

	private final int port;

	private WebApplication(ConfigurableApplicationContext context) {
		this.context = context;
		this.port = port("local.server.port");
	}

	public static WebApplication start(Class<?> configuration, String... properties) {
		return start(WebApplicationType.SERVLET, configuration, properties);
	}

	static WebApplication start(WebApplicationType stack, Class<?> configuration, String... properties) {
		return new WebApplication(new SpringApplicationBuilder(configuration).web(stack)
			.properties("server.port=0", "management.endpoints.web.exposure.include=*", "run.on-shutdown=none",
					"spring.main.banner-mode=off", "run.retry.delay=1h")
			.run(Arrays.stream(properties).map((property) -> "--" + property).toArray(String[]::new)));
	}

	<T> T bean(Class<T> type) {
		return this.context.getBean(type);
	}

	ConfigurableApplicationContext context() {
		return this.context;
	}

	int port(String property) {
		return Integer.parseInt(this.context.getEnvironment().getRequiredProperty(property));
	}

	public int port() {
		return this.port;
	}

	HttpResponse<String> get(String path, String... headers) {
		return send(request(path, headers).GET());
	}

	<T> T json(String path, String expression) {
		return JsonPath.read(get(path).body(), expression);
	}

	HttpResponse<String> post(String path, String body, String... headers) {
		return send(request(path, headers).header("Content-Type", "application/json")
			.POST(HttpRequest.BodyPublishers.ofString(body)));
	}

	HttpResponse<String> act(String actor, String action) {
		return post("/actuator/actors/" + actor, "{\"action\": \"" + action + "\"}");
	}

	public String state(String actor) {
		Map<String, Object> found = json("/actuator/actors/" + actor, "$");
		return String.valueOf(found.get("state"));
	}

	private HttpRequest.Builder request(String path, String... headers) {
		URI address = URI.create((path.startsWith("/")) ? "http://localhost:" + this.port + path : path);
		HttpRequest.Builder request = HttpRequest.newBuilder(address).timeout(Duration.ofSeconds(20));
		return (headers.length > 0) ? request.headers(headers) : request;
	}

	private static HttpResponse<String> send(HttpRequest.Builder request) {
		try {
			return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	@Override
	public void close() {
		this.context.close();
	}

}
