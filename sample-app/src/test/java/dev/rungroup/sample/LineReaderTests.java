package dev.rungroup.sample;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import com.sun.management.ThreadMXBean;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LineReader}.
 */
class LineReaderTests {

	@Test
	void cutsAtLineFeeds() throws Exception {
		assertThat(read(stream("a\nb\r\n\n\r\nlast"), 10)).containsExactly("a", "b", "", "", "last");
		assertThat(read(stream(""), 10)).isEmpty();
		assertThat(read(stream("\n"), 10)).containsExactly("");
	}

	@Test
	void goesOnBehindALineThatIsTooLong() throws Exception {
		String text = "1234567890\n12345678901\n" + "x".repeat(1 << 20) + "\n1234567890\r\nend";
		assertThat(read(stream(text), 10)).containsExactly("1234567890", "too long", "too long", "1234567890", "end");
	}

	@Test
	void lineMayEndAtTheEdgeOfItsBuffer() throws Exception {
		for (int length = 8180; length < 8200; length++) {
			String line = "y".repeat(length);
			assertThat(read(stream(line + "\nnext\n"), 10_000)).containsExactly(line, "next");
		}
	}

	@Test
	void takesBytesAsTheyCome() throws Exception {
		InputStream slow = new InputStream() {

			private final InputStream in = stream("one\ntwo\r\n");

			@Override
			public int read() throws IOException {
				return this.in.read();
			}

			@Override
			public int read(byte[] bytes, int offset, int length) throws IOException {
				return this.in.read(bytes, offset, 1);
			}

		};
		assertThat(read(slow, 10)).containsExactly("one", "two");
	}

	@Test
	void holdsNoMoreThanALineOfAnEndlessOne() throws Exception {
		long moreThanAnArrayHolds = 1L << 32;
		long length = Boolean.getBoolean("run.everything") ? moreThanAnArrayHolds : 1 << 26;
		InputStream endless = new InputStream() {

			private long left = length;

			@Override
			public int read() {
				return (this.left-- > 0) ? 'z' : -1;
			}

			@Override
			public int read(byte[] bytes, int offset, int length) {
				this.left -= length;
				return (this.left > 0) ? length : -1;
			}

		};
		// what is loaded on the way is much less
		ThreadMXBean threads = ManagementFactory.getPlatformMXBean(ThreadMXBean.class);
		long before = threads.getCurrentThreadAllocatedBytes();
		assertThat(read(endless, 4096)).containsExactly("too long");
		assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(1 << 24);
	}

	@Test
	void knowsWhetherItWouldWait() throws Exception {
		LineReader reader = new LineReader(stream("one\ntwo\nthr"), 10);
		assertThat(reader.hasLine()).isFalse();
		reader.next();
		assertThat(reader.hasLine()).isTrue();
		reader.next();
		assertThat(reader.hasLine()).isFalse();
	}

	private static InputStream stream(String text) {
		return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
	}

	private static List<String> read(InputStream in, int maxLength) throws IOException {
		LineReader reader = new LineReader(in, maxLength);
		List<String> lines = new ArrayList<>();
		while (true) {
			try {
				byte[] line = reader.next();
				if (line == null) {
					return lines;
				}
				lines.add(new String(line, StandardCharsets.UTF_8));
			}
			catch (RejectedLineException ex) {
				assertThat(ex).hasMessage("line is longer than " + maxLength + " bytes");
				lines.add("too long");
			}
		}
	}

}
