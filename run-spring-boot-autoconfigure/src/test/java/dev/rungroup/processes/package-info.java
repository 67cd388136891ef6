/**
 * Exit codes, stalls and leaks as the outside sees them: each test starts a JVM, may send
 * it real signals, and reads its code and what it prints.
 */
@NullMarked
package dev.rungroup.processes;

import org.jspecify.annotations.NullMarked;
