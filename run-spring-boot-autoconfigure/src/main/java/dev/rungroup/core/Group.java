package dev.rungroup.core;
import java.time.Duration;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;
public final class Group implements AutoCloseable {
  public Group() {}
  public static Builder builder() { return new Builder(); }
  public void add(Member member) { throw new UnsupportedOperationException(); }
  public void add(Task execute, Interrupter interrupter) { throw new UnsupportedOperationException(); }
  public void run() throws Exception { throw new UnsupportedOperationException(); }
  public void start() { throw new UnsupportedOperationException(); }
  public void stop() { throw new UnsupportedOperationException(); }
  public void stop(StopReason reason) { throw new UnsupportedOperationException(); }
  public boolean awaitTermination(Duration timeout) throws InterruptedException { throw new UnsupportedOperationException(); }
  @Override public void close() { throw new UnsupportedOperationException(); }
  public @Nullable StopReason stopReason() { throw new UnsupportedOperationException(); }
  public GroupSnapshot snapshot() { throw new UnsupportedOperationException(); }
  public void stopMember(String name) { throw new UnsupportedOperationException(); }
  public void startMember(String name) { throw new UnsupportedOperationException(); }
  public Member asMember(String name) { throw new UnsupportedOperationException(); }
  public static final class Builder {
    public Builder name(String name) { return this; }
    public Builder threadFactory(ThreadFactory factory) { return this; }
    public Builder listener(GroupListener listener) { return this; }
    /** How long after its interrupt a member gets Thread.interrupt() as well. */
    public Builder gracePeriod(Duration gracePeriod) { return this; }
    public Builder shutdownTimeout(Duration timeout) { return this; }
    /** Whether a member that stopMember has stopped keeps the group running, so that startMember can start it again even if it was the last. Default false. */
    public Builder keepStopped(boolean keep) { return this; }
    public Group build() { return new Group(); }
  }
}
