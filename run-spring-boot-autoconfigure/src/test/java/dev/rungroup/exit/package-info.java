/**
 * Exit codes as the outside sees them: each test starts a JVM, sends it real signals and
 * reads its code and its log.
 */
@NullMarked
package dev.rungroup.exit;

import org.jspecify.annotations.NullMarked;
