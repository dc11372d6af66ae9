package org.voxkern.bench.network;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.voxkern.bench.operation.Peaks;
import org.voxkern.bench.peer.Alternation;
import org.voxkern.bench.peer.ChildProcess;
import org.voxkern.bench.peer.MeasuredProcess;
import org.voxkern.bench.peer.PeerJvm;
import org.voxkern.bench.report.BarChart;
import org.voxkern.bench.report.TextTable;
import org.voxkern.study.report.Numbers;

/** Runs jobs by all contenders in turn and compares what they computed, then how long they took. */
public final class NetworkComparison {
  private static final String OURS = "voxkern";

  /** Of the largest number of a result; Winograd's error is a hundredth of it. */
  private static final double TOLERANCE = 1e-3;

  private static final double BFLOAT16_TOLERANCE = 3e-2;

  private final int threads;
  private final int rounds;
  private final String device;
  private final Map<String, Contender> contenders;

  public NetworkComparison(int threads, int rounds) {
    this(threads, rounds, "cpu");
  }

  /** On a device, as {@link org.voxkern.Device#named} calls it. */
  public NetworkComparison(int threads, int rounds, String device) {
    this.threads = threads;
    this.rounds = rounds;
    this.device = device;
    contenders = ContenderProcess.contenders(device);
  }

  /** Operations that have such jobs. */
  public static Set<String> operations() {
    return NetworkCase.ALL.stream()
        .map(NetworkCase::operation)
        .collect(Collectors.toCollection(java.util.TreeSet::new));
  }

  /**
   * A job's median seconds by contender, ours first, without peers that computed something else.
   *
   * @param error largest difference of ours to each peer's, of its largest number
   * @param disagreements in words, of peers that another one proves wrong, since that agrees with
   *     us
   */
  public record Result(
      NetworkCase job,
      Map<String, Double> seconds,
      Map<String, Double> error,
      Map<String, String> disagreements) {
    public double ours() {
      return seconds.get(OURS);
    }

    /** The fastest of the peers that the target means. */
    Map.Entry<String, Double> peer() {
      Set<String> meant = new java.util.HashSet<>(job.target().beside());
      // On a device there are others.
      meant.retainAll(seconds.keySet());
      return seconds.entrySet().stream()
          .filter(entry -> !entry.getKey().equals(OURS))
          .filter(entry -> meant.isEmpty() || meant.contains(entry.getKey()))
          .min(Map.Entry.comparingByValue())
          .orElseThrow();
    }

    double ratio() {
      return peer().getValue() / ours();
    }
  }

  /**
   * The jobs of the operations, and of those whose name has the text.
   *
   * @throws IllegalStateException where nobody agrees with us
   */
  public List<Result> run(Set<String> operations, String text) throws Exception {
    List<Result> results = new ArrayList<>();
    for (int index = 0; index < NetworkCase.ALL.size(); index++) {
      NetworkCase job = NetworkCase.ALL.get(index);
      boolean besideNone = contenders.values().stream().filter(each -> each.takes(job)).count() < 2;
      if (operations.contains(job.operation()) && job.name().contains(text) && !besideNone) {
        System.err.println(job.operation() + ": " + job.name());
        Result result = run(index, job);
        System.err.printf(
            Locale.ROOT,
            "  %.2f ms, %.2fx %s's%n",
            1e3 * result.ours(),
            result.ratio(),
            result.peer().getKey());
        results.add(result);
      }
    }
    return results;
  }

  private Result run(int index, NetworkCase job) throws Exception {
    Map<String, float[]> computed = new LinkedHashMap<>();
    Map<String, Callable<Double>> runs = new LinkedHashMap<>();
    contenders.forEach(
        (name, contender) -> {
          if (contender.takes(job)) {
            runs.put(name, () -> seconds(name, index, computed));
          }
        });
    Map<String, List<Double>> seconds = Alternation.run(runs, rounds);
    Map<String, Double> medians = new LinkedHashMap<>();
    seconds.forEach((name, all) -> medians.put(name, Alternation.median(all, x -> x)));
    return compare(job, medians, computed);
  }

