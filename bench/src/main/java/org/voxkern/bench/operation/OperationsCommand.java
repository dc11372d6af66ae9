package org.voxkern.bench.operation;

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
import java.util.stream.Stream;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import org.voxkern.Device;
import org.voxkern.bench.network.NetworkComparison;
import org.voxkern.bench.report.BarChart;
import org.voxkern.bench.report.Json;
import org.voxkern.bench.report.Machine;
import org.voxkern.bench.report.TextTable;
import org.voxkern.study.BadInputException;
import org.voxkern.study.report.Numbers;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code voxkern bench operations}. */
@Command(
    name = "operations",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    description = {
      "Measure operations with JMH, beside the machine's peaks and, where there is one, a peer.",
      "`voxkern bench warp3d` is short for `voxkern bench operations warp3d`."
    })
public final class OperationsCommand implements Callable<Integer> {
  @Parameters(paramLabel = "NAME", description = "Operations; see --list.")
  List<String> names = List.of();

  @Option(names = "--all", description = "Every operation.")
  boolean all;

  @Option(names = "--list", description = "List the operations.")
  boolean list;

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      defaultValue = "cpu",
      description =
          "cpu, cuda or cuda-emulated (default: ${DEFAULT-VALUE}). On a device there are no peers"
              + " and no peaks of the machine beside it.")
  String device;

  @Option(names = "--quick", description = "One short iteration, one shape.")
  boolean quick;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "DIR",
      defaultValue = "voxkern-bench/operations",
      description = "Folder for the results (default: ${DEFAULT-VALUE}).")
  Path out;

  /** Names of the operations that have a benchmark, in lower case with dashes. */
  public static List<String> operations() {
    return classNames().map(OperationsCommand::word).sorted().toList();
  }

  /** Of the benchmarks of operations. */
  private static Stream<String> classNames() {
    var format = OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT);
    return BenchmarkList.defaultList().getAll(format, List.of()).stream()
        .map(entry -> entry.getUserClassQName())
        .filter(name -> name.startsWith(OperationBenchmark.class.getPackageName() + "."))
        .distinct()
        .sorted();
  }

  /** What one benchmark has to move and compute. */
  public record Planned(String operation, String variant, String shape, Work work) {}

  /** Every operation in the shapes of its benchmark. */
  public static List<Planned> planned() {
    List<Planned> planned = new ArrayList<>();
    classNames()
        .forEach(
            name -> {
              for (String shape : List.of(OperationBenchmark.BRAIN, OperationBenchmark.LUNG)) {
                for (Map<String, String> variant : Variants.of(name)) {
                  String words = String.join(" ", variant.values()).toLowerCase(Locale.ROOT);
                  Work work = Variants.make(name, variant::get).work(Workload.of(shape));
                  planned.add(new Planned(word(name), words, shape, work));
                }
              }
            });
    return planned;
  }

  /** {@code ...BsplinePrefilterBenchmark} becomes {@code bspline-prefilter}. */
  private static String word(String className) {
    String simple = className.substring(className.lastIndexOf('.') + 1);
    return simple
        .replaceFirst("Benchmark$", "")
        .replaceAll("(?<=[a-z0-9])(?=[A-Z])", "-")
        .toLowerCase(Locale.ROOT);
  }

  @Override
  public Integer call() throws Exception {
    List<String> known = operations();
    if (list) {
      known.forEach(System.out::println);
      return 0;
    }
    List<String> wanted =
        all ? known : names.stream().map(name -> name.replace('_', '-')).distinct().toList();
    if (wanted.isEmpty()) {
      throw new BadInputException("no operation named; --list lists them, --all takes every one");
    }
    for (String name : wanted) {
      if (!known.contains(name)) {
        throw new BadInputException(name + ": not an operation; there are " + known);
      }
    }
    Map<String, Object> machine = Machine.describe();
    if (!device.equals("cpu")) {
      Device.Properties properties = Device.named(device).properties();
      machine.put("device", properties.name());
      List<Measured> measured = measure(wanted, null);
      System.out.print(table(measured, properties.name()));
      write(machine, null, measured, List.of(), List.of());
      return 0;
    }
    Peaks peaks = Peaks.measure(ItkComparison.THREADS);
    System.err.printf(
        Locale.ROOT,
        "peaks: read %.1f, write %.1f, copy %.1f GB/s, %.0f GFLOP/s, bf16 %.0f, in matrices %.0f%n",
        peaks.readGbPerS(),
        peaks.writeGbPerS(),
        peaks.copyGbPerS(),
        peaks.gflopPerS(),
        peaks.bf16GflopPerS(),
        peaks.amxGflopPerS());
    List<ItkComparison.Result> comparisons = compare(wanted, peaks);
    List<NetworkComparison.Result> beside =
        new NetworkComparison(ItkComparison.THREADS, quick ? 1 : 3).run(Set.copyOf(wanted), "");
    List<Measured> measured = measure(wanted, peaks);
    System.out.print(table(measured, ItkComparison.THREADS + " threads"));
    System.out.print(comparisonTable(comparisons));
    if (!beside.isEmpty()) {
      System.out.print(NetworkComparison.table(beside, peaks));
    }
    write(machine, peaks, measured, comparisons, beside);
    return 0;
  }

  /** One JMH result. */
  private record Measured(
      String operation, String method, String shape, double milliseconds, Work work, double floor) {

    double gbPerS() {
      return (work.bytesRead() + work.bytesWritten()) / milliseconds * 1e-6;
    }

    double gflopPerS() {
      return work.operations() / milliseconds * 1e-6;
    }
  }

  private List<Measured> measure(List<String> wanted, Peaks peaks) throws Exception {
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .verbosity(VerboseMode.NORMAL)
            .output(logFile().toString())
            .jvmArgsAppend(
                "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
                "-Dvoxkern.root=" + System.getProperty("voxkern.root"),
                "-Dvoxkern.cuda=" + System.getProperty("voxkern.cuda", ""),
                "-Dvoxkern.cuda-emulated=" + System.getProperty("voxkern.cuda-emulated", ""))
            .param("device", device);
    for (String name : wanted) {
      options.include("\\." + className(name) + "\\.");
    }
    if (quick) {
      options
          .param("shape", "brain:160x192x224")
          .warmupIterations(1)
          .warmupTime(TimeValue.milliseconds(500))
          .measurementIterations(1)
          .measurementTime(TimeValue.milliseconds(500));
    }
    List<Measured> measured = new ArrayList<>();
    for (RunResult result : new Runner(options.build()).run()) {
      String benchmark = result.getParams().getBenchmark();
      int dot = benchmark.lastIndexOf('.');
      String shape = result.getParams().getParam("shape");
      Work work =
          Variants.make(benchmark.substring(0, dot), result.getParams()::getParam)
              .work(Workload.of(shape));
      measured.add(
          new Measured(
              word(benchmark.substring(0, dot)),
              benchmark.substring(dot + 1),
              shape,
              result.getPrimaryResult().getStatistics().getPercentile(50),
              work,
              peaks == null ? 0 : work.floorSeconds(peaks)));
    }
    return measured;
  }

  private Path logFile() throws java.io.IOException {
    Files.createDirectories(out);
    return out.resolve("jmh.log");
  }

  private static String className(String word) {
    StringBuilder name = new StringBuilder();
    for (String part : word.split("-")) {
      name.append(Character.toUpperCase(part.charAt(0))).append(part.substring(1));
    }
    return name + "Benchmark";
  }

  private List<ItkComparison.Result> compare(List<String> wanted, Peaks peaks) throws Exception {
    int rounds = quick ? 1 : 3;
    List<ItkComparison.Result> results = new ArrayList<>();
    if (wanted.contains("mutual-information")) {
      try (ItkComparison comparison = new MutualInformationComparison()) {
        results.addAll(comparison.run(rounds, peaks));
      }
    }
    if (wanted.contains("warp3d")) {
      try (ItkComparison comparison = new WarpComparison()) {
        results.addAll(comparison.run(rounds, peaks));
      }
    }
    return results;
  }

  private static String table(List<Measured> measured, String where) {
    TextTable table =
        new TextTable("operation", "method", "shape", "ms", "GB/s", "GFLOP/s", "share of peak");
    for (Measured each : measured) {
      table.row(
          each.operation,
          each.method,
          each.shape,
          Numbers.fixed(each.milliseconds, 3),
          Numbers.fixed(each.gbPerS(), 1),
          each.work.operations() > 0 ? Numbers.fixed(each.gflopPerS(), 1) : "",
          each.floor > 0
              ? Numbers.fixed(100 * each.floor / (each.milliseconds * 1e-3), 0) + " %"
              : "");
    }
    return "\nmedians, " + where + "\n" + table;
  }

  private static String comparisonTable(List<ItkComparison.Result> results) {
    if (results.isEmpty()) {
      return "";
    }
    TextTable table =
        new TextTable(
            "job",
            "ours ms",
            "ITK ms",
            "ratio",
            "target",
            "M voxels/s",
            "target",
            "ITK",
            "times the floor",
            "target");
    for (ItkComparison.Result each : results) {
      table.row(
          each.job(),
          Numbers.fixed(1e3 * each.seconds(), 2),
          Numbers.fixed(1e3 * each.itkSeconds(), 1),
          Numbers.fixed(each.itkSeconds() / each.seconds(), 1) + "x",
          target(">= ", each.targets().ratio(), "x"),
          Numbers.fixed(each.voxels() / each.seconds() * 1e-6, 0),
          target(">= ", each.targets().voxelsPerSecond() * 1e-6, ""),
          Numbers.fixed(each.voxels() / each.itkSeconds() * 1e-6, 1),
          Numbers.fixed(each.seconds() / each.floorSeconds(), 1),
          target("<= ", each.targets().floors(), ""));
    }
    return "\nbeside ITK in the same run, results compared first, medians\n" + table;
  }

  private static String target(String side, double number, String unit) {
    return number > 0 ? side + Numbers.fixed(number, 0) + unit : "";
  }

  private void write(
      Map<String, Object> machine,
      Peaks peaks,
      List<Measured> measured,
      List<ItkComparison.Result> comparisons,
      List<NetworkComparison.Result> beside)
      throws java.io.IOException {
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("machine", machine);
    if (peaks != null) {
      content.put("peaks", peaks.toMap());
    }
    content.put("threads", ItkComparison.THREADS);
    content.put(
        "operations",
        measured.stream()
            .map(
                each -> {
                  Map<String, Object> map = new LinkedHashMap<>();
                  map.put("operation", each.operation);
                  map.put("method", each.method);
                  map.put("shape", each.shape);
                  map.put("milliseconds", each.milliseconds);
                  map.put("gb_per_s", each.gbPerS());
                  map.put("gflop_per_s", each.gflopPerS());
                  map.put("floor_milliseconds", 1e3 * each.floor);
                  return map;
                })
            .toList());
    content.put(
        "beside_itk",
        comparisons.stream()
            .map(
                each -> {
                  Map<String, Object> map = new LinkedHashMap<>();
                  map.put("job", each.job());
                  map.put("seconds", each.seconds());
                  map.put("itk_seconds", each.itkSeconds());
                  map.put("ratio", each.itkSeconds() / each.seconds());
                  map.put("targets", each.targets().toMap());
                  map.put("voxels", each.voxels());
                  map.put("floor_seconds", each.floorSeconds());
                  return map;
                })
            .toList());
    content.put("beside_peers", NetworkComparison.toMaps(beside));
    Json.write(out.resolve("operations.json"), content);
    if (peaks == null) {
      System.out.printf("%nwritten: %s/operations.json, jmh.log%n", out);
      return;
    }
    List<Measured> kernels = measured.stream().filter(m -> m.method.equals("kernel")).toList();
    BarChart.write(
        out.resolve("operations.png"),
        "Operations: share of the least time that memory and arithmetic allow",
        "%",
        kernels.stream().map(m -> m.operation + " " + m.shape).collect(Collectors.toList()),
        Map.of(
            "kernel",
            kernels.stream().map(m -> Math.rint(100 * m.floor / (m.milliseconds * 1e-3))).toList()),
        false);
    System.out.printf("%nwritten: %s/operations.json, operations.png, jmh.log%n", out);
  }
}
