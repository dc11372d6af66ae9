package org.voxkern.bench.wholenetwork;

import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One library and one network in a process of its own. Prints {@code seconds MEDIAN} and writes
 * every so many numbers of the result.
 */
final class RunnerProcess {
  /** In the order of the table. */
  static final Map<String, Runner.Maker> MAKERS = makers();

  private static final int STEP = 53;

  private RunnerProcess() {}

  private static Map<String, Runner.Maker> makers() {
    Map<String, Runner.Maker> map = new LinkedHashMap<>();
    map.put("voxkern", VoxkernRunner::of);
    map.put("onednn", OneDnnRunner::new);
    map.put("onnxruntime", OnnxRuntimeRunner::new);
    map.put("libtorch", LibtorchRunner::new);
    map.put("voxkern-bf16", VoxkernRunner::ofBfloat16);
    map.put("onednn-bf16", OneDnnRunner::ofBfloat16);
    return map;
  }

  /** Whether a library has all that a network is made of. */
  static boolean has(String library, WholeNetwork network) {
    return switch (library) {
      case "onednn", "voxkern-bf16", "onednn-bf16" ->
          network.trained() == null && network.graph().inputs().size() == 1;
      case "libtorch" -> network.trained() == null;
      default -> true;
    };
  }

  /** LIBRARY NETWORK THREADS RUNS RESULT_FILE DATA. */
  public static void main(String[] arguments) throws Exception {
    WholeNetwork network =
        WholeNetwork.all(Path.of(arguments[5])).get(Integer.parseInt(arguments[1]));
    Runner runner = MAKERS.get(arguments[0]).of(network, Integer.parseInt(arguments[2]));
    runner.run();
    List<Double> seconds = new ArrayList<>();
    for (int run = 0; run < Integer.parseInt(arguments[3]); run++) {
      long begin = System.nanoTime();
      runner.run();
      seconds.add((System.nanoTime() - begin) * 1e-9);
    }
    Collections.sort(seconds);
    System.out.println("seconds " + seconds.get(seconds.size() / 2));
    write(runner.result(), Path.of(arguments[4]));
    System.out.flush();
    // The libraries' threads and sessions end with the process.
    Runtime.getRuntime().halt(0);
  }

  private static void write(float[] result, Path file) throws IOException {
    try (DataOutputStream out =
        new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file)))) {
      for (int i = 0; i < result.length; i += STEP) {
        out.writeFloat(result[i]);
      }
    }
  }
}
