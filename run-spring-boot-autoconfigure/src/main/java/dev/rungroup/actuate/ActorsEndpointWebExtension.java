package dev.rungroup.actuate;

import java.security.Principal;
import java.util.NoSuchElementException;
import java.util.Objects;

import dev.rungroup.actuate.ActorsPage.CsrfHeader;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.actuate.endpoint.SecurityContext;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.annotation.EndpointWebExtension;
import org.springframework.security.web.csrf.CsrfToken;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;

/**
 * Answers browsers with a page, and gives the refusals of {@link ActorsEndpoint} their
 * HTTP status: 400 for an unknown action, 404 for an unknown actor, 409 for one that
 * cannot be controlled as things are. Public for wiring only.
 *
 * @since 0.1.0
 */
@EndpointWebExtension(endpoint = ActorsEndpoint.class)
public final class ActorsEndpointWebExtension {

	private static final int CONFLICT = 409;

	private static final String CSRF = "org.springframework.security.web.csrf.CsrfToken";

	private final ActorsEndpoint endpoint;

	private final ActorsPage page;

	/**
	 * Create the extension.
	 * @param endpoint what does the work
	 * @param unrestricted whether actors can be controlled over the endpoint
	 */
	public ActorsEndpointWebExtension(ActorsEndpoint endpoint, boolean unrestricted) {
		this.endpoint = endpoint;
		this.page = new ActorsPage(endpoint, unrestricted);
	}

	/**
	 * Return the group and its actors.
	 * @param asset a file of the page, {@code null} for the actors
	 * @return what was asked for
	 */
	@ReadOperation
	public WebEndpointResponse<?> actors(@Nullable String asset) {
		return read(false, asset);
	}

	/**
	 * Return the page.
	 * @param asset a file of the page, {@code null} for the page
	 * @param format HTML
	 * @return what was asked for
	 */
	@ReadOperation(producesFrom = ActorsPage.Format.class)
	public WebEndpointResponse<?> page(@Nullable String asset, ActorsPage.Format format) {
		return read(true, asset);
	}

	private WebEndpointResponse<?> read(boolean html, @Nullable String asset) {
		if (!(RequestContextHolder.getRequestAttributes() instanceof ServletRequestAttributes exchange)) {
			return this.page.read(html, asset, null, (name, value) -> {
			});
		}
		Object token = (html && asset == null) ? exchange.getRequest().getAttribute(CSRF) : null;
		HttpServletResponse response = Objects.requireNonNull(exchange.getResponse());
		return this.page.read(html, asset, (token != null) ? Csrf.header(token) : null, response::addHeader);
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

	/** Loaded only where Spring Security has left a token. */
	private static final class Csrf {

		static @Nullable CsrfHeader header(Object token) {
			return (token instanceof CsrfToken found) ? new CsrfHeader(found.getHeaderName(), found.getToken()) : null;
		}

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
