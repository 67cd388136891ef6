package dev.rungroup;

import java.nio.file.Path;
import java.util.List;

import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPath;
import javax.xml.xpath.XPathFactory;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Document;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The POMs say what Maven Central asks for.
 */
class PublishedPomsTests {

	private final XPath xpath = XPathFactory.newInstance().newXPath();

	@ParameterizedTest
	@ValueSource(strings = { "", "run-spring-boot-autoconfigure", "run-spring-boot-starter" })
	void everyPublishedPomHasANameAndADescription(String module) throws Exception {
		assertThat(text(module, "/project/name")).isNotBlank();
		assertThat(text(module, "/project/description")).isNotBlank();
		assertThat(text(module, "/project/artifactId")).startsWith("run-");
	}

	@Test
	void parentHasTheRestForAll() throws Exception {
		for (String path : List.of("/project/url", "/project/licenses/license/name", "/project/licenses/license/url",
				"/project/scm/connection", "/project/scm/developerConnection", "/project/scm/url",
				"/project/developers/developer/name")) {
			assertThat(text("", path)).as(path).isNotBlank();
		}
		// Otherwise the modules would have addresses that nobody can open
		assertThat(text("", "/project/@child.project.url.inherit.append.path")).isEqualTo("false");
		assertThat(text("", "/project/scm/@child.scm.url.inherit.append.path")).isEqualTo("false");
	}

	@Test
	void releaseIsSignedWhenAskedForAndPublishesNoSample() throws Exception {
		String plugin = "/project/profiles/profile[id = 'release']/build/plugins/plugin[artifactId = '%s']";
		assertThat(text("", "/project/profiles/profile[id = 'release']/properties/gpg.skip")).isEqualTo("true");
		assertThat(text("", plugin.formatted("maven-gpg-plugin") + "//goal")).isEqualTo("sign");
		assertThat(text("", plugin.formatted("central-publishing-maven-plugin") + "//excludeArtifacts"))
			.isEqualTo("sample-app");
	}

	@Test
	void codeBringsNothingButTheNullAnnotations() throws Exception {
		assertThat(text("run-spring-boot-autoconfigure", "/project/dependencies/dependency[1]/artifactId"))
			.isEqualTo("jspecify");
		assertThat(text("run-spring-boot-autoconfigure",
				"count(/project//dependencies[not(ancestor::plugin)]/dependency[not(optional = 'true') and not(scope = 'test')])"))
			.isEqualTo("1");
		assertThat(text("", "count(/project/dependencies)")).isEqualTo("0");
	}

	@Test
	void starterBringsNoTracingAndNoMetersByItself() throws Exception {
		assertThat(text("run-spring-boot-starter", "count(/project/dependencies/dependency)")).isEqualTo("2");
		assertThat(text("run-spring-boot-starter", "/project/dependencies/dependency[1]/artifactId"))
			.isEqualTo("run-spring-boot-autoconfigure");
		assertThat(text("run-spring-boot-starter", "/project/dependencies/dependency[2]/artifactId"))
			.isEqualTo("spring-boot-starter");
	}

	private String text(String module, String path) throws Exception {
		Document pom = DocumentBuilderFactory.newInstance()
			.newDocumentBuilder()
			.parse(Path.of("..", module, "pom.xml").toFile());
		return this.xpath.evaluate(path, pom);
	}

}
