package org.voxkern.bench.network;

import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * One contender at one job, in a process of its own, so that no library's threads disturb another.
 * Prints {@code seconds MEDIAN} and writes every so many numbers of the result.
 */
final class ContenderProcess {
  /** What the process is told by, that starts others. */
  static final String DEVICE_PROPERTY = "voxkern.bench.device";

  /** Numbers of a result that are compared. */
  static final int COMPARED = 200_003;

  private static final double MEASURED_SECONDS = 2;
  private static final int LEAST_RUNS = 5;
  private static final int MOST_RUNS = 200;

  private ContenderProcess() {}

  /** In the order of the table, on a device as {@code Device.named} calls it. */
  static Map<String, Contender> contenders(String device) {
    Map<String, Contender> map = new java.util.LinkedHashMap<>();
    map.put("voxkern", new VoxkernContender(device));
    if (!device.equals("cpu")) {
      map.put("cudnn", new CudnnContender());
      return map;
    }
    map.put("onednn", new OneDnnContender(false));
    map.put("onednn-ncdhw", new OneDnnContender(true));
    map.put("onnxruntime", new OnnxRuntimeContender());
    map.put("libtorch", new LibtorchContender());
    return map;
  }

  /** CONTENDER CASE THREADS RESULT_FILE, or CONTENDER first THREADS to end after the first run. */
  public static void main(String[] arguments) throws Exception {
    boolean first = arguments[1].equals("first");
    NetworkCase job =
        first ? NetworkCase.FIRST : NetworkCase.ALL.get(Integer.parseInt(arguments[1]));
    Contender.Prepared prepared =
        contenders(System.getProperty(DEVICE_PROPERTY, "cpu"))
            .get(arguments[0])
            .prepare(job, new CaseData(job), Integer.parseInt(arguments[2]));
    prepared.run();
    if (first) {
      Runtime.getRuntime().halt(0);
    }
    prepared.run();
    List<Double> seconds = new ArrayList<>();
    double sum = 0;
    while (seconds.size() < LEAST_RUNS || sum < MEASURED_SECONDS && seconds.size() < MOST_RUNS) {
      long begin = System.nanoTime();
      prepared.run();
      double elapsed = (System.nanoTime() - begin) * 1e-9;
      seconds.add(elapsed);
      sum += elapsed;
    }
    Collections.sort(seconds);
    System.out.println("seconds " + seconds.get(seconds.size() / 2));
    write(prepared.result(), Path.of(arguments[3]));
    System.out.flush();
    // The libraries' threads and sessions end with the process.
    Runtime.getRuntime().halt(0);
  }

  private static void write(float[] result, Path file) throws IOException {
    int step = Math.max(1, result.length / COMPARED);
    try (OutputStream stream = Files.newOutputStream(file);
        DataOutputStream out = new DataOutputStream(new java.io.BufferedOutputStream(stream))) {
      out.writeInt(result.length);
      for (int i = 0; i < result.length; i += step) {
        out.writeFloat(result[i]);
      }
    }
  }
}
