/**
 * Exit codes, stalls and leaks as the outside sees them: each test starts a JVM, may send
 * it real signals, and reads its code and what it prints. Also what a browser shows,
 * since these tests come first.
 */
@NullMarked
package dev.rungroup.processes;

import org.jspecify.annotations.NullMarked;
