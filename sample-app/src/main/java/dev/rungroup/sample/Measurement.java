package dev.rungroup.sample;

import java.math.BigDecimal;

import org.jspecify.annotations.Nullable;

/**
 * One measured value.
 *
 * @param name what was measured
 * @param value the number
 * @param unit what the number counts, {@code null} if the line did not say
 */
record Measurement(String name, BigDecimal value, @Nullable String unit) {

}
