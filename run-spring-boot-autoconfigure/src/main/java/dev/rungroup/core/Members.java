package dev.rungroup.core;
import java.util.concurrent.CompletionStage;
public final class Members {
  private Members() {}
  public static Member signals(String... names) { throw new UnsupportedOperationException(); }
  public static Member completion(String name, CompletionStage<?> stage) { throw new UnsupportedOperationException(); }
  public static Member closing(String name, Task execute, AutoCloseable resource) { throw new UnsupportedOperationException(); }
}
