package org.voxkern.bench.peer;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A program that has ended.
 *
 * @param seconds from its start to its end
 * @param peakMb greatest resident memory, as the kernel counts it, in MiB
 */
public record MeasuredProcess(double seconds, double peakMb) {
  private static final String PEAK = "voxkern_bench_peak_kb";

  /**
   * Runs a command to its end.
   *
   * @throws IOException if it cannot be started, or fails, with the end of what it printed
   */
  public static MeasuredProcess run(List<String> command, Map<String, String> environment)
      throws IOException, InterruptedException {
    List<String> whole = new ArrayList<>(List.of("env"));
    environment.forEach((name, value) -> whole.add(name + "=" + value));
    whole.addAll(command);
    ChildProcess process = ChildProcess.run(withPeak(whole));
    return new MeasuredProcess(process.seconds(), peakMb(process));
  }

  /** A command whose memory {@link #peakMb} says when it has run. */
  public static List<String> withPeak(List<String> command) {
    List<String> measured = new ArrayList<>(List.of("/usr/bin/time", "--format", PEAK + " %M"));
    measured.addAll(command);
    return measured;
  }

  public static double peakMb(ChildProcess process) {
    return process.value(PEAK) / 1024;
  }
}
