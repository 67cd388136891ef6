/**
 * The application that is started and stopped as a whole process. It knows nothing of the
 * groups: it also runs where they are not on the class path.
 */
@NullMarked
package dev.rungroup.benchmarks.application;

import org.jspecify.annotations.NullMarked;