  /**
   * A peer that differs is not counted where another one agrees with us.
   *
   * @throws IllegalStateException where none does
   */
  static Result compare(
      NetworkCase job, Map<String, Double> seconds, Map<String, float[]> computed) {
    Map<String, Double> errors = new LinkedHashMap<>();
    Map<String, String> disagreements = new LinkedHashMap<>();
    computed.forEach(
        (name, values) -> {
          if (!name.equals(OURS)) {
            try {
              errors.put(name, difference(job, name, computed.get(OURS), values));
            } catch (Disagreement disagreement) {
              disagreements.put(name, disagreement.getMessage());
            }
          }
        });
    if (errors.isEmpty()) {
      throw new IllegalStateException(String.join("\n", disagreements.values()));
    }
    Map<String, Double> counted = new LinkedHashMap<>(seconds);
    counted.keySet().removeAll(disagreements.keySet());
    return new Result(job, counted, errors, disagreements);
  }

  /** A peer computed something else. */
  private static final class Disagreement extends Exception {
    private static final long serialVersionUID = 1;

    Disagreement(String message) {
      super(message);
    }
  }

  /**
   * From the start of the JVM to the end of the first small convolution, with the libraries
   * extracted by an earlier run: medians of whole processes.
   */
  public Map<String, MeasuredProcess> firstResults() throws Exception {
    Map<String, Callable<MeasuredProcess>> runs = new LinkedHashMap<>();
    for (String name : contenders.keySet()) {
      List<String> command = command(name, "first");
      runs.put(name, () -> MeasuredProcess.run(command, Map.of()));
      runs.get(name).call();
    }
    Map<String, MeasuredProcess> medians = new LinkedHashMap<>();
    Alternation.run(runs, 2 * rounds + 1)
        .forEach(
            (name, all) ->
                medians.put(
                    name,
                    new MeasuredProcess(
                        Alternation.median(all, MeasuredProcess::seconds),
                        Alternation.median(all, MeasuredProcess::peakMb))));
    return medians;
  }

  private List<String> command(String contender, String job, String... rest) {
    List<String> arguments = new ArrayList<>(List.of(contender, job, String.valueOf(threads)));
    arguments.addAll(List.of(rest));
    return PeerJvm.command(
        threads,
        List.of(
            "-D" + ContenderProcess.DEVICE_PROPERTY + "=" + device,
            "-Dvoxkern.cuda=" + System.getProperty("voxkern.cuda", "")),
        ContenderProcess.class,
        arguments);
  }

  private double seconds(String contender, int index, Map<String, float[]> computed)
      throws Exception {
    Path file = Files.createTempFile("voxkern-bench-", ".result");
    try {
      ChildProcess process =
          ChildProcess.run(command(contender, String.valueOf(index), file.toString()));
      computed.put(contender, read(file));
      return process.value("seconds");
    } finally {
      Files.deleteIfExists(file);
    }
  }

  private static float[] read(Path file) throws IOException {
    try (DataInputStream in =
        new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
      int length = in.readInt();
      int step = Math.max(1, length / ContenderProcess.COMPARED);
      float[] values = new float[(length + step - 1) / step];
      for (int i = 0; i < values.length; i++) {
        values[i] = in.readFloat();
      }
      return values;
    }
  }

  private static double difference(NetworkCase job, String peer, float[] ours, float[] theirs)
      throws Disagreement {
    if (ours.length != theirs.length) {
      throw new Disagreement(
          job.name() + ": " + ours.length + " numbers, " + theirs.length + " of " + peer);
    }
    // Each tensor by its own largest number: the gradient of a grid is a hundred times that of the
    // input before it.
    int first = (int) Math.round(job.firstPart() * ours.length);
    double tolerance = job.bfloat16() ? BFLOAT16_TOLERANCE : TOLERANCE;
    double difference = 0;
    int outside = 0;
    for (int[] part : new int[][] {{0, first}, {first, ours.length}}) {
      double largest = 0;
      for (int i = part[0]; i < part[1]; i++) {
        largest = Math.max(largest, Math.abs(theirs[i]));
      }
      for (int i = part[0]; i < part[1]; i++) {
        double each = Math.abs(ours[i] - theirs[i]) / largest;
        difference = Math.max(difference, each);
        outside += each <= tolerance ? 0 : 1;
      }
    }
    // The gradient of a sample jumps where a position crosses a voxel.
    if (outside > ours.length / 10_000) {
      throw new Disagreement(
          job.name()
              + ": "
              + outside
              + " of "
              + ours.length
              + " numbers differ from "
              + peer
              + "'s by more than "
              + tolerance
              + " of the largest");
    }
    return difference;
  }

