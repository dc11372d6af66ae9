package org.voxkern.study;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Time since this process was started, the start of the virtual machine included. */
public final class ProcessClock {
  /** Linux counts a process's start in hundredths of a second since boot. */
  private static final double TICKS_PER_SECOND = 100;

  /** Place of the start time among the fields that follow the command's name. */
  private static final int START_FIELD = 19;

  /**
   * No virtual machine takes that long to reach the first command. A launcher that becomes this
   * process may have built the program first, which is no part of a run.
   */
  private static final double LONGEST_START = 3;

  private ProcessClock() {}

  /** How long it took from the start of the process to now, at the start of a command. */
  public static double startSeconds() {
    double seconds = seconds();
    return seconds < LONGEST_START ? seconds : 0;
  }

  /** 0 where the system does not say. {@link ProcessHandle} would err by up to a second. */
  private static double seconds() {
    try {
      String stat = Files.readString(Path.of("/proc/self/stat"));
      // The name is in parentheses and may hold spaces.
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      String uptime = Files.readString(Path.of("/proc/uptime"));
      double start = Double.parseDouble(fields[START_FIELD]) / TICKS_PER_SECOND;
      return Math.max(0, Double.parseDouble(uptime.substring(0, uptime.indexOf(' '))) - start);
    } catch (IOException | RuntimeException unknown) {
      return 0;
    }
  }
}
