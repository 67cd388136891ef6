package dev.rungroup.context;

import dev.rungroup.core.Body;

/**
 * Puts something around the body of every member: a measurement, a context. Beans of this
 * type are asked when a group starts; the first in order is the outermost.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface BodyWrapper {

	/**
	 * Wrap a body.
	 * @param member the member's name
	 * @param body the body
	 * @return what is executed in its place, on the member's thread
	 */
	Body wrap(String member, Body body);

}
