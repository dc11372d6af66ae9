package org.voxkern.bench.registration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.voxkern.bench.peer.Root;
import org.voxkern.bench.report.BarChart;
import org.voxkern.bench.report.Json;
import org.voxkern.bench.report.Machine;
import org.voxkern.study.BadInputException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code voxkern bench registration}. */
@Command(
    name = "registration",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    description = {
      "Register a real head scan to itself after a known transform, beside the peers:",
      "seconds and peak memory of the whole processes, and the error to the known truth."
    })
public final class RegistrationCommand implements Callable<Integer> {
  private static final int IN_MEMORY_RUNS = 5;

  /** Which programs the comparison is with. */
  enum Peer {
    ELASTIX,
    PLASTIMATCH,
    ITK;

    Registrar registrar() {
      return switch (this) {
        case ELASTIX -> new ElastixRegistrar();
        case PLASTIMATCH -> new PlastimatchRegistrar();
        case ITK -> new ItkRegistrar(Root.program("voxkern_itk_baseline"));
      };
    }
  }

  @Option(
      names = "--kind",
      paramLabel = "KIND",
      defaultValue = "all",
      description = "rigid, affine, deformable or all (default: ${DEFAULT-VALUE}).")
  String kind;

  @Option(
      names = "--runs",
      paramLabel = "N",
      defaultValue = "3",
      description = "Runs of each program (default: ${DEFAULT-VALUE}).")
  int runs;

  @Option(
      names = "--peers",
      paramLabel = "NAMES",
      split = ",",
      defaultValue = "elastix,plastimatch",
      description = "elastix, plastimatch, itk (default: ${DEFAULT-VALUE}).")
  List<String> peers;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "DIR",
      defaultValue = "voxkern-bench/registration",
      description = "Folder for images and results (default: ${DEFAULT-VALUE}).")
  Path out;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "7",
      description = "Of the deformation, bias field and noise (default: ${DEFAULT-VALUE}).")
  long seed;

  @Override
  public Integer call() throws Exception {
    List<PairKind> kinds = kinds();
    List<Registrar> registrars = registrars();
    if (runs < 1) {
      throw new BadInputException("--runs " + runs + ": expected at least 1");
    }
    Map<String, Object> machine = Machine.describe();
    List<PairReport> reports = new ArrayList<>();
    for (PairKind each : kinds) {
      reports.add(measure(each, registrars));
    }
    reports.forEach(report -> System.out.print(report.table()));
    write(machine, reports);
    return 0;
  }

  private PairReport measure(PairKind each, List<Registrar> registrars) throws Exception {
    Path folder = out.toAbsolutePath().resolve(each.word());
    KnownTruthPair pair = KnownTruthPair.make(each, folder, seed);
    List<Registrar> able = registrars.stream().filter(one -> one.canDo(each)).toList();
    InMemory inMemory = InMemory.measure(pair, IN_MEMORY_RUNS);
    return new PairReport(
        pair, inMemory, new Comparison(pair, folder, System.err::println).run(able, runs));
  }

  private void write(Map<String, Object> machine, List<PairReport> reports) throws IOException {
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("machine", machine);
    content.put("seed", seed);
    content.put("threads", Registrar.THREADS);
    Map<String, List<Double>> seconds = new LinkedHashMap<>();
    for (PairReport report : reports) {
      content.put(report.pair().kind().word(), report.toMap());
      report.runs().keySet().forEach(name -> seconds.put(name, new ArrayList<>()));
    }
    for (PairReport report : reports) {
      seconds.forEach(
          (name, bars) -> bars.add(report.runs().containsKey(name) ? report.seconds(name) : null));
    }
    Files.createDirectories(out);
    Json.write(out.resolve("registration.json"), content);
    BarChart.write(
        out.resolve("registration.png"),
        "Whole registrations, files to files",
        "seconds",
        reports.stream().map(report -> report.pair().kind().word()).toList(),
        seconds,
        false);
    System.out.printf("%nwritten: %s/registration.json, registration.png%n", out);
  }

  private List<PairKind> kinds() {
    List<PairKind> kinds = new ArrayList<>();
    for (PairKind each : PairKind.values()) {
      if (kind.equals("all") || kind.equals(each.word())) {
        kinds.add(each);
      }
    }
    if (kinds.isEmpty()) {
      throw new BadInputException("--kind " + kind + ": expected rigid, affine, deformable or all");
    }
    return kinds;
  }

  private List<Registrar> registrars() throws IOException, InterruptedException {
    List<Registrar> registrars = new ArrayList<>(List.of(new VoxkernRegistrar(Root.launcher())));
    for (String name : peers) {
      try {
        registrars.add(Peer.valueOf(name.toUpperCase(java.util.Locale.ROOT)).registrar());
      } catch (IllegalArgumentException unknown) {
        throw new BadInputException("--peers " + name + ": expected elastix, plastimatch or itk");
      }
    }
    return registrars;
  }
}
