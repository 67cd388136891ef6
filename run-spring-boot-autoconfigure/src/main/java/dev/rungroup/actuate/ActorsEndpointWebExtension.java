package dev.rungroup.actuate;

import java.security.Principal;
import java.util.NoSuchElementException;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.actuate.endpoint.SecurityContext;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.annotation.EndpointWebExtension;

/**
 * Gives the refusals of {@link ActorsEndpoint} their HTTP status: 400 for an unknown
 * action, 404 for an unknown actor, 409 for one that cannot be controlled as things are.
 * Public for wiring only.
 *
 * @since 0.1.0
 */
@EndpointWebExtension(endpoint = ActorsEndpoint.class)
public final class ActorsEndpointWebExtension {

	private static final int CONFLICT = 409;

	private final ActorsEndpoint endpoint;

	/**
	 * Create the extension.
	 * @param endpoint what does the work
	 */
	public ActorsEndpointWebExtension(ActorsEndpoint endpoint) {
		this.endpoint = endpoint;
	}

	/**
	 * Begin to do something to one actor.
	 * @param name the actor's name
	 * @param action {@code stop}, {@code start} or {@code restart}
	 * @param user who asks for it
	 * @return 204, or why not
	 */
	@WriteOperation
	public WebEndpointResponse<?> control(@Selector String name, @Nullable String action, SecurityContext user) {
		Principal principal = user.getPrincipal();
		try {
			this.endpoint.control(name, action, (principal != null) ? principal.getName() : null);
			return new WebEndpointResponse<>(WebEndpointResponse.STATUS_NO_CONTENT);
		}
		catch (InvalidEndpointRequestException ex) {
			return problem(WebEndpointResponse.STATUS_BAD_REQUEST, String.valueOf(ex.getReason()));
		}
		catch (NoSuchElementException ex) {
			return problem(WebEndpointResponse.STATUS_NOT_FOUND, "There is no actor '" + name + "'");
		}
		catch (IllegalStateException ex) {
			return problem(CONFLICT, String.valueOf(ex.getMessage()));
		}
	}

	private static WebEndpointResponse<?> problem(int status, String message) {
		return new WebEndpointResponse<>(new ProblemDescriptor(status, message), status);
	}

	/**
	 * Why nothing was done.
	 *
	 * @param status the HTTP status
	 * @param message the reason
	 */
	public record ProblemDescriptor(int status, String message) {

	}

}
