package org.voxkern.bench.registration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A child process that has ended.
 *
 * @param seconds from its start to its end
 * @param peakMb greatest resident memory, as the kernel counts it, in MiB
 */
record MeasuredProcess(double seconds, double peakMb) {
  private static final double KB_PER_MB = 1024;

  /**
   * Runs a command to its end; what it prints goes to a file.
   *
   * @throws IOException if it cannot be started, or fails, with the end of what it printed
   */
  static MeasuredProcess run(List<String> command, Map<String, String> environment, Path log)
      throws IOException, InterruptedException {
    Path memory = Files.createTempFile("voxkern-bench", ".kb");
    try {
      List<String> measured = new ArrayList<>();
      measured.addAll(List.of("/usr/bin/time", "--format", "%M", "--output", memory.toString()));
      measured.addAll(command);
      ProcessBuilder builder =
          new ProcessBuilder(measured).redirectErrorStream(true).redirectOutput(log.toFile());
      builder.environment().putAll(environment);
      long begin = System.nanoTime();
      int status = builder.start().waitFor();
      double seconds = (System.nanoTime() - begin) * 1e-9;
      if (status != 0) {
        throw new IOException(
            String.join(" ", command) + " ended with status " + status + ":\n" + end(log));
      }
      return new MeasuredProcess(
          seconds, Long.parseLong(Files.readString(memory).trim()) / KB_PER_MB);
    } finally {
      Files.delete(memory);
    }
  }

  private static String end(Path log) throws IOException {
    List<String> lines = Files.readAllLines(log);
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 15), lines.size()));
  }
}
