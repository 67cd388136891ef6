package dev.rungroup.sample;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * Reads {@code name value [unit]}, as in {@code /proc/meminfo}:
 * {@code MemTotal: 24645 kB}. The colon after the name may be left out. Whatever a line
 * consists of, it becomes a measurement that the database can hold or a
 * {@link RejectedLineException}.
 */
final class LineProtocol {

	private static final Pattern NAME = Pattern.compile("[\\p{L}\\p{N}_.:()-]{1,100}");

	private static final Pattern VALUE = Pattern.compile("[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?\\d{1,4})?");

	private static final Pattern UNIT = Pattern.compile("[\\p{L}\\p{N}_.:()/%°^*-]{1,20}");

	private static final int MAX_DIGITS = 34;

	private static final int MAX_EXPONENT = 100;

	private LineProtocol() {
	}

	static Measurement parse(byte[] line) throws RejectedLineException {
		String text = decode(line);
		if (text.isBlank()) {
			throw new RejectedLineException("empty line, expected: name value [unit]");
		}
		String[] words = text.strip().split("[ \t]+");
		if (words.length < 2 || words.length > 3) {
			throw new RejectedLineException("expected 2 or 3 words: name value [unit], but found " + words.length);
		}
		return new Measurement(name(words[0]), value(words[1]), (words.length == 3) ? unit(words[2]) : null);
	}

	static boolean isName(String name) {
		return NAME.matcher(name).matches();
	}

	private static String decode(byte[] line) throws RejectedLineException {
		String text;
		try {
			// a decoder of its own reports what new String(...) would silently replace
			text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(line)).toString();
		}
		catch (CharacterCodingException ex) {
			throw new RejectedLineException("not UTF-8");
		}
		for (int i = 0; i < text.length(); i++) {
			if (Character.isISOControl(text.charAt(i)) && text.charAt(i) != '\t') {
				throw new RejectedLineException("control character 0x%02X".formatted((int) text.charAt(i)));
			}
		}
		return text;
	}

	private static String name(String word) throws RejectedLineException {
		String name = word.endsWith(":") ? word.substring(0, word.length() - 1) : word;
		if (!isName(name)) {
			throw new RejectedLineException(
					"the name must be 1 to 100 letters, digits or _.:()- but is '" + excerpt(name) + "'");
		}
		return name;
	}

	private static BigDecimal value(String word) throws RejectedLineException {
		if (!VALUE.matcher(word).matches()) {
			throw new RejectedLineException("the value must be a number but is '" + excerpt(word) + "'");
		}
		BigDecimal value = new BigDecimal(word);
		if (value.precision() > MAX_DIGITS || Math.abs(value.precision() - value.scale() - 1) > MAX_EXPONENT) {
			throw new RejectedLineException("the value has more than %d digits or an exponent above %d: '%s'"
				.formatted(MAX_DIGITS, MAX_EXPONENT, excerpt(word)));
		}
		return value;
	}

	private static String unit(String word) throws RejectedLineException {
		if (!UNIT.matcher(word).matches()) {
			throw new RejectedLineException(
					"the unit must be 1 to 20 letters, digits or _.:()/%°^*- but is '" + excerpt(word) + "'");
		}
		return word;
	}

	private static String excerpt(String word) {
		return (word.length() <= 40) ? word : word.substring(0, 40) + "...";
	}

}
