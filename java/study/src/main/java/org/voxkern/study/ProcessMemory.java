package org.voxkern.study;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the operating system says about this process's memory. */
public final class ProcessMemory {
  private ProcessMemory() {}

  /** Most memory ever resident, in MB; NaN where the system does not say. */
  public static double peakMb() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("VmHWM:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
        }
      }
    } catch (IOException | NumberFormatException unknown) {
      return Double.NaN;
    }
    return Double.NaN;
  }
}
