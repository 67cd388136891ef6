/**
 * Annotations that declare actors on beans and methods.
 */
@NullMarked
package dev.rungroup.annotation;

import org.jspecify.annotations.NullMarked;
