package org.voxkern.study;

import org.voxkern.Context;

/** While it is open, Ctrl-C cancels what a context computes and removes what was not published. */
public final class Interruptible implements AutoCloseable {
  private final Thread hook;
  private volatile boolean ended;

  public Interruptible(Context context, OutputFolder folder) {
    hook = new Thread(() -> stop(context, folder), "voxkern-stop");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** Runs when the process is told to end while a run is under way. */
  private void stop(Context context, OutputFolder folder) {
    if (ended) {
      return;
    }
    try {
      context.cancel();
    } catch (IllegalStateException closed) {
      // The run is at its end.
    }
    folder.close();
  }

  @Override
  public void close() {
    ended = true;
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException shuttingDown) {
      // The hook is what is running.
    }
  }
}
