package dev.rungroup.sample;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

import org.jspecify.annotations.Nullable;

/**
 * Cuts a stream into lines without ever holding more than one of them: what is longer
 * than allowed is thrown away while it is read, not afterwards.
 */
final class LineReader {

	private final InputStream in;

	private final int maxLength;

	private final byte[] buffer = new byte[8192];

	private int position;

	private int limit;

	LineReader(InputStream in, int maxLength) {
		this.in = in;
		this.maxLength = maxLength;
	}

	/**
	 * Read a line; the last one may lack its line feed. After an exception for a line the
	 * next call reads the one behind it.
	 * @return the line without its end, {@code null} at the end of the stream
	 * @throws RejectedLineException if the line is too long
	 */
	byte @Nullable [] next() throws IOException, RejectedLineException {
		ByteArrayOutputStream line = new ByteArrayOutputStream();
		boolean tooLong = false;
		boolean anything = false;
		while (this.position < this.limit || fill()) {
			anything = true;
			int end = lineFeed();
			int length = ((end < 0) ? this.limit : end) - this.position;
			tooLong |= line.size() + length > this.maxLength + 1; // one more for a
																	// carriage return
			if (!tooLong) {
				line.write(this.buffer, this.position, length);
			}
			this.position += length;
			if (end >= 0) {
				this.position++;
				break;
			}
		}
		if (!anything) {
			return null;
		}
		byte[] bytes = withoutCarriageReturn(line.toByteArray());
		if (tooLong || bytes.length > this.maxLength) {
			throw new RejectedLineException("line is longer than " + this.maxLength + " bytes");
		}
		return bytes;
	}

	/**
	 * Return whether {@link #next()} has a whole line at hand and will not wait for one.
	 */
	boolean hasLine() {
		return lineFeed() >= 0;
	}

	private boolean fill() throws IOException {
		this.position = 0;
		this.limit = Math.max(0, this.in.read(this.buffer));
		return this.limit > 0;
	}

	private int lineFeed() {
		for (int i = this.position; i < this.limit; i++) {
			if (this.buffer[i] == '\n') {
				return i;
			}
		}
		return -1;
	}

	private static byte[] withoutCarriageReturn(byte[] line) {
		if (line.length == 0 || line[line.length - 1] != '\r') {
			return line;
		}
		return Arrays.copyOf(line, line.length - 1);
	}

}
