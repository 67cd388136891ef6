package dev.rungroup.core;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import joptsimple.OptionParser;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openjdk.jcstress.Main;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Plays the cases of {@link GroupRaces} in JVMs of their own: shortly, or as
 * {@code -Drun.races="-m tough"} says in the words of jcstress, which may take days and
 * shows how far it is in {@code target/races.txt}.
 */
@Tag("long")
class GroupRacesTests {

	/** One run of each case, without the search for unusual JVM modes. */
	private static final String SHORT = "-f 1 -fsm 1 -iters 1 -time 150 -sc false -af NONE -pth false -jvmArgs -Xmx256m";

	@Test
	void noRaceEndsInAForbiddenWay(@TempDir Path directory) throws IOException, InterruptedException {
		String options = System.getProperty("run.races", SHORT);
		List<String> command = new ArrayList<>(
				List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
						"-Djava.io.tmpdir=" + directory, "-cp", classPath(), Main.class.getName()));
		command.addAll(List.of("-t", GroupRaces.class.getName().replace(".", "\\.") + ".*", "-r",
				directory.resolve("report").toString()));
		command.addAll(List.of(options.split(" ")));
		boolean inShort = options.equals(SHORT);
		Path output = (inShort) ? directory.resolve("output") : Path.of("target", "races.txt").toAbsolutePath();
		Process process = new ProcessBuilder(command).directory(directory.toFile())
			.redirectErrorStream(true)
			.redirectOutput(output.toFile())
			.start();
		try {
			boolean over = process.waitFor(inShort ? 900 : TimeUnit.DAYS.toSeconds(7), TimeUnit.SECONDS);
			String text = Files.readString(output);
			assertThat(over).as(text).isTrue();
			assertThat(process.exitValue()).as(text).isZero();
			long cases = Stream.of(GroupRaces.class.getDeclaredClasses())
				.filter((type) -> Modifier.isPublic(type.getModifiers()))
				.count();
			assertThat(text).contains("Failed tests: No matches.", "Error tests: No matches.",
					"All remaining tests: " + cases + " matching test results.");
		}
		finally {
			process.descendants().forEach(ProcessHandle::destroyForcibly);
			process.destroyForcibly();
		}
	}

	private static String classPath() {
		return String.join(File.pathSeparator, JavaProgram.locationOf(Group.class),
				JavaProgram.locationOf(GroupRaces.class),
				JavaProgram.locationOf(org.jspecify.annotations.Nullable.class), JavaProgram.locationOf(Main.class),
				JavaProgram.locationOf(OptionParser.class), JavaProgram.locationOf(com.sun.jna.Native.class),
				JavaProgram.locationOf(com.sun.jna.platform.unix.LibC.class));
	}

}
