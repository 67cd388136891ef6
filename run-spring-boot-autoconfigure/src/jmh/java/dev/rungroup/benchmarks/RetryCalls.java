package dev.rungroup.benchmarks;

import java.time.Duration;

import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeExecutor;
import dev.failsafe.RetryPolicy;
import dev.rungroup.core.Retry;
import io.github.resilience4j.core.functions.CheckedSupplier;
import io.github.resilience4j.retry.RetryConfig;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

import org.springframework.core.retry.RetryTemplate;
import org.springframework.core.retry.Retryable;
import org.springframework.retry.RetryCallback;

/**
 * Rows 5 and 6: one call that is tried up to three times without a pause, by hand, by
 * ours and by the peers. All that can be made beforehand is.
 */
@State(Scope.Thread)
public abstract class RetryCalls {

	private static final int MAX_ATTEMPTS = 3;

	private static final String RESULT = "result";

	private static final Failure FAILURE = new Failure();

	private final int successfulAttempt;

	private int attempts;

	private final Retry retry = Retry.immediately().withMaxRetries(MAX_ATTEMPTS - 1);

	private final Retry.Call<String> call = (attempt) -> work();

	private final CheckedSupplier<String> resilience4j = io.github.resilience4j.retry.Retry
		.of("retry", RetryConfig.custom().maxAttempts(MAX_ATTEMPTS).intervalFunction((attempt) -> 0L).build())
		.decorateCheckedSupplier(this::work);

	private final FailsafeExecutor<String> failsafe = Failsafe
		.with(RetryPolicy.<String>builder().withMaxAttempts(MAX_ATTEMPTS).build());

	private final dev.failsafe.function.CheckedSupplier<String> failsafeCall = this::work;

	private final RetryTemplate springCore = new RetryTemplate(org.springframework.core.retry.RetryPolicy.builder()
		.maxRetries(MAX_ATTEMPTS - 1)
		.delay(Duration.ZERO)
		.build());

	private final Retryable<String> springCoreCall = this::work;

	private final org.springframework.retry.support.RetryTemplate springRetry = org.springframework.retry.support.RetryTemplate
		.builder()
		.maxAttempts(MAX_ATTEMPTS)
		.noBackoff()
		.build();

	private final RetryCallback<String, Failure> springRetryCall = (context) -> work();

	RetryCalls(int successfulAttempt) {
		this.successfulAttempt = successfulAttempt;
	}

	@Setup
	public void configureLogging() {
		Logging.onlyWarnings();
	}

	private String work() throws Failure {
		if (++this.attempts < this.successfulAttempt) {
			throw FAILURE;
		}
		return RESULT;
	}

	private String checked(String result) {
		if (this.attempts != this.successfulAttempt) {
			throw new IllegalStateException(this.attempts + " attempts");
		}
		this.attempts = 0;
		return result;
	}

	/**
	 * {@code try} and {@code catch} in a {@code for}.
	 */
	@Benchmark
	public String floor() throws Failure {
		return checked(byHand());
	}

	private String byHand() throws Failure {
		for (int attempt = 1;; attempt++) {
			try {
				return work();
			}
			catch (Failure ex) {
				if (attempt == MAX_ATTEMPTS) {
					throw ex;
				}
			}
		}
	}

	@Benchmark
	public String ours() throws Exception {
		return checked(this.retry.call(this.call));
	}

	@Benchmark
	public String resilience4j() throws Throwable {
		return checked(this.resilience4j.get());
	}

	@Benchmark
	public String failsafe() {
		return checked(this.failsafe.get(this.failsafeCall));
	}

	@Benchmark
	public String springCore() throws Exception {
		return checked(this.springCore.execute(this.springCoreCall));
	}

	@Benchmark
	public String springRetry() throws Failure {
		return checked(this.springRetry.execute(this.springRetryCall));
	}

	/**
	 * Reused, and without a stack trace: what is measured is the trying again.
	 */
	static final class Failure extends Exception {

		private static final long serialVersionUID = 1L;

		Failure() {
			super("not yet", null, false, false);
		}

	}

}
