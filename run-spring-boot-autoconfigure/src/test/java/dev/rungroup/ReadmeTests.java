package dev.rungroup;

import java.io.IOException;
import java.io.StringWriter;
import java.lang.reflect.Proxy;
import java.net.BindException;
import java.net.ConnectException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import javax.sql.DataSource;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

import dev.rungroup.autoconfigure.RunAutoConfiguration;
import dev.rungroup.autoconfigure.RunClusterAutoConfiguration;
import dev.rungroup.autoconfigure.RunProperties;
import dev.rungroup.context.GroupLifecycle;
import dev.rungroup.core.GroupState;
import dev.rungroup.core.MemberSnapshot;
import dev.rungroup.core.MemberState;
import org.awaitility.Awaitility;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.handler.NoUnboundElementsBindHandler;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.boot.json.JsonParserFactory;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.ContextConsumer;
import org.springframework.context.ApplicationContext;
import org.springframework.core.annotation.MergedAnnotations;
import org.springframework.core.env.MutablePropertySources;
import org.springframework.core.env.PropertySource;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.stereotype.Component;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the documents show is what works: their Java compiles, their actors can be
 * restarted, and their YAML is understood.
 */
@Tag("once")
class ReadmeTests {

	private static final Path REFERENCE = Path.of("REFERENCE.md");

	private static final List<Path> DOCUMENTS = List.of(Path.of("..", "README.md"), REFERENCE, Path.of("CORE.md"));

	private static final Pattern SNIPPET = Pattern.compile("^```(\\w*)\\n(.*?)^```$",
			Pattern.MULTILINE | Pattern.DOTALL);

	private static final String IMPORTS = """
			import dev.rungroup.annotation.*;
			import dev.rungroup.cluster.*;
			import dev.rungroup.context.*;
			import dev.rungroup.core.*;
			import dev.rungroup.test.*;
			import java.io.*;
			import java.net.*;
			import java.net.http.*;
			import java.sql.*;
			import java.time.*;
			import java.util.*;
			import java.util.concurrent.*;
			import javax.sql.*;
			import org.jspecify.annotations.*;
			import org.junit.jupiter.api.*;
			import org.springframework.beans.factory.annotation.*;
			import org.springframework.boot.test.context.*;
			import org.springframework.context.annotation.*;
			import org.springframework.integration.jdbc.lock.*;
			import org.springframework.stereotype.*;
			import org.springframework.test.context.bean.override.mockito.*;
			import static org.assertj.core.api.Assertions.*;
			import static org.mockito.BDDMockito.*;
			""";

	/** What snippets call that a reader has to imagine. */
	private static final String SURROUNDINGS = """
			interface Invoices {
				void mailNext() throws Exception;
			}
			""";

	/** A snippet of statements, not of classes, becomes the body of a method. */
	private static final String METHOD = """
			class Statements {
				void serve(ServerSocket server) throws IOException {
				}
				void poll() {
				}
				String ask() throws IOException {
					throw new IOException();
				}
				void statements() throws Exception {
					%s
				}
			}
			""";

	private static final JavaCompiler COMPILER = ToolProvider.getSystemJavaCompiler();

	/** Keeps the jars of the class path open from one snippet to the next. */
	private static final StandardJavaFileManager FILES = COMPILER.getStandardFileManager(null, null, null);

	@AfterAll
	static void closeFiles() throws IOException {
		FILES.close();
	}

	@ParameterizedTest
	@MethodSource("javaSnippets")
	void javaSnippetsCompile(String snippet, @TempDir Path output) {
		assertCompiles(snippet, output);
	}

	@Test
	void echoServerOutlivesALostClientAndDoesNotWaitForAnIdleOneToStop(@TempDir Path output) throws Exception {
		String snippet = javaSnippets().filter((java) -> java.contains("class EchoServer")).findFirst().orElseThrow();
		int port = freePort();
		run(snippet.replace("7007", String.valueOf(port)), output, (context) -> {
			try (Socket lost = echoed(port)) {
				lost.setSoLinger(true, 0); // its end is a reset
			}
			GroupLifecycle group = context.getBean(GroupLifecycle.class);
			try (Socket idle = echoed(port)) {
				group.restartMember("echo-server");
				assertThat(idle.getInputStream().read()).isEqualTo(-1);
			}
			try (Socket idle = echoed(port)) {
				group.stop();
				assertThat(idle.getInputStream().read()).isEqualTo(-1);
			}
			assertThat(member(group, "echo-server").state()).isEqualTo(MemberState.STOPPED);
		});
	}

