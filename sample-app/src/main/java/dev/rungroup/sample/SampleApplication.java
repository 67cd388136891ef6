package dev.rungroup.sample;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;

/**
 * Takes measurements as lines of text and stores them. Every background job is an actor,
 * and all actors are one group: they start with the application and stop with it.
 * <p>
 * The way of a line: {@link LineServer} or {@link InboxReader} receives it,
 * {@link LineProtocol} reads it, {@link LineQueue} holds it, {@link LineWriter} stores it
 * and with that answers whoever brought it.
 */
@SpringBootApplication
@EnableConfigurationProperties(SampleProperties.class)
public class SampleApplication {

	public static void main(String[] args) {
		SpringApplication.run(SampleApplication.class, args);
	}

}
