package dev.rungroup.processes;

import javax.sql.DataSource;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/**
 * The {@link OutboxRelay} in an application of its own.
 */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableAutoConfiguration
@Import(OutboxRelay.class)
class OutboxApplication {

	public static void main(String[] args) {
		SpringApplication.run(OutboxApplication.class, args);
	}

	@Bean
	DataSource dataSource(@Value("${outbox.database}") String url) {
		// like that of a pool, kept from row to row
		return new SingleConnectionDataSource(url, true);
	}

}
