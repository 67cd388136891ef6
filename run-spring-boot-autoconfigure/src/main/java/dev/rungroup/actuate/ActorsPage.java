package dev.rungroup.actuate;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.BiConsumer;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.Producible;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.util.MimeType;
import org.springframework.util.MimeTypeUtils;

/**
 * What a read of all actors is answered with: JSON, or the page for a browser, or a file
 * that the page needs. Knows no web server: the extensions of the endpoint say what the
 * client prefers, and set the headers.
 */
final class ActorsPage {

	/** The resources in this package that a native image needs. */
	static final String RESOURCES = "dev/rungroup/actuate/page.*";

	/**
	 * The address of a file contains its version. An hour ends what a load balancer has
	 * mixed while two versions were running.
	 */
	private static final String CACHEABLE = "max-age=3600";

	private final ActorsEndpoint endpoint;

	private final Map<String, File> assets = Map.of("script", File.read("js", "text", "javascript"), "style",
			File.read("css", "text", "css"), "icon", File.read("svg", "image", "svg+xml"));

	private final File page;

	/**
	 * Create the page.
	 * @param endpoint reads the actors
	 * @param unrestricted whether the endpoint controls them, too
	 */
	ActorsPage(ActorsEndpoint endpoint, boolean unrestricted) {
		this.endpoint = endpoint;
		this.page = File.read("html", "text", "html")
			.with("version", Integer.toHexString(this.assets.hashCode()))
			.with("access", (unrestricted) ? "unrestricted" : "read-only");
	}

	/**
	 * Answer a read.
	 * @param html whether the client prefers HTML to JSON
	 * @param asset name of a file that belongs to the page, {@code null} for the actors
	 * @param token what a POST needs, {@code null} if it needs nothing
	 * @param headers takes the headers of the answer, by name and value
	 * @return the answer
	 */
	WebEndpointResponse<Object> read(boolean html, @Nullable String asset, @Nullable CsrfHeader token,
			BiConsumer<String, String> headers) {
		if (asset != null) {
			File file = this.assets.get(asset);
			if (file == null) {
				return new WebEndpointResponse<>(WebEndpointResponse.STATUS_NOT_FOUND);
			}
			headers.accept("Cache-Control", CACHEABLE);
			return file.response();
		}
		headers.accept("Vary", "Accept");
		if (!html) {
			return new WebEndpointResponse<>(this.endpoint.actors());
		}
		headers.accept("Cache-Control", "no-store");
		return this.page.with("csrf-header", (token != null) ? token.name() : "")
			.with("csrf-token", (token != null) ? token.value() : "")
			.response();
	}

	/**
	 * A parameter of this type also keeps the page out of the endpoint's cache: a token
	 * belongs to one session.
	 */
	enum Format implements Producible<Format> {

		/** For browsers. */
		HTML;

		@Override
		public MimeType getProducedMimeType() {
			return MimeTypeUtils.TEXT_HTML;
		}

	}

	/**
	 * The header by which a POST proves that it comes from the page.
	 *
	 * @param name its name
	 * @param value its value
	 */
	record CsrfHeader(String name, String value) {

	}

	private record File(String text, MimeType type) {

		static File read(String extension, String type, String subtype) {
			String name = "page." + extension;
			try (InputStream resource = ActorsPage.class.getResourceAsStream(name)) {
				if (resource == null) {
					throw new IllegalStateException("The resource " + name + " is missing from this jar");
				}
				return new File(new String(resource.readAllBytes(), StandardCharsets.UTF_8),
						new MimeType(type, subtype, StandardCharsets.UTF_8));
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}

		/** Fill in a value, as text within an attribute. */
		File with(String name, String value) {
			String escaped = value.replace("&", "&amp;").replace("\"", "&quot;").replace("<", "&lt;");
			return new File(this.text.replace("${" + name + "}", escaped), this.type);
		}

		WebEndpointResponse<Object> response() {
			return new WebEndpointResponse<>(this.text, this.type);
		}

	}

}
