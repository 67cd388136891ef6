package dev.rungroup.sample;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

import dev.rungroup.core.Group;
import dev.rungroup.core.Member;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link InboxReader} with files that the file system makes trouble with.
 */
class InboxReaderTests {

	/** The longest path of Linux is one byte shorter. */
	private static final int PATH_MAX = 4096;

	@Test
	@EnabledOnOs(OS.LINUX)
	void fileThatCannotBeMovedDoesNotHoldUpTheOthers(@TempDir Path directory) throws Exception {
		// its path just fits, and in processing/<id>/ it does not: not even root can move
		// it
		String name = "n".repeat(200);
		Path inbox = deep(directory, PATH_MAX - name.length() - 20);
		Path unmovable = Files.createFile(inbox.resolve(name));
		Files.writeString(inbox.resolve("a.txt"), "bad\n");
		Files.writeString(inbox.resolve("z.txt"), "bad\n");
		InboxReader reader = reader(inbox);
		for (int i = 0; i < 2; i++) {
			assertThatExceptionOfType(FileSystemException.class).isThrownBy(() -> execute(reader))
				.satisfies((ex) -> assertThat(ex.getFile()).isEqualTo(unmovable.toString()));
			assertThat(unmovable).exists();
			assertThat(inbox.resolve("failed/a.txt")).exists();
			assertThat(inbox.resolve("failed/z.txt")).exists();
			assertThat(inbox.resolve("processing")).isEmptyDirectory();
		}
	}

	private static InboxReader reader(Path inbox) {
		SampleProperties properties = new SampleProperties(0, 1, Duration.ZERO, Duration.ZERO, DataSize.ofBytes(100), 3,
				Duration.ZERO, 1, inbox, Duration.ZERO);
		return new InboxReader(new LineQueue(properties), properties);
	}

	private static void execute(InboxReader reader) throws Exception {
		Group group = new Group();
		group.add(Member.named("inbox-reader").execute(reader::takeFiles).build());
		group.run();
	}

	/**
	 * Create a directory whose path has this length.
	 */
	private static Path deep(Path directory, int length) throws IOException {
		Path deep = directory;
		int missing = length - deep.toString().length();
		while (missing > 0) {
			int part = (missing > 201) ? 100 : missing; // with its separator, never 1
			deep = deep.resolve("d".repeat(part - 1));
			missing -= part;
		}
		return Files.createDirectories(deep);
	}

}
