package dev.rungroup.sample;

import java.nio.file.Path;
import java.time.Duration;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.util.unit.DataSize;

/**
 * Settings of the sample. The defaults stand in {@code application.yml}.
 *
 * @param port TCP port for lines; 0 for any free one
 * @param maxConnections how many clients are served at once
 * @param clientTimeout how long to wait for a client to send a whole line or to read its
 * answers
 * @param drainTimeout how long clients may wait for their last answers when the
 * application stops
 * @param maxLineLength longest line
 * @param queueCapacity how many lines may wait to be stored
 * @param queueTimeout how long a client waits for a place in the queue before its line is
 * rejected
 * @param batchSize how many lines are stored in one transaction
 * @param inbox directory that files with lines are moved into
 * @param keepFor age at which measurements are deleted
 */
@ConfigurationProperties("sample")
record SampleProperties(int port, int maxConnections, Duration clientTimeout, Duration drainTimeout,
		DataSize maxLineLength, int queueCapacity, Duration queueTimeout, int batchSize, Path inbox, Duration keepFor) {

}
