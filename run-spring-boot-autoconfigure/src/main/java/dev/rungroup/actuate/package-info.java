/**
 * What an operator sees of the actors and does to them: the endpoint, the health
 * indicator, and their part in the application's availability.
 */
@NullMarked
package dev.rungroup.actuate;

import org.jspecify.annotations.NullMarked;
