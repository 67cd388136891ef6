package dev.rungroup.core;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
public final class Retry {
  public static Retry immediately() { throw new UnsupportedOperationException(); }
  public static Retry with(Backoff backoff) { throw new UnsupportedOperationException(); }
  public Retry withMaxRetries(int max) { throw new UnsupportedOperationException(); }
  /** The same retry, counting what becomes of each attempt (for run.retry.attempts). */
  public Retry withListener(java.util.function.Consumer<? super AttemptOutcome> listener) { throw new UnsupportedOperationException(); }
  public <T extends @Nullable Object> T call(Call<T> call) throws Exception { throw new UnsupportedOperationException(); }
  public void run(Action action) throws Exception { throw new UnsupportedOperationException(); }
  /** What became of an attempt: success, failed and tried again, failed with no retries left, failed and not tried again because of a stop. */
  public enum AttemptOutcome { SUCCESS, RETRIED, EXHAUSTED, STOPPED }
  @FunctionalInterface public interface Call<T extends @Nullable Object> { T call(Attempt attempt) throws Exception; }
  @FunctionalInterface public interface Action { void run(Attempt attempt) throws Exception; }
  public interface Attempt { int iteration(); void setDelay(Duration delay); void stop(); @Nullable Throwable lastFailure(); }
}
