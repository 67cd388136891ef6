/**
 * Tests of what an operator sees and does, most of them on a real server.
 */
@NullMarked
package dev.rungroup.actuate;

import org.jspecify.annotations.NullMarked;
