package dev.rungroup;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.context.annotation.Bean;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * The map of the packages: who may import whom, and what an auto-configuration looks
 * like.
 */
@Tag("once")
class ArchitectureTests {

	private static final String CORE = "dev.rungroup.core..";

	private static final String ANNOTATION = "dev.rungroup.annotation..";

	private static final String CONTEXT = "dev.rungroup.context..";

	private static final String CLUSTER = "dev.rungroup.cluster..";

	private static final String METRICS = "dev.rungroup.metrics..";

	private static final String ACTUATE = "dev.rungroup.actuate..";

	private static final String AUTOCONFIGURE = "dev.rungroup.autoconfigure..";

	private static final String TEST = "dev.rungroup.test..";

	private static final String IMPORTS = "META-INF/spring/" + AutoConfiguration.class.getName() + ".imports";

	private static final JavaClasses CLASSES = new ClassFileImporter()
		.withImportOption(new ImportOption.DoNotIncludeTests())
		.importPackages("dev.rungroup");

	@Test
	void coreImportsJavaAndJSpecifyOnly() {
		check(classes().that()
			.resideInAPackage(CORE)
			.should()
			.onlyDependOnClassesThat()
			.resideInAnyPackage(CORE, "java..", "org.jspecify.."));
	}

	@Test
	void annotationsImportCoreAndSpringsAnnotationsOnly() {
		check(classes().that()
			.resideInAPackage(ANNOTATION)
			.should()
			.onlyDependOnClassesThat()
			.resideInAnyPackage(ANNOTATION, CORE, "java..", "org.jspecify..", "org.springframework.aot.hint.annotation",
					"org.springframework.core.annotation", "org.springframework.stereotype"));
	}

	@Test
	void contextAndClusterImportNeitherBootNorMicrometer() {
		check(noClasses().that()
			.resideInAnyPackage(CONTEXT, CLUSTER)
			.should()
			.dependOnClassesThat()
			.resideInAnyPackage("org.springframework.boot..", "io.micrometer..", METRICS, ACTUATE));
	}

	@Test
	void metricsImportCoreAndMicrometerOnly() {
		check(classes().that()
			.resideInAPackage(METRICS)
			.should()
			.onlyDependOnClassesThat()
			.resideInAnyPackage(METRICS, CORE, "java..", "org.jspecify..", "io.micrometer.."));
	}

	@Test
	void actuateKnowsNoMicrometer() {
		check(noClasses().that()
			.resideInAPackage(ACTUATE)
			.should()
			.dependOnClassesThat()
			.resideInAnyPackage("io.micrometer..", METRICS));
	}

	@Test
	void micrometerIsKnownToMetricsAndAutoconfigureOnly() {
		check(noClasses().that()
			.resideOutsideOfPackages(METRICS, AUTOCONFIGURE)
			.should()
			.dependOnClassesThat()
			.resideInAPackage("io.micrometer.."));
	}

	@Test
	void nobodyImportsAutoconfigure() {
		check(noClasses().that()
			.resideOutsideOfPackage(AUTOCONFIGURE)
			.should()
			.dependOnClassesThat()
			.resideInAPackage(AUTOCONFIGURE));
	}

	@Test
	void nobodyImportsOrNamesWhatIsForTests() throws IOException {
		check(noClasses().that().resideOutsideOfPackage(TEST).should().dependOnClassesThat().resideInAPackage(TEST));
		Path resources = Path.of("src/main/resources");
		try (Stream<Path> files = Files.walk(resources).filter(Files::isRegularFile)) {
			assertThat(files).allSatisfy((file) -> assertThat(file).content().doesNotContain("dev.rungroup.test"));
		}
	}

	@Test
	void whatIsForTestsImportsCoreAndContextOnly() {
		check(noClasses().that()
			.resideInAPackage(TEST)
			.should()
			.dependOnClassesThat()
			.resideInAnyPackage(ANNOTATION, METRICS, ACTUATE, "io.micrometer.."));
	}

	@Test
	void packagesHaveNoCycles() {
		slices().matching("dev.rungroup.(*)..").should().beFreeOfCycles().check(CLASSES);
	}

	@Test
	void everyPackageIsNullMarked() {
		List<String> unmarked = packages(CLASSES.getDefaultPackage()).filter((each) -> !each.getClasses().isEmpty())
			.filter((each) -> each.getName().startsWith("dev.rungroup"))
			.filter((each) -> !each.isAnnotatedWith(NullMarked.class))
			.map(JavaPackage::getName)
			.toList();
		assertThat(unmarked).as("packages without @NullMarked in their package-info.java").isEmpty();
	}

	@Test
	void autoConfigurationsArePublicAndFinalAndNamedSo() {
		check(classes().that(areAutoConfigurations())
			.should()
			.bePublic()
			.andShould()
			.haveModifier(JavaModifier.FINAL)
			.andShould()
			.haveSimpleNameEndingWith("AutoConfiguration")
			.andShould()
			.resideInAPackage(AUTOCONFIGURE));
	}

	@Test
	void autoConfigurationsHaveNoPublicMembersBesidesConstructors() {
		check(methods().that().areDeclaredInClassesThat(areAutoConfigurations()).should().notBePublic());
		check(fields().that().areDeclaredInClassesThat(areAutoConfigurations()).should().notBePublic());
	}

	@Test
	void beanMethodsAreNotPublic() {
		check(methods().that().areAnnotatedWith(Bean.class).should().notBePublic());
	}

	@Test
	void autoConfigurationsAreExactlyThoseNamedInTheImportsFile() throws IOException {
		Set<String> annotated = new TreeSet<>();
		CLASSES.that(areAutoConfigurations()).forEach((each) -> annotated.add(each.getName()));
		assertThat(importsFile()).as(IMPORTS).containsExactlyElementsOf(annotated);
	}

	/** The lines of our own file; empty until there is an auto-configuration. */
	private static List<String> importsFile() throws IOException {
		ClassLoader classLoader = ArchitectureTests.class.getClassLoader();
		for (URL url : Collections.list(classLoader.getResources(IMPORTS))) {
			try (InputStream in = url.openStream()) {
				List<String> lines = new String(in.readAllBytes(), StandardCharsets.UTF_8).lines()
					.map(String::strip)
					.filter((line) -> !line.isEmpty() && !line.startsWith("#"))
					.toList();
				if (lines.stream().anyMatch((line) -> line.startsWith("dev.rungroup."))) {
					return lines;
				}
			}
		}
		return List.of();
	}

	private static Stream<JavaPackage> packages(JavaPackage root) {
		return Stream.concat(Stream.of(root), root.getSubpackagesInTree().stream());
	}

	private static DescribedPredicate<JavaClass> areAutoConfigurations() {
		return DescribedPredicate.describe("are auto-configurations",
				(each) -> each.isAnnotatedWith(AutoConfiguration.class));
	}

	/** A rule may find nothing to check: a package may have no class that it is about. */
	private void check(ArchRule rule) {
		rule.allowEmptyShould(true).check(CLASSES);
	}

}
