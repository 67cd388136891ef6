/**
 * Servers that tests start on free ports and end again.
 */
@NullMarked
package dev.rungroup.servers;

import org.jspecify.annotations.NullMarked;
