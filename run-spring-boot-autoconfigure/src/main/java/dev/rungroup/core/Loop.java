package dev.rungroup.core;
import java.util.concurrent.CompletionStage;
public final class Loop {
  public Loop() {}
  public void add(Member member) { throw new UnsupportedOperationException(); }
  public void add(Task execute, Interrupter interrupter) { throw new UnsupportedOperationException(); }
  public void run() throws InterruptedException { throw new UnsupportedOperationException(); }
  public void run(CompletionStage<?> stop) throws InterruptedException { throw new UnsupportedOperationException(); }
  public void stop() { throw new UnsupportedOperationException(); }
  public GroupSnapshot snapshot() { throw new UnsupportedOperationException(); }
  public Member asMember(String name) { throw new UnsupportedOperationException(); }
}
