package dev.rungroup.actuate;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.web.SecurityFilterChain;

/**
 * An application that lets everybody in: Spring Security is on the class path of these
 * tests.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
public class OpenConfiguration {

	@Bean
	SecurityFilterChain everybody(HttpSecurity http) throws Exception {
		return http.csrf((csrf) -> csrf.disable())
			.authorizeHttpRequests((requests) -> requests.anyRequest().permitAll())
			.build();
	}

}
