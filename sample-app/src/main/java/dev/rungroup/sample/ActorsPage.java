package dev.rungroup.sample;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.Resource;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.web.servlet.function.RequestPredicates;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.RouterFunctions;
import org.springframework.web.servlet.function.ServerResponse;

/**
 * Shows browsers the page with the actors at {@code /}. Who does not ask for HTML, as
 * {@code curl} does not, gets the text of {@link MeasurementController}.
 */
@Configuration(proxyBeanMethods = false)
class ActorsPage {

	@Bean
	RouterFunction<ServerResponse> actorsPageRoute(@Value("classpath:/static/index.html") Resource page) {
		return RouterFunctions.route(
				RequestPredicates.GET("/")
					.and(RequestPredicates.headers((headers) -> headers.accept().contains(MediaType.TEXT_HTML))),
				(request) -> ServerResponse.ok()
					.contentType(MediaType.TEXT_HTML)
					.cacheControl(CacheControl.noCache())
					.varyBy(HttpHeaders.ACCEPT)
					.body(page));
	}

}
