package org.voxkern.bench.wholenetwork;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.voxkern.bench.peer.Alternation;
import org.voxkern.bench.peer.ChildProcess;
import org.voxkern.bench.peer.MeasuredProcess;
import org.voxkern.bench.peer.PeerJvm;
import org.voxkern.bench.report.Json;
import org.voxkern.bench.report.Machine;
import org.voxkern.bench.report.TextTable;
import org.voxkern.study.BadInputException;
import org.voxkern.study.report.Numbers;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code voxkern bench networks}. */
@Command(
    name = "networks",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    description =
        "Run whole networks forward beside oneDNN chained by hand, ONNX Runtime and libtorch.")
public final class NetworksCommand implements Callable<Integer> {
  private static final String OURS = "voxkern";

  /** Of libraries that multiply bfloat16, which are compared with ours of that kind. */
  private static final String BFLOAT16 = "-bf16";

  /** As `WholeNetwork.tolerance`, of those. */
  private static final double BFLOAT16_TOLERANCE = 0.1;

  /** Of the numbers of an output: an interpolation jumps where a position crosses a voxel. */
  private static final double MAY_DIFFER = 1e-3;

  @Option(names = "--network", paramLabel = "TEXT", description = "Only those with this text.")
  String text = "";

  @Option(
      names = "--peers",
      split = ",",
      description = "onednn, onnxruntime, libtorch, onednn-bf16 (default: all).")
  List<String> peers = List.of("onednn", "onnxruntime", "libtorch", "onednn-bf16");

  @Option(names = "--threads", defaultValue = "2", description = "Default: ${DEFAULT-VALUE}.")
  int threads;

  @Option(
      names = "--rounds",
      defaultValue = "3",
      description = "Processes of each library (default: ${DEFAULT-VALUE}).")
  int rounds;

