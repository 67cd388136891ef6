package dev.rungroup.sample;

/**
 * A line is not going to be stored, now or later; the message says why. It is shown to
 * whoever sent the line.
 */
class RejectedLineException extends Exception {

	private static final long serialVersionUID = 1L;

	RejectedLineException(String why) {
		super(why, null, false, false); // bad input is no fault of ours: no stack trace
	}

}