	@ParameterizedTest
	@MethodSource("javaSnippets")
	void examplesCanBeRestarted(String snippet, @TempDir Path output) throws Exception {
		Assumptions.assumeTrue(snippet.contains("Actor") && !snippet.contains("@Test"), "no actor");
		run(snippet.replace("7007", String.valueOf(freePort())), output, (context) -> {
			GroupLifecycle group = context.getBean(GroupLifecycle.class);
			List<String> names = group.snapshot().members().stream().map(MemberSnapshot::name).toList();
			assertThat(names).isNotEmpty();
			for (String name : names) {
				for (int executions = 1; executions <= 3; executions++) {
					long expected = executions;
					Awaitility.await()
						.atMost(Duration.ofSeconds(20))
						.until(() -> member(group, name).executions() >= expected);
					group.restartMember(name);
				}
			}
			assertThat(group.snapshot().state()).isEqualTo(GroupState.RUNNING);
		});
	}

	private static MemberSnapshot member(GroupLifecycle group, String name) {
		return group.snapshot()
			.members()
			.stream()
			.filter((member) -> member.name().equals(name))
			.findFirst()
			.orElseThrow();
	}

	/**
	 * Run the classes of a snippet in an application context.
	 */
	private static void run(String snippet, Path output, ContextConsumer<ApplicationContext> body) throws Exception {
		assertCompiles(snippet, output);
		try (URLClassLoader classes = new URLClassLoader(new URL[] { output.toUri().toURL() })) {
			ApplicationContextRunner runner = new ApplicationContextRunner().withClassLoader(classes)
				.withConfiguration(AutoConfigurations.of(RunAutoConfiguration.class, RunClusterAutoConfiguration.class))
				.withPropertyValues("run.on-shutdown=none", "run.shutdown.timeout=20s",
						"run.actors.purge.initial-delay=0s", "run.cluster.enabled=false",
						"run.ignore-unknown-actors=true", "outbox.target=http://localhost")
				.withBean(DataSource.class, ReadmeTests::outbox);
			for (Class<?> type : loadAll(classes, output)) {
				if (type.isInterface()) {
					runner = withStub(runner, type);
				}
				else if (MergedAnnotations.from(type).isPresent(Component.class)) {
					runner = runner.withUserConfiguration(type);
				}
			}
			runner.run((context) -> {
				assertThat(context).hasNotFailed();
				body.accept(context.getSourceApplicationContext());
			});
		}
	}

	private static DataSource outbox() {
		JdbcDataSource database = new JdbcDataSource();
		database.setURL(
				"jdbc:h2:mem:outbox;DB_CLOSE_DELAY=-1;INIT=CREATE TABLE IF NOT EXISTS outbox (id BIGINT, body VARCHAR)");
		return database;
	}

	private static List<Class<?>> loadAll(ClassLoader classes, Path output) throws Exception {
		List<Class<?>> types = new ArrayList<>();
		try (Stream<Path> files = Files.list(output)) {
			for (Path file : files.toList()) {
				types.add(classes.loadClass(file.getFileName().toString().replace(".class", "")));
			}
		}
		return types;
	}

