/**
 * Support for tests of applications: a time that stands still until a test moves it, and
 * what starts, observes and stops actors. Meant for the test class path.
 */
@NullMarked
package dev.rungroup.test;

import org.jspecify.annotations.NullMarked;
