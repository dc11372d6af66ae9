package org.voxkern.bench.peer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A finished program: its wall time and the lines {@code key value...} that it printed.
 *
 * @param seconds from start to end, reading and writing of files included
 * @param output standard output and standard error together
 * @param values the numbers of every line that is a word followed by numbers
 */
public record ChildProcess(double seconds, String output, Map<String, double[]> values) {

  /**
   * Runs a program to its end.
   *
   * @throws IOException if it cannot be started, or with the end of its output if it fails
   */
  public static ChildProcess run(List<String> command) throws IOException, InterruptedException {
    // A file, not a pipe: a program that prints much must not wait for a reader.
    Path log = Files.createTempFile("voxkern-bench-", ".log");
    try {
      ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
      builder.redirectOutput(log.toFile());
      long start = System.nanoTime();
      Process process = builder.start();
      int status;
      try {
        status = process.waitFor();
      } catch (InterruptedException interrupted) {
        process.destroy();
        throw interrupted;
      }
      double seconds = (System.nanoTime() - start) * 1e-9;
      String output = Files.readString(log);
      if (status != 0) {
        String end = output.substring(Math.max(0, output.length() - 2000));
        throw new IOException(
            String.join(" ", command) + ": ended with status " + status + "\n" + end);
      }
      return new ChildProcess(seconds, output, numbers(output));
    } finally {
      Files.deleteIfExists(log);
    }
  }

  /**
   * The one number of a line.
   *
   * @throws IllegalStateException if the program printed no such line, or several numbers in it
   */
  public double value(String key) {
    double[] numbers = values.get(key);
    if (numbers == null || numbers.length != 1) {
      throw new IllegalStateException("expected a line \"" + key + " NUMBER\" in:\n" + output);
    }
    return numbers[0];
  }

  private static Map<String, double[]> numbers(String output) {
    Map<String, double[]> values = new LinkedHashMap<>();
    output
        .lines()
        .forEach(
            line -> {
              String[] words = line.trim().split("\\s+");
              double[] numbers = new double[words.length - 1];
              try {
                for (int i = 0; i < numbers.length; i++) {
                  numbers[i] = Double.parseDouble(words[i + 1]);
                }
              } catch (NumberFormatException prose) {
                return;
              }
              if (numbers.length > 0) {
                values.put(words[0], numbers);
              }
            });
    return values;
  }
}