	private static <T> ApplicationContextRunner withStub(ApplicationContextRunner runner, Class<T> type) {
		return runner.withBean(type, () -> type
			.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] { type }, (proxy, method, arguments) -> {
				return method.getName().equals("toString") ? "stub" : method.getName().equals("hashCode") ? 1 : null;
			})));
	}

	/**
	 * Return a port that is free and stays so: below those that the system hands out, of
	 * which another process could be given it before the example binds it.
	 */
	private static int freePort() throws IOException {
		for (int port = ThreadLocalRandom.current().nextInt(20_000, 30_000);; port++) {
			try (ServerSocket socket = new ServerSocket(port)) {
				return socket.getLocalPort();
			}
			catch (BindException ex) {
				// The next one
			}
		}
	}

	/**
	 * Return a connection that has sent something and got it back.
	 */
	private static Socket echoed(int port) throws IOException {
		Socket socket = Awaitility.await() // until somebody listens
			.atMost(Duration.ofSeconds(20))
			.ignoreException(ConnectException.class)
			.until(() -> new Socket("localhost", port), Objects::nonNull);
		socket.setSoTimeout(20_000);
		socket.getOutputStream().write('e');
		assertThat(socket.getInputStream().read()).isEqualTo('e');
		return socket;
	}

	private static void assertCompiles(String snippet, Path output) {
		boolean isClass = Pattern.compile("^(@\\w+.*\\s)*class ", Pattern.MULTILINE).matcher(snippet).find();
		String source = IMPORTS + SURROUNDINGS + (isClass ? snippet : METHOD.formatted(snippet));
		DiagnosticCollector<JavaFileObject> diagnostics = new DiagnosticCollector<>();
		List<String> options = List.of("-d", output.toString(), "-proc:none", "-classpath",
				System.getProperty("java.class.path"));
		boolean compiled = COMPILER
			.getTask(new StringWriter(), FILES, diagnostics, options, null, List.of(new Source(source)))
			.call();
		assertThat(compiled).as(() -> snippet + "\n" + diagnostics.getDiagnostics()).isTrue();
	}

	@ParameterizedTest
	@MethodSource("yamlSnippets")
	void yamlSnippetsNameOnlyPropertiesThatExist(String snippet) throws IOException {
		List<PropertySource<?>> loaded = new YamlPropertySourceLoader().load("README",
				new ByteArrayResource(snippet.getBytes(StandardCharsets.UTF_8)));
		MutablePropertySources sources = new MutablePropertySources();
		loaded.forEach(sources::addLast);
		Binder binder = new Binder(ConfigurationPropertySources.from(sources));
		BindHandler strict = new NoUnboundElementsBindHandler(BindHandler.DEFAULT);
		assertThat(binder.bind("run", Bindable.of(RunProperties.class), strict).isBound()).isTrue();
	}

	@Test
	void referenceNamesEveryProperty() throws IOException {
		String metadata = Files
			.readString(Path.of("target", "classes", "META-INF", "spring-configuration-metadata.json"));
		String reference = Files.readString(REFERENCE);
		Matcher names = Pattern.compile("\"name\": \"(run\\.[a-z.-]+)\",\\s+\"type\": \"(?!dev\\.rungroup)")
			.matcher(metadata);
		List<String> missing = new ArrayList<>();
		while (names.find()) {
			String name = names.group(1);
			if (!reference.contains("`" + name + "`") && !name.equals("run.actors")) {
				missing.add(name);
			}
		}
		assertThat(missing).isEmpty();
	}

	@Test
	void referenceHasTheDefaultOfEveryProperty() throws IOException {
		String metadata = Files
			.readString(Path.of("target", "classes", "META-INF", "spring-configuration-metadata.json"));
		String reference = Files.readString(REFERENCE);
		List<String> wrong = new ArrayList<>();
		for (Object property : (List<?>) JsonParserFactory.getJsonParser().parseMap(metadata).get("properties")) {
			Map<?, ?> values = (Map<?, ?>) property;
			String value = String.valueOf(values.get("defaultValue"))
				.replace('_', '-')
				.replaceAll("[${]|:[a-z]*}$", "");
			Matcher row = Pattern.compile("(?m)^\\| `" + values.get("name") + "`[^|]*\\| `([^|`]*)` \\|")
				.matcher(reference);
			if (row.find() && !row.group(1).equals(value)) {
				wrong.add(values.get("name") + " is " + value + ", and in the reference " + row.group(1));
			}
		}
		assertThat(wrong).isEmpty();
	}

	static Stream<String> javaSnippets() throws IOException {
		return snippets("java");
	}

	static Stream<String> yamlSnippets() throws IOException {
		return snippets("yaml");
	}

	private static Stream<String> snippets(String language) throws IOException {
		List<String> snippets = new ArrayList<>();
		for (Path document : DOCUMENTS) {
			SNIPPET.matcher(Files.readString(document))
				.results()
				.filter((match) -> match.group(1).equals(language))
				.forEach((match) -> snippets.add(match.group(2)));
		}
		assertThat(snippets).as(language + " in the documents").isNotEmpty();
		return snippets.stream();
	}

	private static final class Source extends SimpleJavaFileObject {

		private final String code;

		Source(String code) {
			super(URI.create("string:///Snippet.java"), Kind.SOURCE);
			this.code = code;
		}

		@Override
		public CharSequence getCharContent(boolean ignoreEncodingErrors) {
			return this.code;
		}

	}

}
