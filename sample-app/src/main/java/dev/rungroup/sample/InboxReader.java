package dev.rungroup.sample;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

import dev.rungroup.annotation.Execute;
import dev.rungroup.annotation.LoopActor;
import dev.rungroup.core.MemberContext;
import dev.rungroup.core.OnStop;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes lines from files. One execution takes the files that are in the inbox now; the
 * next one begins a second later.
 * <p>
 * A file is first moved to a directory with a random name, {@code processing/<id>/}. The
 * ids of its lines are made of that name and their numbers, so that a file whose reading
 * was cut short can be read again from the start without doubling a line, and still the
 * same file dropped twice counts twice. So a stop need not wait until the round is
 * finished, as it does for a loop by default: {@code Thread.interrupt()} ends everything
 * this thread ever waits for.
 */
@LoopActor(delay = "1s", stage = 10, onStop = OnStop.INTERRUPT)
class InboxReader {

	private static final Logger log = LoggerFactory.getLogger(InboxReader.class);

	private static final int MAX_LINES_PER_ROUND = 100;

	private final LineQueue queue;

	private final Path inbox;

	private final Path processing;

	private final Path done;

	private final Path failed;

	private final int maxLineLength;

	InboxReader(LineQueue queue, SampleProperties properties) {
		this.queue = queue;
		this.inbox = properties.inbox().toAbsolutePath().normalize();
		this.processing = this.inbox.resolve("processing");
		this.done = this.inbox.resolve("done");
		this.failed = this.inbox.resolve("failed");
		this.maxLineLength = (int) properties.maxLineLength().toBytes();
	}

	@Execute
	void takeFiles(MemberContext context) throws IOException, InterruptedException {
		if (context.execution() == 1) {
			log.info("Taking lines from the files in {}", this.inbox);
		}
		for (Path directory : List.of(this.processing, this.done, this.failed)) {
			Files.createDirectories(directory);
		}
		// a file that cannot be read or moved must not hold up the others
		List<IOException> failures = new ArrayList<>();
		// what a crash has left behind comes first
		List<Path> claimed = new ArrayList<>(directories(this.processing));
		for (Path file : files(this.inbox)) {
			try {
				claim(file, claimed);
			}
			catch (IOException ex) {
				failures.add(ex);
			}
		}
		for (Path directory : claimed) {
			try {
				finish(directory);
			}
			catch (IOException ex) {
				failures.add(ex);
			}
		}
		if (!failures.isEmpty()) {
			IOException first = failures.remove(0);
			failures.forEach(first::addSuppressed);
			throw first;
		}
	}

	private void claim(Path file, List<Path> claimed) throws IOException {
		Path directory = Files.createDirectory(this.processing.resolve(UUID.randomUUID().toString()));
		claimed.add(directory); // empty if the file cannot be moved, and deleted as such
		try {
			Files.move(file, directory.resolve(file.getFileName()), StandardCopyOption.ATOMIC_MOVE);
		}
		catch (NoSuchFileException ex) {
			log.info("{} was taken away again", file);
		}
	}

	private void finish(Path claimed) throws IOException, InterruptedException {
		for (Path file : files(claimed)) {
			store(claimed.getFileName().toString(), file);
		}
		Files.delete(claimed);
	}

	private void store(String id, Path file) throws IOException, InterruptedException {
		// begins with a dot, so that it is not taken for a file with lines
		Path errors = file.resolveSibling(".errors");
		long bad = 0;
		long lines = 0;
		try (InputStream in = Files.newInputStream(file);
				BufferedWriter report = Files.newBufferedWriter(errors, StandardCharsets.UTF_8)) {
			LineReader reader = new LineReader(in, this.maxLineLength);
			List<Entry> round;
			do {
				round = submit(reader, id, lines);
				for (Entry entry : round) {
					lines++;
					try {
						entry.await();
					}
					catch (RejectedLineException ex) {
						bad++;
						report.write("line " + lines + ": " + ex.getMessage() + ": " + entry.text());
						report.newLine();
					}
				}
			}
			while (!round.isEmpty());
		}
		Path target = target((bad > 0) ? this.failed : this.done, id, file);
		if (bad > 0) {
			Files.move(errors, target.resolveSibling(target.getFileName() + ".errors"),
					StandardCopyOption.REPLACE_EXISTING);
		}
		else {
			Files.delete(errors);
		}
		Files.move(file, target, StandardCopyOption.ATOMIC_MOVE);
		log.info("{}: {} lines stored, {} rejected; moved to {}", file.getFileName(), lines - bad, bad, target);
	}

	private List<Entry> submit(LineReader reader, String id, long linesBefore)
			throws IOException, InterruptedException {
		List<Entry> round = new ArrayList<>();
		while (round.size() < MAX_LINES_PER_ROUND) {
			byte[] bytes = new byte[0];
			try {
				bytes = reader.next();
				if (bytes == null) {
					break;
				}
				Line line = new Line(id + ":" + (linesBefore + round.size() + 1), LineProtocol.parse(bytes));
				while (!this.queue.offer(line, Duration.ofMinutes(1))) {
					log.info("Waiting for a place in the queue");
				}
				round.add(new Entry(printable(bytes), line::awaitStored));
			}
			catch (RejectedLineException ex) {
				round.add(new Entry(printable((bytes != null) ? bytes : new byte[0]), () -> {
					throw ex;
				}));
			}
		}
		return round;
	}

	/**
	 * The files that are whole. Nobody can see that of a file, so there is a convention:
	 * whoever is still writing uses another name and renames the file when it is done.
	 */
	private static List<Path> files(Path directory) throws IOException {
		try (Stream<Path> files = Files.list(directory)) {
			return files.filter(Files::isRegularFile).filter((file) -> {
				String name = file.getFileName().toString();
				return !name.startsWith(".") && !name.endsWith(".tmp") && !name.endsWith(".part");
			}).sorted().toList();
		}
	}

	private static List<Path> directories(Path directory) throws IOException {
		try (Stream<Path> files = Files.list(directory)) {
			return files.filter(Files::isDirectory).sorted().toList();
		}
	}

	private static Path target(Path directory, String id, Path file) {
		Path target = directory.resolve(file.getFileName());
		return Files.exists(target) ? directory.resolve(id + "-" + file.getFileName()) : target;
	}

	private static String printable(byte[] line) {
		return new String(line, StandardCharsets.UTF_8).replaceAll("\\p{Cntrl}", "?");
	}

	/**
	 * A line of a file, whose fate may still have to be waited for.
	 */
	private record Entry(String text, Fate fate) {

		void await() throws RejectedLineException, InterruptedException {
			this.fate.await();
		}

	}

	private interface Fate {

		void await() throws RejectedLineException, InterruptedException;

	}

}
