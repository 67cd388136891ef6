/**
 * Sample application: takes measurements over TCP and from files and stores them, with
 * one actor for each job. Start reading at {@link dev.rungroup.sample.LineServer}.
 */
@NullMarked
package dev.rungroup.sample;

import org.jspecify.annotations.NullMarked;