  /** One row a job; on a device there are no peaks and no targets. */
  public static String table(List<Result> results, Peaks peaks) {
    List<String> peers =
        ContenderProcess.contenders(peaks == null ? "cuda" : "cpu").keySet().stream()
            .filter(name -> !name.equals(OURS))
            .toList();
    List<String> heading = new ArrayList<>(List.of("job", "ours ms"));
    peers.forEach(peer -> heading.add(peer + " ms"));
    heading.addAll(List.of("ratio", "target", "share of peak", "largest difference"));
    TextTable table = new TextTable(heading.toArray(new String[0]));
    for (Result each : results) {
      List<String> row = new ArrayList<>();
      row.add(each.job.name());
      row.add(Numbers.fixed(1e3 * each.ours(), 2));
      for (String peer : peers) {
        Double seconds = each.seconds.get(peer);
        row.add(
            each.disagreements.containsKey(peer)
                ? "differs"
                : seconds == null ? "" : Numbers.fixed(1e3 * seconds, 1));
      }
      row.add(Numbers.fixed(each.ratio(), 2) + "x");
      row.add(
          peaks == null
              ? ""
              : ">= "
                  + Numbers.fixed(each.job.target().ratio(), 2)
                  + "x "
                  + (each.job.target().beside().isEmpty()
                      ? "the best"
                      : String.join(", ", each.job.target().beside())));
      double operations = each.job.operations();
      row.add(
          operations > 0 && peaks != null
              ? Numbers.fixed(
                      operations / each.ours() / peaks.gflopPerS(each.job.bfloat16()) * 1e-7, 0)
                  + " %"
              : "");
      row.add(
          String.format(
              Locale.ROOT,
              "%.1e",
              each.error.values().stream().mapToDouble(x -> x).max().orElse(0)));
      table.row(row.toArray(new String[0]));
    }
    return "\nbeside the peers in the same run, results compared first, medians\n"
        + table
        + "share of peak: of the direct algorithm's multiply-adds; Winograd saves some, so it may"
        + " exceed 100 %; of bfloat16's peak where that is accepted\n"
        + results.stream()
            .flatMap(each -> each.disagreements.values().stream())
            .map(text -> "differs, not counted: " + text + "\n")
            .collect(Collectors.joining());
  }

  /** One row a contender. */
  public static String table(Map<String, MeasuredProcess> first) {
    TextTable table = new TextTable("start to first result", "s", "peak MiB");
    first.forEach(
        (name, process) ->
            table.row(
                name, Numbers.fixed(process.seconds(), 2), Numbers.fixed(process.peakMb(), 0)));
    return "\n"
        + NetworkCase.FIRST.name()
        + ", whole processes, medians; ours aims at 0.3 s and 110 MiB\n"
        + table;
  }

  /** For JSON. */
  public static List<Map<String, Object>> toMaps(List<Result> results) {
    return results.stream()
        .map(
            each -> {
              Map<String, Object> map = new LinkedHashMap<>();
              map.put("operation", each.job.operation());
              map.put("job", each.job.name());
              map.put("seconds", each.seconds);
              map.put("difference", each.error);
              map.put("disagreements", each.disagreements);
              map.put("ratio", each.ratio());
              map.put("beside", each.peer().getKey());
              map.put("target", each.job.target().ratio());
              return map;
            })
        .toList();
  }

  /** Ratios beside targets. */
  public static void chart(List<Result> results, Path png) throws IOException {
    Map<String, List<Double>> series = new LinkedHashMap<>();
    series.put("ratio", results.stream().map(each -> rounded(each.ratio())).toList());
    series.put("target", results.stream().map(each -> each.job.target().ratio()).toList());
    BarChart.write(
        png,
        "Time of the fastest peer to ours",
        "ratio",
        results.stream().map(each -> each.job.name()).toList(),
        series,
        false);
  }

  private static double rounded(double value) {
    return Math.rint(100 * value) / 100;
  }
}