  @Option(
      names = "--runs",
      defaultValue = "3",
      description = "Timed runs of a process, after one (default: ${DEFAULT-VALUE}).")
  int runs;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      defaultValue = "../shared/data",
      description =
          "Folder of the data sets; without meshnet in it that network is left out (default:"
              + " ${DEFAULT-VALUE}).")
  Path data;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "DIR",
      defaultValue = "voxkern-bench/networks",
      description = "Folder for the results (default: ${DEFAULT-VALUE}).")
  Path out;

  /** What the processes of a library said: seconds of a run, most memory, the result. */
  private record Measured(double seconds, double peakMib, float[] result) {}

  @Override
  public Integer call() throws Exception {
    if (threads < 1 || rounds < 1 || runs < 1) {
      throw new BadInputException("threads, rounds and runs must be 1 or more");
    }
    for (String peer : peers) {
      if (!RunnerProcess.MAKERS.containsKey(peer)) {
        throw new BadInputException(
            peer + " is none of the libraries " + RunnerProcess.MAKERS.keySet());
      }
    }
    TextTable table =
        new TextTable("network", "library", "s", "GFLOP/s", "peak MiB", "ratio", "difference");
    List<Map<String, Object>> results = new ArrayList<>();
    List<WholeNetwork> all = WholeNetwork.all(data);
    for (int index = 0; index < all.size(); index++) {
      if (all.get(index).name().contains(text)) {
        results.add(compare(index, all.get(index), table));
      }
    }
    if (results.isEmpty()) {
      throw new BadInputException("no network's name has \"" + text + "\"");
    }
    System.out.print(
        "\nwhole networks, forward, "
            + threads
            + " threads, results compared first, medians\n"
            + table
            + "ratio: the library's time to ours, and what is aimed at; ours beside its memory\n"
            + "-bf16: products of bfloat16; features are bfloat16 in oneDNN, f32 in ours\n");
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("machine", Machine.describe());
    content.put("threads", threads);
    content.put("networks", results);
    Files.createDirectories(out);
    Json.write(out.resolve("networks.json"), content);
    System.out.printf("%nwritten: %s/networks.json%n", out);
    return 0;
  }

  private Map<String, Object> compare(int index, WholeNetwork network, TextTable table)
      throws Exception {
    Map<String, Callable<Measured>> libraries = new LinkedHashMap<>();
    for (String library : RunnerProcess.MAKERS.keySet()) {
      boolean wanted =
          library.equals(OURS)
              || peers.contains(library)
              || library.equals(OURS + BFLOAT16) && peers.contains("onednn" + BFLOAT16);
      if (wanted && RunnerProcess.has(library, network)) {
        libraries.put(library, () -> measure(library, index));
      }
    }
    Map<String, List<Measured>> measured = Alternation.run(libraries, rounds);
    float[] expected = measured.get(OURS).get(0).result();
    List<Map<String, Object>> rows = new ArrayList<>();
    for (Map.Entry<String, List<Measured>> library : measured.entrySet()) {
      String name = library.getKey();
      double seconds = Alternation.median(library.getValue(), Measured::seconds);
      double ours =
          Alternation.median(
              measured.get(name.endsWith(BFLOAT16) ? OURS + BFLOAT16 : OURS), Measured::seconds);
      double peak = Alternation.median(library.getValue(), Measured::peakMib);
      double difference = difference(network, name, expected, library.getValue().get(0).result());
      Double target = network.targets().get(name);
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("library", name);
      row.put("seconds", seconds);
      row.put("peak_mib", peak);
      row.put("ratio", seconds / ours);
      row.put("difference", difference);
      if (target != null) {
        row.put("target", target);
      }
      rows.add(row);
      String aim = target == null ? "" : " (>= " + Numbers.fixed(target, 1) + ")";
      table.row(
          network.name(),
          name,
          Numbers.fixed(seconds, 2),
          Numbers.fixed(network.gflop() / seconds, 0),
          Numbers.fixed(peak, 0)
              + (name.equals(OURS) && network.peakMib() > 0
                  ? " (<= " + Numbers.fixed(network.peakMib(), 0) + ")"
                  : ""),
          Numbers.fixed(seconds / ours, 2) + aim,
          String.format(Locale.ROOT, "%.1e", difference));
    }
    return Map.of("network", network.name(), "gflop", network.gflop(), "libraries", rows);
  }

  private Measured measure(String library, int index) throws Exception {
    System.err.println(WholeNetwork.all(data).get(index).name() + ": " + library);
    Path file = Files.createTempFile("voxkern-bench-", ".result");
    try {
      List<String> command =
          PeerJvm.command(
              threads,
              // Else the heap is as large as the machine makes it, alike for all libraries.
              List.of("-XX:+UseSerialGC", "-Xms16m"),
              RunnerProcess.class,
              List.of(
                  library,
                  String.valueOf(index),
                  String.valueOf(threads),
                  String.valueOf(runs),
                  file.toString(),
                  data.toString()));
      ChildProcess process = ChildProcess.run(MeasuredProcess.withPeak(command));
      ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
      float[] result = new float[bytes.remaining() / Float.BYTES];
      bytes.asFloatBuffer().get(result);
      return new Measured(process.value("seconds"), MeasuredProcess.peakMb(process), result);
    } finally {
      Files.deleteIfExists(file);
    }
  }

  /**
   * The greatest difference beside the greatest number, of all but a thousandth of the numbers; of
   * labels the part that differs.
   */
  private static double difference(
      WholeNetwork network, String library, float[] ours, float[] theirs) {
    if (ours.length != theirs.length) {
      throw new IllegalStateException(
          network.name() + ": " + ours.length + " numbers, " + theirs.length + " of " + library);
    }
    double difference =
        network.trained() == null ? largest(ours, theirs) : otherLabels(ours, theirs);
    double tolerance =
        library.endsWith(BFLOAT16)
            ? Math.max(BFLOAT16_TOLERANCE, network.tolerance())
            : network.tolerance();
    if (!(difference <= tolerance)) {
      throw new IllegalStateException(
          network.name() + ": " + library + " differs by " + difference);
    }
    return difference;
  }

  private static double largest(float[] ours, float[] theirs) {
    double largest = 0;
    double[] differences = new double[ours.length];
    for (int i = 0; i < ours.length; i++) {
      largest = Math.max(largest, Math.abs(theirs[i]));
      differences[i] = Math.abs(ours[i] - theirs[i]);
    }
    Arrays.sort(differences);
    return differences[(int) ((1 - MAY_DIFFER) * (differences.length - 1))] / largest;
  }

  private static double otherLabels(float[] ours, float[] theirs) {
    double different = 0;
    for (int i = 0; i < ours.length; i++) {
      different += ours[i] == theirs[i] ? 0 : 1;
    }
    return different / ours.length;
  }
}
