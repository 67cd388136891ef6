package dev.rungroup.autoconfigure.exit;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.ExitCodeGenerator;

/**
 * Thrown by the start of an application that one of its actors has ended by failing. Its
 * cause is what the actor threw.
 *
 * @since 0.1.0
 */
public class ActorFailedException extends RuntimeException implements ExitCodeGenerator {

	private static final long serialVersionUID = 1L;

	/** Name of the actor, if it was one. */
	private final @Nullable String actor;

	/** The code that the JVM ends with. */
	private final int exitCode;

	/** What the user can do about it. */
	private final String advice;

	ActorFailedException(FailureAdvice.Culprit culprit, int exitCode, String advice, @Nullable Throwable cause) {
		super(describe(culprit) + " failed while the application was starting" + ((cause != null) ? ": " + cause : ""),
				cause);
		this.actor = culprit.actor();
		this.exitCode = exitCode;
		this.advice = advice;
	}

	private static String describe(FailureAdvice.Culprit culprit) {
		if (culprit.actor() != null) {
			return "Actor '" + culprit.actor() + "'"
					+ ((culprit.group() != null) ? " of group '" + culprit.group() + "'" : "");
		}
		return (culprit.group() != null) ? "Group '" + culprit.group() + "'" : "The group of actors";
	}

	/**
	 * Return the actor that failed.
	 * @return its name, {@code null} if the failure was not an actor's
	 */
	public @Nullable String getActor() {
		return this.actor;
	}

	/**
	 * Return the code that the JVM ends with. Spring Boot asks the outermost exception
	 * alone, so the code that the cause or a mapper has for it is found out beforehand.
	 * @return the code, 0 if this failure is not to end the JVM
	 */
	@Override
	public int getExitCode() {
		return this.exitCode;
	}

	String getAdvice() {
		return this.advice;
	}

}
