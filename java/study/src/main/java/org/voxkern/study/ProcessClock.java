package org.voxkern.study;

import java.time.Duration;
import java.time.Instant;

/** Time since this process was started, the start of the virtual machine included. */
public final class ProcessClock {
  private ProcessClock() {}

  public static double seconds() {
    Instant now = Instant.now();
    return ProcessHandle.current()
        .info()
        .startInstant()
        .map(start -> Duration.between(start, now).toNanos() * 1e-9)
        .orElse(Double.NaN);
  }
}
