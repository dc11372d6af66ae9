package org.voxkern.bench.peer;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command line of a JVM that runs one contender and ends. */
public final class PeerJvm {
  private PeerJvm() {}

  /**
   * The class path goes by the environment: ONNX Runtime 1.29 matches its process's command line
   * against a regular expression, one recursion a character, and some four thousand characters
   * overflow the stack.
   *
   * @param threads of OpenMP, which oneDNN and libtorch use
   * @param options of the JVM
   */
  public static List<String> command(
      int threads, List<String> options, Class<?> main, List<String> arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "env",
                "OMP_NUM_THREADS=" + threads,
                "CLASSPATH=" + System.getProperty("java.class.path"),
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                // JavaCPP limits the memory of its pointers by the heap unless told otherwise.
                "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
                "-Dorg.bytedeco.javacpp.maxBytes=0"));
    command.addAll(options);
    command.add(main.getName());
    command.addAll(arguments);
    return command;
  }
}
