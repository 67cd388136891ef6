package dev.rungroup.sample;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link LineProtocol}.
 */
class LineProtocolTests {

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			MemTotal: 24645 kB       | MemTotal      | 24645   | kB
			MemTotal 24645 kB        | MemTotal      | 24645   | kB
			'  a   1  '              | a             | 1       |
			a	1	s                | a             | 1       | s
			Active(anon):      12 kB | Active(anon)  | 12      | kB
			HugePages_Total:       0 | HugePages_Total | 0     |
			température: -3.5 °C     | température   | -3.5    | °C
			a:b: 1                   | a:b           | 1       |
			x +1e3 m/s^2             | x             | 1e3     | m/s^2
			load .5 %                | load          | 0.5     | %
			""")
	void readsNameValueAndUnit(String line, String name, BigDecimal value, String unit) throws Exception {
		Measurement measurement = parse(line);
		assertThat(measurement.name()).isEqualTo(name);
		assertThat(measurement.value()).isEqualByComparingTo(value);
		assertThat(measurement.unit()).isEqualTo(unit);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', ignoreLeadingAndTrailingWhitespace = false,
			textBlock = """
					|empty line, expected: name value [unit]
					   |empty line, expected: name value [unit]
					a|expected 2 or 3 words: name value [unit], but found 1
					a 1 b c|expected 2 or 3 words: name value [unit], but found 4
					a b|the value must be a number but is 'b'
					a NaN|the value must be a number but is 'NaN'
					a 0x10|the value must be a number but is '0x10'
					a 1,5|the value must be a number but is '1,5'
					a ١|the value must be a number but is '١'
					: 1|the name must be 1 to 100 letters, digits or _.:()- but is ''
					a/b 1|the name must be 1 to 100 letters, digits or _.:()- but is 'a/b'
					a 1 <b>|the unit must be 1 to 20 letters, digits or _.:()/%°^*- but is '<b>'
					a 1e101|the value has more than 34 digits or an exponent above 100: '1e101'
					a 1e-9999|the value has more than 34 digits or an exponent above 100: '1e-9999'
					a 1e99999999999|the value must be a number but is '1e99999999999'
					a 12345678901234567890123456789012345|the value has more than 34 digits or an exponent above 100: '12345678901234567890123456789012345'
					""")
	void saysWhyALineIsRejected(String line, String why) {
		assertThatExceptionOfType(RejectedLineException.class).isThrownBy(() -> parse((line != null) ? line : ""))
			.withMessage(why);
	}

	@ParameterizedTest
	@ValueSource(strings = { "a\0b 1", "a 1\u001b[2J", "a 1 \u0085", "a\r1" })
	void rejectsControlCharactersWithoutRepeatingThem(String line) {
		assertThatExceptionOfType(RejectedLineException.class).isThrownBy(() -> parse(line))
			.withMessageMatching("control character 0x[0-9A-F]{2}");
	}

	@Test
	void rejectsWhatIsNotUtf8() {
		assertThatExceptionOfType(RejectedLineException.class)
			.isThrownBy(() -> LineProtocol.parse("grün 1".getBytes(StandardCharsets.ISO_8859_1)))
			.withMessage("not UTF-8");
	}

	@Test
	void keepsLongInputOutOfItsAnswer() {
		assertThatExceptionOfType(RejectedLineException.class).isThrownBy(() -> parse("a " + "9x".repeat(2000)))
			.satisfies((ex) -> assertThat(ex.getMessage()).hasSizeLessThan(100));
	}

	@Test
	void anyBytesAreAMeasurementOrRejected() {
		Random random = new Random(42);
		int lines = Boolean.getBoolean("run.everything") ? 100_000 : 10_000;
		for (int i = 0; i < lines; i++) {
			byte[] line = new byte[random.nextInt(30)];
			random.nextBytes(line);
			if (i % 2 == 0) { // mostly text
				for (int j = 0; j < line.length; j++) {
					line[j] = (byte) " a1.e-:+".charAt(line[j] & 7);
				}
			}
			try {
				Measurement measurement = LineProtocol.parse(line);
				assertThat(LineProtocol.isName(measurement.name())).isTrue();
			}
			catch (RejectedLineException ex) {
				assertThat(ex.getMessage()).isNotBlank().doesNotContain("\n");
			}
		}
	}

	@Test
	@EnabledOnOs(OS.LINUX)
	void readsEveryLineOfMeminfo() throws Exception {
		for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
			assertThat(parse(line).name()).isNotEmpty().doesNotEndWith(":");
		}
	}

	private static Measurement parse(String line) throws RejectedLineException {
		return LineProtocol.parse(line.getBytes(StandardCharsets.UTF_8));
	}

}
