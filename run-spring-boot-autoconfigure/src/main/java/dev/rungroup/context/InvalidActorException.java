package dev.rungroup.context;

import org.jspecify.annotations.Nullable;

/**
 * An actor is declared or configured in a way that cannot work. Thrown while the
 * application context starts, never later. Says where the mistake is and what to do about
 * it.
 *
 * @since 0.1.0
 */
public class InvalidActorException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	/** What is wrong, and where. */
	private final String description;

	/** What to do about it. */
	private final String action;

	/**
	 * Create an exception.
	 * @param description what is wrong, with the bean, method, attribute or property
	 * @param action what to do
	 */
	public InvalidActorException(String description, String action) {
		this(description, action, null);
	}

	/**
	 * Create an exception.
	 * @param description what is wrong, with the bean, method, attribute or property
	 * @param action what to do
	 * @param cause where it was noticed, if that helps
	 */
	public InvalidActorException(String description, String action, @Nullable Throwable cause) {
		super(description + " " + action, cause);
		this.description = description;
		this.action = action;
	}

	/**
	 * Return what is wrong.
	 * @return a sentence with the bean, method, attribute or property
	 */
	public String getDescription() {
		return this.description;
	}

	/**
	 * Return what to do about it.
	 * @return a sentence
	 */
	public String getAction() {
		return this.action;
	}

}
