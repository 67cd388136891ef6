package dev.rungroup.actuate;

import dev.rungroup.actuate.ActorsPage.CsrfHeader;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.boot.actuate.endpoint.SecurityContext;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.annotation.EndpointWebExtension;
import org.springframework.http.HttpHeaders;
import org.springframework.security.web.server.csrf.CsrfToken;
import org.springframework.web.filter.reactive.ServerWebExchangeContextFilter;
import org.springframework.web.server.ServerWebExchange;

/**
 * The same as {@link ActorsEndpointWebExtension} for WebFlux. Needs a
 * {@link ServerWebExchangeContextFilter}. Public for wiring only.
 *
 * @since 0.1.0
 */
@EndpointWebExtension(endpoint = ActorsEndpoint.class)
public final class ReactiveActorsEndpointWebExtension {

	private static final String CSRF = "org.springframework.security.web.server.csrf.CsrfToken";

	private final ActorsPage page;

	private final ActorsEndpointWebExtension extension;

	/**
	 * Create the extension.
	 * @param endpoint what does the work
	 * @param unrestricted whether actors can be controlled over the endpoint
	 */
	public ReactiveActorsEndpointWebExtension(ActorsEndpoint endpoint, boolean unrestricted) {
		this.page = new ActorsPage(endpoint, unrestricted);
		this.extension = new ActorsEndpointWebExtension(endpoint, unrestricted);
	}

	/**
	 * Return the group and its actors.
	 * @param asset a file of the page, {@code null} for the actors
	 * @return what was asked for
	 */
	@ReadOperation
	public Mono<WebEndpointResponse<Object>> actors(@Nullable String asset) {
		return exchange().map((exchange) -> read(exchange, false, asset, null));
	}

	/**
	 * Return the page.
	 * @param asset a file of the page, {@code null} for the page
	 * @param format HTML
	 * @return what was asked for
	 */
	@ReadOperation(producesFrom = ActorsPage.Format.class)
	public Mono<WebEndpointResponse<Object>> page(@Nullable String asset, ActorsPage.Format format) {
		return exchange().flatMap((exchange) -> {
			Object token = (asset == null) ? exchange.getAttribute(CSRF) : null;
			return ((token != null) ? Csrf.header(token) : Mono.<CsrfHeader>empty())
				.map((header) -> read(exchange, true, asset, header))
				.switchIfEmpty(Mono.fromSupplier(() -> read(exchange, true, asset, null)));
		});
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
		return this.extension.control(name, action, user);
	}

	private static Mono<ServerWebExchange> exchange() {
		return Mono.deferContextual((context) -> Mono.justOrEmpty(ServerWebExchangeContextFilter.getExchange(context)));
	}

	private WebEndpointResponse<Object> read(ServerWebExchange exchange, boolean html, @Nullable String asset,
			@Nullable CsrfHeader token) {
		HttpHeaders headers = exchange.getResponse().getHeaders();
		return this.page.read(html, asset, token, headers::add);
	}

	/** Loaded only where Spring Security has left a token. */
	private static final class Csrf {

		static Mono<CsrfHeader> header(Object token) {
			return (token instanceof Mono<?> mono) ? mono.ofType(CsrfToken.class)
				.map((found) -> new CsrfHeader(found.getHeaderName(), found.getToken())) : Mono.empty();
		}

	}

}
