package org.voxkern.bench.operation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.voxkern.Context;
import org.voxkern.Image;
import org.voxkern.bench.peer.Alternation;
import org.voxkern.bench.peer.ChildProcess;
import org.voxkern.bench.peer.Root;
import org.voxkern.itk.ImageIo;

/**
 * An operation beside ITK's counterpart: the same images, bins and threads, in turn, ITK in a
 * process of its own that times itself without reading files. Results are compared before times.
 */
abstract class ItkComparison implements AutoCloseable {
  static final int THREADS = 2;
  private static final int WARM_UPS = 3;
  private static final int REPEATS = 15;

  final Context context = Context.builder().threads(THREADS).build();
  private final Path folder;

  ItkComparison() throws IOException {
    folder = Files.createTempDirectory("voxkern-bench-");
  }

  /**
   * A job that both did.
   *
   * @param seconds ours, median
   * @param itkSeconds ITK's, median
   * @param targets what is aimed at
   * @param voxels of the job
   * @param floorSeconds in which its bytes can be read and written once
   */
  record Result(
      String job,
      double seconds,
      double itkSeconds,
      Targets targets,
      long voxels,
      double floorSeconds) {}

  /**
   * What a job aims at.
   *
   * @param ratio to ITK's time, at least
   * @param voxelsPerSecond at least; 0 if none is set
   * @param floors of the job's floor, at most; 0 if none is set
   */
  record Targets(double ratio, double voxelsPerSecond, double floors) {
    /** Those that are set. */
    Map<String, Object> toMap() {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("ratio", ratio);
      if (voxelsPerSecond > 0) {
        map.put("voxels_per_s", voxelsPerSecond);
      }
      if (floors > 0) {
        map.put("floors", floors);
      }
      return map;
    }
  }

  /** Compares results, then times. */
  abstract List<Result> run(int rounds, Peaks peaks) throws Exception;

  /** Median seconds of both in alternating rounds; ITK's by the key that its program prints. */
  final double[] medians(int rounds, Runnable ours, Callable<ChildProcess> itk, String key)
      throws Exception {
    Map<String, Callable<Double>> contenders = new LinkedHashMap<>();
    contenders.put("voxkern", () -> median(ours));
    contenders.put("itk", () -> itk.call().value(key));
    Map<String, List<Double>> results = Alternation.run(contenders, rounds);
    return new double[] {
      Alternation.median(results.get("voxkern"), x -> x),
      Alternation.median(results.get("itk"), x -> x)
    };
  }

  private static double median(Runnable job) {
    for (int i = 0; i < WARM_UPS; i++) {
      job.run();
    }
    double[] seconds = new double[REPEATS];
    for (int i = 0; i < REPEATS; i++) {
      long begin = System.nanoTime();
      job.run();
      seconds[i] = (System.nanoTime() - begin) * 1e-9;
    }
    Arrays.sort(seconds);
    return seconds[REPEATS / 2];
  }

  /** Writes an image for ITK; NRRD keeps every digit of the geometry. */
  final Path write(String name, Image image) {
    Path file = folder.resolve(name + ".nrrd");
    ImageIo.write(image, file);
    return file;
  }

  final Path file(String name) {
    return folder.resolve(name);
  }

  static ChildProcess itk(String command, Object... words) throws Exception {
    List<String> line =
        new ArrayList<>(List.of(Root.program("voxkern_itk_baseline").toString(), command));
    for (Object word : words) {
      line.add(word.toString());
    }
    line.add("threads=" + THREADS);
    return ChildProcess.run(line);
  }

  @Override
  public void close() throws IOException {
    context.close();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}
