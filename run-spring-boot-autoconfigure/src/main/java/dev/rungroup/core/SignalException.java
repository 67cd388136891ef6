package dev.rungroup.core;

/**
 * A signal ended the group. Thrown by the member of {@link Members#signals(String...)}.
 *
 * @since 0.1.0
 */
public class SignalException extends Exception {

	private static final long serialVersionUID = 1L;

	/** Name of the signal without {@code SIG}. */
	private final String signal;

	SignalException(String signal) {
		super("received signal " + signal);
		this.signal = signal;
	}

	/**
	 * Return which signal it was.
	 * @return its name without {@code SIG}, such as {@code TERM}
	 */
	public String signal() {
		return this.signal;
	}

}
