/**
 * What becomes of the application when one of its actors ends the group: the context is
 * closed and the JVM ends with a code that says why.
 */
@NullMarked
package dev.rungroup.autoconfigure.exit;

import org.jspecify.annotations.NullMarked;
